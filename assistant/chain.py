"""The retrieval chain: condense, retrieve, decide, generate.

Knows: the order of the steps, and LangChain's runnables. Does not know how an answer is checked or
shown (``assistant``). Invariant: a model is called only after the gate let the question through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import Runnable, RunnableLambda

from assistant.conversation import Condenser
from assistant.evidence import EvidenceRanker
from assistant.gate import Decision, Gate
from assistant.prompting import Prompt, excerpts_of, render_excerpts, render_question
from assistant.questions import Question, QuestionReader
from assistant.retrieval import Retriever
from assistant.schema import Filters, Language, Message, Passage
from assistant.terms import normalise
from assistant.tokens import OTHER_TOKENIZERS, count_tokens, how_many_fit

_LANGUAGE_NAMES = {Language.EN: "English", Language.ZH: "Chinese (simplified)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a model is asked: a standalone question and the passages that may answer it."""

    question: Question
    passages: tuple[Passage, ...]


class Chain:
    """The steps of one answer, each a method. Holds no state between questions."""

    def __init__(
        self,
        *,
        condenser: Condenser,
        reader: QuestionReader,
        retriever: Retriever,
        ranker: EvidenceRanker,
        gate: Gate,
        prompt: Prompt,
        model: BaseChatModel,
        prompt_tokens: int | None = None,
    ) -> None:
        """Take the parts.

        Args:
            condenser: makes a follow-up a question of its own.
            reader: reads a question.
            retriever: finds passages.
            ranker: scores their sentences.
            gate: decides whether they answer.
            prompt: with the variables language, passages and question.
            model: writes.
            prompt_tokens: o200k tokens the passages of a prompt may have together, the last ones
                being left out; None for a model without a context of its own.
        """
        self._condenser = condenser
        self._reader = reader
        self._retriever = retriever
        self._ranker = ranker
        self._gate = gate
        self.prompt = prompt
        self.model = model
        self._prompt_tokens = prompt_tokens
        self._generation: Runnable[Task, str] = (
            RunnableLambda(self._messages) | model | StrOutputParser()
        )

    def condense(self, question: str, history: Sequence[Message]) -> Question:
        """Return the question made standalone, and read."""
        return self._reader.read(self._condenser.condense(question, history))

    def readings(self, question: Question) -> Iterator[Question]:
        """Yield a question as read, then without what it says about the asker."""
        yield question
        if question.core != " ".join(normalise(question.text).split()):
            yield self._reader.read(question.core)

    def retrieve(self, query: str, k: int, filters: Filters | None) -> tuple[Passage, ...]:
        """Return the passages that may answer."""
        return tuple(self._retriever.retrieve(query, k, filters))

    def decide(self, task: Task) -> Decision:
        """Return whether the passages answer the question."""
        excerpts = excerpts_of(task.passages)
        ranked = self._ranker.rank(task.question, excerpts)
        return self._gate.decide(task.question, task.passages, ranked)

    def generate(self, task: Task) -> Iterator[str]:
        """Yield the model's answer as it is written."""
        return self._generation.stream(task)

    def fitting(self, passages: Sequence[Passage]) -> tuple[Passage, ...]:
        """Return those of the passages, best first, that the prompt has room for; at least one."""
        if self._prompt_tokens is None:
            return tuple(passages)
        texts = [passage.chunk.text for passage in passages]
        room = int(self._prompt_tokens / OTHER_TOKENIZERS)
        return tuple(passages[: max(how_many_fit(texts, room, count_tokens), 1)])

    def _messages(self, task: Task) -> list[BaseMessage]:
        text = self.prompt.render(
            language=_LANGUAGE_NAMES[task.question.language],
            passages=render_excerpts(excerpts_of(self.fitting(task.passages))),
            question=render_question(task.question.text),
        )
        return [HumanMessage(content=text)]
