"""Dates, fiscal years and times of day in English and in figures: June 4, 2026, 2026-06-04, FY2026, 3:30 p.m."""

from __future__ import annotations

import re

from genesis_rag.text.patterns import lazy
from genesis_rag.text.quantity import Quantity, century, date, decade, exactly

_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_NAMES.split(), 1)}
_MONTH = (
    r"(?:jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?\.?|july?\.?|aug(?:ust|\.)?|sep(?:tember|t?\.?)"
    r"|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)(?![a-z])"
)
_DAY = r"[0-3]?[0-9](?:st|nd|rd|th)?(?![0-9a-z]|[.,][0-9])"
_YEAR = r"(?:[12][0-9]{3}(?![0-9]|[.,][0-9])|[1-9][0-9]{2}(?=[:;,.)]|$|\s?[-~])(?![.,-][0-9]))"
_DAYS = rf"(?P<d>{_DAY})(?P<d2>\s?(?:-|~|to|and|or|until|through)\s?{_DAY})?"

_FORMS = tuple(
    lazy(form)
    for form in (
        rf"(?P<mon>{_MONTH})\s(?:the\s)?{_DAYS}(?:,?\s(?P<y>{_YEAR}))?",
        rf"{_DAYS}\s?(?:of\s)?(?P<mon>{_MONTH})(?:,?\s(?:of\s)?(?P<y>{_YEAR}))?",
        rf"(?P<mon>{_MONTH}),?\s(?:of\s)?(?P<y>{_YEAR})",
        r"(?P<y>[12][0-9]{3})(?P<sep>[-/.])(?P<m>[01]?[0-9])(?P=sep)(?P<d>[0-3]?[0-9])(?![0-9]|[-/.][0-9])",
        r"(?P<y>[12][0-9]{3})(?:-(?P<m>0[1-9]|1[0-2])|/(?P<m2>0?[1-9]|1[0-2]))(?![0-9]|[-/.][0-9])",
        r"(?P<us>[0-3]?[0-9])/(?P<us2>[0-3]?[0-9])/(?P<y>[12][0-9]{3})(?![0-9/])",
    )
)
_IN_MONTH = lazy(rf"(?P<mon>{_MONTH})(?!\s?[0-9])")
_BEFORE_MONTH = lazy(
    r"\b(?:in|of|by|since|until|till|from|to|last|next|this|early|mid|late|during|through|every|and|before|after|the"
    r"|a)[ -]$"
)
# Names that are nothing but months; April, May, June, August and March may be people and verbs.
_ONLY_MONTH = lazy("(?:january|february|july|september|october|november|december)(?![a-z])")
_FISCAL = lazy(
    r"(?:j?fy|(?:fiscal|academic|school)(?:\syears?)?)\s?'?(?P<y>[12][0-9]{3}|[0-9]{2})(?![0-9])"
    r"|(?P<y2>[12][0-9]{3})\s(?:fiscal|academic\syear|school\syear)(?:\syear)?(?![a-z])"
)
_TO_FISCAL = lazy(r"\s?(?:-|~|to|through|until)\s?(?:j?fy)?(?P<y>[12][0-9]{3}|[0-9]{2})(?![0-9])")
_DECADE = lazy(r"(?P<y>[12][0-9]{2}0)'?s(?![a-z])")
_CENTURY = lazy(r"(?P<n>[0-9]{1,2})(?:st|nd|rd|th)[ -]centur(?:y|ies)(?![a-z])")
_BEFORE_CHRIST = lazy(r"(?P<y>[0-9]{1,4})\s?(?:b\.c\.e?\.?|bce?)(?![a-z])")
_CLOCK = lazy(
    r"(?P<h>[0-2]?[0-9])(?::(?P<m>[0-5][0-9])(?::[0-5][0-9])?(?![0-9:]))?(?:\s?(?P<half>[ap])\.?m\.?(?![a-z])|\so'clock)?"
)

_BEFORE_CLOCK = lazy("(?<![a-z])(?:at|by|from|until|till|around|about|before|after|to) $")


def english_date(text: str, lower: str, at: int) -> list[Quantity]:
    """Return the date that begins at ``at``, with its end if it is a range of days; empty when there is none."""
    for form in _FORMS:
        if (match := form.match(lower, at)) and (found := _read(text, match)):
            return found
    for pattern, read in _OTHERS:
        if (match := pattern.match(lower, at)) and (quantity := read(match)):
            return [quantity]
    if (match := _IN_MONTH.match(lower, at)) and text[at].isupper() and not text.startswith("MAY", at):
        if _ONLY_MONTH.match(lower, at) or _BEFORE_MONTH.search(lower, max(0, at - 9), at):
            return _known(date(0, _month(match), 0, at, match.end()))
    elif fiscal := _FISCAL.match(lower, at):
        return _fiscal(lower, fiscal)
    return []


def _read(text: str, match: re.Match[str]) -> list[Quantity]:
    groups = match.groupdict()
    year = int(groups["y"] or 0)
    if groups.get("us"):
        return _american(int(groups["us"]), int(groups["us2"]), year, match)
    if groups.get("mon") is None:
        month = int(groups.get("m") or groups.get("m2") or 0)
        return _known(date(year, month, int(groups.get("d") or 0), match.start(), match.end()) if month else None)
    name = match["mon"]
    # "may" and "march" are also verbs.
    if name.startswith(("may", "mar")) and not text[match.start("mon")].isupper():
        return []
    days = groups.get("d")
    first = date(year, _month(match), _figure(days) if days else 0, match.start(), match.end())
    if first is None or not groups.get("d2"):
        return _known(first)
    last = date(year, _month(match), _figure(match["d2"]), match.start(), match.end())
    return [first, last] if last else [first]


def _american(first: int, second: int, year: int, match: re.Match[str]) -> list[Quantity]:
    """6/4/2026 is read the American way, 24/6/2026 can only be the other."""
    month, day = (second, first) if first > 12 else (first, second)
    return _known(date(year, month, day, match.start(), match.end()) if month and day else None)


def _known(quantity: Quantity | None) -> list[Quantity]:
    return [quantity] if quantity else []


def _month(match: re.Match[str]) -> int:
    return _MONTHS[match["mon"][:3]]


def _figure(text: str) -> int:
    return int(re.sub("[^0-9]", "", text))


def _fiscal(lower: str, match: re.Match[str]) -> list[Quantity]:
    """FY2026, fiscal years 2026 to 2030."""
    first = _fiscal_year(match["y"] or match["y2"], 2000)
    found = [exactly("fiscal_year", first, "year", match.start(), match.end())]
    last = _TO_FISCAL.match(lower, match.end())
    if last and (year := _fiscal_year(last["y"], first // 100 * 100)) > first:
        found.append(exactly("fiscal_year", year, "year", last.start("y"), last.end()))
    return found


def _fiscal_year(figures: str, century_start: int) -> int:
    year = int(figures)
    return year + century_start if year < 100 else year


def _decade(match: re.Match[str]) -> Quantity | None:
    return decade(int(match["y"]), match.start(), match.end())


def _century(match: re.Match[str]) -> Quantity | None:
    return century(int(match["n"]), match.start(), match.end())


def _before_christ(match: re.Match[str]) -> Quantity | None:
    return date(-int(match["y"]), 0, 0, match.start(), match.end())


def _clock(match: re.Match[str]) -> Quantity | None:
    hour, minute, half = int(match["h"]), int(match["m"] or 0), match["half"]
    if not half and not match[0].endswith("clock"):
        before = _BEFORE_CLOCK.search(match.string, max(0, match.start() - 8), match.start())
        if match["m"] is None or (len(match["h"]) < 2 and before is None):
            return None
    if hour > 24 or (half and not 1 <= hour <= 12):
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return exactly("time", hour * 60 + minute, "minute", match.start(), match.end())


_OTHERS = (
    (_DECADE, _decade),
    (_CENTURY, _century),
    (_BEFORE_CHRIST, _before_christ),
    (_CLOCK, _clock),
)
