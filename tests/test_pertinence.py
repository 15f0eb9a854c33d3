"""Pertinence: a sentence about another place or name is never taken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from assistant.lexicon import ConceptClass
from assistant.pertinence import owned, pertinent
from assistant.questions import Expect, Item

GERMANY = Item(key="@place-de", cls=ConceptClass.PLACE, text="germany")
SPAIN = Item(key="@place-es", cls=ConceptClass.PLACE, text="spain")
KLARNA = Item(key="klarna", cls=ConceptClass.ORGANISATION, text="klarna")
COST = Item(key="@cost", cls=ConceptClass.TOPIC, text="cost")


def asking(*items: Item, expects: Expect = Expect.FACT) -> Any:
    return SimpleNamespace(items=items, expects=expects)


def sentence(*missing: Item) -> Any:
    return SimpleNamespace(missing=missing)


def test_places_and_names_are_a_questions_own() -> None:
    assert owned(asking(GERMANY, KLARNA, COST)) == {GERMANY, KLARNA}


def test_what_names_nothing_of_its_own_takes_every_sentence_in_order() -> None:
    candidates = [sentence(COST), sentence()]
    assert pertinent(asking(COST), candidates) == candidates


def test_only_sentences_about_the_place_are_taken() -> None:
    about, elsewhere = sentence(COST), sentence(GERMANY)
    assert pertinent(asking(GERMANY, COST), [elsewhere, about]) == [about]
    assert pertinent(asking(GERMANY, COST), [elsewhere]) == []


def test_a_name_and_a_place_must_stand_together() -> None:
    apart = [sentence(GERMANY), sentence(KLARNA)]
    assert pertinent(asking(GERMANY, KLARNA), apart) == []
    assert pertinent(asking(GERMANY, KLARNA), [*apart, sentence()]) == [*apart, sentence()][2:]


def test_two_places_may_stand_in_two_sentences_if_both_stand_somewhere() -> None:
    of_germany, of_spain = sentence(SPAIN), sentence(GERMANY)
    both = [of_germany, of_spain]
    assert pertinent(asking(GERMANY, SPAIN), both) == both
    assert pertinent(asking(GERMANY, SPAIN), [of_germany]) == []


def test_a_comparison_may_be_of_a_name_and_a_place() -> None:
    apart = [sentence(GERMANY), sentence(KLARNA)]
    assert pertinent(asking(GERMANY, KLARNA, expects=Expect.COMPARISON), apart) == apart
