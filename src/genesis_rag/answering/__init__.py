"""Answers from passages: exact quotations with checked citations, or an honest abstention."""

from __future__ import annotations

from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.answering.selection import Limits

__all__ = ["ExtractiveAnswerer", "Limits"]
