"""Annotations: what stands in comments below a heading, for the index and never for readers.

Knows: ``<!-- sources: id, id -->`` and ``<!-- questions: one per line -->``, where ``2: what is the
fine`` is a question that the second sentence answers by itself. Does not know which sources exist.
Invariant: an annotation is no part of any passage's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.markdown import quotable_spans
from assistant.schema import ListedQuestion

_COMMENT = re.compile(r"\s*<!--\s*(?P<name>[a-z]+):(?P<value>.*?)-->", re.DOTALL)
_ANY_COMMENT = re.compile(r"<!--")
_NUMBERED = re.compile(r"(\d{1,2}):\s+(.+)")
_ID = re.compile(r"[a-z0-9][a-z0-9.-]*")
NAMES = ("sources", "questions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What a section says about itself."""

    sources: tuple[str, ...] = ()
    """Ids of the sources its facts come from."""
    questions: tuple[ListedQuestion, ...] = ()
    """Questions it answers, as people type them; their sentences are counted within the section."""
    end: int = 0
    """Offset in the section at which its text begins."""


def read_annotations(section: str) -> Annotations:
    """Read the comments with which a section begins; whatever is not one of them is its text."""
    found: dict[str, list[str]] = {}
    at = 0
    while (match := _COMMENT.match(section, at)) and match["name"] in NAMES:
        separator = "," if match["name"] == "sources" else "\n"
        values = (value.strip() for value in match["value"].split(separator))
        found[match["name"]] = [value for value in values if value]
        at = match.end()
    return Annotations(
        sources=tuple(found.get("sources", ())),
        questions=tuple(_listed(line) for line in found.get("questions", ())),
        end=at,
    )


def _listed(line: str) -> ListedQuestion:
    numbered = _NUMBERED.fullmatch(line)
    if numbered is None:
        return ListedQuestion(line)
    return ListedQuestion(numbered[2], int(numbered[1]) - 1)


def annotation_problems(section: str) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with a section's comments: the offset, and what to do."""
    annotations = read_annotations(section)
    for key in annotations.sources:
        if not _ID.fullmatch(key):
            problem = f"{key!r} is no source id; write lower-case letters, digits, '-' and '.'"
            yield max(section.find(key), 0), problem
    texts = [question.text for question in annotations.questions]
    sentences = len(quotable_spans(section[annotations.end :]))
    for question in annotations.questions:
        text, number = question.text, question.sentence
        if texts.count(text) > 1:
            yield max(section.find(text), 0), f"the question {text!r} stands there twice"
        if number is not None and not 0 <= number < sentences:
            problem = f"there is no sentence {number + 1} to answer {text!r}; it has {sentences}"
            yield max(section.find(text), 0), problem
    stray = _ANY_COMMENT.search(section, annotations.end)
    if stray:
        known = " and ".join(f"'<!-- {name}: … -->'" for name in NAMES)
        yield (
            stray.start(),
            f"a comment in the text; only {known} directly below a heading are read",
        )
