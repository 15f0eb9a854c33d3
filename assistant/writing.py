"""Writing: backends write, every sentence is checked, and what holds is shown.

Knows: the order of backends, and what becomes of a sentence that no source supports. Does not know
how a question was read nor how an answer is wrapped up. Invariants: nothing is yielded as
``Verified`` that a check did not support; a failing backend never means no answer.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from assistant import wording
from assistant.backends import Spent
from assistant.calls import Call, Calls
from assistant.chain import Chain, Task
from assistant.citations import (
    Segment,
    SegmentKind,
    SegmentReader,
    is_plain_column,
    with_markers,
)
from assistant.errors import BackendError
from assistant.grounding import Verifier, fragment, unfinished
from assistant.normalise import normalise
from assistant.openends import LEAST, breaks_off, stands_whole
from assistant.polarity import turns_of
from assistant.prompting import declines
from assistant.schema import (
    Claim,
    ClaimCheck,
    Event,
    Layer,
    Passage,
    Restarted,
    Thought,
    Verdict,
    Verified,
    Withheld,
)
from assistant.spending import Ledger
from assistant.thinking import Piece, Said
from assistant.units import units_of
from assistant.waiting import Waiting

_COLONS = ":： *_"
_NOTHING = Segment(text="", sentence="", markers=(), kind=SegmentKind.LAYOUT)


@dataclass(slots=True)
class Draft:
    """An answer in the making; lives for one call of ``stream``."""

    text: str = ""
    kept: list[ClaimCheck] = field(default_factory=list)
    withheld: list[ClaimCheck] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    calls: Calls = field(default_factory=Calls)
    thoughts: str = ""
    partial: bool = False
    answerable: float | None = None
    """Probability the gate gave, once it was asked."""
    unsure: bool = False
    """Whether the gate doubts that the passages are about the very thing asked."""
    declined: bool = False
    """Whether a model said that the passages do not answer."""

    def retract(self) -> None:
        """Take what was shown as answer for a thought."""
        self.thoughts += self.text
        self.text = ""
        self.kept.clear()
        self.withheld.clear()

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent

    def show(self, piece: str, check: ClaimCheck | None = None) -> Verified:
        """Add a piece, with the check it passed unless it claims nothing."""
        self.text += piece
        if check is not None:
            self.kept.append(check)
        return Verified(check=check, piece=piece)

    def withhold(self, check: ClaimCheck) -> Withheld:
        """Count a sentence that is not shown."""
        self.withheld.append(check)
        return Withheld(check=check)

    def said(self, sentence: str) -> bool:
        """Whether the very sentence was shown already: weak models repeat themselves."""
        return any(check.claim.text == sentence for check in self.kept)

    def quote(self, check: ClaimCheck) -> Verified:
        """Add a checked sentence with its markers."""
        piece = f"{check.claim.text} {''.join(f'[{n}]' for n in check.claim.markers)}"
        claim = replace(check.claim, start=len(self.text), end=len(self.text + check.claim.text))
        moved = replace(check, claim=claim)
        self.kept.append(moved)
        self.text += piece
        return Verified(check=moved, piece=piece)


class Writer:
    """Lets backends write. Safe to share between threads: all state is in the draft."""

    def __init__(self, chain: Chain, verifier: Verifier, ledger: Ledger) -> None:
        """Take what generates, what checks, and who pays."""
        self._chain = chain
        self._verifier = verifier
        self._ledger = ledger

    def write(self, task: Task, draft: Draft) -> Iterator[Event]:
        """Let the first backend write of which something can be shown, or which says it cannot."""
        for backend in self._chain.backends:
            if draft.calls.pass_over(backend, self._ledger):
                continue
            try:
                written = self._chain.written(task, backend)
            except BackendError as exc:
                draft.calls.fail(backend, exc)
                continue
            try:
                with draft.calls.calling(
                    backend, written.text, self._ledger, cut=written.cut
                ) as call:
                    pieces = self._chain.generate(written, backend, draft.calls.stop)
                    yield from self._checked(pieces, call, task, draft)
            except BackendError:
                draft.partial = bool(draft.kept)
            else:
                draft.calls.wrote(backend, call)
            if draft.kept or draft.declined:
                return

    def _checked(
        self, pieces: Generator[Piece | Spent], call: Call, task: Task, draft: Draft
    ) -> Iterator[Event]:
        """Yield a backend's sentences, each checked; lay-out waits for the sentence it leads to."""
        reader, waiting, cut = SegmentReader(), _caution(task, draft), False
        try:
            while True:
                with draft.timed("generate"):
                    piece = next(pieces, None)
                if piece is not None:
                    call.hear(piece)
                match piece:
                    case None:
                        segments = yield from self._last(reader.close(), cut, task, draft)
                    case Spent():
                        draft.partial = cut = piece.cut_short
                        continue
                    case Piece(said=Said.THOUGHT, text=thought):
                        draft.thoughts += thought
                        yield Thought(piece=thought)
                        continue
                    case Piece(said=Said.RETRACTED):
                        draft.retract()
                        reader, waiting = SegmentReader(), _caution(task, draft)
                        yield Restarted()
                        continue
                    case Piece(text=text):
                        segments = reader.feed(text)
                for segment in segments:
                    yield from self._judged(segment, waiting, task, draft)
                if piece is None:
                    return
        finally:
            pieces.close()

    def _last(
        self, segments: list[Segment], cut: bool, task: Task, draft: Draft
    ) -> Generator[Event, None, list[Segment]]:
        """Return the last segments without a sentence that breaks off: it may mean the opposite.

        Where the model was cut off, that is dropped: it never said it. Where it ended by itself, it
        is withheld if a source goes on.
        """
        *others, last = segments or [_NOTHING]
        if last.finished or declines(last.sentence):
            return segments
        if cut:
            return segments if stands_whole(last.sentence, task.passages) else others
        if not breaks_off(last.sentence, task.passages):
            return segments
        draft.partial = True
        yield draft.withhold(unfinished(_claim(last, 0)))
        return others

    def _judged(
        self, segment: Segment, waiting: Waiting, task: Task, draft: Draft
    ) -> Iterator[Event]:
        """Yield a segment if it may be shown."""
        if not segment.sentence or wording.is_own_phrase(segment.sentence):
            waiting.lay_out(segment, first=not draft.text)
            return
        if declines(segment.sentence):
            draft.declined = not draft.kept
            return
        waiting.meet(segment)
        if waiting.holds(segment.sentence):
            return
        whole = _says_it_all(segment)
        if whole and draft.said(segment.sentence):
            waiting.drop(segment)
            return
        with draft.timed("verify"):
            check, text = self._check(
                segment, task.passages, len(draft.text) + waiting.length(segment)
            )
        if check.verdict is not Verdict.SUPPORTED:
            waiting.drop(segment)
            if not segment.leads_in or any(map(str.isdigit, segment.sentence)):
                yield draft.withhold(check)
            return
        if segment.leads_in or segment.kind is SegmentKind.HEADING:
            waiting.lead_in(text, check)
            return
        if not (whole or self._says(segment, check.claim, waiting.lead, task.passages)):
            waiting.drop(segment)
            yield draft.withhold(fragment(check.claim))
            return
        for piece, checked in [*waiting.before(segment), (text, check)]:
            yield draft.show(piece, checked)

    def _check(
        self, segment: Segment, passages: Sequence[Passage], at: int
    ) -> tuple[ClaimCheck, str]:
        """Check a sentence; one that fails gets one attempt with each other passage as its source.

        Returns:
            The check, and the text to show with markers that all resolve.
        """
        claim = _claim(segment, at)
        check = self._held(claim, segment, passages)
        if check.verdict is Verdict.SUPPORTED:
            valid = [n for n in claim.markers if 1 <= n <= len(passages)]
            text = (
                segment.text
                if len(valid) == len(claim.markers)
                else with_markers(segment.text, valid)
            )
            return check, text
        for n in range(1, len(passages) + 1):
            if n in claim.markers:
                continue
            retry = self._held(replace(claim, markers=(n,)), segment, passages)
            if retry.verdict is Verdict.SUPPORTED:
                return retry, with_markers(segment.text, [n])
        return check, segment.text

    def _says(self, segment: Segment, claim: Claim, lead: str, passages: Sequence[Passage]) -> bool:
        """Whether what passed its check and is no sentence says something.

        By itself: words that are one in a source, or a row under the names of its columns. An item
        of a list with what leads in to it: both together have to pass, in the words of the source.
        """
        if segment.columns or stands_whole(segment.sentence, passages):
            return True
        if not (lead and segment.item and _worded(segment.sentence, passages)):
            return False
        whole = f"{lead.rstrip(_COLONS)} {segment.sentence}"
        (check,) = self._verifier.check([replace(claim, text=whole)], passages).checks
        return check.verdict is Verdict.SUPPORTED

    def _held(self, claim: Claim, segment: Segment, passages: Sequence[Passage]) -> ClaimCheck:
        """Return a claim's check; a table row has to hold under the names of its columns too."""
        (check,) = self._verifier.check([claim], passages).checks
        if check.verdict is not Verdict.SUPPORTED or segment.named == segment.sentence:
            return check
        (named,) = self._verifier.check([replace(claim, text=segment.named)], passages).checks
        if named.verdict is Verdict.SUPPORTED:
            return check
        # A column's name makes a row no sentence: too little in common is no fault of such words.
        cited = [passages[n - 1] for n in claim.markers if 1 <= n <= len(passages)]
        plain = named.layer is Layer.LEARNED and _plain_names(segment.columns, cited)
        return check if plain else replace(named, claim=claim)


def _plain_names(columns: Sequence[str], passages: Sequence[Passage]) -> bool:
    """Whether names of columns are words of passages, and turn nothing round."""
    turns = turns_of(" ".join(columns))
    if turns.negations or any(map(any, turns.opposites)):
        return False
    return _worded(" ".join(name for name in columns if not is_plain_column(name)), passages)


def _says_it_all(segment: Segment) -> bool:
    """Whether a segment is a sentence: it ends like one and is more than a price or a year."""
    return segment.closed and len(units_of(normalise(segment.sentence))) >= LEAST


def _worded(text: str, passages: Sequence[Passage]) -> bool:
    """Whether all words of a text stand in passages."""
    there = units_of(normalise(" ".join(passage.chunk.text for passage in passages)))
    return set(units_of(normalise(text))) <= set(there)


def _claim(segment: Segment, at: int) -> Claim:
    """Return what a segment claims, the segment beginning at an offset of the answer."""
    start = at + max(segment.text.find(segment.sentence), 0)
    end = start + len(segment.sentence)
    return Claim(text=segment.sentence, start=start, end=end, markers=segment.markers)


def _caution(task: Task, draft: Draft) -> Waiting:
    """Return what is said before the first sentence of an answer that may miss the question."""
    if not draft.unsure or draft.text:
        return Waiting()
    return Waiting([(f"{wording.UNSURE[task.question.language]}\n\n", None)])
