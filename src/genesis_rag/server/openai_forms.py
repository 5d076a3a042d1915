"""The forms of OpenAI's API that other programs speak: what they send, and answers with citations in those forms.

After https://platform.openai.com/docs/api-reference (chat completions, models, embeddings).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from genesis_rag.server.requests import MAX_PASSAGES, MAX_QUESTION_CHARS, MAX_SOURCE_CHARS, LanguageName
from genesis_rag.server.schemas import citation_payload
from genesis_rag.types import Answer, Citation

MAX_MESSAGES = 1_000
MAX_INPUTS = 256
MAX_INPUT_CHARS = 32_000

_ACTIVE = re.compile(r"!(?=\[)|\](?=\()|<")
_HEADINGS = {"ja": ("出典", "「{}」", "{}ページ"), "en": ("Sources", "“{}”", "p. {}")}


class _Open(BaseModel):
    """Programs send many settings of models that mean nothing here; they are ignored."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class TextPart(_Open):
    """A piece of a message; only text is read."""

    type: str = Field(max_length=100)
    text: str = ""


class Message(_Open):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None

    def text(self) -> str:
        """Return what the message says."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.type == "text")


class StreamOptions(_Open):
    """What a stream is to hold."""

    include_usage: bool = False


class ChatRequest(_Open):
    """A conversation whose last message of the user is the question; `in`, `source` and `passages` are ours."""

    model: str = Field(max_length=200)
    messages: list[Message] = Field(min_length=1, max_length=MAX_MESSAGES)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, ge=1, le=1)
    language: LanguageName | None = None
    in_language: LanguageName | None = Field(None, alias="in")
    source: str | None = Field(None, max_length=MAX_SOURCE_CHARS)
    passages: int | None = Field(None, ge=1, le=MAX_PASSAGES)

    def question(self) -> str | None:
        """Return the last thing that the user said; None if that is nothing, or too long to be a question."""
        said = self._said()
        return said[-1] if said and 0 < len(said[-1]) <= MAX_QUESTION_CHARS else None

    def earlier(self) -> list[str]:
        """Return what the user said before, oldest first, as far as it can be a question."""
        return [text for text in self._said()[:-1] if 0 < len(text) <= MAX_QUESTION_CHARS]

    def _said(self) -> list[str]:
        return [message.text().strip() for message in self.messages if message.role == "user"]


class EmbeddingRequest(_Open):
    """Texts to embed; `input_type` is ours, as in Cohere's API: models treat questions and passages differently."""

    model: str = Field(max_length=200)
    input: str | list[str] = Field(description="One text or several; lists of tokens are not taken.")
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1)
    input_type: Literal["query", "passage"] = "passage"

    def texts(self) -> list[str] | None:
        """Return the texts; None if they are none, too many, empty or too long."""
        texts = [self.input] if isinstance(self.input, str) else self.input
        fits = 0 < len(texts) <= MAX_INPUTS and all(0 < len(text) <= MAX_INPUT_CHARS for text in texts)
        return texts if fits else None


def harmless(text: str) -> str:
    """Return ``text`` with a backslash before what Markdown would turn into an image, a link or markup.

    Clients render what they receive; a document must not make them load anything.
    """
    return _ACTIVE.sub(r"\\\g<0>", text)


def harmless_index(text: str, place: int) -> int:
    """Return where the character at ``place`` of ``text`` is in ``harmless(text)``."""
    return place + sum(1 for found in _ACTIVE.finditer(text) if found.start() < place)


def harmless_beginning(text: str) -> str:
    """Return what is certain of ``harmless`` of a text that still grows: its last character may begin something."""
    certain = len(text) - 1 if text.endswith(("!", "]")) else len(text)
    return harmless(text)[: harmless_index(text, certain)]


def sources_text(answer: Answer) -> str:
    """Return the list of sources that follows an answer, empty if nothing is cited."""
    if not answer.citations:
        return ""
    heading, quotes, _ = _HEADINGS["ja" if answer.language == "ja" else "en"]
    lines = ["", "", f"**{heading}**"]
    for marker, cited in sorted(_by_marker(answer).items()):
        lines += ["", harmless(f"[{marker}] {_one_line(cited[0].title)} ({_place(cited[0], answer.language)})")]
        lines += ["", *(f"> {harmless(quotes.format(_one_line(citation.quote)))}  " for citation in cited)]
    return "\n".join(lines) + "\n"


def annotations_of(answer: Answer, address: str) -> list[dict[str, Any]]:
    """Return the citations as annotations; their indices count characters of the message's content.

    Args:
        answer: with its citations.
        address: of this server, with a closing slash; a citation's address opens the document at its words.
    """
    return [_annotation(answer, citation, address) for citation in answer.citations]


def _annotation(answer: Answer, citation: Citation, address: str) -> dict[str, Any]:
    start, end = (harmless_index(answer.text, place) for place in (citation.answer_start, citation.answer_end))
    query = f"?document={citation.document_id}&start={citation.start}&end={citation.end}"
    return {
        "type": "url_citation",
        "url_citation": {"start_index": start, "end_index": end, "title": citation.title, "url": address + query},
        "citation": citation_payload(citation),
    }


def _by_marker(answer: Answer) -> dict[int, list[Citation]]:
    groups: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        groups.setdefault(citation.marker, []).append(citation)
    return groups


def _place(citation: Citation, language: str) -> str:
    page = _HEADINGS["ja" if language == "ja" else "en"][2]
    parts: Iterator[str] = iter(
        (*((page.format(citation.page),) if citation.page is not None else ()), _one_line(citation.source))
    )
    return ", ".join(parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())
