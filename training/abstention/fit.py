"""Fit the weights of the extractive answerer: which unit answers, and how likely the passages answer at all.

    python -m training.abstention.fit --shared FOLDER

Questions: half of the titles of the public development sets (the embedder was trained on the training questions, so on
those every cosine flatters), and the dev split of corpus/qa. The other half of the titles is reported. For chunks in
the other language there is the corpus, and encyclopedia questions whose words are hidden from the answerer but for
those that survive translation (digits, acronyms).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from training.abstention.asking import Asked, Product, corpus, encyclopedia, passages_file
from training.abstention.data import QA, Collection, load_collection, load_questions, read_lines, title_key
from training.abstention.models import (
    Chance,
    Choice,
    auroc,
    chances,
    first_right,
    fit_chance,
    fit_choice,
    weighted_quantile,
)

from genesis_rag.answering.abstention import answerable_features
from genesis_rag.answering.features import ANSWERABLE_FEATURES, FEATURES, Tools, UnitTable, build_table, read_question
from genesis_rag.answering.questions import analyse_question
from genesis_rag.answering.scoring import LinearModel, load_weights
from genesis_rag.answering.units import split_passages

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261124
WRONG_REFUSALS = {"ja": 0.12, "en": 0.12, "cross": 0.22}
"""Part of the questions that would be answered rightly and may be refused. Higher for the other language: it is
asked where the question's own language has no answer, so a wrong yes there spoils every right refusal."""
CORPUS_SHARE = 0.7
"""Part of the whole weight that the questions over the corpus have."""


class PortableTerms:
    """An analyser that only sees what survives translation: digits, and acronyms in the wording of the text."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.id = f"portable-{inner.id}"

    def query_terms(self, question: str) -> list[tuple[str, float]]:
        return list(self.inner.query_terms(question))

    def content_set(self, text: str) -> set[str]:
        capitals = {word.casefold() for word in re.findall(r"(?<![A-Za-z])[A-Z][A-Za-z]*[A-Z0-9]+[A-Za-z0-9]*", text)}
        return {
            term
            for term in self.inner.content_set(text)
            if term.isascii() and (any(c.isdigit() for c in term) or term in capitals)
        }


class Case:
    """One question over its passages: the features of all units, and which of them answer."""

    def __init__(self, asked: Asked, tools: Tools) -> None:
        self.asked = asked
        self.question = read_question(analyse_question(asked.question), tools)
        self.table: UnitTable = build_table(self.question, split_passages(asked.passages), asked.passages, tools)
        units = self.table.units
        self.language = self.question.profile.language
        self.answers = np.array([unit.kind != "heading" for unit in units], dtype=bool)
        self.own = np.array([unit.language == self.language for unit in units], dtype=bool)
        self.gold = np.array(
            [any(unit.start < end and start < unit.end for start, end in asked.gold[unit.passage]) for unit in units],
            dtype=bool,
        )

    def choice(self, mask: np.ndarray, weight: float) -> Choice | None:
        """Return the units of ``mask`` to choose among, if one of them answers."""
        rows = mask & self.answers
        if not (self.gold & rows).any():
            return None
        return Choice(self.table.values[rows], self.gold[rows], weight)

    def chance(self, mask: np.ndarray, model: LinearModel, weight: float) -> Chance | None:
        """Return the best unit of ``mask`` as an example of an answer that is there or not."""
        rows = np.flatnonzero(mask & self.answers)
        if not len(rows):
            return None
        scores = model(self.table.values)
        best = int(rows[int(np.argmax(scores[rows]))])
        values = answerable_features(self.question, self.table, scores, best, self.asked.passages)
        answered = bool((self.gold & mask).any())
        return Chance(values, answered, bool(self.gold[best]), weight, self.asked.setting)


def halves(collection: Collection, questions: Sequence[QA]) -> tuple[list[QA], list[QA]]:
    """Split by title: to fit on, and to report."""
    parts: tuple[list[QA], list[QA]] = ([], [])
    for qa in questions:
        title = title_key(collection.titles[collection.place[qa.passage_id]])
        parts[zlib.crc32(title.encode()) % 2].append(qa)
    return parts


def scaled(items: Iterable[Any], total: float) -> list[Any]:
    """Give all items together the weight ``total``."""
    kept = [item for item in items if item is not None]
    return [replace(item, weight=total / len(kept)) for item in kept]


def report(name: str, rows: Sequence[Chance], model: LinearModel, threshold: float) -> dict[str, float]:
    y = np.array([row.answered for row in rows])
    p = chances(rows, model)
    right = np.array([row.right for row in rows])
    found = {
        "auroc": auroc(p, y),
        "wrong_refusals": float((p[y] < threshold).mean()),
        "right_refusals": float((p[~y] < threshold).mean()),
        "right_of_answered": float(right[p >= threshold].mean()),
        "rows": float(len(rows)),
    }
    found = {key: round(value, 4) for key, value in found.items()}
    print(name, found, flush=True)
    return found


def fit_group(
    name: str, encyclopedic: Sequence[Case], corpus_cases: Sequence[Case], own: bool
) -> tuple[LinearModel, LinearModel, float]:
    """Fit both models and the threshold for one group ("ja", "en" or "cross")."""

    def masks(cases: Sequence[Case], mine: bool) -> Iterator[tuple[Case, np.ndarray]]:
        return ((case, case.own if mine else ~case.own) for case in cases)

    choices = scaled((case.choice(mask, 1.0) for case, mask in masks(encyclopedic, True)), 1 - CORPUS_SHARE)
    choices += scaled((case.choice(mask, 1.0) for case, mask in masks(corpus_cases, own)), CORPUS_SHARE)
    choose = fit_choice(choices)
    print(name, "choices", len(choices), "first right", round(first_right(choices, choose), 3))
    rows = scaled((case.chance(mask, choose, 1.0) for case, mask in masks(encyclopedic, True)), 1 - CORPUS_SHARE)
    rows += scaled((case.chance(mask, choose, 1.0) for case, mask in masks(corpus_cases, own)), CORPUS_SHARE)
    estimate = fit_chance(rows)
    p, right = chances(rows, estimate), np.array([row.right for row in rows])
    weights = np.array([row.weight for row in rows])
    threshold = weighted_quantile(p[right], weights[right], WRONG_REFUSALS[name])
    report(f"{name} fitted on", rows, estimate, threshold)
    report(f"{name} fitted on, corpus part", rows[-len(corpus_cases) :], estimate, threshold)
    return choose, estimate, threshold


def cross_scale(data: Path, embedder: Any, count: int = 4000) -> float:
    """Return the median cosine of translations (general sentences of medium length), as a share of 1."""
    pairs = []
    for row in read_lines(data / "parallel_ja_en.jsonl.gz"):
        if row["source"] in ("kyoto", "opentelemetry", "docker-docs", "rust-books") and len(row["ja"]) > 25:
            pairs.append(row)
        if len(pairs) == count:
            break
    japanese = embedder.embed_passages([row["ja"] for row in pairs])
    english = embedder.embed_passages([row["en"] for row in pairs])
    return float(np.median((japanese * english).sum(axis=1)))


def as_json(model: LinearModel) -> dict[str, Any]:
    weights = [round(float(weight), 4) for weight in model.weights]
    return {"features": list(model.names), "weights": weights, "bias": round(model.bias, 4)}


def blank_weights() -> dict[str, Any]:
    """Return weights of nothing for today's features: the product does not open with those of other features."""
    groups = ("ja", "en", "cross")

    def nothing(names: Sequence[str]) -> dict[str, Any]:
        return as_json(LinearModel(tuple(names), np.zeros(len(names), dtype=np.float32), 0.0))

    return {
        "select": {group: nothing(FEATURES) for group in groups},
        "answerable": {group: nothing(ANSWERABLE_FEATURES) for group in groups},
        "thresholds": dict.fromkeys(groups, 0.5),
        "cross_scale": 1.0,
        "word_cross_scale": 1.0,
    }


def fit_all(shared: Path, profile: str, most: int) -> dict[str, Any]:
    data, made = shared / "data", {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        built_in = Product(place / "corpus", [ROOT / "corpus" / "documents"], profile)
        embedder, analyser = built_in.answerer.tools.embedder, built_in.answerer.tools.analyser
        scale = round(cross_scale(data, embedder), 4)
        tools = replace(built_in.answerer.tools, cross_scale=scale)
        qa = list(corpus(built_in, ROOT / "corpus" / "qa" / "genesis_qa.jsonl", "dev"))
        corpus_cases = [Case(asked, tools) for asked in qa]
        hidden: list[Case] = []
        for language in ("ja", "en"):
            collection = load_collection(data, language)  # type: ignore[arg-type]
            (place / language).mkdir()
            product = Product(place / language, [passages_file(place / language, collection)], profile)
            own = replace(product.answerer.tools, cross_scale=scale)
            questions = load_questions(data, language, "dev", 10**6, SEED)  # type: ignore[arg-type]
            fit, test = (part[:most] for part in halves(collection, questions))
            asked = list(encyclopedia(product, collection, fit))
            group = [case for case in corpus_cases if case.language == language]
            made[language] = fit_group(language, [Case(one, own) for one in asked], group, own=True)
            rows = [Case(one, own) for one in encyclopedia(product, collection, test)]
            choose, estimate, threshold = made[language]
            told = [case.choice(case.own, 1.0) for case in rows if case.asked.setting == "found"]
            print(language, "reported: first right", round(first_right([c for c in told if c], choose), 3))
            found = [chance for case in rows if (chance := case.chance(case.own, choose, 1.0)) is not None]
            report(f"{language} reported", found, estimate, threshold)
            blind = replace(own, analyser=PortableTerms(analyser))  # type: ignore[arg-type]
            random.Random(SEED).shuffle(asked)
            hidden += [Case(one, blind) for one in asked[: len(asked) // 2]]
        made["cross"] = fit_group("cross", hidden, corpus_cases, own=False)
    return {
        "embedder": embedder.fingerprint,
        "analyser": analyser.id,
        "select": {group: as_json(parts[0]) for group, parts in made.items()},
        "answerable": {group: as_json(parts[1]) for group, parts in made.items()},
        "thresholds": {group: round(parts[2], 4) for group, parts in made.items()},
        "cross_scale": scale,
        "word_cross_scale": round(cross_scale(data, tools.word_embedder), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=os.environ.get("GENESIS_SHARED"))
    parser.add_argument("--profile", default="embedded-static")
    parser.add_argument("--most", type=int, default=1200, help="questions of a language to fit on, and to report")
    parser.add_argument("--out", type=Path, default=ROOT / "src/genesis_rag/answering/weights.json")
    options = parser.parse_args()
    if options.shared is None or not Path(options.shared).is_dir():
        parser.error("--shared must name the folder of shared data")
    shipped = ROOT / "src/genesis_rag/answering/weights.json"
    try:
        load_weights()
    except ValueError:
        shipped.write_text(json.dumps(blank_weights()), encoding="utf-8")
    result = fit_all(Path(options.shared), options.profile, options.most)
    for group, model in result["select"].items():
        print(group, dict(zip(FEATURES, model["weights"], strict=True)))
    options.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print("wrote", options.out)


if __name__ == "__main__":
    main()
