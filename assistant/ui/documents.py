"""HTML of one document: its own text by sections, each with what it rests on.

Knows: how what can be quoted is laid out to be read. Does not know the index. Invariant: everything
that came from a document is escaped; its text is marked as being in its own language.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from urllib.parse import quote

from assistant.rendering import escape_html
from assistant.schema import DocumentInfo, Language, Passage
from assistant.ui.cards import facts_html, grade_html, references_html
from assistant.ui.frame import TONGUES, page_html
from assistant.ui.html import Badges, answer_html
from assistant.ui.texts import TEXTS


def document_address(document: DocumentInfo, language: Language) -> str:
    """Return the address of a document's text, in a page of a language."""
    return f"knowledge?{_named(document)}language={language.value}"


def document_html(
    document: DocumentInfo,
    passages: Sequence[Passage],
    twin: DocumentInfo | None,
    language: Language,
) -> str:
    """Return the page of a document.

    Args:
        document: which one.
        passages: all of it that can be quoted, in its order.
        twin: the same in the other language, if there is one.
        language: of the page.
    """
    say, tongue = TEXTS[language], TONGUES[document.language]
    sections = [list(each) for _, each in groupby(passages, _place)]
    titles = [each[0].chunk.heading_path[1:] for each in sections]
    ways = "".join(
        f'<li><a href="#s{at}">{escape_html(" › ".join(path))}</a></li>'
        for at, path in enumerate(titles, start=1)
        if path
    )
    other = ""
    if twin is not None:
        address = escape_html(document_address(twin, twin.language))
        tongue_of_twin = TONGUES[twin.language]
        other = (
            f' · <a class="fp-link" href="{address}" lang="{tongue_of_twin}"'
            f' hreflang="{tongue_of_twin}">{escape_html(twin.title)}</a>'
        )
    contents = f'<nav aria-label="{say["sections"]}"><ul>{ways}</ul></nav>' if ways else ""
    body = (
        f'<p><a class="fp-link" href="knowledge?language={language.value}">{say["all_documents"]}'
        f'</a>{other}</p><h2 lang="{tongue}">{escape_html(document.title)}</h2>'
        f"<p>{grade_html(document.source, language)}</p>"
        f"{facts_html(document.source, document.language, document.kind, language)}"
        f'<div class="fp-text" lang="{tongue}">{contents}</div>'
        + "".join(
            _section(at, path, each, language)
            for at, (path, each) in enumerate(zip(titles, sections, strict=True), start=1)
        )
    )
    # The other language's page shows the other language's text.
    return page_html(language, "knowledge", body, _named(twin or document))


def missing_html(language: Language) -> str:
    """Return the page for a document that is not there."""
    say = TEXTS[language]
    way = (
        f'<a class="fp-link" href="knowledge?language={language.value}">{say["all_documents"]}</a>'
    )
    calm = f'<p class="fp-calm">{say["no_document"]}</p><p>{way}</p>'
    return page_html(language, "knowledge", f"<h2>{say['knowledge']}</h2>{calm}")


def _named(document: DocumentInfo) -> str:
    return f"document={quote(document.id, safe='')}&"


def _place(passage: Passage) -> tuple[int, tuple[str, ...]]:
    """Return what the parts of one section share."""
    return passage.chunk.position, passage.chunk.heading_path


def _section(at: int, path: tuple[str, ...], parts: Sequence[Passage], language: Language) -> str:
    document = parts[0].document
    tongue = TONGUES[document.language]
    level = "h3" if len(path) < 2 else "h4"
    heading = (
        f'<{level} id="s{at}" lang="{tongue}">{escape_html(path[-1])}</{level}>' if path else ""
    )
    labelled = f' aria-labelledby="s{at}"' if path else ""
    badges = Badges(key="none", language=document.language)
    text = "".join(answer_html(part.chunk.text, badges) for part in parts)
    rests = references_html(parts[0], document.source, language)
    return (
        f'<section class="fp-text"{labelled}>{heading}<div lang="{tongue}">{text}</div>{rests}'
        "</section>"
    )
