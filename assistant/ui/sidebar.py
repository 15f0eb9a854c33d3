"""HTML of the side bar: one reader's conversations, and what they can do about themselves.

Knows: how a list of conversations is shown. Does not know the store. Invariant: titles are what
readers typed, so they are escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.rendering import escape_html
from assistant.schema import Language
from assistant.store import Conversation
from assistant.ui.texts import TEXTS

FORMATS = {"md": "Markdown", "docx": "DOCX", "pdf": "PDF"}
"""In what a conversation is exported, by the ending of the file."""
PAGE = 200
"""Conversations that are listed at first, and more each time older ones are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is listed. It goes with each event of the side bar, which is then drawn alike."""

    words: str = ""
    """By which conversations are found, or "" for all."""
    count: int = PAGE
    """How many at most."""


def sidebar_html(
    conversations: Sequence[Conversation],
    current: str,
    language: Language,
    listing: Listing | None = None,
    *,
    older: bool = False,
) -> str:
    """Return the side bar.

    Args:
        conversations: to list, the last one used first.
        current: id of the one that is open, or "".
        language: of the page.
        listing: what was asked for; None for what comes first.
        older: whether there are more of them.
    """
    say, listing = TEXTS[language], listing or Listing()
    items = "".join(_item(each, each.id == current, language) for each in conversations)
    empty = say["none_found"] if listing.words else say["none_yet"]
    listed = f"<ul>{items}</ul>" if items else f'<p class="fp-muted">{empty}</p>'
    more = (
        f'<form data-do="submit"><input type="hidden" name="count" value="{listing.count + PAGE}">'
        f'<button type="submit" class="fp-quiet">{say["older"]}</button></form>'
        if older
        else ""
    )
    return (
        f'<nav class="fp-bar" aria-label="{say["conversations"]}">'
        f'<div class="fp-pane-head"><h2>{say["conversations"]}</h2><button type="button"'
        f' class="fp-close" data-close="side">{say["close"]}</button></div>'
        f'<button type="button" class="fp-new" data-do="click">+ {say["new"]}</button>'
        f'<form data-do="submit" class="fp-find" role="search"><label class="fp-sr"'
        f' for="fp-find">{say["search"]}</label><input id="fp-find" name="words" type="search"'
        f' placeholder="{say["search"]}" autocomplete="off" maxlength="200">'
        f'<input type="hidden" name="count" value="{PAGE}"></form>'
        f'<div class="fp-list" role="status" data-words="{escape_html(listing.words)}"'
        f' data-count="{listing.count}">{listed}</div>{more}</nav>'
    )


def account_html(language: Language, *, logged_in: bool) -> str:
    """Return what a reader can do about themselves: get their data, erase it, log out."""
    say = TEXTS[language]
    out = (
        f'<form method="post" action="logout"><button type="submit" class="fp-quiet">'
        f"{say['log_out']}</button></form>"
    )
    return (
        f'<section class="fp-account" aria-label="{say["my_data"]}"><details id="my-data">'
        f"<summary>{say['my_data']}</summary><p>{say['my_data_is']}</p>"
        f'<p><a class="fp-link" href="my-data" download>{say["my_data_get"]}</a></p>'
        f'<details class="fp-sure"><summary>{say["my_data_erase"]}</summary>'
        f'<form method="post" action="my-data/erase"><button type="submit"'
        f' class="fp-small fp-danger">{say["my_data_sure"]}</button></form></details></details>'
        f"{out if logged_in else ''}</section>"
    )


def _item(conversation: Conversation, current: bool, language: Language) -> str:
    say, key = TEXTS[language], escape_html(conversation.id)
    title = escape_html(conversation.title or say["untitled"])
    exports = " ".join(
        f'<a href="conversations/{key}.{ending}?language={language.value}" download>{name}</a>'
        for ending, name in FORMATS.items()
    )
    now = ' aria-current="true"' if current else ""
    return (
        f'<li class="fp-item"><button type="button" class="fp-open" data-do="select"'
        f' data-key="{key}"{now}>{title}</button>'
        f'<details class="fp-options" id="options-{key}"><summary aria-label="'
        f'{escape_html(say["options"].format(title=conversation.title or say["untitled"]))}">⋯'
        f'</summary><form data-do="edit" data-key="{key}"><label for="title-{key}">'
        f'{say["rename_label"]}</label><input id="title-{key}" name="title" value="{title}"'
        f' maxlength="200" autocomplete="off"><button type="submit" class="fp-small">'
        f"{say['save']}</button></form>"
        f"<p>{say['export']} {exports}</p>"
        f'<details class="fp-sure"><summary>{say["delete"]}</summary><button type="button"'
        f' class="fp-small fp-danger" data-do="{"clear" if current else "delete"}" data-key="{key}">{say["delete_sure"]}'
        "</button></details></details></li>"
    )
