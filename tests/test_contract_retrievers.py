"""What holds for every retriever: ranks, scores, k, filters, and any query."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from assistant import Settings
from assistant.composition_root import parts_for
from assistant.language import detect_language
from assistant.retrieval import Retriever
from assistant.schema import Filters, Kind, Language, Passage

QUERIES = (
    "How many SMEs use AI?",
    "有多少中小企业使用人工智能？",
    "What does AI cost for a translation platform?",
    "customer service vs design",
)


@pytest.fixture(scope="module", params=["with an embedder", "words alone"])
def retriever(
    request: pytest.FixtureRequest, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Retriever:
    if request.param == "words alone":
        data: Path = tmp_path_factory.mktemp("words")
        settings = Settings(data_dir=data, knowledge_dir=settings.knowledge_dir, embedder="none")
    return parts_for(settings, None)["retriever"]


def ids(passages: Sequence[Passage]) -> list[str]:
    return [passage.chunk.id for passage in passages]


@pytest.mark.parametrize("query", QUERIES)
def test_ranks_run_from_one_and_scores_descend(retriever: Retriever, query: str) -> None:
    found = retriever.retrieve(query, 8)
    assert len(found) == 8
    assert [passage.rank for passage in found] == list(range(1, 9))
    scores = [passage.score for passage in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0
    assert len(set(ids(found))) == 8


@pytest.mark.parametrize(
    ("query", "held"),
    [
        ("How many SMEs use AI?", "28.3%"),
        ("中小企业使用人工智能的比例是多少？", "28.3%"),
        ("客服的渗透率", "52%"),
    ],
)
def test_what_answers_is_among_the_first_in_the_language_asked_in(
    retriever: Retriever, query: str, held: str
) -> None:
    found = retriever.retrieve(query, 3)
    assert any(held in passage.chunk.text for passage in found)
    assert {passage.document.language for passage in found} == {detect_language(query)}


@pytest.mark.parametrize("query", QUERIES)
def test_fewer_passages_are_the_first_of_more(retriever: Retriever, query: str) -> None:
    found = ids(retriever.retrieve(query, 12))
    for k in (1, 2, 5):
        assert ids(retriever.retrieve(query, k)) == found[:k]


def test_more_than_there_are_gives_all_there_are(retriever: Retriever) -> None:
    assert 8 <= len(retriever.retrieve("AI", 10_000)) < 100


@pytest.mark.parametrize("k", [0, -1])
def test_no_passages_cannot_be_asked_for(retriever: Retriever, k: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        retriever.retrieve("AI", k)


@pytest.mark.parametrize("query", QUERIES)
def test_no_passage_comes_with_its_translation_or_twice(retriever: Retriever, query: str) -> None:
    found = retriever.retrieve(query, 50)
    sections = [
        (passage.document.twin_key, passage.chunk.position, passage.document.language)
        for passage in found
    ]
    for key, position, language in sections:
        other = Language.ZH if language is Language.EN else Language.EN
        assert (key, position, other) not in sections
    texts = [passage.chunk.text for passage in found]
    assert len(set(texts)) == len(texts)


def allows(filters: Filters, passage: Passage) -> bool:
    info = passage.document
    return (
        (not filters.kinds or info.kind in filters.kinds)
        and (not filters.languages or info.language in filters.languages)
        and (filters.year_from is None or info.source.year >= filters.year_from)
        and (filters.year_to is None or info.source.year <= filters.year_to)
    )


@pytest.mark.parametrize("query", QUERIES[:2])
@pytest.mark.parametrize(
    "filters",
    [
        Filters(kinds=(Kind.CASE,)),
        Filters(kinds=(Kind.REPORT, Kind.GUIDE)),
        Filters(languages=(Language.EN,)),
        Filters(languages=(Language.ZH,)),
        Filters(languages=(Language.EN, Language.ZH)),
        Filters(year_from=2026),
        Filters(year_to=2026, kinds=(Kind.CASE,), languages=(Language.ZH,)),
    ],
    ids=str,
)
def test_filters_are_honoured_and_leave_something(
    retriever: Retriever, query: str, filters: Filters
) -> None:
    found = retriever.retrieve(query, 20, filters)
    assert found
    assert [passage for passage in found if not allows(filters, passage)] == []
    assert [passage.rank for passage in found] == list(range(1, len(found) + 1))


@pytest.mark.parametrize(
    "filters",
    [
        Filters(kinds=(Kind.PROGRAMME,)),
        Filters(year_from=2100),
        Filters(year_to=1900),
        Filters(year_from=2026, year_to=2025),
        Filters(geography="Atlantis"),
    ],
    ids=str,
)
def test_filters_that_nothing_passes_give_nothing(retriever: Retriever, filters: Filters) -> None:
    assert retriever.retrieve("How many SMEs use AI?", 8, filters) == []


def test_a_place_is_found_however_it_is_typed(retriever: Retriever) -> None:
    place = retriever.retrieve("How many SMEs use AI?", 1)[0].document.source.geography
    typed = Filters(geography=f" {place.upper()} ")
    assert retriever.retrieve("How many SMEs use AI?", 1, typed)
    assert retriever.retrieve("How many SMEs use AI?", 3, Filters(geography=" ")) != []


def test_an_empty_filter_changes_nothing(retriever: Retriever) -> None:
    assert ids(retriever.retrieve(QUERIES[0], 8, Filters())) == ids(
        retriever.retrieve(QUERIES[0], 8)
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "zzyzx qwrtpl",
        "龘靐齉",
        "?!",
        "\0",
        "\ud800",
        "👍" * 500,
        "AI " * 1000,
        "人工智能" * 300,
        "' OR 1=1 --",
        '{"$in": []}',
        "Wie viele KMU nutzen KI?",
    ],
)
def test_odd_queries_are_no_error(retriever: Retriever, query: str) -> None:
    found = retriever.retrieve(query, 8)
    assert [passage.rank for passage in found] == list(range(1, len(found) + 1))


def test_unknown_words_alone_find_nothing(settings: Settings, tmp_path: Path) -> None:
    words = Settings(data_dir=tmp_path, knowledge_dir=settings.knowledge_dir, embedder="none")
    retriever = parts_for(words, None)["retriever"]
    assert retriever.retrieve("zzyzx qwrtpl", 8) == []


@runs(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=60), k=st.integers(1, 60))
def test_any_query_gives_at_most_k_and_always_the_same(
    retriever: Retriever, query: str, k: int
) -> None:
    found = retriever.retrieve(query, k)
    assert len(found) <= k
    assert ids(found) == ids(retriever.retrieve(query, k))
