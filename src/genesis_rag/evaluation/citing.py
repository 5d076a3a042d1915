"""Citation recall and precision after ALCE (Gao, Yen, Yu and Chen, EMNLP 2023), computable without a judge model.

ALCE asks a model whether quotations entail a sentence. Here a quotation *supports* a sentence when it holds the
sentence word for word, or every number and date of it by value and at least seven tenths of its content words. Across
languages, where words cannot be compared, it must hold every number and date and every name in Latin capitals.

- Recall of a sentence: 1 if it cites something and all that it cites together supports it.
- Precision of a citation: 1 if its sentence has recall 1 and the citation is not idle: it supports the sentence alone,
  or the rest without it does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from genesis_rag.evaluation.evidence import Judged, points_at
from genesis_rag.evaluation.matching import contains_any, polar_form
from genesis_rag.evaluation.needs import Needs
from genesis_rag.text.language import detect_language
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import unsupported_quantities
from genesis_rag.text.sentences import sentence_spans
from genesis_rag.text.terms import BigramAnalyser
from genesis_rag.types import Answer, Citation
from genesis_rag.values import dataclass

SUPPORTING_SHARE = 0.7
_LATIN_NAME = re.compile(r"\b[A-Z][A-Za-z0-9]*[A-Z0-9][A-Za-z0-9]*\b")
_ANALYSER = BigramAnalyser()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer without its markers, and the citations that stand for it."""

    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class CitationScores:
    """How well an answer cites; None where there is nothing to judge.

    Attributes:
        recall: share of the sentences that their citations support (ALCE).
        precision: share of the citations that support their sentence and are not idle (ALCE).
        pointing: share of the citations that point at the evidence.
        holding: share of the citations that point at the evidence or whose quotation says an accepted answer.
        evidence: share of the evidence needed that some citation points at.
    """

    recall: float | None
    precision: float | None
    pointing: float | None
    holding: float | None
    evidence: float | None


def plain_text(answer: Answer) -> str:
    """Return the answer's text without the markers of its citations."""
    text = answer.text
    for marker in _markers(answer.citations):
        text = text.replace(marker, "")
    return text.strip()


def cited_sentences(answer: Answer) -> list[Sentence]:
    """Return the sentences and list items of an answer that hold a letter or digit.

    Where the part that a citation stands for begins or ends within a sentence, as between table rows without a full
    stop, the sentence is cut.
    """
    found = []
    blanked = answer.text
    for marker in _markers(answer.citations):  # blanks, so that offsets stay and no sentence begins with a marker
        blanked = blanked.replace(marker, " " * len(marker))
    ends = sorted({end for c in answer.citations for end in (c.answer_start, c.answer_end)})
    for span in sentence_spans(blanked):
        cuts = [span.start, *(end for end in ends if span.start < end < span.end), span.end]
        for start, end in pairwise(cuts):
            text = blanked[start:end].strip()
            if polar_form(text) is not None:
                continue  # judged by whether it is right, see ``matching``; the sentence after it carries the evidence
            if any(character.isalnum() for character in text):
                citing = (c for c in answer.citations if c.answer_start < end and c.answer_end > start)
                found.append(Sentence(text, tuple(citing)))
    return found


def supports(quotes: Sequence[str], sentence: str) -> bool:
    """Tell whether the quotations together support the sentence; see the head of this module."""
    evidence = "\n".join(quotes)
    if not quotes or not evidence.strip():
        return False
    if _squeezed(sentence) in _squeezed(evidence):
        return True
    if unsupported_quantities(sentence, evidence):
        return False
    if detect_language(sentence) != detect_language(evidence):
        return all(fold(name) in fold(evidence) for name in _LATIN_NAME.findall(sentence))
    wanted = _terms(sentence)
    return not wanted or len(wanted & _terms(evidence)) / len(wanted) >= SUPPORTING_SHARE


def support_recall(sentences: Sequence[Sentence]) -> float | None:
    """Return ALCE's citation recall of one answer."""
    return _mean([supports([c.quote for c in one.citations], one.text) for one in sentences])


def support_precision(sentences: Sequence[Sentence]) -> float | None:
    """Return ALCE's citation precision of one answer; a citation that stands for two sentences counts in each."""
    precise = []
    for one in sentences:
        quotes = [c.quote for c in one.citations]
        whole = supports(quotes, one.text)
        for number, quote in enumerate(quotes):
            rest = [*quotes[:number], *quotes[number + 1 :]]
            precise.append(whole and (supports([quote], one.text) or not supports(rest, one.text)))
    return _mean(precise)


def citation_scores(answer: Answer, judged: Sequence[Judged], needs: Needs, forms: Sequence[str]) -> CitationScores:
    """Return how well ``answer`` cites; evidence that the index does not hold counts as not cited.

    Args:
        answer: an answer that was given (not a refusal).
        judged: the question's evidence.
        needs: which pieces of it are alternatives.
        forms: all accepted forms of all answers.
    """
    sentences = cited_sentences(answer)
    pointing = [any(points_at(one, c, c.quote) for one in judged) for c in answer.citations]
    holding = [
        right or contains_any(citation.quote, forms) for right, citation in zip(pointing, answer.citations, strict=True)
    ]
    cited = [any(points_at(one, c, c.quote) for c in answer.citations) for one in judged]
    return CitationScores(
        recall=support_recall(sentences),
        precision=support_precision(sentences),
        pointing=_mean(pointing) if judged else None,
        holding=_mean(holding) if judged or forms else None,
        evidence=_mean([any(cited[n] for n in need) for need in needs]),
    )


def _markers(citations: Sequence[Citation]) -> list[str]:
    return [f"[{marker}]" for marker in sorted({c.marker for c in citations})]


def _squeezed(text: str) -> str:
    return "".join(fold(text).split())


@lru_cache(maxsize=4096)
def _terms(text: str) -> frozenset[str]:
    return frozenset(_ANALYSER.content_set(text))


def _mean(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None
