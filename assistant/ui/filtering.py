"""The filters of the page: which countries, sectors, kinds and years a question is asked about.

Knows: what the knowledge covers, and how a choice becomes ``Filters`` and a background. Does not
know retrieval. Invariant: what a browser sends is only ever looked up among what was offered.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assistant.language import detect_language
from assistant.rendering import escape_html
from assistant.schema import DocumentInfo, Filters, Kind, Language
from assistant.ui.texts import KINDS, SECTORS, TEXTS

NOTHING = {"country": "", "sector": "", "kind": "", "year": ""}
"""No filter."""
_BETWEEN = re.compile(r"\s*(?:[,;，；、]|\sand\s|(?<!共)和)\s*")
"""What stands between the places of a geography."""
_PLACE = re.compile(r"[A-Z][\w.'-]*(?:\s(?:of|the|countries|[A-Z][\w.'-]*))*")
"""A name; "worldwide", "other countries" and what is told of a place in brackets are none."""
_UNPLACED = {"Worldwide", "Not stated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a reader chose, checked."""

    filters: Filters | None
    background: str
    """A sentence about the asker that goes in front of the question, or ""."""


def places_of(documents: Iterable[DocumentInfo]) -> dict[str, str]:
    """Return the places documents are about: the English name to the Chinese one.

    A document of several places is about each of them, when its translation names as many.
    """
    known = list(documents)
    chinese = {d.twin_key: d.source.geography for d in known if d.language is Language.ZH}
    named: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in known:
        if document.language is Language.EN and document.twin_key in chinese:
            english = _BETWEEN.split(document.source.geography)
            twin = _BETWEEN.split(chinese[document.twin_key])
            if len(english) == len(twin):
                for place, name in zip(english, twin, strict=True):
                    named[place][name] += 1
    # A translation may name them in another order: what most say is right.
    return {
        place: max(sorted(names), key=names.__getitem__)
        for place, names in sorted(named.items())
        if _PLACE.fullmatch(place) and place not in _UNPLACED
    }


def choose(
    chosen: object, question: str, places: Mapping[str, str], years: Iterable[int]
) -> Choice:
    """Return what a choice means for a question; what was not offered counts as not chosen."""
    sent = chosen if isinstance(chosen, dict) else {}
    picked = {name: str(sent.get(name) or "") for name in NOTHING}
    language = detect_language(question)
    geography = None
    if picked["country"] in places:
        english = language is Language.EN
        geography = picked["country"] if english else places[picked["country"]]
    kinds = tuple(kind for kind in Kind if kind.value == picked["kind"])
    year = int(picked["year"]) if picked["year"] in {str(year) for year in years} else None
    background = SECTORS.get(picked["sector"])
    used = geography or kinds or year
    return Choice(
        filters=Filters(kinds=kinds, geography=geography, year_from=year) if used else None,
        background=background[language][1] if background else "",
    )


def filters_html(
    language: Language, places: Mapping[str, str], years: Iterable[int], chosen: object = None
) -> str:
    """Return the folded form; a choice that was made before stays chosen."""
    say = TEXTS[language]
    sent = chosen if isinstance(chosen, dict) else {}
    english = language is Language.EN
    boxes = (
        ("country", say["any_country"], {en: en if english else zh for en, zh in places.items()}),
        ("sector", say["any_sector"], {key: names[language][0] for key, names in SECTORS.items()}),
        ("kind", say["any_kind"], {kind.value: name for kind, name in KINDS[language].items()}),
        ("year", say["any_year"], {str(year): str(year) for year in years}),
    )
    labels = {"year": "from_year"}
    fields = "".join(
        f'<label>{say[labels.get(name, name)]}<select name="{name}">'
        f"{_options({'': any_of} | offered, str(sent.get(name) or ''))}</select></label>"
        for name, any_of, offered in boxes
    )
    return (
        f'<details class="fp-filters" data-on="{say["filters_on"]}"><summary>{say["filters"]}'
        f'<span class="fp-on" hidden> ({say["filters_on"]})</span></summary>'
        f"<form>{fields}</form></details>"
    )


def _options(offered: Mapping[str, str], chosen: str) -> str:
    return "".join(
        f'<option value="{escape_html(value)}"{" selected" if value == chosen else ""}>'
        f"{escape_html(name)}</option>"
        for value, name in offered.items()
    )
