"""Numbers of tokens as a model server counts them, or an estimate from above where it cannot be asked."""

from __future__ import annotations

from functools import lru_cache

from genesis_rag.remote.client import RemoteClient
from genesis_rag.remote.replies import Json, RefusedError

_UNSPACED_FROM = 0x2E80
LETTERS_A_TOKEN = 3
_KEPT = 8_192
_KNOWS_NO_SUCH_PAGE = frozenset({200, 400, 404, 405, 422, 501})
"""How servers answer to a page or a body that they do not know; 200 comes with something that is not JSON."""


class TokenCounter:
    """Counts with ``/tokenize`` of llama-server and vLLM. Threads may share it.

    The first answer of the server decides for good, so that one run never mixes the two ways of counting.

    Args:
        client: the server.
        model: the server's name of the model.
    """

    def __init__(self, client: RemoteClient, model: str) -> None:
        self._client, self._model = client, model
        self._exact: bool | None = None
        self._remembered = lru_cache(maxsize=_KEPT)(self._asked)

    @property
    def exact(self) -> bool:
        """Whether the numbers are the server's own.

        Raises:
            BackendError: the server does not answer.
        """
        if self._exact is None:
            self._asked("a")
        return bool(self._exact)

    def count(self, text: str) -> int:
        """Return the number of tokens of ``text`` without special ones.

        Raises:
            BackendError: the server does not answer; it did before, or this is the first question.
        """
        if not text:
            return 0
        if self._exact is False:
            return estimated_tokens(text)
        return self._remembered(text)

    def _asked(self, text: str) -> int:
        sent = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        body = {"model": self._model, "prompt": sent, "add_special_tokens": False}  # vLLM
        body |= {"content": sent, "add_special": False}  # llama-server
        try:
            number = _number(self._client.post("//tokenize", body))
        except RefusedError as error:
            if self._exact or error.status not in _KNOWS_NO_SUCH_PAGE:
                raise
            number = None
        if number is None:
            self._exact = False
            return estimated_tokens(text)
        self._exact = True
        return number


def estimated_tokens(text: str) -> int:
    """Return an upper estimate: one token a character of a script without spaces, one for every three others."""
    wide = sum(ord(character) >= _UNSPACED_FROM for character in text)
    return wide + -(-(len(text) - wide) // LETTERS_A_TOKEN)


def within_estimate(text: str, tokens: int) -> str:
    """Return the longest beginning of ``text`` within ``tokens`` of the estimate."""
    spent = 0
    for at, character in enumerate(text):
        spent += LETTERS_A_TOKEN if ord(character) >= _UNSPACED_FROM else 1
        if spent > tokens * LETTERS_A_TOKEN:
            return text[:at]
    return text


def _number(answer: Json) -> int | None:
    count, tokens = answer.get("count"), answer.get("tokens")
    if isinstance(count, int):
        return count
    return len(tokens) if isinstance(tokens, list) else None
