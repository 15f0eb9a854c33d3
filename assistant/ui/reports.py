"""The report of the last evaluation on this machine, made safe to show on a page.

Knows: the few elements a report is written with. Does not know what they say. Invariant: nothing of
the file is shown as it stands; it is read and written anew out of known elements and attributes,
and a report that has any other is not shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from assistant.rendering import escape_html

_BODY = re.compile(r"<body>(.*)</body>", re.DOTALL)
_LOWERED = {"h2": "h4", "h3": "h5"}
"""On the page a report stands below a heading of its own."""
_DRAWN = frozenset({"class", "role", "x", "y", "width", "height"})
_SHAPES = {"rect", "line", "path", "circle", "polyline"}
_ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(("h1", "h2", "h3", "ul", "ol", "nav", "figure", "figcaption"), frozenset()),
    **dict.fromkeys(("table", "thead", "tbody", "th", "td", "details", "summary"), frozenset()),
    **dict.fromkeys(("code", "blockquote", "p", "title"), frozenset()),
    **dict.fromkeys(("section", "li"), frozenset({"id"})),
    **dict.fromkeys(("div", "tr"), frozenset({"class"})),
    "a": frozenset({"href"}),
    "svg": _DRAWN | {"viewbox"},
    "rect": _DRAWN,
    "line": frozenset({"class", "x1", "y1", "x2", "y2"}),
    "path": frozenset({"class", "d"}),
    "circle": frozenset({"class", "cx", "cy", "r"}),
    "polyline": frozenset({"class", "points"}),
    "text": frozenset({"x", "y", "text-anchor"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The last run on this machine."""

    when: str
    body: str
    """HTML of known elements alone."""


def last_report(runs: Path) -> Report | None:
    """Return the report of the last run in a folder of runs that can be shown; None without one."""
    for path in sorted(runs.glob("*/report.html"), reverse=True):
        try:
            found = _BODY.search(path.read_text(encoding="utf-8"))
            if found:
                return Report(when=path.parent.name[:15], body=_Anew(found.group(1)).html)
        except (OSError, ValueError):
            continue
    return None


class _Unknown(ValueError):
    """Something no report has."""


class _Anew(HTMLParser):
    """Writes a report anew."""

    def __init__(self, body: str) -> None:
        """Read the inside of a body.

        Raises:
            _Unknown: it holds what no report has.
        """
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._parts: list[str] = []
        self.feed(body)
        self.close()
        if self._open:
            raise _Unknown(f"<{self._open[-1]}> is not closed")

    @property
    def html(self) -> str:
        """The report, without its first heading."""
        return re.sub(r"<h1>.*?</h1>", "", "".join(self._parts))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an element's beginning."""
        self._parts.append(f"<{self._written(tag, attrs)}>")
        self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an element that has no inside."""
        if tag not in _SHAPES:
            raise _Unknown(f"<{tag}/>")
        self._parts.append(f"<{self._written(tag, attrs)}/>")

    def _written(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        allowed = _ALLOWED.get(tag)
        if allowed is None:
            raise _Unknown(f"<{tag}>")
        for name, value in attrs:
            if name not in allowed or (name == "href" and not (value or "").startswith("#")):
                raise _Unknown(f"{name} of <{tag}>")
        written = "".join(f' {name}="{escape_html(value or "")}"' for name, value in attrs)
        return f"{_LOWERED.get(tag, tag)}{written}"

    def handle_endtag(self, tag: str) -> None:
        """Write an element's end."""
        if not self._open or self._open.pop() != tag:
            raise _Unknown(f"</{tag}>")
        self._parts.append(f"</{_LOWERED.get(tag, tag)}>")

    def handle_data(self, data: str) -> None:
        """Write a text."""
        self._parts.append(escape_html(data))

    def handle_comment(self, data: str) -> None:
        """Refuse it."""
        raise _Unknown("a comment")

    def handle_decl(self, decl: str) -> None:
        """Refuse it."""
        raise _Unknown(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        """Refuse it."""
        raise _Unknown(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        """Refuse it."""
        raise _Unknown(f"<![{data}]>")
