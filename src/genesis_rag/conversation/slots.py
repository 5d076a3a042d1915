"""What a follow-up question may replace in the question before it: a date, a place, the number of an item."""

from __future__ import annotations

import re

from genesis_rag.text.patterns import lazy
from genesis_rag.types import Language, Span
from genesis_rag.values import dataclass

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DATE = (
    r"(?:(?:令和|平成|昭和)(?:元|[0-9]{1,2})年度?|(?<![0-9A-Za-z.,])(?:(?:FY|fy|fiscal year|fiscal|the year|year) ?)?"
    r"(?:19|20)[0-9]{2}(?![0-9A-Za-z.-])(?:年度?(?:[0-9]{1,2}月(?:[0-9]{1,2}日)?)?)?"
    r"|[今来昨]年度?|去年|再来年度?|一昨年)"
)
DATE_ENGLISH = (
    rf"(?:(?:(?:{_MONTHS}) (?:[0-9]{{1,2}},? )?)?(?:(?:FY|fy|fiscal year|fiscal|the year|year) ?)?"
    r"(?<![0-9.,])(?:19|20)[0-9]{2}(?![0-9A-Za-z.-])|(?:this|next|last|the (?:next|following"
    r"|previous)) (?:fiscal )?year"
    r"|the year (?:before|after))"
)
_DATES = {"ja": lazy(DATE), "en": lazy(DATE_ENGLISH)}
_YEAR = lazy("(?:19|20)[0-9]{2}")
_ORDINAL_JA = lazy("(?:第)?([0-9]{1,3}|[一二三四五六七八九十]{1,3})(?:番目|つ目|番|位)")
_ORDINAL_EN = lazy(
    r"\b(?:(?:number|no\.?|challenge|area|item|step|phase|point|pillar|article) )([0-9]{1,3})\b"
    r"|\b(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|[0-9]{1,3}(?:st|nd|rd|th))\b"
)
_NUMBER = lazy("[0-9]+")
_BEFORE_A_DATE = lazy(r"(?i)(?:in|for|during|by) (?:the )?$")
_COUNTED = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NEXT = ("次", "next")
_ENDS = ("最初", "最後", "last")


@dataclass(frozen=True, slots=True)
class Place:
    """A country or a union of them, by the names that questions use.

    Attributes:
        ja: Japanese names, the usual one first.
        en: English names, the usual one first, as after "in".
        adjective: as in "the Japanese budget".
    """

    ja: tuple[str, ...]
    en: tuple[str, ...]
    adjective: str


PLACES = (
    Place(("日本", "我が国", "日本国"), ("Japan",), "Japanese"),
    Place(
        ("米国", "アメリカ", "アメリカ合衆国"),
        ("the United States", "the US", "the U.S.", "the USA", "the States", "America", "United States", "USA", "US"),
        "American",
    ),
    Place(
        ("英国", "イギリス"),
        ("the United Kingdom", "the UK", "the U.K.", "Great Britain", "Britain", "UK", "England"),
        "British",
    ),
    Place(("EU", "欧州連合", "欧州", "ヨーロッパ"), ("the EU", "Europe", "the European Union", "EU"), "European"),
    Place(("中国",), ("China",), "Chinese"),
    Place(("韓国",), ("South Korea", "Korea", "the Republic of Korea"), "Korean"),
    Place(("ドイツ",), ("Germany",), "German"),
    Place(("フランス",), ("France",), "French"),
    Place(("イタリア",), ("Italy",), "Italian"),
    Place(("カナダ",), ("Canada",), "Canadian"),
    Place(("インド",), ("India",), "Indian"),
    Place(("台湾",), ("Taiwan",), "Taiwanese"),
    Place(("シンガポール",), ("Singapore",), "Singaporean"),
    Place(("オーストラリア", "豪州"), ("Australia",), "Australian"),
    Place(("ロシア",), ("Russia",), "Russian"),
    Place(("スイス",), ("Switzerland",), "Swiss"),
    Place(("スペイン",), ("Spain",), "Spanish"),
    Place(("オランダ",), ("the Netherlands", "Holland"), "Dutch"),
    Place(("フィンランド",), ("Finland",), "Finnish"),
    Place(("他の国", "他国", "ほかの国", "諸外国", "海外"), ("other countries", "abroad"), "foreign"),
)


@dataclass(frozen=True, slots=True)
class PlaceUse:
    """One mention of a place in a question."""

    span: Span
    place: Place
    is_adjective: bool


def _alternatives(names: list[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_BY_JA = {name: place for place in PLACES for name in place.ja}
_BY_EN = {name.casefold(): place for place in PLACES for name in place.en}
_BY_ADJECTIVE = {place.adjective: place for place in PLACES}
# A place inside a name (日本原子力研究開発機構, Bank of Japan, US Department of Energy) is not what is asked for.
_JA = lazy(
    rf"(?<![一-鿿ァ-ヶー])(?:{_alternatives([*_BY_JA])})(?:(?=政府|側|国内|企業|市場|全体|独自)|(?![一-鿿ァ-ヶー]))"
)
_EN = lazy(
    rf"\b(?P<noun>{_alternatives([name for place in PLACES for name in place.en])})(?!\w|\.\w| [A-Z])"
    rf"|\b(?P<adjective>{_alternatives([*_BY_ADJECTIVE])})(?= [a-z])"
)
_IN_A_NAME = lazy(r"[A-Z]\w* of (?:the )?$")


def place_named(words: str) -> Place | None:
    """Return the place that ``words`` name and nothing else: "Japan", "the us", アメリカ."""
    bare = words.strip()
    return _BY_JA.get(bare) or _BY_EN.get(bare.casefold()) or _BY_EN.get(f"the {bare.casefold()}")


def places_in(question: str, language: Language) -> list[PlaceUse]:
    """Return the mentions of places in a question, from its start."""
    if language == "ja":
        return [PlaceUse(Span(*one.span()), _BY_JA[one[0]], False) for one in _JA.finditer(question)]
    uses = []
    for one in _EN.finditer(question):
        if _IN_A_NAME.search(question[: one.start()]):
            continue
        adjective = one["adjective"]
        place = _BY_ADJECTIVE[adjective] if adjective else _BY_EN[one["noun"].casefold()]
        uses.append(PlaceUse(Span(*one.span()), place, bool(adjective)))
    return uses


def with_place(question: str, language: Language, place: Place) -> str | None:
    """Return the question about another place, None unless it names exactly one."""
    uses = places_in(question, language)
    if not uses or any(use.place != uses[0].place for use in uses):
        return None
    for use in reversed(uses):
        name = place.ja[0] if language == "ja" else place.adjective if use.is_adjective else place.en[0]
        question = question[: use.span.start] + name + question[use.span.end :]
    return question


def date_named(words: str) -> str | None:
    """Return the date that ``words`` are and nothing else: 2027年度, FY2027, next year."""
    bare = words.strip()
    return bare if any(pattern.fullmatch(bare) for pattern in _DATES.values()) else None


def with_date(question: str, language: Language, date: str) -> str | None:
    """Return the question about another date, None unless it names exactly one.

    A bare year, or one of the other language, takes the place of the year alone: of 2026年度 and 2027 comes 2027年度.
    """
    found = list(_DATES["ja" if language == "ja" else "en"].finditer(question))
    if len(found) != 1:
        return None
    new, old = date, found[0][0]
    year = _YEAR.search(date)
    if year and (year[0] == date or (language == "ja") != ("年" in date)):
        new = _YEAR.sub(year[0], old) if _YEAR.search(old) else year[0] + ("年" if language == "ja" else "")
    ahead = question[: found[0].start()]
    if language != "ja" and not _YEAR.search(new):
        ahead = _BEFORE_A_DATE.sub("", ahead)
    return ahead + new + question[found[0].end() :]


def with_ordinal(question: str, words: str, language: Language) -> str | None:
    """Return the question about another item (3番目, challenge 5, the second), None unless it names exactly one."""
    pattern = _ORDINAL_JA if language == "ja" else _ORDINAL_EN
    found = list(pattern.finditer(question))
    if len(found) != 1:
        return None
    new, old = words, found[0][0]
    if words in _NEXT:
        number = _NUMBER.search(old)
        if not number:
            return None
        new = old.replace(number[0], str(int(number[0]) + 1))
    elif not pattern.fullmatch(words) and words not in _ENDS:
        return None
    elif words in _COUNTED and (number := _NUMBER.search(old)):
        new = old.replace(number[0], str(_COUNTED.index(words) + 1))
    return question[: found[0].start()] + new + question[found[0].end() :]


def is_ordinal(words: str, language: Language) -> bool:
    """Tell whether ``words`` are the number of an item and nothing else."""
    return (_ORDINAL_JA if language == "ja" else _ORDINAL_EN).fullmatch(words) is not None
