"""The part of the page with which a maintainer adds documents."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.access.people import person_of
from assistant.errors import AssistantError
from assistant.extraction import SUFFIXES
from assistant.rendering import escape_html
from assistant.schema import Language
from assistant.store import Role
from assistant.ui.texts import TEXTS
from assistant.uploads import Take

_log = logging.getLogger(__name__)


def build_uploading(take: Take) -> None:
    """Add the part to the page that is being built; it shows itself to maintainers alone."""
    say = TEXTS[Language.EN]
    with gr.Accordion(say["add"], open=False, visible=False, elem_id="fp-add") as part:
        files = gr.File(file_count="multiple", file_types=[*SUFFIXES], show_label=False, height=120)
        told = gr.HTML(elem_id="fp-added")

        def add(names: list[str] | None, request: gr.Request) -> Iterator[str]:
            # Whoever may not upload may still call this by its number.
            yield from _added(take, names or []) if _is_maintainer(request) else ()

        files.upload(add, files, told, api_visibility="private", concurrency_limit=1)
    gr.on(None, _shown, None, part, queue=False, api_visibility="private")


def _shown(request: gr.Request) -> Any:
    return gr.Accordion(visible=_is_maintainer(request))


def _is_maintainer(request: gr.Request) -> bool:
    return request.request is not None and person_of(request.request).role is Role.MAINTAINER


def _added(take: Take, names: list[str]) -> Iterator[str]:
    """Yield what to show while documents are added; never raises."""
    say = TEXTS[Language.EN]
    yield f"<p>{say['adding']}</p>"
    try:
        outcomes = take([Path(name) for name in names])
    except AssistantError as exc:
        yield f"<p>{escape_html(str(exc))}</p>"
        return
    except Exception:  # noqa: BLE001 - whatever it is, the maintainer gets one calm line
        _log.exception("an upload failed")
        yield f"<p>{say['add_failed']}</p>"
        return
    rows = (
        f"<li><b>{escape_html(outcome.state)}</b> {escape_html(Path(outcome.path).name)}: "
        f"{escape_html(outcome.detail)}</li>"
        for outcome in outcomes
    )
    yield f"<ul>{''.join(rows)}</ul>"
