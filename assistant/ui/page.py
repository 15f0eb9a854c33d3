"""The chat page: layout and events. No logic of its own; the assistant decides what is said."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.assistant import Assistant
from assistant.errors import AssistantError
from assistant.language import detect_language
from assistant.rendering import escape_html
from assistant.schema import (
    Answered,
    Language,
    Message,
    Restarted,
    Retrieved,
    Role,
    Thought,
    Verified,
)
from assistant.ui.html import END, answer_html, end_html, footer_html, sources_html, thoughts_html
from assistant.ui.texts import EXAMPLES, TEXTS
from assistant.ui.uploading import build_uploading
from assistant.uploads import Take

_log = logging.getLogger(__name__)

CSS = Path(__file__).with_name("style.css")
CONCURRENT_ANSWERS = 8
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}

# Opens and shows the card a badge points at. The pane is drawn anew while an answer grows, so the
# card that was opened is marked again in each drawing.
HEAD = """<script>
(() => {
  let now = null;
  const mark = () => {
    const card = now && document.getElementById(now);
    if (!card || card.classList.contains("fp-now")) return null;
    document.querySelectorAll(".fp-now").forEach((other) => other.classList.remove("fp-now"));
    card.open = true;
    card.classList.add("fp-now");
    return card;
  };
  document.addEventListener("click", (event) => {
    const badge = event.target.closest && event.target.closest("a.fp-badge");
    if (!badge) return;
    event.preventDefault();
    now = badge.getAttribute("href").slice(1);
    mark();
    const card = document.getElementById(now);
    if (!card) return;
    card.open = true;
    card.scrollIntoView({ behavior: "smooth", block: "nearest" });
    const quote = card.querySelector("mark");
    if (quote) quote.scrollIntoView({ block: "nearest" });
    card.querySelector("summary").focus({ preventScroll: true });
  }, true);
  new MutationObserver(mark).observe(document, { childList: true, subtree: true });
})();
</script>"""

Turn = dict[str, Any]


def build_ui(assistant: Assistant, take: Take | None = None) -> gr.Blocks:
    """Return the chat page over an assistant; with ``take``, it lets documents be added."""
    say = TEXTS[Language.EN]
    page: gr.Blocks
    with gr.Blocks(title="FirstPilot", analytics_enabled=False, fill_height=True) as page:
        language = gr.State(Language.EN.value)
        asked = gr.State([])
        with gr.Row():
            head = gr.HTML(_head(Language.EN), elem_id="fp-head")
            switch = gr.Button(say["switch"], size="sm", scale=0, min_width=72, elem_id="fp-switch")
        with gr.Row(elem_id="fp-columns"):
            with gr.Column(scale=3, min_width=320):
                chat = gr.Chatbot(
                    show_label=False, height="58vh", elem_id="fp-chat", buttons=["copy"],
                    group_consecutive_messages=False,
                )  # fmt: skip
                with gr.Row():
                    examples = [
                        gr.Button(text, size="sm", elem_classes="fp-example")
                        for text in EXAMPLES[Language.EN]
                    ]
                box = gr.Textbox(
                    placeholder=say["placeholder"], show_label=False, submit_btn=say["send"],
                    elem_id="fp-question", lines=1, max_lines=4,
                )  # fmt: skip
                with gr.Row():
                    stop = gr.Button(say["stop"], size="sm", elem_id="fp-stop")
                    retry = gr.Button(say["retry"], size="sm", elem_id="fp-retry")
            with gr.Column(scale=2, min_width=300):
                sources_title = gr.Markdown(f"### {say['sources']}")
                sources = gr.HTML(sources_html((), (), Language.EN, "none"), elem_id="fp-sources")

        if take is not None:
            build_uploading(take)

        def answer(turns: list[Turn], questions: list[str]) -> Iterator[tuple[list[Turn], str]]:
            yield from _answers(assistant, turns, questions)

        outputs = [chat, sources]
        running = []
        for event, value in ((box.submit, box), *((b.click, b) for b in examples)):
            put = event(_put, [value, chat, asked], [box, chat, asked], **_PRIVATE)
            running.append(
                put.then(
                    answer, [chat, asked], outputs, concurrency_limit=CONCURRENT_ANSWERS, **_PRIVATE
                )
            )
        again = retry.click(_again, [chat, asked], [chat, asked], **_PRIVATE)
        running.append(
            again.then(
                answer, [chat, asked], outputs, concurrency_limit=CONCURRENT_ANSWERS, **_PRIVATE
            )
        )
        stop.click(_stopped, [chat, language], chat, cancels=running, queue=False, **_PRIVATE)
        texts = [language, head, box, stop, retry, sources_title, switch, *examples]
        switch.click(_switched, language, texts, queue=False, **_PRIVATE)
        page.load(_by_browser, None, texts, queue=False, **_PRIVATE)
    page.queue(max_size=64, default_concurrency_limit=CONCURRENT_ANSWERS)
    return page


def _head(language: Language) -> str:
    say = TEXTS[language]
    return f"<h1>{escape_html(say['title'])}</h1><p>{escape_html(say['tagline'])}</p>"


def _page_texts(language: Language) -> tuple[Any, ...]:
    say = TEXTS[language]
    return (
        language.value,
        _head(language),
        gr.Textbox(placeholder=say["placeholder"], submit_btn=say["send"]),
        gr.Button(say["stop"]),
        gr.Button(say["retry"]),
        f"### {say['sources']}",
        gr.Button(say["switch"]),
        *(gr.Button(text) for text in EXAMPLES[language]),
    )


def _switched(language: str) -> tuple[Any, ...]:
    return _page_texts(Language.EN if Language(language) is Language.ZH else Language.ZH)


def _by_browser(request: gr.Request) -> tuple[Any, ...]:
    accepted = request.headers.get("accept-language", "")
    return _page_texts(Language.ZH if accepted.lower().startswith("zh") else Language.EN)


def _put(text: str, turns: list[Turn], questions: list[str]) -> tuple[str, list[Turn], list[str]]:
    """Show the question at once."""
    text = (text or "").strip()
    if not text:
        return "", turns, [*questions, ""]
    shown = escape_html(text[:2000])
    return "", [*turns, {"role": "user", "content": shown}], [*questions, text]


def _again(turns: list[Turn], questions: list[str]) -> tuple[list[Turn], list[str]]:
    """Take back the last answer, so that its question is asked again."""
    while turns and turns[-1]["role"] == "assistant":
        turns = turns[:-1]
    return turns, questions


def _stopped(turns: list[Turn], language: str) -> list[Turn]:
    """Say that the answer was stopped; what was already shown stays."""
    if not turns:
        return turns
    said = TEXTS[Language(language)]["stopped"]
    if turns[-1]["role"] == "user":
        return [*turns, {"role": "assistant", "content": said}]
    last = turns[-1]
    content = _plain(last["content"])
    if content.endswith(said) or END in content:
        return turns
    return [*turns[:-1], {"role": "assistant", "content": f"{content}\n\n{said}"}]


def _plain(content: object) -> str:
    """Return a message's content as text; the page sends it back as a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    return "".join(part.get("text", "") if isinstance(part, dict) else str(part) for part in parts)


def _answers(
    assistant: Assistant, turns: list[Turn], questions: list[str]
) -> Iterator[tuple[list[Turn], str]]:
    """Yield the conversation and the sources pane as the answer grows; never raises."""
    question = questions[-1] if questions else ""
    language = detect_language(question)
    key = uuid.uuid4().hex[:8]
    pane, text, thoughts = sources_html((), (), language, key), "", ""
    if not question:
        yield [*turns, {"role": "assistant", "content": TEXTS[language]["empty"]}], pane
        return
    history = [Message(role=Role.USER, content=earlier) for earlier in questions[:-1] if earlier]
    try:
        for event in assistant.stream(question, history):
            match event:
                case Retrieved(passages=passages):
                    pane = sources_html(passages, (), language, key)
                case Verified(piece=piece):
                    text += piece
                case Restarted():
                    text = ""
                case Thought(piece=piece):
                    thoughts += piece
                case Answered(answer=answer):
                    text = answer.text
                    pane = sources_html(answer.passages, answer.citations, answer.language, key)
                    content = thoughts_html(answer.thoughts, answer.language)
                    content += answer_html(text, key) + footer_html(answer)
                    yield [*turns, {"role": "assistant", "content": content}], pane
                    continue
            content = thoughts_html(thoughts, language) + answer_html(text, key)
            yield [*turns, {"role": "assistant", "content": content}], pane
    except AssistantError as exc:
        told = answer_html(text, key) + escape_html(str(exc)) + end_html()
        yield [*turns, {"role": "assistant", "content": told}], pane
    except Exception:  # noqa: BLE001 - whatever it is, the reader gets one calm line
        reference = key
        _log.exception("answer %s failed", reference)
        calm = TEXTS[language]["failed"].format(reference=reference)
        yield (
            [*turns, {"role": "assistant", "content": answer_html(text, key) + calm + end_html()}],
            pane,
        )
