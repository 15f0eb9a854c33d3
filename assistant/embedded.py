"""The embedded answerer: a chat model that composes its answers out of quoted sentences.

Knows: how to read passages and question out of a prompt. Generates nothing: every sentence it
writes stands in a passage. Invariant: the same prompt gives the same answer, with no key, no
network and no download.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict

from assistant.composition import compose
from assistant.evidence import EvidenceRanker
from assistant.pertinence import pertinent
from assistant.prompting import NO_ANSWER, parse_excerpts, parse_question
from assistant.questions import QuestionReader

NAME = "embedded-extractive-1"


class EmbeddedChatModel(BaseChatModel):
    """An extractive ``BaseChatModel``; give it the rendered ``answer`` prompt."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    reader: QuestionReader
    ranker: EvidenceRanker

    @property
    def _llm_type(self) -> str:
        return NAME

    def _stream(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        prompt = str(messages[-1].text) if messages else ""
        question = self.reader.read(parse_question(prompt))
        ranked = self.ranker.rank(question, parse_excerpts(prompt))
        candidates = pertinent(question, ranked) or ranked
        pieces = compose(question, candidates) if candidates else iter([NO_ANSWER])
        for piece in pieces:
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(str(chunk.message.content) for chunk in self._stream(messages, stop))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])
