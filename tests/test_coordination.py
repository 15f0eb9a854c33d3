"""Coordination: what names two or three places or firms is asked about each of them."""

from __future__ import annotations

import pytest

from assistant import Assistant
from assistant.coordination import MOST_PARTS, Named, parts_of


def named(*texts: str, kind: str = "place") -> list[Named]:
    return [Named(text, kind) for text in texts]


@pytest.mark.parametrize(
    ("core", "names", "parts"),
    [
        (
            "how many firms in spain and in italy use ai?",
            named("spain", "italy"),
            ("how many firms in spain use ai?", "how many firms in italy use ai?"),
        ),
        (
            "what happened at taco bell and klarna",
            named("bell", "taco", "klarna", kind="organisation"),
            ("what happened at taco bell", "what happened at klarna"),
        ),
        ("加拿大和英国各占多少", named("加拿大", "英国"), ("加拿大占多少", "英国占多少")),
        (
            "what did klarna and dukaan both save, respectively?",
            named("klarna", "dukaan", kind="organisation"),
            ("what did klarna save?", "what did dukaan save?"),
        ),
        (
            "compare ai use in spain and peru",
            named("spain", "peru"),
            ("ai use in spain", "ai use in peru"),
        ),
        ("对比一下西班牙和秘鲁", named("西班牙", "秘鲁"), ("西班牙", "秘鲁")),
        (
            "how do spain and peru compare with each other?",
            named("spain", "peru"),
            ("how do spain compare with each other?", "how do peru compare with each other?"),
        ),
        (
            "西班牙和秘鲁有什么分别",
            named("西班牙", "秘鲁"),
            ("西班牙有什么分别", "秘鲁有什么分别"),
        ),
        ("西班牙和秘鲁分别是多少", named("西班牙", "秘鲁"), ("西班牙是多少", "秘鲁是多少")),
        ("各国里西班牙和秘鲁", named("西班牙", "秘鲁"), ("各国里西班牙", "各国里秘鲁")),
        (
            "spain, italy or peru?",
            named("spain", "italy", "peru"),
            ("spain?", "italy?", "peru?"),
        ),
        ("italian firms that export to spain", named("italian", "spain"), ()),
        ("is spain nice? and italy", named("spain", "italy"), ()),
        ("spain and spain", named("spain"), ()),
        ("spain", named("spain"), ()),
        ("nothing", [], ()),
        ("klarna and spain", [*named("spain"), *named("klarna", kind="organisation")], ()),
        ("spain and " + "very " * 20 + "sunny italy", named("spain", "italy"), ()),
        ("a, b, c and d", named(*"abcd"), ()),
        ("spaniards and italy", named("spain", "italy"), ()),
    ],
)
def test_parts(core: str, names: list[Named], parts: tuple[str, ...]) -> None:
    assert parts_of(core, names) == parts
    assert len(parts) <= MOST_PARTS


def test_names_that_overlap_are_one() -> None:
    names = named("south", "south korea", "japan")
    assert parts_of("south korea and japan", names) == ("south korea", "japan")


@pytest.mark.parametrize("text", ["(a) and [b]", "a.*b and c+", "\\d and \\w"])
def test_a_name_is_no_pattern(text: str) -> None:
    assert parts_of("nothing of it", named(*text.split(" and "))) == ()


def test_both_are_answered_or_it_is_one_question(assistant: Assistant) -> None:
    both = assistant.ask("What did the retail chain and the B2B platform do with AI?")
    assert both.citations
    one = assistant.ask("How many firms in Peru and in Atlantis use AI?")
    assert not one.citations
