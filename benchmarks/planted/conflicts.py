"""How many pairs of passages that conflict are told, and how many that only look alike are told by mistake.

``conflicts_second.jsonl`` was written by hand, by an author who had not read the product: 30 pairs that give different
values for one thing in different words, and 30 that do not conflict (another year, organisation, part, plan or unit).

    python -m benchmarks.planted.conflicts
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from math import log
from pathlib import Path
from typing import Any

from benchmarks._machine import describe_machine, write_result
from genesis_rag import load_settings
from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.types import Passage
from genesis_rag.wiring import Parts, open_parts

PAIRS = Path(__file__).resolve().parent / "conflicts_second.jsonl"
DATES = ("2024-04-01", "2026-05-01")


def told(parts: Parts, pair: dict[str, Any]) -> bool:
    """Return whether the answer says that the two documents differ."""
    held = [parts.analyser.content_set(text) for text in pair["passages"]]

    def weights(terms: Collection[str]) -> list[float]:
        return [log(1.0 + 1000.0 / (0.5 + sum(term in text for text in held))) for term in terms]

    passages = [_passage(number, text, pair["language"]) for number, text in enumerate(pair["passages"], start=1)]
    answer = ExtractiveAnswerer(parts.embedder, parts.analyser, weights).compose(pair["question"], passages)
    return any("値が異なります" in note or "different values" in note for note in answer.notes)


def _passage(marker: int, text: str, language: str) -> Passage:
    return Passage(
        marker=marker,
        document_id=f"doc{marker}",
        source=f"doc{marker}.md",
        title="",
        heading_path=(),
        page=None,
        start=0,
        end=len(text),
        text=text,
        language=language,  # type: ignore[arg-type]
        content_sha256="0" * 64,
        chunk_ids=(),
        score=1.0 / marker,
        scores={"fused": 1.0 / marker, "dense": 0.5 / marker, "lexical": 5.0 / marker},
        date=DATES[marker - 1],
    )


def main() -> None:
    parts = open_parts(load_settings(environ={}))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    wrong = []
    for pair in map(json.loads, PAIRS.read_text(encoding="utf-8").splitlines()):
        said = told(parts, pair)
        one = counts[f"{'conflict' if pair['conflict'] else 'no conflict'}, {pair['language']}"]
        one[0] += 1
        one[1] += said
        if said != pair["conflict"]:
            wrong.append(pair["id"])
    result = {
        "what": "pairs of passages whose conflict the answer tells; of pairs without a conflict none should be told",
        "machine": describe_machine(),
        "pairs": {key: {"cases": cases, "told": said} for key, (cases, said) in sorted(counts.items())},
        "wrong": wrong,
    }
    write_result("conflicts-second", result)
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
