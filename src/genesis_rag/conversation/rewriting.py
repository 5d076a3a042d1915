"""Follow-up questions made self-contained by rules."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from genesis_rag.text.language import detect_language
from genesis_rag.text.normalize import nfc
from genesis_rag.types import MOST_TURNS, NO_CONVERSATION, Conversation, Language, Turn

MOST_CHARS = 300
"""A question longer than this says itself what it is about, and one made by rewriting is no better."""


class RuleRewriter:
    """Makes follow-up questions self-contained by rules in Japanese and English; see ``protocols.Rewriter``."""

    def turn(self, question: str, conversation: Conversation) -> Turn:
        """Return ``question`` with what it is to be searched as: itself, unless it needs the question before."""
        if not conversation.turns:
            return Turn(question, question)
        from genesis_rag.conversation import followups_en, followups_ja  # a question alone starts without the rules
        from genesis_rag.conversation.previous import Previous

        before = Previous.of(plain(conversation.turns[-1].searched)[:MOST_CHARS])
        asked = plain(question)
        if not before.text or not asked or len(asked) > MOST_CHARS:
            return Turn(question, question)
        language = language_of(asked, before.text)
        found = followups_ja.rewritten(asked, before) if language == "ja" else followups_en.rewritten(asked, before)
        if not found or len(found) > MOST_CHARS:
            return Turn(question, question)
        searched = _ended(found, language)
        return Turn(question, searched, None if detect_language(searched) == language else language)

    def replayed(self, questions: Sequence[str]) -> Conversation:
        """Return the conversation that ``questions``, oldest first, make."""
        conversation = NO_CONVERSATION
        for question in questions[-MOST_TURNS:]:
            conversation = Conversation((*conversation.turns, self.turn(question, conversation)))
        return conversation


def _ended(text: str, language: Language) -> str:
    """Return a question with the mark at its end that it lacks, if any."""
    if text.endswith(("?", "？", "。", ".")):
        return text
    if language != "ja":
        return text + "?"
    return text + ("。" if text.endswith(("ください", "です")) else "？")


def plain(text: str) -> str:
    """Return a question in one form of its characters, on one line."""
    return " ".join(unicodedata.normalize("NFKC", nfc(text)).split())


def language_of(asked: str, before: str) -> Language:
    """Return the language of a follow-up question: its own, else that of the question before (2027?)."""
    own = detect_language(asked)
    return own if own != "other" else detect_language(before)
