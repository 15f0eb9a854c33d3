"""Cited, checked answers about adopting AI in small and medium-sized firms.

Knows: the public names. Does not know: how any of them works. Invariant: importing this package
loads no heavy library, because each name is imported when it is first used (PEP 562); what is not
in ``__all__`` may change without notice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.builder import build_index
    from assistant.chain import Examination
    from assistant.composition_root import make_judge, make_verifier
    from assistant.corpus import load_corpus
    from assistant.embeddings import make_embeddings
    from assistant.errors import AssistantError
    from assistant.figures import unsupported_figures
    from assistant.grounding import Verifier, verify
    from assistant.intake import add_documents
    from assistant.language import detect_language, split_sentences
    from assistant.passages import knowledge_passages, passages_of, sentences_of
    from assistant.schema import (
        Answer,
        Answered,
        AnswerKind,
        Chunk,
        Citation,
        Claim,
        ClaimCheck,
        Document,
        DocumentInfo,
        Filters,
        Grade,
        Grounding,
        Kind,
        Language,
        Layer,
        Message,
        Passage,
        Restarted,
        Retrieved,
        Role,
        Source,
        Thought,
        Verdict,
        Verified,
        Withheld,
    )
    from assistant.settings import Settings
    from assistant.stopping import Stop

__all__ = [
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

_OTHER_HOMES = {
    "Assistant": "assistant.assistant",
    "AssistantError": "assistant.errors",
    "Examination": "assistant.chain",
    "Settings": "assistant.settings",
    "Stop": "assistant.stopping",
    "Verifier": "assistant.grounding",
    "add_documents": "assistant.intake",
    "build_index": "assistant.builder",
    "detect_language": "assistant.language",
    "knowledge_passages": "assistant.passages",
    "load_corpus": "assistant.corpus",
    "make_embeddings": "assistant.embeddings",
    "make_judge": "assistant.composition_root",
    "make_verifier": "assistant.composition_root",
    "passages_of": "assistant.passages",
    "sentences_of": "assistant.passages",
    "split_sentences": "assistant.language",
    "unsupported_figures": "assistant.figures",
    "verify": "assistant.grounding",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module at first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_OTHER_HOMES.get(name, "assistant.schema")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Name the public names, loaded or not."""
    return sorted({*globals(), *__all__})
