"""Refusal: what is said to be missing stands in none of the sentences found."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from assistant import Assistant
from assistant.questions import Item, Question
from assistant.refusal import Reason, lacking
from assistant.schema import Answer


@pytest.fixture(scope="module")
def question(assistant: Assistant) -> Question:
    return assistant._chain.condense("Do florists in Spain or Peru pay Klarna for a DPIA?", ())


def named(question: Question, *texts: str) -> list[Item]:
    found = [item for item in question.items if question.as_typed(item) in texts]
    assert len(found) >= len(texts)
    return found


def sentences(*missing: Sequence[Item]) -> list[Any]:
    return [SimpleNamespace(missing=tuple(items)) for items in missing]


def test_what_no_sentence_names_is_missing(question: Question) -> None:
    items = named(question, "Klarna", "DPIA")
    reason = lacking(question, items, sentences(items, items[:1]))
    assert reason == (Reason.MISSING, (question.as_typed(items[0]),))


def test_a_place_goes_before_other_things(question: Question) -> None:
    items = named(question, "Klarna", "Spain")
    assert lacking(question, items, sentences(items)) == (Reason.PLACE, ("Spain",))


def test_things_that_no_sentence_names_together_are_apart(question: Question) -> None:
    items = named(question, "Klarna", "Spain")
    found = sentences(items[:1], items[1:], items)
    reason, things = lacking(question, items, found)
    assert (reason, set(things)) == (Reason.APART, {"Klarna", "Spain"})


def test_a_sentence_that_names_all_leaves_no_thing_to_blame(question: Question) -> None:
    items = named(question, "Klarna", "Spain")
    assert lacking(question, items, sentences(items, ())) == (Reason.FAR, ())
    assert lacking(question, (), sentences(items)) == (Reason.FAR, ())


def offered(answer: Answer) -> list[str]:
    assert answer.abstained
    return [line.removeprefix("- ") for line in answer.text.splitlines() if line[:2] == "- "]


def test_a_refusal_in_this_field_offers_what_is_near(assistant: Assistant) -> None:
    answer = assistant.ask("What does AI cost a florist on the moon in 2031?")
    titles = [p.document.title for p in answer.passages if p.document.language is answer.language]
    assert offered(answer)[0] == titles[0]
    assert titles[0] != assistant.coverage().topics[answer.language][0]


def test_a_refusal_of_another_field_offers_what_there_is(assistant: Assistant) -> None:
    answer = assistant.ask("Who won the football match yesterday?")
    topics = assistant.coverage().topics[answer.language]
    assert offered(answer) == list(topics[: len(offered(answer))])
