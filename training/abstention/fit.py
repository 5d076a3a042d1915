"""Fits the weights of the extractive answerer and its calibrated abstention: writes answering/weights.json.

    python training/abstention/fit.py --shared FOLDER [--questions 4000] [--out FILE]

Two models a language, both linear over named features (numpy only, seeded):
  select      conditional logit over the units of the retrieved passages: which unit holds the answer;
  answerable  logistic over features of the best unit: do the passages answer the question at all. Negatives are the
              same questions with the right passage, or every passage of its title, taken out of the index.
A third pair, "cross", is for units in another language than the question. There is no such training data, so it is
fitted on both languages with every term hidden that would not survive translation (all but digits and acronyms); at
run time cosines are divided by `cross_scale`, measured on translation pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from training.abstention.data import (  # noqa: E402
    QA,
    HybridSearch,
    holds_answer,
    load_collection,
    load_questions,
    read_lines,
    with_gold,
)

from genesis_rag.answering.abstention import answerable_features  # noqa: E402
from genesis_rag.answering.features import ANSWERABLE_FEATURES, FEATURES, Tools, UnitTable, build_table, read_question  # noqa: E402
from genesis_rag.answering.questions import analyse_question  # noqa: E402
from genesis_rag.answering.scoring import LinearModel  # noqa: E402
from genesis_rag.answering.units import split_passages  # noqa: E402
from genesis_rag.text.terms import get_analyser  # noqa: E402

SEED = 20261124
WRONG_REFUSALS = 0.08
UNLEARNABLE = ("lead", "heading", "item")
"""Passages of an encyclopedia hardly have lists: what they teach of items is chance. The line that leads in to a list
counts as much as a sentence before the unit."""


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


@dataclass
class Case:
    """One question over one set of passages: the features of its units and which of them answer."""

    table: UnitTable
    gold: np.ndarray
    make: Callable[[np.ndarray, int], np.ndarray]
    holds: np.ndarray


def sized(tools: Tools, search: HybridSearch, number: int) -> Tools:
    """Return the tools with the term weights of a small index for every other question: most users' index is small."""
    return replace(tools, term_weight=search.small_term_weight) if number % 2 else tools


def make_case(qa: QA, passages: tuple[Any, ...], tools: Tools) -> Case:
    question = read_question(analyse_question(qa.question), tools)
    table = build_table(question, split_passages(passages), passages, tools)
    gold = np.array(
        [
            passages[unit.passage].document_id == qa.passage_id
            and any(unit.start < end and start < unit.end for start, end in qa.spans)
            and unit.kind != "heading"
            for unit in table.units
        ],
        dtype=bool,
    )
    holds = np.array([holds_answer(unit.text, qa.answers) for unit in table.units], dtype=bool)

    def make(scores: np.ndarray, best: int) -> np.ndarray:
        return answerable_features(question, table, scores, best, passages)

    return Case(table, gold, make, holds)


def fit_select(cases: list[tuple[np.ndarray, np.ndarray]], epochs: int = 40) -> LinearModel:
    """Conditional logit: minimise -log of the probability that the softmax gives to the answering units (Adam)."""
    stacked = np.concatenate([values for values, _ in cases])
    stacked[:, [FEATURES.index(name) for name in UNLEARNABLE]] = 0.0
    mean, scale = stacked.mean(axis=0), stacked.std(axis=0) + 1e-6
    owner = np.repeat(np.arange(len(cases)), [len(gold) for _, gold in cases])
    x = (stacked - mean) / scale
    gold = np.concatenate([gold for _, gold in cases])
    weights, first, second = (np.zeros(x.shape[1]) for _ in range(3))
    for step in range(1, epochs * 10 + 1):
        scores = x @ weights
        top = np.full(len(cases), -np.inf)
        np.maximum.at(top, owner, scores)
        powers = np.exp(scores - top[owner])
        share = powers / np.bincount(owner, powers)[owner]
        right = np.where(gold, powers, 0.0)
        target = right / np.maximum(np.bincount(owner, right), 1e-12)[owner]
        gradient = x.T @ (share - target) / len(cases) + 1e-4 * weights
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        weights -= 0.05 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    raw = weights / scale
    raw[FEATURES.index("lead")] = raw[FEATURES.index("previous")]
    return LinearModel(FEATURES, raw.astype(np.float32), float(-(mean / scale) @ weights))


def fit_logistic(x: np.ndarray, y: np.ndarray, weight: np.ndarray, penalty: float = 1.0) -> LinearModel:
    """Logistic regression by Newton's method with a small ridge, on standardised features."""
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = np.column_stack([(x - mean) / scale, np.ones(len(x))])
    ridge = penalty * np.eye(z.shape[1])
    ridge[-1, -1] = 0.0
    beta = np.zeros(z.shape[1])
    for _ in range(30):
        p = 0.5 * (1 + np.tanh(0.5 * z @ beta))
        hessian = (z * (weight * p * (1 - p))[:, None]).T @ z + ridge
        beta -= np.linalg.solve(hessian, z.T @ (weight * (p - y)) + ridge @ beta)
    raw = beta[:-1] / scale
    return LinearModel(ANSWERABLE_FEATURES, raw.astype(np.float32), float(beta[-1] - (mean / scale) @ beta[:-1]))


def auroc(score: np.ndarray, label: np.ndarray) -> float:
    """Area under the ROC curve by ranks, ties shared."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = label.sum()
    return float((ranks[label > 0].sum() - positive * (positive + 1) / 2) / (positive * (len(label) - positive)))


def best_unit(case: Case, model: LinearModel) -> tuple[np.ndarray, int] | None:
    allowed = np.array([unit.kind != "heading" for unit in case.table.units], dtype=bool)
    if not allowed.any():
        return None
    scores = model(case.table.values)
    return scores, int(np.flatnonzero(allowed)[int(np.argmax(scores[allowed]))])


def answerable_rows(
    questions: list[QA], search: HybridSearch, tools: Tools, model: LinearModel
) -> Iterator[tuple[np.ndarray, float, str, bool]]:
    """Yield (features, label, setting, the best unit holds the answer) of every question in every setting."""
    for number, qa in enumerate(questions):
        for setting in ("found", "hard", "easy"):
            passages = search.case(qa, setting)  # type: ignore[arg-type]
            case = make_case(qa, passages, sized(tools, search, number))
            found = best_unit(case, model)
            if found is None:
                continue
            right = any(passage.document_id == qa.passage_id for passage in passages)
            if not right and case.holds[found[1]]:
                continue  # Another passage may answer as well; nobody knows.
            yield case.make(*found), float(right), setting, bool(case.holds[found[1]])


def fit_answerable(rows: list[tuple[np.ndarray, float, str, bool]]) -> tuple[LinearModel, float]:
    """Return the model, classes weighted equally, and the threshold that refuses few answerable questions."""
    x = np.array([row[0] for row in rows], dtype=np.float64)
    y = np.array([row[1] for row in rows])
    weight = np.where(y > 0, 0.5 / max(y.mean(), 1e-6), 0.5 / max(1 - y.mean(), 1e-6))
    model = fit_logistic(x, y, weight)
    p = 0.5 * (1 + np.tanh(0.5 * model(x.astype(np.float32))))
    return model, float(np.quantile(p[y > 0], WRONG_REFUSALS))


def report(name: str, rows: list[tuple[np.ndarray, float, str, bool]], model: LinearModel, threshold: float) -> None:
    x = np.array([row[0] for row in rows], dtype=np.float32)
    y = np.array([row[1] for row in rows])
    setting = np.array([row[2] for row in rows])
    p = 0.5 * (1 + np.tanh(0.5 * model(x)))
    parts = [f"AUROC {auroc(p, y):.3f}"]
    for kind in ("hard", "easy"):
        keep = (setting == kind) | (y > 0)
        parts.append(f"{kind} {auroc(p[keep], y[keep]):.3f}")
    refused = float((p[y > 0] < threshold).mean())
    answered = {kind: float((p[(y == 0) & (setting == kind)] >= threshold).mean()) for kind in ("hard", "easy")}
    print(
        name, *parts, f"wrong refusals {refused:.3f}", f"answered though gone {answered}", f"threshold {threshold:.3f}"
    )


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
    return {
        "features": list(model.names),
        "weights": [round(float(weight), 4) for weight in model.weights],
        "bias": round(model.bias, 4),
    }


def select_cases(questions: list[QA], search: HybridSearch, tools: Tools) -> list[tuple[np.ndarray, np.ndarray]]:
    cases = []
    for number, qa in enumerate(questions):
        case = make_case(qa, with_gold(search.case(qa, "found"), qa, search), sized(tools, search, number))
        keep = np.array([unit.kind != "heading" for unit in case.table.units], dtype=bool)
        if case.gold[keep].any():
            cases.append((case.table.values[keep].astype(np.float64), case.gold[keep]))
    return cases


def top_share(cases: list[tuple[np.ndarray, np.ndarray]], model: LinearModel) -> float:
    return float(np.mean([gold[int(np.argmax(model(values.astype(np.float32))))] for values, gold in cases]))


def fit_all(shared: Path, embedder: Any, count: int, dev: int) -> dict[str, Any]:
    data = shared / "data"
    analyser = get_analyser()
    select: dict[str, Any] = {}
    answerable: dict[str, Any] = {}
    thresholds: dict[str, float] = {}
    blind_cases: list[tuple[np.ndarray, np.ndarray]] = []
    blind: list[tuple[list[QA], HybridSearch, Tools]] = []
    for language in ("ja", "en"):
        search = HybridSearch(load_collection(data, language), embedder, analyser)  # type: ignore[arg-type]
        tools = Tools(embedder, analyser, search.term_weight)
        questions = load_questions(data, language, "train", 2 * count, SEED)
        tests = load_questions(data, language, "dev", dev, SEED)
        cases = select_cases(questions[:count], search, tools)
        model = fit_select(cases)
        print(language, "select: right unit first, train", round(top_share(cases, model), 3), "dev",
              round(top_share(select_cases(tests, search, tools), model), 3), flush=True)  # fmt: skip
        print({name: round(float(weight), 2) for name, weight in zip(FEATURES, model.weights, strict=True)})
        rows = list(answerable_rows(questions[count:], search, tools, model))
        chance, threshold = fit_answerable(rows)
        report(f"{language} train", rows, chance, threshold)
        report(f"{language} dev", list(answerable_rows(tests, search, tools, model)), chance, threshold)
        print({name: round(float(weight), 2) for name, weight in zip(ANSWERABLE_FEATURES, chance.weights, strict=True)})
        select[language], answerable[language], thresholds[language] = as_json(model), as_json(chance), threshold
        hidden = replace(tools, analyser=PortableTerms(analyser))
        blind_cases += select_cases(questions[: count // 2], search, hidden)
        blind.append((questions[count : count + count // 2], search, hidden))
    model = fit_select(blind_cases)
    print("cross select: right unit first, train", round(top_share(blind_cases, model), 3))
    print({name: round(float(weight), 2) for name, weight in zip(FEATURES, model.weights, strict=True)})
    rows = [row for part in blind for row in answerable_rows(*part, model)]
    chance, threshold = fit_answerable(rows)
    report("cross train", rows, chance, threshold)
    select["cross"], answerable["cross"], thresholds["cross"] = as_json(model), as_json(chance), threshold
    return {
        "embedder": embedder.fingerprint,
        "analyser": analyser.id,
        "select": select,
        "answerable": answerable,
        "thresholds": {group: round(value, 4) for group, value in thresholds.items()},
        "cross_scale": round(cross_scale(data, embedder), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=os.environ.get("GENESIS_SHARED"))
    parser.add_argument("--questions", type=int, default=3000, help="per language and per model")
    parser.add_argument("--dev", type=int, default=600)
    parser.add_argument("--weights", type=Path, default=ROOT / "src/genesis_rag/embedded/static")
    parser.add_argument("--out", type=Path, default=ROOT / "src/genesis_rag/answering/weights.json")
    options = parser.parse_args()
    if options.shared is None or not Path(options.shared).is_dir():
        parser.error("--shared must name the folder of shared data")
    from genesis_rag.embedding.static import StaticEmbedder

    result = fit_all(Path(options.shared), StaticEmbedder(options.weights), options.questions, options.dev)
    options.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print("wrote", options.out)


if __name__ == "__main__":
    main()
