"""What the server needs of the program below it, with the models of the profile opened once for all uses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_rag import wiring
from genesis_rag.server.fetched import fetch_into
from genesis_rag.server.uploads import Incoming, UploadFolder
from genesis_rag.settings import Settings
from genesis_rag.types import IngestReport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from genesis_rag.assistant import Assistant

Progress = Callable[[str, int, int, str], None]


class Workshop:
    """Opens the assistant and writes to the index. The models are loaded at the first need, by one thread.

    Args:
        settings: what to open.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._parts: wiring.Parts | None = None

    def open_assistant(self) -> Assistant:
        """Open the index for reading."""
        return wiring.open_assistant(self._settings, self._opened())

    def check(self, path: Path) -> None:
        """Raise UnreadableDocumentError unless a file is of a format that can be indexed."""
        wiring.require_readable(path)

    def fetch(self, folder: UploadFolder, url: str) -> Incoming:
        """Receive the document at an address."""
        return fetch_into(folder, url, self._settings)

    def ingest(self, paths: Sequence[Path], progress: Progress | None = None, prune: bool = False) -> IngestReport:
        """Bring the index up to date with files; returns when that is committed."""
        return wiring.run_ingest(self._settings, paths, prune=prune, progress=progress, parts=self._opened())

    def remove(self, sources: Sequence[str]) -> int:
        """Remove sources from the index; returns when that is committed."""
        return wiring.remove_documents(self._settings, sources, self._opened())

    def draw_page(self, path: Path, page: int, width: int) -> bytes:
        """Return a page of a PDF as PNG."""
        return wiring.draw_page(path, page, width)

    def find_marks(self, path: Path, page: int, quoted: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Return where quoted words, given as (text before, words), stand on a page of a PDF."""
        return wiring.find_marks(path, page, quoted)

    def profiles(self) -> Sequence[Any]:
        """Return the profiles of models.toml: name, summary, embedder, answerer."""
        return wiring.list_profiles(self._settings)

    def embed(self, texts: Sequence[str], *, queries: bool) -> NDArray[np.float32]:
        """Return one row for each text, float32[n, dim]."""
        embedder = self._opened().embedder
        return embedder.embed_queries(texts) if queries else embedder.embed_passages(texts)

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Return how many tokens the texts have for the embedder."""
        count = self._opened().embedder.count_tokens
        return sum(count(text) for text in texts)

    def _opened(self) -> wiring.Parts:
        with self._lock:
            if self._parts is None:
                self._parts = wiring.open_parts(self._settings)
            return self._parts
