"""Vectors made before, looked up by their texts: what a model would give, without its time. Needs only numpy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEYS, ROWS, ABOUT = "keys.json", "rows.npy", "about.json"


def key_of(text: str) -> str:
    """Return the name under which the vector of a text is kept."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class Given:
    """Vectors in a folder that ``write_given`` wrote."""

    def __init__(self, folder: str | Path) -> None:
        keys = json.loads((Path(folder) / KEYS).read_text(encoding="utf-8"))
        self._places = {key: place for place, key in enumerate(keys)}
        self._rows = np.load(Path(folder) / ROWS)

    def rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n, dim], one unit row a text.

        Raises:
            KeyError: a text has no vector.
        """
        return self._rows[[self._places[key_of(text)] for text in texts]]

    def __contains__(self, text: str) -> bool:
        return key_of(text) in self._places


def write_given(folder: Path, texts: Sequence[str], rows: NDArray[np.float32], about: dict[str, Any]) -> None:
    """Write the vectors of ``texts`` with what is to be said about them."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / ROWS, rows)
    (folder / KEYS).write_text(json.dumps([key_of(text) for text in texts]), encoding="utf-8")
    (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def about_given(folder: Path) -> dict[str, Any]:
    """Return what is said about the vectors of a folder, nothing where there are none."""
    found: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8")) if _is_whole(folder) else {}
    return found


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in (KEYS, ROWS, ABOUT))
