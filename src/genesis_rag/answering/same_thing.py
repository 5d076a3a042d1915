"""Whether two sentences that give one figure each speak of the same thing: the rule behind shown conflicts.

A sentence is read as the part that holds its figure (its clause), in which every word counts, and the rest, which only
says more. What one clause says and the other sentence does not must be a word that tells nothing of the thing (reach,
website, 見込み): any other word may be what tells two figures apart (in winter, the old lighthouse, 大学院の学生).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from genesis_rag.text.normalize import nfc
from genesis_rag.text.numbers import Quantity, agrees, quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.text.stemmer import stem
from genesis_rag.text.stop_words import ENGLISH
from genesis_rag.values import dataclass

_LEAST_ASKED = 0.5
"""Least share of the question's words that both sentences have, with title and headings, unless worded alike."""
_NAMED = 2
"""Words of the question that both say apart from their sources, where these differ."""
_SHORT, _SUFFIXES = 3, "者数額"
_ANSWER, _OTHER = "\0", "\1"
"""What stands for figures that would answer and for all others while the words are read."""
_WORD = lazy(r"[㐀-鿿々〆]+|[ァ-ヶー]+|[A-Za-z][A-Za-z0-9'-]*|[0-9]+|[ぁ-ん]{2,}(?=[㐀-鿿々ァ-ヶ])")
_QUOTED = lazy(r"「([^「」]{1,30})」")
_KANJI = lazy(r"[㐀-鿿]")
_ASKING = lazy(r"何[㐀-鿿々ァ-ヶー]*|いくら|いつ|どの(?:くらい|程度)|\bhow (?:many|much|long|old|far)\b", re.IGNORECASE)
_PARTICLES = lazy(
    r"(?:は|が|を|に|の|で|と|も|へ|や|か|から|まで|より|ため|こと|もの|ほど|した|する|して|され|れる|った|って|である|なる"
    r"|なった|よる|よれば|よると|として|について|における|おいて|ある|いる|いた|える|める|きる|たる)*"
)
_SOURCE = lazy(
    r"(?:\baccording to [^,]*,|[^、。]*に(?:よると|よれば)、?"
    r"|、[^、。]*(?:説明|発表|資料|報告|サイト|案内|調べ|統計|記録|パンフレット)では、?)",
    re.IGNORECASE,
)
_ASIDE = lazy(r"(?<=[a-z]), (?:an?|the|which|who|whose|located|based) [^,\0\1]*,", re.IGNORECASE)
_CUT = lazy(
    r"(?:ており|であり|あり|もので|れて|って|いて|して|され|(?<=\0)(?:だ?で(?:あり)?|だが)?)、"
    r"|[;；]|(?<=\0),? and |(?<=\0), "
)
_KEPT = frozenset("not other before after without until since per only each between during over under both all".split())
_NEUTRAL = frozenset(
    stem(word)
    for word in "have has had report state cost amount stand reach come count number set put announce say according "
    "website about there consist comprise employ work".split()
) | frozenset("上 上回 達 至 成 要 見込 予定 推定 記載 示 定 発表 報告 公表 説明 等 者 数 額 値 約 持 備 有 擁".split())
_SAME = {
    stem(word): stem(same)
    for word, same in (
        *(("begin", "start"), ("began", "start"), ("length", "long"), ("height", "high")),
        *(("tall", "high"), ("width", "wide"), ("depth", "deep"), ("weight", "weigh"), ("launch", "start")),
    )
}
"""Words that say the same where a figure follows."""
_TELLS_APART = lazy(
    r"うち|当初|改[訂定正]|変更|修正|見直|計画|実績|要求|決定|全体|合計|累計|上限|下限|最大|最小|平均|除|含|減|増|超過|不足"
    r"|\b(?:planned?|actual|revised|initial|original|target|estimated|of which|of (?:these|them|its)|^of the|up to"
    r"|at (?:most|least)|average|maximum|minimum|total|cumulative|exclud\w*|includ\w*|net|gross|rose|fell|grew"
    r"|increas\w*|decreas\w*|fiscal|calendar|more|less|fewer|additional|another|former|new|old)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that gives one figure of the kind that was asked for.

    Attributes:
        figure: the figure.
        text: the whole sentence.
        words: its words, figures aside.
        clause: the words of the part that holds the figure.
        source: the words of who says so (according to the city), which are not of the clause.
        around: words of the sentence with its title and headings.
        apart: words anywhere in the sentence that tell figures apart (planned, うち).
        setting: the figures of the clause that were not asked for, which say of when or what it speaks.
    """

    figure: Quantity
    text: str
    words: frozenset[str]
    clause: frozenset[str]
    source: frozenset[str]
    around: frozenset[str]
    apart: frozenset[str]
    setting: tuple[Quantity, ...]


def read_statement(text: str, context: str, asked: str, kinds: frozenset[str]) -> Statement | None:
    """Return what ``text`` states.

    Args:
        text: a sentence, list item or row.
        context: its title and headings.
        asked: the question; a figure that it names itself does not answer it.
        kinds: kinds of quantity that would answer.

    Returns:
        None where the part that answers has no exact figure of these kinds, or several.
    """
    known = {(one.kind, one.low, one.high) for one in quantities(asked)}
    found = quantities(text)
    answers = [one for one in found if one.kind in kinds and (one.kind, one.low, one.high) not in known]
    masked = list(text)
    for one in found:
        mask = _ANSWER if one in answers else _OTHER
        masked[one.span.start : one.span.end] = mask * (one.span.end - one.span.start)
    plain = "".join(masked)
    wanted = question_words(asked)
    parts = [part for part in _clauses(plain) if any(part[0] <= one.span.start < part[1] for one in answers)]
    if not parts:
        return None
    held = [sum(_has(word, plain[start:end]) for word in wanted) for start, end in parts]
    if held.count(max(held)) > 1:
        return None
    start, end = parts[held.index(max(held))]
    own = [one for one in answers if start <= one.span.start < end]
    if len(own) != 1 or own[0].low != own[0].high:
        return None
    return Statement(
        figure=own[0],
        text=text,
        words=_words(plain),
        clause=_words(_ASIDE.sub(" ", _SOURCE.sub(" ", plain[start:end]))),
        source=_words(" ".join(match[0] for match in _SOURCE.finditer(plain[start:end]))),
        around=frozenset(word for word in wanted if _has(word, f"{text}\n{context}")),
        apart=frozenset(match[0].casefold() for match in _TELLS_APART.finditer(plain)),
        setting=tuple(one for one in found if one is not own[0] and start <= one.span.start < end),
    )


def same_thing(one: Statement, other: Statement, asked: str) -> bool:
    """Tell whether two statements of one language give a figure for the same thing."""
    wanted = question_words(asked)
    least = 0.0 if one.words == other.words else _LEAST_ASKED * len(wanted)
    if one.around != other.around or len(one.around) < least or not one.around:
        return False
    if one.source and other.source and one.source != other.source and len(wanted & one.clause & other.clause) < _NAMED:
        return False  # two universities each of its own students
    if one.apart != other.apart or _extra(one, other) or _extra(other, one):
        return False
    return _settled(one.setting, other.setting) and _settled(other.setting, one.setting)


def question_words(asked: str) -> frozenset[str]:
    """Return the words of a question that say what it is about."""
    words = _words(_ASKING.sub(" ", asked))
    return words - _NEUTRAL or words


def _clauses(plain: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of the parts of a sentence that say one thing each."""
    start = 0
    for cut in _CUT.finditer(plain):
        yield start, cut.end()
        start = cut.end()
    yield start, len(plain)


@lru_cache(maxsize=512)  # of one question, a sentence is read for each of its words
def _words(text: str) -> frozenset[str]:
    words = {part for part in _QUOTED.findall(text)}
    for match in _WORD.finditer(nfc(text)):
        word = match[0]
        if word[0].isascii():
            low = word.casefold()
            if low in _KEPT or (low not in ENGLISH and len(low) > 1) or low.isdigit():
                whole = stem(low.removesuffix("'s"))
                words.add(_SAME.get(whole, whole))
        elif not _PARTICLES.fullmatch(word):
            words.add(word.rstrip("のはがをにでとも") or word)
    return frozenset(words)


def _has(word: str, text: str) -> bool:
    """Tell whether a text has a word, or most of a long one in kanji (最初の報告 of 年次報告)."""
    if word.isascii():
        return word in _words(text)
    if word in text or word.rstrip(_SUFFIXES) in text:
        return True
    pairs = [word[k : k + 2] for k in range(len(word) - 1)] if len(word) > _SHORT else []
    return 2 * sum(pair in text for pair in pairs) >= len(pairs) > 0


def _extra(one: Statement, other: Statement) -> bool:
    """Tell whether the clause of ``one`` has a word of meaning that ``other`` has nowhere."""
    held = other.words | _words(other.text)
    held = held | {word.rstrip(_SUFFIXES) for word in held} - {""}
    shared = sorted((word for word in held if not word.isascii()), key=len, reverse=True)
    for word in one.clause - other.words - _NEUTRAL:
        if word.isascii():
            return True
        rest = [word] if _KANJI.search(word) or word not in other.text else []
        for part in shared:
            rest = [piece for whole in rest for piece in whole.split(part)]
        if any(piece and piece not in _NEUTRAL for piece in rest):
            return True
    return False


def _settled(some: Sequence[Quantity], others: Sequence[Quantity]) -> bool:
    """Tell whether others hold each of some: of 2025 one budget is right, of 2026 another."""
    return all(any(agrees(one, other) for other in others) for one in some)
