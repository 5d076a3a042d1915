"""How to search; the defaults are those that `benchmarks/retrieval.py` fitted and measured."""

from __future__ import annotations

from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """How to search and what to make of what was found.

    Weights, bases and margins of cosines belong to the embedding model; these are for the one that is shipped.

    Attributes:
        candidates: how many chunks each leg (dense, keyword) proposes, in each language of the index.
        keyword_depth: how far down the keyword ranking is read, over all languages; a chunk that only the dense leg
            proposed and that stands further down has the keyword score 0.
        dense_weight: weight of the cosine in the fused score, the keyword score has the rest.
        foreign_base: in another language than the question's, a cosine up to here says nothing; see ``fuse_foreign``.
        foreign_slope: how much a cosine above that counts.
        language_share: the part of the results that is kept for either side, the question's language and the others,
            if the index holds chunks there that are near enough; fewer than half, and none of two.
        language_margin: near enough in another language is a score of at least this part of the last one in the
            question's language that keeps its place in any case.
        per_document: most passages of one document, as long as other documents have something to say.
        merge_score: a hit is merged into a neighbouring better one if its score is at least this part of the better.
        passage_tokens: neighbouring chunks are merged into one passage up to this many tokens.
        short_tokens: a shorter passage also takes in the chunks around it under the same heading.
        total_tokens: most tokens of all passages together; the first passage is always given.
    """

    candidates: int = 50
    keyword_depth: int = 100
    dense_weight: float = 0.2
    foreign_base: float = 0.3
    foreign_slope: float = 3.0
    language_share: float = 1 / 3
    language_margin: float = 0.5
    per_document: int = 4
    merge_score: float = 0.5
    passage_tokens: int = 384
    short_tokens: int = 96
    total_tokens: int = 2400

    def __post_init__(self) -> None:
        if self.candidates < 1 or self.keyword_depth < self.candidates or self.per_document < 1:
            raise ValueError(f"nothing can be found with {self}")
        if not (0 < self.dense_weight <= 1 and 0 <= self.language_share <= 0.5):
            raise ValueError(f"the dense weight is a part of 1, the language share at most a half: {self}")
