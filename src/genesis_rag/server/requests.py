"""What clients may send, with its limits."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from genesis_rag.types import SearchFilter

MAX_QUESTION_CHARS = 4_000
MAX_SOURCE_CHARS = 500
MAX_PASSAGES = 50
MAX_HITS = 100
MAX_URL_CHARS = 2_000
MAX_URL_BYTES = 16_384
SESSION_PATTERN = r"^[A-Za-z0-9_-]{8,64}$"

LanguageName = Literal["ja", "en"]


class _Filtered(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    in_language: LanguageName | None = Field(None, alias="in", description="Search only documents in this language.")
    source: str | None = Field(None, max_length=MAX_SOURCE_CHARS, description="Glob that the source must match.")

    def search_filter(self) -> SearchFilter | None:
        """Return the restriction, or None if there is none."""
        if self.in_language is None and self.source is None:
            return None
        return SearchFilter(language=self.in_language, source_glob=self.source)


class AskRequest(_Filtered):
    """A question."""

    question: str = Field(max_length=MAX_QUESTION_CHARS)
    language: LanguageName | None = Field(None, description="Language of the answer; default: the question's.")
    passages: int | None = Field(None, ge=1, le=MAX_PASSAGES, description="How many passages to read.")
    session: str | None = Field(
        None,
        pattern=SESSION_PATTERN,
        description="Names a conversation, chosen by the client at random; its earlier questions are then understood.",
    )


class SearchRequest(_Filtered):
    """A search."""

    query: str = Field(max_length=MAX_QUESTION_CHARS)
    k: int = Field(10, ge=1, le=MAX_HITS, description="How many hits.")


class AddressRequest(BaseModel):
    """A document to fetch from the web."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        min_length=1, max_length=MAX_URL_CHARS, description="Its host must be one of the setting url_hosts."
    )


class FeedbackRequest(BaseModel):
    """What someone thinks of an answer."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["good", "bad"]
    question: str = Field(max_length=MAX_QUESTION_CHARS)
    answer: str = Field("", max_length=40_000)
    comment: str = Field("", max_length=MAX_QUESTION_CHARS)
    language: str = Field("", max_length=20)
    answerer: str = Field("", max_length=200)
    index_fingerprint: str = Field("", max_length=100)
