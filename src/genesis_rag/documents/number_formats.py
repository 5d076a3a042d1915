"""Numbers and dates of spreadsheets as a person sees them: ECMA-376 part 1, section 18.8.31 (number format codes).

The codes for sections, digits, thousands, percent, exponents, dates, times, Japanese eras and weekdays are followed;
colours, fill and fractions are not. Excel's own short date (id 14) is shown as 2026/6/4, whatever the country.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from genesis_rag.documents.date_formats import DATE_LETTERS, date_text

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]\-]*)(?:-[^\]]*)?\]'
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[(?P<condition>[<>=]+-?[\d.]+)\]|\[[^\]]*\]"
    r"|(?P<general>General|標準)|(?P<half>AM/PM|A/P|上午/下午|午前/午後)|(?P<exponent>E[+-]0+)"
    r"|(?P<date>y+|m+|d+|h+|s+|e+|g+|aaaa?|b+)|(?P<digits>[0#?]+)|(?P<sign>[.,%/@])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"([<>=]+)(-?[\d.]+)")
_SIMPLE = re.compile(r"\0*(?:0|(#,##)0)(?:\.(0{1,15}))?\0*")
_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "¥#,##0;-¥#,##0", 6: "¥#,##0;-¥#,##0", 7: "¥#,##0.00;-¥#,##0.00",
    8: "¥#,##0.00;-¥#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm",
    17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy/m/d h:mm", 27: "ge.m.d",
    28: 'ggge"年"m"月"d"日"', 29: 'ggge"年"m"月"d"日"', 30: "yyyy/m/d", 31: 'yyyy"年"m"月"d"日"', 32: 'h"時"mm"分"',
    33: 'h"時"mm"分"ss"秒"', 34: 'yyyy"年"m"月"', 35: 'm"月"d"日"', 36: "ge.m.d", 37: "#,##0;-#,##0",
    38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "##0.0E+0", 49: "@", 50: "ge.m.d", 51: 'ggge"年"m"月"d"日"', 52: 'yyyy"年"m"月"',
    53: 'm"月"d"日"', 54: 'ggge"年"m"月"d"日"', 55: 'yyyy"年"m"月"', 56: 'm"月"d"日"', 57: "ge.m.d",
    58: 'ggge"年"m"月"d"日"',
}  # fmt: skip
"""Format codes by their ids, 27 to 36 and 50 to 58 as in Japan (section 18.8.30)."""
MAX_DIGITS = 15
"""What a double can hold; Excel keeps no more."""
_LARGEST = Decimal(10) ** 30
_WIDE = Context(prec=60)


class Token(NamedTuple):
    """One part of a format code: kind (literal, date, half, elapsed, digits, exponent, general, or a sign) and text."""

    kind: str
    text: str


class _Section(NamedTuple):
    tokens: tuple[Token, ...]
    condition: tuple[str, float] | None
    is_date: bool


def built_in(identifier: int) -> str:
    """Return the code of a format that files name by its id alone; General for unknown ids."""
    return _BUILT_IN.get(identifier, "General")


def general(value: float) -> str:
    """Return a number as the General format shows it in a wide cell: at most 10 decimals, no trailing zeros."""
    if abs(value) < 10**MAX_DIGITS and value == int(value):
        return str(int(value))
    written = f"{value:.10g}"
    return written.replace("e", "E") if "e" in written else written


def shown(value: float, code: str, *, since_1904: bool = False) -> str:
    """Return a number in the format ``code``; a number that is not in any of its sections as General does."""
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    sections = _sections(code[:255])
    section, number = _chosen(sections, value)
    if section is None or any(token.kind == "general" for token in section.tokens):
        around = "".join(general(number) if t.kind == "general" else t.text for t in section.tokens) if section else ""
        return (around or general(number)).strip()
    if section.is_date:
        text = date_text(value, [(token.kind, token.text) for token in section.tokens], since_1904=since_1904)
        return general(value) if text is None else text.strip()
    if any(token.kind == "@" for token in section.tokens):
        return general(value)
    text = _number_text(abs(number), section.tokens)
    negative = number < 0 and any(digit in text for digit in "123456789")
    return ("-" + text if negative else text).strip()


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[_Section, ...]:
    sections: list[_Section] = []
    tokens: list[Token] = []
    condition: tuple[str, float] | None = None
    for match in _TOKEN.finditer(code + ";"):
        kind, text = match.lastgroup or "", match[0]
        if kind == "other" and text == ";":
            is_date = any(token.kind in ("date", "elapsed", "half") for token in tokens)
            sections.append(_Section(tuple(tokens), condition, is_date))
            tokens, condition = [], None
        elif kind in ("quoted", "escaped", "currency", "other"):
            tokens.append(Token("literal", match[kind] or ""))
        elif kind == "condition":
            found = _CONDITION.fullmatch(match[kind])
            try:
                condition = (found[1], float(found[2])) if found else None
            except ValueError:
                condition = None
        elif kind == "date":
            tokens.append(Token("date" if text[0].lower() in DATE_LETTERS else "literal", text.lower()))
        elif kind == "sign":
            tokens.append(Token(text, text))
        elif kind:
            tokens.append(Token(kind, match[kind].lower() if kind == "elapsed" else match[kind]))
    return tuple(sections)


def _chosen(sections: tuple[_Section, ...], value: float) -> tuple[_Section | None, float]:
    """Return the section for a number, and the number as that section shows it (without the sign it implies)."""
    if any(section.condition for section in sections):
        for section in sections:
            if section.condition is None or _holds(section.condition, value):
                return section, value
        return None, value
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    if value == 0 and len(sections) > 2:
        return sections[2], value
    return (sections[0] if sections else None), value


def _holds(condition: tuple[str, float], value: float) -> bool:
    sign, bound = condition
    return {
        "<": value < bound, ">": value > bound, "<=": value <= bound, ">=": value >= bound,
        "=": value == bound, "<>": value != bound,
    }.get(sign, False)  # fmt: skip


def _number_text(value: float, tokens: tuple[Token, ...]) -> str:
    """Return a number of zero or more in the digits of a section, with the literals around and between them."""
    if (simple := _simple(tokens)) and value < 10**MAX_DIGITS:
        before, form, decimals, after = simple
        rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _WIDE)
        return f"{before}{rounded:{form}}{after}"
    if any(token.kind == "/" for token in tokens) and _has_fraction(tokens):
        return "".join(token.text for token in tokens if token.kind == "literal") + general(value)
    kinds = [token.kind for token in tokens]
    last = max((at for at, kind in enumerate(kinds) if kind == "digits"), default=-1)
    if last < 0:
        return "".join(token.text for token in tokens if token.kind in ("literal", "%"))
    point = kinds.index(".") if "." in kinds else len(tokens)
    whole = [at for at, kind in enumerate(kinds) if kind == "digits" and at < point]
    decimals = sum(len(token.text) for at, token in enumerate(tokens) if token.kind == "digits" and at > point)
    edge = max(whole, default=-1)
    scale = sum(kind == "," and at > edge for at, kind in enumerate(kinds) if at < point or at > last)
    grouped = any(kind == "," and min(whole, default=0) < at < edge for at, kind in enumerate(kinds))
    exact = Decimal(repr(value)) * (100 ** kinds.count("%")) / (1000**scale)
    if "exponent" in kinds:
        return _scientific(exact, tokens, decimals)
    if exact >= _LARGEST:
        return general(value)
    rounded = exact.quantize(Decimal(1).scaleb(-min(decimals, MAX_DIGITS)), ROUND_HALF_UP, _WIDE)
    integer, _, fraction = f"{rounded:f}".partition(".")
    return _laid_out(integer, fraction, tokens, point, grouped=grouped)


@lru_cache(maxsize=512)
def _simple(tokens: tuple[Token, ...]) -> tuple[str, str, int, str] | None:
    """Return before, Python's form, decimals, behind for what nearly all formats are: 0, #,##0, 0.00 in literals."""
    written = "".join(token.text if token.kind != "literal" else "\0" for token in tokens)
    match = _SIMPLE.fullmatch(written)
    if match is None:
        return None
    first = next(at for at, token in enumerate(tokens) if token.kind == "digits")
    last = max(at for at, token in enumerate(tokens) if token.kind == "digits")
    before, after = ("".join(token.text for token in part) for part in (tokens[:first], tokens[last + 1 :]))
    decimals = len(match[2] or "")
    return before, f"{',' if match[1] else ''}.{decimals}f", decimals, after


def _has_fraction(tokens: tuple[Token, ...]) -> bool:
    at = next(at for at, token in enumerate(tokens) if token.kind == "/")
    return any(token.kind == "digits" for token in tokens[:at])


def _scientific(value: Decimal, tokens: tuple[Token, ...], decimals: int) -> str:
    written, _, exponent = f"{value:.{min(decimals, MAX_DIGITS)}E}".partition("E")
    form = next(token.text for token in tokens if token.kind == "exponent")
    sign = "-" if exponent.startswith("-") else "+" if form[1] == "+" else ""
    return written + "E" + sign + exponent.lstrip("+-").zfill(len(form) - 2)


def _laid_out(integer: str, fraction: str, tokens: tuple[Token, ...], point: int, *, grouped: bool) -> str:
    """Fill the digit places from the point outwards; the first place takes all digits that have no place."""
    places = [token.text for token in tokens[:point] if token.kind == "digits"]
    fixed = sum(len(text) for text in places)
    needed = sum(text.count("0") for text in places)
    integer = ("" if integer == "0" and not needed else integer).zfill(needed)
    if grouped:
        integer = f"{int(integer):,}" if integer and len(integer) > 3 and not integer.startswith("0") else integer
        fixed = len(integer)
    overhang = max(0, len(integer) - fixed)
    digits, padding = list(integer), max(0, fixed - len(integer))
    parts: list[str] = []
    decimals = list(fraction)
    for at, token in enumerate(tokens):
        if token.kind == "digits" and at < point:
            taken = len(digits) if grouped else overhang + max(0, len(token.text) - padding)
            padding = max(0, padding - len(token.text))
            parts.append("".join(digits[:taken]))
            digits, overhang = digits[taken:], 0
        elif token.kind == "digits":
            part, decimals = decimals[: len(token.text)], decimals[len(token.text) :]
            required = token.text.rstrip("#?")
            while len(part) > len(required) and part[-1] == "0":
                part.pop()
            parts.append("".join(part))
        elif token.kind in (".", "%", "literal"):
            parts.append(token.text)
    text = "".join(parts)
    return text.replace(".", "") if point < len(tokens) and text.endswith(".") else text
