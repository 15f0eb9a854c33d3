"""The knowledge folder: every file of it, and what files must have in common.

Knows: which files are knowledge, unique ids, and that twins agree. Does not know: what a single
file must hold (``frontmatter``) nor who searches. Invariant: a corpus that was read has no problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import yaml

from assistant.errors import KnowledgeError
from assistant.frontmatter import KnowledgeFile, read_file
from assistant.markdown import Heading
from assistant.schema import Document, Language


def knowledge_files(folder: Path) -> list[Path]:
    """Return the knowledge files below a folder, in order of their relative paths.

    ``README.md`` and whatever is hidden are not knowledge.

    Raises:
        KnowledgeError: there is no such folder.
    """
    if not folder.is_dir():
        raise KnowledgeError(
            str(folder),
            None,
            "there is no such folder; set FIRSTPILOT_KNOWLEDGE_DIR to the knowledge folder",
        )
    found = {}
    for path in folder.rglob("*.md"):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.name != "README.md" and not hidden and not path.is_dir():
            found[relative.as_posix()] = path
    return [found[name] for name in sorted(found)]


def load_corpus(folder: Path) -> list[Document]:
    """Read every knowledge file, in order of their paths.

    Raises:
        KnowledgeError: the first problem that ``check_corpus`` would report.
    """
    files = [read_file(path, folder) for path in knowledge_files(folder)]
    for problem in _problems(folder, files):
        raise problem
    return [file.document for file in files if file.document is not None]


def load_featured(folder: Path) -> tuple[str, ...]:
    """Return the ids of the originals to offer first, from ``featured.yaml``; empty without it.

    Raises:
        KnowledgeError: the file is not a list of ids.
    """
    path = folder / "featured.yaml"
    if not path.is_file():
        return ()
    try:
        ids = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        reason = " ".join(str(exc).split())
        raise KnowledgeError(str(path), None, f"cannot be read as YAML: {reason}") from exc
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise KnowledgeError(str(path), None, "must be a list of document ids, one '- id' a line")
    return tuple(ids)


def check_corpus(folder: Path) -> list[KnowledgeError]:
    """Return every problem of every knowledge file; empty when all is well."""
    try:
        files = [read_file(path, folder) for path in knowledge_files(folder)]
    except KnowledgeError as exc:
        return [exc]
    return list(_problems(folder, files))


def _problems(folder: Path, files: Sequence[KnowledgeFile]) -> Iterator[KnowledgeError]:
    """Yield every problem: each file's own in order, then what does not fit together."""
    if not files:
        problem = "no knowledge files (*.md) in it; set FIRSTPILOT_KNOWLEDGE_DIR to their folder"
        yield KnowledgeError(str(folder), None, problem)
    for file in files:
        yield from file.problems
    by_id: dict[str, KnowledgeFile] = {}
    for file in files:
        first = by_id.setdefault(file.id, file) if file.id else file
        if first is not file:
            problem = f"id {file.id!r} is also that of {first.path}; change one of them"
            yield file.wrong("id", problem)
    # A file whose id cannot be read may be the very one that seems to be missing.
    complete = all(file.id for file in files)
    for file in files:
        if file.original:
            yield from _translation_problems(file, by_id.get(file.original), complete)
        elif complete:
            yield from _twin_problems(file, files)


def _translation_problems(
    file: KnowledgeFile, original: KnowledgeFile | None, complete: bool
) -> Iterator[KnowledgeError]:
    named = f"translation_of names {file.original!r}"
    if original is None:
        if complete:
            problem = f"{named}, which is no file's id; correct it, add that file or write null"
            yield file.wrong("translation_of", problem)
    elif original.original:
        problem = f"{named}, itself a translation; name the original, {original.original!r}"
        yield file.wrong("translation_of", problem)
    elif original.fields.get("language") == file.fields.get("language"):
        problem = f"{named}, which is in the same language; name the original or write null"
        yield file.wrong("translation_of", problem)
    else:
        yield from _heading_problems(file, original)


def _heading_problems(file: KnowledgeFile, original: KnowledgeFile) -> Iterator[KnowledgeError]:
    """Yield the first place where the headings of a translation and its original differ."""
    for here, there in zip_longest(file.headings, original.headings):
        if here and there and here.level == there.level:
            continue
        line = file.body_line + here.first_line if here else None
        mine, theirs = (_shown(heading) for heading in (here, there))
        problem = f"the headings differ from those of {original.path}: {mine} here, {theirs} there"
        problem += "; give both files the same sections in the same order"
        yield KnowledgeError(str(file.path), line, problem)
        return


def _shown(heading: Heading | None) -> str:
    return repr(f"{'#' * heading.level} {heading.text}") if heading else "none"


def _twin_problems(file: KnowledgeFile, files: Sequence[KnowledgeFile]) -> Iterator[KnowledgeError]:
    """Yield each language into which an original is not translated, or more than once."""
    for language in Language:
        if file.fields.get("language") == language:
            continue
        twins = [
            other
            for other in files
            if other.original == file.id and other.fields.get("language") == language
        ]
        if not twins:
            name = re.sub(r"\.\w+\Z", f".{language}", file.id)
            problem = f"no translation into {language.value!r}; add a file with id: {name} and "
            yield file.wrong("id", f"{problem}translation_of: {file.id}")
        for other in twins[1:]:
            problem = f"{file.id!r} is already translated by {twins[0].path}; remove one of them"
            yield other.wrong("translation_of", problem)
