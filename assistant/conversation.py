"""Follow-up questions made standalone by rule.

Knows: which words mark a follow-up, and how it borrows from the question before. Does not know any
model or passage. Invariant: without history a question comes back as it was, but for spelling.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.lexicon import ConceptClass
from assistant.normalise import simplified_characters
from assistant.questions import Expect, Item, Question, QuestionReader
from assistant.schema import Language, Message, Role
from assistant.spelling import Speller
from assistant.terms import Analyser

_OPENING = re.compile(
    r"^\s*((ok(ay)?|so|and|but|also|or|then|well|right|hmm+|what about|how about|what of|same for|in|for)\b[\s,]*)+"
    r"|^\s*(那么|那|还有|另外|以及|然后|而|再|换成|至于|好的?[，,]?那?)",
    re.IGNORECASE,
)
_MARKED = re.compile(
    r"^\s*(ok(ay)?[, ]+)?(and|but|also|so|or|then|what about|how about|what of|same for)\b"
    r"|\b(it|its|they|them|their|that|those|these|this one|the same|the other|the second|the first|the former|the latter)\b"
    r"|^\s*(那|还有|另外|以及|然后|而|再|换成|至于|好的?[，,]?那)|它|他们|它们|这个|那个|这些|那些|其中|前者|后者|该",
    re.IGNORECASE,
)
_CLOSING = re.compile(r"[\s?？。.!！呢吗嘛啊呀]+$")

BARE_ITEMS = 1
"""Content items up to which an unmarked question is taken for a follow-up ("why?", "talent?")."""

ORDINARY = 0.5
"""Weight up to which a plain word is an ordinary one."""

_NOT_CARRIED = {ConceptClass.FIGURE, ConceptClass.FRAME}


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
        for text in (*asked[-6:], question):
            mended = self._speller.correct(simplified_characters(" ".join(text.split())))
            standalone = self._merge(standalone, mended) if standalone else mended
        return standalone

    def _merge(self, before: str, new: str) -> str:
        """Return ``new`` made standalone after ``before``."""
        earlier, later = self._reader.read(before), self._reader.read(new)
        named = [item for item in later.items if item.cls not in _NOT_CARRIED and _says(item)]
        if not _MARKED.search(new) and len(named) > BARE_ITEMS:
            return new
        if not _MARKED.search(new) and not later.items and later.expects is Expect.FACT:
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
            if item.cls not in _NOT_CARRIED and (item.cls is None or item.cls not in classes)
        ]
        return _glue(later.language, core, " ".join(things))


def _says(item: Item) -> bool:
    """Whether an item is more than an ordinary word."""
    return item.cls is not None or item.weight > ORDINARY


def _glue(language: Language, core: str, rest: str) -> str:
    if language is Language.ZH:
        return f"{core}，{rest}？" if rest else f"{core}？"
    return f"{core}, {rest}?" if rest else f"{core}?"
