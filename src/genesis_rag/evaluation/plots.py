"""Plots as inline SVG: dots with their intervals, curves, bars. Colours and type come from the report's style sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genesis_rag.evaluation.markup import Markup, element, join
from genesis_rag.values import dataclass

WIDTH = 540
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 84, 12, 34
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_LEAST_GAP = 15
_BINS = 20
_MIDDLE, _HALF = 130, 104

Figure = Mapping[str, Any]
"""An estimate: value, low, high, n."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a plot of x and y from 0 to 1 is drawn."""

    width: float
    height: float
    left: float = _LEFT
    right: float = _RIGHT

    def x(self, share: float) -> float:
        """Return the place of ``share`` from the left."""
        return self.left + share * (self.width - self.left - self.right)

    def y(self, share: float) -> float:
        """Return the place of ``share`` from the top."""
        return _TOP + (1 - share) * (self.height - _TOP - _BOTTOM)


def curves(series: Sequence[tuple[str, str, Sequence[tuple[str, Figure]]]], title: str) -> Markup:
    """Return lines with intervals over named places on the x axis, such as recall over depth, named at their ends.

    Args:
        series: name, class and (place, estimate) from left to right; all have the same places.
        title: what the plot shows, for those who cannot see it.
    """
    frame = Frame(WIDTH, 320)
    places = [place for place, _ in series[0][2]]
    at = {place: frame.x(n / max(1, len(places) - 1)) for n, place in enumerate(places)}
    parts = [_grid(frame), *(_text(place, at[place], frame.height - 12, "tick", "middle") for place in places)]
    ends = _apart({name: frame.y(points[-1][1]["value"]) for name, _, points in series})
    for number, (name, key, points) in enumerate(series):
        shift = 5 * (number - (len(series) - 1) / 2)
        line = " ".join(f"{at[place] + shift:.1f},{frame.y(one['value']):.1f}" for place, one in points)
        drawn = [element("polyline", points=line, class_="curve")]
        for place, one in points:
            x = at[place] + shift
            drawn.append(_line(x, frame.y(one["low"]), x, frame.y(one["high"]), "whisker"))
            drawn.append(_dot(x, frame.y(one["value"]), number, _told(f"{name}, {place}", one)))
        drawn.append(_text(name, at[places[-1]] + 18, ends[name] + 4, "name", "start"))
        parts.append(element("g", *drawn, class_=f"series {key}"))
    return _svg(frame, title, parts)


def dots(rows: Sequence[tuple[str, str, Figure]], title: str, width: int = WIDTH) -> Markup:
    """Return one line for each (name, class, estimate): a dot with its interval from 0 to 1 and the value.

    Args:
        rows: from top to bottom.
        title: what the plot shows.
        width: of the drawing.
    """
    step, left = 30, 168 if width >= WIDTH else 118
    frame = Frame(width, _TOP + step * len(rows) + 30, left, 66)
    bottom = frame.height - 26
    parts = []
    for tick in _TICKS:
        parts += [_line(frame.x(tick), _TOP, frame.x(tick), bottom, "grid"), _tick(tick, frame.x(tick), bottom + 16)]
    for number, (name, key, one) in enumerate(rows):
        y = _TOP + step * (number + 0.5)
        parts.append(_text(name, left - 12, y + 4, "name", "end"))
        whisker = _line(frame.x(one["low"]), y, frame.x(one["high"]), y, "whisker")
        parts.append(element("g", whisker, _dot(frame.x(one["value"]), y, 0, _told(name, one)), class_=f"series {key}"))
        parts.append(_text(f"{one['value']:.3f}", frame.width - 8, y + 4, "figure", "end"))
    return _svg(frame, title, parts)


def risk_coverage(points: Sequence[Mapping[str, Any]], answered: float, title: str) -> Markup:
    """Return the risk over the coverage; dashed where refused questions would have to be answered.

    Args:
        points: of the curve, by rising coverage.
        answered: coverage of the run itself.
        title: what the plot shows.
    """
    frame = Frame(WIDTH, 300, right=28)
    seen = [point for point in points if point["observed"]]
    beyond = [*seen[-1:], *(point for point in points if not point["observed"])]
    parts = [_grid(frame), *(_tick(tick, frame.x(tick), frame.height - 16) for tick in _TICKS)]
    for part, style in ((beyond, "curve beyond"), (seen, "curve")):
        line = " ".join(f"{frame.x(p['coverage']):.1f},{frame.y(p['risk']):.1f}" for p in part)
        parts.append(element("g", element("polyline", points=line, class_=style), class_="series accent"))
    if here := [point for point in points if point["coverage"] <= answered + 1e-9]:
        x, y, end = frame.x(here[-1]["coverage"]), frame.y(here[-1]["risk"]), here[-1]["coverage"] > 0.7
        told = f"this run answers {here[-1]['coverage']:.0%}, of which {here[-1]['risk']:.0%} wrong"
        parts.append(element("g", _dot(x, y, 0, told), class_="series accent"))
        parts.append(_text(told, x + (-10 if end else 10), y - 12, "name", "end" if end else "start"))
    return _svg(frame, title, parts)


def two_histograms(
    above: Sequence[float], below: Sequence[float], names: tuple[str, str], mark: float | None, title: str
) -> Markup:
    """Return two distributions over 0 to 1, one upwards and one downwards, each as shares of its own number.

    Args:
        above: values drawn upwards.
        below: values drawn downwards.
        names: of both.
        mark: a value to draw a line at.
        title: what the plot shows.
    """
    frame = Frame(WIDTH, 280, right=28)
    first, second = _histogram(above), _histogram(below)
    scale = _HALF / max(*first, *second, 1e-9)
    parts = [*_bars(frame, first, -scale, "yes"), *_bars(frame, second, scale, "no")]
    parts.append(_line(frame.x(0), _MIDDLE, frame.x(1), _MIDDLE, "axis"))
    if mark is not None and 0 <= mark <= 1:
        parts.append(_line(frame.x(mark), 14, frame.x(mark), 246, "mark"))
        shift, anchor = (6, "start") if mark < 0.7 else (-6, "end")
        parts.append(_text(f"threshold {mark:.2f}", frame.x(mark) + shift, 22, "name", anchor))
    parts.append(_text(names[0], frame.x(0) + 4, 22, "name yes", "start"))
    parts.append(_text(names[1], frame.x(0) + 4, 244, "name no", "start"))
    parts += [_tick(tick, frame.x(tick), frame.height - 10) for tick in _TICKS]
    return _svg(frame, title, parts)


def _bars(frame: Frame, shares: Sequence[float], scale: float, key: str) -> list[Markup]:
    """Return the bars of one distribution from the middle on, upwards for a negative scale."""
    width = (frame.x(1) - frame.x(0)) / _BINS
    bars = []
    for number, share in enumerate(shares):
        told = f"{number / _BINS:.2f} to {(number + 1) / _BINS:.2f}: {share:.1%}"
        size = {"width": width - 2, "height": abs(scale) * share, "rx": 1.5}
        y = _MIDDLE + min(scale * share, 0)
        bars.append(
            element("rect", element("title", told), x=frame.x(number / _BINS) + 1, y=y, **size, class_=f"bar {key}")
        )
    return bars


def stacked(rows: Sequence[tuple[str, Sequence[tuple[str, str, int]]]], title: str) -> Markup:
    """Return one bar for each (name, parts), cut into parts (name, class, count) that fill it, named below it."""
    step, left = 96, 8
    frame = Frame(WIDTH, step * len(rows), left, 8)
    drawn = []
    for number, (name, parts) in enumerate(rows):
        total, done, y = sum(count for _, _, count in parts), 0, step * number + 22
        drawn.append(_text(f"{name} · {total:,}", left, y - 7, "name", "start"))
        below = left + 2.0
        for label, key, count in parts:
            told = f"{label} {count:,} ({count / total:.0%})"
            drawn.append(element("circle", cx=below + 4, cy=y + 41, r=4, class_=f"bar {key}"))
            drawn.append(_text(told, below + 13, y + 45, "tick", "start"))
            below += 30 + 6.2 * len(told)
            if count:
                x, end = frame.x(done / total), frame.x((done + count) / total)
                size = {"width": max(end - x - 2, 1), "height": 24, "rx": 3}
                drawn.append(element("rect", element("title", told), x=x, y=y, **size, class_=f"bar {key}"))
            done += count
    return _svg(frame, title, drawn)


def spans(rows: Sequence[tuple[str, float, float, float]], unit: str, title: str) -> Markup:
    """Return one bar for each (name, median, p95, longest): solid to the median, pale to p95; values beside it."""
    step, left = 34, 124
    frame = Frame(WIDTH, step * len(rows) + 8, left, 150)
    most = max([p95 for _, _, p95, _ in rows], default=1.0) or 1.0
    parts = []
    for number, (name, median, p95, longest) in enumerate(rows):
        y = step * number + 8
        parts.append(_text(name, left - 12, y + 15, "name", "end"))
        parts.append(
            element("rect", x=left, y=y, width=max(frame.x(p95 / most) - left, 1), height=20, rx=3, class_="bar pale")
        )
        parts.append(
            element(
                "rect", x=left, y=y, width=max(frame.x(median / most) - left, 1), height=20, rx=3, class_="bar accent"
            )
        )
        told = f"{median:.1f} · {p95:.1f} · {longest:.1f} {unit}"
        parts.append(_text(told, frame.width - 6, y + 15, "figure", "end"))
    return _svg(frame, title, parts)


def interval(one: Figure) -> Markup:
    """Return a small bar of the interval of one estimate between 0 and 1."""
    track = element("rect", x=0, y=4, width=100, height=2, rx=1, class_="track")
    low, high = 100 * one["low"], 100 * one["high"]
    span = element("rect", x=low, y=3, width=max(high - low, 1), height=4, rx=2, class_="span")
    dot = element("circle", cx=100 * one["value"], cy=5, r=4, class_="dot")
    return element("svg", track, span, dot, viewBox="-4 0 108 10", class_="interval", aria_hidden="true")


def _svg(frame: Frame, title: str, parts: Sequence[str]) -> Markup:
    size = f"0 0 {frame.width:g} {frame.height:g}"
    return element("svg", element("title", title), *parts, viewBox=size, role="img", class_="plot")


def _grid(frame: Frame) -> Markup:
    lines = []
    for tick in _TICKS:
        lines.append(_line(frame.x(0) - 10, frame.y(tick), frame.x(1) + 10, frame.y(tick), "grid"))
        lines.append(_text(f"{tick:g}", frame.x(0) - 16, frame.y(tick) + 4, "tick", "end"))
    return join(lines)


def _tick(value: float, x: float, y: float) -> Markup:
    return _text(f"{value:g}", x, y, "tick", "middle")


def _text(text: str, x: float, y: float, style: str, anchor: str) -> Markup:
    return element("text", text, x=x, y=y, class_=style, text_anchor=anchor)


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=style)


def _dot(x: float, y: float, shape: int, told: str) -> Markup:
    """Return a mark whose shape tells series apart without colour: circle, square, diamond, triangle."""
    title = element("title", told)
    if shape % 4 == 0:
        return element("circle", title, cx=x, cy=y, r=4.5, class_="dot")
    if shape % 4 == 1:
        return element("rect", title, x=x - 4, y=y - 4, width=8, height=8, class_="dot")
    corners = [(0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)] if shape % 4 == 2 else [(0, -5.5), (5, 4), (-5, 4)]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return element("polygon", title, points=points, class_="dot")


def _told(name: str, one: Figure) -> str:
    return f"{name}: {one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f}, {one['n']:,} questions)"


def _apart(places: Mapping[str, float]) -> dict[str, float]:
    """Move labels apart so that none covers another, in their order from the top."""
    moved: dict[str, float] = {}
    last = float("-inf")
    for key, place in sorted(places.items(), key=lambda pair: pair[1]):
        last = max(place, last + _LEAST_GAP)
        moved[key] = last
    return moved


def _histogram(values: Sequence[float]) -> list[float]:
    counts = [0] * _BINS
    for value in values:
        counts[min(_BINS - 1, max(0, int(value * _BINS)))] += 1
    return [count / len(values) for count in counts] if values else [0.0] * _BINS
