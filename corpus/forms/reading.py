"""Reads a source of `corpus/sources`: front matter and the small part of Markdown that these documents use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from genesis_rag.documents.front_matter import split_front_matter

_HEADING = re.compile(r"(#{1,6}) (.+)")
_ITEM = re.compile(r"(-|\d+\.) (.+)")
_RULE = re.compile(r"\|(?: *:?-+:? *\|)+")

Kind = Literal["heading", "prose", "bullets", "numbers", "table"]


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (with its level), a paragraph, a list or a table (``rows``; of a list one cell an item)."""

    kind: Kind
    rows: tuple[tuple[str, ...], ...]
    level: int = 0

    @property
    def text(self) -> str:
        """The words of a heading or a paragraph."""
        return self.rows[0][0]


@dataclass(frozen=True, slots=True)
class Source:
    """What one source holds, the list of its sources and its licence appended as blocks."""

    name: str
    form: str
    title: str
    language: str
    date: date
    topics: str
    licence: str
    blocks: tuple[Block, ...]


def read_source(path: Path) -> Source:
    """Read one file of `corpus/sources`."""
    front, body = split_front_matter(path.read_text(encoding="utf-8"))
    written = date.fromisoformat(front["date"])
    end = _end(front["language"], json.loads(front["sources"]), written, front["licence"])
    return Source(
        name=path.stem,
        form=front["form"],
        title=front["title"],
        language=front["language"],
        date=written,
        topics=front["topics"],
        licence=front["licence"],
        blocks=(*_blocks(body), *end),
    )


def _blocks(body: str) -> Iterator[Block]:
    for part in re.split(r"\n{2,}", body.strip()):
        lines = part.splitlines()
        if heading := _HEADING.fullmatch(lines[0]):
            assert len(lines) == 1, f"a heading stands alone: {part}"
            yield Block("heading", ((heading[2],),), len(heading[1]))
        elif lines[0].startswith("|"):
            rows = [line for line in lines if not _RULE.fullmatch(line)]
            yield Block("table", tuple(tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows))
        elif item := _ITEM.fullmatch(lines[0]):
            kind: Kind = "bullets" if item[1] == "-" else "numbers"
            yield Block(kind, tuple((_ITEM.sub(r"\2", line),) for line in lines))
        else:
            yield Block("prose", ((" ".join(lines),),))


def _end(language: str, sources: list[dict[str, str]], written: date, licence: str) -> Iterator[Block]:
    year, month, day = written.year, written.month, written.day
    heading = "出典" if language == "ja" else "Sources"
    last = f"Written {written:%B} {day}, {year}. Licence: {licence}"
    if language == "ja":
        last = f"作成日：{year}年{month}月{day}日　ライセンス：{licence}"
    yield Block("heading", ((heading,),), 2)
    yield Block("bullets", tuple((f"{source['title']}. {source['address']}",) for source in sources))
    yield Block("prose", ((last,),))
