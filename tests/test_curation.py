"""``knowledge check``: what is wrong is found in either language, what is right is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.curation import check_knowledge
from tests.support import KNOWLEDGE, copy_knowledge

COSTS = "guides/{}/running-costs.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of one document in both languages with the register, to be spoilt."""
    copied = copy_knowledge(tmp_path / "knowledge", (COSTS,))
    return copied


def spoil(folder: Path, path: str, old: str, new: str) -> None:
    text = (folder / path).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path} holds {old!r} {text.count(old)} times"
    (folder / path).write_text(text.replace(old, new), encoding="utf-8")


def name_no_source(folder: Path) -> None:
    """Take the sources away from the section of ``COSTS`` on how to keep costs low."""
    sources = "<!-- sources: enterprisesg-psg-faq, zhangzhou-ai-vouchers-2025 -->\n"
    for language, year in (("en", " (2025)"), ("zh", "（2025年）")):
        spoil(folder, COSTS.format(language), sources, "")
        spoil(
            folder, COSTS.format(language), f"{'China' if language == 'en' else '漳州'}{year}", ""
        )


def said(folder: Path) -> list[str]:
    """Return what is said of the document; that others use the other sources is left out."""
    return [text for text in map(str, check_knowledge(folder)) if "running-costs" in text]


def test_the_shipped_knowledge_is_well():
    assert check_knowledge(KNOWLEDGE) == []


def test_the_copy_is_well_before_it_is_spoilt(folder):
    assert said(folder) == []


def test_a_count_changed_in_both_twins_is_found_in_both(folder):
    spoil(folder, COSTS.format("en"), "500 to 800 tokens", "5000 to 8000 tokens")
    spoil(folder, COSTS.format("zh"), "500到800个token", "5000到8000个token")
    found = said(folder)
    assert len(found) == 2
    assert all("5000" in problem and "stands in no fact" in problem for problem in found)


@pytest.mark.parametrize(
    ("old", "new", "figure"),
    [
        ("Cancel tools that nobody", "Cancel in 45 days tools that nobody", "45 days"),
        ("Cancel tools that nobody", "Cancel the 300 tools that nobody", "300"),
        ("Cancel tools that nobody", "Cancel the 60% of tools that nobody", "60%"),
        ("Cancel tools that nobody", "Example: 60% of the tools that nobody", "60%"),
    ],
)
def test_a_figure_in_a_section_that_names_no_source_is_found(folder, old, new, figure):
    name_no_source(folder)
    spoil(folder, COSTS.format("en"), old, new)
    assert any(f"{figure!r} stands in no fact of any source" in problem for problem in said(folder))


def test_counts_of_an_example_may_be_made_up(folder):
    name_no_source(folder)
    for language, old, new in (
        ("en", "Cancel tools that nobody", "Example: cancel 3 of 45 tools that nobody"),
        ("zh", "一个月没人打开的工具就退订。", "例如：45个工具里退订一个月没人打开的3个。"),
    ):
        spoil(folder, COSTS.format(language), old, new)
    assert said(folder) == []


def test_a_bare_number_of_a_fact_vouches_for_no_per_cent(folder):
    """The fact says 100 tokens; 100% would be another statement."""
    for language, old, new in (
        ("en", "not of a quiet one.", "not of a quiet one, at 100% use."),
        ("zh", "而不是淡月。", "而不是淡月，按100%使用率。"),
    ):
        spoil(folder, COSTS.format(language), old, new)
    found = said(folder)
    assert len(found) == 2
    assert all("100%" in problem for problem in found)
