from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import assistant

NAMES = [
    "Answer",
    "AnswerKind",
    "Answered",
    "Assistant",
    "AssistantError",
    "Chunk",
    "Citation",
    "Claim",
    "ClaimCheck",
    "Document",
    "DocumentInfo",
    "Examination",
    "Filters",
    "Grade",
    "Grounding",
    "Kind",
    "Language",
    "Layer",
    "Message",
    "Passage",
    "Restarted",
    "Retrieved",
    "Role",
    "Settings",
    "Source",
    "Stop",
    "Thought",
    "Verdict",
    "Verified",
    "Verifier",
    "Withheld",
    "__version__",
    "add_documents",
    "build_index",
    "detect_language",
    "knowledge_passages",
    "load_corpus",
    "make_embeddings",
    "make_judge",
    "make_verifier",
    "passages_of",
    "sentences_of",
    "split_sentences",
    "unsupported_figures",
    "verify",
]


def test_the_public_names_are_these_and_sorted():
    assert assistant.__all__ == NAMES
    assert assistant.__all__ == sorted(assistant.__all__)
    assert set(NAMES) <= set(dir(assistant))


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(assistant, name)
    if isinstance(value, type):
        assert value.__module__.startswith("assistant.")
        assert value.__doc__
        assert value is getattr(assistant, name)


def test_what_is_not_public_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'Chroma'"):
        _ = assistant.Chroma


def test_type_checkers_and_the_interpreter_see_the_same_names():
    namespace: dict[str, object] = {}
    exec("from assistant import *", namespace)  # noqa: S102 - what a user may write
    assert set(NAMES) <= set(namespace)


def test_types_travel_with_the_package():
    assert (Path(assistant.__file__).parent / "py.typed").is_file()


def test_importing_the_package_loads_nothing_but_itself():
    code = (
        "import sys; before = set(sys.modules); import assistant\n"
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}"
        " - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["assistant"]
