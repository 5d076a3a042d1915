"""The latest run of `genesis-rag evaluate`, which that command keeps in the home, as the page shows it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from genesis_rag.errors import UserError
from genesis_rag.server.problems import UnknownEvaluationError

FILE_NAME = "evaluation.json"
EVALUATION_SCHEMA = "genesis-rag/evaluation/1"
MOST_BYTES = 256 * 2**20
MOST_FAILURES = 500

_SHOWN = (
    "made_at",
    "versions",
    "system",
    "options",
    "dataset",
    "metrics",
    "groups",
    "ablation",
    "abstention",
    "latency",
)
_OF_A_FAILURE = ("id", "question", "language", "direction", "type", "failures")
_MAKE_ONE = "Make one: genesis-rag evaluate QA.jsonl"


def keep_latest(home: Path, run: Mapping[str, Any]) -> Path:
    """Write a run as the latest of this home, whole or not at all, and return where it lies.

    Raises:
        UserError: it cannot be written.
    """
    path = home / FILE_NAME
    new = path.with_name(f".{FILE_NAME}.{secrets.token_hex(4)}")
    try:
        home.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps(run, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error
    return path


def latest(home: Path) -> dict[str, Any]:
    """Return the latest run of a home without its questions; of those that failed what they are and how they failed.

    Raises:
        UnknownEvaluationError: there is none, or the file holds something else.
    """
    path = home / FILE_NAME
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnknownEvaluationError(f"{FILE_NAME} of the home is too large.", _MAKE_ONE)
        run = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnknownEvaluationError("Nothing was evaluated yet.", _MAKE_ONE) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UnknownEvaluationError(f"{FILE_NAME} of the home cannot be read: {error}", _MAKE_ONE) from error
    try:
        failed = [one for one in run["questions"] if one["failures"]]
        shown = {name: run[name] for name in _SHOWN}
        told = [{name: one[name] for name in _OF_A_FAILURE} for one in failed[:MOST_FAILURES]]
    except (KeyError, TypeError, IndexError) as error:
        raise UnknownEvaluationError(f"{FILE_NAME} of the home holds no run.", _MAKE_ONE) from error
    return {"schema": EVALUATION_SCHEMA, **shown, "failed": len(failed), "failures": told}
