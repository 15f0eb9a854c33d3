"""The embedded answerer: a chat model that composes its answers out of quoted sentences.

Knows: how to read passages and question out of a prompt. Generates nothing: every sentence it
writes stands in a passage. Invariant: the same prompt gives the same answer, with no key, no
network and no download.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict

from assistant.composition import compose, compose_parts
from assistant.evidence import Candidate, EvidenceRanker
from assistant.pertinence import pertinent
from assistant.prompting import (
    NO_ANSWER,
    Excerpt,
    Part,
    parse_excerpts,
    parse_parts,
    parse_question,
)
from assistant.questions import Question, QuestionReader

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
        for piece in self._pieces(question, parse_parts(prompt), parse_excerpts(prompt)):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk

    def _pieces(
        self, question: Question, parts: Sequence[Part], excerpts: Sequence[Excerpt]
    ) -> Iterator[str]:
        found = [self._about(part, excerpts) for part in parts]
        if parts and all(found):
            return compose_parts(found)
        ranked = self.ranker.rank(question, excerpts)
        candidates = pertinent(question, ranked) or ranked
        return compose(question, candidates) if candidates else iter([NO_ANSWER])

    def _about(self, part: Part, excerpts: Sequence[Excerpt]) -> list[Candidate]:
        """Return what answers a part, best first, out of the excerpts found for it."""
        numbers = [number for number in part.passages if 0 < number <= len(excerpts)]
        question = self.reader.read(part.question)
        ranked = self.ranker.rank(question, [excerpts[number - 1] for number in numbers])
        return [
            replace(candidate, marker=numbers[candidate.marker - 1])
            for candidate in pertinent(question, ranked)
        ]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(str(chunk.message.content) for chunk in self._stream(messages, stop))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])
