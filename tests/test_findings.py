"""Findings: what a claim says otherwise is found, and what only looks so is not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from assistant import Settings, passages_of
from assistant.builder import make_analyser
from assistant.findings import Finding, FindingKind
from assistant.reasons import otherwise
from assistant.schema import Language
from assistant.weighing import Weigher

USE = (
    "In 2025, 26% of UK firms with fewer than 50 employees used AI, against 44% of those with 250 "
    "or more. AI use rose after June 2024. The report does not name the cost."
)
LAW = "Under Article 4 of the EU AI Act, firms in Germany must train staff before 2 August 2026."
NUTZUNG = "2025年，德国小企业的AI使用率上升到26%，高于法国。企业没有公布成本。"


@pytest.fixture(scope="module")
def weigher(settings: Settings) -> Weigher:
    return Weigher(make_analyser(settings), None)


def found(weigher: Weigher, claim: str, *texts: str) -> list[Finding]:
    ground, _ = weigher.ground(passages_of(texts))
    (weighed,) = weigher.weigh([(claim, ground)])
    return list(weighed.findings)


@pytest.mark.parametrize(
    ("claim", "text", "kind", "theirs"),
    [
        ("In 2025, 62% of UK firms with fewer than 50 employees used AI.", USE, "figure", "26%"),
        ("In 2025, 44% of UK firms with fewer than 50 employees used AI.", USE, "measured", "26%"),
        ("AI use fell after June 2024.", USE, "direction", ""),
        ("AI use rose before June 2024.", USE, "direction", ""),
        ("AI use rose after July 2024.", USE, "figure", "June 2024"),
        ("The report names the cost.", USE, "negation", ""),
        (
            "Under Article 5 of the EU AI Act, firms in Germany must train staff.",
            LAW,
            "number",
            "4",
        ),
        ("Under Article 4 of the EU AI Act, firms in France must train staff.", LAW, "name", ""),
        ("Under Article 4 of the EU AI Act, Siemens must train staff.", LAW, "name", ""),
        ("Firms in Germany must train staff after 2 August 2026.", LAW, "direction", ""),
        ("2025年，德国小企业的AI使用率上升到36%。", NUTZUNG, "figure", "26%"),
        ("2025年，德国小企业的AI使用率下降到26%。", NUTZUNG, "direction", ""),
        ("2025年，法国小企业的AI使用率上升到26%，高于德国。", NUTZUNG, "comparison", ""),
        ("2024年，德国小企业的AI使用率上升到26%。", NUTZUNG, "figure", "2025年"),
        ("2025年，日本小企业的AI使用率上升到26%。", NUTZUNG, "name", ""),
        ("企业公布了成本。", NUTZUNG, "negation", ""),
    ],
)
def test_what_is_otherwise_is_found(
    weigher: Weigher, claim: str, text: str, kind: str, theirs: str
) -> None:
    findings = {finding.kind: finding for finding in found(weigher, claim, text)}
    assert FindingKind(kind) in findings, findings
    if theirs:
        assert findings[FindingKind(kind)].theirs == theirs


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("26% of UK firms with fewer than 50 employees used AI in 2025.", USE),
        ("Twenty-six percent of UK firms with fewer than 50 employees used AI.", USE),
        ("44% of UK firms with 250 or more employees used AI.", USE),
        ("The cost is not named in the report.", USE),
        ("After June 2024, AI use increased.", USE),
        ("Staff must be trained by firms in Germany before 2026-08-02.", LAW),
        ("德国小企业2025年的AI使用率上升到百分之二十六。", NUTZUNG),
        ("2025年，德国的AI使用率高于法国。", NUTZUNG),
        ("In 2025, the use of AI in small German firms rose to 26%.", NUTZUNG),
    ],
)
def test_what_says_the_same_otherwise_is_let_pass(weigher: Weigher, claim: str, text: str) -> None:
    assert found(weigher, claim, text) == []


def test_headings_and_sources_lend_names_and_no_figures(weigher: Weigher) -> None:
    from tests.test_contract_verifiers import passage

    ground, _ = weigher.ground([passage("28.3% of SMEs used AI.")])
    year, share = weigher.weigh(
        [("In 2026, 28.3% of SMEs used AI.", ground), ("2026 of SMEs used AI.", ground)]
    )
    assert year.findings == ()
    assert weigher.weigh([("In 2025, 28.3% of SMEs used AI.", ground)])[0].findings
    del share


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(FindingKind))
def test_every_finding_has_its_words(kind: FindingKind, language: Language) -> None:
    said = otherwise(Finding(kind=kind, ours="43 %", theirs=""), language)
    assert said
    assert "{" not in said
    assert otherwise(Finding(kind=FindingKind.FIGURE, ours="43 %", theirs="31 %"), Language.EN) == (
        "31 % in the source, 43 % in the answer"
    )


@runs(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [*USE.split(), *LAW.split(), "not", "more than", "没有", "上升", "26%", "。"]
        ),
        min_size=3,
        max_size=25,
    )
)
def test_a_sentence_never_differs_from_itself(weigher: Weigher, words: list[str]) -> None:
    text = " ".join(words).replace(".", "").replace("。", "")
    ground, _ = weigher.ground(passages_of([text]))
    if ground.sentences:
        (weighed,) = weigher.weigh([(text, ground)])
        assert weighed.findings == (), text
