"""HTML of the knowledge page: every document with its source and grade, and what is covered.

Knows: how documents are listed, counted and picked. Does not know the index. Invariant: whatever
comes from a document or an address is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.rendering import escape_html, grade_label
from assistant.schema import DocumentInfo, Grade, Kind, Language
from assistant.ui.cards import facts_html, grade_html
from assistant.ui.documents import document_address
from assistant.ui.frame import TONGUES, page_html
from assistant.ui.texts import KINDS, TEXTS

MOST_PLACES = 12
"""Places that are counted one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """Which documents a reader wants to see; an empty field lets all through."""

    words: str = ""
    kind: str = ""
    grade: str = ""
    tongue: str = ""

    def lets(self, document: DocumentInfo) -> bool:
        """Whether a document is to be shown."""
        source = document.source
        text = f"{document.title} {source.publisher} {source.geography} {source.title}".casefold()
        return (
            self.kind in {"", document.kind.value}
            and self.grade in {"", source.grade.value}
            and self.tongue in {"", document.language.value}
            and all(word in text for word in self.words.casefold().split())
        )


def knowledge_html(documents: Sequence[DocumentInfo], picked: Picked, language: Language) -> str:
    """Return the knowledge page."""
    say = TEXTS[language]
    found = [document for document in documents if picked.lets(document)]
    count = say["count"].format(count=len(found), total=len(documents))
    rows = "".join(_row(document, language) for document in found)
    listed = f'<div class="fp-documents">{rows}</div>' if rows else _none(language)
    body = (
        f"<h2>{say['knowledge']}</h2><p>{say['knowledge_is']}</p>"
        f"{_coverage(documents, language)}"
        f'<section aria-labelledby="documents"><h3 id="documents">{say["documents"]}</h3>'
        f'{_form(picked, language)}<p class="fp-muted" role="status">{count}</p>{listed}</section>'
    )
    return page_html(language, "knowledge", body)


def _row(document: DocumentInfo, language: Language) -> str:
    source = document.source
    return (
        f'<details class="fp-card"><summary><span class="fp-number" aria-hidden="true">'
        f"{escape_html(KINDS[language][document.kind][:1])}</span>"
        f'<span class="fp-card-title"><span lang="{TONGUES[document.language]}">'
        f"{escape_html(document.title)}</span><small>{escape_html(source.publisher)} · "
        f"{escape_html(source.published)} · {escape_html(source.geography)}</small></span>"
        f"{grade_html(source, language)}</summary>"
        f"{facts_html(source, document.language, document.kind, language)}"
        f'<p class="fp-read"><a class="fp-link" href="'
        f'{escape_html(document_address(document, language))}">{TEXTS[language]["read"]}'
        f'<span class="fp-sr">: {escape_html(document.title)}</span></a></p></details>'
    )


def _none(language: Language) -> str:
    return f'<p class="fp-calm">{TEXTS[language]["none_match"]}</p>'


def _form(picked: Picked, language: Language) -> str:
    """Return the form that picks documents; it works without scripts."""
    say = TEXTS[language]
    grades = {grade.value: grade_label(grade, language) for grade in Grade}
    kinds = {kind.value: name for kind, name in KINDS[language].items()}
    tongues = {Language.EN.value: "English", Language.ZH.value: "中文"}
    selects = "".join(
        f'<label>{label}<select name="{name}">{_options(offered, chosen, say["all"])}</select>'
        "</label>"
        for name, label, offered, chosen in (
            ("kind", say["kind"], kinds, picked.kind),
            ("grade", say["grade"], grades, picked.grade),
            ("in", say["language"], tongues, picked.tongue),
        )
    )
    return (
        f'<form method="get" action="knowledge" class="fp-pick"><label>{say["find"]}'
        f'<input type="search" name="words" value="{escape_html(picked.words)}" maxlength="200">'
        f'</label>{selects}<input type="hidden" name="language" value="{language.value}">'
        f'<button type="submit" class="fp-small">{say["apply"]}</button></form>'
    )


def _options(offered: Mapping[str, str], chosen: str, any_of: str) -> str:
    return "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>'
        f"{escape_html(name)}</option>"
        for value, name in ({"": any_of} | dict(offered)).items()
    )


def _coverage(documents: Sequence[DocumentInfo], language: Language) -> str:
    """Return how many documents there are of each kind, grade, place and year.

    Only those in the page's language are counted, as most have a translation.
    """
    say = TEXTS[language]
    own = [document for document in documents if document.language is language]
    kinds = Counter(document.kind for document in own)
    grades = Counter(document.source.grade for document in own)
    places = Counter(document.source.geography for document in own)
    years = Counter(document.source.published[:4] for document in own)
    tables = (
        _bars(say["kind"], [(KINDS[language][k], kinds[k]) for k in Kind if kinds[k]]),
        _bars(say["grade"], [(grade_label(g, language), grades[g]) for g in Grade if grades[g]]),
        _bars(say["places"], places.most_common(MOST_PLACES)),
        _bars(say["years"], sorted(years.items(), reverse=True)),
    )
    return (
        f'<section aria-labelledby="coverage"><h3 id="coverage">{say["coverage"]}</h3>'
        f'<p class="fp-muted">{say["grades_are"]}</p><div class="fp-tables">{"".join(tables)}</div>'
        "</section>"
    )


def _bars(title: str, counts: Sequence[tuple[str, int]]) -> str:
    most = max((count for _, count in counts), default=1)
    rows = "".join(
        f'<tr><th scope="row">{escape_html(name)}</th><td><span class="fp-bar-of" aria-hidden="true"'
        f' style="width:{100 * count / most:.0f}%"></span></td><td>{count}</td></tr>'
        for name, count in counts
    )
    return f"<table><caption>{escape_html(title)}</caption><tbody>{rows}</tbody></table>"
