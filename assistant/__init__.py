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
    from assistant.embeddings import make_embeddings
    from assistant.errors import AssistantError
    from assistant.schema import (
        Answer,
        Answered,
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

__all__ = [
    "Answer",
    "Answered",
    "Assistant",
    "AssistantError",
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
    "Restarted",
    "Retrieved",
    "Role",
    "Settings",
    "Source",
    "Thought",
    "Verdict",
    "Verified",
    "Withheld",
    "__version__",
    "build_index",
    "make_embeddings",
]

_OTHER_HOMES = {
    "Assistant": "assistant.assistant",
    "AssistantError": "assistant.errors",
    "Settings": "assistant.settings",
    "build_index": "assistant.builder",
    "make_embeddings": "assistant.embeddings",
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
