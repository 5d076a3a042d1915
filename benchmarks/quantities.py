"""How often the quantities of a text are held by its translation, and by a text that is none.

The first share should be high: what is missing was read wrongly, translated freely or said in one language alone (the
parallel sentences are mostly about old Japan, where the English gives dates of another calendar). The second should be
low: a check that any text passes is worth nothing. Speed is given as a ratio to finding the digits of the same text.

    python -m benchmarks.quantities [--pairs 30000] [--shared FOLDER]
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from benchmarks._machine import describe_machine, shared_folder, write_result
from genesis_rag.text.numbers import quantities, unsupported_quantities

Pairs = list[tuple[str, str]]
EXACT = ("money", "percent", "date", "measure", "fiscal_year")


def facts(shared: Path) -> Pairs:
    """Return the facts as (Japanese, English)."""
    lines = (shared / "facts" / "facts.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["fact_ja"], row["fact_en"]) for row in map(json.loads, lines)]


def parallel(shared: Path, count: int) -> Pairs:
    """Return the first ``count`` parallel sentences as (Japanese, English)."""
    with gzip.open(shared / "data" / "parallel_ja_en.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [(row["ja"], row["en"]) for row in map(json.loads, islice(lines, count))]


def held(pairs: Pairs) -> dict[str, dict[str, float]]:
    """Return by language of the claim and kind how many quantities there are and which share the other side holds."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for japanese, english in pairs:
        for name, claim, evidence in (("ja", japanese, english), ("en", english, japanese)):
            for quantity in quantities(claim):
                counts[f"{name} {quantity.kind}"][0] += 1
                counts["all"][0] += 1
            for quantity in unsupported_quantities(claim, evidence):
                counts[f"{name} {quantity.kind}"][1] += 1
                counts["all"][1] += 1
    return {
        name: {"quantities": total, "held": round(1 - lost / total, 4)}
        for name, (total, lost) in sorted(counts.items())
    }


def held_by_others(pairs: Pairs) -> dict[str, float]:
    """Return the share of Japanese quantities of exact kinds that the English of another pair holds."""
    total = lost = 0
    for (japanese, _), (_, english) in zip(pairs, pairs[7:], strict=False):
        total += sum(quantity.kind in EXACT for quantity in quantities(japanese))
        lost += sum(quantity.kind in EXACT for quantity in unsupported_quantities(japanese, english))
    return {"quantities": total, "held": round(1 - lost / total, 4)}


def speed(pairs: Pairs) -> dict[str, float]:
    """Return the time of reading 100,000 characters of each language, absolute and as a ratio to finding digits."""
    result = {}
    for side, name in enumerate(("ja", "en")):
        text = "\n".join(pair[side] for pair in pairs)
        text = (text * (100_000 // len(text) + 1))[:100_000]
        digits = re.compile(r"[0-9０-９]+(?:[.,][0-9]+)*")
        ours = min(_seconds(lambda text=text: quantities(text)) for _ in range(5))
        theirs = min(_seconds(lambda text=text, digits=digits: digits.findall(text)) for _ in range(5))
        result[name] = {"seconds_per_100k_characters": round(ours, 4), "ratio_to_digits": round(ours / theirs, 1)}
    return result


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=30_000)
    parser.add_argument("--shared", type=Path)
    arguments = parser.parse_args()
    shared = shared_folder(arguments.shared)
    known, sentences = facts(shared), parallel(shared, arguments.pairs)
    clean = sum(not unsupported_quantities(ja, en) and not unsupported_quantities(en, ja) for ja, en in known)
    result = {
        "facts": held(known),
        "facts_pairs_without_a_difference": round(clean / len(known), 4),
        "facts_held_by_another_fact": held_by_others(known),
        "parallel_pairs": len(sentences),
        "parallel": held(sentences),
        "parallel_held_by_another_pair": held_by_others(sentences),
        "speed": speed(known),
        "machine": describe_machine(),
    }
    print(write_result("quantities", result))
    print(json.dumps({name: result[name] for name in result if name != "machine"}, indent=1))


if __name__ == "__main__":
    main()
