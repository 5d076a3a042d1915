"""Questions that look as if a passage answered them, and it doesn't: one particular of a real question is changed.

A number, a name or a term that question and passage share gives way to another of the same kind: most often one that
stands in the same passage too, so that no word is missing from it. The answer that was right is then wrong.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

_KINDS = {
    "number": re.compile(r"\d[\d,.]*\d|\d"),
    "katakana": re.compile(r"[ァ-ヺー]{3,}(?:・[ァ-ヺー]+)*"),
    "kanji": re.compile(r"[一-鿿々]{2,8}"),
    "name": re.compile(r"(?<![A-Za-z])[A-Z][A-Za-z.'-]+(?: (?:of |the |de )?[A-Z][A-Za-z.'-]+)*"),
    "word": re.compile(r"(?<![A-Za-z])[a-z]{6,}(?![A-Za-z])"),
}
_ASKING = re.compile(
    r"(?:Wh|How|In |Is|Are|Do|Did|Was|Can|The|which|what|number|called|before|after|during|between)"
    r"|何|誰|理由|名前|場合|方法|以上|以下"
)
_FROM_PASSAGE = 0.7


def altered(question: str, passage: str, answer: str, others: Sequence[str], rng: random.Random) -> str | None:
    """Return the question with one particular changed, or None where it has none that can be.

    Args:
        question: a question that the passage answers.
        passage: its text.
        answer: its answer; no part of it is put in.
        others: other questions, to take particulars from.
        rng: chooses.
    """
    places = [
        (kind, found)
        for kind, pattern in _KINDS.items()
        for found in pattern.finditer(question)
        if found[0] in passage and not _ASKING.match(found[0]) and (kind != "name" or found.start() > 0)
    ]
    rng.shuffle(places)
    for kind, found in places:
        other = _other(kind, found[0], question, passage, answer, others, rng)
        if other is not None:
            return question[: found.start()] + other + question[found.end() :]
    return None


def _other(
    kind: str, old: str, question: str, passage: str, answer: str, others: Sequence[str], rng: random.Random
) -> str | None:
    if kind == "number" and len(old) == 4 and old.isdigit() and rng.random() < 0.5:
        return str(int(old) + rng.choice([-10, -5, -3, -2, -1, 1, 2, 3, 5, 10]))
    sources = [[passage], others]
    if rng.random() >= _FROM_PASSAGE:
        sources.reverse()
    for texts in sources:
        found = {one for text in texts for one in _KINDS[kind].findall(text) if _fits(kind, one, old)}
        kept = sorted(one for one in found if one not in question and one not in answer and answer not in one)
        if kept:
            return rng.choice(kept)
    return None


def _fits(kind: str, new: str, old: str) -> bool:
    """Tell whether ``new`` can stand where ``old`` did: a kanji word of about its length, a number of its form."""
    if new in old or old in new or _ASKING.match(new):
        return False
    if kind == "kanji":
        return abs(len(new) - len(old)) <= 1 and (new[-1] == old[-1] or len(old) < 4)
    if kind == "word":
        return new[-2:] == old[-2:]
    return kind != "number" or len(new) == len(old)
