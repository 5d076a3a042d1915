"""What can follow a number: currencies, units of time and measurement, counters and counted nouns.

The tables (``unit_tables``) become dictionaries that are looked up longest word first, which costs less at start than
patterns would. A line of a table is ``kind name factor: words``; value * factor is in units of ``name``, and an
indented line goes on with the words. In a word ``_`` stands for a space, ``!`` comes before characters that must
not follow, and ``~`` marks words that count only after Arabic digits.
"""

from __future__ import annotations

from genesis_rag.text import unit_tables as tables
from genesis_rag.text.numerals import Exact, View
from genesis_rag.text.patterns import lazy
from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: value * factor is in units of ``name`` of the quantity kind ``kind``.

    Kinds beside those of quantities: "pound" (money of the currency ``name`` after a number with a scale such as
    million, else a weight or no unit) and "point" (ポイント: percentage points or not).
    """

    kind: str
    name: str
    factor: Exact
    not_before: str = ""
    digits_only: bool = False


def _factor(text: str) -> Exact:
    if "^" in text:
        return Exact(2 ** int(text[2:]))
    digits, _, exponent = text.partition("e")
    return Exact(int(digits), int(exponent or 0))


def _table(source: str) -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for line in source.replace("\n    ", " ").strip().splitlines():
        head, _, words = line.partition(": ")
        kind, name, factor = head.split()
        plain = Unit(kind, name.replace("_", " "), _factor(factor))
        for entry in words.split():
            word, _, not_before = entry.partition("!")
            digits_only = word.startswith("~")
            special = not_before or digits_only
            unit = Unit(kind, plain.name, plain.factor, not_before, digits_only) if special else plain
            table.setdefault(word.lstrip("~").replace("_", " "), unit)
    return table


def _prefixed(source: str, prefixes: dict[str, int], table: dict[str, Unit]) -> dict[str, Unit]:
    """Add the words of ``source`` with their prefixes (those listed, or all)."""
    for entry in source.replace("\n", " ").split(";"):
        word, name, *allowed = entry.split()
        for prefix, exponent in prefixes.items():
            if not allowed or (prefix or "_") in allowed[0]:
                unit = Unit("measure", name.replace("_", " "), Exact(1, exponent))
                table.setdefault(prefix + word.replace("_", " "), unit)
    return table


_JAPANESE = _prefixed(tables.PREFIXED_JAPANESE, tables.JAPANESE_PREFIXES, _table(tables.JAPANESE_TABLE))
_ENGLISH = _prefixed(tables.PREFIXED_ENGLISH, tables.ENGLISH_PREFIXES, _table(tables.ENGLISH_TABLE))
_SYMBOLS = _prefixed(tables.PREFIXED_SYMBOLS, tables.SYMBOL_PREFIXES | {"": 0}, _table(tables.SYMBOL_TABLE))
_LONGEST_JAPANESE = max(map(len, _JAPANESE))
_LONGEST_SYMBOL = max(map(len, _SYMBOLS))
_CODES = {code: code for code in tables.CURRENCY_CODES.split()} | {"RMB": "CNY"}
_SIGNS = dict(entry.split(":") for entry in tables.CURRENCY_SIGNS.split())
_BEFORE = lazy("(?:(?<![A-Za-z])(?P<code>[A-Z]{3})|(?P<sign>(?:(?<![A-Za-z])[A-Z.]{1,4})?[$¥€£₩₹])) ?$")
_ENGLISH_WORDS = lazy(r"[\s-]?(?P<words>(?:u\.s\. )?[a-z]+(?:[ -][a-z]+){0,2})")
_ASCII_LETTER = lazy("[A-Za-z0-9]")
_FACTOR = lazy(" ?[0-9]")


def currency_before(text: str, start: int) -> tuple[str, int] | None:
    """Return the currency whose sign or code ends at ``start`` of ``text``, and where that begins."""
    match = _BEFORE.search(text, max(0, start - 7), start)
    if match is None:
        return None
    if match["code"]:
        return (_CODES[match["code"]], match.start()) if match["code"] in _CODES else None
    sign = match["sign"]
    if sign in _SIGNS:
        return _SIGNS[sign], match.start()
    return _SIGNS[sign[-1]], match.end("sign") - 1


def unit_at(view: View, at: int, *, digits: bool) -> tuple[Unit, int] | None:
    """Return the unit that begins at ``at`` (or after one space or hyphen there), and its end.

    ``digits`` says that the numeral before it has Arabic digits; symbols such as km follow only those.
    """
    text = view.text
    start = at + 1 if text[at : at + 1] == " " else at
    for length in range(min(_LONGEST_JAPANESE, len(text) - start), 0, -1):
        unit = _JAPANESE.get(text[start : start + length])
        if unit and (digits or not unit.digits_only):
            following = text[start + length : start + length + 1]
            if not following or following not in unit.not_before:
                return unit, start + length
    if digits and (found := _symbol_at(text, start)):
        return found
    return _english_at(view.lower, at)


def _symbol_at(text: str, start: int) -> tuple[Unit, int] | None:
    for length in range(min(_LONGEST_SYMBOL, len(text) - start), 0, -1):
        word = text[start : start + length]
        if (unit := _SYMBOLS.get(word)) or word in _CODES:
            if word[-1].isascii() and word[-1].isalpha() and _ASCII_LETTER.match(text, start + length):
                continue
            if word in "x×" and _FACTOR.match(text, start + length):
                continue  # 1680 x 1050
            return unit or Unit("money", _CODES[word], Exact(1)), start + length
    return None


def _english_at(lower: str, at: int) -> tuple[Unit, int] | None:
    match = _ENGLISH_WORDS.match(lower, at)
    if match is None:
        return None
    words = match["words"]
    if _ASCII_LETTER.match(lower, match.end()):  # "exaflops in fp8": the last word is part of another.
        words = words[: max(words.rfind(" "), words.rfind("-"), 0)]
    while words:
        if unit := _english_word(words.replace("-", " ")):
            return unit, match.start("words") + len(words)
        words = words[: max(words.rfind(" "), words.rfind("-"), 0)]
    return None


def _english_word(word: str) -> Unit | None:
    """Look a word up as it is and without a plural ending."""
    for ending, replacement in (("", ""), ("s", ""), ("es", ""), ("ies", "y")):
        if word.endswith(ending) and (unit := _ENGLISH.get(word[: len(word) - len(ending)] + replacement)):
            return unit
    return None


_NOUN_BEFORE = lazy("の(?P<noun>[\u4e00-\u9fffァ-ヺーA-Za-z・]{2,12})")
_WORDS = lazy(r"[a-z][a-z'-]*")
_STOPS = frozenset(
    "of in and for to the by with on at from or as per than a an is are was were that which it its will would has have"
    " had when where while but not".split()
)


def counted_noun(view: View, end: int) -> str:
    """Return the class of the thing counted by a number that ends at ``end``, or "".

    26の国家課題 and "26 national challenges" count challenges; up to three words may stand between.
    """
    if match := _NOUN_BEFORE.match(view.text, end):
        noun = match["noun"]
        for length in range(min(6, len(noun)), 1, -1):
            if (unit := _JAPANESE.get(noun[-length:])) and unit.kind == "count":
                return unit.name
        return ""
    at = end
    for _ in range(4):
        match = _WORDS.match(view.lower, at + 1) if view.lower[at : at + 1] in (" ", "\n", "-") else None
        if match is None or match[0] in _STOPS:
            break
        word = match[0]
        unit = _english_word(word)
        if unit and unit.kind == "count" and (word not in _ENGLISH or word in tables.PLURALS):
            return unit.name
        at = match.end()
    return ""
