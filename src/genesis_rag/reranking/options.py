"""How a reranker is run."""

from __future__ import annotations

from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class RerankerOptions:
    """Settings of one reranker.

    Attributes:
        max_tokens: a question and a text together are cut to this; 0 for 512.
        file: the weights inside the model's folder, where it holds several.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        threads: threads to compute with; 0 for the engine's choice.
        batch: pairs computed together, at most.
        url: base address of a server's API, such as ``http://127.0.0.1:8081/v1``; several with commas.
        model: the server's name of the model.
        api_key: sent to the server as a bearer token.
        timeout: seconds without a byte from the server after which a try counts as failed.
        tries: how often a request is tried.
        pause: seconds before the second try; doubled for each further one.
    """

    max_tokens: int = 0
    file: str = ""
    device: str = "auto"
    threads: int = 0
    batch: int = 16
    url: str = ""
    model: str = ""
    api_key: str = ""
    timeout: float = 60.0
    tries: int = 4
    pause: float = 0.5

    @property
    def tokens(self) -> int:
        """The number of tokens that a pair is cut to."""
        return self.max_tokens or 512
