from __future__ import annotations

from collections.abc import Sequence

from assistant.assistant import Assistant
from assistant.composition_root import parts_for
from assistant.settings import Settings


def _chain_with_room(settings: Settings, tokens: int | None):
    chain = parts_for(settings, None)["chain"]
    chain._prompt_tokens = tokens
    return chain


def _texts(passages: Sequence[object]) -> list[str]:
    return [passage.chunk.text for passage in passages]  # type: ignore[attr-defined]


def test_passages_beyond_the_budget_are_left_out_from_the_end(
    settings: Settings, assistant: Assistant
) -> None:
    passages = assistant.search("How many SMEs use AI?", k=8)
    chain = _chain_with_room(settings, 400)
    kept = chain.fitting(passages)
    assert 0 < len(kept) < len(passages)
    assert _texts(kept) == _texts(passages[: len(kept)])


def test_the_best_passage_always_stays(settings: Settings, assistant: Assistant) -> None:
    passages = assistant.search("How many SMEs use AI?", k=3)
    assert _texts(_chain_with_room(settings, 1).fitting(passages)) == _texts(passages[:1])


def test_a_model_without_a_context_gets_all(settings: Settings, assistant: Assistant) -> None:
    passages = assistant.search("How many SMEs use AI?", k=8)
    assert len(_chain_with_room(settings, None).fitting(passages)) == len(passages)
