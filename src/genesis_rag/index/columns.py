"""What filters ask about chunks, as columns in a file: in SQLite it lies among all else that is known of a chunk.

A filter of a million chunks is answered from here in a few milliseconds; the store would have to be read for a second.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from genesis_rag.index.rows import rows_told
from genesis_rag.index.snapshot import ROWS_AT_ONCE, VISIBLE, Snapshot
from genesis_rag.protocols import Ids
from genesis_rag.types import Language
from genesis_rag.values import dataclass

COLUMNS_NAME = "chunks.npy"
_CODES = {language: code for code, language in enumerate(get_args(Language))}


def document_label(number: int) -> str:
    """Return the label that the keyword rows of a document have.

    Neighbours in the store are neighbours in the engine's dictionary too: a filter looks up 2,500 of them in 3 ms, and
    as many ids, which are hashes, in 10.
    """
    return f"{number:010x}"


@dataclass(frozen=True, slots=True)
class Columns:
    """One column a chunk, by rising number.

    Attributes:
        table: int64[3, n]: numbers of the chunks, numbers of their documents, codes of their languages.
    """

    table: NDArray[np.int64]

    @classmethod
    def load(cls, place: Path) -> Columns:
        """Map what ``save`` wrote into the derived directory ``place``.

        Raises:
            ValueError: it is missing or damaged.
        """
        try:
            table = np.load(place / COLUMNS_NAME, mmap_mode="r", allow_pickle=False)
        except (OSError, EOFError) as error:
            raise ValueError(f"{COLUMNS_NAME} cannot be read: {error}") from error
        if table.dtype != np.int64 or table.ndim != 2 or len(table) != len(cls.none().table):
            raise ValueError(f"{COLUMNS_NAME} holds {table.dtype}{list(table.shape)}")
        return cls(table)

    @classmethod
    def none(cls) -> Columns:
        """Return the columns of no chunk."""
        return cls(np.empty((3, 0), dtype=np.int64))

    @classmethod
    def read(cls, snapshot: Snapshot, *, born: int = 0) -> Columns:
        """Read them from the store, of the chunks born in generation ``born`` or later.

        Raises:
            IndexDamagedError: a language is none.
        """
        parts, last = [cls.none().table], 0
        while True:
            found = snapshot.rows(
                "SELECT c.number, c.document, c.language FROM chunks c JOIN documents d ON d.number = c.document "
                f"WHERE c.number > :last AND d.born >= :born AND {VISIBLE} ORDER BY c.number LIMIT {ROWS_AT_ONCE}",
                last=last,
                born=born,
            )
            with rows_told():
                rows = [(number, document, _CODES[language]) for number, document, language in found]
                parts.append(np.array(rows, dtype=np.int64).reshape(-1, 3).T)
            if len(found) < ROWS_AT_ONCE:
                return cls(np.concatenate(parts, axis=1))
            last = found[-1][0]

    def changed(self, removed: Ids, added: Columns) -> Columns:
        """Return these without the chunks ``removed`` and with others."""
        kept = self.table[:, ~np.isin(self.table[0], removed)]
        return Columns(np.concatenate([kept, added.table], axis=1))

    def save(self, place: Path) -> None:
        """Write them into the derived directory ``place``."""
        np.save(place / COLUMNS_NAME, self.table, allow_pickle=False)

    def chosen(self, documents: Ids | None, language: Language | None) -> Ids:
        """Return the numbers of the chunks of these documents and of this language, rising; None for any."""
        numbers, owners, languages = self.table
        keep = np.ones(len(numbers), dtype=np.bool_) if documents is None else np.isin(owners, documents)
        if language is not None:
            keep &= languages == _CODES.get(language, -1)
        return np.asarray(numbers[keep])

    @property
    def numbers(self) -> Ids:
        """Return the numbers of all chunks, rising."""
        return np.asarray(self.table[0])

    @property
    def documents(self) -> Ids:
        """Return the number of each chunk's document."""
        return np.asarray(self.table[1])

    def __len__(self) -> int:
        """Return the number of chunks."""
        return int(self.table.shape[1])
