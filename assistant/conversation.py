"""Follow-up questions made standalone by rule.

Knows: how a follow-up borrows from the question before (``followups`` knows which do). Does not
know any model or passage. Invariants: without history a question comes back as it was, but for
spelling; so does small talk, whatever went before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.followups import NOT_CARRIED, stands_alone
from assistant.normalise import simplified_characters
from assistant.questions import Expect, Intent, Question, QuestionReader
from assistant.schema import Language, Message, Role
from assistant.spelling import Speller
from assistant.terms import Analyser

_OPENING = re.compile(
    r"^\s*((ok(ay)?|so|and|but|also|or|then|well|right|hmm+|what about|how about|what of|same for|in|for)\b[\s,]*)+"
    r"|^\s*(那么|那|还有|另外|以及|然后|而|再|换成|至于|好的?[，,]?那?)",
    re.IGNORECASE,
)
_POINTING = re.compile(r"\b(it|this|that)\b", re.IGNORECASE)
_CLOSING = re.compile(r"[\s?？。.!！呢吗嘛啊呀]+$")

REMEMBERED = 6
"""Earlier questions that a follow-up may lean on."""


class Condenser:
    """Makes questions standalone and mends their spelling."""

    def __init__(self, reader: QuestionReader, analyser: Analyser, speller: Speller) -> None:
        """Take the parts that read and mend questions."""
        self._reader = reader
        self._analyser = analyser
        self._speller = speller

    def condense(self, question: str, history: Sequence[Message]) -> str:
        """Return the question with what it borrows from the user's earlier ones.

        Args:
            question: as typed.
            history: earlier turns, oldest first; only the user's are used.
        """
        standalone = ""
        asked = [message.content for message in history if message.role is Role.USER]
        for text in (*asked[-REMEMBERED:], question):
            mended = self._speller.correct(simplified_characters(" ".join(text.split())))
            read = self._reader.read(mended)
            if _is_small_talk(mended, read, standalone):
                talk = mended
                continue
            talk = ""
            standalone = self._merge(standalone, mended) if standalone else mended
        return talk or standalone

    def _merge(self, before: str, new: str) -> str:
        """Return ``new`` made standalone after ``before``."""
        earlier, later = self._reader.read(before), self._reader.read(new)
        if stands_alone(new, later):
            return new
        core = _CLOSING.sub("", _OPENING.sub("", new))
        if later.expects is Expect.FACT:
            return self._substitute(before, earlier, later, core)
        return self._borrow(earlier, later, core)

    def _substitute(self, before: str, earlier: Question, later: Question, core: str) -> str:
        """Ask the earlier question about the new thing: same-class items give way to it."""
        classes = {item.cls for item in later.items if item.cls and item.cls.specific}
        kept = self._analyser.without_concepts(
            before, {i.key[1:] for i in earlier.items if i.cls in classes}
        )
        return _glue(earlier.language, core, _CLOSING.sub("", kept))

    def _borrow(self, earlier: Question, later: Question, core: str) -> str:
        """Ask the new question about the earlier question's things."""
        classes = {item.cls for item in later.items if item.cls and item.cls.specific}
        things = [
            item.text
            for item in earlier.items
            if item.cls not in NOT_CARRIED and (item.cls is None or item.cls not in classes)
        ]
        return _glue(later.language, core, " ".join(things))


def _is_small_talk(text: str, question: Question, before: str) -> bool:
    """Whether there is nothing to look up: after a question, "how does it work" asks about that."""
    if question.intent is Intent.ABILITY and before:
        return not _POINTING.search(text)
    return question.intent is not Intent.QUESTION


def _glue(language: Language, core: str, rest: str) -> str:
    if language is Language.ZH:
        return f"{core}，{rest}？" if rest else f"{core}？"
    return f"{core}, {rest}?" if rest else f"{core}?"
