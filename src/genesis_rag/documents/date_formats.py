"""Serial numbers of spreadsheets as dates and times, in the letters of a number format code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

DATE_LETTERS = frozenset("ymdhsega")
_MONTHS = ("January February March April May June July August September October November December").split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_DAYS_JAPANESE = "月火水木金土日"
_ERAS = (
    (date(2019, 5, 1), "R", "令", "令和"),
    (date(1989, 1, 8), "H", "平", "平成"),
    (date(1926, 12, 25), "S", "昭", "昭和"),
    (date(1912, 7, 30), "T", "大", "大正"),
    (date(1868, 1, 25), "M", "明", "明治"),
)
_MOST = 2_958_466
"""The day behind 9999-12-31, the last one that spreadsheets know."""


def moment(serial: float, *, since_1904: bool) -> datetime | None:
    """Return the date and time of a serial number of days, None outside of 1900 to 9999.

    Excel counts a 29 February 1900 that never was, as day 60: days before it are one later than counted from 1899.
    """
    if not 0 <= serial < _MOST - (1462 if since_1904 else 0):
        return None
    base = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 if serial >= 60 else 31)
    try:
        return base + timedelta(milliseconds=round(serial * 86_400_000))
    except OverflowError:
        return None


def date_text(serial: float, tokens: Sequence[tuple[str, str]], *, since_1904: bool) -> str | None:
    """Return a serial number in (kind, text) tokens of a format code, None when it is no date."""
    when = moment(serial, since_1904=since_1904)
    if when is None:
        return None
    minutes = _minutes(tokens)
    fraction = any(kind == "digits" for kind, _ in tokens)
    if not fraction:
        when += timedelta(milliseconds=500)  # a time without its parts of a second is rounded
        when = when.replace(microsecond=0)
    halves = any(kind == "half" for kind, _ in tokens)
    parts = []
    for at, (kind, text) in enumerate(tokens):
        if kind == "date":
            parts.append(_date_part(when, text, is_minute=at in minutes, halves=halves))
        elif kind == "elapsed":
            parts.append(_elapsed(serial, text))
        elif kind == "half":
            parts.append(_half(when, text))
        elif kind == "digits":
            parts.append(f"{when.microsecond // 1000:03d}"[: len(text)].ljust(min(3, len(text)), "0"))
        elif kind in ("literal", ".", ",", "/", "%"):
            parts.append(text)
    return "".join(parts)


def _minutes(tokens: Sequence[tuple[str, str]]) -> frozenset[int]:
    """Return which tokens of m mean minutes: those right behind hours or right before seconds."""
    timed = [(at, kind, text) for at, (kind, text) in enumerate(tokens) if kind in ("date", "elapsed")]
    found = set()
    for place, (at, kind, text) in enumerate(timed):
        if kind != "date" or text[0] != "m" or len(text) > 2:
            continue
        after_hours = place > 0 and timed[place - 1][2][0] == "h"
        before_seconds = place + 1 < len(timed) and timed[place + 1][2][0] == "s"
        if after_hours or before_seconds:
            found.add(at)
    return frozenset(found)


def _date_part(when: datetime, letters: str, *, is_minute: bool, halves: bool) -> str:
    letter, count = letters[0], len(letters)
    if letter == "y":
        return f"{when.year:04d}" if count > 2 else f"{when.year % 100:02d}"
    if letter == "m" and not is_minute and count > 2:
        name = _MONTHS[when.month - 1]
        return name[0] if count == 5 else name if count == 4 else name[:3]
    if letter == "d" and count > 2:
        name = _DAYS[when.weekday()]
        return name if count == 4 else name[:3]
    if letter == "a":
        return _DAYS_JAPANESE[when.weekday()] + ("曜日" if count == 4 else "")
    if letter in "eg":
        return _era_part(when, letter, count)
    hour = (when.hour + 11) % 12 + 1 if halves else when.hour
    number = {"m": when.minute if is_minute else when.month, "d": when.day, "h": hour, "s": when.second}[letter]
    return f"{number:02d}" if count > 1 else str(number)


def _era_part(when: datetime, letter: str, count: int) -> str:
    for start, *names in _ERAS:
        if when.date() >= start:
            year = when.year - start.year + 1
            return names[min(count, 3) - 1] if letter == "g" else f"{year:02d}" if count > 1 else str(year)
    return "" if letter == "g" else str(when.year)


def _elapsed(serial: float, letters: str) -> str:
    seconds = round(serial * 86_400)
    number = seconds // {"h": 3600, "m": 60, "s": 1}[letters[0]]
    return str(number).zfill(len(letters))


def _half(when: datetime, form: str) -> str:
    first, _, second = form.partition("/")
    return first if when.hour < 12 else second
