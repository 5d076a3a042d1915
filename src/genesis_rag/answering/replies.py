"""Replies that are not answers: small talk, and an abstention that says what the nearest passages are about."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_rag.answering.citations import Numbering
from genesis_rag.answering.phrases import Key, both_languages, phrase
from genesis_rag.answering.smalltalk import SmallTalk
from genesis_rag.types import Answer, Language, Passage

_TOPICS = 3
_TOPIC_CHARS = 80


def plain_answer(
    question: str,
    text: str,
    language: Language,
    reason: str,
    passages: Sequence[Passage] = (),
    *,
    answerer: str,
    model_fingerprint: str,
    confidence: float | None = None,
) -> Answer:
    """Return an answer without citations (an abstention or a reply to small talk)."""
    return Answer(
        question=question,
        text=text,
        language=language,
        abstained=True,
        reason=reason,
        citations=(),
        passages=tuple(passages),
        invalid_markers=(),
        answerer=answerer,
        confidence=confidence,
        model_fingerprint=model_fingerprint,
        index_fingerprint="",
    )


def small_talk_text(
    talk: SmallTalk, language: Language | None, passages: Sequence[Passage], numbering: Numbering
) -> str:
    """Return the reply to small talk; in both languages when the asker's is unknown and none is wanted."""
    reply = language or talk.language
    text = both_languages(talk.kind) if reply == "other" else phrase(talk.kind, reply)
    lead: dict[str, Key] = {"too_vague": "too_vague_nearest", "unsupported_language": "unsupported_nearest"}
    if talk.kind in lead and passages:
        shown: Language = "en" if reply == "other" else reply
        text += "\n" + phrase(lead[talk.kind], shown) + nearest_topics(passages, shown, numbering)
    return text


def no_evidence_text(passages: Sequence[Passage], language: Language, numbering: Numbering) -> str:
    """Return the abstention: that the documents do not tell, and what the nearest passages are about."""
    text = phrase("no_evidence", language)
    if not passages:
        return text
    return f"{text}\n{phrase('nearest', language)}{nearest_topics(passages, language, numbering)}"


def nearest_topics(passages: Sequence[Passage], language: Language, numbering: Numbering) -> str:
    """Return the titles and headings of the first passages with their markers, each topic once.

    Passages in the language of the reply come first; the order is otherwise that of the retrieval.
    """
    ordered = sorted(passages, key=lambda passage: passage.language != language)
    topics: dict[str, list[Passage]] = {}
    for passage in ordered:
        label = topic(passage, language)
        if label not in topics and len(topics) == _TOPICS:
            continue
        topics.setdefault(label, []).append(passage)
    parts = [label + " " + "".join(f"[{numbering.of(one)}]" for one in found) for label, found in topics.items()]
    return phrase("topic_join", language).join(parts)


def topic(passage: Passage, language: Language) -> str:
    """Return what a passage is about, by its title and last heading: 「title › heading」."""
    title = " ".join(passage.title.split())
    heading = " ".join(passage.heading_path[-1].split()) if passage.heading_path else ""
    parts = [part for part in dict.fromkeys((title, heading)) if part]
    label = " › ".join(parts) or phrase("untitled", language)
    if len(label) > _TOPIC_CHARS:
        label = label[: _TOPIC_CHARS - 1] + "…"
    return f"「{label}」" if language == "ja" else f'"{label}"'
