"""Chunking: a document cut into the passages that are indexed and cited.

Knows: how long a passage may be and where it may be cut. Does not know: who searches them.
Invariant: ``document.text[chunk.start:chunk.end] == chunk.text`` for every chunk.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from hashlib import sha256

from assistant.annotations import Annotations, read_annotations
from assistant.markdown import find_headings, find_sections, quotable_spans
from assistant.schema import Chunk, Document, DocumentInfo, ListedQuestion

CHUNKER_VERSION = "4"
"""Changes whenever the same document would be cut into other chunks or sentences."""
MAX_CHUNK_CHARS = 1400
"""Longest chunk, in characters, a Chinese one counted as three: with title and heading it stays
within the 512 tokens that e5 reads."""

_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]")

# Where a long section may be cut, best first: paragraphs, lines, sentences, clauses, words.
_CUTS = [
    r"\n[ \t]*\n",
    r"\n",
    r"(?<=[。！？；])(?![”’」』）])|(?<=[。！？；][”’」』）])",
    r"(?<=[.!?])(?<!\b[A-Z]\.) +(?=[\"“(\[]?[A-Z0-9])|(?<=[.!?][\"”)\]]) +",
    r"(?<=[，、：])|(?<=[,;:]) ",
    r"\s",
    "",
]


def chunk_document(document: Document) -> list[Chunk]:
    """Cut a document into its sections, and long sections into parts at sentence ends.

    ``position`` is the number of the section: 0 for the text before the first heading, ``n`` for
    the text below the n-th heading. Parts of one section share it, and so do twins' sections.

    Returns:
        Chunks in document order; a section without text gives none. Ids are unique.
    """
    found = []
    seen: Counter[tuple[tuple[str, ...], str]] = Counter()
    path: list[tuple[int, str]] = []
    headings = find_headings(document.text)
    sections = find_sections(document.text, headings)
    for position, (section, at, heading) in enumerate(sections):
        if heading:
            path = [outer for outer in path if outer[0] < heading.level]
            path.append((heading.level, heading.text))
        names = (document.info.title, *(name for _, name in path))
        annotations = read_annotations(section)
        before = 0
        for start, end in _parts(section, annotations.end):
            text = section[start:end]
            key = [document.info.id, names, text, seen[names, text]]
            seen[names, text] += 1
            canonical = json.dumps(key, ensure_ascii=True, separators=(",", ":"))
            found.append(
                Chunk(
                    id=sha256(canonical.encode()).hexdigest()[:16],
                    document_id=document.info.id,
                    heading_path=names,
                    position=position,
                    text=text,
                    start=at + start,
                    end=at + end,
                    sources=annotations.sources,
                    questions=_questions_of(annotations, text, before),
                )
            )
            before += len(quotable_spans(text))
    return found


def _questions_of(annotations: Annotations, text: str, before: int) -> tuple[ListedQuestion, ...]:
    """Return the questions of a section that concern one part, which ``before`` sentences precede.

    A question of one sentence goes with that sentence, and one of the section with every part.
    """
    count = len(quotable_spans(text))
    return tuple(
        question
        if question.sentence is None
        else ListedQuestion(question.text, question.sentence - before)
        for question in annotations.questions
        if question.sentence is None or before <= question.sentence < before + count
    )


def chunk_context(chunk: Chunk, document: DocumentInfo) -> str:
    """Return what is embedded and indexed of a chunk: its title and headings, then its text."""
    names = " — ".join(name for name in (document.title, *chunk.heading_path[1:]) if name)
    return f"{names}\n{chunk.text}" if names else chunk.text


def sentence_spans(chunk: Chunk) -> list[tuple[int, int]]:
    """Return the half-open offsets, in the chunk's text, of its quotable sentences."""
    return quotable_spans(chunk.text)


def _parts(section: str, begin: int) -> list[tuple[int, int]]:
    """Return the offsets of the parts of a section from ``begin`` on, without space around it."""
    text = section[begin:].strip()
    start = section.find(text, begin)
    if not text:
        return []
    if _size(text) <= MAX_CHUNK_CHARS:
        return [(start, start + len(text))]
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        separators=_CUTS,
        is_separator_regex=True,
        keep_separator="end",
        chunk_size=MAX_CHUNK_CHARS,
        chunk_overlap=0,
        length_function=_size,
        add_start_index=True,
    )
    pieces = splitter.create_documents([text])
    found = []
    for piece in pieces:
        at = start + int(piece.metadata["start_index"])
        found.append((at, at + len(piece.page_content)))
    return found


def _size(text: str) -> int:
    """Return a text's length as ``MAX_CHUNK_CHARS`` counts it."""
    return len(text) + 2 * len(_WIDE.findall(text))
