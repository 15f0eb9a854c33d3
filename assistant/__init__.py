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
    from assistant.corpus import load_corpus
    from assistant.embeddings import make_embeddings
    from assistant.errors import AssistantError
    from assistant.figures import unsupported_figures
    from assistant.intake import add_documents
    from assistant.language import detect_language, split_sentences
    from assistant.schema import (
        Answer,
        AnswerKind,
        Chunk,
        Citation,
        ClaimCheck,
        Document,
        DocumentInfo,
        Filters,
        Grade,
        Grounding,
        Kind,
        Language,
        Message,
        Passage,
        Role,
        Source,
        Verdict,
    )
    from assistant.settings import Settings

__all__ = [
    "Answer",
    "AnswerKind",
    "Assistant",
    "AssistantError",
    "Chunk",
    "Citation",
    "ClaimCheck",
    "Document",
    "DocumentInfo",
    "Filters",
    "Grade",
    "Grounding",
    "Kind",
    "Language",
    "Message",
    "Passage",
    "Role",
    "Settings",
    "Source",
    "Verdict",
    "__version__",
    "add_documents",
    "build_index",
    "detect_language",
    "load_corpus",
    "make_embeddings",
    "split_sentences",
    "unsupported_figures",
]

_OTHER_HOMES = {
    "Assistant": "assistant.assistant",
    "AssistantError": "assistant.errors",
    "Settings": "assistant.settings",
    "add_documents": "assistant.intake",
    "build_index": "assistant.builder",
    "detect_language": "assistant.language",
    "load_corpus": "assistant.corpus",
    "make_embeddings": "assistant.embeddings",
    "split_sentences": "assistant.language",
    "unsupported_figures": "assistant.figures",
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
