"""Rerankers behind ``POST /rerank``, as llama-server, vLLM, Jina and Cohere have it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import BackendError
from genesis_rag.remote import RemoteClient, Server
from genesis_rag.reranking.options import RerankerOptions

_CHARACTERS_A_TOKEN = 1
"""Texts are cut so that a server never refuses a pair as too long, even if every character is a token."""


class ServerReranker:
    """The Reranker over a server. Threads may share it.

    Raises:
        MissingExtraError: httpx is not installed.
        SettingsError: the address is wrong.
    """

    def __init__(self, options: RerankerOptions) -> None:
        self._options = options
        self._client = RemoteClient(Server(options.url, options.api_key, options.timeout, options.tries, options.pause))
        named = f"{options.model}/{options.tokens}"
        self.fingerprint = "server-" + hashlib.sha256(named.encode()).hexdigest()[:16]

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n], one score a text, as the server gives it.

        Raises:
            BackendError: the server does not answer as it should.
        """
        if not texts:
            return np.zeros(0, np.float32)
        room = self._options.tokens * _CHARACTERS_A_TOKEN
        asked = _clean(question)[: room // 2]
        cut = [_clean(text)[: max(1, room - len(asked))] for text in texts]
        body = {"model": self._options.model, "query": asked, "documents": cut, "top_n": len(cut)}
        answer = self._client.post("/rerank", body)
        try:
            return _scores(answer, len(texts))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise BackendError(
                f"The model server sent no scores for {len(texts)} texts: {error!r}.",
                "Check that it was started for reranking and serves the model of this name.",
            ) from error

    def require_healthy(self) -> None:
        """Raise BackendError unless one of the addresses is well."""
        self._client.require_healthy()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _scores(answer: dict[str, Any], count: int) -> NDArray[np.float32]:
    rows = answer["results"] if "results" in answer else answer["data"]
    found = np.full(count, np.nan, np.float32)
    for row in rows:
        found[int(row["index"])] = float(row["relevance_score"] if "relevance_score" in row else row["score"])
    if not np.isfinite(found).all():
        raise ValueError("some texts have no score")
    return found


def _clean(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
