"""Compares an answer with the accepted ones: whole, contained, by words or characters. Pure functions.

Texts are compared by their search keys (width, case and old kanji do not matter), with punctuation as space and no
space beside Japanese. Numbers, amounts and dates are compared whole and by value: 5億ドル is $500 million, and 5 is not
in 15.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache

from genesis_rag.text.agreement import agrees, completed
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import quantities
from genesis_rag.text.stop_words import ENGLISH

_CJK = "々〆〇ぁ-ゖゝゞァ-ヺーヽヾㇰ-ㇿ㐀-䶿一-鿿"
_IS_CJK = re.compile(f"[{_CJK}]")
_NOT_WORD = re.compile(r"[\W_]+")
_SPACE_BESIDE_CJK = re.compile(f"(?<=[{_CJK}]) | (?=[{_CJK}])")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_YES = re.compile(r"[\W_]*(?:(?:はい|ええ|そうです)(?![^\W_])|(?:yes|true)\b)")
_NO = re.compile(r"[\W_]*(?:(?:いいえ|いえ|違います)(?![^\W_])|(?:no|false)\b(?!\.?\s?[0-9]))")
_POLAR = frozenset("はい ええ そうです yes true いいえ いえ 違います no false".split())
# What may stand around a number without changing which one it is.
_PARTICLES = (
    r"(?:およそ|おおよそ|約|ほぼ|計|合計|全|程度|ほど|くらい|ぐらい|余り|以上|以下|未満|超える|超|最大|最低|少なくとも|"
    r"から|まで|より|頃|ごろ|年間|[のはがをにでとや間\W_])+"
)
_AROUND_NUMBERS = re.compile(f"^{_PARTICLES}|{_PARTICLES}$")
_ENGLISH_AROUND = ENGLISH | set("approximately around roughly nearly almost least up total exactly".split())


@lru_cache(maxsize=4096)
def normalised(text: str) -> str:
    """Return the form in which answers are compared; see the head of this module."""
    words = _NOT_WORD.sub(" ", fold(text)).strip()
    return _SPACE_BESIDE_CJK.sub("", words)


def is_exact(answer: str, forms: Collection[str]) -> bool:
    """Tell whether the whole answer is one of the accepted forms."""
    own = normalised(answer)
    return bool(own) and any(own == normalised(form) for form in forms)


def contains(answer: str, form: str) -> bool:
    """Tell whether ``answer`` says ``form``.

    A form without quantities must occur as whole words. One with quantities must occur as it is written, without
    cutting a quantity of the answer (5 is not in 5億ドル); or each of its quantities must have one of the same value in
    the answer, and the words around them must occur too.
    """
    if not quantities(form):
        return _occurs(form, answer)
    if _occurs_uncut(form, answer):
        return True
    held = completed(quantities(answer))
    if not all(any(agrees(wanted, one) for one in held) for wanted in quantities(form)):
        return False
    return all(_occurs(words, answer) for words in _words_around(form))


def contains_any(answer: str, forms: Collection[str]) -> bool:
    """Tell whether ``answer`` says one of the forms."""
    return any(contains(answer, form) for form in forms)


def polarity(text: str) -> bool | None:
    """Return True for a text that begins with yes or はい, False for no or いいえ, else None."""
    key = fold(text)
    return True if _YES.match(key) else False if _NO.match(key) else None


def polar_form(form: str) -> bool | None:
    """Return True for an accepted answer that is a mere yes or はい, False for no or いいえ, else None."""
    return polarity(form) if normalised(form) in _POLAR else None


def token_f1(answer: str, form: str) -> float:
    """Return the F1 of the words of both as SQuAD has it (Rajpurkar et al., 2016): no case, signs or articles."""
    return _f1(_words(answer), _words(form))


def character_f1(answer: str, form: str) -> float:
    """Return the F1 of the characters of both without spaces and signs, as JaQuAD has it (So et al., 2022)."""
    return _f1(list(normalised(answer).replace(" ", "")), list(normalised(form).replace(" ", "")))


def best_f1(answer: str, forms: Collection[str], language: str) -> float:
    """Return the highest F1 over the accepted forms: of characters for Japanese, of words otherwise."""
    measure = character_f1 if language == "ja" else token_f1
    return max((measure(answer, form) for form in forms), default=0.0)


def list_recall(answer: str, entries: Sequence[Collection[str]]) -> float:
    """Return the share of the required entries that the answer says in one of their forms."""
    return sum(contains_any(answer, forms) for forms in entries) / len(entries) if entries else 0.0


def list_precision(lines: Sequence[str], entries: Sequence[Collection[str]]) -> float:
    """Return the share of the answer's sentences or list items that say a required entry; 0 for none."""
    right = sum(any(contains_any(line, forms) for forms in entries) for line in lines)
    return right / len(lines) if lines else 0.0


def _occurs(words: str, text: str) -> bool:
    wanted, own = normalised(words), normalised(text)
    at = own.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        if not (_joined(own, at) or _joined(own, end)):
            return True
        at = own.find(wanted, at + 1)
    return False


def _occurs_uncut(words: str, text: str) -> bool:
    """Tell whether ``words`` occur in ``text`` at a place where no quantity of the text goes on over their ends."""
    wanted, own = fold(words).strip(), fold(text)
    at = own.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        cut = any(q.span.start < at < q.span.end or q.span.start < end < q.span.end for q in quantities(own))
        if not (cut or _joined(own, at) or _joined(own, end)):
            return True
        at = own.find(wanted, at + 1)
    return False


def _joined(text: str, at: int) -> bool:
    """Tell whether a word of letters or digits goes on over ``at``; Japanese has no such ends."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    return before.isalnum() and after.isalnum() and not (_IS_CJK.match(before) or _IS_CJK.match(after))


def _words_around(form: str) -> list[str]:
    """Return the words of a form that are neither part of a quantity nor mere particles around one."""
    pieces, done = [], 0
    for quantity in quantities(form):
        pieces.append(form[done : quantity.span.start])
        done = max(done, quantity.span.end)
    pieces.append(form[done:])
    kept = []
    for piece in pieces:
        words = [word for word in normalised(_AROUND_NUMBERS.sub("", piece)).split() if word not in _ENGLISH_AROUND]
        if words:
            kept.append(" ".join(words))
    return kept


def _words(text: str) -> list[str]:
    """Return words; each Japanese character is one."""
    spaced = re.sub(f"([{_CJK}])", r" \1 ", _ARTICLES.sub(" ", normalised(text)))
    return spaced.split()


def _f1(own: Sequence[str], wanted: Sequence[str]) -> float:
    shared = sum((Counter(own) & Counter(wanted)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(own), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)
