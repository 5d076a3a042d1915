"""Follow-up questions made self-contained by a language model, where what it writes can be trusted; else by rules."""

from __future__ import annotations

import logging
from collections.abc import Generator as Generating
from collections.abc import Sequence

from genesis_rag.conversation.prompts import rewriting_messages
from genesis_rag.conversation.rewriting import MOST_CHARS, RuleRewriter, language_of, plain
from genesis_rag.conversation.words_en import GENERIC, NOT_NAMES
from genesis_rag.conversation.words_ja import made_of_generic_words
from genesis_rag.errors import BackendError
from genesis_rag.protocols import Generator
from genesis_rag.text.language import detect_language
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import unsupported_quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Conversation, Turn

_LOG = logging.getLogger(__name__)
_MOST_TOKENS = 120
_MOST_ADDED = 90
_LABEL = lazy(
    r"(?i)^(?:(?:rewritten|last|self-contained|standalone)?\s*question|(?:書き直した|最後の)?質問|output"
    r"|answer)\s*[:：]\s*"
)
_QUOTED = lazy(r"^[「『\"“'](?P<x>.*)[」』\"”']$")
_NAME = lazy(r"[A-Z][A-Za-z0-9.&+-]*|[a-z]+[A-Z]\w*|[ァ-ヶ][ァ-ヶー]{2,}|[0-9]+(?:\.[0-9]+)?")
_KANJI = lazy("[一-鿿々]{2,}")
_LONG_KANJI = 4
_A_LETTER = lazy(r"\w")
_ACTIVE = lazy(r"https?://|www\.|[<>\[\]{}|]|!\[")


class GeneratedRewriter:
    """Makes follow-up questions self-contained with ``generator``; see ``protocols.Rewriter``.

    What it writes is taken only if it is one short line in the language of the question, holds every figure and name of
    the question, and brings no name or figure that no question of the conversation has. Otherwise the rules decide. The
    model sees questions alone, never words of documents, so that no document can steer what is searched.

    Args:
        generator: the language model.
        rules: what stands in for it.
    """

    def __init__(self, generator: Generator, rules: RuleRewriter | None = None) -> None:
        self._generator, self._rules = generator, rules or RuleRewriter()

    def turn(self, question: str, conversation: Conversation) -> Turn:
        """Return ``question`` with what it is to be searched as; itself where it says everything."""
        asked = plain(question)
        if not conversation.turns or not asked or len(asked) > MOST_CHARS or not _A_LETTER.search(asked):
            return Turn(question, question)
        before = plain(conversation.turns[-1].searched)
        language = language_of(asked, before)
        written = self._written(asked, conversation, before)
        if not written or not _is_faithful(written, asked, conversation):
            return self._rules.turn(question, conversation)
        if _bare(written) == _bare(asked):
            return Turn(question, question)
        return Turn(question, written, None if detect_language(written) == language else language)

    def replayed(self, questions: Sequence[str]) -> Conversation:
        """Return the conversation that ``questions`` make by the rules: the model is not asked for what is over."""
        return self._rules.replayed(questions)

    def _written(self, asked: str, conversation: Conversation, before: str) -> str:
        """Return the first line that the model writes, "" where it fails."""
        messages = rewriting_messages(asked, conversation.turns, language_of(asked, before))
        text = ""
        try:
            pieces = self._generator.stream(messages, max_tokens=_MOST_TOKENS)
            for piece in pieces:
                text += piece
                if "\n" in text.lstrip() or len(text) > 2 * MOST_CHARS:
                    break
            if isinstance(pieces, Generating):
                pieces.close()  # stops an engine that would write on
        except BackendError as error:
            _LOG.warning("a follow-up question was made self-contained by rules: %s", error.message)
            return ""
        line = plain(text.strip().split("\n", 1)[0]) if text.strip() else ""
        line = _LABEL.sub("", line)
        quoted = _QUOTED.match(line)
        return quoted["x"] if quoted else line


def _is_faithful(written: str, asked: str, conversation: Conversation) -> bool:
    """Tell whether ``written`` asks ``asked`` in more words, all of whose names and figures were asked about before."""
    if len(written) > min(MOST_CHARS, len(asked) + _MOST_ADDED) or _ACTIVE.search(written):
        return False
    said = "\n".join([asked, *(one for turn in conversation.turns for one in (turn.asked, turn.searched))])
    known = fold(said)
    kept = all(fold(name) in fold(written) for name in _names(asked))
    invented = any(fold(name) not in known for name in _names(written)) or _new_kanji(written, known)
    return kept and not invented and not unsupported_quantities(written, said)


def _names(text: str) -> list[str]:
    """Return words that look like names, and figures."""
    return [name for name in _NAME.findall(text) if name.casefold() not in GENERIC | NOT_NAMES]


def _new_kanji(written: str, known: str) -> bool:
    """Tell whether there is a long word of kanji of which the questions have no two characters in a row."""
    long = (word for word in _KANJI.findall(fold(written)) if len(word) >= _LONG_KANJI)
    new = (word for word in long if not any(word[k : k + 2] in known for k in range(len(word) - 1)))
    return any(not made_of_generic_words(word) for word in new)


def _bare(text: str) -> str:
    return "".join(c for c in fold(text) if c.isalnum())
