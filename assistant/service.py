"""The service: what every door offers, in the contract's words, for one person at a time.

Knows: the assistant, and what is kept of a use. Does not know HTTP, pages or protocols. Invariants:
every door gives the same result for the same call; who asks is always said; a question is kept
nowhere, only that it was answered.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator

from assistant import contract, exchange
from assistant.assistant import Assistant
from assistant.errors import QuestionError, StorageError
from assistant.schema import Message
from assistant.stopping import Stop
from assistant.store import Person, Store

_log = logging.getLogger(__name__)
Watch = Callable[[str, contract.Answer, float], None]
"""Told of each answer: by which door, the answer, and its wall seconds."""


class Uses:
    """Keeps that answers were given, by whatever door. Safe to share between threads."""

    def __init__(self, store: Store, watch: Watch | None = None) -> None:
        """Take where uses are kept, and who else is told of them."""
        self._store = store
        self._watch = watch

    def keep(self, owner: str, door: str, answer: contract.Answer, seconds: float) -> None:
        """Keep that an answer was given; an answer is not lost because that failed."""
        if self._watch is not None:
            self._watch(door, answer, seconds)
        try:
            self._store.usage.add(owner, door, answer, seconds)
        except StorageError:
            _log.exception("the use of answer %s could not be kept", answer.id)


class Service:
    """Ask, search, verify, feedback, sources. Safe to share between threads."""

    def __init__(self, assistant: Assistant, store: Store, uses: Uses | None = None) -> None:
        """Take who answers, where feedback is kept, and what keeps uses."""
        self._assistant = assistant
        self._store = store
        self._uses = uses or Uses(store)

    def ask(self, person: Person, door: str, asked: contract.Question) -> contract.Answer:
        """Return the whole answer.

        Raises:
            QuestionError: the question cannot be taken.
        """
        for event in self.stream(person, door, asked):
            if isinstance(event, contract.AnsweredEvent):
                return event.answer
        raise AssertionError("stream ended without an answer")

    def stream(
        self, person: Person, door: str, asked: contract.Question, stop: Stop | None = None
    ) -> Generator[contract.StreamEvent, None, None]:
        """Yield the events of an answer, the last one ``answered`` unless it was stopped.

        Raises:
            QuestionError: the question cannot be taken.
        """
        started = time.monotonic()
        history = [Message(role=turn.role, content=turn.content) for turn in asked.history]
        filters = exchange.to_filters(asked.filters)
        for event in self._assistant.stream(asked.question, history, filters, stop):
            told = exchange.of_event(event)
            if isinstance(told, contract.AnsweredEvent):
                self._uses.keep(person.owner, door, told.answer, time.monotonic() - started)
            yield told

    def search(self, query: contract.Query) -> contract.Found:
        """Return the passages found, best first.

        Raises:
            QuestionError: the query cannot be taken.
        """
        filters = exchange.to_filters(query.filters)
        passages = self._assistant.search(query.query, query.count, filters)
        return contract.Found(passages=tuple(map(exchange.of_passage, passages)))

    def verify(self, text: contract.Text) -> contract.Checked:
        """Hold every sentence of a text against the passages it cites, or against what is found.

        Raises:
            QuestionError: a passage is not in the knowledge, or the text is too long.
        """
        if text.passages is None:
            return exchange.of_grounding(self._assistant.verify(text.text))
        passages = self._assistant.passages_by_id(text.passages)
        missing = set(text.passages) - {passage.chunk.id for passage in passages}
        if missing:
            message = f"there is no passage {sorted(missing)[0][:80]!r}"
            raise QuestionError(f"{message}; take ids from a search or an answer")
        return exchange.of_grounding(self._assistant.verify(text.text, passages))

    def feedback(self, person: Person, opinion: contract.Opinion) -> contract.Thanks:
        """Keep what a person thinks of an answer they were given.

        Raises:
            QuestionError: no such answer was given to this person.
            StorageError: it could not be kept.
        """
        kept = self._store.opinions.give(
            person.owner, opinion.answer_id, opinion.rating, opinion.comment
        )
        return contract.Thanks(answer_id=kept.answer_id, rating=kept.rating, comment=kept.comment)

    def sources(self) -> contract.Sources:
        """Return every document of the knowledge with where it comes from."""
        coverage = self._assistant.coverage()
        return contract.Sources(
            index_fingerprint=coverage.fingerprint,
            documents=tuple(
                contract.SourceDocument(
                    document=exchange.of_document(info), source=exchange.of_source(info.source)
                )
                for info in coverage.documents
            ),
        )

    def ready(self) -> str:
        """Return the fingerprint of the index when answers can be made and kept.

        Raises:
            AssistantError: they cannot, and why.
        """
        self._store.database.ping()
        return self._assistant.coverage().fingerprint
