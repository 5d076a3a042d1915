"""Questions which of two is more or came first, and those that ask the same of two: one question for each side."""

from __future__ import annotations

import re
from typing import Literal

from genesis_rag.text.comparison import Side, aliases_of, compared
from genesis_rag.text.language import detect_language
from genesis_rag.text.normalize import fold, nfc
from genesis_rag.text.patterns import lazy
from genesis_rag.values import dataclass

Wanted = Literal["most", "least", "first", "last", "each"]

_LONGEST = 200
_WHICH_JA = lazy(
    r"^(?P<a>[^、。]{1,40}?)と、?(?P<b>[^。]{1,60}?)(?:のうちで?|では|は)、?(?P<rest>[^。]*どちら[^。]*)[。?？]*$"
)
_EACH_JA = lazy(r"^(?P<a>[^、。]{1,40}?)と、?(?P<b>[^。]{1,60}?)は、?それぞれ(?P<rest>いつ|何年|いくら)[^。]*[。?？]*$")
_TELL_JA = lazy(r"^(?P<a>[^、。]{1,40}?額)と、?(?P<b>[^。]{1,60}?額)を[^。]*(?:答え|教え)て[^。]*[。?？]*$")
_TOPIC_JA = lazy(r"どちらの(?P<a>[^、がは]{1,20})が|^(?P<b>[^、がは]{1,20})が[^、]*のはどちら")
_MONEY_JA = lazy("(?:予算|費用|額|価格)$")
_ENGLISH = lazy(r"^[Ww]hich (?P<asks>[^,:]{2,60})[,:] (?P<a>.{2,80}?),? or (?P<b>.{2,80}?)[?.\s]*$")
_MORE_OF = lazy(r"\b(?:has|have|had|uses?|holds?) (?:more|fewer) (?P<noun>.+)$")
_SPENDS = lazy(r"\b(?P<verb>spend|invest)s? (?:more|less) (?P<rest>(?:on|in) .+)$")
_OF_WHAT = lazy(r"^(?P<noun>.+?) (?:is|was|are|were) \w+$")
_WANTED: tuple[tuple[Wanted, re.Pattern[str]], ...] = (
    ("first", lazy(r"先(?:に|で|です|か)|早[いかく]|\b(?:first|earlier|earliest|older|sooner)\b")),
    ("last", lazy(r"後(?:に|で|です|か)|遅[いかく]|\b(?:last|later|latest|newer)\b")),
    ("least", lazy(r"小さ|少な|低[いかく]|短[いかく]|\b(?:smaller|fewer|less|lower|slower|shorter|cheaper)\b")),
    (
        "most",
        lazy(r"大き|[多高長速][いかく]|\b(?:larger|bigger|more|higher|faster|longer|greater)\b"),
    ),
)
_SPEED = lazy(r"速[いかく]|\b(?:fast|slow)er\b")
_LATIN = r"[A-Za-z][A-Za-z0-9.&-]*(?: (?:for )?[A-Z0-9][A-Za-z0-9.&-]*)*"
_NAMES_JA = lazy(rf"[A-Za-z][A-Za-z0-9.-]*(?!第)[一-鿿]+|{_LATIN}|[0-9]{{5,}}|[ァ-ヺー・]{{3,}}")
_NAMES_EN = lazy(rf"(?=[A-Z]){_LATIN}|\b[0-9]{{5,}}\b")
_KANJI = lazy("[一-鿿]{2,}")
_NO_KEYS = frozenset(
    "公布 署名 公表 公開 発表 開始 稼働 運用 設立 成立 決定 制定 採択 予算 予算額 要求額 支援額 総額 戦略 計画 年度 "
    "大統領令 性能 規模 人数 ai the cabinet".split()
)
"""Words that many texts have, and that name nothing."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Two sides of which one is asked for, or both (``wanted`` is "each"), or how they differ (None)."""

    sides: tuple[Side, Side]
    wanted: Wanted | None


def sides_of(question: str) -> Contest | None:
    """Return the sides of a question that compares two things in any of the ways known here, None for any other."""
    if contest := contested(question):
        return contest
    sides = compared(question)
    return Contest(sides, None) if sides else None


def contested(question: str) -> Contest | None:
    """Return the sides of a question which of two is more or came first, None for any other question."""
    text = " ".join(nfc(question).split())
    if len(text) > _LONGEST:
        return None
    found = _japanese(text) if detect_language(text) == "ja" else _english(text)
    if found is None:
        return None
    names, asked, wanted = found
    own = _own(names[0], names[1]), _own(names[1], names[0])
    if not own[0] or not own[1]:
        return None
    one, other = (
        Side(name, ask, tuple(sorted({alias for key in some for alias in aliases_of(key)})))
        for name, ask, some in zip(names, asked, own, strict=True)
    )
    return Contest((one, other), wanted)


def _japanese(text: str) -> tuple[list[str], list[str], Wanted] | None:
    if each := _EACH_JA.match(text):
        names = _names(each)
        return names, [f"{name}は{each['rest']}ですか。" for name in names], "each"
    if tell := _TELL_JA.match(text):
        names = _names(tell)
        return names, [f"{name}はいくらですか。" for name in names], "each"
    which = _WHICH_JA.match(text)
    wanted = _wanted(which["rest"]) if which else None
    if which is None or wanted is None:
        return None
    names = _names(which)
    if wanted in ("first", "last"):
        return names, [f"{name}はいつですか。" for name in names], wanted
    found = _TOPIC_JA.search(which["rest"])
    topic = (found["a"] or found["b"]) if found else "性能" if _SPEED.search(which["rest"]) else ""
    if not topic and "の" not in names[0]:
        head, _, topic = names[1].partition("の")
        names[1] = head
    if not topic and "の" not in names[0]:
        topic = "大きさ"
    whole = [f"{name}の{topic}" if topic else name for name in names]
    return names, [f"{one}は{'いくら' if _MONEY_JA.search(one) else 'どのくらい'}ですか。" for one in whole], wanted


def _english(text: str) -> tuple[list[str], list[str], Wanted] | None:
    which = _ENGLISH.match(text)
    wanted = _wanted(which["asks"]) if which else None
    if which is None or wanted is None:
        return None
    names = _names(which)
    return names, [_asked(name, which["asks"], wanted) for name in names], wanted


def _asked(name: str, asks: str, wanted: Wanted) -> str:
    if wanted in ("first", "last"):
        return f"When was {name}?"
    if more := _MORE_OF.search(asks):
        return f"How many {more['noun']} does {name} have?"
    if spends := _SPENDS.search(asks):
        return f"How much does {name} {spends['verb']} {spends['rest']}?"
    if _SPEED.search(asks):
        return f"What is the performance of {name}?"
    if (of := _OF_WHAT.match(asks)) and " " in of["noun"]:
        return f"What is the {of['noun']} for {name}?"
    return f"How large is {name}?"


def _names(found: re.Match[str]) -> list[str]:
    return [found["a"].strip("、 "), found["b"].strip("、 ")]


def _wanted(text: str) -> Wanted | None:
    return next((wanted for wanted, pattern in _WANTED if pattern.search(text)), None)


def _own(name: str, other: str) -> set[str]:
    """Return what names a side and not the other, folded: the surest kind of words of which there are any."""
    levels = zip(_keys(name), _keys(other), strict=True)
    return next((own for some, others in levels if (own := some - others)), set())


def _keys(name: str) -> tuple[set[str], ...]:
    """Return names in Latin letters or katakana and long numbers; countries; other words in kanji; the name itself."""
    japanese = detect_language(name) == "ja"
    names = {fold(one) for one in (_NAMES_JA if japanese else _NAMES_EN).findall(name)} - _NO_KEYS
    words = set(_KANJI.findall(name)) - _NO_KEYS
    whole = {fold(name)} if japanese and "の" not in name else set()
    return names, {word for word in words if len(aliases_of(word)) > 1}, words, whole
