"""Prompts: files with declared variables, and the numbered block of passages inside them.

Knows: the prompt files' format, and how passages are written into a prompt and read back. Does not
know any model. Invariants: a prompt whose variables differ from those it declares, or from those
that the code fills in, cannot be loaded;
``parse_excerpts(render_excerpts(x)) == x`` for every list of excerpts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Any
from xml.sax.saxutils import escape, quoteattr, unescape

from assistant.errors import PromptError
from assistant.schema import Asked, Language, Passage

NO_ANSWER = "NO_ANSWER"
"""What a model writes, alone, when the passages do not answer."""
_DECLINES = re.compile(r"\bno_answer\b|\A\W*no[ _-]?answer\W*\Z", re.IGNORECASE)

FILLED: Mapping[str, frozenset[str]] = {
    "answer": frozenset({"language", "passages", "question"}),
    "condense": frozenset({"history", "question"}),
    "judge": frozenset({"passages", "claim"}),
}
"""What the code fills in, by prompt."""

_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_EXCERPT = re.compile(r"<passage ([^>]*)>\n(.*?)\n</passage>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""(\w+)=(?:"([^"]*)"|'([^']*)')""")
_MARKS = re.compile(r"<(?=[\s/]*(?:passages?|question|conversation)\b)", re.IGNORECASE)
"""What a text inside a mark could end it with."""
_QUESTION = re.compile(r"<question>(.*?)</question>", re.DOTALL)
_PART = re.compile(r'<part passages="([\d ]*)">(.*?)</part>', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the questions that a question was taken apart into."""

    question: str
    passages: tuple[int, ...]
    """Numbers of the passages that were found for it, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt file."""

    name: str
    version: str
    sha256: str
    """Of the whole file."""
    variables: tuple[str, ...]
    template: str

    def render(self, **values: str) -> str:
        """Fill in the variables.

        Raises:
            PromptError: a variable is missing or unknown.
        """
        if set(values) != set(self.variables):
            wanted, given = sorted(self.variables), sorted(values)
            raise PromptError(f"prompt {self.name!r} takes {wanted}, not {given}")
        return Template(self.template).substitute(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """What a model is told of one passage."""

    title: str
    section: str
    """Headings below the title, joined by `` > ``."""
    language: Language
    publisher: str
    published: str
    grade: str
    geography: str
    population: str
    text: str
    kind: str = ""
    """What sort of document it is from."""
    match: float = 0.0
    """Cosine of the question with the nearest one that the passage says it answers; 0 if none."""
    asked: tuple[Asked | None, ...] = ()
    """For each of its sentences, the nearest question that it answers, if it lists any."""
    rests: tuple[tuple[int, int, str, str], ...] = ()
    """Sentences with a source of their own: offsets, its grade, and when it was published."""

    def evidence_at(self, offset: int) -> tuple[str, str]:
        """Return grade and date of what the sentence at an offset of the text rests on."""
        found = ((grade, at) for start, end, grade, at in self.rests if start <= offset < end)
        return next(found, (self.grade, self.published))


def declines(sentence: str) -> bool:
    """Whether a model says with the agreed word, in any case, that the passages do not answer."""
    return _DECLINES.search(sentence) is not None


def load_prompt(folder: Path, name: str) -> Prompt:
    """Read ``<folder>/<name>.md``.

    Raises:
        PromptError: the file is missing or malformed, or its variables are not those declared, or
            not those that are filled in.
    """
    import yaml

    path = folder / f"{name}.md"
    try:
        raw = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise PromptError(f"{path}: cannot be read as UTF-8 text ({exc})") from exc
    match = _FRONT.match(raw)
    if match is None:
        raise PromptError(f"{path}:1: needs front matter between two lines of ---")
    try:
        front: Any = yaml.safe_load(match.group(1))
        declared = tuple(front["variables"])
        if not isinstance(front["variables"], list):
            raise TypeError("variables")
        version = str(front["version"])
    except (yaml.YAMLError, KeyError, TypeError) as exc:
        problem = "front matter needs 'version:' and a list 'variables: [...]'"
        raise PromptError(f"{path}: {problem}") from exc
    stray = _stray_dollar(match.group(2))
    if stray is not None:
        line = raw.count("\n", 0, match.start(2) + stray) + 1
        raise PromptError(f"{path}:{line}: '$' begins no variable; write $$ for a dollar")
    template = match.group(2).strip()
    used = set(Template(template).get_identifiers())
    if used != set(declared):
        raise PromptError(f"{path}: declares variables {sorted(declared)}, uses {sorted(used)}")
    filled = FILLED.get(name, used)
    if used != filled:
        raise PromptError(f"{path}: has variables {sorted(used)}, needs exactly {sorted(filled)}")
    return Prompt(
        name=name,
        version=version,
        sha256=sha256(raw.encode()).hexdigest(),
        variables=declared,
        template=template,
    )


def _stray_dollar(template: str) -> int | None:
    """Return the offset of the first dollar that begins no variable, None when there is none."""
    for found in Template.pattern.finditer(template):
        if found.group("invalid") is not None:
            return found.start()
    return None


def excerpts_of(passages: Sequence[Passage]) -> list[Excerpt]:
    """Return what a model is told of passages, in order; number n of the block is passage n - 1."""
    return [
        Excerpt(
            title=passage.document.title,
            section=" > ".join(passage.chunk.heading_path[1:]),
            language=passage.document.language,
            publisher=passage.source.publisher,
            published=passage.source.published,
            grade=passage.source.grade.value,
            geography=passage.source.geography,
            population=passage.source.population,
            text=passage.chunk.text,
            kind=passage.document.kind.value,
            match=round(passage.match or 0.0, 3),
            asked=tuple(it and Asked(round(it.likeness, 4), it.question) for it in passage.asked),
            rests=tuple(
                (it.start, it.end, it.source.grade.value, it.source.published)
                for it in passage.rests
            ),
        )
        for passage in passages
    ]


def render_excerpts(excerpts: Sequence[Excerpt], *, brief: bool = False) -> str:
    """Write excerpts as a numbered block that no text inside can break out of.

    Args:
        excerpts: in order.
        brief: leave out what only the embedded answerer uses; it cannot be read back then.
    """
    return "\n".join(
        f"<passage {_attributes(n, excerpt, brief=brief)}>\n"
        f"{disarmed(excerpt.text) if brief else escape(excerpt.text)}\n</passage>"
        for n, excerpt in enumerate(excerpts, start=1)
    )


def parse_excerpts(prompt: str) -> list[Excerpt]:
    """Read the excerpts back out of a prompt; none when ``render_excerpts`` did not write them."""
    try:
        return [_excerpt(*match.groups()) for match in _EXCERPT.finditer(prompt)]
    except (KeyError, TypeError, ValueError):
        # Leaving out one alone would give the others wrong numbers.
        return []


def _excerpt(attributes: str, text: str) -> Excerpt:
    """Read one excerpt; a missing or strange attribute raises KeyError, TypeError or ValueError."""
    fields = {
        key: unescape(double or single, _UNQUOTE)
        for key, double, single in _ATTRIBUTE.findall(attributes)
    }
    del fields["n"]
    language, nearness = Language(fields.pop("language")), float(fields.pop("match"))
    asked = tuple(row and Asked(*row) for row in json.loads(fields.pop("asked")))
    rests = tuple(
        (int(a), int(b), str(c), str(d)) for a, b, c, d in json.loads(fields.pop("rests"))
    )
    return Excerpt(
        **fields,
        language=language,
        match=nearness,
        asked=asked,
        rests=rests,
        text=unescape(text),
    )


def render_question(question: str, parts: Sequence[Part] = (), *, brief: bool = False) -> str:
    """Write a question so that it ends where it is marked to end.

    Args:
        question: as typed.
        parts: the questions it was taken apart into; a language model finds them itself.
        brief: as for ``render_excerpts``.
    """
    if brief:
        return disarmed(question)
    return escape(question) + "".join(
        f'<part passages="{" ".join(map(str, part.passages))}">{escape(part.question)}</part>'
        for part in parts
    )


def disarmed(text: str) -> str:
    """Return a text whose look-alikes of the prompt's marks mark nothing; all else is as it was.

    A language model copies what it reads: "R&amp;D" would stand in its answer.
    """
    return _MARKS.sub("‹", text)


def parse_question(prompt: str) -> str:
    """Read the question back out of a prompt; the whole prompt when it is marked nowhere."""
    found = _QUESTION.findall(prompt)
    return unescape(_PART.sub("", found[-1])) if found else prompt


def parse_parts(prompt: str) -> tuple[Part, ...]:
    """Read the parts of a question back out of a prompt; none when it was not taken apart."""
    found = _QUESTION.findall(prompt)
    return tuple(
        Part(question=unescape(question), passages=tuple(map(int, passages.split())))
        for passages, question in (_PART.findall(found[-1]) if found else ())
    )


_UNQUOTE = {"&quot;": '"', "&#10;": "\n", "&#13;": "\r", "&#9;": "\t"}


_BRIEF = ("n", "title", "publisher", "published", "grade", "geography")


def _attributes(n: int, excerpt: Excerpt, *, brief: bool) -> str:
    fields = {
        "n": str(n),
        "title": excerpt.title,
        "section": excerpt.section,
        "language": excerpt.language.value,
        "publisher": excerpt.publisher,
        "published": excerpt.published,
        "grade": excerpt.grade,
        "geography": excerpt.geography,
        "population": excerpt.population,
        "kind": excerpt.kind,
        "match": str(excerpt.match),
        "asked": json.dumps(
            [it and (it.likeness, it.question) for it in excerpt.asked], ensure_ascii=False
        ),
        "rests": json.dumps(excerpt.rests),
    }
    if brief:
        return " ".join(f'{key}="{_unquoted(fields[key])}"' for key in _BRIEF)
    return " ".join(f"{key}={quoteattr(value)}" for key, value in fields.items())


def _unquoted(value: str) -> str:
    """Return a value on one line that no mark of its own can end."""
    return " ".join(value.split()).translate({ord('"'): "'", ord("<"): "‹", ord(">"): "›"})
