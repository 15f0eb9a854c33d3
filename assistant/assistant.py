"""The assistant: asks the chain, checks every sentence, and tells what happened.

Knows: the whole path of one question. Does not know pages, terminals or the network. Invariants:
nothing is yielded as ``Verified`` that a check did not support; the pieces yielded, joined, are the
answer's text; ``ask`` is the drained ``stream``; a failing backend never means no answer.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from assistant import __version__, wording
from assistant.calls import Calls
from assistant.chain import Chain, Examination, Task
from assistant.citations import cited_in, claims_of
from assistant.errors import QuestionEmpty, QuestionError, QuestionTooLong
from assistant.evidence import Candidate
from assistant.gate import Decision
from assistant.grounding import Verifier, checkable, verify
from assistant.index import Coverage
from assistant.lexicon import ConceptClass
from assistant.normalise import whole_characters
from assistant.questions import Intent, Question
from assistant.rendering import source_label
from assistant.retrieval import Retriever
from assistant.schema import (
    Answer,
    Answered,
    AnswerKind,
    Citation,
    Claim,
    ClaimCheck,
    Event,
    Filters,
    Grounding,
    Language,
    Message,
    Passage,
    Provenance,
    Retrieved,
    Verdict,
)
from assistant.spending import Ledger
from assistant.stopping import Stop, Stopped
from assistant.writing import Draft, Writer

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.index_writer import Progress
    from assistant.schema import Document
    from assistant.settings import Settings

_OF_THIS_FIELD = {ConceptClass.FRAME, ConceptClass.FUNCTION, ConceptClass.TECHNOLOGY}
"""Classes of what is asked about here; pizza is a topic that the lexicon knows too."""
_READABLE = re.compile(r"[^\W_]")
TOPICS = 5
"""How many things a reader is told can be asked about."""
MAX_LOOKED_FOR = 50
"""Sentences of a text that are looked for at once; each takes a search."""
NEAR_TOPICS = 3
"""How many of them are those of the closest passages."""
TOLD = 4
"""Things that a reader is told were looked for."""
TELLING = 0.8
"""How much a plain word must say to be told."""


class Recorder(Protocol):
    """Keeps answers."""

    def record(self, answer: Answer) -> None:
        """Keep one answer; must not raise."""
        ...


class Assistant:
    """Answers questions from the knowledge base. Safe to share between threads."""

    def __init__(
        self,
        *,
        chain: Chain,
        retriever: Retriever,
        verifier: Verifier,
        coverage: Callable[[], Coverage],
        passages_by_id: Callable[[Sequence[str]], list[Passage]],
        passages_in: Callable[[str], list[Passage]],
        passages: int = 8,
        max_question_chars: int = 4000,
        ledger: Ledger,
        search_leaves_machine: bool = False,
        recorder: Recorder | None = None,
    ) -> None:
        """Take the parts; ``from_settings`` builds them.

        Args:
            chain: condenses, retrieves, decides and generates.
            retriever: for ``search``.
            verifier: checks every sentence.
            coverage: says what the current index holds.
            passages_by_id: finds passages by their ids; unknown ids are left out.
            passages_in: gives all passages of a document, by its id, in its order.
            passages: how many passages an answer may rest on.
            max_question_chars: characters of the longest question taken.
            ledger: adds up what answers cost.
            search_leaves_machine: whether another machine turns questions into vectors.
            recorder: keeps answers, if given.
        """
        self._chain = chain
        self._retriever = retriever
        self._verifier = verifier
        self.coverage = coverage
        self.passages_by_id = passages_by_id
        self.passages_in = passages_in
        self._passages = passages
        self._max_question_chars = max_question_chars
        self._writer = Writer(chain, verifier, ledger)
        self._search_leaves_machine = search_leaves_machine
        self._recorder = recorder

    @classmethod
    def from_settings(
        cls, settings: Settings | None = None, *, progress: Progress | None = None
    ) -> Assistant:
        """Build an assistant from settings; the index is built when there is none yet.

        Raises:
            AssistantError: what is wrong, and the next command.
        """
        from assistant.composition_root import parts_for

        return cls(**parts_for(settings, progress))

    @classmethod
    def from_documents(
        cls, documents: Sequence[Document], folder: Path, settings: Settings | None = None
    ) -> Assistant:
        """Build an assistant over documents in memory, indexed in an empty ``folder``.

        Raises:
            AssistantError: what is wrong, and the next command.
        """
        from assistant.composition_root import parts_over

        return cls(**parts_over(documents, folder, settings))

    def ask(
        self, question: str, history: Sequence[Message] = (), filters: Filters | None = None
    ) -> Answer:
        """Return the whole answer.

        Raises:
            QuestionError: the question is empty, too long, or holds nothing to read.
        """
        for event in self.stream(question, history, filters):
            if isinstance(event, Answered):
                return event.answer
        raise AssertionError("stream ended without an answer")

    def read_ahead(self) -> None:
        """Read what the passages say, so that no question waits for it: about 2 ms a passage.

        Nothing is different without it but the time that first answers take.
        """
        documents = self.coverage().documents
        self._chain.read_ahead(p for info in documents for p in self.passages_in(info.id))

    @property
    def can_leave_machine(self) -> bool:
        """Whether a question, or what is found for it, may be sent to another machine."""
        return self._search_leaves_machine or any(not b.local for b in self._chain.backends)

    def readable(self, question: str) -> str:
        """Return a question in whole characters, as it would be asked.

        Raises:
            QuestionError: it is empty, too long, or holds nothing to read.
        """
        if len(question) > self._max_question_chars:
            raise QuestionTooLong(len(question), self._max_question_chars)
        question = whole_characters(question)
        if not _READABLE.search(question):
            raise QuestionEmpty
        return question

    def search(self, query: str, k: int = 8, filters: Filters | None = None) -> list[Passage]:
        """Return at most ``k`` passages, best first.

        Raises:
            QuestionError: the query is empty, too long, or holds nothing to read.
        """
        return self._retriever.retrieve(self.readable(query), k, filters)

    def examine(self, question: str, filters: Filters | None = None) -> Examination:
        """Return how a question is read and weighed, with no answer: why it abstains, or would not.

        Raises:
            QuestionError: the question is empty, too long, or holds nothing to read.
        """
        return self._chain.examine(self.readable(question), self._passages, filters)

    def verify(self, text: str, passages: Sequence[Passage | str] | None = None) -> Grounding:
        """Check every sentence of a text against passages, which may be bare texts.

        A sentence is held against what it cites: ``[n]`` is ``passages[n - 1]``. In a text that
        cites nothing at all, each sentence is held against all the passages together.

        Args:
            text: the sentences.
            passages: what ``[1]``, ``[2]``, … mean; None looks for passages for each sentence,
                whatever it cites.

        Raises:
            QuestionError: there are too many sentences to look for passages for.
        """
        if passages is not None:
            return verify(self._verifier, text, passages)
        claims = checkable(text)
        if len(claims) > MAX_LOOKED_FOR:
            message = f"the text has {len(claims)} sentences"
            raise QuestionError(f"{message}; send at most {MAX_LOOKED_FOR} at once")
        checks = tuple(check for claim in claims for check in self._looked_for(claim))
        return Grounding(checks=checks, verifier=self._verifier.name)

    def _looked_for(self, claim: Claim) -> tuple[ClaimCheck, ...]:
        """Check a claim against the passages that a search for it finds."""
        found = []
        if _READABLE.search(claim.text):
            query = claim.text[: self._max_question_chars]
            found = self._retriever.retrieve(query, self._passages, None)
        citing = replace(claim, markers=tuple(passage.rank for passage in found))
        return self._verifier.check([citing], found).checks

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        filters: Filters | None = None,
        stop: Stop | None = None,
    ) -> Iterator[Event]:
        """Yield ``Retrieved``, then checked sentences, then ``Answered``.

        Args:
            question: as typed.
            history: earlier turns, oldest first.
            filters: which passages may be used.
            stop: ends it early from another thread, whatever the model is about.

        Raises:
            QuestionError: the question is empty, too long, or holds nothing to read.
        """
        try:
            yield from self._events(question, history, filters, stop or Stop())
        except Stopped:
            return

    def _events(
        self, question: str, history: Sequence[Message], filters: Filters | None, stop: Stop
    ) -> Iterator[Event]:
        asked = self.readable(question)
        draft = Draft(calls=Calls(stop=stop))
        with draft.timed("condense"):
            read = self._chain.condense(asked, history, draft.calls)
        if read.intent is not Intent.QUESTION:
            yield Retrieved(passages=())
            yield draft.show(self._smalltalk(read))
            yield self._answered(asked, read, (), draft, AnswerKind.SMALLTALK)
            return
        for task, decision in self._attempts(read, filters, draft):
            yield Retrieved(passages=task.passages)
            draft.answerable, draft.unsure = decision.probability, decision.unsure
            if decision.answerable:
                break
        passages = task.passages
        if decision.answerable:
            yield from self._writer.write(task, draft)
        if not draft.kept:
            draft.text = ""
            yield from self._abstention(read, decision, passages, draft)
            yield self._answered(asked, read, passages, draft, AnswerKind.ABSTENTION)
            return
        yield self._answered(asked, read, passages, draft, AnswerKind.ANSWER)

    def _attempts(
        self, question: Question, filters: Filters | None, draft: Draft
    ) -> Iterator[tuple[Task, Decision]]:
        """Yield what was found for each way to read a question, and whether that answers it."""
        with draft.timed("retrieve"):
            joined = self._chain.joined(question, self._passages, filters)
        if joined:
            yield joined
        if question.leans:
            with draft.timed("retrieve"):
                yield self._chain.told(question, self._passages, filters)
        # As read, a question that leans was looked up just now.
        readings = islice(self._chain.readings(question, filters), int(question.leans), None)
        whole = None
        for reading, allowed in readings:
            with draft.timed("retrieve"):
                passages = self._chain.retrieve(reading.text, self._passages, allowed)
            task = Task(question=reading, passages=passages)
            with draft.timed("gate"):
                decision = self._chain.decide(task)
            whole = whole or (task, decision)
            yield task, decision
        if question.windows and not question.leans:
            with draft.timed("retrieve"):
                yield self._chain.told(question, self._passages, filters, whole)

    def _smalltalk(self, question: Question) -> str:
        topics = self.coverage().topics[question.language][:TOPICS]
        match question.intent:
            case Intent.THANKS:
                return wording.thanks(question.language)
            case Intent.FAREWELL:
                return wording.farewell(question.language)
            case Intent.DOUBT:
                return wording.doubt(question.language, topics)
            case Intent.ABILITY:
                return wording.ability(question.language, topics)
            case _:
                return wording.greeting(question.language, topics)

    def _abstention(
        self,
        question: Question,
        decision: Decision,
        passages: Sequence[Passage],
        draft: Draft,
    ) -> Iterator[Event]:
        """Yield that there is no answer, why, the sentence that says so, and what there is."""
        language = question.language
        unsaid = self._quoted(decision.unsaid, passages) if decision.unsaid else None
        yield draft.show(
            wording.abstention(
                language,
                reason=decision.reason.value if decision.reason else "far",
                missing=decision.missing,
                looked_for=[] if unsaid else _looked_for(question, decision.missing),
                several=bool(question.divisions),
            )
        )
        if unsaid:
            yield draft.show("\n\n")
            yield draft.quote(unsaid)
        covered = self.coverage().topics[language]
        titles = [p.document.title for p in passages if p.document.language is language]
        # Of a question about something else altogether, the nearest titles are an accident.
        known = any(item.key == "@ai" or item.cls in _OF_THIS_FIELD for item in question.items)
        near = list(dict.fromkeys(titles)) if known else []
        topics = list(dict.fromkeys((*near[:NEAR_TOPICS], *covered)))[:TOPICS]
        yield draft.show(wording.offer(language, topics))

    def _quoted(self, sentence: Candidate, passages: Sequence[Passage]) -> ClaimCheck | None:
        """Return the check of a sentence quoted from its passage, None where it does not hold."""
        claim = claims_of(sentence.quoted)[0]
        check = self._verifier.check([claim], passages).checks[0]
        return check if check.verdict is Verdict.SUPPORTED else None

    def _answered(
        self,
        asked: str,
        question: Question,
        passages: tuple[Passage, ...],
        draft: Draft,
        kind: AnswerKind,
    ) -> Answered:
        """Return the last event, recorded."""
        citations = cited_in(draft.kept)
        answer = Answer(
            id=uuid.uuid4().hex[:12],
            question=asked,
            standalone_question=question.text,
            language=question.language,
            kind=kind,
            text=draft.text,
            citations=citations,
            passages=passages,
            grounding=Grounding(checks=tuple(draft.kept), verifier=self._verifier.name),
            withheld=tuple(draft.withheld),
            notices=(
                *_notices(question.language, citations, len(draft.withheld)),
                *draft.calls.notices(question.language, partial=draft.partial),
            ),
            partial=draft.partial,
            thoughts=draft.thoughts,
            provenance=Provenance(
                model=draft.calls.writer or self._chain.backends[-1].name,
                prompt_version=self._chain.prompt.version,
                prompt_sha=self._chain.prompt.sha256,
                index_fingerprint=self.coverage().fingerprint,
                verifier=self._verifier.name,
                package_version=__version__,
                seconds_by_stage=dict(draft.seconds),
                left_machine=draft.calls.left_machine
                or (self._search_leaves_machine and kind is not AnswerKind.SMALLTALK),
                input_tokens=draft.calls.input_tokens,
                output_tokens=draft.calls.output_tokens,
                tokens_estimated=draft.calls.estimated,
                cost=draft.calls.cost,
                passages_cut=draft.calls.cut,
                answerable=draft.answerable,
                turns_cut=draft.calls.turns_cut,
                failed=tuple(draft.calls.failed),
            ),
        )
        if self._recorder is not None:
            self._recorder.record(answer)
        return Answered(answer=answer)


def _looked_for(question: Question, missing: Sequence[str]) -> list[str]:
    """Return the few things that a question was taken to be about, but those told as missing."""
    telling = (
        item
        for item in question.items
        if (item.cls.specific if item.cls else item.weight >= TELLING and item.text.isascii())
    )
    things = dict.fromkeys(map(question.as_typed, telling))
    return [thing for thing in things if thing not in missing and not thing.isdigit()][:TOLD]


def _named(citation: Citation, language: Language) -> str:
    """Return a cited source in a few words."""
    source = citation.source
    grade = source_label(source, language)
    return f"[{citation.marker}] {source.publisher}, {source.published[:4]}, {grade}"


def _notices(language: Language, citations: Sequence[Citation], withheld: int) -> tuple[str, ...]:
    """Return what a sceptical reader should be told."""
    notices = []
    sources = {citation.source for citation in citations}
    if len({source.grade for source in sources}) > 1:
        named = {_named(citation, language) for citation in citations}
        notices.append(wording.notice_mixed(language, sorted(named)))
    elif sources:
        source = max(sources, key=lambda source: source.published)
        notice = wording.notice_for_grade(
            language, source.grade, source.publisher, source.published
        )
        if notice:
            notices.append(notice)
    if withheld:
        notices.append(wording.notice_withheld(language, withheld))
    return tuple(notices)
