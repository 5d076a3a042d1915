"""Two ways to print the same lines: colours and wrapping on a terminal, plain text everywhere else.

A line is a sequence of segments, each a string or a (string, style) pair. Rich is only imported for a terminal.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Protocol, TextIO

from genesis_rag.values import dataclass

if TYPE_CHECKING:
    from rich.console import Console

Style = Literal["plain", "strong", "quiet", "marker", "quote", "warning"]
Segment = str | tuple[str, Style]

_STYLES: dict[Style, str] = {
    "plain": "",
    "strong": "bold",
    "quiet": "dim",
    "marker": "bold cyan",
    "quote": "color(16) on color(221)",
    "warning": "yellow",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph: its segments and how far it is indented (all its wrapped lines, on a terminal)."""

    segments: tuple[Segment, ...] = field(default=())
    indent: int = 0


class Output(Protocol):
    """Where human output goes."""

    decorated: bool

    def write(self, text: str) -> None:
        """Write a piece of running text as it comes, without a line break."""
        ...

    def lines(self, lines: Iterable[Line]) -> None:
        """Write whole lines."""
        ...


class PlainOutput:
    """Writes text as it is: nothing is wrapped, coloured or cut, so that it can be piped on."""

    decorated = False

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write and flush."""
        self._stream.write(text)
        self._stream.flush()

    def lines(self, lines: Iterable[Line]) -> None:
        """Write each line, its styles left out."""
        for line in lines:
            text = "".join(segment if isinstance(segment, str) else segment[0] for segment in line.segments)
            self._stream.write(f"{' ' * line.indent}{text}".rstrip(" ") + "\n")
        self._stream.flush()


class TerminalOutput:
    """Writes through rich: colours, and wrapping by the width of characters (a kanji takes two columns)."""

    decorated = True

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> None:
        """Write a piece; the terminal wraps it."""
        from rich.text import Text

        self._console.print(Text.assemble(*_styled(marker_segments(text))), end="", soft_wrap=True)

    def lines(self, lines: Iterable[Line]) -> None:
        """Write each line, wrapped to the width of the terminal."""
        from rich.padding import Padding
        from rich.text import Text

        for line in lines:
            text = Text.assemble(*_styled(line.segments))
            self._console.print(Padding(text, (0, 0, 0, line.indent), expand=False) if text else "")


def _styled(segments: Sequence[Segment]) -> list[tuple[str, str]]:
    pairs = [(segment, "plain") if isinstance(segment, str) else segment for segment in segments]
    return [(text, _STYLES[style]) for text, style in pairs]  # type: ignore[index]


def marker_segments(text: str) -> tuple[Segment, ...]:
    """Split running text so that its markers ``[1]`` stand out."""
    parts: list[Segment] = []
    rest = text
    while (begin := rest.find("[")) >= 0:
        end = rest.find("]", begin)
        if end > begin + 1 and rest[begin + 1 : end].isdecimal():
            parts += [rest[:begin], (rest[begin : end + 1], "marker")]
            rest = rest[end + 1 :]
        else:
            parts.append(rest[: begin + 1])
            rest = rest[begin + 1 :]
    return tuple(part for part in (*parts, rest) if part)


def wants_decoration(stream: TextIO) -> bool:
    """Return whether colours are welcome: a capable terminal, and NO_COLOR (no-color.org) is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def standard_output() -> Output:
    """Return the output for people on stdout. A character that the locale cannot show becomes ``?``, never an error."""
    _reconfigure(sys.stdout, errors="replace")
    if not wants_decoration(sys.stdout):
        return PlainOutput(sys.stdout)
    from rich.console import Console

    return TerminalOutput(Console(file=sys.stdout, highlight=False, markup=False, emoji=False))


def json_stream() -> TextIO:
    """Return stdout as UTF-8, whatever the locale: JSON has one encoding."""
    _reconfigure(sys.stdout, encoding="utf-8", errors="strict")
    return sys.stdout


def remark(text: str) -> None:
    """Say something about the run on stderr."""
    _reconfigure(sys.stderr, errors="replace")
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _reconfigure(stream: TextIO, **options: str) -> None:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(**options)  # type: ignore[arg-type]
