"""HTML of the source pane: one card a passage, the quoted sentences marked.

Knows: how a source is shown. Does not know who asked or what was answered. Invariant: everything
that came from a document goes through ``rendering``; only web addresses become links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.rendering import escape_html, highlight_html, source_label
from assistant.schema import Citation, Kind, Language, Passage, Source
from assistant.ui.texts import KINDS, TEXTS


def pane_html(
    passages: Sequence[Passage],
    citations: Sequence[Citation],
    language: Language,
    key: str,
) -> str:
    """Return the source pane of one answer: what it quotes, then, folded, what was found besides.

    Args:
        passages: what was found, best first.
        citations: what is quoted of it.
        language: of the page.
        key: of the answer; cards are ``src-<key>-<n>``.
    """
    say = TEXTS[language]
    head = (
        f'<div class="fp-pane-head"><h2>{say["sources"]}</h2><button type="button"'
        f' class="fp-close" data-close="sources">{say["close"]}</button></div>'
    )
    quoted = {citation.marker for citation in citations}
    cards = {
        n: card_html(n, passage, [c for c in citations if c.marker == n], language, key)
        for n, passage in enumerate(passages, start=1)
    }
    first = "".join(html for n, html in cards.items() if n in quoted or not quoted)
    rest = [html for n, html in cards.items() if quoted and n not in quoted]
    body = first or f'<p class="fp-muted">{escape_html(say["no_sources"])}</p>'
    if rest:
        also = escape_html(say["also"].format(count=len(rest)))
        body += f'<details class="fp-also"><summary>{also}</summary>{"".join(rest)}</details>'
    return f'<section class="fp-pane" aria-label="{say["sources"]}">{head}{body}</section>'


def card_html(
    n: int, passage: Passage, cited: Sequence[Citation], language: Language, key: str
) -> str:
    """Return the card of one passage; one that is quoted comes open."""
    document, chunk = passage.document, passage.chunk
    source = _source_of(passage, cited)
    section = " › ".join(chunk.heading_path[1:])
    small = f"<small>{escape_html(section)}</small>" if section else ""
    tongue = "zh-CN" if document.language is Language.ZH else "en"
    return (
        f'<details class="fp-card" id="src-{key}-{n}"{" open" if cited else ""}>'
        f'<summary><span class="fp-number">{n}</span><span class="fp-card-title">'
        f'<span lang="{tongue}">{escape_html(document.title)}</span>{small}</span>'
        f"{grade_html(source, language)}</summary>"
        f"{facts_html(source, document.language, document.kind, language)}"
        f"{references_html(passage, source, language)}"
        f'<div class="fp-passage" lang="{tongue}" tabindex="0" role="group"'
        f' aria-label="{escape_html(document.title)}">{_marked(passage, cited)}</div></details>'
    )


def grade_html(source: Source, language: Language) -> str:
    """Return the grade of a source as a small label."""
    label = escape_html(source_label(source, language))
    return f'<span class="fp-grade fp-{source.grade.value}">{label}</span>'


def facts_html(source: Source, tongue: Language, kind: Kind, language: Language) -> str:
    """Return who published what, when, about where and whom, and the address."""
    say = TEXTS[language]
    rows = [
        (say["publisher"], escape_html(source.publisher)),
        (say["published"], escape_html(source.published)),
        (say["geography"], escape_html(source.geography)),
        (say["population"], escape_html(source.population)),
        (say["kind"], escape_html(KINDS[language][kind])),
    ]
    if source.title:
        rows.insert(0, (say["from"], escape_html(source.title)))
    if tongue is not language:
        rows.append((say["language"], say["in_language"]))
    rows.append((say["address"], _address(source.url, language)))
    cells = "".join(f"<div><dt>{name}</dt><dd>{what}</dd></div>" for name, what in rows if what)
    return f'<dl class="fp-facts">{cells}</dl>'


def _address(url: str | None, language: Language) -> str:
    say = TEXTS[language]
    if not url or not url.startswith(("http://", "https://")):
        return say["no_address"]
    host = url.split("/", 3)[2]
    return (
        f'<a href="{escape_html(url)}" target="_blank" rel="noopener noreferrer"'
        f' title="{escape_html(say["open"])}">{escape_html(host)} ↗</a>'
    )


def _source_of(passage: Passage, cited: Sequence[Citation]) -> Source:
    """Return the source of what is quoted of a passage, the passage's own where they are several."""
    sources = {citation.source for citation in cited}
    return sources.pop() if len(sources) == 1 else passage.source


def references_html(passage: Passage, shown: Source, language: Language) -> str:
    """Return what else a text of several sources rests on, each with its grade and address."""
    rests = [each for each in passage.references if not _same(each, shown)]
    if not rests:
        return ""
    items = "".join(
        f"<li>{escape_html(' · '.join(p for p in (each.publisher, each.published) if p))} "
        f"{grade_html(each, language)} {_address(each.url, language)}</li>"
        for each in rests
    )
    return f'<div class="fp-rests"><p>{TEXTS[language]["rests_on"]}</p><ul>{items}</ul></div>'


def _same(one: Source, other: Source) -> bool:
    """Whether two are one source, whatever licence its text here has."""
    return replace(one, licence="") == replace(other, licence="")


def _marked(passage: Passage, cited: Sequence[Citation]) -> str:
    start = passage.chunk.start
    return highlight_html(passage.chunk.text, [(c.start - start, c.end - start) for c in cited])
