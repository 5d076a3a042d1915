"""Front matter of Markdown files: the small part of YAML that people write there, read tolerantly.

Understood: ``key: value``, quoted values, comments, lists (``- a`` and ``[a, b]``), nested mappings by indentation and
block texts (``|`` and ``>``). What is not understood is not front matter: the block then stays part of the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TypeAlias

Value: TypeAlias = "str | list[Value] | dict[str, Value]"

MAX_LINES = 500
MAX_DEPTH = 8

_FENCE = re.compile(r"---[ \t]*(?:\n|$)")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*$")
_KEY = re.compile(
    r"""(?P<key>"[^"]+"|'[^']+'|[^\s:#\-\[\]{}&*!|>%@`"'][^:#\[\]{}]{0,80}?|[A-Za-z_-][\w-]*)\s*:(?:\s+(?P<value>.*))?$"""
)
_BLOCK_TEXT = re.compile(r"([|>])[+-]?\d?\s*(?:#.*)?$")


class _NotFrontMatterError(Exception):
    """The block is something else."""


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Return the keys of the front matter as strings, and the text behind it.

    Lists of words become "a, b"; anything deeper becomes compact JSON. Keys are lower case.
    """
    text = text.removeprefix("\ufeff")
    if not _FENCE.match(text):
        return {}, text
    lines = text.split("\n", MAX_LINES + 1)
    end = next((at for at, line in enumerate(lines[1 : MAX_LINES + 1], 1) if _END.match(line)), None)
    if end is None:
        return {}, text
    try:
        block = _Lines(lines[1:end]).mapping(0, 0)
    except _NotFrontMatterError:
        return {}, text
    return {key.lower(): _plain(value) for key, value in block.items()}, "\n".join(lines[end + 1 :])


def _plain(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(str(item) for item in value)
    return json.dumps(value, ensure_ascii=False)


class _Lines:
    """The lines of a block, read from the top."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = [line.expandtabs(2).rstrip() for line in lines]
        self._at = 0

    def mapping(self, indent: int, depth: int) -> dict[str, Value]:
        """Read ``key: value`` lines of one indentation."""
        found: dict[str, Value] = {}
        while (line := self._peek()) is not None:
            if _indent(line) < indent or (depth and line.lstrip().startswith("- ") and _indent(line) <= indent):
                break
            match = _KEY.match(line.strip())
            if match is None or _indent(line) > indent or depth > MAX_DEPTH:
                raise _NotFrontMatterError
            self._at += 1
            found[_unquoted(match["key"]).strip()] = self._value(match["value"] or "", indent, depth)
        return found

    def _value(self, written: str, indent: int, depth: int) -> Value:
        if block := _BLOCK_TEXT.match(written):
            return self._block_text(indent, "\n" if block[1] == "|" else " ")
        if written and not written.startswith("#"):
            return self._continued(_scalar(written), written, indent)
        line = self._peek()
        if line is None:
            return ""
        if line.lstrip().startswith("- ") or line.strip() == "-":
            return self._sequence(_indent(line), depth + 1) if _indent(line) >= indent else ""
        return self.mapping(_indent(line), depth + 1) if _indent(line) > indent else ""

    def _sequence(self, indent: int, depth: int) -> Value:
        items: list[Value] = []
        while (line := self._peek()) is not None and _indent(line) == indent and line.lstrip().startswith("-"):
            if depth > MAX_DEPTH:
                raise _NotFrontMatterError
            rest = line.lstrip()[1:]
            inner = indent + 1 + len(rest) - len(rest.lstrip())
            if _KEY.match(rest.strip()):  # a mapping that begins behind its dash
                self._lines[self._at] = " " * inner + rest.strip()
                items.append(self.mapping(inner, depth + 1))
            else:
                self._at += 1
                items.append(self._continued(_scalar(rest.strip()), rest.strip(), indent))
        return items

    def _continued(self, value: Value, written: str, indent: int) -> Value:
        """Take in the following lines of a plain value that is folded over several, indented ones."""
        if not isinstance(value, str) or written[:1] in "\"'":
            return value
        while (line := self._peek()) is not None and _indent(line) > indent and not line.lstrip().startswith("- "):
            if _KEY.match(line.strip()):
                raise _NotFrontMatterError
            value = f"{value} {line.strip()}"
            self._at += 1
        return value

    def _block_text(self, indent: int, glue: str) -> str:
        taken = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and _indent(line) <= indent:
                break
            taken.append(line.strip())
            self._at += 1
        return glue.join(taken).strip()

    def _peek(self) -> str | None:
        """Return the next line that is neither blank nor a comment."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and not line.lstrip().startswith("#"):
                return line
            self._at += 1
        return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _scalar(written: str) -> Value:
    if written.startswith("[") and written.endswith("]"):
        return [_unquoted(item.strip()) for item in _split_flow(written[1:-1])]
    if written[:1] in ('"', "'"):
        return _unquoted(written)
    return re.split(r"\s+#", written, maxsplit=1)[0].strip()


def _split_flow(inner: str) -> list[str]:
    items = re.findall(r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^,"']|["'])+""", inner)
    return [item for item in items if item.strip()]


def _unquoted(written: str) -> str:
    match = re.match(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$', written)
    if match:
        try:
            return str(json.loads(f'"{match[1]}"'))
        except ValueError:
            return match[1]
    match = re.match(r"'((?:[^']|'')*)'\s*(?:#.*)?$", written)
    return match[1].replace("''", "'") if match else written


def text_metadata(front: Mapping[str, str]) -> dict[str, str]:
    """Return what of the front matter is metadata: all but title and language, which have fields of their own."""
    return {key: value for key, value in front.items() if key not in ("title", "language", "lang") and value}
