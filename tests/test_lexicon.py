"""The lexicon: every concept is well formed, and a wrong file says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import KnowledgeError
from assistant.lexicon import ConceptClass, load_lexicon
from assistant.terms import Analyser
from tests.support import KNOWLEDGE


def load(folder: Path, text: str):
    path = folder / "lexicon.yaml"
    path.write_text(text, encoding="utf-8")
    return load_lexicon(path)


def test_the_shipped_lexicon_names_everything_in_both_languages() -> None:
    lexicon = load_lexicon(KNOWLEDGE / "lexicon.yaml")
    for concept in lexicon.concepts.values():
        assert concept.english, concept.id
        assert concept.chinese, concept.id
        assert all(phrase == phrase.strip() != "" for phrase in concept.english + concept.chinese)
    assert lexicon["place-de"].cls is ConceptClass.PLACE
    with pytest.raises(KeyError):
        lexicon["nowhere"]


def test_countries_come_with_any_file(tmp_path: Path) -> None:
    lexicon = load(tmp_path, "concepts:\n  cost: {class: topic, en: [cost, 1], zh: [成本]}\n")
    assert lexicon["cost"].english == ("cost", "1")
    assert "法国" in lexicon["place-fr"].chinese
    assert "germany" in lexicon["place-de"].english
    # Names that are everyday words are left out.
    assert not any("turkey" in concept.english for concept in lexicon.concepts.values())


def test_a_concept_may_lack_a_language(tmp_path: Path) -> None:
    assert load(tmp_path, "concepts: {cost: {class: topic, en: [cost]}}")["cost"].chinese == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("concepts: {cost: {class: topic, en: cost}}", ["'cost'", "'en'", "en: [cost]"]),
        ("concepts: {cost: {class: topic, zh: 成本}}", ["'cost'", "'zh'", "zh: [成本]"]),
        ("concepts: {cost: {class: topic, en: }}", ["'cost'", "'en'", "list"]),
        ("concepts: {cost: {class: topic, en: {a: b}}}", ["'cost'", "'en'", "list"]),
        ("concepts: {cost: {class: topic, en: [[cost]]}}", ["'cost'", "'en'", "list"]),
        ("concepts: {cost: {class: topic, en: [no]}}", ["'cost'", "'en'", "quotes"]),
        ("concepts: {cost: {class: topic, en: ['']}}", ["'cost'", "'en'", "empty"]),
        ("concepts: {cost: {class: topics}}", ["'cost'", "'class'", "'topics'", "topic, measure"]),
        ("concepts: {cost: {class: [topic]}}", ["'cost'", "'class'", "topic, measure"]),
        ("concepts: {cost: {en: [cost]}}", ["'cost'", "'class'", "topic"]),
        ("concepts: {cost: {class: topic, eng: [cost]}}", ["'cost'", "'eng'", "class, en, zh"]),
        ("concepts: {cost: [cost]}", ["'cost'", "class"]),
        ("concepts: {cost: }", ["'cost'", "class"]),
        ("concepts: [cost]", ["'concepts'"]),
        ("concepts: {}\nplaces: [us]", ["'places'", "id"]),
        ("concepts: {}\nplaces: {us: [usa]}", ["'place-us'"]),
        ("concepts: {}\nplaces: {us: {en: [usa], holds: [utah]}}", ["'place-us'", "place-utah"]),
        ("concepts: {}\nplaces: {us: {en: [usa], holds: utah}}", ["'place-us'", "'holds'", "list"]),
        ("just a text", ["'concepts'"]),
        ("", ["'concepts'"]),
        ("concepts:\n  cost: {class: topic,\n  en: [cost\n", ["YAML"]),
        ("concepts:\n\tcost: 1\n", [":2:", "YAML"]),
    ],
)
def test_a_wrong_file_says_what_to_write_in_one_line(tmp_path, text: str, says: list[str]) -> None:
    with pytest.raises(KnowledgeError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "lexicon.yaml"))
    assert "\n" not in message
    assert all(part in message for part in says), message


def test_places_lie_in_places(tmp_path: Path) -> None:
    text = "concepts: {}\nplaces:\n  gb: {en: [britain], holds: [scotland]}\n"
    text += "  scotland: {en: [scotland], holds: [glasgow]}\n  glasgow: {en: [glasgow]}\n"
    lexicon = load(tmp_path, text)
    assert lexicon["place-gb"].english == ("britain",)
    assert lexicon.containers()["place-glasgow"] == {"place-scotland", "place-gb"}
    assert "place-fr" not in lexicon.containers()


def test_places_that_hold_each_other_end_somewhere(tmp_path: Path) -> None:
    text = "concepts: {}\nplaces: {a: {en: [a], holds: [b]}, b: {en: [b], holds: [a]}}"
    assert load(tmp_path, text).containers()["place-a"] == {"place-a", "place-b"}


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "lexicon.yaml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "lexicon.yaml", tmp_path / "none.yaml", tmp_path):
        with pytest.raises(KnowledgeError, match="cannot be read"):
            load_lexicon(path)


def test_a_union_rules_its_members_and_is_not_made_of_them(tmp_path: Path):
    text = "concepts: {}\nplaces:\n  gb: {en: [britain], holds: [wales]}\n  wales: {en: [wales]}\n"
    lexicon = load(tmp_path, text + "  un: {en: [union], members: [gb]}\n")
    assert lexicon.unions() == {"place-gb": {"place-un"}}
    assert "place-gb" not in lexicon.containers()
    analyser = Analyser(lexicon)
    assert analyser.ruled_by("@place-wales") == {"@place-gb", "@place-un"}
    assert analyser.ruled_by("@place-un") == frozenset()


def test_a_union_of_an_unknown_place_is_told(tmp_path: Path):
    with pytest.raises(KnowledgeError, match="'members' names place-utopia"):
        load(tmp_path, "concepts: {}\nplaces: {un: {en: [union], members: [utopia]}}")
