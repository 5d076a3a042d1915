"""Turns the data into token ids once: runs/NAME/tokens.npz, with hard negatives from a keyword index.

python -m training.static.prepare --shared FOLDER --out RUN_FOLDER [--size 34000]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from training.static.data import CONVERSATIONAL, EN_SOURCES, read_lines, read_pairs
from training.static.ragged import Ragged, tokenize
from training.static.teacher import kept_positions
from training.static.vocabulary import corpus, dictionary, save_tokenizer, train_tokenizer

NEGATIVES = 12
_BEFORE, _AFTER = 140, 260  # characters of a passage around the answer that make a window
_EN_SCALE = 2.2  # English needs about that many characters for the same


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions of one language: ``passage[i]`` holds the answer of question i, ``start[i]`` is where."""

    texts: list[str]
    passage: list[int]
    start: list[int]
    answers: list[list[str]]


def load_passages(data: Path, names: Sequence[str], sources: tuple[str, ...] = ("",)) -> list[dict[str, Any]]:
    return [row for name in names for row in read_lines(data / f"{name}.jsonl.gz") if row["id"].startswith(sources)]


def load_questions(data: Path, name: str, passages: Sequence[dict[str, Any]]) -> Questions:
    """Return the questions of a file whose passage is among ``passages``."""
    place = {row["id"]: at for at, row in enumerate(passages)}
    rows = [row for row in read_lines(data / f"{name}.jsonl.gz") if row["passage_id"] in place]
    return Questions(
        [row["question"] for row in rows],
        [place[row["passage_id"]] for row in rows],
        [row["answers"][0]["start"] for row in rows],
        [[answer["text"] for answer in row["answers"]] for row in rows],
    )


def hard_negatives(questions: Questions, passages: Sequence[dict[str, Any]]) -> np.ndarray:
    """Return int32[n, NEGATIVES]: the best passages by BM25 that do not hold the answer; -1 fills."""
    import bm25s

    from genesis_rag.text.terms import get_analyser

    analyser = get_analyser("bigram")
    index = bm25s.BM25()
    index.index([analyser.index_terms(f"{row['title']}\n{row['text']}") for row in passages], show_progress=False)
    queries = [analyser.index_terms(text) for text in questions.texts]
    found = np.full((len(queries), NEGATIVES), -1, np.int32)
    k = min(3 * NEGATIVES, len(passages))
    for start in range(0, len(queries), 2000):
        best, _ = index.retrieve(queries[start : start + 2000], k=k, show_progress=False)
        for at, row in enumerate(best, start):
            own, answers = questions.passage[at], questions.answers[at]
            good = [p for p in row if p != own and not any(a in passages[p]["text"] for a in answers)][:NEGATIVES]
            found[at, : len(good)] = good
    return found


def window(row: dict[str, Any], start: int, scale: float) -> str:
    """Return the part of a passage around an answer."""
    text: str = row["text"]
    return text[max(0, start - int(_BEFORE * scale)) : start + int(_AFTER * scale)]


def prepare(shared: Path, out: Path, size: int = 34_000, limit: int | None = None) -> None:
    """Write tokenizer.json and tokens.npz; ``limit`` keeps the first rows of every file (for tests)."""
    data, arrays = shared / "data", {}
    pairs = read_pairs(shared)
    kept = kept_positions(pairs, out)[:limit]
    place = out / "tokenizer.json"
    if not place.exists():
        texts = list(corpus(shared, [pairs[at].ja for at in kept], [pairs[at].en for at in kept]))
        save_tokenizer(train_tokenizer(texts, dictionary(shared), size), place)
    tokenizer = Tokenizer.from_file(str(place))
    store: dict[str, Ragged] = {
        "pairs_ja": tokenize(tokenizer, (pairs[at].ja for at in kept)),
        "pairs_en": tokenize(tokenizer, (pairs[at].en for at in kept)),
    }
    arrays["pairs_conversational"] = np.asarray([pairs[at].source in CONVERSATIONAL for at in kept])
    arrays["pairs_kyoto"] = np.asarray([pairs[at].source == "kyoto" for at in kept])
    glossary = list(read_lines(data / "glossary_ja_en.jsonl.gz"))[:limit]
    store["glossary_ja"] = tokenize(tokenizer, (row["ja"] for row in glossary))
    store["glosses"] = tokenize(tokenizer, (gloss for row in glossary for gloss in row["en"]))
    arrays["gloss_starts"] = np.cumsum([0, *(len(row["en"]) for row in glossary)])
    for language, sources, scale in (("ja", ("",), 1.0), ("en", EN_SOURCES, _EN_SCALE)):
        passages = load_passages(data, [f"passages_{language}"], sources)[:limit]
        questions = load_questions(data, f"qa_{language}_train", passages)
        windows = [window(passages[p], s, scale) for p, s in zip(questions.passage, questions.start, strict=True)]
        store[f"titles_{language}"] = tokenize(tokenizer, (row["title"] for row in passages))
        store[f"passages_{language}"] = tokenize(tokenizer, (row["text"] for row in passages))
        store[f"questions_{language}"] = tokenize(tokenizer, questions.texts)
        store[f"windows_{language}"] = tokenize(tokenizer, windows)
        arrays[f"owner_{language}"] = np.asarray(questions.passage, np.int64)
        cache = out / f"negatives_{language}.npy"
        if not cache.exists():
            np.save(cache, hard_negatives(questions, passages))
        arrays[f"negatives_{language}"] = np.load(cache)
    medical = list(read_lines(data / "qa_en_pairs.jsonl.gz"))[:limit]
    store["medical_questions"] = tokenize(tokenizer, (row["question"] for row in medical))
    store["medical_answers"] = tokenize(tokenizer, (row["answer"] for row in medical))
    store["mono_ja"] = tokenize(tokenizer, _mono(data, limit))
    for name, ragged in store.items():
        arrays[f"{name}.ids"], arrays[f"{name}.starts"] = ragged.ids, ragged.starts
    np.savez(out / "tokens.npz", **arrays)


def _mono(data: Path, limit: int | None) -> list[str]:
    import gzip

    with gzip.open(data / "mono_ja.txt.gz", "rt", encoding="utf-8") as lines:
        return [line.strip() for line in lines][:limit]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=34_000)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    prepare(args.shared, args.out, args.size)


if __name__ == "__main__":
    main()
