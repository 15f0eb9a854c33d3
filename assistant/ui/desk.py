"""The desk: one reader's conversations, asked, answered, kept, changed.

Knows: the assistant and the store, and how an answer grows. Does not know Gradio or HTML.
Invariants: ``answer`` never raises and always ends in a turn with an end; what was shown is in the
store before the next sentence comes, so that a restart loses nothing that was read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.assistant import Assistant
from assistant.errors import AssistantError, QuestionError
from assistant.exchange import of_answer
from assistant.language import detect_language
from assistant.schema import (
    Answer,
    Answered,
    Filters,
    Language,
    Message,
    Restarted,
    Role,
    Verified,
)
from assistant.service import Uses
from assistant.store import Store, Turn, TurnState
from assistant.suggestions import suggest
from assistant.ui.filtering import Choice
from assistant.ui.scenes import (
    Run,
    Scene,
    after,
    backing_of,
    failed,
    given_up,
    restored,
    sources_of,
    stopped,
)
from assistant.ui.transcript import Shown, Stage

_log = logging.getLogger(__name__)
DOOR = "page"
"""Under which name answers given here are counted."""
TOUCH = 60.0
"""Seconds after which a model that thinks is told to the store to be alive."""


class Desk:
    """What a reader can do. Safe to share between threads and readers."""

    def __init__(self, assistant: Assistant, store: Store, uses: Uses | None = None) -> None:
        """Take who answers, where it is kept, and what keeps uses."""
        self.assistant = assistant
        self.store = store
        self._uses = uses or Uses(store)
        self._runs: dict[str, Run] = {}
        """Turns that this process is answering."""

    def open(self, owner: str, conversation: str) -> Scene:
        """Return a conversation as it was left; an empty scene when this owner has no such one."""
        turns = self.store.conversations.turns(owner, conversation) if conversation else []
        if not turns:
            return Scene(conversation="")
        *before, now = self._shown(owner, turns)
        last = now.answer
        if last is not None:
            offered = self._offered(last, [turn.question for turn in turns])
            now = replace(now, suggestions=offered)
        passages, citations = sources_of(turns[-1])
        return Scene(
            conversation=conversation,
            turns=(*before, now),
            key=now.key,
            passages=passages,
            citations=citations,
        )

    def look(self, owner: str, conversation: str, language: Language | None = None) -> Scene:
        """Return the conversation a reader has open, with the answer that grows in it.

        Args:
            owner: who looks.
            conversation: the open one.
            language: of the page, in which what grows goes on; None leaves it.
        """
        scene = self.open(owner, conversation)
        run = self._runs.get(scene.turns[-1].key) if scene.turns else None
        if run is None:
            return scene
        run.language = language or run.language
        replaced = set() if run.stop.is_set() else {turn.key for turn in run.instead}
        before = (turn for turn in scene.turns[:-1] if turn.key not in replaced)
        return replace(run.scene, turns=(*before, run.scene.turns[-1]))

    def sources(self, owner: str, conversation: str, key: str) -> Scene | None:
        """Return a conversation with the sources of one of its answers; None without it."""
        for turn in self.store.conversations.turns(owner, conversation):
            if turn.id == key and (turn.answer or turn.backing):
                passages, citations = sources_of(turn)
                return Scene(
                    conversation=conversation, key=key, passages=passages, citations=citations
                )
        return None

    def question(self, owner: str, conversation: str, key: str) -> str | None:
        """Return the question of a turn; None when this owner has no such one."""
        turns = self.store.conversations.turns(owner, conversation)
        return next((turn.question for turn in turns if turn.id == key), None)

    def repeatable(self, owner: str, conversation: str, key: str) -> str | None:
        """Return the question of a turn that nothing follows; None when it is no such one."""
        turns = self.store.conversations.turns(owner, conversation)
        return turns[-1].question if turns and turns[-1].id == key else None

    def stop(self, owner: str, conversation: str) -> Scene:
        """End what is being answered in a conversation; what was shown stays."""
        for turn, run in self._ended(owner, conversation):
            run.stop.set()
            self.store.conversations.stop(turn.id, turn.text)
        scene = self.look(owner, conversation)
        return stopped(scene) if scene.turns else scene

    def leave(self, owner: str, conversation: str) -> None:
        """End what is being answered in a conversation that its reader turned away from."""
        for turn, run in self._ended(owner, conversation):
            run.left = True
            run.stop.set()
            self.store.conversations.stop(turn.id, turn.text)

    def close(self, owner: str, session: str) -> None:
        """End what is being answered in a tab that was closed; what was shown stays."""
        # Whoever guessed another reader's session would end nothing.
        for key, run in list(self._runs.items()):
            if session and run.tab == (owner, session):
                run.left = True
                run.stop.set()
                self.store.conversations.stop(key, run.scene.turns[-1].text)

    def delete(self, owner: str, conversation: str) -> None:
        """Delete a conversation, and end what is being answered in it."""
        self.leave(owner, conversation)
        self.store.conversations.delete(owner, conversation)

    def _ended(self, owner: str, conversation: str) -> Iterator[tuple[Turn, Run]]:
        """Yield the turns of a conversation that are being answered, here or elsewhere."""
        for turn in self.store.conversations.turns(owner, conversation):
            if turn.state is TurnState.ANSWERING:
                yield turn, self._runs.get(turn.id) or Run(Scene(conversation=conversation))

    def rate(self, owner: str, conversation: str, key: str, rating: int, comment: str = "") -> None:
        """Keep what the reader thinks of an answer.

        Raises:
            QuestionError: there is no such answer, or the comment is too long.
        """
        turns = self.store.conversations.turns(owner, conversation)
        for turn in turns:
            if turn.id == key and turn.answer is not None:
                self.store.opinions.give(owner, turn.answer.id, rating, comment)

    def answer(
        self,
        owner: str,
        conversation: str,
        question: str,
        choice: Choice,
        replaced: str = "",
        session: str = "",
    ) -> Iterator[Scene]:
        """Yield the conversation as the answer grows.

        Args:
            owner: who asks.
            conversation: in which one; a new one begins when this owner has none of that id.
            question: as typed, not empty.
            choice: the filters that are on.
            replaced: id of a turn that is asked anew; it and what follows are taken back
                when the new answer is there; what has no answer, at once.
            session: id of the tab that shows it, as ``close`` is told it.
        """
        asked = f"{choice.background} {question}" if choice.background else question
        try:
            self.assistant.readable(asked)
        except QuestionError as exc:
            yield Scene(conversation=conversation, refused=exc)
            return
        language = detect_language(question)
        try:
            conversation, turn, earlier, later = self._begin(
                owner, conversation, question, replaced
            )
        except Exception:  # noqa: BLE001 - the reader gets one calm line, the log the rest
            yield _broken(question, language, conversation)
            return
        before, instead = self._shown(owner, earlier), self._shown(owner, later)
        now = Shown(
            key=turn.id,
            question=question,
            language=language,
            stage=Stage.SEARCHING,
            could_leave=turn.could_leave,
        )
        scene = Scene(conversation=conversation, turns=(*before, now), key=turn.id)
        since = later[0].position if later else None
        run = self._runs[turn.id] = Run(scene, (owner, session), instead, since)
        try:
            yield scene
            for grown in self._grown(owner, turn, earlier, run, asked, choice.filters):
                run.scene = grown
                yield replace(grown, language=run.language)
            if run.stop.is_set() and not run.left:
                yield replace(stopped(given_up(run)), language=run.language)
        except Exception:  # noqa: BLE001 - the same
            _log.exception("answer %s failed", turn.id[:8])
            yield replace(failed(given_up(run), turn.id[:8]), language=run.language)
        finally:
            # Also when the reader closes the tab: the generator is closed where it stands.
            now = run.scene.turns[-1]
            try:
                if now.stage is not Stage.DONE:
                    self.store.conversations.stop(turn.id, now.text)
            finally:
                del self._runs[turn.id]

    def _begin(
        self, owner: str, conversation: str, question: str, replaced: str
    ) -> tuple[str, Turn, list[Turn], list[Turn]]:
        """Return the conversation, the new turn, those before it, and those it replaces."""
        kept = self.store.conversations
        if not conversation or kept.get(owner, conversation) is None:
            conversation = kept.create(owner).id
        earlier = kept.turns(owner, conversation)
        ids = [turn.id for turn in earlier]
        at = ids.index(replaced) if replaced in ids else len(ids)
        leaves = self.assistant.can_leave_machine
        turn = kept.begin(owner, conversation, question, leaves)
        # What came to no answer is not kept till the new one, or failures would pile up.
        lost = {each.id for each in earlier[at:] if each.answer is None}
        if lost:
            kept.drop(owner, conversation, lost)
        return conversation, turn, earlier[:at], [t for t in earlier[at:] if t.id not in lost]

    def _grown(
        self,
        owner: str,
        turn: Turn,
        earlier: Sequence[Turn],
        run: Run,
        asked: str,
        filters: Filters | None,
    ) -> Iterator[Scene]:
        """Yield a scene for each event of the stream."""
        history = [Message(role=Role.USER, content=each.question) for each in earlier]
        started, kept = time.monotonic(), self.store.conversations
        touched = started
        for event in self.assistant.stream(asked, history, filters, run.stop):
            # Whether or not Gradio could cancel this, nothing more is kept and shown then.
            if run.stop.is_set():
                return
            scene = after(event, run.scene)
            now = scene.turns[-1]
            if isinstance(event, Answered):
                answer = of_answer(event.answer)
                run.left = not kept.finish(turn.id, answer, run.since)
                if run.left:
                    return
                self._uses.keep(owner, DOOR, answer, time.monotonic() - started)
                offered = tuple(suggest(event.answer, [each.question for each in earlier]))
                scene = replace(scene, turns=(*scene.turns[:-1], replace(now, suggestions=offered)))
            elif isinstance(event, Verified | Restarted) or time.monotonic() - touched > TOUCH:
                touched = time.monotonic()
                # Deleted or stopped by another process.
                run.left = not kept.progress(turn.id, now.text, backing_of(scene))
                if run.left:
                    return
            yield scene

    def _offered(self, answer: Answer, asked: Sequence[str]) -> tuple[str, ...]:
        """Return what to ask after a stored answer: its passages are found again."""
        try:
            found = self.assistant.search(answer.standalone_question)
        except AssistantError:
            return ()
        fresh = {passage.chunk.id: passage for passage in found}
        passages = tuple(fresh.get(p.chunk.id, p) for p in answer.passages)
        return tuple(suggest(replace(answer, passages=passages), asked))

    def _shown(self, owner: str, turns: Sequence[Turn]) -> tuple[Shown, ...]:
        """Return stored turns as they are shown."""
        ids = [turn.answer.id for turn in turns if turn.answer]
        opinions = self.store.opinions.of(owner, ids) if ids else {}
        return tuple(restored(turn, opinions) for turn in turns)


def _broken(question: str, language: Language, conversation: str) -> Scene:
    """Return a scene that says that a question could not even be begun."""
    _log.exception("a question could not be kept")
    turn = Shown(
        key="none", question=question, language=language, stage=Stage.FAILED, reference="store"
    )
    return Scene(conversation=conversation, turns=(turn,), key="none")
