"""The JSON form of every value that leaves the program, for `--json` and for the web API alike.

Documented in docs/json.md, which a test compares with this file. Plain dicts on purpose: importing a validation
library would double the time of a cold `ask --json`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genesis_rag.types import Answer, Chunk, Citation, Document, DocumentInfo, Hit, Passage, Section, Writing

ANSWER_SCHEMA = "genesis-rag/answer/1"
SEARCH_SCHEMA = "genesis-rag/search/1"
DOCUMENT_SCHEMA = "genesis-rag/document/1"
TEXT_SCHEMA = "genesis-rag/document-text/1"
UPLOAD_SCHEMA = "genesis-rag/upload/1"
INDEX_SCHEMA = "genesis-rag/index/1"
PAGE_SCHEMA = "genesis-rag/page/1"

_NO_ID = object()
_DECIMALS = 6


def to_line(payload: Mapping[str, Any]) -> str:
    """Return ``payload`` as one line of JSON: real characters, no NaN, no line breaks."""
    return json.dumps(payload, ensure_ascii=False, allow_nan=False)


def answer_payload(answer: Answer, identifier: object = _NO_ID) -> dict[str, Any]:
    """Return an answer as JSON values; ``identifier`` is the ``id`` of the line that asked, where there was one."""
    return {
        "schema": ANSWER_SCHEMA,
        **({} if identifier is _NO_ID else {"id": identifier}),
        "question": answer.question,
        "searched": answer.searched or answer.question,
        "text": answer.text,
        "language": answer.language,
        "abstained": answer.abstained,
        "reason": answer.reason,
        "citations": [citation_payload(citation) for citation in answer.citations],
        "passages": [passage_payload(passage) for passage in answer.passages],
        "invalid_markers": list(answer.invalid_markers),
        "notes": list(answer.notes),
        "answerer": answer.answerer,
        "confidence": _number(answer.confidence),
        "model_fingerprint": answer.model_fingerprint,
        "index_fingerprint": answer.index_fingerprint,
        "timings": _numbers(answer.timings),
        "writing": writing_payload(answer.writing) if answer.writing else None,
    }


def writing_payload(writing: Writing) -> dict[str, Any]:
    """Return how a language model wrote an answer."""
    return {
        "sentences": writing.sentences,
        "unsupported": writing.unsupported,
        "tokens": writing.tokens,
        "first_token": _number(writing.first_token),
        "seconds": _number(writing.seconds),
    }


def citation_payload(citation: Citation) -> dict[str, Any]:
    """Return one citation; ``answer_start`` and ``answer_end`` are offsets in the answer's text."""
    return {
        "marker": citation.marker,
        **_place(citation),
        "quote": citation.quote,
        "answer_start": citation.answer_start,
        "answer_end": citation.answer_end,
        "verification": {
            "exact": citation.verification.exact,
            "numbers_agree": citation.verification.numbers_agree,
            "support": _number(citation.verification.support),
        },
    }


def passage_payload(passage: Passage) -> dict[str, Any]:
    """Return one passage that the answerer read."""
    return {
        "marker": passage.marker,
        **_place(passage),
        "text": passage.text,
        "chunk_ids": list(passage.chunk_ids),
        "score": _number(passage.score),
        "scores": _numbers(passage.scores),
        "date": passage.date,
    }


def search_payload(query: str, hits: Sequence[Hit], identifier: object = None) -> dict[str, Any]:
    """Return the hits of one search, best first."""
    return {
        "schema": SEARCH_SCHEMA,
        "id": identifier,
        "query": query,
        "hits": [hit_payload(hit) for hit in hits],
    }


def hit_payload(hit: Hit) -> dict[str, Any]:
    """Return one hit with its scores by stage."""
    chunk: Chunk = hit.chunk
    return {
        "rank": hit.rank,
        "source": hit.document.source,
        "title": hit.document.title,
        "heading_path": list(chunk.heading_path),
        "page": chunk.page,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "language": chunk.language,
        "document_id": chunk.document_id,
        "chunk_id": chunk.id,
        "score": _number(hit.score),
        "scores": _numbers(hit.scores),
    }


def document_payload(info: DocumentInfo) -> dict[str, Any]:
    """Return what is known of a document without its text."""
    return {
        "schema": DOCUMENT_SCHEMA,
        "id": info.id,
        "source": info.source,
        "sources": list(info.sources),
        "title": info.title,
        "language": info.language,
        "content_sha256": info.content_sha256,
        "chunk_count": info.chunk_count,
        "modified_at": _number(info.modified_at),
        "metadata": dict(info.metadata),
    }


def text_payload(document: Document, start: int = 0, end: int | None = None) -> dict[str, Any]:
    """Return the code points ``start:end`` of a document with the sections that they touch.

    Offsets, those of the sections too, count from the beginning of the document, not of the part.
    """
    length = len(document.text)
    start = min(max(start, 0), length)
    end = length if end is None else min(max(end, start), length)
    touched: Iterable[Section] = (s for s in document.sections if s.start < end and s.end > start)
    return {
        "schema": TEXT_SCHEMA,
        "id": document.id,
        "source": document.source,
        "title": document.title,
        "language": document.language,
        "content_sha256": document.content_sha256,
        "metadata": dict(document.metadata),
        "length": length,
        "start": start,
        "end": end,
        "text": document.text[start:end],
        "sections": [
            {"heading_path": list(s.heading_path), "start": s.start, "end": s.end, "page": s.page, "kind": s.kind}
            for s in touched
        ],
    }


def _place(value: Citation | Passage) -> dict[str, Any]:
    """Return where a quotation stands: the keys that citations and passages share."""
    return {
        "source": value.source,
        "title": value.title,
        "heading_path": list(value.heading_path),
        "page": value.page,
        "start": value.start,
        "end": value.end,
        "language": value.language,
        "document_id": value.document_id,
        "content_sha256": value.content_sha256,
    }


def _number(value: float | None) -> float | None:
    """Return a JSON number: numpy scalars become floats, NaN and infinity become null."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), _DECIMALS)


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}
