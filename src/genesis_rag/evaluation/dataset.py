"""Reads a set of questions: JSON Lines as docs/evaluation.md describes, or a folder in BEIR's layout."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genesis_rag.errors import UserError
from genesis_rag.evaluation.items import Evidence, Item, QuestionSet
from genesis_rag.text.language import detect_language

FORMS_SEPARATOR = " | "
TOLD = 5
HINT = (
    'Each line is an object such as {"id": "q1", "question": "…", "answers": ["…"], '
    '"evidence": [{"source": "…", "quote": "…"}]}.'
)
_SURROGATES = re.compile("[\ud800-\udfff]+")


class BadLineError(Exception):
    """What is wrong with one line."""


def read_questions(path: Path, split: str | None = None) -> QuestionSet:
    """Read the questions of ``path``; only those of ``split`` if it is given.

    Raises:
        UserError: the file cannot be read, lines are malformed (each is named as file:line), an id is there twice,
            or no question is left.
    """
    if path.is_dir():
        from genesis_rag.evaluation.beir import read_beir

        return read_beir(path, split)
    data = read_bytes(path)
    items: dict[str, Item] = {}
    for item in parse_lines(path, data, _item):
        items[item.id] = item
    if not items:
        raise UserError(f"{path} holds no questions.", HINT)
    chosen = tuple(item for item in items.values() if split is None or item.split == split)
    if not chosen:
        known = sorted({item.split for item in items.values() if item.split})
        raise UserError(f"{path} holds no questions of the split '{split}'.", f"It has: {', '.join(known) or 'none'}.")
    return QuestionSet(path.name, hashlib.sha256(data).hexdigest(), chosen)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of ``path``, or say why not."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.", "Name a file of questions.") from error


def parse_lines(path: Path, data: bytes, make: Callable[[Mapping[str, Any]], Any]) -> list[Any]:
    """Return ``make(row)`` of every line that is not blank; ids must be unique if what is made has an ``id``.

    Raises:
        UserError: names the first lines that are wrong, as file:line, and how many there are.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        raise UserError(f"{path}:{number} is not UTF-8.", "Save the file as UTF-8.") from error
    made: list[Any] = []
    wrong: list[str] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            one = make(_row(line))
            if (before := seen.setdefault(getattr(one, "id", str(number)), number)) != number:
                raise BadLineError(f'has the "id" of line {before}')
        except BadLineError as error:
            wrong.append(f"{path}:{number} {error}.")
            continue
        made.append(one)
    if wrong:
        more = f"\n… and {len(wrong) - TOLD:,} more lines" if len(wrong) > TOLD else ""
        raise UserError("\n".join(wrong[:TOLD]) + more, HINT)
    return made


def _row(line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadLineError(f"is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise BadLineError("is not a JSON object")
    return row


def text_of(row: Mapping[str, Any], key: str, *, needed: bool = False) -> str:
    """Return the text under ``key`` ("" if there is none), without lone surrogates; a number counts as its digits."""
    value = row.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise BadLineError(f'lacks "{key}"' if value is None else f'has a "{key}" that is not a text with words')
    return _SURROGATES.sub("\ufffd", value)


def _item(row: Mapping[str, Any]) -> Item:
    question = text_of(row, "question", needed=True)
    answerable = row.get("answerable", True)
    if not isinstance(answerable, bool):
        raise BadLineError('has an "answerable" that is neither true nor false')
    return Item(
        id=text_of(row, "id", needed=True),
        question=question,
        language=text_of(row, "language") or text_of(row, "lang") or detect_language(question),
        answers=tuple(_forms(answer) for answer in _list(row, "answers")),
        evidence=_evidence(row) if answerable else (),
        answerable=answerable,
        type=text_of(row, "type").lower(),
        direction=text_of(row, "direction"),
        split=text_of(row, "split"),
    )


def _list(row: Mapping[str, Any], key: str) -> list[Any]:
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadLineError(f'has "{key}" that is not a list')
    return value


def _forms(answer: Any) -> tuple[str, ...]:
    """Return the accepted forms of an entry: a text, or an object with "text" as extractive sets have it."""
    text = answer.get("text") if isinstance(answer, dict) else answer
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        raise BadLineError('has an entry of "answers" that is not a text')
    forms = tuple(form.strip() for form in _SURROGATES.sub("\ufffd", text).split(FORMS_SEPARATOR))
    if not all(forms):
        raise BadLineError('has an empty entry in "answers"')
    return forms


def _evidence(row: Mapping[str, Any]) -> tuple[Evidence, ...]:
    found: list[Evidence] = []
    for one in _list(row, "evidence"):
        if not isinstance(one, dict):
            raise BadLineError('has an entry of "evidence" that is not an object with "source" and "quote"')
        quote = text_of(one, "quote", needed=True)
        found.append(Evidence(text_of(one, "source", needed=True), quote, part=text_of(one, "part")))
    passages = row.get("passage_id")
    for passage in passages if isinstance(passages, list) else [] if passages is None else [passages]:
        found.append(Evidence(text_of({"passage_id": passage}, "passage_id", needed=True), passage=True))
    return tuple(dict.fromkeys(found))
