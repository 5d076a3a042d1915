"""The shipped small models in one table: what finds the right passage, and how well the reader reads.

For each language all train and dev passages are indexed twice by the product, with the static table and with the small
embedder; a seeded sample of the dev questions (English: wiki, qed, selqa) is asked of BM25 (bm25s, its best variant),
of the keyword leg, of both dense legs, of both hybrids, and of both with the reader over their ten best. The reader is
also given the right passage alone (exact match and F1, of characters for Japanese), and the best six with and without
the right one (AUROC of its relevance).

    python -m benchmarks.small_models [--shared FOLDER] [--teacher MODEL_FOLDER] [--run RUN] [--questions 600] [--speed]

The corpus's questions (both splits, by direction) and held-back translations are in the same table; with ``--run``, so
is what int8 costs against the weights of the training run.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from training.abstention.data import QA, load_collection, load_questions
from training.abstention.models import auroc
from training.static.data import held_back, read_pairs

from benchmarks import _bm25s
from benchmarks._machine import ROOT, describe_machine, read_result, shared_folder, write_result
from benchmarks._retrieval_kit import MISSED, SEED, Collection, figures, interval, open_collection, rank_of
from benchmarks._small_checks import corpus_questions, quantisation, small_reader, translations
from benchmarks.translation_retrieval import small_embedder
from genesis_rag import load_settings
from genesis_rag.engines import model_embedder, model_reader, model_reranker
from genesis_rag.models import load_catalogue
from genesis_rag.protocols import Reader, Reading
from genesis_rag.retrieval import Retriever
from genesis_rag.retrieval.rerank import Reranking
from genesis_rag.text.normalize import fold
from genesis_rag.types import Language

NAME = "small_models"
DEPTH, READ, LONGEST_ANSWER = 40, 10, 30
EMBEDDERS = {"static": "embedded-static", "small": "embedded-small"}
READER = "genesis-reader"
SHIPPED = ROOT / "src" / "genesis_rag" / "embedded" / "small"


def ndcg(ranks: Sequence[int]) -> list[float]:
    """Return nDCG@10 with its interval; one passage is right, so that it is 1 / log2(1 + rank)."""
    row = np.array(ranks, dtype=float)
    return interval(np.where(row <= 10, 1.0 / np.log2(1.0 + row), 0.0))


def measure_language(
    folder: Path, data: Path, language: Language, reader: Reader, options: argparse.Namespace
) -> dict[str, object]:
    passages = load_collection(data, language)
    rows = list(zip(passages.ids, passages.titles, passages.texts, strict=True))
    asked = load_questions(data, language, "dev", options.questions, SEED)
    place = {identifier: number for number, identifier in enumerate(passages.ids)}
    ranks = {"bm25s": _bm25s_ranks(language, rows, asked, place)}
    seconds: dict[str, float] = {}
    reranker = _reranking(options)
    for name, profile in EMBEDDERS.items():
        start = time.perf_counter()
        collection = open_collection(folder / f"{language}-{name}", rows, profile=profile)
        seconds[name] = round(time.perf_counter() - start, 1)
        if name == "static":
            ranks["keyword"] = _ranks(asked, lambda q, c=collection: c.keyword(q, DEPTH))  # type: ignore[misc]
        ranks[f"dense {name}"] = _ranks(asked, lambda q, c=collection: c.dense(q, DEPTH))  # type: ignore[misc]
        for extra, reranking in (("", None), (" + reader", reranker)):
            retriever = collection.retriever(reranking=reranking)
            ranks[f"hybrid {name}{extra}"] = _ranks(asked, _search(retriever, collection, bool(extra)))
    found = {way: figures(row) | {"ndcg@10": ndcg(row)} for way, row in ranks.items()}
    texts = {identifier: (title, text) for identifier, title, text in rows}
    return {
        "passages": len(rows),
        "questions": len(asked),
        "indexing_s": seconds,
        "retrieval": found,
        "reading": reading(language, asked, texts, reader),
        "abstention": abstention(asked, texts, ranks_found(collection, asked), reader),
    }


def _reranking(options: argparse.Namespace) -> Reranking:
    settings = load_settings(home=options.home, environ={})
    model = load_catalogue(options.home).model(READER)
    return Reranking(model_reranker(model, settings), READ, model.languages, weight=model.score_weight)


def _search(retriever: Retriever, collection: Collection, rerank: bool) -> Callable[[str], list[frozenset[str]]]:
    def search(question: str) -> list[frozenset[str]]:
        return [collection.names[hit.chunk.document_id] for hit in retriever.search(question, DEPTH, rerank=rerank)]

    return search


def _ranks(asked: Sequence[QA], search: Callable[[str], list[frozenset[str]]]) -> list[int]:
    return [rank_of(qa.passage_id, search(qa.question)) for qa in asked]


def _bm25s_ranks(
    language: Language, rows: Sequence[tuple[str, str, str]], asked: Sequence[QA], place: dict[str, int]
) -> list[int]:
    texts, best = [f"{title}\n{text}" for _, title, text in rows], [MISSED] * len(asked)
    for cut in _bm25s.cutters(language).values():
        found, _ = _bm25s.search(cut(texts), cut([qa.question for qa in asked]), DEPTH)
        gold = [place[qa.passage_id] for qa in asked]
        ranks = [row.index(g) + 1 if g in row else MISSED for row, g in zip(found, gold, strict=True)]
        best = max(best, ranks, key=lambda row: float(np.mean(1.0 / np.array(row))))
    return best


def ranks_found(collection: Collection, asked: Sequence[QA]) -> list[list[str]]:
    """Return for each question the ids of the passages that hybrid search puts first."""
    retriever = collection.retriever()
    return [
        [next(iter(collection.names[hit.chunk.document_id])) for hit in retriever.search(qa.question, 12)]
        for qa in asked
    ]


def best_span(windows: Sequence[Reading]) -> tuple[int, int]:
    """Return the characters of the likeliest answer: relevance of the window and probabilities of both ends."""
    found = (0, 0, -np.inf)
    for window in windows:
        scores = np.log(window.first + 1e-9)[:, None] + np.log(window.last + 1e-9)[None, :] + window.relevance
        allowed = np.triu(np.tril(np.ones_like(scores), LONGEST_ANSWER - 1)) > 0
        scores = np.where(allowed, scores, -np.inf)
        if scores.size and scores.max() > found[2]:
            start, end = np.unravel_index(int(scores.argmax()), scores.shape)
            found = (int(window.begins[start]), int(window.ends[end]), float(scores.max()))
    return found[0], found[1]


def reading(
    language: Language, asked: Sequence[QA], texts: dict[str, tuple[str, str]], reader: Reader
) -> dict[str, list[float]]:
    """Return exact match and F1 of the reader on the right passages."""
    exact, f1 = [], []
    for qa in asked:
        title, text = texts[qa.passage_id]
        (windows,) = reader.read(qa.question, [(title, text)])
        start, end = best_span(windows)
        said = _units(language, text[start:end])
        right = [_units(language, answer) for answer in qa.answers]
        exact.append(float(said in right))
        f1.append(max(_f1(said, answer) for answer in right))
    return {"exact_match": interval(np.array(exact)), "f1": interval(np.array(f1))}


def abstention(
    asked: Sequence[QA], texts: dict[str, tuple[str, str]], found: Sequence[Sequence[str]], reader: Reader
) -> dict[str, float]:
    """Return the AUROC of the highest relevance: the right passage among six, or six others that were found."""
    scores, labels = [], []
    for qa, names in zip(asked[:300], found, strict=False):
        others = [name for name in dict.fromkeys(names) if name != qa.passage_id][:6]
        for held, label in (([qa.passage_id, *others[:5]], 1.0), (others, 0.0)):
            windows = reader.read(qa.question, [texts[name] for name in held])
            scores.append(max(window.relevance for one in windows for window in one))
            labels.append(label)
    return {"auroc": round(auroc(np.array(scores), np.array(labels)), 4)}


def _units(language: Language, text: str) -> list[str]:
    flat = re.sub(r"[\W_]+", " ", fold(text)).strip()
    return list(flat.replace(" ", "")) if language == "ja" else re.sub(r"\b(a|an|the)\b", " ", flat).split()


def _f1(said: list[str], right: list[str]) -> float:
    shared = sum((Counter(said) & Counter(right)).values())
    return 2 * shared / (len(said) + len(right)) if shared else 0.0


def further(folder: Path, data: Path, reader: Reader, options: argparse.Namespace) -> dict[str, object]:
    """Return the figures on the corpus and on translations, and with a run folder what int8 costs."""
    pairs = read_pairs(data.parent)
    chosen = [pairs[at] for at in held_back(pairs)]
    found: dict[str, object] = {
        "corpus": corpus_questions(folder, EMBEDDERS),
        "translation": translations(chosen, small_embedder(SHIPPED)),
    }
    if options.run is not None:
        texts = random.Random(SEED).sample([text for name in ("ja", "en") for text in _texts(data, name)], 300)
        found["quantisation"] = quantisation(options.run, folder / "float32", SHIPPED, texts, chosen) | {
            "reader": read_twice(data, {"float32": small_reader(folder / "float32"), "int8": reader})
        }
    return found


def read_twice(data: Path, readers: dict[str, Reader]) -> dict[str, dict[str, float]]:
    """Return exact match and F1 of readers on the same 200 questions of each language."""
    found: dict[str, dict[str, float]] = {}
    for language in ("ja", "en"):
        passages = load_collection(data, language)
        texts = {i: (title, text) for i, title, text in zip(passages.ids, passages.titles, passages.texts, strict=True)}
        asked = load_questions(data, language, "dev", 200, SEED)
        for name, reader in readers.items():
            measured = reading(language, asked, texts, reader)
            found.setdefault(name, {}).update({f"{language} {key}": value[0] for key, value in measured.items()})
    return found


def _texts(data: Path, language: Language) -> list[str]:
    return list(load_collection(data, language).texts)


def speed(data: Path, reader: Reader, options: argparse.Namespace) -> dict[str, float]:
    """Return passages a second of each embedder, as ratios to the teacher through sentence-transformers, and times."""
    catalogue, settings = load_catalogue(options.home), load_settings(home=options.home, environ={})
    ja, en = (load_collection(data, language).texts for language in ("ja", "en"))
    texts = random.Random(SEED).sample([*ja, *en], 400)
    rates = {}
    for name in ("genesis-embed-static", "genesis-embed-small"):
        rates[name] = _rate(model_embedder(catalogue.model(name), settings).embed_passages, texts)
    result = {f"{name} passages_per_s": round(rate, 1) for name, rate in rates.items()}
    if options.teacher is not None:
        from sentence_transformers import SentenceTransformer

        teacher = SentenceTransformer(str(options.teacher), device="cpu")
        own = _rate(lambda t: teacher.encode(t, show_progress_bar=False), texts)
        result |= {f"{name} to MiniLM": round(rate / own, 2) for name, rate in rates.items()}
    ten = [("", text[:240]) for text in texts[:10]]
    times = []
    for _ in range(20):
        start = time.perf_counter()
        windows = reader.read("この文章は何について書かれていますか?", ten)
        times.append((time.perf_counter() - start) / sum(map(len, windows)) * 10)
    return result | {"reading_ten_windows_ms": round(1000 * float(np.median(times)), 1)}


def _rate(embed: Callable[[list[str]], object], texts: list[str]) -> float:
    embed(texts[:20])
    start = time.perf_counter()
    embed(texts)
    return len(texts) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--teacher", type=Path, help="folder of all-MiniLM-L6-v2, for the comparison of speeds")
    parser.add_argument("--run", type=Path, help="run folder of the shipped models, for the cost of quantising")
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--speed", action="store_true", help="measure the speeds again; the rest of the result stays")
    options = parser.parse_args()
    data = shared_folder(options.shared) / "data"
    with tempfile.TemporaryDirectory() as folder:
        options.home = Path(folder) / "home"
        options.home.mkdir()
        settings = load_settings(home=options.home, environ={})
        reader = model_reader(load_catalogue(options.home).model(READER), settings)
        languages: tuple[Language, ...] = ("ja", "en")
        if options.speed:
            result = read_result(NAME)
        else:
            result = {
                "what": "the shipped small models on the public development questions",
                "languages": {name: measure_language(Path(folder), data, name, reader, options) for name in languages},
                **further(Path(folder), data, reader, options),
            }
        result |= {"speed": speed(data, reader, options), "machine": describe_machine()}
    print(write_result(NAME, result).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
