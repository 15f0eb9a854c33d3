"""What happens on the page: each event of a component, told in what its outputs then show.

Knows: the page's components by their order. Does not know how answers are made or kept (the desk
does). Invariants: no handler raises; everything sent by a browser is checked or only looked up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import gradio as gr

from assistant.access.guard import LOGIN_COOKIE
from assistant.errors import AssistantError
from assistant.schema import Language
from assistant.store.opinions import MAX_COMMENT
from assistant.ui.desk import Desk
from assistant.ui.drawing import (
    Drawing,
    Outputs,
    articles,
    asking,
    cancel_html,
    hint,
    is_running,
    pane_of,
    refusal,
)
from assistant.ui.frame import language_of
from assistant.ui.scenes import Scene
from assistant.ui.sidebar import PAGE, Listing
from assistant.ui.texts import TEXTS

Owner = Callable[[gr.Request], str]
"""Says whose request it is: an opaque name under which conversations are kept."""
_log = logging.getLogger(__name__)


def _calm(count: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a handler that leaves its ``count`` outputs as they are when something fails."""

    def around(handler: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handler)
        def calm(*args: Any) -> Any:
            try:
                return handler(*args)
            except Exception:  # noqa: BLE001 - whatever it is, the page stays as it was
                _log.exception("%s failed", handler.__name__)
                return _skips(count) if count > 1 else gr.skip()

        return calm

    return around


class Handlers:
    """The page's event handlers."""

    def __init__(self, desk: Desk, owner: Owner) -> None:
        """Take the desk, and what says who sits at it."""
        self._desk = desk
        self._owner = owner
        self._draw = Drawing(desk)

    def ask_typed(
        self,
        question: str,
        conversation: str,
        language: str,
        editing: str,
        chosen: object,
        request: gr.Request,
    ) -> Iterator[Outputs]:
        """Answer what was typed."""
        tongue = language_of(language)
        if not (question or "").strip():
            yield (*_skips(6), hint(TEXTS[tongue]["empty"]))
            return
        yield from self._answered(question, conversation, tongue, chosen, request, editing or "")

    def ask_offered(
        self,
        conversation: str,
        language: str,
        chosen: object,
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[Outputs]:
        """Answer a question that the page offered."""
        question = _sent(event).get("ask", "")
        if question.strip():
            yield from self._answered(
                question, conversation, language_of(language), chosen, request
            )

    def retry(
        self,
        conversation: str,
        language: str,
        chosen: object,
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[Outputs]:
        """Ask the last question again; its answer is replaced."""
        key, tongue = _sent(event).get("key", ""), language_of(language)
        owner = self._owner(request)
        question = self._desk.repeatable(owner, conversation or "", key)
        if question is not None:
            yield from self._answered(question, conversation, tongue, chosen, request, key)
            return
        # Another tab went on: what it was told would be lost. It is shown instead.
        scene = self._desk.look(owner, conversation or "")
        if scene.turns:
            yield self._draw.rest(scene, tongue, owner)

    @_calm(7)
    def stop(self, conversation: str, language: str, request: gr.Request) -> Outputs:
        """Stop the answer; what was shown stays."""
        owner = self._owner(request)
        scene = self._desk.stop(owner, conversation or "")
        return self._draw.rest(scene, language_of(language), owner)

    @_calm(3)
    def edit(
        self, conversation: str, language: str, event: gr.EventData, request: gr.Request
    ) -> Outputs:
        """Put a question into the box, to be changed and asked in place of itself."""
        key, tongue = _sent(event).get("key", ""), language_of(language)
        question = self._desk.question(self._owner(request), conversation or "", key)
        if question is None:
            return _skips(3)
        return gr.Textbox(value=question), key, hint(TEXTS[tongue]["editing"], cancel_html(tongue))

    def cancel(self) -> Outputs:
        """Leave a question as it was."""
        return "", "", ""

    @_calm(1)
    def show_source(
        self, conversation: str, language: str, event: gr.EventData, request: gr.Request
    ) -> object:
        """Show the sources of the answer whose badge was chosen; the browser goes to the quote."""
        key = _sent(event).get("key", "")
        scene = self._desk.sources(self._owner(request), conversation or "", key)
        return gr.skip() if scene is None else pane_of(scene, language_of(language))

    @_calm(1)
    def rate(
        self, conversation: str, language: str, event: gr.EventData, request: gr.Request
    ) -> object:
        """Keep a thumb, up or down."""
        return self._opined(conversation, language, event, request)

    @_calm(1)
    def comment(
        self, conversation: str, language: str, event: gr.EventData, request: gr.Request
    ) -> object:
        """Keep a comment."""
        return self._opined(conversation, language, event, request)

    @_calm(1)
    def close(self, request: gr.Request) -> None:
        """End what is answered in a tab that was closed."""
        self._desk.close(self._owner(request), request.session_hash or "")

    @_calm(7)
    def new(self, conversation: str, language: str, request: gr.Request) -> Outputs:
        """Begin a new conversation; the one before stays as it is."""
        owner = self._owner(request)
        self._desk.leave(owner, conversation or "")
        return self._draw.rest(Scene(conversation=""), language_of(language), owner)

    @_calm(7)
    def open(
        self, conversation: str, language: str, event: gr.EventData, request: gr.Request
    ) -> Outputs:
        """Open a conversation."""
        owner = self._owner(request)
        self._desk.leave(owner, conversation or "")
        scene = self._desk.open(owner, _sent(event).get("key", ""))
        return self._draw.rest(scene, language_of(language), owner, _listing(event))

    @_calm(1)
    def find(
        self, conversation: str, language: str, event: gr.EventData, request: gr.Request
    ) -> str:
        """List the conversations with some words, all without any; older ones when asked."""
        tongue = language_of(language)
        return self._draw.side(self._owner(request), conversation, tongue, _listing(event))

    @_calm(1)
    def rename(
        self, conversation: str, language: str, event: gr.EventData, request: gr.Request
    ) -> str:
        """Give a conversation another title."""
        owner, sent = self._owner(request), _sent(event)
        self._desk.store.conversations.rename(owner, sent.get("key", ""), sent.get("title", ""))
        return self._draw.side(owner, conversation, language_of(language), _listing(event))

    @_calm(7)
    def delete(
        self, conversation: str, language: str, event: gr.EventData, request: gr.Request
    ) -> Outputs:
        """Delete a conversation; when it is the open one, a new one begins."""
        owner, key = self._owner(request), _sent(event).get("key", "")
        self._desk.delete(owner, key)
        tongue, listing = language_of(language), _listing(event)
        if key == conversation:
            return self._draw.rest(Scene(conversation=""), tongue, owner, listing)
        return (*_skips(5), self._draw.side(owner, conversation, tongue, listing), gr.skip())

    @_calm(11)
    def switch(
        self, conversation: str, language: str, chosen: object, request: gr.Request
    ) -> Outputs:
        """Show the page in the other language."""
        other = Language.EN if language_of(language) is Language.ZH else Language.ZH
        owner = self._owner(request)
        scene = self._desk.look(owner, conversation or "", other)
        logged_in = LOGIN_COOKIE in request.cookies
        return self._draw.whole(scene, other, owner, chosen, logged_in=logged_in)

    @_calm(11)
    def arrive(
        self, conversation: str, language: str, question: str, request: gr.Request
    ) -> Outputs:
        """Show the page as its address and its reader's browser ask for it."""
        accepted = request.headers.get("accept-language", "")
        browser = Language.ZH if accepted.lower().startswith("zh") else Language.EN
        known = language in {each.value for each in Language}
        owner = self._owner(request)
        scene = self._desk.open(owner, conversation or "")
        tongue = Language(language) if known else browser
        logged_in = LOGIN_COOKIE in request.cookies
        shown = self._draw.whole(scene, tongue, owner, None, logged_in=logged_in)
        return (gr.Textbox(value=question), *shown[1:]) if question else shown

    def _answered(
        self,
        question: str,
        conversation: str,
        language: Language,
        chosen: object,
        request: gr.Request,
        replaced: str = "",
    ) -> Iterator[Outputs]:
        """Yield the page as an answer grows."""
        try:
            yield from self._growing(question, conversation, language, chosen, request, replaced)
        except Exception:  # noqa: BLE001 - the desk tells what it can; this is what it cannot
            _log.exception("an answer could not be shown")
            failed = hint(TEXTS[language]["failed"].format(reference="page"))
            box = gr.Textbox(submit_btn=TEXTS[language]["send"], stop_btn=False)
            yield (box, *_skips(5), failed)

    def _growing(
        self,
        question: str,
        conversation: str,
        language: Language,
        chosen: object,
        request: gr.Request,
        replaced: str,
    ) -> Iterator[Outputs]:
        owner = self._owner(request)
        choice = self._draw.choice(chosen, question)
        shown: object = None
        first = True
        for scene in self._desk.answer(
            owner,
            conversation or "",
            question.strip(),
            choice,
            replaced,
            request.session_hash or "",
        ):
            if scene.refused is not None:
                # What was typed stays in its box, and the question that it changes marked.
                more = cancel_html(language) if replaced else ""
                yield (*_skips(6), hint(refusal(scene.refused, language), more))
                return
            language = scene.language or language
            held = (scene.key, scene.passages, scene.citations, language)
            pane = gr.skip() if held == shown else pane_of(scene, language)
            shown = held
            box: object = gr.skip()
            if first or not is_running(scene):
                box = asking(scene, language, "" if first else None)
            side = self._draw.side(owner, scene.conversation, language) if first else gr.skip()
            yield box, articles(scene, language), pane, scene.conversation, "", side, ""
            first = False

    def _opined(
        self, conversation: str, language: str, event: gr.EventData, request: gr.Request
    ) -> object:
        owner, sent = self._owner(request), _sent(event)
        rating = -1 if sent.get("rating") == "-1" else 1
        comment = sent.get("comment", "")[:MAX_COMMENT]
        try:
            self._desk.rate(owner, conversation or "", sent.get("key", ""), rating, comment)
        except AssistantError:
            return gr.skip()
        tongue = language_of(language)
        return articles(self._desk.look(owner, conversation or "", tongue), tongue)


def _sent(event: gr.EventData) -> dict[str, str]:
    """Return what a browser sent with an event, as texts."""
    data = event._data
    return {str(k): str(v) for k, v in data.items()} if isinstance(data, dict) else {}


def _listing(event: gr.EventData) -> Listing:
    """Return what the side bar lists, as it goes with its events."""
    sent = _sent(event)
    count = sent.get("count", "")
    most = int(count) if count.isascii() and count.isdigit() and len(count) < 7 else PAGE
    return Listing(words=sent.get("words", "").strip()[:200], count=max(PAGE, most))


def _skips(count: int) -> Outputs:
    return tuple(gr.skip() for _ in range(count))
