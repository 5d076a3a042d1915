"""Embedding models behind any OpenAI-compatible server: llama-server, vLLM, Ollama and others."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.embedding.options import EmbedderOptions
from genesis_rag.embedding.rows import batches, checked_dim, clean, fingerprint, unit_rows
from genesis_rag.errors import BackendError
from genesis_rag.protocols import Vectors
from genesis_rag.remote import RemoteClient, Server

_DEFAULT_MAX_TOKENS = 512
_UNSPACED_FROM = 0x2E80
_LETTERS_A_TOKEN = 3


class OpenAIServerEmbedder:
    """The Embedder over ``POST /embeddings``. Threads may share it; ``parallel`` requests are under way at most.

    The server's tokenizer is out of reach, so tokens are estimated from above: one for each character of a script
    without spaces, one for every three others. Texts are cut by that estimate, since servers refuse what is too long.
    The fingerprint holds what the server is asked for, not what it has loaded: two servers must not give one name to
    different models.

    Raises:
        MissingExtraError: httpx is not installed.
        SettingsError: the address is wrong.
        BackendError: the server does not answer as it should.
    """

    def __init__(self, options: EmbedderOptions) -> None:
        self._options = options
        self._client = RemoteClient(Server(options.url, options.api_key, options.timeout, options.tries, options.pause))
        self.max_tokens = options.max_tokens or _DEFAULT_MAX_TOKENS
        full = self._request(["a"]).shape[1]
        self.dim = checked_dim(options.dim, full, options.model or options.url)
        facts = (options.model, options.query_prefix, options.passage_prefix, self.max_tokens, full, self.dim)
        self.fingerprint = fingerprint("server", (), *facts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a question."""
        return self._embed(texts, self._options.query_prefix or "")

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a passage."""
        return self._embed(texts, self._options.passage_prefix or "")

    def count_tokens(self, text: str) -> int:
        """Return an upper estimate of the number of tokens of ``text``."""
        wide = sum(ord(character) >= _UNSPACED_FROM for character in text)
        return wide + -(-(len(text) - wide) // _LETTERS_A_TOKEN)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _embed(self, texts: Sequence[str], prefix: str) -> Vectors:
        rows = np.empty((len(texts), self.dim), np.float32)
        cut = [self._cut(clean(prefix + text)) for text in texts]
        groups = list(batches([len(one) for one in cut], self._options.batch))
        if len(groups) < 2:
            found = [self._request([cut[at] for at in places]) for places in groups]
        else:
            with ThreadPoolExecutor(self._options.parallel) as pool:
                found = list(pool.map(lambda places: self._request([cut[at] for at in places]), groups))
        for places, got in zip(groups, found, strict=True):
            rows[places] = unit_rows(got, self.dim)
        return rows

    def _cut(self, text: str) -> str:
        """Return the longest beginning of ``text`` within ``max_tokens`` of our estimate; never an empty text."""
        spent = 0
        for at, character in enumerate(text):
            spent += _LETTERS_A_TOKEN if ord(character) >= _UNSPACED_FROM else 1
            if spent > self.max_tokens * _LETTERS_A_TOKEN:
                return text[:at]
        return text if text.strip() else "-"  # servers refuse an empty input

    def _request(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the server's vectors, float32[n, full dim], in the order of ``texts``."""
        body = {"model": self._options.model, "input": texts, "encoding_format": "float"}
        answer = self._client.post("/embeddings", body)
        try:
            return _rows(answer, len(texts))
        except (KeyError, TypeError, ValueError) as error:
            raise BackendError(
                f"The model server sent no embeddings for {len(texts)} texts: {error!r}.",
                "Check that it was started for embeddings and serves the model of this name.",
            ) from error


def _rows(answer: dict[str, Any], count: int) -> NDArray[np.float32]:
    data = answer["data"]
    ordered = sorted(data, key=lambda one: int(one["index"])) if all("index" in one for one in data) else data
    rows = np.asarray([one["embedding"] for one in ordered], np.float32)
    if rows.ndim != 2 or len(rows) != count or not rows.shape[1]:
        raise ValueError(f"got {list(rows.shape)}")
    return rows
