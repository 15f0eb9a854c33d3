"""Bars with intervals for the quality page: as HTML, so that they fit a phone and are read as a table.

Knows: shares, and where they stand on a line from 0 to 100 %. Does not know what was measured.
Invariants: nothing is drawn beyond the line; what is drawn is said in figures beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.rendering import escape_html


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A measured share with its interval."""

    value: float
    """In [0, 1], as all three."""
    low: float | None
    high: float | None
    n: int

    @property
    def told(self) -> str:
        """The share in percent."""
        return f"{100 * self.value:.1f}"

    @property
    def between(self) -> str:
        """The interval in percent, "" when it is not known."""
        if self.low is None or self.high is None:
            return ""
        return f"{100 * self.low:.1f}–{100 * self.high:.1f}"


def bar_html(share: Share) -> str:
    """Return a bar with its interval."""
    whisker = ""
    if share.low is not None and share.high is not None:
        low, high = (100 * min(max(end, 0.0), 1.0) for end in (share.low, share.high))
        # A whisker has a least width: held at its nearer end, it never leaves the line.
        end = f"left:{low:.1f}%" if low + high < 100 else f"right:{100 - high:.1f}%"
        whisker = (
            f'<span class="fp-interval" aria-hidden="true" style="{end};'
            f'width:{high - low:.1f}%"></span>'
        )
    return (
        f'<span class="fp-score"><span class="fp-bar-of" aria-hidden="true"'
        f' style="width:{100 * min(max(share.value, 0.0), 1.0):.1f}%"></span>{whisker}</span>'
    )


def plot_html(
    title: str, columns: Sequence[str], rows: Mapping[str, Sequence[Share | None]]
) -> str:
    """Return a plot: a row for each name, a bar for each column; nothing without rows.

    Args:
        title: what is measured.
        columns: names of the columns.
        rows: for each row a share, or None, for each column.
    """
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape_html(name)}</th>' for name in columns)
    lines = "".join(
        f'<tr><th scope="row">{escape_html(name)}</th>{"".join(map(_cell, shares))}</tr>'
        for name, shares in rows.items()
    )
    return (
        f'<figure class="fp-plot"><figcaption>{escape_html(title)}</figcaption>'
        f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{lines}</tbody></table></figure>"
    )


def _cell(share: Share | None) -> str:
    if share is None:
        return "<td>–</td>"
    beside = ", ".join(filter(None, (share.between, f"n={share.n}")))
    return f"<td>{bar_html(share)}<b>{share.told} %</b> <small>{beside}</small></td>"
