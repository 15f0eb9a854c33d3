"""Chat models by name.

Knows: which backends there are. Does not know prompts or passages. Invariant: every backend is a
LangChain ``BaseChatModel``; an unknown name is refused with the list of known ones.
"""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel

from assistant.embedded import EmbeddedChatModel
from assistant.errors import SettingsError
from assistant.evidence import EvidenceRanker
from assistant.questions import QuestionReader


def make_chat_model(name: str, reader: QuestionReader, ranker: EvidenceRanker) -> BaseChatModel:
    """Return the chat model a setting names.

    Args:
        name: ``embedded``.
        reader: reads the question for the embedded answerer.
        ranker: ranks sentences for the embedded answerer.

    Raises:
        SettingsError: no such backend.
    """
    if name == "embedded":
        return EmbeddedChatModel(reader=reader, ranker=ranker)
    raise SettingsError(f"FIRSTPILOT_BACKEND={name!r} is unknown; set it to: embedded")
