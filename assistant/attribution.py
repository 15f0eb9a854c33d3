"""Attribution: which of a section's sources a sentence rests on.

Knows: the facts of the register, and that a sentence restates one of them: its figures are the
fact's, its words are mostly the fact's. Does not know passages or questions. Invariant: a source is
named only where it stands out; a sentence that weighs two sources against each other has none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from assistant.chunking import sentence_spans
from assistant.figures import Figure, find_figures
from assistant.schema import Chunk, DocumentInfo, Language
from assistant.sources import SourceRecord
from assistant.stopwords import STOP_EN

LEAST, LEAD = 0.4, 0.08
"""Likeness of a sentence to its source from which it rests on it, and its lead over the next."""
NAMED = 0.25
"""What is added to the likeness of a source whose publisher the sentence names."""

_WORD = re.compile(r"[A-Za-z][A-Za-z'-]{2,}")


def attributed(
    sentence: str, keys: Sequence[str], records: Mapping[str, SourceRecord]
) -> str | None:
    """Return the id of the source that an English sentence restates, None where none stands out.

    Args:
        sentence: of a section.
        keys: ids of the sources the section names; ids that the register lacks are left out.
        records: the register.
    """
    known = [records[key] for key in keys if key in records]
    if len(known) < 2:
        return known[0].id if known else None
    likeness = sorted(((_likeness(sentence, record), record.id) for record in known), reverse=True)
    (best, key), (next_best, _) = likeness[:2]
    return key if best >= LEAST and best - next_best >= LEAD else None


def _likeness(sentence: str, record: SourceRecord) -> float:
    """Return how far a source's facts say what a sentence says; 1 is word for word."""
    figures = _figures_in(sentence)
    held = [figure for fact in record.facts for figure in _figures_in(fact)]
    words, named = _words(sentence), _words(record.publisher.en)
    told = max(len(words & _words(fact)) for fact in record.facts) / max(len(words), 1)
    if figures:
        shared = sum(any(_alike(figure, other) for other in held) for figure in figures)
        told = (told + 2 * shared / len(figures)) / 3
    return told + NAMED * bool(words & named)


@lru_cache(maxsize=8192)
def _figures_in(text: str) -> tuple[Figure, ...]:
    return tuple(find_figures(text, Language.EN))


def _alike(one: Figure, other: Figure) -> bool:
    return one.unit == other.unit and (one.low, one.high) == (other.low, other.high)


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text)) - STOP_EN


def rests_of(
    chunks: Sequence[Chunk], infos: Mapping[str, DocumentInfo], records: Mapping[str, SourceRecord]
) -> dict[str, list[tuple[int, int, str]]]:
    """Return, by chunk id, the sentences that rest on one of several sources, and on which.

    The register's facts are in English: a section in another language goes by its English twin,
    where it has as many sentences.

    Returns:
        Offsets in the chunk's text and the source's id, for each sentence that has one.
    """
    sections: dict[tuple[str, int], dict[Language, list[_Place]]] = {}
    for chunk in chunks:
        if len(chunk.sources) > 1:
            info = infos[chunk.document_id]
            section = sections.setdefault((info.twin_key, chunk.position), {})
            places = [_Place(chunk, start, end) for start, end in sentence_spans(chunk)]
            section.setdefault(info.language, []).extend(places)
    found: dict[str, list[tuple[int, int, str]]] = {}
    for section in sections.values():
        english = section.get(Language.EN, [])
        keys = [attributed(place.text, place.chunk.sources, records) for place in english]
        for places in section.values():
            if len(places) == len(english):
                for place, key in zip(places, keys, strict=True):
                    if key is not None:
                        row = (place.start, place.end, key)
                        found.setdefault(place.chunk.id, []).append(row)
    return found


class _Place(NamedTuple):
    """A sentence of a chunk."""

    chunk: Chunk
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.chunk.text[self.start : self.end]
