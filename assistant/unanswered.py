"""Lists of questions that no passage answers, as curators write them.

Knows: the files ``outside.yaml`` (nothing to do with the knowledge) and ``unanswered.yaml`` (close
to a document, and told nowhere) of a knowledge folder. Does not know vectors nor passages.
Invariant: a file that is not such a list is one line naming it; one that is missing lists nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from assistant.errors import KnowledgeError
from assistant.yamltext import load_yaml

OUTSIDE, UNANSWERED = "outside", "unanswered"
LISTS = (OUTSIDE, UNANSWERED)
"""Names of the lists: files of a knowledge folder, and of vectors in an index."""
ANY_DOCUMENT = "other"
"""In the list of the unanswered, where other kinds are documents."""
_FORM = (
    "needs 'questions:' with kinds, and a list of questions for each, such as fun: [sing a song]"
)


def list_file(folder: Path, name: str) -> Path:
    """Return where a list of a knowledge folder is."""
    return folder / f"{name}.yaml"


def load_list(folder: Path, name: str) -> dict[str, list[str]]:
    """Return the questions of a list of a knowledge folder by kind; empty when it has none.

    Raises:
        KnowledgeError: the file is not a mapping of kinds to lists of questions.
    """
    path = list_file(folder, name)
    if not path.is_file():
        return {}
    try:
        data: Any = load_yaml(path.read_text(encoding="utf-8"))
        kinds = dict(data["questions"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        reason = " ".join(str(exc).split())
        raise KnowledgeError(str(path), None, f"cannot be read as YAML: {reason}") from exc
    except (KeyError, TypeError, ValueError) as exc:
        raise KnowledgeError(str(path), None, _FORM) from exc
    for asked in kinds.values():
        # A text would be read letter by letter.
        if not isinstance(asked, list) or not all(isinstance(text, str | int) for text in asked):
            raise KnowledgeError(str(path), None, f"{_FORM}; this is none: {asked!r}")
    return {str(kind): [str(text) for text in asked] for kind, asked in kinds.items()}


def load_lists(folder: Path, documents: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Return every list by kind, of the unanswered the kinds that are documents, or none.

    Args:
        folder: the knowledge.
        documents: names of the documents that are there, without their language.

    Raises:
        KnowledgeError: a file is not a mapping of kinds to lists of questions.
    """
    there = {ANY_DOCUMENT, *documents}
    outside, unanswered = (load_list(folder, name) for name in LISTS)
    return {
        OUTSIDE: outside,
        UNANSWERED: {kind: asked for kind, asked in unanswered.items() if kind in there},
    }


def questions_in(lists: Mapping[str, Mapping[str, Sequence[str]]]) -> list[str]:
    """Return the questions of all lists, in their order and that of their kinds."""
    return [text for kinds in lists.values() for listed in kinds.values() for text in listed]
