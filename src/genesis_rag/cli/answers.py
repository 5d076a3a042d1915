"""An answer as lines for people: its text, then the numbered sources with the quoted words in their context."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from genesis_rag.cli.output import Line, Segment, marker_segments
from genesis_rag.cli.phrases import Phrases, phrases_for
from genesis_rag.types import Answer, Citation, Passage

CONTEXT_CHARS = 48
"""How much of the surrounding text is shown before and after quoted words on a terminal."""

BUILT_IN_READER = "extractive"
SOURCE_INDENT = 4


def text_lines(answer: Answer) -> Iterator[Line]:
    """Yield the answer's own text, its markers standing out."""
    for paragraph in answer.text.split("\n"):
        yield Line(marker_segments(paragraph))


def source_lines(answer: Answer, decorated: bool) -> Iterator[Line]:
    """Yield notes and sources. ``decorated`` shows quotes highlighted in context, else between quotation marks."""
    words = phrases_for(answer.language)
    for note in answer.notes:
        yield Line(((words.note + note, "quiet"),))
    if not answer.citations:
        return
    yield Line()
    yield Line(((words.sources, "strong"),))
    ordered = sorted(answer.citations, key=lambda citation: citation.marker)
    for marker, group in groupby(ordered, key=lambda citation: citation.marker):
        citations = list(group)
        yield Line(((f"[{marker}]", "marker"), " ", *_heading(citations, words)))
        yield Line(((citations[0].source, "quiet"),), SOURCE_INDENT)
        for citation in _once_each(citations):
            quote = _in_context(citation, answer.passages) if decorated else _in_marks(citation)
            yield Line(quote, SOURCE_INDENT)


def closing_lines(answer: Answer) -> Iterator[Line]:
    """Yield the one quiet line that says who chose these words."""
    if answer.citations and answer.answerer.split(":")[0] == BUILT_IN_READER:
        yield Line()
        yield Line(((phrases_for(answer.language).closing, "quiet"),))


def explanation_lines(answer: Answer) -> Iterator[Line]:
    """Yield what was read with its scores by stage, the confidence, the time by phase and the fingerprints."""
    words = phrases_for(answer.language)
    yield Line()
    yield Line(((words.read, "strong"),))
    for passage in answer.passages:
        yield Line(((f"[{passage.marker}]", "marker"), " ", *_heading([passage], words)))
        scores = "  ".join(f"{name} {value:.3f}" for name, value in passage.scores.items())
        yield Line(
            ((f"score {passage.score:.3f}  {scores}  {passage.source}:{passage.start}-{passage.end}", "quiet"),),
            SOURCE_INDENT,
        )
    confidence = "-" if answer.confidence is None else f"{answer.confidence:.2f}"
    timings = "  ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in answer.timings.items())
    yield Line()
    yield Line(((f"{answer.answerer}  confidence {confidence}  {answer.reason}".rstrip(), "quiet"),))
    yield Line(((timings, "quiet"),))
    yield Line(((f"model {answer.model_fingerprint}  index {answer.index_fingerprint}", "quiet"),))


def hold_back(text: str) -> tuple[str, str]:
    """Split streamed text before a marker that has not been closed yet, so that it is coloured as a whole."""
    begin = text.rfind("[")
    tail = text[begin + 1 :]
    if begin >= 0 and len(tail) <= 3 and (not tail or tail.isdecimal()):
        return text[:begin], text[begin:]
    return text, ""


def _heading(group: Sequence[Citation] | Sequence[Passage], words: Phrases) -> list[Segment]:
    first = group[0]
    pages = sorted({place.page for place in group if place.page is not None})
    parts = [words.page.format(page=", ".join(map(str, pages)))] if pages else []
    path = [step for step in first.heading_path if step != first.title]
    if path:
        parts.append(" › ".join(path))
    title = first.title or words.untitled
    return [(title, "strong"), f" — {words.separator.join(parts)}" if parts else ""]


def _once_each(citations: Iterable[Citation]) -> list[Citation]:
    return list({(citation.document_id, citation.start, citation.end): citation for citation in citations}.values())


def _in_marks(citation: Citation) -> tuple[Segment, ...]:
    words = phrases_for(citation.language)
    return (words.open_quote + one_line(citation.quote) + words.close_quote,)


def _in_context(citation: Citation, passages: Sequence[Passage]) -> tuple[Segment, ...]:
    """Return the quote highlighted between a little of the text around it, as far as a passage shows it."""
    home = next((p for p in passages if _covers(p, citation)), None)
    if home is None:
        return ((one_line(citation.quote), "quote"),)
    begin, end = citation.start - home.start, citation.end - home.start
    before = home.text[max(0, begin - CONTEXT_CHARS) : begin]
    after = home.text[end : end + CONTEXT_CHARS]
    return (
        ("…" if begin > CONTEXT_CHARS else "", "quiet"),
        (one_line(before, keep_end=True), "quiet"),
        (one_line(home.text[begin:end]), "quote"),
        (one_line(after, keep_start=True), "quiet"),
        ("…" if end + CONTEXT_CHARS < len(home.text) else "", "quiet"),
    )


def _covers(passage: Passage, citation: Citation) -> bool:
    same = passage.document_id == citation.document_id
    return same and passage.start <= citation.start and citation.end <= passage.end


def one_line(text: str, *, keep_start: bool = False, keep_end: bool = False) -> str:
    """Return ``text`` with every run of whitespace as one space; at its edges only where asked to."""
    inner = " ".join(text.split())
    lead = " " if keep_start and text[:1].isspace() else ""
    trail = " " if keep_end and text[-1:].isspace() else ""
    return f"{lead}{inner}{trail}" if inner else lead or trail
