"""The part of the page with which a maintainer adds documents.

Knows: what became of a file, in the page's language. Does not know how files are read: why one
failed is the reader's own line, in English. Invariant: nothing here raises.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.access.people import person_of
from assistant.errors import AssistantError
from assistant.extraction import SUFFIXES
from assistant.intake import Outcome, State
from assistant.rendering import escape_html
from assistant.schema import Language
from assistant.store import Role
from assistant.ui.frame import language_of
from assistant.ui.texts import TEXTS
from assistant.uploads import Take

_STATES = {
    State.ADDED: "added",
    State.UNCHANGED: "unchanged",
    State.REMOVED: "removed",
    State.FAILED: "failed_file",
}
_log = logging.getLogger(__name__)


def build_uploading(take: Take, language: gr.Textbox) -> None:
    """Add the part to the page that is being built; it shows itself to maintainers alone.

    Args:
        take: takes the files.
        language: holds the page's language.
    """
    with gr.Accordion(
        TEXTS[Language.EN]["add"], open=False, visible=False, elem_id="fp-add"
    ) as part:
        files = gr.File(file_count="multiple", file_types=[*SUFFIXES], show_label=False, height=120)
        told = gr.HTML(elem_id="fp-added")

        def add(names: list[str] | None, chosen: str, request: gr.Request) -> Iterator[str]:
            # Whoever may not upload may still call this by its number.
            yield from (
                added(take, names or [], language_of(chosen)) if _is_maintainer(request) else ()
            )

        files.upload(add, [files, language], told, api_visibility="private", concurrency_limit=1)
    gr.on(None, _shown, None, part, queue=False, api_visibility="private")
    # Apart from the above, whose answer may come later than the page's language does.
    language.change(_named, language, part, queue=False, api_visibility="private")


def _shown(request: gr.Request) -> Any:
    return gr.Accordion(visible=_is_maintainer(request))


def _named(chosen: str) -> Any:
    return gr.Accordion(TEXTS[language_of(chosen)]["add"])


def _is_maintainer(request: gr.Request) -> bool:
    return request.request is not None and person_of(request.request).role is Role.MAINTAINER


def added(take: Take, names: Sequence[str], language: Language) -> Iterator[str]:
    """Yield what to show while documents are added; never raises."""
    say = TEXTS[language]
    yield f"<p>{say['adding']}</p>"
    try:
        outcomes = take([Path(name) for name in names])
    except AssistantError as exc:
        _log.warning("an upload failed: %s", exc)
        yield f'<p>{say["add_failed"]} <span lang="en">{escape_html(str(exc))}</span></p>'
        return
    except Exception:  # noqa: BLE001 - whatever it is, the maintainer gets one calm line
        _log.exception("an upload failed")
        yield f"<p>{say['add_failed']}</p>"
        return
    yield f"<ul>{''.join(_outcome(outcome, language) for outcome in outcomes)}</ul>"


def _outcome(outcome: Outcome, language: Language) -> str:
    """Return what became of a file; why it failed in any language, other details in English."""
    told = outcome.detail if outcome.state is State.FAILED or language is Language.EN else ""
    why = f': <span lang="en">{escape_html(told)}</span>' if told else ""
    name = escape_html(Path(outcome.path).name)
    return f"<li><strong>{TEXTS[language][_STATES[outcome.state]]}</strong> {name}{why}</li>"
