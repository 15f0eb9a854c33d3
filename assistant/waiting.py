"""What waits: pieces of an answer that are shown only before something that is.

Knows: lay-out, heads of tables and sentences that only lead in ("The reasons are:"). Does not know
how a sentence is checked. Invariant: what is given out is in the order it was written in, and
nothing is given out twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.citations import Segment, SegmentKind
from assistant.schema import ClaimCheck

Piece = tuple[str, ClaimCheck | None]
"""A text with its check, None for one that claims nothing."""


@dataclass(slots=True)
class Waiting:
    """Lay-out and checked lead-ins, until something follows that is shown."""

    pieces: list[Piece] = field(default_factory=list)
    head: str = ""
    """Of a table, for its rows alone."""
    dropped: bool = False
    """Whether what stood right before was not shown: a rule below it would rule something else."""
    lead: str = ""
    """The checked sentence that leads in to the list or table that is under way."""
    missed: bool = False
    """Whether something of that list or table was not shown, and nothing before it."""

    def length(self, segment: Segment) -> int:
        """Return how many characters wait to be shown before a segment."""
        return sum(len(text) for text, _ in self._due(segment))

    def lay_out(self, segment: Segment, *, first: bool) -> None:
        """Take what claims nothing; white space alone begins no answer."""
        if segment.kind is SegmentKind.TABLE_HEAD:
            self.head += segment.text
            return
        rule = not segment.sentence and bool(segment.text.strip())
        led = any(check for _, check in self.pieces)
        begins = first and not led and not segment.text.strip()
        if not (rule and self.dropped) and not begins:
            self.pieces.append((segment.text, None))
        self.head, self.dropped = "", False

    def lead_in(self, text: str, check: ClaimCheck) -> None:
        """Take a checked sentence that says nothing without what follows."""
        self.pieces.append((text, check))
        self.head, self.dropped = "", False
        self.lead = check.claim.text

    def meet(self, segment: Segment) -> None:
        """Note a segment that claims something, before it is known whether it is shown.

        One that begins a line outside a list ends the list before it: a lead-in of which nothing
        was shown must not lead to this one.
        """
        if not segment.begins or segment.item or segment.kind is SegmentKind.TABLE_ROW:
            return
        if self.missed:
            first = next(at for at, (_, check) in enumerate(self.pieces) if check is not None)
            del self.pieces[first:]
        self.lead, self.missed = "", False

    def holds(self, sentence: str) -> bool:
        """Return whether a lead-in of these very words waits; it leads in anew then."""
        held = any(check is not None and check.claim.text == sentence for _, check in self.pieces)
        self.lead = sentence if held else self.lead
        return held

    def before(self, segment: Segment) -> list[Piece]:
        """Return what is to be shown before a segment, and wait no more."""
        pieces = self._due(segment)
        self.pieces, self.head, self.dropped, self.missed = [], "", False, False
        return pieces

    def drop(self, segment: Segment) -> None:
        """Note that a segment is not shown."""
        self.dropped = True
        listed = segment.item or segment.kind is SegmentKind.TABLE_ROW
        self.missed |= listed and any(check is not None for _, check in self.pieces)
        if segment.kind is not SegmentKind.TABLE_ROW:
            self.head = ""

    def _due(self, segment: Segment) -> list[Piece]:
        row = segment.kind is SegmentKind.TABLE_ROW and self.head
        return [*self.pieces, (self.head, None)] if row else self.pieces
