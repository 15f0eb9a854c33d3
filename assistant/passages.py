"""Passages without an index: out of bare texts and out of the knowledge folder.

Knows: how a text that belongs to no document is dressed as a passage, so that anything can be
verified against anything. Does not know indexes or questions. Invariant: the text of a dressed
passage is the text given, at offset 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from assistant.chunking import chunk_document
from assistant.corpus import load_corpus
from assistant.language import detect_language
from assistant.markdown import quotable_spans
from assistant.schema import Chunk, DocumentInfo, Grade, Kind, Passage, Source

_SOURCE = Source(
    publisher="",
    url=None,
    published="1970",
    geography="",
    population="",
    grade=Grade.OWN_DOCUMENT,
    licence="",
)


def passages_of(texts: Sequence[Passage | str]) -> tuple[Passage, ...]:
    """Return passages, those that are texts dressed as one; marker ``[n]`` means number ``n``."""
    return tuple(
        given if isinstance(given, Passage) else _dressed(given, rank)
        for rank, given in enumerate(texts, start=1)
    )


def knowledge_passages(folder: Path) -> list[Passage]:
    """Return every passage of a knowledge folder, in order of its files.

    Raises:
        KnowledgeError: the first problem that ``check_corpus`` would report.
    """
    return [
        Passage(
            chunk=chunk,
            document=document.info,
            score=0.0,
            rank=1,
            source=document.info.source,
        )
        for document in load_corpus(folder)
        for chunk in chunk_document(document)
    ]


def sentences_of(passage: Passage) -> list[str]:
    """Return the sentences of a passage that can be quoted, in order."""
    text = passage.chunk.text
    return [text[start:end] for start, end in quotable_spans(text)]


def _dressed(text: str, rank: int) -> Passage:
    key = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    document = DocumentInfo(
        id=f"text-{key}",
        title="",
        kind=Kind.REPORT,
        language=detect_language(text),
        translation_of=None,
        path="",
        source=_SOURCE,
    )
    chunk = Chunk(
        id=key,
        document_id=document.id,
        heading_path=(),
        position=0,
        text=text,
        start=0,
        end=len(text),
    )
    return Passage(chunk=chunk, document=document, score=0.0, rank=rank, source=_SOURCE)
