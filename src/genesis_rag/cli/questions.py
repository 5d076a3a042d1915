"""Where questions come from: arguments, the environment, a pipe, or a file with one a line."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from genesis_rag.errors import UserError
from genesis_rag.values import dataclass

QUESTION_VARIABLE = "GENESIS_Q"
"""How `make ask Q="…"` hands over a question that holds any characters at all."""

_SURROGATES = re.compile("[\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class NumberedQuestion:
    """A question of a file with the ``id`` that its answer will carry (any JSON value)."""

    identifier: object
    question: str


def find_question(words: Sequence[str]) -> str:
    """Return the question: the arguments, else GENESIS_Q, else what is piped in.

    Raises:
        UserError: there is none.
    """
    if words:
        return clean(" ".join(words))
    if given := os.environ.get(QUESTION_VARIABLE):
        return clean(given)
    if sys.stdin is not None and not sys.stdin.isatty():
        piped = sys.stdin.buffer.read().decode("utf-8-sig", "replace").strip("\r\n")
        if piped:
            return clean(piped)
    raise UserError("There is no question.", 'Ask one: ask "…", or: make ask Q="…", or pipe it in.')


def clean(text: str) -> str:
    """Return ``text`` without what UTF-8 cannot hold (undecodable bytes of an argument, lone surrogates)."""
    readable = text.encode("utf-8", "surrogateescape") if _only_escaped(text) else None
    return readable.decode("utf-8", "replace") if readable is not None else _SURROGATES.sub("\ufffd", text)


def _only_escaped(text: str) -> bool:
    return all(not 0xD800 <= ord(character) <= 0xDFFF or 0xDC80 <= ord(character) <= 0xDCFF for character in text)


def read_questions(path: Path, keys: Sequence[str] = ("question",)) -> list[NumberedQuestion]:
    """Read a JSON Lines file of objects with ``id`` and one of ``keys``; other keys are ignored. ``-`` is stdin.

    Raises:
        UserError: the file cannot be read, or a line is not such an object; names the line.
    """
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}", "Give a JSON Lines file in UTF-8.") from error
    lines = ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
    found = [_parse(f"{path}:{number}", line, keys) for number, line in lines]
    if not found:
        raise UserError(f"{path} holds no questions.", _expected(keys))
    return found


def _parse(place: str, line: str, keys: Sequence[str]) -> NumberedQuestion:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"{place} is not JSON: {error}", _expected(keys)) from error
    question = next((row[key] for key in keys if isinstance(row, dict) and key in row), None)
    if not isinstance(question, str) or "id" not in row:
        raise UserError(f'{place} lacks "id" or "{keys[0]}".', _expected(keys))
    return NumberedQuestion(row["id"], clean(question))


def _expected(keys: Sequence[str]) -> str:
    return f'Each line is an object such as {{"id": "q1", "{keys[0]}": "…"}}.'
