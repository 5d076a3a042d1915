"""What a language model is told. The stable part comes first, so that engines can reuse what they computed for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib import resources

from genesis_rag.types import Language, Passage

PROMPT_VERSION = "2"
"""Changes with any wording, so that a stored answer tells which words asked for it."""

NO_ANSWER = "NONE"

Messages = tuple[tuple[str, str], ...]
_WORDS = {
    "ja": ("資料", "質問", "題名"),
    "en": ("Passage", "Question", "Title"),
}
_AGAIN = {
    "ja": "この回答には、示した番号の資料で裏づけられない文があります。資料にあることだけを使って書き直してください。",
    "en": "Some sentences of this answer are not supported by the passages that they cite. "
    "Write it again with only what the passages say.",
}


def instructions(language: Language) -> str:
    """Return the rules in Japanese, or in English for any other language."""
    name = "ja" if language == "ja" else "en"
    return (resources.files("genesis_rag.answering.prompts") / f"{name}.txt").read_text(encoding="utf-8")


def build_messages(question: str, passages: Sequence[Passage], language: Language) -> Messages:
    """Return the chat messages for one question.

    Each passage stands between lines that carry a mark made of the question and all passages, which the author of a
    document cannot foresee: so a passage cannot pretend to end, or to be another one.
    """
    passage_word, question_word, title_word = _WORDS["ja" if language == "ja" else "en"]
    mark = _mark(question, passages)
    parts = []
    for passage in passages:
        where = " › ".join(dict.fromkeys((passage.title, *passage.heading_path)))
        title = " ".join(where.split()) + (f" ({passage.date})" if passage.date else "")
        parts.append(
            f"<<{mark} {passage_word} {passage.marker}>>\n{title_word}: {title}\n{passage.text}\n"
            f"<<{mark} /{passage_word} {passage.marker}>>"
        )
    user = "\n\n".join([*parts, f"{question_word}: {' '.join(question.split())}"])
    return (("system", instructions(language)), ("user", user))


def again_messages(messages: Messages, written: str, language: Language) -> Messages:
    """Return the messages that ask for another text after one of which not everything holds."""
    return (*messages, ("assistant", written), ("user", _AGAIN["ja" if language == "ja" else "en"]))


def fitting_passages(
    question: str,
    passages: Sequence[Passage],
    language: Language,
    count_tokens: Callable[[str], int],
    room_tokens: int,
) -> tuple[Passage, ...]:
    """Return the leading passages that fit into ``room_tokens`` together with the rules and the question."""
    chosen: tuple[Passage, ...] = ()
    for passage in passages:
        longer = (*chosen, passage)
        messages = build_messages(question, longer, language)
        if sum(count_tokens(content) for _, content in messages) > room_tokens:
            break
        chosen = longer
    return chosen


def citation_grammar(markers: Sequence[int]) -> str:
    """Return GBNF rules: NONE, or one to twelve statements of which each ends with markers from ``markers``."""
    numbers = " | ".join(f'"{marker}"' for marker in markers)
    return "\n".join(
        (
            f'root ::= "{NO_ANSWER}" | statement (space statement){{0,11}}',
            "statement ::= letter{4,400} cite{1,3}",
            "letter ::= [^\\[\\]［］【】\\n<>]",
            f'cite ::= " "? "[" ({numbers}) "]"',
            'space ::= " " | "\\n"',
        )
    )


def _mark(question: str, passages: Sequence[Passage]) -> str:
    digest = hashlib.sha256(question.encode("utf-8", "surrogatepass"))
    for passage in passages:
        digest.update(passage.text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]
