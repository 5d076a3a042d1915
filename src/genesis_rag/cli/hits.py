"""Search results as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from genesis_rag.cli.answers import one_line
from genesis_rag.cli.output import Line, Segment
from genesis_rag.types import Hit

SNIPPET_CHARS = 160
INDENT = 4


def hit_lines(hits: Sequence[Hit], explain: bool) -> Iterator[Line]:
    """Yield each hit: rank, title, page and heading, source, the beginning of its text, and its scores if asked."""
    for hit in hits:
        chunk = hit.chunk
        place = [f"p. {chunk.page}"] if chunk.page is not None else []
        path = " › ".join(step for step in chunk.heading_path if step != hit.document.title)
        where = " · ".join([*place, *([path] if path else [])])
        heading: tuple[Segment, ...] = ((f"{hit.rank:2}", "marker"), "  ", (hit.document.title, "strong"))
        yield Line((*heading, f" — {where}" if where else "", (f"  {hit.score:.3f}", "quiet")))
        yield Line(((f"{hit.document.source}:{chunk.start}-{chunk.end}", "quiet"),), INDENT)
        text = one_line(chunk.text)
        yield Line((text if len(text) <= SNIPPET_CHARS else text[:SNIPPET_CHARS] + "…",), INDENT)
        if explain:
            scores = "  ".join(f"{stage} {value:.4f}" for stage, value in hit.scores.items())
            yield Line(((scores, "quiet"),), INDENT)
