"""How an embedding model is run; what is not said here is taken from the model's own files, or the engine's default."""

from __future__ import annotations

from typing import Literal

from genesis_rag.values import dataclass

Pooling = Literal["", "mean", "cls", "last"]


@dataclass(frozen=True, slots=True)
class EmbedderOptions:
    """Settings of one embedder.

    Attributes:
        pooling: how token vectors become one; empty for what the model's files say.
        query_prefix: put before every question; None for what the model's files say.
        passage_prefix: put before every passage; None for what the model's files say.
        max_tokens: longer texts are cut, special tokens counted; 0 for what the model's files say.
        dim: keep the first ``dim`` numbers of each vector (for models trained so); 0 for all.
        file: the weights inside the model's folder, where it holds several.
        device: "auto", "cpu", "cuda", "cuda:1", "mps"; several with commas, for torch.
        threads: threads to compute with; 0 for the engine's choice.
        batch: texts computed together, at most.
        url: base address of a server's API, such as ``http://127.0.0.1:8080/v1``; several with commas.
        model: the server's name of the model.
        api_key: sent to the server as a bearer token.
        timeout: seconds without a byte from the server after which a try counts as failed.
        tries: how often a request is tried.
        pause: seconds before the second try; doubled for each further one.
        parallel: requests under way at the same time, at most, for each address.
    """

    pooling: Pooling = ""
    query_prefix: str | None = None
    passage_prefix: str | None = None
    max_tokens: int = 0
    dim: int = 0
    file: str = ""
    device: str = "auto"
    threads: int = 0
    batch: int = 32
    url: str = ""
    model: str = ""
    api_key: str = ""
    timeout: float = 60.0
    tries: int = 4
    pause: float = 0.5
    parallel: int = 4
