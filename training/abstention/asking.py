"""Questions with the passages that the product's own retrieval finds for them, and where in these the answer stands.

Encyclopedia questions come in three settings: as found; with the right passage taken out ("hard": others of its title
stay); with every passage of its title taken out ("easy"). Questions over the built-in corpus come as found: some of
them have no answer, though much that is near it, and their evidence may be in either language.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from training.abstention.data import QA, Collection, title_key

from genesis_rag import load_settings, open_assistant, run_ingest
from genesis_rag.answering import ExtractiveAnswerer
from genesis_rag.retrieval import Retriever
from genesis_rag.types import Passage

SHOWN = 6
FETCHED = 24
Setting = Literal["found", "hard", "easy"]
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Asked:
    """A question with its passages; ``gold`` holds for each passage the spans of its text that answer."""

    question: str
    passages: tuple[Passage, ...]
    gold: tuple[Spans, ...]
    setting: Setting

    @property
    def answered(self) -> bool:
        """Whether any passage answers."""
        return any(self.gold)


class Product:
    """An index made by the product in ``home``, and its parts."""

    def __init__(self, home: Path, paths: Sequence[Path], profile: str) -> None:
        settings = load_settings(home=home, environ={}, profile=profile)
        run_ingest(settings, list(paths))
        self.assistant: Any = open_assistant(settings)
        self.retriever: Retriever = self.assistant._retriever
        self.answerer: ExtractiveAnswerer = self.assistant._answerer


def passages_file(home: Path, collection: Collection) -> Path:
    """Write a collection as a passages file and return its path."""
    rows = zip(collection.ids, collection.titles, collection.texts, strict=True)
    path = home / "passages.jsonl"
    lines = (json.dumps({"id": i, "title": title, "text": text}, ensure_ascii=False) + "\n" for i, title, text in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def encyclopedia(product: Product, collection: Collection, questions: Sequence[QA]) -> Iterator[Asked]:
    """Yield every question in the settings that its passages allow."""
    for qa in questions:
        found = product.retriever.passages(qa.question, FETCHED)
        title = title_key(collection.titles[collection.place[qa.passage_id]])
        gold = [_identity(passage) == qa.passage_id for passage in found]
        same = [title_key(collection.titles[collection.place[_identity(p)]]) == title for p in found]
        yield _asked(qa, found, "found")
        if any(gold):
            yield _asked(qa, [p for p, right in zip(found, gold, strict=True) if not right], "hard")
        if any(same):
            yield _asked(qa, [p for p, near in zip(found, same, strict=True) if not near], "easy")


def corpus(product: Product, file: Path, split: str) -> Iterator[Asked]:
    """Yield the questions of one split of the fixed QA set."""
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] != split:
            continue
        passages = tuple(product.retriever.passages(row["question"], SHOWN))
        evidence = row.get("evidence", []) if row["answerable"] else []
        gold = tuple(_quoted(passage, evidence) for passage in passages)
        yield Asked(row["question"], passages, gold, "found")


def _asked(qa: QA, passages: Sequence[Passage], setting: Setting) -> Asked:
    shown = tuple(replace(passage, marker=n) for n, passage in enumerate(passages[:SHOWN], start=1))
    return Asked(qa.question, shown, tuple(_answered(passage, qa) for passage in shown), setting)


def _answered(passage: Passage, qa: QA) -> Spans:
    if _identity(passage) != qa.passage_id:
        return ()
    inside = ((start - passage.start, end - passage.start) for start, end in qa.spans)
    return tuple((start, end) for start, end in inside if end > 0 and start < len(passage.text))


def _quoted(passage: Passage, evidence: Sequence[dict[str, str]]) -> Spans:
    places = []
    for piece in evidence:
        if piece["source"] == passage.source and (start := passage.text.find(piece["quote"])) >= 0:
            places.append((start, start + len(piece["quote"])))
    return tuple(places)


def _identity(passage: Passage) -> str:
    return passage.source.rpartition("#")[2]
