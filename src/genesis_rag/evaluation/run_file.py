"""A run as JSON: what `--json` and `--out` write, what `--baseline`, `--compare` and the report read.

Documented in docs/json.md. Everything but ``made_at``, ``latency`` and each question's ``seconds`` is the same when the
same questions are run again on the same index with the same code.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from genesis_rag import __version__
from genesis_rag.errors import UserError
from genesis_rag.evaluation.bootstrap import RESAMPLES, SEED, Estimate
from genesis_rag.evaluation.evidence import Judged
from genesis_rag.evaluation.items import QuestionSet
from genesis_rag.evaluation.runner import Place, Result, RunOptions, failures
from genesis_rag.evaluation.summary import Abstention, Summary, Table, summarise

RUN_SCHEMA = "genesis-rag/evaluation/1"
LIBRARIES = ("numpy", "faiss-cpu", "tantivy", "tokenizers", "onnxruntime")
SNIPPET = 240
_COMPARED: Mapping[str, type] = {"questions": list, "dataset": dict, "system": dict, "versions": dict, "options": dict}
_COMPARED_IN_QUESTIONS = {"id", "fingerprint", "direction", "values", "failures"}
_DECIMALS = 6

Run = dict[str, Any]
"""A run as JSON values."""


def run_payload(
    questions: QuestionSet,
    results: Sequence[Result],
    options: RunOptions,
    system: Mapping[str, object],
    resamples: int = RESAMPLES,
) -> Run:
    """Return a run as JSON values.

    Args:
        questions: the set that was run.
        results: what came out, one a question.
        options: how it was run.
        system: what was run: profile, fingerprints, numbers of documents and chunks.
        resamples: for the intervals.
    """
    summary = summarise(results, resamples)
    models = sorted({one.answer.model_fingerprint for one in results if one.answer})
    return {
        "schema": RUN_SCHEMA,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "system": {**system, "models": models},
        "options": {**asdict(options), "resamples": resamples, "seed": SEED},
        "dataset": dataset_payload(questions, results),
        "metrics": _table(summary.overall),
        "groups": {kind: {n: _table(t) for n, t in found.items()} for kind, found in summary.groups.items()},
        "ablation": _ablation(summary),
        "abstention": _abstention(summary.abstention),
        "latency": {stage: _rounded(asdict(one)) for stage, one in summary.latency.items()},
        "questions": [question_payload(one) for one in results],
    }


def dataset_payload(questions: QuestionSet, results: Sequence[Result]) -> dict[str, Any]:
    """Return what the set is, and every piece of evidence that the index does not hold."""
    problems = [
        {"id": one.item.id, "source": judged.evidence.source, "quote": judged.evidence.quote, "problem": judged.found}
        for one in results
        for judged in one.judged
        if not judged.is_found
    ]
    return {
        "name": questions.name,
        "sha256": questions.sha256,
        "questions": len(questions.items),
        "answerable": sum(item.answerable for item in questions.items),
        "without_evidence": sum(item.answerable and not item.evidence for item in questions.items),
        "documents_ranked": questions.documents_ranked,
        "remarks": list(questions.remarks),
        "problems": problems,
    }


def question_payload(one: Result) -> dict[str, Any]:
    """Return one question with what was expected, retrieved, answered and quoted. Texts are given where it failed."""
    item, failed = one.item, failures(one)
    return {
        "id": item.id,
        "question": item.question,
        "language": item.language,
        "type": item.type,
        "direction": one.direction,
        "split": item.split,
        "answerable": item.answerable,
        "fingerprint": item.fingerprint,
        "expected": [list(forms) for forms in item.answers],
        "evidence": [_evidence(judged, rank) for judged, rank in zip(one.judged, one.ranks, strict=True)],
        "failures": list(failed),
        "values": _rounded(one.values),
        "legs": {leg: _rounded(values) for leg, values in one.legs.items()},
        "hits": [_hit(place, rank, with_text=bool(failed)) for rank, place in enumerate(one.hits, start=1)],
        "answer": _answer(one),
        "error": one.error,
        "seconds": _rounded(one.seconds),
    }


def versions() -> dict[str, str]:
    """Return the versions of the program, of its code by hash, of Python and of the libraries that take part."""
    found = {"genesis_rag": __version__, "code": code_fingerprint(), "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


@lru_cache(maxsize=1)
def code_fingerprint() -> str:
    """Return a hash of the package's Python files, so that a run tells which code it measured."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def write_run(path: Path, run: Mapping[str, Any]) -> None:
    """Write a run to a file.

    Raises:
        UserError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(run, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.", "Name another file.") from error


def read_run(path: Path) -> Run:
    """Read a run.

    Raises:
        UserError: the file cannot be read or holds no run.
    """
    hint = "Make one with: genesis-rag evaluate QA.jsonl --out RUN.json"
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as a run: {error}", hint) from error
    if not isinstance(run, dict) or run.get("schema") != RUN_SCHEMA:
        raise UserError(f"{path} is not a run of the form {RUN_SCHEMA}.", hint)
    if missing := [key for key in _COMPARED if not isinstance(run.get(key), _COMPARED[key])]:
        raise UserError(f"{path} lacks {', '.join(missing)}.", hint)
    for number, one in enumerate(run["questions"], start=1):
        if not isinstance(one, dict) or not one.keys() >= _COMPARED_IN_QUESTIONS:
            raise UserError(f"{path}: question {number:,} is not complete.", hint)
    return run


def problems_told(count: int) -> str:
    """Say how many pieces of evidence the index does not hold."""
    what = "1 piece of evidence is" if count == 1 else f"{count:,} pieces of evidence are"
    return f"{what} not in the index and counted as not found"


def as_baseline(run: Run) -> Run:
    """Return the part of a run that a later one is compared with: no answers, no results, no times."""
    kept = (
        "id",
        "question",
        "language",
        "type",
        "direction",
        "split",
        "answerable",
        "fingerprint",
        "failures",
        "values",
    )
    return {
        **{key: run[key] for key in ("schema", "made_at", "versions", "system", "options", "dataset", "metrics")},
        "questions": [{key: one[key] for key in kept} for one in run["questions"]],
    }


def _table(table: Table) -> dict[str, Any]:
    return {name: _estimate(one) for name, one in table.items()}


def _estimate(one: Estimate) -> dict[str, Any]:
    return _rounded({"value": one.value, "low": one.low, "high": one.high}) | {"n": one.n}


def _ablation(summary: Summary) -> dict[str, Any]:
    return {
        "overall": {leg: _table(table) for leg, table in summary.legs.items()},
        "direction": {
            name: {leg: _table(table) for leg, table in legs.items()}
            for name, legs in summary.legs_by_direction.items()
            if legs
        },
    }


def _abstention(one: Abstention | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "counts": dict(one.counts),
        "with_confidence": one.with_confidence,
        "auroc": _estimate(one.auroc) if one.auroc else None,
        "aurc": _number(one.area),
        "lowest_answered": _number(one.lowest_answered),
        "highest_refused": _number(one.highest_refused),
        "best_threshold": _rounded(asdict(one.best)) | {"chosen_on": one.best_on} if one.best else None,
        "curve": [_rounded(asdict(point)) for point in one.curve],
    }


def _evidence(judged: Judged, rank: int | None) -> dict[str, Any]:
    span = judged.span()
    return {
        "source": judged.evidence.source,
        "quote": judged.evidence.quote,
        "grade": judged.evidence.grade,
        "found": judged.found,
        "start": span.start if span else None,
        "end": span.end if span else None,
        "rank": rank,
    }


def _hit(place: Place, rank: int, *, with_text: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"rank": rank, "source": place.source, "start": place.start, "end": place.end}
    row["score"] = _number(place.score)
    return row | ({"text": _shortened(place.text)} if with_text else {})


def _answer(one: Result) -> dict[str, Any] | None:
    answer = one.answer
    if answer is None:
        return None
    return {
        "text": answer.text,
        "language": answer.language,
        "abstained": answer.abstained,
        "reason": answer.reason,
        "confidence": _number(answer.confidence),
        "citations": [
            {"marker": c.marker, "source": c.source, "start": c.start, "end": c.end, "quote": c.quote}
            for c in answer.citations
        ],
    }


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SNIPPET else line[:SNIPPET] + "…"


def _number(value: float | None) -> float | None:
    return round(float(value), _DECIMALS) if value is not None and math.isfinite(value) else None


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _number(value) if isinstance(value, float) else value for key, value in values.items()}
