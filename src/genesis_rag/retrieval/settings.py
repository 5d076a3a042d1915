"""How to search; the defaults are those that `benchmarks/retrieval.py` fitted and measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """How to search and what to make of what was found.

    Attributes:
        candidates: how many chunks each leg (dense, keyword) proposes, in each language of the index.
        keyword_depth: how far down the keyword ranking is read for the scores of chunks that only the dense leg
            proposed; what stands below gets 0.
        dense_weight: weight of the dense score in the fused one, the keyword score has the rest.
        cross_dense_weight: the same for chunks in another language than the question, which share no words with it
            but numbers and names; such a chunk gets the larger of both fused scores.
        language_share: the part of the results that is kept for chunks in another language than the question's,
            if the index holds some that are near enough.
        language_margin: near enough is a cosine of at least this part of the best one in the question's language.
        per_document: most passages of one document, as long as other documents have something to say.
        merge_score: a hit is merged into a neighbouring better one if its score is at least this part of the better.
        passage_tokens: neighbouring chunks are merged into one passage up to this many tokens.
        short_tokens: a shorter passage also takes in the chunks around it under the same heading.
        total_tokens: most tokens of all passages together; the first passage is always given.
    """

    candidates: int = 50
    keyword_depth: int = 200
    dense_weight: float = 0.5
    cross_dense_weight: float = 0.9
    language_share: float = 1 / 3
    language_margin: float = 0.5
    per_document: int = 3
    merge_score: float = 0.5
    passage_tokens: int = 384
    short_tokens: int = 96
    total_tokens: int = 2400

    def __post_init__(self) -> None:
        if self.candidates < 1 or self.keyword_depth < self.candidates or self.per_document < 1:
            raise ValueError(f"nothing can be found with {self}")
        if not (0 < self.dense_weight <= 1 and 0 <= self.cross_dense_weight <= 1 and 0 <= self.language_share < 1):
            raise ValueError(f"weights and shares are parts of 1: {self}")
