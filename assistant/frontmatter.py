"""A knowledge file: Markdown with front matter, read as a document or with everything wrong in it.

Knows: the front matter contract and where a file of which kind and language belongs. Does not know:
other files. Invariant: a document that was read obeys the whole contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from yaml.reader import Reader

from assistant.annotations import annotation_problems
from assistant.errors import KnowledgeError
from assistant.markdown import Heading, find_headings, find_sections
from assistant.schema import Document, DocumentInfo, Grade, Kind, Language, Source, parse_published

_FENCE = "---"
_TEXT, _NULL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"
_MAX_DEPTH = 20
_CHOICES = {"kind": tuple(Kind), "language": tuple(Language), "grade": tuple(Grade)}
_NULLABLE = {"translation_of", "url"}
_KEYS = (
    *("id", "title", "kind", "language", "translation_of", "publisher", "url", "published"),
    *("geography", "population", "grade", "licence"),
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")
_NEWLINE = re.compile(r"\r\n?|\n")

_Problem = tuple[int | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeFile:
    """What could be read of a file, and everything wrong with it by itself."""

    path: Path
    fields: Mapping[str, str | None] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    headings: tuple[Heading, ...] = ()
    body_line: int = 1
    document: Document | None = None
    problems: tuple[KnowledgeError, ...] = ()

    @property
    def id(self) -> str:
        """Its id, empty when there is none."""
        return self.fields.get("id") or ""

    @property
    def original(self) -> str:
        """Id of what it translates, empty for an original."""
        return self.fields.get("translation_of") or ""

    def wrong(self, key: str, problem: str) -> KnowledgeError:
        """Return a problem at the line of a key."""
        return KnowledgeError(str(self.path), self.lines.get(key), problem)


def read_document(path: Path, root: Path) -> Document:
    """Read one knowledge file below the knowledge folder ``root``.

    Raises:
        KnowledgeError: the first thing wrong with the file by itself.
    """
    file = read_file(path, root)
    if file.document is None:
        raise file.problems[0]
    return file.document


def read_file(path: Path, root: Path) -> KnowledgeFile:
    """Read a file with all its problems; never raises."""
    try:
        front, body, body_line = _cut(path, _decode(path))
        nodes, lines = _nodes(path, front)
    except KnowledgeError as exc:
        return KnowledgeFile(path=path, problems=(exc,))
    fields = {key: _value(node) for key, node in nodes.items() if isinstance(node, yaml.ScalarNode)}
    headings = find_headings(body)
    relative = path.relative_to(root).as_posix()
    found = [
        *_key_problems(lines),
        *((lines[key], text) for key, text in _field_problems(nodes, fields)),
        *((lines["kind"], text) for text in _place_problems(relative, fields)),
        *_body_problems(body, headings, body_line),
    ]
    # The whole file's line is the first; a stable sort keeps the order within a line.
    found.sort(key=lambda problem: problem[0] or 0)
    return KnowledgeFile(
        path=path,
        fields=fields,
        lines=lines,
        headings=headings,
        body_line=body_line,
        document=None if found else _document(fields, relative, body),
        problems=tuple(KnowledgeError(str(path), line, text) for line, text in found),
    )


def _decode(path: Path) -> str:
    """Return the file's text, lines ended by line feeds alone, without a byte order mark."""
    try:
        raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as exc:
        problem = f"cannot be read ({exc.strerror or exc}); check its permissions: ls -l"
        raise KnowledgeError(str(path), None, problem) from exc
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        problem = f"not UTF-8 (byte 0x{raw[exc.start]:02x}); save the file as UTF-8"
        raise KnowledgeError(str(path), line, problem) from exc
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise KnowledgeError(str(path), line, "a NUL byte; remove it and save the file as UTF-8")
    return _NEWLINE.sub("\n", text)


def _cut(path: Path, text: str) -> tuple[str, str, int]:
    """Return the front matter, the body, and the file's line on which the body begins."""
    lines = text.split("\n")
    if lines[0].rstrip() != _FENCE:
        problem = f"no front matter; the first line must be {_FENCE}, then the keys, then {_FENCE}"
        raise KnowledgeError(str(path), 1, problem)
    for at, line in enumerate(lines[1:], start=1):
        if line.rstrip() == _FENCE:
            return "\n".join(lines[1:at]), "\n".join(lines[at + 1 :]), at + 2
    problem = f"the front matter is not closed; write a line {_FENCE} after its last key"
    raise KnowledgeError(str(path), 1, problem)


def _nodes(path: Path, front: str) -> tuple[dict[str, yaml.Node], dict[str, int]]:
    """Return each key's value as a YAML node, which still knows its spelling, and its line."""
    try:
        _refuse_nesting(path, front)
        top = yaml.compose(front, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as exc:
        # An unclosed quotation mark is found at the end and lies where the scan began.
        scanning = "scanning" in (exc.context or "")
        mark = (exc.context_mark if scanning else None) or exc.problem_mark
        problem = f"the front matter is not YAML ({exc.problem or exc.context}); "
        problem += "put a value with ': ', '#' or quotes in it between double quotes"
        raise KnowledgeError(str(path), mark.line + 2 if mark else 1, problem) from exc
    except yaml.YAMLError as exc:
        odd = Reader.NON_PRINTABLE.search(front)
        what = repr(odd.group()) if odd else "a character"
        line = front.count("\n", 0, odd.start()) + 2 if odd else 1
        problem = f"the front matter holds {what}, which YAML forbids; remove it"
        raise KnowledgeError(str(path), line, problem) from exc
    if not isinstance(top, yaml.MappingNode):
        problem = f"the front matter must be 'key: value' lines with the keys {', '.join(_KEYS)}"
        raise KnowledgeError(str(path), 1, problem)
    nodes: dict[str, yaml.Node] = {}
    lines: dict[str, int] = {}
    for key, node in top.value:
        name, line = str(key.value), key.start_mark.line + 2
        if name in nodes:
            problem = f"the key {name!r} is written twice; remove one"
            raise KnowledgeError(str(path), line, problem)
        nodes[name], lines[name] = node, line
    return nodes, lines


def _refuse_nesting(path: Path, front: str) -> None:
    """Raise on deep nesting: composing recurses in C, where 200,000 brackets kill the process."""
    depth = 0
    for event in yaml.parse(front, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            problem = "the front matter is nested; write 'key: value' lines"
            mark = event.start_mark
            raise KnowledgeError(str(path), mark.line + 2 if mark else 1, problem)


def _value(node: yaml.ScalarNode) -> str | None:
    return None if node.tag == _NULL else str(node.value).strip()


def _key_problems(lines: Mapping[str, int]) -> Iterator[_Problem]:
    for key in _KEYS:
        if key not in lines:
            null = f" (or {key}: null)" if key in _NULLABLE else ""
            yield 1, f"the key {key!r} is missing; add a line {key}: ...{null}"
    for key, line in lines.items():
        if key not in _KEYS:
            yield line, f"unknown key {key!r}; the keys are {', '.join(_KEYS)}"


def _field_problems(
    nodes: Mapping[str, yaml.Node], fields: Mapping[str, str | None]
) -> Iterator[tuple[str, str]]:
    """Yield the key and what is wrong with its value."""
    for key in _KEYS:
        node = nodes.get(key)
        if node is None:
            continue
        problem = _type_problem(key, node)
        value = fields.get(key)
        if problem is None and value is not None:
            problem = _value_problem(key, value, fields)
        if problem:
            yield key, problem


def _type_problem(key: str, node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.ScalarNode):
        return f"{key} must be one text, not a list or mapping; put it between double quotes"
    if node.tag == _NULL:
        return None if key in _NULLABLE else f'{key} is empty; write {key}: "..."'
    # An unquoted 2026 or 2026-07-15 is a number or a day for YAML and a date for everybody else.
    if key != "published" and node.tag != _TEXT:
        kind = node.tag.rpartition(":")[2]
        return f'{key} must be text, but YAML reads {node.value!r} as {kind}; write "{node.value}"'
    text = str(node.value).strip()
    if not text or len(text.splitlines()) > 1:
        return f"{key} must be one line of text, not {node.value!r}"
    return None


def _value_problem(key: str, value: str, fields: Mapping[str, str | None]) -> str | None:
    if key in _CHOICES and value not in _CHOICES[key]:
        return f"{key} {value!r} is not known; write one of {', '.join(_CHOICES[key])}"
    if key == "published":
        return _date_problem(value)
    if key == "url" and not _is_http(value):
        return f"url {value!r} is not an http or https address; correct it or write url: null"
    if key in {"id", "translation_of"} and not _ID.fullmatch(value):
        return f"{key} {value!r} may hold only ASCII letters, digits, '.', '_' and '-'"
    language = fields.get("language")
    if key == "id" and language in tuple(Language) and not value.endswith(f".{language}"):
        return f"id {value!r} must end in '.{language}', the file's language"
    return None


def _date_problem(value: str) -> str | None:
    try:
        if _DATE.fullmatch(value):
            parse_published(value)
            return None
        reason = "not an ISO date"
    except ValueError as exc:
        reason = str(exc)
    return f'published {value!r} is not a date ({reason}); write "2026", "2026-07" or "2026-07-15"'


def _is_http(value: str) -> bool:
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
    return good and not re.search(r"\s", value)


def _place_problems(relative: str, fields: Mapping[str, str | None]) -> Iterator[str]:
    kind, language = fields.get("kind"), fields.get("language")
    if kind not in tuple(Kind) or language not in tuple(Language):
        return
    expected = f"{kind}s/{language}/{relative.rpartition('/')[2]}"
    if relative != expected:
        yield (
            f"kind {kind!r} and language {language!r} do not fit the folder; move the file to "
            f"{expected!r}, or correct kind and language"
        )


def _body_problems(body: str, headings: Iterable[Heading], first: int) -> Iterator[_Problem]:
    if not any(text.strip() for text, _, _ in find_sections(body, tuple(headings))):
        yield first, "the body is empty; write the text below the front matter"
    for heading in headings:
        if heading.level == 1:
            problem = f"a first-level heading {heading.text!r} in the body; only the title is one"
            yield first + heading.first_line, f"{problem}: begin sections with '## '"
    for section, at, _ in find_sections(body, tuple(headings)):
        for offset, problem in annotation_problems(section):
            yield first + len(_NEWLINE.findall(body[: at + offset])), problem


def _document(fields: Mapping[str, str | None], relative: str, body: str) -> Document:
    known = {key: value or "" for key, value in fields.items()}
    return Document(
        info=DocumentInfo(
            id=known["id"],
            title=known["title"],
            kind=Kind(known["kind"]),
            language=Language(known["language"]),
            translation_of=fields["translation_of"],
            path=relative,
            source=Source(
                publisher=known["publisher"],
                url=fields["url"],
                published=known["published"],
                geography=known["geography"],
                population=known["population"],
                grade=Grade(known["grade"]),
                licence=known["licence"],
            ),
        ),
        text=body,
    )
