"""A model that lies, asked 200 questions: what is known to be wrong is never shown.

A script plays it, so that 200 questions take a minute; ``make backends`` asks a real one as many.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant import Settings, split_sentences
from assistant.assistant import Assistant
from evals.backend_bench import questions, read, unended, unsupported
from evals.cases import dev_rows
from tests.scripted import Thinks, serving
from tests.support import FOUNDING

COUNT = 200
UNHEARD = "Firms that bought an assistant doubled their profit within 41 days."
_PASSAGE = re.compile(r'<passage n="(\d+)"[^>]*>\n(.*?)\n</passage>', re.DOTALL)
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_PLACE_IN_LIST = re.compile(r"^\d+\. ")
"""Says nothing about the world: another one is no lie."""


def asked() -> list[str]:
    """Return questions of the development sets about the small knowledge, both languages."""
    known = {Path(name).stem for name in FOUNDING}
    about = [case["question"] for case in dev_rows() if known & set(case.get("documents", ()))]
    return [about[n * len(about) // COUNT] for n in range(COUNT)]


def lie(sentence: str) -> str:
    """Return a sentence whose first figure is another."""
    return _FIGURE.sub(lambda found: f"7{found.group()}", sentence, count=1)


def pairs(request: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the first passage's number, a sentence of it with a figure, and one that lies."""
    found = []
    for n, text in _PASSAGE.findall(request["messages"][0]["content"])[:1]:
        lines = [text[span.start : span.end].strip() for span in split_sentences(text)]
        cut = [_PLACE_IN_LIST.sub("", line) for line in lines]
        sentences = [sentence for sentence in cut if _FIGURE.search(sentence)]
        found += [(n, sentence, lie(sentence)) for sentence in sentences[:1]]
    return found


def half_true(request: dict[str, Any]) -> Sequence[Any]:
    """Say of a passage a true sentence, the same with another figure, and something unheard."""
    said: list[Any] = [Thinks("I might say that 99% of firms did. [1]")]
    for n, true, wrong in pairs(request):
        said += [f"{true} [{n}] ", f"{wrong} [{n}] ", f"{wrong} ", f"{UNHEARD} [{n}] "]
    return said


def lies_of(request: dict[str, Any]) -> list[str]:
    """Return what ``half_true`` says that is wrong."""
    return [UNHEARD, *(wrong for _, _, wrong in pairs(request))]


def plain(text: str) -> str:
    """Return a text without its markers, on one line."""
    return " ".join(re.sub(r"\[\d+\]", "", text).split())


def test_nothing_known_to_be_wrong_is_shown(settings: Settings) -> None:
    same: dict[str, Any] = {
        "data_dir": settings.data_dir, "knowledge_dir": settings.knowledge_dir, "passages": 2,
    }  # fmt: skip
    written = withheld = 0
    with serving(half_true) as (address, script):
        assistant = Assistant.from_settings(Settings(backend=f"vllm:m@{address}", **same))
        for question in asked():
            before = len(script.requests)
            answer, pieces = read(assistant, question)
            assert unsupported(assistant, answer, pieces) == [], question
            if len(script.requests) == before:
                continue
            written += answer.provenance.model.startswith("vllm:m")
            withheld += len(answer.withheld)
            shown = plain(answer.text)
            for wrong in lies_of(script.requests[-1]):
                assert plain(wrong) not in shown, question
    assert written > COUNT / 2
    assert withheld > written


def test_a_sentence_without_end_is_reported(assistant: Assistant) -> None:
    answer, pieces = read(assistant, "How many SMEs use AI?")
    assert unsupported(assistant, answer, pieces) == []
    whole = next(piece for piece in pieces if piece.check is not None)
    assert whole.check is not None
    cut = whole.check.claim.text.rsplit(" ", 2)[0]
    broken = replace(whole, check=replace(whole.check, claim=replace(whole.check.claim, text=cut)))
    assert unended([whole, broken]) == [cut]
    lead = "The report says:"
    claim = replace(whole.check.claim, text=lead)
    leading = replace(whole, check=replace(whole.check, claim=claim))
    assert unended([leading, whole]) == []
    assert unended([whole, leading]) == [lead]
    by_model = replace(answer, provenance=replace(answer.provenance, model="vllm:m"))
    kept = [broken if piece is whole else piece for piece in pieces]
    assert cut in unsupported(assistant, by_model, kept)
    assert cut not in unsupported(assistant, by_model, pieces)


def test_the_bench_has_as_many_questions_as_it_says() -> None:
    found = questions(COUNT)
    assert len(found) == COUNT
    assert all(found)
    assert any(re.search("[一-鿿]", question) for question in found)
