"""HTML of a conversation: each question with its answer, what was checked, and what to do with it.

Knows: how far an answer got and how each state is told. Does not know the store or events.
Invariants: one turn is one article, whose HTML depends on that turn alone; everything that was
typed or written by a model is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from assistant.rendering import escape_html, written_by
from assistant.schema import Answer, AnswerKind, ClaimCheck, Language
from assistant.ui.html import Badges, answer_html, thoughts_html
from assistant.ui.texts import EXAMPLES, TEXTS


class Stage(StrEnum):
    """How far an answer is."""

    SEARCHING = "searching"
    THINKING = "thinking"
    CHECKING = "checking"
    DONE = "done"
    STOPPED = "stopped"
    UNFINISHED = "unfinished"
    FAILED = "failed"


_THUMB = (
    '<svg viewBox="0 0 24 24" width="17" height="17" fill="none" stroke="currentColor"'
    ' stroke-width="1.8" stroke-linejoin="round" aria-hidden="true"><path d="M7 11v9H4v-9zm0 0 4-8'
    'c1.7 0 2.6 1.2 2.3 2.8L12.7 9H18c1.3 0 2.2 1.2 1.9 2.4l-1.6 6.8A2.3 2.3 0 0 1 16 20H7"/></svg>'
)
RUNNING = {Stage.SEARCHING, Stage.THINKING, Stage.CHECKING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What the reader thinks of an answer."""

    rating: int
    """1 or -1."""
    commented: bool = False
    """Whether they have said all they want to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A question and as much of its answer as there is."""

    key: str
    """Id of its turn."""
    question: str
    language: Language
    """Of the answer."""
    stage: Stage
    text: str = ""
    checks: tuple[ClaimCheck, ...] = ()
    thoughts: str = ""
    answer: Answer | None = None
    could_leave: bool | None = None
    """Whether text could leave the machine; None when that is not known."""
    reference: str = ""
    """Under which word the server's log has why an answer failed."""
    suggestions: tuple[str, ...] = ()
    opinion: Opinion | None = None


def turn_html(turn: Shown, number: int, language: Language, *, last: bool) -> str:
    """Return the article of one turn.

    Args:
        turn: what to show.
        number: from 1.
        language: of the page.
        last: whether nothing follows; only then are there questions to go on with, and is it
            asked again by one click, which would take what follows away.
    """
    say, key = TEXTS[language], escape_html(turn.key)
    change = (
        f'<button type="button" class="fp-quiet" data-do="edit" data-key="{key}">'
        f"{say['edit']}</button>"
        if turn.stage not in RUNNING
        else ""
    )
    return (
        f'<article class="fp-turn" id="turn-{key}" data-stage="{turn.stage.value}"'
        f' aria-label="{say["you"]} {number}">'
        f'<div class="fp-asked"><h2 class="fp-sr">{say["you"]}</h2>'
        f'<p class="fp-question">{_lines(turn.question)}</p>{change}</div>'
        f'<div class="fp-reply"><h2 class="fp-sr">{say["answer"]}</h2>'
        f"{_body(turn)}{_after(turn, language, last=last)}{_next(turn, language) if last else ''}</div></article>"
    )


def welcome_html(language: Language) -> str:
    """Return what a first visit shows: what this is, what it is not, and questions by role."""
    say = TEXTS[language]
    roles = "".join(
        f'<section><h4>{escape_html(role)}</h4><ul class="fp-suggestions">'
        f"{''.join(f'<li>{ask_html(question)}</li>' for question in questions)}</ul></section>"
        for role, questions in EXAMPLES[language].items()
    )
    return (
        f'<div class="fp-welcome"><h2>{say["welcome"]}</h2><p>{say["is"]}</p>'
        f'<p class="fp-muted">{say["is_not"]}</p>'
        f'<h3 class="fp-try" id="fp-try">{say["for_role"]}</h3>'
        f'<div class="fp-roles" role="group" aria-labelledby="fp-try">{roles}</div></div>'
    )


def ask_html(question: str) -> str:
    """Return a button that asks a question."""
    shown = escape_html(question)
    return (
        f'<button type="button" class="fp-ask" data-do="click" data-ask="{shown}">{shown}</button>'
    )


def _body(turn: Shown) -> str:
    """Return thoughts and text, in the answer's language."""
    checks = turn.answer.grounding.checks if turn.answer else turn.checks
    thoughts = turn.answer.thoughts if turn.answer else turn.thoughts
    badges = Badges(key=escape_html(turn.key), language=turn.language, checks=checks)
    tongue = "zh-CN" if turn.language is Language.ZH else "en"
    text = answer_html(turn.text, badges) if turn.text.strip() else ""
    return f'<div lang="{tongue}">{thoughts_html(thoughts, turn.language, badges.key)}{text}</div>'


def _after(turn: Shown, language: Language, *, last: bool) -> str:
    """Return what follows the text: how far it is, what was checked, what can be done."""
    say = TEXTS[language]
    match turn.stage:
        case Stage.SEARCHING | Stage.THINKING | Stage.CHECKING:
            return f'<p class="fp-working"><span class="fp-dots"></span>{say[turn.stage.value]}</p>'
        case Stage.FAILED:
            notes = _calm(say["failed"].format(reference=turn.reference))
        case Stage.STOPPED | Stage.UNFINISHED:
            notes = _calm(say[turn.stage.value] if turn.text.strip() else say["nothing_yet"])
        case Stage.DONE:
            notes = ""
    if turn.answer is not None:
        notes += _notices(turn.answer, language)
    elif turn.could_leave is not None:
        notes += _meta(say["perhaps"] if turn.could_leave else say["stayed"])
    return f'<div class="fp-end">{notes}{_tools(turn, language, last=last)}</div>'


def _notices(answer: Answer, language: Language) -> str:
    """Return what a sceptical reader should know: incomplete, left out, weak sources, who wrote."""
    say = TEXTS[language]
    parts = []
    if answer.partial:
        parts.append(_calm(say["partial"]))
    parts += [
        f'<p class="fp-warned"><span aria-hidden="true">!</span> {escape_html(notice)}</p>'
        for notice in answer.notices
    ]
    if answer.withheld:
        parts.append(
            f'<details class="fp-notice"><summary>{say["left_out_why"]}</summary>'
            f"<p>{say['left_out_means']}</p></details>"
        )
    count = len(answer.grounding.checks)
    if count:
        checked = say["checked_one"] if count == 1 else say["checked"].format(count=count)
        parts.append(f'<p class="fp-checked"><span aria-hidden="true">✓</span> {checked}</p>')
    parts.append(_meta(written_by(answer, language)))
    return "".join(parts)


def _tools(turn: Shown, language: Language, *, last: bool) -> str:
    """Return the buttons under an answer, and the place for a comment once it was rated."""
    say, key = TEXTS[language], escape_html(turn.key)
    again = (
        f'<button type="button" class="fp-quiet" data-do="retry" data-key="{key}">'
        f"{say['retry']}</button>"
    )
    tools = [again] if last else []
    if turn.answer is None:
        return f'<div class="fp-tools">{"".join(tools)}</div>' if tools else ""
    tools.insert(
        0,
        f'<button type="button" class="fp-quiet" data-copy="turn-{key}"'
        f' aria-live="polite" data-done="{say["copied"]}" data-failed="{say["not_copied"]}">'
        f"{say['copy']}</button>",
    )
    rating = turn.opinion.rating if turn.opinion else 0
    for value, name in ((1, "helpful"), (-1, "unhelpful")):
        tools.append(
            f'<button type="button" class="fp-quiet fp-thumb" data-do="like" data-key="{key}"'
            f' data-rating="{value}" aria-pressed="{"true" if rating == value else "false"}"'
            f' aria-label="{say[name]}" title="{say[name]}">{_THUMB}</button>'
        )
    return f'<div class="fp-tools">{"".join(tools)}</div>{_comment(turn, language)}'


def _comment(turn: Shown, language: Language) -> str:
    say, key = TEXTS[language], escape_html(turn.key)
    if turn.opinion is None:
        return ""
    if turn.opinion.commented:
        return f'<p class="fp-muted" role="status">{say["comment_thanks"]}</p>'
    return (
        f'<form class="fp-comment" data-do="submit" data-key="{key}"'
        f' data-rating="{turn.opinion.rating}"><label for="comment-{key}">{say["comment"]}</label>'
        f'<textarea id="comment-{key}" name="comment" rows="2" maxlength="2000"></textarea>'
        f'<button type="submit" class="fp-small">{say["comment_send"]}</button></form>'
    )


def _next(turn: Shown, language: Language) -> str:
    """Return questions to go on with; after an abstention, what is covered as well."""
    say = TEXTS[language]
    abstained = turn.answer is not None and turn.answer.kind is AnswerKind.ABSTENTION
    link = f'<p><a class="fp-link" href="knowledge">{say["browse"]}</a></p>' if abstained else ""
    if not turn.suggestions:
        return link
    tongue = "zh-CN" if turn.language is Language.ZH else "en"
    items = "".join(f"<li>{ask_html(question)}</li>" for question in turn.suggestions)
    return (
        f'<section class="fp-next"><h3>{say["answerable"] if abstained else say["more"]}</h3>'
        f'<ul class="fp-suggestions" lang="{tongue}">{items}</ul>{link}</section>'
    )


def _meta(text: str) -> str:
    return f'<p class="fp-meta">{escape_html(text)}</p>'


def _calm(text: str) -> str:
    return f'<p class="fp-calm">{escape_html(text)}</p>'


def _lines(text: str) -> str:
    """Return a question as typed, its line breaks kept."""
    return "<br>".join(map(escape_html, text.split("\n")))
