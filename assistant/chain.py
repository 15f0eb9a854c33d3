"""The retrieval chain: condense, retrieve, decide, generate.

Knows: the order of the steps, and what a prompt has room for. Does not know how an answer is
checked or shown (``assistant``). Invariant: a model is called only after the gate let the question
through.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from langchain_core.messages import HumanMessage

from assistant.backends import Backend, Spent
from assistant.calls import Calls
from assistant.conversation import Condenser
from assistant.coordination import Division
from assistant.errors import BackendRejected
from assistant.evidence import HOLDS_WITHIN, Candidate, EvidenceRanker
from assistant.gate import Decision, Features, Gate
from assistant.pertinence import pertinent
from assistant.prompting import Part, Prompt, excerpts_of, render_excerpts, render_question
from assistant.questions import Question, QuestionReader
from assistant.refusal import Reason
from assistant.retrieval import Retriever
from assistant.rewriting import Rewriter
from assistant.schema import Filters, Language, Message, Passage
from assistant.stopping import Stop
from assistant.terms import normalise
from assistant.thinking import Piece
from assistant.tokens import count_tokens, how_many_fit

TOLD_THRESHOLD = 0.4
"""Probability below which the surest of several looks is no answer."""
_LANGUAGE_NAMES = {Language.EN: "English", Language.ZH: "Simplified Chinese (简体中文)"}
"""As a model is told; a small one that reads English passages follows the language's own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a model is asked: a standalone question and the passages that may answer it."""

    question: Question
    passages: tuple[Passage, ...]
    parts: tuple[Part, ...] = ()
    """The questions it was taken apart into, each answered by some of the passages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """How a question was read and weighed, for those who ask why."""

    question: Question
    passages: tuple[Passage, ...]
    candidates: tuple[Candidate, ...]
    """Every sentence of the passages, best first."""
    features: Features | None
    """What the gate saw; None when no sentence was about the places, names and years asked for."""
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A prompt for one backend."""

    text: str
    cut: int
    """Passages that were left out of it."""


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
        backends: Sequence[Backend],
        prompt_tokens: int,
        rewriter: Rewriter | None = None,
    ) -> None:
        """Take the parts.

        Args:
            condenser: makes a follow-up a question of its own.
            reader: reads a question.
            retriever: finds passages.
            ranker: scores their sentences.
            gate: decides whether they answer.
            prompt: with the variables language, passages and question.
            backends: what may write, in order; the last never fails.
            prompt_tokens: o200k tokens the passages of a language model's prompt may have together,
                the last ones being left out, if its context has room for as many.
            rewriter: a language model that makes follow-ups questions of their own; the condenser's
                rules do without it.
        """
        self._condenser = condenser
        self._reader = reader
        self._retriever = retriever
        self._ranker = ranker
        self._gate = gate
        self.prompt = prompt
        self.backends = tuple(backends)
        self._prompt_tokens = prompt_tokens
        self._rewriter = rewriter

    def condense(
        self, question: str, history: Sequence[Message], calls: Calls | None = None
    ) -> Question:
        """Return the question made standalone, and read.

        A model is asked only for what the rules take for a follow-up.
        """
        read = self._reader.read(self._condenser.condense(question, history))
        rewriter = self._rewriter if calls else None
        if not history or not (rewriter or read.divisions):
            return read
        alone = self._reader.read(self._condenser.condense(question, ()))
        if read.text == alone.text:
            return read
        if rewriter and calls:
            read = self._reader.read(rewriter.rewrite(question, history, calls) or read.text)
        # What a follow-up borrows from before is no question of its own.
        return read if alone.divisions else replace(read, divisions=())

    def readings(
        self, question: Question, filters: Filters | None
    ) -> Iterator[tuple[Question, Filters | None]]:
        """Yield the ways to look for an answer, each with its filters, the plainest first.

        As read; without what is said about the asker; for any kind of firm; and in the rules and
        programmes alone, which hold for every place inside theirs, where a place was named that
        lies in another.
        """
        yield question, filters
        if question.core != " ".join(normalise(question.text).split()):
            yield self._reader.read(question.core), filters
        if question.general != question.core:
            yield self._reader.read(question.general), filters
        if self._ranker.lies_in_another(question) and not (filters and filters.kinds):
            yield question, replace(filters or Filters(), kinds=tuple(HOLDS_WITHIN))

    def retrieve(self, query: str, k: int, filters: Filters | None) -> tuple[Passage, ...]:
        """Return the passages that may answer."""
        return tuple(self._retriever.retrieve(query, k, filters))

    def read_ahead(self, passages: Iterable[Passage]) -> None:
        """Read passages before they are asked about, so that no question waits for it."""
        self._ranker.read_ahead(excerpt for p in passages for excerpt in excerpts_of([p]))

    def decide(self, task: Task) -> Decision:
        """Return whether the passages answer the question."""
        return self._weighed(task.question, task.passages)[1]

    def _weighed(
        self, question: Question, passages: Sequence[Passage]
    ) -> tuple[list[Candidate], Decision]:
        """Return every sentence of the passages, best first, and whether they answer."""
        ranked = self._ranker.rank(question, excerpts_of(passages))
        return ranked, self._gate.decide(question, passages, ranked)

    def told(
        self,
        question: Question,
        k: int,
        filters: Filters | None,
        whole: tuple[Task, Decision] | None = None,
    ) -> tuple[Task, Decision]:
        """Return what answers a question beside which something is told.

        It is looked up as a whole and with each telling sentence alone, and the surest is taken:
        the best of several looks, so it has to be surer than a single one.

        Args:
            question: as read, with windows.
            k: passages.
            filters: which passages may be used.
            whole: what the text as a whole found, where it was looked up before.
        """
        found = [whole] if whole else []
        readings = map(self._reader.read, question.windows)
        for reading in readings if whole else (question, *readings):
            task = Task(question=reading, passages=self.retrieve(reading.text, k, filters))
            found.append((task, self.decide(task)))
        task, surest = max(found, key=lambda it: (it[1].answerable, it[1].probability))
        if surest.answerable and surest.probability < TOLD_THRESHOLD:
            surest = replace(surest, answerable=False, reason=Reason.FAR, unsure=False)
        return task, surest

    def joined(
        self, question: Question, k: int, filters: Filters | None
    ) -> tuple[Task, Decision] | None:
        """Return what answers a question of several parts; None unless each part is answered.

        Args:
            question: as read.
            k: passages for all its parts together.
            filters: which passages may be used.
        """
        ways = (self._in_parts(question, parts, k, filters) for parts in question.divisions)
        return max(filter(None, ways), key=lambda way: way[1].probability, default=None)

    def _in_parts(
        self, question: Question, division: Division, k: int, filters: Filters | None
    ) -> tuple[Task, Decision] | None:
        """Return what was found for the parts of a question, and the least sure decision on one.

        None when one of them is not answered, or two by the same section, which then answers the
        question as a whole.
        """
        parts = tuple(self._reader.read(part) for part in division)
        found: list[tuple[Passage, ...]] = []
        decisions: list[Decision] = []
        answered: set[tuple[str, str]] = set()
        owner: dict[str, int] = {}
        for at, part in enumerate(parts):
            passages = self.retrieve(part.text, max(k // len(parts), 1), filters)
            ranked, decision = self._weighed(part, passages)
            if not decision.answerable:
                return None
            lead = pertinent(part, ranked)[0]
            answered.add((lead.title, lead.section))
            owner.setdefault(passages[lead.marker - 1].chunk.id, at)
            decisions.append(decision)
            found.append(passages)
        if len(answered) < len(parts):
            return None
        # A passage that two parts found is told with the likeness of one of them: that whose answer
        # it holds, else the one that found it first.
        once: dict[str, Passage] = {}
        for turn in zip_longest(*found):
            for at, passage in enumerate(turn):
                if passage and owner.setdefault(passage.chunk.id, at) == at:
                    once[passage.chunk.id] = passage
        passages = tuple(replace(p, rank=rank) for rank, p in enumerate(once.values(), start=1))
        told = tuple(
            Part(
                question=part,
                passages=tuple(p.rank for p in passages if owner[p.chunk.id] == at),
            )
            for at, part in enumerate(division)
        )
        weakest = min(decisions, key=lambda decision: decision.probability)
        return Task(question=question, passages=passages, parts=told), weakest

    def examine(self, question: str, k: int, filters: Filters | None = None) -> Examination:
        """Return how a question is read and weighed over ``k`` passages, without an answer."""
        read = self.condense(question, ())
        task = Task(question=read, passages=self.retrieve(read.text, k, filters))
        ranked, decision = self._weighed(read, task.passages)
        return Examination(
            question=read,
            passages=task.passages,
            candidates=tuple(ranked),
            features=self._gate.seen(read, task.passages, ranked),
            decision=decision,
        )

    def written(self, task: Task, backend: Backend) -> Written:
        """Return the prompt; a language model is told of a passage only what it can use.

        Raises:
            BackendRejected: not even one passage fits the model's context.
        """
        told = self.fitting(task, backend)
        written = self.prompt.render(
            language=_LANGUAGE_NAMES[task.question.language],
            passages=render_excerpts(excerpts_of(told), brief=backend.generative),
            question=render_question(
                task.question.text,
                task.parts,
                brief=backend.generative,
            ),
        )
        most = backend.limits.prompt_tokens
        if len(told) == 1 and backend.generative and count_tokens(written) > most:
            # Some servers would cut it themselves, rules and all, and say nothing.
            raise BackendRejected(
                f"the question and one passage do not fit the context of {backend.name}; "
                "shorten the question, or raise FIRSTPILOT_CONTEXT_TOKENS",
                of_question=True,
            )
        return Written(text=written, cut=len(task.passages) - len(told))

    def generate(
        self, written: Written, backend: Backend, stop: Stop | None = None
    ) -> Generator[Piece | Spent]:
        """Yield a backend's answer as it is written, then how it ended.

        Raises:
            BackendError: it failed.
            Stopped: by ``stop``.
        """
        return backend.stream([HumanMessage(content=written.text)], stop)

    def fitting(self, task: Task, backend: Backend) -> tuple[Passage, ...]:
        """Return those of the passages, best first, that a prompt has room for; at least one."""
        if not backend.generative:
            return task.passages
        frame = count_tokens(self.prompt.template) + count_tokens(task.question.text)
        room = backend.limits.prompt_tokens - frame
        texts = [render_excerpts([excerpt], brief=True) for excerpt in excerpts_of(task.passages)]
        kept = how_many_fit(texts, min(room, self._prompt_tokens), count_tokens)
        return task.passages[: max(kept, 1)]
