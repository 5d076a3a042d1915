"""A generator that says what a script tells it: shipped, so that everything around a model can be tried without one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from genesis_rag.errors import ModelError

_PIECE_CHARS = 4


class ScriptedGenerator:
    """Streams prepared replies, one after the other, the last one for ever.

    Args:
        replies: what to say. An empty script says nothing.
        context_tokens: room for prompt and answer together; a token is one character here.
    """

    def __init__(self, replies: Sequence[str], context_tokens: int = 4096) -> None:
        self.replies = tuple(replies)
        self.context_tokens = context_tokens
        self.prompts: list[tuple[tuple[str, str], ...]] = []
        self.fingerprint = hashlib.sha256("\0".join(self.replies).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @classmethod
    def read(cls, path: Path) -> ScriptedGenerator:
        """Read a script: a JSON list of replies.

        Raises:
            ModelError: the file is missing or something else.
        """
        try:
            replies = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"The script {path} cannot be read: {error}", "Give a JSON list of texts.") from error
        if not isinstance(replies, list) or not all(isinstance(reply, str) for reply in replies):
            raise ModelError(f"The script {path} is not a list of texts.", "Give a JSON list of texts.")
        return cls(replies)

    def stream(
        self, messages: Sequence[tuple[str, str]], *, max_tokens: int, grammar: str | None = None
    ) -> Iterator[str]:
        """Yield the next reply in pieces, ``max_tokens`` characters at most."""
        self.prompts.append(tuple(messages))
        reply = self.replies[min(len(self.prompts), len(self.replies)) - 1] if self.replies else ""
        for start in range(0, min(len(reply), max_tokens), _PIECE_CHARS):
            yield reply[start : min(start + _PIECE_CHARS, max_tokens)]

    def count_tokens(self, text: str) -> int:
        """Return the number of characters."""
        return len(text)
