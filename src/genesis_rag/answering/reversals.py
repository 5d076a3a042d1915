"""Whether a claim turns round what its evidence says: a denial added or dropped, an opposite, two things exchanged."""

from __future__ import annotations

import re

import numpy as np

from genesis_rag.answering.comparing import breaks_bound
from genesis_rag.answering.polarity import contrasts, denial_differs, denies_clearly, opposites, without_denials
from genesis_rag.answering.swaps import crossed, exchanged
from genesis_rag.answering.wording import WordMatcher, words
from genesis_rag.text.patterns import lazy

_SAID, _HALF = 0.8, 0.5
_COMPARES = lazy(r"\bthan\b|より|比べ")
_ONLY = lazy(r"\bonly\b|だけ|のみ", re.IGNORECASE)
_EXCEPT = lazy(r"\bexcept|\ball but\b|\bapart from\b|\bother than\b|を除[くい]|以外|例外", re.IGNORECASE)
_MORE = lazy(r"\b(?:more|(?:larg|bigg|great|high|fast|long|old|earli|strong)er)\b|大き|多|高|速|早|長|広|上回")
_LESS = lazy(r"\b(?:less|fewer|(?:small|low|slow|short|young|new|lat|weak)er)\b|小さ|少な|低|遅|短|狭|下回")


class ReversalFinder:
    """Looks for what is the other way round in a claim.

    Args:
        matcher: tells how near words of two languages are.
    """

    def __init__(self, matcher: WordMatcher) -> None:
        self._matcher = matcher

    def reversed(self, claim: str, evidence: str, nearest: str, *, same_language: bool) -> bool:
        """Tell whether ``claim`` reverses the evidence.

        Args:
            claim: what is said.
            evidence: the quoted words.
            nearest: the one sentence of it that is nearest to the claim; denials are looked for there.
            same_language: whether both are in one language.
        """
        if (
            breaks_bound(claim, evidence)
            or self._denial_differs(claim, nearest)
            or self._contrast_turned(claim, nearest)
        ):
            return True
        plain = not (denies_clearly(claim) or denies_clearly(nearest) or _COMPARES.search(claim))
        if plain and (opposites(claim, nearest) or _only_turned(claim, nearest)):
            return True
        if _other_way(claim, nearest):
            return False
        texts = dict.fromkeys((nearest, evidence))
        return any((same_language and exchanged(claim, text)) or crossed(claim, text, self._matcher) for text in texts)

    def _denial_differs(self, claim: str, evidence: str) -> bool:
        """Tell it of the evidence without those clauses whose denial adds nothing to what the claim says."""
        if not denial_differs(claim, evidence):
            return False
        rest = without_denials(evidence)
        wanted = words(claim)
        if denies_clearly(claim) or not rest or not wanted:
            return True
        lost = self._matcher.likeness(wanted, rest) < _HALF
        return bool(np.any(self._said(wanted, evidence) & lost))

    def _contrast_turned(self, claim: str, evidence: str) -> bool:
        """Tell whether both deny something for something else, and each denies what the other affirms."""
        (denied, affirmed), (denied_there, affirmed_there) = contrasts(claim), contrasts(evidence)
        if not words(denied) or not words(denied_there):
            return False
        return self._moved(words(denied), denied_there, affirmed_there) and self._moved(
            words(denied_there), denied, affirmed
        )

    def _moved(self, wanted: list[str], denied: str, affirmed: str) -> bool:
        """Tell whether at least half of the words are said in what is affirmed, and not in what is denied."""
        return bool(np.mean(self._said(wanted, affirmed) & ~self._said(wanted, denied)) >= _HALF)

    def _said(self, wanted: list[str], text: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.asarray(self._matcher.likeness(wanted, text) >= _SAID)


def _only_turned(claim: str, evidence: str) -> bool:
    """Tell whether one says only X and the other all except X; neither denies, as in none except X."""
    return any(
        _ONLY.search(one) and not _ONLY.search(other) and _EXCEPT.search(other) and not _EXCEPT.search(one)
        for one, other in ((claim, evidence), (evidence, claim))
    )


def _other_way(claim: str, evidence: str) -> bool:
    """Tell whether one compares with more and the other with less: B is smaller than A, where A is larger than B."""
    if not (_COMPARES.search(claim) and _COMPARES.search(evidence)):
        return False
    said, held = ((bool(_MORE.search(text)), bool(_LESS.search(text))) for text in (claim, evidence))
    return said == held[::-1] and said[0] is not said[1]
