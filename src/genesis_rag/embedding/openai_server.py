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
from genesis_rag.remote import Post, RemoteClient, Server, TokenCounter, estimated_tokens, within_estimate

_DEFAULT_MAX_TOKENS = 512
_SAMPLE = "日本の研究予算は増えたか。 The budget of research, 2026."
_LEAST_COSINE = 0.97
"""Two servers of one model, in other number formats or on other processors, come nearer than this."""


class OpenAIServerEmbedder:
    """The Embedder over ``POST /embeddings``. Threads may share it; at most ``parallel`` requests an address at once.

    Tokens are counted by the server where it has ``/tokenize``, else estimated from above (``counts_exactly``). Long
    texts are cut by the estimate, since servers refuse what is too long. The fingerprint holds what the server is
    asked for, not what it has loaded; so each of several addresses first embeds a sample, and one that serves another
    model than the first is an error.

    Raises:
        MissingExtraError: httpx is not installed.
        SettingsError: the address is wrong.
        BackendError: no server answers as it should, or two serve different models.
    """

    def __init__(self, options: EmbedderOptions) -> None:
        self._options = options
        self._samples: list[Vectors] = []
        server = Server(options.url, options.api_key, options.timeout, options.tries, options.pause)
        self._client = RemoteClient(server, self._meet)
        self._tokens = TokenCounter(self._client, options.model)
        self.max_tokens = options.max_tokens or _DEFAULT_MAX_TOKENS
        self._client.reach()
        full = self._samples[0].shape[1]
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
        """Return the number of tokens of ``text``, or an upper estimate.

        Raises:
            BackendError: the server does not answer.
        """
        return self._tokens.count(text)

    @property
    def counts_exactly(self) -> bool:
        """Whether ``count_tokens`` is the server's own count."""
        return self._tokens.exact

    def require_healthy(self) -> None:
        """Raise BackendError unless one of the addresses is well."""
        self._client.require_healthy()

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
            with ThreadPoolExecutor(self._options.parallel * self._client.addresses) as pool:
                found = list(pool.map(lambda places: self._request([cut[at] for at in places]), groups))
        for places, got in zip(groups, found, strict=True):
            rows[places] = unit_rows(got, self.dim)
        return rows

    def _cut(self, text: str) -> str:
        """Return the longest beginning of ``text`` within ``max_tokens`` of our estimate; never an empty text."""
        if estimated_tokens(text) > self.max_tokens:
            return within_estimate(text, self.max_tokens)
        return text if text.strip() else "-"  # servers refuse an empty input

    def _meet(self, post: Post) -> None:
        """See that an address serves the model of the others."""
        found = self._request([_SAMPLE], post)
        row = unit_rows(found, found.shape[1])
        if not self._samples:
            self._samples.append(row)
        known = self._samples[0]
        if known.shape != row.shape or float((known * row).sum()) < _LEAST_COSINE:
            raise BackendError(
                f"The servers of '{self._options.model or self._options.url}' do not serve the same model.",
                "Start all of them with the same files, or remove the wrong one from 'url' in models.toml.",
            )

    def _request(self, texts: list[str], post: Post | None = None) -> NDArray[np.float32]:
        """Return the server's vectors, float32[n, full dim], in the order of ``texts``."""
        body = {"model": self._options.model, "input": texts, "encoding_format": "float"}
        answer = (post or self._client.post)("/embeddings", body)
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
