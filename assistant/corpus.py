"""The knowledge folder: Markdown files with front matter, read as documents and cut into chunks.

Knows: the front matter contract, where a file of which kind and language belongs, what twins must
have in common, and how a document is cut. Does not know: who searches the chunks. Invariant: a
document that was read obeys the whole contract, and ``document.text[chunk.start:chunk.end] ==
chunk.text`` for each of its chunks.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, pairwise, zip_longest
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from yaml.reader import Reader

from assistant.errors import KnowledgeError
from assistant.language import split_sentences
from assistant.schema import (
    Chunk,
    Document,
    DocumentInfo,
    Grade,
    Kind,
    Language,
    Source,
    parse_published,
)

CHUNKER_VERSION = "1"
"""Changes whenever the same document would be cut into other chunks or sentences."""
MAX_CHUNK_CHARS = 1400
"""Longest chunk, in characters, a Chinese one counted as three: with title and heading it stays
within the 512 tokens that e5 reads."""

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

_MARKUP_AHEAD = re.compile(r"(?:\s|>|\||#{1,6}\s|[-*+]\s|\d{1,3}[.)]\s|\[[ xX]\]\s)*")
_EDGE_AHEAD = re.compile(r"[\s|]*")
_EDGE_BEHIND = re.compile(r"[\s|\\]*\Z")
_EMPHASIS = ("***", "___", "**", "__", "~~", "*", "_", "`")
_CODE_FENCES = ("```", "~~~")

_Problem = tuple[int | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heading:
    level: int
    text: str
    first_line: int
    """From 0 in the body."""
    end_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What could be read of a file, and everything wrong with it by itself."""

    path: Path
    fields: Mapping[str, str | None] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    headings: tuple[_Heading, ...] = ()
    body_line: int = 1
    document: Document | None = None
    problems: tuple[KnowledgeError, ...] = ()

    @property
    def id(self) -> str:
        return self.fields.get("id") or ""

    @property
    def original(self) -> str:
        """Id of what it translates, empty for an original."""
        return self.fields.get("translation_of") or ""

    def wrong(self, key: str, problem: str) -> KnowledgeError:
        return KnowledgeError(str(self.path), self.lines.get(key), problem)


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
    files = [_read(path, folder) for path in knowledge_files(folder)]
    for problem in _problems(folder, files):
        raise problem
    return [file.document for file in files if file.document is not None]


def check_corpus(folder: Path) -> list[KnowledgeError]:
    """Return every problem of every knowledge file; empty when all is well."""
    try:
        files = [_read(path, folder) for path in knowledge_files(folder)]
    except KnowledgeError as exc:
        return [exc]
    return list(_problems(folder, files))


def read_document(path: Path, root: Path) -> Document:
    """Read one knowledge file below the knowledge folder ``root``.

    Raises:
        KnowledgeError: the first thing wrong with the file by itself.
    """
    file = _read(path, root)
    if file.document is None:
        raise file.problems[0]
    return file.document


# --- one file ---------------------------------------------------------------------------------


def _read(path: Path, root: Path) -> _File:
    """Read a file with all its problems; never raises."""
    try:
        front, body, body_line = _cut(path, _decode(path))
        nodes, lines = _nodes(path, front)
    except KnowledgeError as exc:
        return _File(path=path, problems=(exc,))
    fields = {key: _value(node) for key, node in nodes.items() if isinstance(node, yaml.ScalarNode)}
    headings = _headings(body)
    relative = path.relative_to(root).as_posix()
    found = [
        *_key_problems(lines),
        *((lines[key], text) for key, text in _field_problems(nodes, fields)),
        *((lines["kind"], text) for text in _place_problems(relative, fields)),
        *_body_problems(body, headings, body_line),
    ]
    # The whole file's line is the first; a stable sort keeps the order within a line.
    found.sort(key=lambda problem: problem[0] or 0)
    return _File(
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


def _body_problems(body: str, headings: Iterable[_Heading], first: int) -> Iterator[_Problem]:
    if not any(text.strip() for text, _, _ in _sections(body, tuple(headings))):
        yield first, "the body is empty; write the text below the front matter"
    for heading in headings:
        if heading.level == 1:
            problem = f"a first-level heading {heading.text!r} in the body; only the title is one"
            yield first + heading.first_line, f"{problem}: begin sections with '## '"


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


# --- all files together -------------------------------------------------------------------------


def _problems(folder: Path, files: Sequence[_File]) -> Iterator[KnowledgeError]:
    """Yield every problem: each file's own in order, then what does not fit together."""
    if not files:
        problem = "no knowledge files (*.md) in it; set FIRSTPILOT_KNOWLEDGE_DIR to their folder"
        yield KnowledgeError(str(folder), None, problem)
    for file in files:
        yield from file.problems
    by_id: dict[str, _File] = {}
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
    file: _File, original: _File | None, complete: bool
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


def _heading_problems(file: _File, original: _File) -> Iterator[KnowledgeError]:
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


def _shown(heading: _Heading | None) -> str:
    return repr(f"{'#' * heading.level} {heading.text}") if heading else "none"


def _twin_problems(file: _File, files: Sequence[_File]) -> Iterator[KnowledgeError]:
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


# --- chunks -------------------------------------------------------------------------------------


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
    headings = _headings(document.text)
    sections = _sections(document.text, headings)
    for position, (section, at, heading) in enumerate(sections):
        if heading:
            path = [outer for outer in path if outer[0] < heading.level]
            path.append((heading.level, heading.text))
        names = (document.info.title, *(name for _, name in path))
        for start, end in _parts(section):
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
                )
            )
    return found


def chunk_context(chunk: Chunk, document: DocumentInfo) -> str:
    """Return what is embedded and indexed of a chunk: its title and headings, then its text."""
    names = " — ".join(name for name in (document.title, *chunk.heading_path[1:]) if name)
    return f"{names}\n{chunk.text}" if names else chunk.text


def sentence_spans(chunk: Chunk) -> list[tuple[int, int]]:
    """Return the half-open offsets, in the chunk's text, of its quotable sentences."""
    return quotable_spans(chunk.text)


def quotable_spans(text: str) -> list[tuple[int, int]]:
    """Return the half-open offsets of the sentences of a Markdown text that can be quoted.

    List markers, table pipes, quotation and emphasis marks at the ends are left out; what then
    holds no letter is no sentence.
    """
    found = []
    for span in split_sentences(text):
        start, end = span.start, span.end
        if text.startswith(_CODE_FENCES, start):
            continue
        before = 0, 0
        while start < end and before != (start, end):
            before = start, end
            start, end = _trim(text, start, end)
        if any(char.isalpha() for char in text[start:end]):
            found.append((start, end))
    return found


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Move both ends of a sentence past the Markdown around it, one layer at a time."""
    opens_line = not text[text.rfind("\n", 0, start) + 1 : start].strip()
    ahead = (_MARKUP_AHEAD if opens_line else _EDGE_AHEAD).match(text, start, end)
    start = ahead.end() if ahead else start
    behind = _EDGE_BEHIND.search(text, start, end)
    end = behind.start() if behind else end
    for mark in _EMPHASIS:
        inner, size = text[start:end], len(mark)
        count = inner.count(mark)
        around = inner.startswith(mark) and inner.endswith(mark) and count == 2
        # An odd mark has its partner in another sentence; "**Cost** is high" keeps both of its own.
        if inner.startswith(mark) and (around or count % 2):
            start += size
        if inner.endswith(mark) and (around or (count % 2 and not inner.startswith(mark))):
            end -= size
    return start, max(start, end)


def _headings(body: str) -> tuple[_Heading, ...]:
    """Return the headings of a Markdown text, but those in code, quotations and lists."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").parse(body)
    found = []
    for token, inline in pairwise(tokens):
        if token.type != "heading_open" or token.level or token.map is None:
            continue
        parts = (
            " " if child.type.endswith("break") else child.content
            for child in inline.children or ()
            if child.type in {"text", "code_inline", "softbreak", "hardbreak"}
        )
        first, end = token.map
        level = int(token.tag.removeprefix("h"))
        text = "".join(parts).strip()
        found.append(_Heading(level=level, text=text, first_line=first, end_line=end))
    return tuple(found)


def _sections(
    body: str, headings: Sequence[_Heading]
) -> Iterator[tuple[str, int, _Heading | None]]:
    """Yield each section's text, its offset and its heading, the text before the first included."""
    starts = [0, *(newline.end() for newline in _NEWLINE.finditer(body)), len(body)]
    begin, owner = 0, None
    for heading in chain(headings, (None,)):
        end = starts[heading.first_line] if heading else len(body)
        yield body[begin:end], begin, owner
        if heading:
            begin = starts[min(heading.end_line, len(starts) - 1)]
            owner = heading


def _parts(section: str) -> list[tuple[int, int]]:
    """Return the offsets of a section's parts: itself without the space around it, or pieces."""
    text = section.strip()
    start = section.find(text)
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
