"""Small drawings in SVG without inline styles: colours come from classes, and dashes and markers say the same without colour."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from tools.results.numbers import quantile

DASHES = ("", "9 3", "2 3", "9 3 2 3", "14 4", "5 5", "9 3 2 3 2 3", "1 5", "16 3 4 3", "6 2", "3 6")
MINUS = "\N{MINUS SIGN}"
MARKERS = ("circle", "square", "diamond", "triangle", "cross", "plus", "inverse", "ring", "box", "star", "bar")

STAR = ((0, -1.5), (0.4, -0.4), (1.5, 0), (0.4, 0.4), (0, 1.5), (-0.4, 0.4), (-1.5, 0), (-0.4, -0.4))


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` drawn from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def number(value: float) -> str:
    """A coordinate with two decimals and no zeros that say nothing."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def shade(value: float, steps: Sequence[float], *, at: float = 0.0) -> str:
    """The class of a cell's colour: `pos` or `neg` and how many of the steps the distance to `at` reaches; nothing below the first."""
    reached = bisect_right(steps, abs(value - at))
    return f"{'pos' if value > at else 'neg'}{reached}" if reached else ""


def marker(kind: str, x: float, y: float, size: float = 4.5) -> str:
    """One marker around (x, y); each kind is told from the others without colour."""
    s = size
    shapes: dict[str, list[tuple[float, float]]] = {
        "square": [(-s, -s), (s, -s), (s, s), (-s, s)],
        "diamond": [(0, -1.3 * s), (1.3 * s, 0), (0, 1.3 * s), (-1.3 * s, 0)],
        "triangle": [(0, -1.2 * s), (1.15 * s, 0.9 * s), (-1.15 * s, 0.9 * s)],
        "inverse": [(0, 1.2 * s), (1.15 * s, -0.9 * s), (-1.15 * s, -0.9 * s)],
        "bar": [(-0.4 * s, -1.3 * s), (0.4 * s, -1.3 * s), (0.4 * s, 1.3 * s), (-0.4 * s, 1.3 * s)],
        "star": [(a * s, b * s) for a, b in STAR],
    }
    if kind in shapes:
        points = " ".join(f"{number(x + dx)},{number(y + dy)}" for dx, dy in shapes[kind])
        return f'<polygon class="mark" points="{points}"/>'
    if kind == "box":
        return f'<rect class="mark open" x="{number(x - s)}" y="{number(y - s)}" width="{number(2 * s)}" height="{number(2 * s)}"/>'
    if kind in ("cross", "plus"):
        a, b = (s, s) if kind == "cross" else (1.3 * s, 0)
        lines = ((-a, -b, a, b), (-b, a, b, -a))
        path = "".join(f"M{number(x + p)} {number(y + q)}L{number(x + r)} {number(y + t)}" for p, q, r, t in lines)
        return f'<path class="mark open" d="{path}"/>'
    return f'<circle class="mark{" open" if kind == "ring" else ""}" cx="{number(x)}" cy="{number(y)}" r="{number(s)}"/>'


def figure(ident: str, title: str, description: str, width: float, height: float, body: str, kind: str = "chart") -> Markup:
    """A drawing with its title and its description for those who do not see it."""
    return Markup(
        f'<svg class="{kind}" id="{ident}" role="img" viewBox="0 0 {number(width)} {number(height)}" '
        f'aria-labelledby="{ident}-title {ident}-text"><title id="{ident}-title">{escape(title)}</title>'
        f'<desc id="{ident}-text">{escape(description)}</desc>{body}</svg>'
    )


def key(index: int) -> Markup:
    """The sample of a line that stands beside its name."""
    return Markup(
        f'<svg class="sample series s{index % 8}" viewBox="0 0 44 14" aria-hidden="true">{_line("M2 7H42", index)}'
        f"{marker(MARKERS[index % len(MARKERS)], 22, 7, 4)}</svg>"
    )


def _line(path: str, index: int) -> str:
    dash = DASHES[index % len(DASHES)]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path class="line" d="{path}"{dashes}/>'


def steps_chart(
    ident: str, title: str, description: str, lines: Sequence[tuple[str, Sequence[tuple[float, float]], Sequence[tuple[float, float]]]]
) -> Markup:
    """Step functions from 1 to 4 times the fastest: (name, corners of the step, points that get a marker)."""
    width, height = 720.0, 380.0
    across, up = Scale(1, 4, 56, width - 14), Scale(0, 1, height - 46, 14)
    parts = [_grid(across, up, [1, 1.5, 2, 2.5, 3, 3.5, 4], [0, 0.25, 0.5, 0.75, 1], lambda v: f"{v:g}×", lambda v: f"{v:.0%}")]
    parts.append(_axis_titles(across, up, "time over the fastest time of the workload", "share of workloads"))
    for index, (name, corners, points) in enumerate(lines):
        path = f"M{number(across(corners[0][0]))} {number(up(corners[0][1]))}"
        path += "".join(f"H{number(across(x))}V{number(up(y))}" for x, y in corners[1:])
        marks = "".join(marker(MARKERS[index % len(MARKERS)], across(x), up(y)) for x, y in points)
        parts.append(f'<g class="series s{index % 8}"><title>{escape(name)}</title>{_line(path, index)}{marks}</g>')
    return figure(ident, title, description, width, height, "".join(parts))


def _grid(
    across: Scale,
    up: Scale,
    xs: Sequence[float],
    ys: Sequence[float],
    x_text: Callable[[float], str],
    y_text: Callable[[float], str],
) -> str:
    top, bottom, left, right = number(up.end), number(up.start), number(across.start), number(across.end)
    parts = []
    for x in xs:
        at = number(across(x))
        parts.append(f'<path class="tick" d="M{at} {top}V{bottom}"/>')
        parts.append(f'<text class="mid" x="{at}" y="{number(up.start + 17)}">{x_text(x)}</text>')
    for y in ys:
        level = up(y)
        parts.append(f'<path class="tick" d="M{left} {number(level)}H{right}"/>')
        parts.append(f'<text class="end" x="{number(across.start - 7)}" y="{number(level + 4)}">{y_text(y)}</text>')
    return "".join(parts)


def _axis_titles(across: Scale, up: Scale, x_title: str, y_title: str) -> str:
    middle = (up.start + up.end) / 2
    return (
        f'<text class="mid axis-title" x="{number((across.start + across.end) / 2)}" y="{number(up.start + 38)}">{escape(x_title)}</text>'
        f'<text class="mid axis-title" transform="translate(13 {number(middle)}) rotate(-90)">{escape(y_title)}</text>'
    )


def scatter(
    ident: str,
    title: str,
    description: str,
    points: Sequence[tuple[str, float, float]],
    titles: tuple[str, str],
    ticks: tuple[Sequence[float], Sequence[float]],
    series: int = 0,
) -> Markup:
    """Points (name, x, y); names stand beside their points where there is room, the first points first."""
    width, height = 560.0, 380.0
    across, up = Scale(ticks[0][0], ticks[0][-1], 56, width - 20), Scale(ticks[1][0], ticks[1][-1], height - 46, 14)
    parts = [_grid(across, up, *ticks, _tick, _tick), _axis_titles(across, up, *titles)]
    places = [(across(x), up(y)) for _, x, y in points]
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in places]
    for (name, _, _), (x, y) in zip(points, places, strict=True):
        wide, text = 7.4 * len(name), ""
        for anchor, at, box in (
            ("", (x + 8, y + 4), (x + 8, y - 6, x + 8 + wide, y + 6)),
            (" end", (x - 8, y + 4), (x - 8 - wide, y - 6, x - 8, y + 6)),
            (" mid", (x, y - 9), (x - wide / 2, y - 19, x + wide / 2, y - 7)),
            (" mid", (x, y + 18), (x - wide / 2, y + 8, x + wide / 2, y + 20)),
        ):
            inside = box[0] > across.start and box[2] < width and box[1] > 0 and box[3] < up.start
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                text = f'<text class="name{anchor}" x="{number(at[0])}" y="{number(at[1])}">{escape(name)}</text>'
                break
        parts.append(f'<g class="series s{series}"><title>{escape(name)}</title>{marker(MARKERS[series], x, y)}{text}</g>')
    return figure(ident, title, description, width, height, "".join(parts), "chart points")


def _tick(value: float) -> str:
    return f"{value:g}".replace("-", MINUS)


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def ticks(values: Sequence[float], step: float) -> list[float]:
    """Multiples of `step` from below the least value to above the greatest."""
    first, last = math.floor(min(values) / step), math.ceil(max(values) / step)
    return [step * i for i in range(first, last + 1)]


def box_row(values: Sequence[float], low: float, high: float, ticks: Sequence[float]) -> Markup:
    """A box plot one line high: the middle half, the median, whiskers to the last value within 1.5 times the box, dots beyond.

    What lies below `low` is drawn at the left edge: the box and whiskers end there, and an arrowhead stands for dots.
    """
    x = Scale(low, high, 8, 236)
    first, middle, third = (max(quantile(values, q), low) for q in (0.25, 0.5, 0.75))
    reach = 1.5 * (quantile(values, 0.75) - quantile(values, 0.25))
    inside = [v for v in values if quantile(values, 0.25) - reach <= v <= quantile(values, 0.75) + reach]
    outside = sorted(v for v in values if v not in inside)
    parts = [f'<path class="tick" d="{"".join(f"M{number(x(t))} 0V22" for t in ticks)}"/>']
    parts.append(f'<path class="whisker" d="M{number(x(max(min(inside), low)))} 11H{number(x(max(inside)))}"/>')
    parts.append(f'<rect class="box" x="{number(x(first))}" y="5" width="{number(max(x(third) - x(first), 0.5))}" height="12"/>')
    parts.append(f'<path class="middle" d="M{number(x(middle))} 3V19"/>')
    parts += [f'<circle class="outlier" cx="{number(x(v))}" cy="11" r="2.6"/>' for v in outside if v >= low]
    if min(values) < low:
        parts.append('<path class="beyond" d="M1 11l6 -5v10z"/>')
    return Markup(f'<svg class="row-chart" viewBox="0 0 240 22" aria-hidden="true">{"".join(parts)}</svg>')


def ruler(low: float, high: float, ticks: Sequence[float]) -> Markup:
    """The axis above a column of rows."""
    x = Scale(low, high, 8, 236)
    texts = []
    for t in ticks:
        anchor = "end" if x(t) > 215 else "start" if x(t) < 20 else "mid"
        texts.append(f'<text class="{anchor}" x="{number(x(t))}" y="12">{_tick(t)}</text>')
    return Markup(f'<svg class="row-chart" viewBox="0 0 240 16" aria-hidden="true">{"".join(texts)}</svg>')


def spark(values: Sequence[float | None], low: float, high: float) -> Markup:
    """A line through equally spaced values, broken where one is missing; dots on each value."""
    x, y = Scale(0, len(values) - 1, 5, 85), Scale(low, high, 21, 3)
    path, drawing = "", False
    for i, value in enumerate(values):
        if value is not None:
            path += f"{'L' if drawing else 'M'}{number(x(i))} {number(y(value))}"
        drawing = value is not None
    dots = "".join(f'<circle class="dot" cx="{number(x(i))}" cy="{number(y(v))}" r="2"/>' for i, v in enumerate(values) if v is not None)
    gaps = "".join(f'<path class="gap" d="M{number(x(i) - 2)} 19l4 4m0 -4l-4 4"/>' for i, v in enumerate(values) if v is None)
    return Markup(f'<svg class="spark" viewBox="0 0 90 24" aria-hidden="true"><path class="line" d="{path}"/>{dots}{gaps}</svg>')


def shares_bar(ident: str, title: str, parts: Sequence[tuple[str, float]]) -> Markup:
    """A bar cut into shares of a whole, each with its percentage inside."""
    width, at = 420.0, 0.0
    boxes, texts = "", ""
    for index, (_, share) in enumerate(parts):
        wide = share * width
        boxes += f'<rect class="share s{index}" x="{number(at)}" y="0" width="{number(wide)}" height="34"/>'
        texts += f'<text class="mid" x="{number(at + wide / 2)}" y="22">{share:.0%}</text>'
        at += wide
    description = "; ".join(f"{name} {share:.1%}" for name, share in parts)
    return figure(ident, title, description, width, 34, boxes + texts, "chart shares")


def swatch(index: int) -> Markup:
    """The sample of a share's colour that stands beside its name."""
    return Markup(
        f'<svg class="sample" viewBox="0 0 44 14" aria-hidden="true"><rect class="share s{index}" x="8" width="28" height="14"/></svg>'
    )


__all__ = [
    "MARKERS",
    "Scale",
    "box_row",
    "figure",
    "key",
    "marker",
    "ruler",
    "scatter",
    "shade",
    "shares_bar",
    "spark",
    "steps_chart",
    "swatch",
]
