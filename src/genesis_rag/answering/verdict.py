"""Answers yes/no questions by what a quotation says: yes, no, or undecided, which is said nowhere.

A statement is made of the question (``claims``) and held against the quotation with its headings. Yes needs its words,
names and quantities there and no denial; no needs its words there and one thing that is otherwise: another quantity of
the kind, another name in the place of one, a denial. Whatever is less clear is undecided.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from genesis_rag.answering.comparing import compare_quantities, gives_bound
from genesis_rag.answering.names import NameChecker
from genesis_rag.answering.polarity import denies, opposites
from genesis_rag.answering.units import Unit
from genesis_rag.answering.wording import WordMatcher, words
from genesis_rag.protocols import Embedder
from genesis_rag.text.known_names import known_words
from genesis_rag.text.language import detect_language
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Passage
from genesis_rag.values import dataclass

_OPERATORS = (
    lazy(r"\bonly\b|\bsolely\b|\bexclusively\b|\balone\b|だけ|のみ|しか|単独|専ら"),
    lazy(r"\ball\b|\bevery\b|\beach\b|\bentire|\bwhole\b|\bboth\b|すべて|全て|全部|全員|全額|いずれも|両方|どちらも"),
    lazy(r"\balways\b|\bmust\b|\bnecessarily\b|\bmandatory\b|\brequired?\b|必ず|常に|義務|必須|なければならない"),
    lazy(r"\bsame\b|\bidentical\b|\bequals?\b|\bexactly\b|同じ|同一|等し|一致|全く|まったく"),
    lazy(r"\b(?:larg|fast|old|new|high|long|bigg|great|small|lat)est\b|\bmost\b|最[大高古新速長小も多]|世界一"),
)
"""Words that turn a statement into another; where only the statement has one of a kind, nothing is decided."""
_COMPARES = lazy(r"\b(?:more|less|fewer|\w+er) than\b|より|上回|下回")
_CLAUSES = lazy(r"(?<=[、。;；])|(?<=,)\s|\s(?=(?:but|while|whereas|although|though)\b)")
_TOPIC = lazy("^[^、。]*?は(?!い)")
_SAID = 0.9
_LIGHT = lazy(
    "[一-鿿]|事|物|際|場合|こと|もの"
    "|(?:has|have|include|includes|included|contain|contains|get|gets|got|getting|make|makes|made|take|takes|took|give|gives|gave|use|uses|used|put|place|really|actually"
    "|there|part|thing|currently|now)",
    re.IGNORECASE,
)
_NAME = lazy(r"[A-Z][A-Za-z0-9.&-]*[A-Z0-9][A-Za-z0-9.&-]*|[ァ-ヺー]{3,}")


@dataclass(frozen=True, slots=True)
class VerdictLimits:
    """How much of a statement must be said, from 0 to 1; set on the dev half of ``benchmarks/planted``.

    Attributes:
        yes: least score for a yes where statement and quotation are in one language, and across languages.
        no: the same for a no; what is otherwise does not count.
        weakest: least likeness of every word.
    """

    yes: tuple[float, float] = (0.75, 0.62)
    no: tuple[float, float] = (0.75, 0.62)
    weakest: float = 0.2


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes (``value``) or no, by unit ``unit`` of a table, and how well its words fit, 0..1."""

    value: bool
    unit: int
    score: float


class Judge:
    """Decides statements by quotations.

    Args:
        embedder: compares words and sentences, also across languages.
        limits: when yes or no is said.
    """

    def __init__(self, embedder: Embedder, limits: VerdictLimits | None = None) -> None:
        self._embedder, self._limits = embedder, limits or VerdictLimits()
        self._matcher = WordMatcher(embedder)
        self._names = NameChecker(self._matcher)

    def decide(self, statement: str, units: Mapping[int, Unit], passages: Sequence[Passage]) -> Verdict | None:
        """Return what the unit that says the statement best decides, None where no unit decides it.

        Args:
            statement: from ``claims.statement_of``.
            units: what may be quoted, by its number in the table.
            passages: where the units stand.
        """
        found = []
        for number, unit in units.items():
            value, score = self.verdict(statement, unit.text, _context(unit, passages[unit.passage]))
            if value is not None:
                found.append(Verdict(value, number, score))
        return max(found, key=lambda one: (one.score, one.value, -one.unit), default=None)

    def verdict(self, statement: str, quote: str, context: str = "") -> tuple[bool | None, float]:
        """Return True or False where ``quote`` decides ``statement``, else None, and how well the words fit.

        Args:
            statement: from ``claims.statement_of``.
            quote: the words that are shown as the answer.
            context: title, headings and lead-in, which say what they are about.
        """
        whole = f"{context}\n{quote}"
        if not statement or _operator_differs(statement, whole):
            return None, 0.0
        numbers = compare_quantities(statement, quote, context)
        if numbers == "open":
            return None, 0.0
        same = detect_language(statement) == detect_language(quote)
        lost = self._names.missing(statement, whole, same_language=same)
        opposite = opposites(statement, quote)
        denied = not opposite and self._denied(statement, quote)
        otherwise = [bool(lost), numbers == "differ", bool(denied), bool(opposite)]
        if denied is None or sum(otherwise) > 1 or (lost and not self._another_name(lost, statement, quote, same)):
            return None, 0.0
        score, weakest = self.said(statement, quote, context, (*lost, *opposite))
        least = (self._limits.no if any(otherwise) else self._limits.yes)[0 if same else 1]
        return (not any(otherwise) if score >= least and weakest >= self._limits.weakest else None), score

    def said(self, statement: str, quote: str, context: str, without: tuple[str, ...] = ()) -> tuple[float, float]:
        """Return how far the words of ``statement`` but ``without`` are said, and the least of the words.

        Words that say little (含む, get) are not looked for, names that are not missing are there in some form.
        """
        lost = {fold(part) for name in without for part in name.split()}
        plain = _without_quantities(statement)
        wanted = [word for word in words(plain) if fold(word) not in lost and not _LIGHT.fullmatch(word)]
        likeness = self._matcher.likeness(wanted, f"{context}\n{quote}")
        names = known_words(statement)
        likeness[[word in names or _NAME.fullmatch(word) is not None for word in wanted]] = 1.0
        query = self._embedder.embed_queries([statement])[0]
        cosines = self._embedder.embed_passages([quote, f"{context}\n{quote}"]) @ query
        cosine = float(self._matcher.above_chance(np.asarray(cosines)).max())
        mean = float(likeness.mean()) if len(likeness) else 0.0
        return (mean + cosine) / 2, float(likeness.min(initial=1.0))

    def _denied(self, statement: str, quote: str) -> bool | None:
        """Tell whether what the statement says is denied: in the clause nearest to it, or in one that alone has a word.

        None where a word hints at it. Other clauses may deny other things.
        """
        wanted = words(statement)
        clauses = [clause for clause in _CLAUSES.split(quote) if clause.strip()]
        if not wanted or len(clauses) < 2:
            return denies(statement, quote)
        said = np.stack([self._matcher.likeness(wanted, clause) for clause in clauses]) >= _SAID
        found: list[bool | None] = []
        for place, clause in enumerate(clauses):
            others = np.delete(said, place, axis=0).any(axis=0)
            nearest = said[place].sum() == said.sum(axis=1).max()
            own = self._matcher.likeness(wanted, _TOPIC.sub("", clause)) >= _SAID
            if nearest or bool((own & ~others).any()):
                found.append(denies(statement, clause))
        return None if None in found else True in found

    def _another_name(self, lost: Sequence[str], statement: str, quote: str, same: bool) -> bool:
        """Tell whether one name is missing, and the quote names somebody or something that the statement does not."""
        longest = max(lost, key=len)
        return all(name in longest for name in lost) and bool(self._names.missing(quote, statement, same_language=same))


def _without_quantities(text: str) -> str:
    """Return ``text`` without its quantities, which are compared by value."""
    for quantity in reversed(quantities(text)):
        text = f"{text[: quantity.span.start]} {text[quantity.span.end :]}"
    return text


def _context(unit: Unit, passage: Passage) -> str:
    return "\n".join((passage.title, *passage.heading_path, unit.lead_text))


def _operator_differs(statement: str, evidence: str) -> bool:
    said, held = fold(statement), fold(evidence)
    if not gives_bound(statement) and _COMPARES.search(said) and not _COMPARES.search(held):
        return True
    return any(pattern.search(said) and not pattern.search(held) for pattern in _OPERATORS)
