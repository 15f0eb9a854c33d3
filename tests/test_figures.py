"""Figures: one value, however it is written."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.figures import Comparator, FigureKind, find_figures, same_figure, unsupported_figures
from assistant.schema import Language


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("28.3%", "百分之二十八点三"),
        ("28.3 per cent", "２８．３％"),
        ("30%", "三成"),
        ("three in ten", "3成"),
        ("1.2m", "120万"),
        ("1,200,000", "1.2 million"),
        ("300 RMB", "300元"),
        ("a few hundred RMB", "几百元"),
        ("one month", "一个月"),
        ("1 year", "12 months"),
        ("2026", "2026年"),
        ("2026 年", "2026年"),
        ("2026 年 7 月", "2026年7月"),
        ("2026 年 7月", "2026-07"),
        ("两成", "20%"),
        ("over 40%", "超过40%"),
        ("fewer than 12%", "不到12%"),
        ("half", "一半"),
        ("July 2025", "2025-07-15"),
    ],
)
def test_notations_agree(one: str, other: str) -> None:
    (claim,), (evidence,) = find_figures(one), find_figures(other)
    assert same_figure(claim, evidence)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("43%", "31%"),
        ("28%", "28.3%"),
        ("below 15%", "15%"),
        ("40%", "over 40%"),
        ("300 RMB", "300 dollars"),
        ("12 months", "12 days"),
        ("12%", "12"),
        ("2025-07-15", "July 2025"),
        ("1.22", "1.2"),
    ],
)
def test_different_figures_differ(claim: str, evidence: str) -> None:
    assert unsupported_figures(claim, evidence)


@pytest.mark.parametrize(
    "text",
    [
        "GPT-4, Qwen3 and DeepSeek V4 for B2B over 5G",
        "as said [1][12]",
        "one department tried it",
        "一家公司",
        "千万不要",
        "1. Start small",
        "see https://example.org/2026/30",
        "第一步",
    ],
)
def test_names_and_numbering_hold_no_figure(text: str) -> None:
    assert find_figures(text) == []


def test_a_change_has_two_ends_and_a_range_is_one() -> None:
    assert [f.low for f in find_figures("ROI rose from 1.22 to 8.7")] == [
        Decimal("1.22"),
        Decimal("8.7"),
    ]
    (span,) = find_figures("10 to 15%")
    assert (span.low, span.high, span.unit) == (Decimal(10), Decimal(15), "%")


def test_bounds_are_read() -> None:
    (figure,) = find_figures("不到12%")
    assert (figure.comparator, figure.kind) == (Comparator.BELOW, FigureKind.PERCENT)


@given(st.decimals(min_value=0, max_value=1000, places=1))
def test_any_percentage_is_read_in_both_languages(value: Decimal) -> None:
    (one,), (other,) = find_figures(f"{value}%"), find_figures(f"百分之{value}")
    assert one.low == value
    assert same_figure(one, other)


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    figures = find_figures(text)
    assert all(text[f.start : f.end] == f.text for f in figures)
    assert all(a.end <= b.start for a, b in pairwise(figures))


@pytest.mark.parametrize(
    "text", ["25 year old", "25-year-old", "25 years old", "25 year-old", "25 years-old"]
)
def test_an_age_reads_the_same_however_it_is_hyphenated(text: str) -> None:
    (figure,) = find_figures(f"a {text} shop", Language.EN)
    assert (figure.low, figure.unit, figure.kind) == (Decimal(25), "year", FigureKind.DURATION)


@given(st.text(alphabet="0123456789 -%.,年月岁year old months x万百 ", max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    for language in Language:
        for figure in find_figures(text, language):
            assert 0 <= figure.start < figure.end <= len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("o4-mini有75%答错，只有1%不作答。", ["75%", "1%"]),
        ("用GPT-4写作的人快了25%", ["25%"]),
        ("每月RMB100", ["RMB100"]),
        ("GPT-5-thinking-mini gave no answer in 52% of cases", ["52%"]),
    ],
)
def test_a_name_with_a_number_is_no_figure_and_hides_none(text: str, expected: list[str]) -> None:
    assert [figure.text for figure in find_figures(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It cost USD 35 in 2016.", ["USD 35", "2016"]),
        ("in the first three quarters of 2025", ["three", "2025"]),
        ("从11月底起每周做100个", ["100"]),
    ],
)
def test_a_price_in_a_year_a_quarter_and_a_month_are_no_shares(
    text: str, expected: list[str]
) -> None:
    assert [figure.text for figure in find_figures(text)] == expected
