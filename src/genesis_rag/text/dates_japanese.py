"""Dates, fiscal years and times of day in Japanese: 令和8年6月4日, 2026年度, 二〇二六年, R8.6.4, 午後3時."""

from __future__ import annotations

import re

from genesis_rag.text.eras import FIRST_YEAR, INITIALS, LONGEST
from genesis_rag.text.numerals import whole_number
from genesis_rag.text.patterns import lazy
from genesis_rag.text.quantity import Quantity, century, date, decade, exactly

_SMALL = "[0-9]{1,2}|[一二三四五六七八九十]{1,3}"
_SIGN = "(?P<sign>会計年度|年度(?!目)|年代|年)"
_YEAR = lazy(
    r"(?P<bc>紀元前\s?)?(?P<ad>西暦\s?)?"
    rf"(?P<y>[0-9]{{1,4}}|[一二三四五六七八九][〇零○◯一二三四五六七八九]{{3}}|[二一]?千[〇一二三四五六七八九十百]*)\s?{_SIGN}"
)
_ERA_YEAR = lazy(rf"\s?(?P<y>元|[0-9]{{1,2}}|[〇一二三四五六七八九十]{{1,3}})\s?{_SIGN}(?![間生目])")
_INITIAL = lazy(
    r"(?P<era>[MTSHR])\s?(?P<y>元|[0-9]{1,2})"
    r"(?:(?P<sep>[./-])(?P<m>[0-9]{1,2})(?P=sep)(?P<d>[0-9]{1,2})(?![0-9])|\s?(?P<sign>年度|年))"
)
# 1766年(明和3年)6月: the year may be given again in brackets before the month.
_MONTH = lazy(
    rf"(?:\s?[(（][^()（）\n]{{1,14}}[)）])?\s?(?P<m>{_SMALL})月(?![間目])(?:\s?(?P<d>{_SMALL})日(?![間目本]))?"
)
_MONTH_DAY = lazy(rf"(?P<m>{_SMALL})月(?![間目])(?:\s?(?P<d>{_SMALL})日(?![間目本]))?")
_DAY = lazy(
    "(?P<d>[0-9]{1,2}|[一二三]?十[一二三四五六七八九]?)日(?![間本目系米中韓英以後前先ほあ当程未ぶ余分記曜産常ご連続弱強超]|か[けか]|で(?![すあは])|に[1一])"
)
_NOT_A_DAY = lazy("(?:約|およそ|あと|過去|最大|最長|延べ|計|毎|数|第|今後|わずか|残り|連続)$")
_CENTURY = lazy(rf"(?P<n>{_SMALL})世紀(?!に(?:わた|及|もわ)|以上|間|近く|も)")
_CLOCK = lazy(
    r"(?P<half>午前|午後|朝|夜|夕方|深夜|未明|正午)?\s?(?P<h>[0-9]{1,2}|[一二三四五六七八九十]{1,3})時(?![間代空系])"
    r"(?:(?P<m>[0-9]{1,2}|[一二三四五六七八九十]{1,3})分(?!間|の)|(?P<half_past>半))?"
)

# What makes a number before 年 a length of time (2000年前, 1000年の歴史), and three digits a year (794年に).
_LENGTH = lazy(
    "間|に(?:一|1)[度回]|前(?![半期後])|以上|余|もの|近く|にわた|に及|の歴史|の時|越し|後(?![半期])|生(?!ま)|目|物|分の|来の"
)
_LENGTH_BEFORE = lazy("(?:約|およそ|過去|今後|この|ほぼ|わずか|最長|最大|向こう|ここ|延べ|計|各|毎|数|創業|樹齢|推定)$")
_YEARS_BEFORE = lazy("[0-9]{3}年?[-~]$")
_POINT = lazy(
    "[-~][0-9]{1,4}年|および|及び|と|や|[?]|に|、|の(?![歴時間伝])|から|まで|頃|ごろ|[(（)）]|以降|以前|末|初|[春夏秋冬]|$"
)


def japanese_date(text: str, at: int) -> Quantity | None:
    """Return the date, fiscal year, decade, century or time of day that begins at ``at``."""
    if text[at] in INITIALS:
        return _initial_date(text, at)
    for length in range(LONGEST, 1, -1):
        if (first := FIRST_YEAR.get(text[at : at + length])) is not None:
            match = _ERA_YEAR.match(text, at + length)
            return _with_month(text, at, match, first - 1) if match else None
    for pattern, read in _FORMS:
        if match := pattern.match(text, at):
            return read(text, at, match)
    return None


def _western_year(text: str, at: int, match: re.Match[str]) -> Quantity | None:
    year = _number(match["y"])
    sign, end, marked = match["sign"], match.end(), bool(match["ad"] or match["bc"])
    if year is None or not (marked or _free(text, at, match["y"])):
        return None
    if sign == "年代":
        # 1990年代 and 90年代 are decades; 30年代 may be an age or of an era.
        year += 1900 if 50 <= year <= 90 else 0
        return decade(year, at, end) if 1000 <= year <= 2100 and year % 10 == 0 else None
    if sign != "年":
        return exactly("fiscal_year", year, "year", at, end) if 1800 <= year <= 2200 else None
    if match["bc"]:
        return date(-year, 0, 0, at, end)
    if not marked and _MONTH.match(text, end) is None and not _is_point(text, at, end, year):
        return None
    # 5年6月 leaves the era out.
    return _with_month(text, at, match, 0) if year >= 100 or marked else None


def _is_point(text: str, at: int, end: int, year: int) -> bool:
    """Return whether ``year`` before 年 is a calendar year rather than a length of time."""
    if year > 2999 or year < 300 or _LENGTH.match(text, end):
        return False
    if year >= 1000:
        return True
    if _YEARS_BEFORE.search(text, max(0, at - 6), at):
        return True
    return bool(_POINT.match(text, end)) and not _LENGTH_BEFORE.search(text, max(0, at - 4), at)


def _with_month(text: str, at: int, match: re.Match[str], offset: int) -> Quantity | None:
    """Complete a year with month and day; ``offset`` makes a year of an era a western one."""
    number = 1 if match["y"] == "元" else _number(match["y"])
    if not number or match["sign"] == "年代":
        return None
    year, end = offset + number, match.end()
    if match["sign"] != "年":
        return exactly("fiscal_year", year, "year", at, end)
    if (month := _MONTH.match(text, end)) and (found := _dated(year, month, at)):
        return found
    return date(year, 0, 0, at, end)


def _initial_date(text: str, at: int) -> Quantity | None:
    match = _INITIAL.match(text, at)
    if not match or (at and text[at - 1].isascii() and text[at - 1].isalnum()):
        return None
    if match["sign"]:
        return _with_month(text, at, match, INITIALS[match["era"]] - 1)
    year = INITIALS[match["era"]] - 1 + (1 if match["y"] == "元" else int(match["y"]))
    return date(year, int(match["m"]), int(match["d"]), at, match.end())


def _month_day(text: str, at: int, match: re.Match[str]) -> Quantity | None:
    if not _free(text, at, match["m"]):
        return None
    if (
        not match["m"].isascii()
        and not match["d"]
        and text[match.end() : match.end() + 1] not in "、。にのか末上中下初 "
    ):
        return None
    return _dated(0, match, at)


def _dated(year: int, match: re.Match[str], at: int) -> Quantity | None:
    month, day = whole_number(match["m"]), whole_number(match["d"]) if match["d"] else 0
    return date(year, month, day, at, match.end()) if month and day is not None else None


def _day(text: str, at: int, match: re.Match[str]) -> Quantity | None:
    if not match["d"].strip("0") or _NOT_A_DAY.search(text, max(0, at - 4), at):
        return None
    return date(0, 0, whole_number(match["d"]) or 0, at, match.end())


def _century(text: str, at: int, match: re.Match[str]) -> Quantity | None:
    number = whole_number(match["n"])
    return century(number, at, match.end()) if number and _free(text, at, match["n"]) else None


def _clock(text: str, at: int, match: re.Match[str]) -> Quantity | None:
    hour, minute = whole_number(match["h"]), whole_number(match["m"]) if match["m"] else 0
    named = match["half"] or match["m"] or match["half_past"]
    if (
        hour is None
        or minute is None
        or hour > 24
        or minute > 59
        or not (named or match["h"].isascii() or (hour > 1 and _free(text, at, match["h"])))
    ):
        return None
    if match["half"] in ("午後", "夜", "夕方") and hour < 12:
        hour += 12
    elif match["half"] in ("午前", "未明") and hour == 12:
        hour = 0
    return exactly("time", hour * 60 + (30 if match["half_past"] else minute), "minute", at, match.end())


_FORMS = (
    (_YEAR, _western_year),
    (_MONTH_DAY, _month_day),
    (_DAY, _day),
    (_CENTURY, _century),
    (_CLOCK, _clock),
)


def _number(text: str) -> int | None:
    return whole_number(text.replace("○", "〇").replace("◯", "〇"))


def _free(text: str, at: int, numeral: str) -> bool:
    """Return whether a numeral is no part of a longer word or number."""
    before = text[at - 1] if at else ""
    if numeral.isascii():
        return not before or not ((before.isascii() and before.isalnum()) or before in "数第.")
    return not "\u4e00" <= before <= "\u9fff" or before in "約同翌年"
