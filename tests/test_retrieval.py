"""Retrieval: how rankings are fused, languages interleaved and repetitions folded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import Assistant, Settings
from assistant.corpus import load_corpus
from assistant.retrieval import OTHER_LANGUAGE_EVERY, _interleave, reciprocal_rank_fusion
from assistant.schema import Document, Language

KEYS = st.lists(st.sampled_from("abcdef"), unique=True)


def test_two_rankings_outweigh_one() -> None:
    scores = reciprocal_rank_fusion([(1.0, ["a", "b", "c"]), (1.0, ["b", "c"])], damping=5)
    assert sorted(scores, key=lambda key: -scores[key]) == ["b", "c", "a"]
    assert scores["b"] == pytest.approx(1 / 7 + 1 / 6)


def test_weights_count() -> None:
    assert reciprocal_rank_fusion([(0.2, ["a"]), (1.0, ["b"])])["a"] < 1 / 6 - 0.01


@pytest.mark.parametrize("damping", [0, -1, -5])
def test_damping_that_divides_by_zero_is_refused(damping: int) -> None:
    with pytest.raises(ValueError, match="damping"):
        reciprocal_rank_fusion([(1.0, ["a"])], damping)


@given(first=KEYS, second=KEYS)
def test_fusion_keeps_the_order_of_a_ranking_that_stands_alone(
    first: list[str], second: list[str]
) -> None:
    alone = reciprocal_rank_fusion([(1.0, first), (1.0, [])])
    assert sorted(alone, key=lambda key: -alone[key]) == first
    both = reciprocal_rank_fusion([(1.0, first), (1.0, second)])
    assert both == pytest.approx(reciprocal_rank_fusion([(1.0, second), (1.0, first)]))
    assert set(both) == {*first, *second}


@given(own=st.lists(st.integers(0, 99)), other=st.lists(st.integers(100, 199)))
def test_the_other_language_has_every_third_place_while_there_is_some(
    own: list[int], other: list[int]
) -> None:
    mine, theirs = list(map(str, own)), list(map(str, other))
    merged = _interleave(mine, theirs)
    assert [key for key in merged if int(key) < 100] == mine
    assert [key for key in merged if int(key) >= 100] == theirs
    while_both = merged[: OTHER_LANGUAGE_EVERY * min(len(theirs), len(mine) // 2)]
    assert all(
        (int(key) >= 100) == (place % OTHER_LANGUAGE_EVERY == 0)
        for place, key in enumerate(while_both, start=1)
    )


def documents_of(settings: Settings) -> dict[str, Document]:
    return {document.info.id: document for document in load_corpus(settings.knowledge_dir)}


def test_what_one_language_alone_says_is_found_from_the_other(
    settings: Settings, tmp_path: Path
) -> None:
    held = documents_of(settings)
    ours = [document for document in held.values() if document.info.language is Language.EN]
    theirs = held["sme-ai-report-2026.zh"]
    only = replace(theirs, info=replace(theirs.info, id="only.zh", translation_of=None))
    ours = [document for document in ours if document.info.kind != theirs.info.kind]
    (tmp_path / "index").mkdir()
    assistant = Assistant.from_documents([*ours, only], tmp_path / "index", settings)
    found = assistant.search("How many SMEs use AI?", k=6)
    places = [p.rank for p in found if p.document.language is Language.ZH]
    assert places == [3, 6]
    for language in Language:
        scores = [p.score for p in found if p.document.language is language]
        assert scores == sorted(scores, reverse=True)


def test_the_same_words_in_two_documents_are_shown_once(settings: Settings, tmp_path: Path) -> None:
    document = documents_of(settings)["sme-ai-report-2026.en"]
    again = replace(
        document,
        info=replace(document.info, id="again.en"),
        text=document.text.replace("**", ""),
    )
    (tmp_path / "index").mkdir()
    assistant = Assistant.from_documents([document, again], tmp_path / "index", settings)
    found = assistant.search("How many SMEs use AI?", k=50)
    words = ["".join(filter(str.isalnum, p.chunk.text.lower())) for p in found]
    assert len(set(words)) == len(words) > 3


def test_documents_in_memory_compare_questions_as_a_knowledge_folder_does(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    document = documents_of(settings)["first-steps.en"]
    (tmp_path / "index").mkdir()
    assistant = Assistant.from_documents([document], tmp_path / "index", settings)
    passage = assistant.search("give me a plan for starting with ai", k=1)[0]
    assert passage.match == pytest.approx(1, abs=0.01)
    assert passage.likenesses[0] == pytest.approx(1, abs=0.01)
    assert list(passage.likenesses) == sorted(passage.likenesses, reverse=True)
