"""Ordinals, fractions and multiples: 第6期, 8番目, ⑧, the eighth, No. 8, 3分の1, two-thirds, 倍増, twice."""

from __future__ import annotations

import unicodedata

from genesis_rag.text.numerals import Numeral, View, japanese_numeral, whole_number
from genesis_rag.text.patterns import lazy
from genesis_rag.text.quantity import Quantity, exactly
from genesis_rag.types import Span

CIRCLED = "\u2460-\u2473\u2474-\u2487\u2776-\u277f\u3251-\u325f\u32b1-\u32bf"

# --- After and before a numeral -----------------------------------------------------------------------------------

_NTH_JAPANESE = lazy(
    r"\s?(?:番|つ|個|回|度|年|日|人|代|期|社|枚|本|冊|[かカヶケヵ][月国所]|週|周|件|例|作|戦|校|台|機|章|点|試合|曲|話|都市)?目"
    r"(?![的標次指線前下録玉論])"
)
_NTH_DIGITS = lazy(r"(?:番(?![組地台付手頭号])|位(?![置相])|号(?![機室車棟])|代目|周年)|(?:st|nd|rd|th)(?![a-z])")
_AFTER_DAI = lazy("[期回章条節次位号版弾部項類種戦代巻話課]|四半期|世代|段階")
_NOT_DAI = lazy(
    "第(?:一(?:人者|線|歩|義|党|報|印象|生命|に(?=[、,]))|二の(?:人生|故郷|祖国|母国|青春)|三者|三国|三セクター|六感|九(?!回|条|章))"
)
_NUMBER_SIGN = lazy(r"(?:(?<![a-z])(?:nos?|numbers?|num)\.? ?|# ?|№ ?)$")
_NAMED = lazy(
    r"(?<![a-z])(?:chapter|section|article|figure|fig\.|table|phase|step|part|volume|vol\.|challenge|area|item|question"
    r"|appendix|stage|round|level|priority|goal|pillar|topic|rank|ranked|title|annex|clause|principle|recommendation"
    r"|category) $"
    r"|(?:課題|項目|領域|分野|図|表|章|ステップ|フェーズ|目標|柱|問|付録|別紙|レベル"
    r"|パート|カテゴリー?|クラス|フェイズ) ?$"
)
_MARKER_BEFORE = lazy(r"(?:^|\n)[ \t>|*・●◆■○-]*(?P<open>\()?$")
_MARKER_AFTER = lazy(r"\)|[.:](?=\s|[^\s0-9a-z])")


def ordinal_end(view: View, start: int, end: int, *, digits: bool) -> tuple[int, int] | None:
    """Return the range of the ordinal whose numeral is ``text[start:end]``, or None where it is none."""
    text, lower = view.text, view.lower
    if start and text[start - 1] == "第":
        if _NOT_DAI.match(text, start - 1):
            return None
        after = _AFTER_DAI.match(text, end)
        return start - 1, after.end() if after else end
    if match := _NTH_JAPANESE.match(text, end):
        return start, match.end()
    if not digits:
        return None
    if match := _NTH_DIGITS.match(lower, end):
        return start, match.end()
    if (sign := _NUMBER_SIGN.search(lower, max(0, start - 8), start)) and text[start - 1] != ",":
        return sign.start(), end
    if end - start <= 3 and _is_marker(text, start, end):
        return start, end
    if _NAMED.search(lower, max(0, start - 16), start) and not text[end : end + 1].isalpha():
        return start, end
    return None


def ordinal(numeral: Numeral, start: int, end: int) -> Quantity:
    """Return the ordinal of a whole numeral."""
    return exactly("ordinal", numeral.value.number(), "", start, end)


def _is_marker(text: str, start: int, end: int) -> bool:
    """Return whether a number is the marker of a list item at the start of its line."""
    before = _MARKER_BEFORE.search(text, max(0, start - 12), start)
    if before is None:
        return False
    after = _MARKER_AFTER.match(text, end)
    return after is not None and (before["open"] is None or after[0] == ")")


# --- Words --------------------------------------------------------------------------------------------------------

_ORDINAL_NAMES = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth"
).split()
_ORDINALS = {word: value for value, word in enumerate(_ORDINAL_NAMES, 1)}
_TENS = dict(zip("twent thirt fort fift sixt sevent eight ninet".split(), range(20, 100, 10), strict=True))
_ONES = "|".join(list(_ORDINALS)[:9])
_SMALL = "|".join(list(_ORDINALS)[3:])
_TEN = "|".join(_TENS)
_NO_RANK = "(?!-(?:party|hand|class|rate|person))"
_ORDINAL_WORD = lazy(rf"(?P<tens>{_TEN})(?:y[ -](?P<ones>{_ONES})|ieth)(?![a-z])|(?P<word>{_SMALL})(?![a-z]){_NO_RANK}")
# "first" to "third" are ordinals after an article or possessive, and as a rank: not in "at first", "first of all".
_EARLY = lazy(
    rf"(?P<word>first|second|third)(?![a-z]){_NO_RANK}(?! (?:of all|lady|hand|party|aid|time around|half|halves))"
)
_BEFORE_EARLY = lazy(r"(?:(?<![a-z])(?:the|its|their|his|her|our|my|your|this|world)|'s)[ \n]$")
_AFTER_EARLY = lazy(r"[ -][a-z]|[,;.]|$")
_BEFORE_RANK = lazy(r"(?<![a-z])(?:was|is|were|are|be|came|ranked|placed|finished|ranks) $")
_AFTER_RANK = lazy(r" (?:in|on|among|place|at|with)(?![a-z])|[.,;)]")
_ROMAN = lazy(
    r"(?:(?:world war|phase|stage|part|tier|title|chapter|volume|act) |(?:フェーズ|ステージ|ティア|フェイズ) ?)"
    r"(?P<roman>i{1,3}|iv|vi{0,3}|ix|xi{0,3})(?![a-z])"
)
_ROMAN_VALUES = {name: value for value, name in enumerate("i ii iii iv v vi vii viii ix x xi xii".split(), 1)}
_INITIAL = lazy("(?<![最当年月旬])初(?=の|めて|回|代|となる|会合|年度|[ァ-ヶ])|最初の|首位")
_MULTIPLE = lazy(
    r"(?P<two>twice(?![a-z])|doubl(?:es|ed|ing)(?![a-z-])|double(?= (?:the|its|their|that) )"
    r"|(?:(?<=to )|(?<=will )|(?<=would )|(?<=could ))double(?![a-z-])|倍増|倍加)"
    r"|(?P<three>tripl(?:es?|ed|ing)(?![a-z])|thrice)"
    r"|(?P<fold>two|three|four|five|six|seven|eight|nine|ten|hundred|thousand)-?fold(?![a-z])"
)
_FOLDS = {"ten": 10, "hundred": 100, "thousand": 1000}
_FRACTION_JA = lazy("半分(?!け)|半数")
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fourth": 4} | {word: n for word, n in _ORDINALS.items() if 5 <= n <= 10}
_PART = "|".join(_PARTS)
_TOPS = {word: value for value, word in enumerate("one two three four five six seven eight nine".split(), 1)}
# "the latter half of the century" is no half of anything counted.
_NO_PART = "".join(f"(?<!{word} )" for word in "latter former first second other early late top bottom better".split())
_FRACTION_EN = lazy(
    rf"(?:(?P<top>{'|'.join(_TOPS)})[ -](?P<part>{_PART})s?(?![a-z])(?! (?:party|hand))"
    rf"|a (?P<one>{_PART}) of(?![a-z])|(?P<half>{_NO_PART}half) (?:of|the|its|their|to)(?![a-z]))"
)
_PARTS_OF = lazy(" ?分の ?")
_SLASH = lazy("/([1-9][0-9]?)(?![0-9/%a-z月]|[.,][0-9])")


def ordinal_word(view: View, at: int) -> Quantity | None:
    """Return the ordinal, fraction or multiple in words that begins at ``at``."""
    text, lower = view.text, view.lower
    if unicodedata.category(text[at]) == "No":
        value = unicodedata.numeric(text[at])
        return exactly("ordinal", int(value), "", at, at + 1) if value == int(value) and value > 0 else None
    if match := _FRACTION_EN.match(lower, at):
        top, part = _TOPS[match["top"] or "one"], _PARTS[match["part"] or match["one"] or "half"]
        end = match.end() if match["part"] else match.end("one") if match["one"] else match.end("half")
        return _fraction(top, part, at, end)
    if match := _FRACTION_JA.match(text, at):
        return _fraction(1, 2, at, match.end())
    if match := _MULTIPLE.match(lower, at):
        fold = match["fold"]
        value = (_FOLDS.get(fold) or _TOPS[fold]) if fold else 3 if match["three"] else 2
        return exactly("measure", value, "times", at, match.end())
    if match := _INITIAL.match(text, at):
        return exactly("ordinal", 1, "", at, match.end())
    if match := _ROMAN.match(lower, at):
        return exactly("ordinal", _ROMAN_VALUES[match["roman"]], "", at, match.end())
    return _english_ordinal(lower, at)


def _english_ordinal(lower: str, at: int) -> Quantity | None:
    if match := _ORDINAL_WORD.match(lower, at):
        value = (
            _ORDINALS[match["word"]] if match["word"] else _TENS[match["tens"]] + _ORDINALS.get(match["ones"] or "", 0)
        )
        return exactly("ordinal", value, "", at, match.end())
    match = _EARLY.match(lower, at)
    if match is None:
        return None
    named = _BEFORE_EARLY.search(lower, max(0, at - 8), at) and _AFTER_EARLY.match(lower, match.end())
    if not named and not (_BEFORE_RANK.search(lower, max(0, at - 10), at) and _AFTER_RANK.match(lower, match.end())):
        return None
    return exactly("ordinal", _ORDINALS[match["word"]], "", at, match.end())


def fraction_at(view: View, start: int, end: int) -> Quantity | None:
    """Return the fraction that a whole numeral ``text[start:end]`` begins: 3分の1, 三分の一, 1/3."""
    text = view.text
    if link := _PARTS_OF.match(text, end):
        bottom, top = whole_number(text[start:end]), japanese_numeral(text, link.end())
        if bottom and top is not None and (value := whole_number(text[link.end() : top.end])) and value <= bottom:
            return _fraction(value, bottom, start, top.end)
    if match := _SLASH.match(text, end):
        top_number, bottom_number = text[start:end], int(match[1])
        if top_number.isdecimal() and 0 < int(top_number) < bottom_number:
            return _fraction(int(top_number), bottom_number, start, match.end())
    return None


def _fraction(top: int, bottom: int, start: int, end: int) -> Quantity:
    value = top / bottom
    return Quantity("number", value, value, "fraction", False, Span(start, end))
