"""Models behind any OpenAI-compatible server: llama-server, vLLM, Ollama and others, streamed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing

from genesis_rag.errors import BackendError
from genesis_rag.generation.options import GeneratorOptions
from genesis_rag.remote import RemoteClient, Server, TokenCounter


class OpenAIServerGenerator:
    """Writes with ``POST /chat/completions``; see ``protocols.Generator``. Threads may share it.

    Of several addresses the one with the least to do writes; one that fails before its first word is replaced by
    another, one that fails later never. Tokens are counted by the server where it has ``/tokenize``, else estimated
    from above (``counts_exactly``). A grammar is sent as llama-server reads it; servers that know none ignore it, and
    what they write is checked like everything else.

    Raises:
        MissingExtraError: httpx is not installed.
        SettingsError: the address is wrong.
    """

    def __init__(self, options: GeneratorOptions) -> None:
        self._options = options
        self._client = RemoteClient(Server(options.url, options.api_key, options.timeout, options.tries, options.pause))
        self._tokens = TokenCounter(self._client, options.model)
        self.context_tokens = options.context_tokens
        named = f"{options.model}/{sorted(options.template_arguments.items())}/{options.temperature}"
        self.fingerprint = hashlib.sha256(named.encode()).hexdigest()[:16]

    def stream(
        self, messages: Sequence[tuple[str, str]], *, max_tokens: int, grammar: str | None = None
    ) -> Iterator[str]:
        """Yield pieces of text. Closing the iterator ends the request, so that the server stops writing.

        Raises:
            BackendError: the server is down, slow, refuses, or breaks off.
        """
        body: dict[str, object] = {
            "model": self._options.model,
            "messages": [{"role": role, "content": _clean(content)} for role, content in messages],
            "max_tokens": max_tokens,
            "temperature": self._options.temperature,
            "seed": self._options.seed,
            "stream": True,
        }
        if self._options.stop:
            body["stop"] = list(self._options.stop)
        if self._options.template_arguments:
            body["chat_template_kwargs"] = dict(self._options.template_arguments)
        if grammar is not None:
            body["grammar"] = grammar
        with closing(self._client.stream("/chat/completions", body)) as events:
            for event in events:
                if text := _piece(event):
                    yield text

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


def _piece(event: dict[str, object]) -> str:
    """Return the text of one event: of the answer only, never of the model's thoughts."""
    try:
        choices = event["choices"]
        if not choices:  # the last event of some servers holds the usage only
            return ""
        return str(choices[0]["delta"].get("content") or "")  # type: ignore[index]
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise BackendError(
            f"The model server sent an event without text: {error!r}.", "Set 'url' to an API for chat completions."
        ) from error


def _clean(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
