"""What holds for every verifier: what it may call supported, and what it may not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from assistant import Settings, Verdict
from assistant.builder import make_analyser
from assistant.citations import claims_of
from assistant.composition_root import verifier_of
from assistant.embeddings import make_embeddings
from assistant.grounding import Verifier
from assistant.markdown import quotable_spans
from assistant.schema import (
    Chunk,
    ClaimCheck,
    DocumentInfo,
    Grade,
    Kind,
    Language,
    Passage,
    Source,
)

SOURCE = Source(
    publisher="Office",
    url=None,
    published="2026",
    geography="Here",
    population="SMEs",
    grade=Grade.SURVEY,
    licence="CC0",
)
SHARE = "In 2026, 28.3% of SMEs used AI."
COST = "A chat assistant costs 20 dollars a month. It saves 3 hours a week."
ANTEIL = "2026年，28.3%的中小企业使用了人工智能。"
TABLE = "| Use | Share |\n|---|---|\n| Customer service | 52% |\n| Design | 48% |"


def passage(text: str, rank: int = 1) -> Passage:
    language = Language.ZH if "，" in text else Language.EN
    document = DocumentInfo(
        id=f"d{rank}.{language}",
        title="Survey",
        kind=Kind.REPORT,
        language=language,
        translation_of=None,
        path="d.md",
        source=SOURCE,
    )
    chunk = Chunk(
        id=f"c{rank}",
        document_id=document.id,
        heading_path=("Survey", "Shares"),
        position=0,
        text=text,
        start=100,
        end=100 + len(text),
    )
    return Passage(chunk=chunk, document=document, score=1.0, rank=rank, source=SOURCE)


PASSAGES = [passage(text, rank) for rank, text in enumerate((SHARE, COST, ANTEIL, TABLE), start=1)]


@pytest.fixture(scope="module", params=["vectors", "words"])
def verifier(request: pytest.FixtureRequest, settings: Settings) -> Verifier:
    embeddings = make_embeddings(settings) if request.param == "vectors" else None
    if request.param == "vectors" and embeddings is None:
        pytest.skip("the bundled embedder has no build for this machine")
    return verifier_of(make_analyser(settings), embeddings)


def check(verifier: Verifier, text: str) -> ClaimCheck:
    (found,) = verifier.check(claims_of(text), PASSAGES).checks
    return found


@pytest.mark.parametrize("number", range(1, len(PASSAGES) + 1))
def test_every_sentence_quoted_is_supported_at_its_place(verifier: Verifier, number: int) -> None:
    chunk = PASSAGES[number - 1].chunk
    for start, end in quotable_spans(chunk.text):
        quoted = chunk.text[start:end].replace("|", " ")
        found = check(verifier, f"{quoted} [{number}]")
        assert found.verdict is Verdict.SUPPORTED, found.reason
        evidence = found.evidence[0]
        assert evidence.marker == number
        assert evidence.quote == chunk.text[start:end]
        assert (evidence.start - chunk.start, evidence.end - chunk.start) == (start, end)


@pytest.mark.parametrize(
    "text",
    [
        "**In 2026, 28.3% of SMEs used AI.** [1]",
        "“In 2026, 28.3%  of SMEs used AI” [1]",
        "In 2026, 28.3 percent of SMEs used AI. [1]",
        "2026 年，２８.３％的中小企业使用了人工智能。[3]",
        "2026年，百分之二十八点三的中小企业使用了人工智能。[3]",
        "| Chat assistant | It saves 3 hours a week. [2] |",
        "In 2026, 28.3% of SMEs used AI. [9][1]",
    ],
)
def test_what_differs_in_dress_alone_is_supported(verifier: Verifier, text: str) -> None:
    found = check(verifier, text)
    assert found.verdict is Verdict.SUPPORTED, found.reason
    assert found.evidence


@pytest.mark.parametrize(
    "text",
    [
        "In 2026, 82.3% of SMEs used AI. [1]",
        "In 2025, 28.3% of SMEs used AI. [1]",
        "In 2026, 28.3 million SMEs used AI. [1]",
        "2026年，38.3%的中小企业使用了人工智能。[3]",
        "2026年，两成的中小企业使用了人工智能。[3]",
        "A chat assistant costs 20 euros a month. [2]",
        "A chat assistant costs 20 dollars a year. [2]",
        "It saves 3 days a week. [2]",
        "Design 52% [4]",
        "| Design | 52% [4] |",
        "Customer service 48% [4]",
        "Robots will replace accountants. [1]",
        "Nobody says that it saves 3 hours a week. [2]",
        "In 2026, 28.3% of SMEs used AI. [2]",
    ],
)
def test_what_the_cited_passage_does_not_say_is_not_supported(
    verifier: Verifier, text: str
) -> None:
    found = check(verifier, text)
    assert found.verdict is Verdict.UNSUPPORTED
    assert found.reason


@pytest.mark.parametrize(
    "text",
    [
        "In 2026, 28.3% of SMEs did not use AI. [1]",
        "It is false that a chat assistant costs 20 dollars a month. [2]",
        "2026年，28.3%的中小企业没有使用人工智能。[3]",
    ],
)
def test_the_opposite_is_not_supported(verifier: Verifier, text: str) -> None:
    assert check(verifier, text).verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize("markers", ["", " [9]", " [0]", " [9][10]", " [5-8]"])
def test_without_a_passage_a_sentence_is_uncited(verifier: Verifier, markers: str) -> None:
    assert check(verifier, f"In 2026, 28.3% of SMEs used AI.{markers}").verdict is Verdict.UNCITED


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        ("", PASSAGES),
        (" \n\n", PASSAGES),
        ("---\n", PASSAGES),
        ("[1]", PASSAGES),
        ("👍 [1]", PASSAGES),
        ("AI helps. [1]", [passage("---\n***\n")]),
        ("AI helps. [1]", [passage("")]),
    ],
)
def test_where_nothing_can_be_checked_there_is_no_fraction(
    verifier: Verifier, text: str, passages: list[Passage]
) -> None:
    grounding = verifier.check(claims_of(text), passages)
    assert grounding.supported_fraction is None
    assert all(found.verdict is Verdict.UNCHECKED for found in grounding.checks)


def test_the_fraction_counts_what_was_checked(verifier: Verifier) -> None:
    text = f"{SHARE} [1]\nRobots will replace accountants. [1]\n[1]\n"
    grounding = verifier.check(claims_of(text), PASSAGES)
    assert grounding.supported_fraction == 0.5
    assert grounding.verifier == verifier.name != ""


@runs(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60), held=st.text(max_size=60))
def test_any_text_gets_a_verdict_with_evidence_where_it_stands(
    verifier: Verifier, text: str, held: str
) -> None:
    there = [*PASSAGES[:2], passage(held)]
    grounding = verifier.check(claims_of(f"{text} [3]"), there)
    assert grounding == verifier.check(claims_of(f"{text} [3]"), there)
    for found in grounding.checks:
        assert found.score is None or 0.0 <= found.score <= 1.0
        assert found.evidence or found.verdict is not Verdict.SUPPORTED
        for evidence in found.evidence:
            chunk = evidence.passage.chunk
            start, end = evidence.start - chunk.start, evidence.end - chunk.start
            assert chunk.text[start:end] == evidence.quote
