"""The chain: what a question is taken for, and what a prompt has room for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.assistant import Assistant
from assistant.backends import Backend
from assistant.chain import Chain, Task
from assistant.composition_root import parts_for
from assistant.models import make_backend
from assistant.presets import parse_backends
from assistant.schema import Message, Passage, Role
from assistant.settings import Settings

QUESTION = "How many SMEs use AI?"


def chain_with_room(settings: Settings, tokens: int) -> Chain:
    chain = parts_for(settings, None)["chain"]
    chain._prompt_tokens = tokens
    return chain


def texts(passages: Sequence[Passage]) -> list[str]:
    return [passage.chunk.text for passage in passages]


@pytest.fixture
def service(settings: Settings) -> Backend:
    return make_backend(parse_backends("vllm:m")[0], settings)


def task_of(assistant: Assistant, k: int = 8) -> Task:
    question = assistant._chain.condense(QUESTION, [])
    return Task(question=question, passages=tuple(assistant.search(QUESTION, k=k)))


def test_what_a_follow_up_borrows_is_no_question_of_its_own(assistant: Assistant) -> None:
    before = [Message(role=Role.USER, content="讲讲澳大利亚联邦银行的语音机器人是怎么回事？")]
    follow_up = assistant._chain.condense("最后怎么处理的", before)
    assert "澳大利亚" in follow_up.text
    assert follow_up.divisions == ()
    before = [Message(role=Role.USER, content="小企业用AI的比例是多少？")]
    both = assistant._chain.condense("那德国和法国呢", before)
    assert len(both.divisions[0]) == 2


def test_passages_beyond_the_budget_are_left_out_from_the_end(
    settings: Settings, assistant: Assistant, service: Backend
) -> None:
    task = task_of(assistant)
    kept = chain_with_room(settings, 600).fitting(task, service)
    assert 0 < len(kept) < len(task.passages)
    assert texts(kept) == texts(task.passages[: len(kept)])


def test_a_small_context_leaves_out_more_than_the_budget(
    settings: Settings, assistant: Assistant
) -> None:
    task = task_of(assistant)
    small = Settings(context_tokens=1500, answer_tokens=300, data_dir=settings.data_dir)
    tight = make_backend(parse_backends("vllm:m")[0], small)
    kept = chain_with_room(settings, 6000).fitting(task, tight)
    assert 0 < len(kept) < len(task.passages)


def test_the_best_passage_always_stays(
    settings: Settings, assistant: Assistant, service: Backend
) -> None:
    task = task_of(assistant, k=3)
    assert texts(chain_with_room(settings, 1).fitting(task, service)) == texts(task.passages[:1])


def test_the_embedded_backend_gets_all(settings: Settings, assistant: Assistant) -> None:
    task = task_of(assistant)
    chain = chain_with_room(settings, 1)
    assert chain.fitting(task, chain.backends[-1]) == task.passages
