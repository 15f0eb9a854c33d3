"""Exporting: a conversation as a Markdown, DOCX or PDF file, each answer with its references.

Knows: the three formats. Does not know the store's tables or pages. Invariants: a file holds what
was shown and the quotes it rests on, nothing that was withheld; what was typed is escaped for its
format.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import escape

from assistant.exchange import restore
from assistant.language import detect_language
from assistant.rendering import clean, escape_markdown, reference
from assistant.schema import Language
from assistant.store import Turn

_BOLD = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*")
_ITEM = re.compile(r"^(?:[-*+•]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^#{1,6}\s+")
_RULE = re.compile(r"^\|?[\s:|-]*-[\s:|-]*\|?$")
_WORDS = {
    Language.EN: {
        "references": "Sources",
        "unfinished": "This answer was interrupted before its end.",
        "made": "Made with FirstPilot. Every sentence was checked against the source it cites.",
    },
    Language.ZH: {
        "references": "来源",
        "unfinished": "这个回答中途中断了。",
        "made": "由 FirstPilot 生成。每句话都已与所引来源核对。",
    },
}
_CHINESE_FONT = "STSong-Light"
"""One that PDF readers bring along; the file need not hold it."""


class Style(StrEnum):
    """What a paragraph is."""

    TITLE = "title"
    QUESTION = "question"
    TEXT = "text"
    ITEM = "item"
    NOTE = "note"
    HEADING = "heading"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One paragraph of a file."""

    style: Style
    text: str


def export(ending: str, title: str, turns: Sequence[Turn], language: Language) -> bytes:
    """Return a conversation as a file.

    Args:
        ending: md, docx or pdf.
        title: of the conversation.
        turns: its questions and answers, oldest first.
        language: of what the file says by itself.

    Raises:
        KeyError: there is no such format.
    """
    return _FORMATS[ending](list(_paragraphs(title, turns, language)))


def _paragraphs(title: str, turns: Sequence[Turn], language: Language) -> Iterator[Paragraph]:
    words = _WORDS[language]
    yield Paragraph(style=Style.TITLE, text=clean(title))
    for turn in turns:
        yield Paragraph(style=Style.QUESTION, text=clean(turn.question))
        yield from _body(clean(turn.text))
        if turn.answer is None:
            yield Paragraph(style=Style.NOTE, text=words["unfinished"])
            continue
        answer = restore(turn.answer)
        for notice in answer.notices:
            yield Paragraph(style=Style.NOTE, text=clean(notice))
        if answer.citations:
            yield Paragraph(style=Style.HEADING, text=words["references"])
        for citation in answer.citations:
            where = reference(citation, language)
            address = citation.source.url
            quote = " ".join(clean(citation.quote).split())
            parts = (f"[{citation.marker}] {where}: “{quote}”", address or "")
            yield Paragraph(style=Style.REFERENCE, text=" ".join(filter(None, parts)))
    yield Paragraph(style=Style.NOTE, text=words["made"])


def _body(text: str) -> Iterator[Paragraph]:
    """Yield the paragraphs of an answer; rows of tables become items."""
    for raw in text.split("\n"):
        line = raw.strip()
        if not line or _RULE.match(line):
            continue
        if line.startswith("|"):
            cells = (cell.strip() for cell in line.strip("|").split("|"))
            yield Paragraph(style=Style.ITEM, text=_plain(": ".join(filter(None, cells))))
        elif _ITEM.match(line):
            yield Paragraph(style=Style.ITEM, text=_plain(_ITEM.sub("", line)))
        elif _HEADING.match(line):
            yield Paragraph(style=Style.HEADING, text=_plain(_HEADING.sub("", line)))
        else:
            yield Paragraph(style=Style.TEXT, text=_plain(line))


def _plain(text: str) -> str:
    return _BOLD.sub(r"\1", text)


_MARKDOWN = {
    Style.TITLE: "# ",
    Style.QUESTION: "## ",
    Style.TEXT: "",
    Style.ITEM: "- ",
    Style.NOTE: "> ",
    Style.HEADING: "### ",
    Style.REFERENCE: "- ",
}


def _to_markdown(paragraphs: Sequence[Paragraph]) -> bytes:
    lines: list[str] = []
    before = None
    for paragraph in paragraphs:
        listed = paragraph.style in {Style.ITEM, Style.REFERENCE}
        if lines and not (listed and paragraph.style is before):
            lines.append("")
        lines.append(_MARKDOWN[paragraph.style] + escape_markdown(paragraph.text))
        before = paragraph.style
    return ("\n".join(lines) + "\n").encode("utf-8")


_WORD_STYLES = {
    Style.TITLE: "Title",
    Style.QUESTION: "Heading 1",
    Style.TEXT: "Normal",
    Style.ITEM: "List Bullet",
    Style.NOTE: "Intense Quote",
    Style.HEADING: "Heading 2",
    Style.REFERENCE: "List Bullet",
}


def _to_docx(paragraphs: Sequence[Paragraph]) -> bytes:
    import docx
    from docx.oxml.ns import qn

    document: Any = docx.Document()
    for style in set(_WORD_STYLES.values()):
        # Word takes the font of Chinese letters from a setting of its own.
        fonts = document.styles[style].element.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:eastAsia"), "Microsoft YaHei")
    for paragraph in paragraphs:
        document.add_paragraph(paragraph.text, style=_WORD_STYLES[paragraph.style])
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


_SIZES = {
    Style.TITLE: (18, 10),
    Style.QUESTION: (14, 8),
    Style.TEXT: (11, 4),
    Style.ITEM: (11, 3),
    Style.NOTE: (9, 4),
    Style.HEADING: (11, 4),
    Style.REFERENCE: (9, 3),
}
"""Size of letters and space above, in points."""


def _to_pdf(paragraphs: Sequence[Paragraph]) -> bytes:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import Paragraph as Flowing
    from reportlab.platypus import SimpleDocTemplate

    pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE_FONT))

    def flowing(paragraph: Paragraph) -> Any:
        size, above = _SIZES[paragraph.style]
        bold = paragraph.style in {Style.TITLE, Style.QUESTION, Style.HEADING}
        latin = paragraph.text.encode("cp1252", "ignore").decode("cp1252") == paragraph.text
        font = ("Helvetica-Bold" if bold else "Helvetica") if latin else _CHINESE_FONT
        style = ParagraphStyle(
            paragraph.style.value,
            fontName=font,
            fontSize=size,
            leading=size * 1.5,
            spaceBefore=above,
            spaceAfter=2,
            leftIndent=12 if paragraph.style in {Style.ITEM, Style.REFERENCE} else 0,
            wordWrap="CJK" if detect_language(paragraph.text) is Language.ZH else None,
        )
        bullet = "•" if paragraph.style is Style.ITEM else None
        return Flowing(escape(paragraph.text), style, bulletText=bullet)

    held = io.BytesIO()
    SimpleDocTemplate(held, pagesize=A4, title=paragraphs[0].text).build(
        [flowing(paragraph) for paragraph in paragraphs]
    )
    return held.getvalue()


_FORMATS: dict[str, Callable[[Sequence[Paragraph]], bytes]] = {
    "md": _to_markdown,
    "docx": _to_docx,
    "pdf": _to_pdf,
}
MEDIA_TYPES = {
    "md": "text/markdown; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
"""The formats there are, by the ending of the file."""
