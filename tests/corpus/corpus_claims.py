"""What a sentence commits itself to: figures, dates and names, in a form that both languages share."""

from __future__ import annotations

import re
import unicodedata

MONTHS = ["january", "february", "march", "april", "may", "june", "july"]
MONTHS += ["august", "september", "october", "november", "december"]
MONTH = rf"({'|'.join(MONTHS)})"
WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8"}
WORDS |= {"nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "sixteen": "16", "seventeen": "17"}
KANJI = dict(zip("一二三四五六七八九", "123456789", strict=True))
SCALES = {"thousand": 3, "万": 4, "million": 6, "億": 8, "billion": 9, "trillion": 12, "兆": 12}
ENGLISH_DATE = [
    re.compile(rf"{MONTH} (?P<d>\d\d?)(?!\d)(?:, (?P<y>\d{{4}}))?", re.IGNORECASE),
    re.compile(rf"(?P<d>\d\d?) {MONTH}(?: (?P<y>\d{{4}}))?", re.IGNORECASE),
    re.compile(rf"{MONTH} (?P<y>\d{{4}})", re.IGNORECASE),
]
JAPANESE_DATE = re.compile(r"(?:(\d{4})年)?(\d\d?)月(?:(\d\d?)日)?")
ISO_DATE = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?")
MARKER = re.compile(r"^\s*(?:\d+\.|[-*>#]+)\s+", re.MULTILINE)

Date = tuple[int | None, int, int | None]


def plain(text: str) -> str:
    """The text in NFKC without markup: list numbers, headings' marks, bold."""
    return MARKER.sub("", unicodedata.normalize("NFKC", text).replace("**", ""))


def dates(text: str) -> set[Date]:
    """(year, month, day) of every date; year or day is None where the text leaves it out."""
    found: set[Date] = set()
    for pattern in ENGLISH_DATE:
        for match in pattern.finditer(text):
            part = match.groupdict()
            month = MONTHS.index(next(g for g in match.groups() if g and g.lower() in MONTHS).lower()) + 1
            found.add((int(part["y"]) if part.get("y") else None, month, int(part["d"]) if part.get("d") else None))
    for match in [*JAPANESE_DATE.finditer(text), *ISO_DATE.finditer(text)]:
        y, m, d = match.groups()
        found.add((int(y) if y else None, int(m), int(d) if d else None))
    return found


def covered(claim: Date, evidence: set[Date]) -> bool:
    """A claim may say less than a date of the evidence (leave out the year or the day), never more."""
    return any(all(c is None or c == e for c, e in zip(claim, known, strict=True)) for known in evidence)


def figures(text: str) -> set[str]:
    """Every number as digits without separators."""
    return {n.replace(",", "") for n in re.findall(r"\d[\d,]*\d(?:\.\d+)?|\d(?:\.\d+)?", plain(text))}


def scaled(text: str) -> set[tuple[str, int]]:
    """Every number with a scale word, canonical: 5億 and 500 million are both ("5", 8), 2億9376万 is one number."""
    flat = plain(text).replace(",", "")
    flat = re.sub(r"(\d+)億(\d+)千万", lambda m: f"{int(m[1]) * 10 + int(m[2])}0million", flat)
    flat = re.sub(r"(\d+)億(\d+)万", lambda m: f"{int(m[1]) * 10000 + int(m[2])}万", flat)
    flat = re.sub(r"(\d+)万(\d+)千", lambda m: f"{int(m[1]) * 10 + int(m[2])}thousand", flat)
    flat = re.sub(r"(\d+)千万", r"\g<1>0million", flat)
    pairs = re.findall(r"(\d+(?:\.\d+)?)\s?(thousand|万|million|億|billion|trillion|兆)", flat)
    return {canonical(digits, SCALES[word]) for digits, word in pairs}


def canonical(digits: str, power: int = 0) -> tuple[str, int]:
    """Write digits x 10**power with neither a point nor trailing zeros."""
    whole, _, part = digits.partition(".")
    power -= len(part)
    number = (whole + part).lstrip("0") or "0"
    short = number.rstrip("0") or "0"
    return short, power + len(number) - len(short)


def spelled(text: str) -> set[str]:
    """Small numbers written as words or kanji, as digits."""
    words = {WORDS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in WORDS}
    return words | {KANJI[sign] for sign in re.findall(r"[一二三四五六七八九]", text)}


def names(text: str, language: str) -> set[str]:
    """Proper names: Latin words in Japanese text, people before 氏, capitalised words inside English sentences."""
    text = plain(text)
    if language == "ja":
        latin = re.findall(r"[A-Za-z][A-Za-z0-9.-]*[A-Za-z0-9]", text)
        people = re.findall(r"([一-龠々﨑]{2,5}|[ァ-ヴー]+・[ァ-ヴー]+)氏", text)
        return {*latin, *people}
    acronyms = re.findall(r"\b[A-Za-z0-9]*[A-Z][A-Za-z0-9]*[A-Z0-9][A-Za-z0-9]*\b", text)
    inside = re.findall(r"(?<=[a-z,;] )([A-Z][a-z]\w*)", text)
    return {*acronyms, *inside}
