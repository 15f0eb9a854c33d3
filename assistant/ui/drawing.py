"""What the page's outputs show, in their order.

Knows: which components there are and what each takes. Does not know events. Invariant: the order of
``Outputs`` is that of the lists in ``page``: box, transcript, sources, conversation, editing, side
bar and hint; for a whole page then head, filters, language and account.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import gradio as gr

from assistant.errors import QuestionEmpty, QuestionError, QuestionTooLong
from assistant.rendering import escape_html
from assistant.schema import Language
from assistant.ui.cards import pane_html
from assistant.ui.desk import Desk
from assistant.ui.filtering import NOTHING, Choice, choose, filters_html, places_of
from assistant.ui.frame import TONGUES, head_html
from assistant.ui.scenes import Scene
from assistant.ui.sidebar import Listing, account_html, sidebar_html
from assistant.ui.texts import TEXTS
from assistant.ui.transcript import RUNNING, turn_html, welcome_html

Outputs = tuple[Any, ...]


class Drawing:
    """Draws what a reader sees. Safe to share between threads."""

    def __init__(self, desk: Desk) -> None:
        """Take the desk whose conversations and coverage are drawn."""
        self._desk = desk

    def rest(
        self, scene: Scene, language: Language, owner: str, listing: Listing | None = None
    ) -> Outputs:
        """Return a conversation that was opened, or has come to rest."""
        return (
            asking(scene, language),
            articles(scene, language),
            pane_of(scene, language),
            scene.conversation,
            "",
            self.side(owner, scene.conversation, language, listing),
            "",
        )

    def whole(
        self, scene: Scene, language: Language, owner: str, chosen: object, *, logged_in: bool
    ) -> Outputs:
        """Return everything on the page in a language, the filters as they were chosen."""
        say = TEXTS[language]
        _, *drawn = self.rest(scene, language, owner)
        drawn[0] = gr.HTML(drawn[0], name=say["conversation"], tongue=TONGUES[language])
        box = asking(scene, language, placeholder=say["placeholder"], label=say["ask_label"])
        form = gr.HTML(
            chosen if isinstance(chosen, dict) else dict(NOTHING),
            form=self.filters_form(language, chosen),
        )
        account = account_html(language, logged_in=logged_in)
        return (box, *drawn, head_html(language), form, language.value, account)

    def side(
        self, owner: str, current: str, language: Language, listing: Listing | None = None
    ) -> str:
        """Return the side bar with what is to be listed; None for what comes first."""
        kept, listing = self._desk.store.conversations, listing or Listing()
        most = listing.count + 1
        words = listing.words
        found = kept.search(owner, words, most) if words else kept.of(owner, most)
        older = len(found) == most
        return sidebar_html(found[: listing.count], current or "", language, listing, older=older)

    def filters_form(self, language: Language, chosen: object = None) -> str:
        """Return the filters' form."""
        documents = self._desk.assistant.coverage().documents
        return filters_html(language, places_of(documents), self.years(), chosen)

    def choice(self, chosen: object, question: str) -> Choice:
        """Return what the filters mean for a question."""
        documents = self._desk.assistant.coverage().documents
        return choose(chosen, question, places_of(documents), self.years())

    def years(self) -> list[int]:
        """Return years to choose from, the last one first."""
        documents = self._desk.assistant.coverage().documents
        known = {document.source.year for document in documents}
        return sorted(known | {datetime.now(UTC).year}, reverse=True)


def is_running(scene: Scene) -> bool:
    """Whether an answer still grows."""
    return bool(scene.turns) and scene.turns[-1].stage in RUNNING


def asking(scene: Scene, language: Language, value: str | None = None, **more: Any) -> gr.Textbox:
    """Return the box for a question, with the button that is wanted now.

    Args:
        scene: whether an answer grows.
        language: of the page.
        value: its text; None leaves what was typed.
        more: what else changes.
    """
    say, running = TEXTS[language], is_running(scene)
    text: dict[str, Any] = {} if value is None else {"value": value}
    return gr.Textbox(
        submit_btn=not running and say["send"], stop_btn=running and say["stop"], **text, **more
    )


def articles(scene: Scene, language: Language) -> list[str]:
    """Return the articles of a conversation, or the welcome before anything was asked."""
    if not scene.turns:
        return [welcome_html(language)]
    last = len(scene.turns)
    return [
        turn_html(turn, number, language, last=number == last)
        for number, turn in enumerate(scene.turns, start=1)
    ]


def pane_of(scene: Scene, language: Language) -> str:
    """Return the source pane of a scene."""
    return pane_html(scene.passages, scene.citations, language, scene.key or "none")


def hint(text: str, more: str = "") -> str:
    """Return a line above the box; ``more`` is HTML of our own."""
    return f'<p class="fp-hint" role="status">{escape_html(text)}{more}</p>'


def cancel_html(language: Language) -> str:
    """Return the button that leaves a question as it was."""
    say = TEXTS[language]
    return f' <button type="button" class="fp-quiet" data-do="click">{say["cancel"]}</button>'


def refusal(problem: QuestionError, language: Language) -> str:
    """Return why a question was not taken."""
    say = TEXTS[language]
    match problem:
        case QuestionEmpty():
            return say["unreadable"]
        case QuestionTooLong(chars=chars, most=most):
            return say["too_long"].format(chars=f"{chars:,}", most=f"{most:,}")
        case _:
            return str(problem)
