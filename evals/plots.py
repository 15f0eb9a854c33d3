"""Plots as inline SVG: bars with intervals, a calibration curve, a distribution.

Knows: geometry. Does not know: what is measured. Invariant: a plot needs no script, no font and no
network, can be read without colours, and says in words (``<title>``) what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from evals.estimates import Estimate, wilson
from evals.metrics import Bin

WIDTH = 720
_LEFT, _RIGHT, _ROW = 250, 90, 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar."""

    label: str
    estimate: Estimate
    """A value in [0, 1]."""


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Return horizontal bars from 0 to 100 %, each with its interval, value and n."""
    height = _ROW * len(rows) + 30
    span = WIDTH - _LEFT - _RIGHT
    parts = []
    for tick in range(0, 101, 25):
        x = _LEFT + span * tick / 100
        parts.append(f'<line class="grid" x1="{x:.0f}" y1="4" x2="{x:.0f}" y2="{height - 22}"/>')
        parts.append(_text(x, height - 8, f"{tick} %", "middle"))
    for at, row in enumerate(rows):
        value, low, high = row.estimate.value, row.estimate.low, row.estimate.high
        y = 6 + _ROW * at
        parts.append(_text(_LEFT - 8, y + 13, row.label, "end"))
        if value is None:
            continue
        parts.append(
            f'<rect class="bar" x="{_LEFT}" y="{y}" width="{span * value:.1f}" height="16"/>'
        )
        if low is not None and high is not None:
            left, right = _LEFT + span * low, _LEFT + span * high
            parts.append(
                f'<path class="interval" d="M{left:.1f} {y + 8}H{right:.1f}'
                f'M{left:.1f} {y + 4}v8M{right:.1f} {y + 4}v8"/>'
            )
        told = f"{100 * value:.1f} · n={row.estimate.n}"
        parts.append(_text(WIDTH - _RIGHT + 6, y + 13, told, "start"))
    return _svg(title, WIDTH, height, parts)


def calibration_curve(title: str, bins: Sequence[Bin]) -> str:
    """Return what came true over what was said, with Wilson intervals; the diagonal is perfect."""
    size, edge = 300, 40
    scale = size - 2 * edge

    def place(x: float, y: float) -> tuple[float, float]:
        return edge + scale * x, size - edge - scale * y

    parts = [_frame(size, edge), _line(place(0, 0), place(1, 1), "ideal")]
    for tick in (0, 0.5, 1):
        parts.append(_text(place(tick, 0)[0], size - edge + 16, f"{100 * tick:.0f} %", "middle"))
        parts.append(_text(edge - 5, place(0, tick)[1] + 4, f"{100 * tick:.0f} %", "end"))
    points = []
    for b in bins:
        estimate = wilson(b.hits, b.n)
        x, y = place(b.said, b.hits / b.n)
        points.append(f"{x:.1f},{y:.1f}")
        if estimate.low is not None and estimate.high is not None:
            ends = place(b.said, estimate.low), place(b.said, estimate.high)
            parts.append(_line(*ends, "interval"))
        told = f"said {100 * b.said:.0f} %, came true {b.hits} of {b.n}"
        parts.append(
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{told}</title></circle>'
        )
    parts.append(f'<polyline class="curve" points="{" ".join(points)}"/>')
    parts.append(_text(size / 2, size - 6, "said", "middle"))
    parts.append(_text(edge, 14, "came true", "start"))
    return _svg(title, size, size, parts)


def distribution(title: str, values: Sequence[float], unit: str, columns: int = 30) -> str:
    """Return a histogram up to the 99th percentile, with the median and the 95th marked."""
    ordered = sorted(values)
    top = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] or 1.0
    counts = [0] * columns
    for value in ordered:
        counts[min(int(value / top * columns), columns - 1)] += 1
    height, edge = 160, 26
    step, tallest = (WIDTH - 2 * edge) / columns, max(counts)
    parts = []
    for at, count in enumerate(counts):
        tall = (height - 2 * edge) * count / tallest
        parts.append(
            f'<rect class="bar" x="{edge + at * step + 1:.1f}" y="{height - edge - tall:.1f}" '
            f'width="{step - 2:.1f}" height="{tall:.1f}"/>'
        )
    for name, q in (("median", 0.5), ("95 %", 0.95)):
        value = ordered[min(int(q * len(ordered)), len(ordered) - 1)]
        x = edge + min(value / top, 1.0) * (WIDTH - 2 * edge)
        parts.append(_line((x, 18), (x, height - edge), "mark"))
        anchor = "end" if x > WIDTH - 150 else "start"
        parts.append(
            _text(x + (4 if anchor == "start" else -4), 16, f"{name} {value:.3g} {unit}", anchor)
        )
    parts.append(_text(edge, height - 8, f"0 {unit}", "start"))
    parts.append(_text(WIDTH - edge, height - 8, f"{top:.3g} {unit} and more", "end"))
    return _svg(title, WIDTH, height, parts)


def _svg(title: str, width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(start: tuple[float, float], end: tuple[float, float], kind: str) -> str:
    return (
        f'<line class="{kind}" x1="{start[0]:.1f}" y1="{start[1]:.1f}" '
        f'x2="{end[0]:.1f}" y2="{end[1]:.1f}"/>'
    )


def _frame(size: int, edge: int) -> str:
    inner = size - 2 * edge
    return f'<rect class="frame" x="{edge}" y="{edge}" width="{inner}" height="{inner}"/>'
