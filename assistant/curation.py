"""Curation: what the shipped knowledge must obey beyond its format.

Knows: that figures have a source, that translations say the same, that sentences can stand alone.
Does not know: the index or any question. Invariant: looks only, changes nothing; the same folder
always gives the same findings in the same order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

from assistant.annotations import read_annotations
from assistant.corpus import check_corpus, load_corpus, load_featured
from assistant.errors import KnowledgeError
from assistant.figures import Figure, FigureKind, find_figures
from assistant.markdown import find_headings, find_sections, quotable_spans
from assistant.schema import Document, Language, ListedQuestion, parse_published
from assistant.sources import SourceRecord, read_sources, source_files
from assistant.unanswered import ANY_DOCUMENT, LISTS, UNANSWERED, list_file, load_list

MOST_WORDS, MOST_CHARACTERS = 36, 85
"""Longest sentence, in English words and in characters of Chinese: one is quoted as an answer."""
STALE_YEARS = 4
"""Age of a source from which the curator is reminded to look for a newer one."""

_DANGLING = {
    Language.EN: re.compile(
        r"(It|This|These|They|Such|He|She|Those|That)\b(?! is (why|how|to say))"
    ),
    Language.ZH: re.compile(
        r"(它们?|这些?(?!家|种|次|类|项|个)|该|其(?!中|他|余|次|实)|此(?!外)|他们?|她们?)"
    ),
}
_MEASURED = {FigureKind.PERCENT, FigureKind.MONEY, FigureKind.MULTIPLE, FigureKind.POINTS}
"""Kinds of figures that never stand without a source, not even in an example."""
_EXAMPLE = {Language.EN: re.compile(r"Example\b"), Language.ZH: re.compile(r"(例如|举例|示例)")}
"""How a sentence begins whose counts and times are made up to show how something is worked out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of a document, with where it stands."""

    document: Document
    heading: str
    text: str
    sources: tuple[str, ...]
    questions: tuple[ListedQuestion, ...]
    line: int
    """Line of its text in the document's body, from 1."""


def check_knowledge(folder: Path) -> list[KnowledgeError]:
    """Return everything wrong with a knowledge folder, format first; empty when all is well."""
    problems = check_corpus(folder)
    records, unread = read_sources(folder)
    problems += unread
    if problems:
        return problems
    documents = load_corpus(folder)
    sections = {document.info.id: list(sections_of(document)) for document in documents}
    used = {key for rows in sections.values() for row in rows for key in row.sources}
    for document in documents:
        path = str(folder / document.info.path)
        for section in sections[document.info.id]:
            problems += (
                KnowledgeError(path, None, f"section {section.heading!r}: {problem}")
                for problem in _section_problems(section, records)
            )
        if document.info.translation_of in sections:
            original = sections[document.info.translation_of]
            problems += (
                KnowledgeError(path, None, problem)
                for problem in _translation_problems(sections[document.info.id], original)
            )
    problems += _list_problems(folder, chain.from_iterable(sections.values()))
    problems += (
        KnowledgeError(str(folder / "featured.yaml"), None, f"there is no document {key!r}")
        for key in load_featured(folder)
        if key not in sections
    )
    problems += (
        KnowledgeError(str(path), None, "no section names this source; use it or remove it")
        for path in source_files(folder)
        if path.stem not in used
    )
    return problems


def stale_sources(records: Iterable[SourceRecord], today: date) -> list[SourceRecord]:
    """Return the sources older than ``STALE_YEARS``, oldest first."""
    limit = today.replace(year=today.year - STALE_YEARS, day=min(today.day, 28))
    old = [record for record in records if parse_published(record.published) < limit]
    return sorted(old, key=lambda record: (record.published, record.id))


def sections_of(document: Document) -> Iterator[Section]:
    """Yield the sections of a document that have text, in order."""
    body = document.text
    for section, at, heading in find_sections(body, find_headings(body)):
        annotations = read_annotations(section)
        text = section[annotations.end :]
        if text.strip():
            yield Section(
                document=document,
                heading=heading.text if heading else "",
                text=text,
                sources=annotations.sources,
                questions=annotations.questions,
                line=body.count("\n", 0, at) + 1,
            )


def _list_problems(folder: Path, sections: Iterable[Section]) -> Iterator[KnowledgeError]:
    """Yield what is wrong with the questions that are answered nowhere."""
    path = str(list_file(folder, UNANSWERED))
    names, answered = {ANY_DOCUMENT}, set()
    for section in sections:
        names.add(section.document.info.name)
        answered |= {_plain(question.text) for question in section.questions}
    seen: set[str] = set()
    lists: dict[str, dict[str, list[str]]] = {}
    for list_name in LISTS:
        try:
            lists[list_name] = load_list(folder, list_name)
        except KnowledgeError as exc:
            yield exc
    for name, questions in lists.get(UNANSWERED, {}).items():
        if name not in names:
            yield KnowledgeError(path, None, f"there is no document {name!r}")
        for question in questions:
            if _plain(question) in answered:
                yield KnowledgeError(path, None, f"a section answers {question!r}; take it out")
            if _plain(question) in seen:
                yield KnowledgeError(path, None, f"{question!r} is there twice")
            seen.add(_plain(question))


def _plain(question: str) -> str:
    return " ".join(question.casefold().split()).rstrip("?？ ")


def _section_problems(section: Section, records: Mapping[str, SourceRecord]) -> Iterator[str]:
    unknown = [key for key in section.sources if key not in records]
    for key in unknown:
        yield f"there is no source {key!r}; add sources/{key}.yaml"
    if not section.questions:
        yield "lists no question; add <!-- questions: one per line --> below its heading"
    language = section.document.info.language
    sentences = [section.text[start:end] for start, end in quotable_spans(section.text)]
    for sentence in sentences:
        yield from _sentence_problems(sentence, language)
    if unknown:
        return
    named = [records[key] for key in section.sources]
    known = [figure for record in named for figure in _figures_of(record)]
    for sentence in sentences:
        made_up = not section.sources and _EXAMPLE[language].match(sentence)
        for figure in find_figures(sentence, language):
            if made_up and figure.kind not in _MEASURED:
                continue
            if _counts(figure) and not _is_known(figure, known):
                where = ", ".join(section.sources) or "any source (it names none)"
                yield f"the figure {figure.text!r} stands in no fact of {where}"


def _sentence_problems(sentence: str, language: Language) -> Iterator[str]:
    short = sentence if len(sentence) < 40 else f"{sentence[:40]}…"
    if language is Language.EN and len(sentence.split()) > MOST_WORDS:
        yield f"the sentence {short!r} has {len(sentence.split())} words; {MOST_WORDS} at most"
    if language is Language.ZH and len(sentence) > MOST_CHARACTERS:
        yield f"the sentence {short!r} has {len(sentence)} characters; {MOST_CHARACTERS} at most"
    if _DANGLING[language].match(sentence):
        yield f"the sentence {short!r} begins with a pronoun; name what it is about"


def _translation_problems(
    translated: Sequence[Section], original: Sequence[Section]
) -> Iterator[str]:
    for ours, theirs in zip(translated, original, strict=False):
        if ours.sources != theirs.sources:
            yield f"section {ours.heading!r}: sources differ from those of {theirs.heading!r}"
        mine, other = _values(ours), _values(theirs)
        if mine != other:
            extra, lacking = sorted(set(mine) - set(other)), sorted(set(other) - set(mine))
            found = f"has {extra}, lacks {lacking}" if extra or lacking else "repeats others"
            yield f"section {ours.heading!r}: figures differ from the original's: {found}"


def _values(section: Section) -> set[str]:
    """Return the values of a section's figures, as far as digits write them."""
    figures = find_figures(section.text, section.document.info.language)
    return {
        f"{end.normalize():f}"
        for figure in figures
        if _counts(figure)
        for end in (figure.low, figure.high)
    }


def _counts(figure: Figure) -> bool:
    """Whether a figure is more than a number word ("two cases", "half"), which languages vary."""
    fraction = figure.kind is FigureKind.PERCENT and figure.low.normalize() != 50
    return fraction or any(char.isdigit() for char in figure.text)


def _figures_of(record: SourceRecord) -> list[Figure]:
    """Return the figures a source may be cited for: its facts', its title's, its date's."""
    texts = (*record.facts, record.title, record.population.en, record.population.zh)
    figures = [figure for text in texts for figure in find_figures(text)]
    return [*figures, *find_figures(record.published), *find_figures(record.published[:4])]


def _is_known(figure: Figure, known: Sequence[Figure]) -> bool:
    """Whether both ends of a figure stand in facts, together or apart."""
    alike = [other for other in known if _alike(figure, other)]
    ends = {end for other in alike for end in (other.low, other.high)}
    return {figure.low, figure.high} <= ends or any(
        FigureKind.DATE in {figure.kind, other.kind} for other in alike
    )


def _alike(one: Figure, other: Figure) -> bool:
    """Whether a figure has an end and a unit in common with one of a fact."""
    if FigureKind.DATE in {one.kind, other.kind}:
        shorter, longer = sorted((str(one.low), str(other.low)), key=len)
        return longer.startswith(shorter) or FigureKind.YEAR in {one.kind, other.kind}
    # A bare number in a fact vouches for days or staff, never for per cent or money.
    bare = not one.unit or (not other.unit and one.kind not in _MEASURED)
    return (bare or one.unit == other.unit) and bool({one.low, one.high} & {other.low, other.high})


def coverage_table(folder: Path) -> dict[str, Counter[str]]:
    """Count documents by kind and language, and sources by topic, country, year and grade.

    Raises:
        KnowledgeError: a file cannot be read; ``check_knowledge`` names all.
    """
    documents = load_corpus(folder)
    records, problems = read_sources(folder)
    for problem in problems:
        raise problem
    return {
        "kind": Counter(document.info.kind.value for document in documents),
        "language": Counter(document.info.language.value for document in documents),
        "topic": Counter(topic for record in records.values() for topic in record.topics),
        "place": Counter(record.geography.en for record in records.values()),
        "year": Counter(record.published[:4] for record in records.values()),
        "grade": Counter(record.grade.value for record in records.values()),
        "facts": Counter({"facts": sum(len(record.facts) for record in records.values())}),
    }
