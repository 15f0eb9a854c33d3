"""The chat page: layout and events. No logic of its own; the desk decides what is said.

Knows: Gradio. Does not know retrieval or the store. Invariants: no handler raises; nothing a
browser sends is trusted to be its own (the owner comes from the request, never from the page);
handlers keep no state, so a page that was open before a restart goes on after it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import gradio as gr

from assistant.assistant import Assistant
from assistant.schema import Language
from assistant.service import Uses
from assistant.store import Store
from assistant.ui.desk import Desk
from assistant.ui.drawing import Drawing, pane_of
from assistant.ui.filtering import NOTHING
from assistant.ui.frame import STYLE, head_html
from assistant.ui.handlers import Handlers, Owner
from assistant.ui.scenes import Scene
from assistant.ui.sidebar import account_html, sidebar_html
from assistant.ui.texts import TEXTS
from assistant.ui.transcript import welcome_html
from assistant.ui.uploading import build_uploading
from assistant.uploads import Take

_SCRIPT = files("assistant.ui").joinpath("client.js").read_text(encoding="utf-8")
# Not by Gradio's ``css``: that confines every rule to the inside of its own container.
HEAD = f"<style>{STYLE}</style><script>{_SCRIPT}</script>"
# Gradio's own marks of progress and failure would lie over what they are about.
_PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

# Buttons and forms with data-do become events of their component, with all their data and with what
# the component lists.
_EVENTS = """
const send = (from, more) => {
  const listed = element.querySelector("[data-words]");
  trigger(from.dataset.do, Object.assign({}, listed && listed.dataset, from.dataset, more));
};
element.addEventListener("click", (event) => {
  const from = event.target.closest("button[data-do]");
  if (from && !event.defaultPrevented) send(from);
});
element.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-do]");
  if (!form) return; // one that goes to the server by itself
  event.preventDefault();
  send(form, Object.fromEntries(new FormData(form)));
});
"""
# What is chosen is the component's value, which goes with every question.
_CHOICES = """
const take = () => {
  const form = element.querySelector("form");
  if (!form) return;
  const chosen = Object.fromEntries(new FormData(form));
  element.querySelector(".fp-on").hidden = !Object.values(chosen).some(Boolean);
  props.value = chosen;
};
element.addEventListener("change", take);
element.addEventListener("submit", (event) => event.preventDefault());
"""
# What only the browser knows: which conversation the address names, which language was chosen.
_BROWSER = """() => {
  const search = new URLSearchParams(location.search);
  let language = search.get("language") || "";
  try { language = language || localStorage.getItem("firstpilot-language") || ""; } catch (none) {}
  return [search.get("c") || "", language, (search.get("q") || "").slice(0, 4000)];
}"""


def build_ui(
    assistant: Assistant,
    store: Store,
    owner: Owner,
    take: Take | None = None,
    uses: Uses | None = None,
    concurrency: int = 8,
    waiting: int = 64,
) -> gr.Blocks:
    """Return the chat page.

    Args:
        assistant: answers.
        store: keeps conversations and feedback.
        owner: says whose request it is.
        take: takes the documents that maintainers add; None for a page without that.
        uses: keeps that answers were given.
        concurrency: how many answers are made at once, typed, offered and repeated ones together.
        waiting: how many events may wait for their turn.
    """
    say = TEXTS[Language.EN]
    desk = Desk(assistant, store, uses)
    act, draw = Handlers(desk, owner), Drawing(desk)
    page: gr.Blocks
    with gr.Blocks(title="FirstPilot", analytics_enabled=False, fill_height=True) as page:
        head = _html(head_html(Language.EN), "fp-head")
        # The page's own memory. It outlives the server, unlike a session's.
        conversation = gr.Textbox(visible="hidden", elem_id="fp-conversation", label="conversation")
        language = gr.Textbox("en", visible="hidden", elem_id="fp-language", label="language")
        editing = gr.Textbox(visible="hidden", elem_id="fp-editing", label="editing")
        with gr.Row(elem_id="fp-shell"):
            with gr.Column(elem_id="fp-side", min_width=0):
                side = _html(sidebar_html((), "", Language.EN), "fp-conversations")
                account = _html(account_html(Language.EN, logged_in=False), "fp-account")
                if take is not None:
                    build_uploading(take, language)
            with gr.Column(elem_id="fp-main", min_width=0):
                chat = gr.HTML(
                    [welcome_html(Language.EN)],
                    html_template='<div class="fp-log" role="log" aria-live="polite" tabindex="0"'
                    ' aria-label="${name}" lang="${tongue}">${value.join("")}</div>',
                    js_on_load=_EVENTS, elem_id="fp-chat", name=say["conversation"], tongue="en",
                    apply_default_css=False,
                )  # fmt: skip
                with gr.Column(elem_id="fp-composer", min_width=0):
                    hint = _html("", "fp-hint")
                    box = gr.Textbox(
                        placeholder=say["placeholder"], label=say["ask_label"], show_label=False,
                        submit_btn=say["send"], elem_id="fp-question", lines=1, max_lines=6,
                    )  # fmt: skip
                    filters = gr.HTML(
                        dict(NOTHING), html_template="${form}", js_on_load=_CHOICES,
                        elem_id="fp-filters", form=draw.filters_form(Language.EN),
                        apply_default_css=False,
                    )  # fmt: skip
            with gr.Column(elem_id="fp-pane", min_width=0):
                pane = _html(pane_of(Scene(conversation=""), Language.EN), "fp-sources")
        memory = [conversation, language]
        scene = [box, chat, pane, conversation, editing, side, hint]
        texts = [head, filters, language, account]
        slow = _PRIVATE | {"concurrency_id": "answers", "concurrency_limit": concurrency}
        quick: dict[str, Any] = {"queue": False} | _PRIVATE
        running: list[Any] = [
            box.submit(act.ask_typed, [box, *memory, editing, filters], scene, **slow),
            chat.click(act.ask_offered, [*memory, filters], scene, **slow),
            chat.retry(act.retry, [*memory, filters], scene, **slow),
        ]
        # Cancelled in an event before: Gradio would cancel only after the handler has answered, and
        # until then drop the next question. The script holds the answer until the run has ended.
        for ending in (box.stop, side.click, side.select, side.clear):
            ending(None, cancels=running, **quick)
        box.stop(act.stop, memory, scene, **quick)
        chat.edit(act.edit, memory, [box, editing, hint], **quick)
        hint.click(act.cancel, None, [box, editing, hint], **quick)
        chat.select(act.show_source, memory, pane, **quick)
        chat.like(act.rate, memory, chat, **quick)
        chat.submit(act.comment, memory, chat, **quick)
        side.click(act.new, memory, scene, **quick)
        side.select(act.open, memory, scene, **quick)
        side.submit(act.find, memory, side, **quick)
        side.edit(act.rename, memory, side, **quick)
        side.delete(act.delete, memory, scene, **quick)
        # The open one has an event of its own: what runs in another one's place is not cancelled.
        side.clear(act.delete, memory, scene, **quick)
        head.click(act.switch, [*memory, filters], [*scene, *texts], **quick)
        # Gradio itself ends a run only when it says something, which a model that thinks does not.
        page.unload(act.close)
        arrived = gr.Textbox(visible="hidden", elem_id="fp-arrived", label="question")
        page.load(
            act.arrive, [conversation, language, arrived], [*scene, *texts], js=_BROWSER, **quick
        )
    # Closed to calls past the queue: those would count neither as questions nor in their number.
    page.queue(max_size=waiting, default_concurrency_limit=concurrency, api_open=False)
    # After every event Gradio would sum up all before it, in pandas, for a page that nobody sees.
    page._queue.ANAYLTICS_CACHE_FREQUENCY = 1_000_000_000
    return page


def _html(value: str, elem_id: str) -> gr.HTML:
    return gr.HTML(value, js_on_load=_EVENTS, elem_id=elem_id, apply_default_css=False)
