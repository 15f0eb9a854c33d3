"""The register of sources: who published what, and each fact taken from it in our own words.

Knows: the files ``knowledge/sources/<id>.yaml``. Does not know: documents. Invariant: a source that
was read has a publisher and a population in both languages, and at least one fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.errors import KnowledgeError
from assistant.schema import Grade, Language, Source, parse_published
from assistant.yamltext import load_yaml

FOLDER = "sources"
FACTS_LICENCE = "CC-BY-4.0"
"""Licence of the facts as we word them."""


class Bilingual(BaseModel):
    """A text in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    def of(self, language: Language) -> str:
        """Return the text in a language."""
        return self.en if language is Language.EN else self.zh


class SourceRecord(BaseModel):
    """One entry of the register."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    publisher: Bilingual
    title: str = Field(min_length=1)
    url: str | None = Field(pattern=r"^https?://[^\s]+$")
    published: str
    geography: Bilingual
    population: Bilingual
    grade: Grade
    topics: tuple[str, ...] = Field(min_length=1)
    facts: tuple[str, ...] = Field(min_length=1)

    @field_validator("published", mode="before")
    @classmethod
    def _is_a_date(cls, value: object) -> str:
        text = str(value)
        parse_published(text)
        return text

    def source(self, language: Language) -> Source:
        """Return the source as a reader of a language is told of it."""
        return Source(
            publisher=self.publisher.of(language),
            title=self.title,
            url=self.url,
            published=self.published,
            geography=self.geography.of(language),
            population=self.population.of(language),
            grade=self.grade,
            licence=FACTS_LICENCE,
        )


def source_files(folder: Path) -> list[Path]:
    """Return the register's files below the knowledge folder, by name."""
    return sorted((folder / FOLDER).glob("*.yaml"))


def load_sources(folder: Path) -> dict[str, SourceRecord]:
    """Read the register of a knowledge folder; empty when it has none.

    Raises:
        KnowledgeError: the first problem that ``check_sources`` would report.
    """
    records, problems = read_sources(folder)
    for problem in problems:
        raise problem
    return records


def read_sources(folder: Path) -> tuple[dict[str, SourceRecord], list[KnowledgeError]]:
    """Return what could be read of the register, and everything wrong with the rest."""
    records: dict[str, SourceRecord] = {}
    problems = []
    for path in source_files(folder):
        try:
            record = _read(path)
        except KnowledgeError as exc:
            problems.append(exc)
            continue
        records[record.id] = record
    return records, problems


def references(
    keys: tuple[str, ...], records: Mapping[str, SourceRecord], language: Language
) -> tuple[Source, ...]:
    """Return the sources a passage rests on, as a reader of a language is told of them."""
    return tuple(records[key].source(language) for key in keys if key in records)


def section_source(document: Source, cited: tuple[Source, ...]) -> Source:
    """Return the source a reader is told of: the section's own, or the document's for several."""
    if len(cited) == 1:
        return replace(cited[0], licence=document.licence)
    return document


def _read(path: Path) -> SourceRecord:
    try:
        data: Any = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise KnowledgeError(str(path), None, f"cannot be read as UTF-8 text: {exc}") from exc
    except (yaml.YAMLError, RecursionError, ValueError) as exc:
        mark = getattr(exc, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise KnowledgeError(str(path), line, f"is not valid YAML: {exc}") from exc
    try:
        record = SourceRecord.model_validate(data)
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise KnowledgeError(str(path), None, f"{place}: {first['msg']}") from exc
    if record.id != path.stem:
        problem = f"its id is {record.id!r}; name the file {record.id}.yaml"
        raise KnowledgeError(str(path), None, problem)
    return record
