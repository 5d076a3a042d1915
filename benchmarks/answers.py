"""How good the answers of the default profile are: right, short, and withheld where the documents do not tell.

For each language the passages of the shared question sets are indexed twice through the product's own path: once with
the passages of the development questions, once without them. Asked over the first, a question has an answer; over the
second it has none, though much that is near it. English: wiki, qed and selqa questions only.

    python -m benchmarks.answers [--shared FOLDER] [--questions 400]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.abstention.data import holds_answer, read_lines, wanted

from benchmarks._machine import describe_machine, shared_folder, write_result
from genesis_rag import load_settings, open_assistant, run_ingest
from genesis_rag.types import Answer

SEED = 20261125


def ask_all(passages: Sequence[dict[str, Any]], questions: Sequence[dict[str, Any]], profile: str) -> list[Answer]:
    """Index the passages in a new home and answer the questions over them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        file = home / "passages.jsonl"
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in passages), encoding="utf-8")
        settings = load_settings(home=home, environ={}, profile=profile)
        run_ingest(settings, [file])
        with open_assistant(settings) as assistant:
            return [assistant.ask(row["question"]) for row in questions]


def measure(data: Path, language: str, count: int, profile: str) -> dict[str, object]:
    train = [r for r in read_lines(data / f"passages_{language}.jsonl.gz") if wanted(r["id"], language)]
    dev = [r for r in read_lines(data / f"passages_{language}_dev.jsonl.gz") if wanted(r["id"], language)]
    questions = [r for r in read_lines(data / f"qa_{language}_dev.jsonl.gz") if wanted(r["passage_id"], language)]
    random.Random(SEED).shuffle(questions)
    questions = questions[:count]
    told = ask_all([*train, *dev], questions, profile)
    untold = ask_all(train, questions, profile)
    given = [(answer, row) for answer, row in zip(told, questions, strict=True) if not answer.abstained]
    right = [
        (answer, row) for answer, row in given if holds_answer(answer.text, [found["text"] for found in row["answers"]])
    ]
    cited = [any(c.source.endswith(f"#{row['passage_id']}") for c in answer.citations) for answer, row in given]
    prose = [a for a, _ in given if "\n" not in a.text]
    return {
        "questions": len(questions),
        "passages": len(train) + len(dev),
        "answered": round(len(given) / len(told), 4),
        "wrongly_refused": round(1 - len(given) / len(told), 4),
        "contained_of_all": round(len(right) / len(told), 4),
        "contained_of_answered": round(len(right) / max(len(given), 1), 4),
        "cites_the_right_passage_of_answered": round(sum(cited) / max(len(cited), 1), 4),
        "refused_where_nothing_tells": round(sum(a.abstained for a in untold) / len(untold), 4),
        "median_characters": statistics.median(len(a.text) for a in prose) if prose else 0,
        "most_sentences": max((len(a.citations) for a in prose), default=0),
        "quotes_exact": all(c.verification.exact for a, _ in given for c in a.citations),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--profile", default="embedded")
    arguments = parser.parse_args()
    data = shared_folder(arguments.shared) / "data"
    languages = {name: measure(data, name, arguments.questions, arguments.profile) for name in ("ja", "en")}
    result = {
        "command": f"python -m benchmarks.answers --questions {arguments.questions} --profile {arguments.profile}",
        "machine": describe_machine(),
        "seed": SEED,
        "languages": languages,
    }
    write_result("answers", result)
    print(json.dumps(languages, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
