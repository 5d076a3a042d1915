"""Whether a piece of text holds the kind of thing a question asks for, and holds it anew (not just repeated)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from genesis_rag.answering.questions import QuestionProfile
from genesis_rag.text.expansions import abbreviations, writes_out
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import Quantity, quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Language
from genesis_rag.values import dataclass

_TEXTS_KEPT = 8192
_NUMERAL = lazy(r"[0-9〇一二三四五六七八九十百千万億兆両]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b")
_KATAKANA = lazy(r"[ァ-ヶー]{2,}(?:[・=＝][ァ-ヶー]+)*")
_KANJI = lazy(r"[一-鿿々]{2,6}")
_LATIN_NAME = lazy(r"[A-Z][\w'’.-]*(?:\s+(?:of|the|de|van|von|and|for|&)?\s*[A-Z][\w'’.-]*)*")
_PERSON_JA = lazy(
    r"(?:氏|さん|様|先生|博士|教授|大統領|首相|長官|大臣|次官|審議官|総裁|社長|会長|監督|選手|国王|女王|皇帝|天皇|[一-鿿]世|王|帝|公|卿|夫人|妃|将軍|提督|牧師|司教)(?![一-鿿])"
)
_PLACE_JA = lazy(
    r"[一-鿿ァ-ヶー](?:国|県|市|州|町|村|駅|島|都|府|区|地方|半島|大陸|川|湖|山|港|海|湾|寺|城|宮|館|公園|大学|諸島|盆地|通り|地域)"
)
_ORGANISATION_JA = lazy(
    r"[一-鿿ァ-ヶーa-z](?:社|会社|大学|省|庁|局|研究所|機構|協会|学会|財団|銀行|党|軍|隊|連盟|委員会|会|団|校|クラブ|チーム|バンド|グループ|放送|新聞|センター)"
)
_PLACE_EN = lazy(r"\b(?:in|at|near|from|to|of|on|outside|into|throughout|across|around)\s+(?:the\s+)?[A-Z]")
_ORGANISATION_EN = lazy(
    r"\b(?:University|College|Inc|Corp|Company|Ministry|Department|Agency|Institute|Bureau|Association|Party|School|Records"
    r"|Laborator|Bank|Network|Council|Commission|Society|Club|Group|Foundation|Committee|[A-Z]{2,6})\b"
)
_DEFINITION = lazy(
    r"とは|のことで|のことを|を指す|を指し|の略|を意味|という意味|である。?$|の一種|の総称|と呼ば|と定義|と称"
    r"|\b(?:is|are|was|were) (?:an?|the|any|one)\b|refers? to|\bmeans?\b|stands? for|defined as|known as|abbreviat"
    r"|called\b"
)
_REASON = lazy(
    r"ため|ので|から|理由|原因|により|によって|せい|結果|背景|目的|because|due to|\bcaus|reason|\bsince\b|as a "
    r"result|so that|in order to"
    r"|\bled to\b|result(?:ed|s|ing)? (?:in|from)|\bfor\b|therefore"
)
_MANNER = lazy(
    r"によ(?:り|って|る)|を(?:用い|使|通じ|通し|介し)|ことで|方法|手順|して|しながら|\bby \w+ing\b|\busing\b"
    r"|\bthrough\b|\bvia\b|\bwith\b|\bmethod"
)
_ENUMERATION = lazy(r"[、・,/].*(?:[、・,/]|および|及び|並びに|\band\b|や)")


@dataclass(frozen=True, slots=True)
class TypeMatch:
    """How a piece of text fits the kind asked for.

    Attributes:
        asked: the question asks for a kind that can be checked.
        full: 1.0 when the text certainly holds a new one of the kind, else 0.0.
        part: 1.0 when it holds something that may be one, else 0.0.
        new_number: it holds a quantity that the question does not.
        new_name: it holds a name-like word that the question does not.
    """

    asked: bool
    full: float
    part: float
    new_number: float
    new_name: float


class TypeMatcher:
    """Checks texts against one question."""

    def __init__(self, profile: QuestionProfile) -> None:
        self.profile = profile
        self.question = fold(profile.core)
        self.known = {_key(quantity) for quantity in quantities(profile.core)}
        self.counted = _counted(profile)
        self.short = abbreviations(profile.core) if profile.kind == "expansion" else []

    def match(self, text: str, folded: str, language: Language) -> TypeMatch:
        """Return how ``text`` (with its folded form), which is in ``language``, fits."""
        fresh = self._new_quantities(text, folded)
        new_number = float(bool(fresh))
        japanese = language == "ja"
        name = float(self._new_name(text, japanese))
        if wanted := self.profile.quantity_kinds:
            right = [quantity for quantity in fresh if quantity.kind in wanted]
            counted = bool(self.counted and self.counted.search(folded))
            return TypeMatch(True, float(bool(right) or counted), new_number, new_number, name)
        full, part, asked = self._by_words(text, folded, name, japanese)
        return TypeMatch(asked, full, part, new_number, name)

    def _by_words(self, text: str, folded: str, name: float, japanese: bool) -> tuple[float, float, bool]:
        kind = self.profile.kind
        if kind == "person":
            titled = bool(_PERSON_JA.search(folded)) if japanese else " " in self._longest_name(text)
            return name * titled, name, True
        if kind == "place":
            return float(bool((_PLACE_JA if japanese else _PLACE_EN).search(text))), name, True
        if kind == "organisation":
            return float(bool((_ORGANISATION_JA if japanese else _ORGANISATION_EN).search(text))), name, True
        if kind == "expansion":
            return float(any(writes_out(short, text) for short in self.short)), 0.0, True
        words = {"definition": _DEFINITION, "why": _REASON, "how": _MANNER, "list": _ENUMERATION}.get(kind)
        if words is None:
            return 0.0, 0.0, False
        return float(bool(words.search(folded))), 0.0, True

    def _new_quantities(self, text: str, folded: str) -> list[Quantity]:
        if not _NUMERAL.search(folded):
            return []
        return [quantity for quantity in quantities(text) if _key(quantity) not in self.known]

    def _new_name(self, text: str, japanese: bool) -> bool:
        if any(folded not in self.question for folded in _names(text).values()):
            return True
        wanted = japanese and self.profile.kind in ("person", "place", "organisation")
        return wanted and any(fold(match[0]) not in self.question for match in _KANJI.finditer(text))

    def _longest_name(self, text: str) -> str:
        new = (name for name, folded in _names(text).items() if folded not in self.question)
        return max(new, key=len, default="")


@lru_cache(maxsize=_TEXTS_KEPT)
def _names(text: str) -> Mapping[str, str]:
    """Return what looks like a name, with its folded form, in the order of the text."""
    found = [match[0] for match in _KATAKANA.finditer(text)]
    found += [match[0] for match in _LATIN_NAME.finditer(text) if match.start() > 0]
    return {name: fold(name) for name in found}


def _counted(profile: QuestionProfile) -> re.Pattern[str] | None:
    """Return a pattern of a number with the noun that the question counts (何人: 3人), or None."""
    if not profile.head:
        return None
    head = re.escape(profile.head.split()[0])
    if profile.language == "ja":
        return re.compile(rf"[0-9〇一二三四五六七八九十百千万億兆][\s約余数]*{head}")
    return re.compile(
        rf"\b(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|dozens?|several)\s(?:\w+\s){{0,2}}{head}"
    )


def _key(quantity: Quantity) -> tuple[object, ...]:
    return (quantity.kind, quantity.low, quantity.high, quantity.unit)
