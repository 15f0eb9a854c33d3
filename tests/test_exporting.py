"""Exported conversations: the three formats hold the same, and each is what it says it is."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.exchange import of_answer
from assistant.exporting import MEDIA_TYPES, export
from assistant.schema import Language
from assistant.store import Turn, TurnState
from tests.attacks import ATTACKS
from tests.test_ui_html import ATTACK, answered, check_of, passage

TEXT = (
    "AI is used. [1]\n\n1. First **bold**. [1]\n- Then 这个。 [1]\n\n"
    "| A | B |\n|---|---|\n| x | y |\n"
)


def turn(text: str = TEXT, question: str = "How many?", **changes: Any) -> Turn:
    answer = of_answer(answered(text=text, notices=("Mind the source.",)))
    made: dict[str, Any] = {
        "id": "t",
        "conversation_id": "c",
        "position": 0,
        "question": question,
        "state": TurnState.DONE,
        "text": text,
        "answer": answer,
        "asked": datetime(2026, 1, 2, tzinfo=UTC),
    }
    return Turn(**made | changes)


def read(ending: str, data: bytes) -> str:
    """Return the text of a file as its own kind of reader sees it."""
    if ending == "docx":
        import docx

        return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs)
    if ending == "pdf":
        import pypdfium2

        document = pypdfium2.PdfDocument(data)
        pages = [page.get_textpage().get_text_range() for page in document]
        document.close()
        return "\n".join(pages)
    return data.decode("utf-8").replace("\\", "")


@pytest.mark.parametrize("ending", MEDIA_TYPES)
def test_every_format_has_questions_answers_notices_and_references(ending: str) -> None:
    text = read(
        ending, export(ending, "Title 标题", [turn(), turn(question="又问？")], Language.EN)
    )
    flat = "".join(text.split())
    for held in ("Title标题", "Howmany?", "又问？", "AIisused.[1]", "First", "Then这个。", "A:B",
                 "Mindthesource.", "Sources", "OECD", "Survey", "example.org/a"):  # fmt: skip
        assert held in flat, held
    assert "**" not in text


@pytest.mark.parametrize("ending", MEDIA_TYPES)
def test_an_unfinished_answer_is_marked(ending: str) -> None:
    cut = turn(answer=None, state=TurnState.UNFINISHED, text="AI is used. [1]")
    text = "".join(read(ending, export(ending, "T", [cut], Language.ZH)).split())
    assert "AIisused." in text
    assert "这个回答中途中断了。" in text


@pytest.mark.parametrize("ending", MEDIA_TYPES)
def test_what_was_withheld_is_in_no_file(ending: str) -> None:
    kept = answered()
    lost = replace(kept.grounding.checks[0], reason="no")
    lost = replace(lost, claim=replace(lost.claim, text="Elephants do."))
    held = of_answer(replace(kept, withheld=(lost,)))
    assert "Elephants" not in read(ending, export(ending, "T", [turn(answer=held)], Language.EN))


@pytest.mark.parametrize("ending", MEDIA_TYPES)
def test_hostile_texts_neither_break_a_file_nor_leave_their_place(ending: str) -> None:
    hostile = (ATTACK, *(attack for attack in ATTACKS if "\ud800" not in attack))
    turns = [turn(text=f"{attack}\n\n- {attack}", question=attack) for attack in hostile]
    text = read(ending, export(ending, ATTACK, turns, Language.EN))
    assert "<script>hit()</script>" in text
    if ending == "md":
        raw = export("md", ATTACK, turns, Language.EN).decode("utf-8")
        assert "<script" not in raw.replace("\\<", "")


def test_half_a_character_breaks_no_file() -> None:
    for ending in MEDIA_TYPES:
        assert export(ending, "a\ud800b", [turn(question="q\ud800\x00")], Language.EN)


def test_there_is_no_other_format() -> None:
    with pytest.raises(KeyError):
        export("exe", "T", [turn()], Language.EN)


def test_a_reference_names_the_source_and_quotes_it() -> None:
    check = check_of("AI is used.", 0, answered().citations[0])
    assert check.evidence[0].passage.source == passage().source
    text = read("md", export("md", "T", [turn()], Language.EN))
    assert "[1] OECD" in text or "[1] Report" in text
    assert "“AI is used.”" in text
