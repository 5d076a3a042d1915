"""Passages files: JSON Lines, each line a document {"id", "title", "text", optional "language", "url", "date", …}.

Lines are read one by one, so the size of the file does not matter. A bad line is left out and the others are still
read; when all are through, one error says which lines were left out and why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from genesis_rag.documents.assembly import Draft, Origin, assemble, plain_line
from genesis_rag.documents.base import DocumentLoader
from genesis_rag.documents.text import plain_body
from genesis_rag.errors import UnreadableDocumentError
from genesis_rag.types import Document

TOLD = 5
_OWN = ("id", "title", "text", "language")
_HINT = "Mend these lines and index the file again; all other lines were indexed."


class _BadLineError(Exception):
    """Why one line is no passage."""


@dataclass(slots=True)
class _Left:
    """Lines left out."""

    count: int = 0
    told: list[str] = field(default_factory=list)

    def add(self, number: int, reason: str) -> None:
        self.count += 1
        if len(self.told) < TOLD:
            self.told.append(f"line {number:,} {reason}")


class JsonlLoader(DocumentLoader):
    """Passages files, streamed."""

    name = "jsonl"
    version = "1"
    suffixes = (".jsonl", ".ndjson")
    label = "a passages file"
    streamed = True

    def load(self, path: Path, source: str) -> Iterator[Document]:
        """Yield a document a line, named ``source#id`` (``source#L12`` where line 12 has no id).

        Raises UnreadableDocumentError after the last good line when lines had to be left out.
        """
        left, good, seen = _Left(), 0, set[bytes]()
        modified = path.stat().st_mtime
        with path.open("rb") as stream:
            for number, line in self._lines(stream, left):
                try:
                    document = self._document(line, number, source, modified, seen)
                except (_BadLineError, UnreadableDocumentError) as error:
                    left.add(number, str(error).rstrip("."))
                    continue
                good += 1
                yield document
        if left.count:
            raise _report(left, good)
        if not good:
            raise UnreadableDocumentError("It holds no passage, only blank lines.", "Fill it or remove it.")

    def _lines(self, stream: IO[bytes], left: _Left) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that are not blank, numbered from 1, without their line ends."""
        most, number = self.limits.line_bytes, 0
        while line := stream.readline(most + 1):
            number += 1
            if len(line) > most:
                while line and not line.endswith(b"\n"):
                    line = stream.readline(most)
                left.add(number, f"is longer than {most // 2**20:,} MiB")
                continue
            line = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
            if line:
                yield number, line

    def _document(self, line: bytes, number: int, source: str, modified: float, seen: set[bytes]) -> Document:
        row = _row(line)
        identifier = _identifier(row, number)
        mark = hashlib.blake2b(identifier.encode("utf-8", "replace"), digest_size=8).digest()
        if mark in seen:
            raise _BadLineError(f'repeats the id "{identifier[:60]}" of a line above')
        seen.add(mark)
        body, title = plain_body(row["text"], self.limits)
        metadata = {key: plain_line(_scalar(value)) for key, value in row.items() if key not in _OWN}
        draft = Draft(body, _scalar(row.get("title")) or title, _scalar(row.get("language")), metadata)
        sha256 = hashlib.sha256(line).hexdigest()
        return assemble(draft, Origin(self.identity(), f"{source}#{identifier}", sha256, identifier, modified))


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except UnicodeDecodeError:
        raise _BadLineError("is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _BadLineError(f"is not JSON ({error.msg} at column {error.colno})") from None
    except (RecursionError, ValueError):
        raise _BadLineError("is not JSON that can be read (nested too deeply, or a number is too long)") from None
    if not isinstance(row, dict):
        raise _BadLineError("is not a JSON object")
    if "text" not in row:
        if "question" in row:
            raise _BadLineError('is a question, not a passage (it has "question" and no "text")')
        raise _BadLineError('has no "text"')
    if not isinstance(row["text"], str) or not row["text"].strip():
        raise _BadLineError('has an empty "text", or one that is not a string')
    return row


def _identifier(row: dict[str, Any], number: int) -> str:
    """Return the line's id; ids may be numbers."""
    return plain_line(_scalar(row.get("id"))) or f"L{number}"


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if value is None or isinstance(value, dict | list):
        return ""
    return json.dumps(value)


def _report(left: _Left, good: int) -> UnreadableDocumentError:
    more = f"; and {left.count - len(left.told):,} more" if left.count > len(left.told) else ""
    what = f"{left.count:,} of {left.count + good:,} lines were left out" if good else "No line is a passage"
    return UnreadableDocumentError(f"{what}: {'; '.join(left.told)}{more}.", _HINT)
