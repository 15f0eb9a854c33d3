"""The frame of the pages: their head with its ways to the others, and whole pages without Gradio.

Knows: how pages look alike. Does not know what they hold. Invariant: what is not ours comes in
escaped; a page needs no other file and no other machine.
"""

from __future__ import annotations

from importlib.resources import files

from assistant.rendering import escape_html
from assistant.schema import Language
from assistant.ui.texts import TEXTS

STYLE = files("assistant.ui").joinpath("style.css").read_text(encoding="utf-8")
TONGUES = {Language.EN: "en", Language.ZH: "zh-CN"}
"""How a language is called in HTML."""
_COLOURS = """<script>
(() => {
  const kept = () => { try { return localStorage.getItem("firstpilot-colours"); } catch (none) { return null; } };
  const dark = () => kept() ? kept() === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const show = () => document.documentElement.classList.toggle("dark", dark());
  show();
  document.addEventListener("click", (event) => {
    const from = event.target.closest("[data-theme-switch], [data-chosen]");
    if (!from) return;
    try {
      if (from.dataset.chosen) localStorage.setItem("firstpilot-language", from.dataset.chosen);
      else localStorage.setItem("firstpilot-colours", dark() ? "light" : "dark");
    } catch (none) {}
    show();
  });
})();
</script>"""


def language_of(sent: str) -> Language:
    """Return the language that a page says it is in; English for anything unknown."""
    return Language.ZH if sent == Language.ZH.value else Language.EN


def head_html(language: Language, current: str = "chat", shown: str = "") -> str:
    """Return the head of a page: its name, the other pages, colours and language.

    Args:
        language: of the page.
        current: which page it is: chat, knowledge or quality.
        shown: what of it is shown, as the beginning of an address's query.
    """
    say = TEXTS[language]
    other = Language.EN if language is Language.ZH else Language.ZH
    query = f"?language={language.value}"
    links = "".join(
        f'<a href="{address}{query}"{here}>{say[name]}</a>'
        for name, address in (("chat", "."), ("knowledge", "knowledge"), ("quality", "quality"))
        for here in (' aria-current="page"' if name == current else "",)
    )
    # Where the chat has its menu, the other pages have as much room, so that the name stays put.
    skip, told = "", ""
    menu = '<span class="fp-quiet fp-room" aria-hidden="true">☰</span>'
    switch = f'href="?{escape_html(shown)}language={other.value}"'
    if current == "chat":
        # For the browser, which alone hears it when the server turns an event away.
        told = "".join(
            f' data-{name.replace("_", "-")}="{say[name]}"'
            for name in ("expired", "log_in", "too_many", "busy", "lost")
        )
        skip = f'<a class="fp-skip" href="#fp-question">{say["skip"]}</a>'
        menu = (
            f'<button type="button" class="fp-quiet" data-open="side" aria-label="{say["menu"]}"'
            f' title="{say["menu"]}"><span aria-hidden="true">☰</span></button>'
        )
    label = f'data-chosen="{other.value}" lang="{TONGUES[other]}"'
    toggle = (
        f'<button type="button" class="fp-quiet" data-do="click" {label}>{say["switch"]}</button>'
        if current == "chat"
        else f'<a class="fp-quiet" {switch} {label}>{say["switch"]}</a>'
    )
    return (
        f'<div class="fp-head" data-language="{TONGUES[language]}"{told}>{skip}{menu}'
        f'<h1><a href=".{query}" class="fp-name">{say["title"]}</a></h1>'
        f'<nav aria-label="{say["nav"]}">{links}</nav><span class="fp-spring"></span>'
        f'<button type="button" class="fp-quiet" data-theme-switch aria-label="{say["theme"]}"'
        f' title="{say["theme"]}"><span aria-hidden="true">◐</span></button>{toggle}</div>'
    )


def page_html(language: Language, current: str, body: str, shown: str = "") -> str:
    """Return a whole page around the HTML of its body; ``shown`` as for ``head_html``."""
    title = f"{TEXTS[language][current]} · {TEXTS[language]['title']}"
    return (
        f'<!doctype html><html lang="{TONGUES[language]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="icon" href="data:,"><style>{STYLE}</style>{_COLOURS}'
        f'</head><body class="fp-plain"><header>{head_html(language, current, shown)}</header>'
        f'<main class="fp-browse">{body}</main></body></html>'
    )
