"""What a language model is told when it is to make a follow-up question self-contained."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from genesis_rag.types import Language, Turn

REWRITING_VERSION = "1"
"""Changes with any wording."""

_TURNS = 4
_CHARS = 300
_WORDS = {"ja": ("前の質問", "最後の質問"), "en": ("Earlier question", "Last question")}

Messages = tuple[tuple[str, str], ...]


def rewriting_messages(question: str, turns: Sequence[Turn], language: Language) -> Messages:
    """Return the chat messages: the rules, the last few questions as they were searched, and the one to rewrite."""
    name: Language = "ja" if language == "ja" else "en"
    rules = (resources.files("genesis_rag.conversation.prompts") / f"{name}.txt").read_text(encoding="utf-8")
    before, last = _WORDS[name]
    lines = [f"{before}: {_one_line(turn.searched)}" for turn in turns[-_TURNS:]]
    return (("system", rules), ("user", "\n".join([*lines, f"{last}: {_one_line(question)}"])))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_CHARS]
