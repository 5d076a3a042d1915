"""Writes cases.jsonl, the planted set, from written.jsonl: what was written by hand and what is changed from it.

``written.jsonl`` holds quotes of the evidence of corpus/qa with paraphrases (in the quote's language), translations (in
the other) and invented sentences (topical, absent from the document), all written by hand. This script adds to each
paraphrase and translation its falsified forms. It imports nothing of the product. The split is by topic: the Japanese
and the English document of one topic are both in dev or both in test.

    python -m benchmarks.planted.make
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.planted.changes import CHANGES

HERE = Path(__file__).resolve().parent
WRITTEN, CASES = HERE / "written.jsonl", HERE / "cases.jsonl"
_KANA = re.compile("[ぁ-ん]")


def cases() -> list[dict[str, Any]]:
    """Return all cases in order."""
    rows = [json.loads(line) for line in WRITTEN.read_text(encoding="utf-8").splitlines()]
    return [case for row in rows for case in _cases_of(row)]


def _cases_of(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    number = 0
    for label, claims in (("faithful", [*row["paraphrases"], *row["translations"]]), ("invented", row["invented"])):
        for claim in claims:
            number += 1
            yield _case(row, f"{row['id']}-{number}", label, claim)
            if label == "faithful":
                for name, change in CHANGES.items():
                    changed = change(claim, row["quote"], random.Random(f"{row['id']}-{number}-{name}"))
                    if changed is not None:
                        yield _case(row, f"{row['id']}-{number}-{name}", name, changed)


def _case(row: dict[str, Any], key: str, label: str, claim: str) -> dict[str, Any]:
    language = "ja" if _KANA.search(claim) else "en"
    across = language != ("ja" if _KANA.search(row["quote"]) else "en")
    return {
        "id": key,
        "label": label,
        "claim": claim,
        "language": language,
        "across": across,
        "source": row["source"],
        "quote": row["quote"],
        "split": _split(row["source"]),
    }


def _split(source: str) -> str:
    """Return dev or test, by the name of the topic alone."""
    topic = Path(source).name.split(".")[0]
    return "dev" if hashlib.sha256(topic.encode()).digest()[0] % 2 else "test"


def main() -> None:
    made = cases()
    CASES.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in made), encoding="utf-8")
    counts = Counter((case["split"], case["label"], "across" if case["across"] else "same") for case in made)
    for key, count in sorted(counts.items()):
        print(*key, count)


if __name__ == "__main__":
    main()
