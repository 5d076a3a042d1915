"""Questions that ask how two things differ, taken apart into one question for each side."""

from __future__ import annotations

import re

from genesis_rag.text.language import detect_language
from genesis_rag.text.normalize import fold, nfc
from genesis_rag.text.patterns import lazy
from genesis_rag.values import dataclass

_COUNTRIES = dict(日="日本", 米="米国", 英="英国", 欧="欧州", 中="中国", 韓="韓国", 独="ドイツ", 仏="フランス")
_ALIASES = (
    ("日本", "我が国", "japan", "japanese"),
    ("米国", "アメリカ", "united states", "american", "america", "the us", "the u.s", "us"),
    ("英国", "イギリス", "united kingdom", "british", "britain", "the uk", "uk"),
    ("欧州", "eu", "ヨーロッパ", "europe", "european", "the eu"),
    ("中国", "china", "chinese"),
    ("韓国", "south korea", "korea", "korean"),
    ("ドイツ", "germany", "german"),
    ("フランス", "france", "french"),
)
_NOUNS = {
    **dict.fromkeys(("japan", "japanese"), "Japan"),
    **dict.fromkeys(("us", "american", "america", "united states"), "the United States"),
    **dict.fromkeys(("uk", "british", "britain", "united kingdom"), "the United Kingdom"),
    **dict.fromkeys(("eu", "european", "europe"), "Europe"),
    **dict.fromkeys(("china", "chinese"), "China"),
}
_DOCUMENTS = lazy("documents?|papers?|reports?|texts?|sources?")
_PAIR = lazy(rf"(?<![一-鿿])(?P<a>[{''.join(_COUNTRIES)}])(?P<b>[{''.join(_COUNTRIES)}])(?:両国)?(?=の|で|は|間|、)")
_NAME_JA = r"[A-Za-z][A-Za-z0-9.-]*(?: [A-Z0-9][A-Za-z0-9.-]*)+|[^\s、。はがをのと]{1,24}"
_AND_JA = lazy(
    rf"(?P<a>(?:{_NAME_JA})(?:の[^\s、。はがをのと]{{1,16}})?)と(?P<b>{_NAME_JA}?)(?:と)?"
    r"(?=の(?:違い|差|相違)|では|は|を|で、|の[^、。はがをと]{1,30}?(?:は|を|の違い|の差))"
)
_DIFFERS_JA = lazy("違い|違う|違って|違いま|異な|相違|比較し|比べ(?:て|る)|差は|差異")
_ASKED_JA = lazy(
    r"(?:の)?(?:違い|相違点?|差異?)(?:について)?(?:は(?:何|どこ|どの|なに|ありま)?[^。?？]*|を[^。?？]*)?[。?？]*$"
    r"|(?:は|が)?(?:、)?(?:どの(?:よう|くらい|程度)に?|どう|どこが|何が)?(?:違(?:う|い|って)|異な)[^。?？]*[。?？]*$"
    r"|を?(?:比較し|比べ(?:て|る))[^。?？]*[。?？]*$"
)
_MONEY = ("予算", "費用", "額", "コスト", "価格", "値段")
_NO_NAME = lazy("違い|何|どう|誰|いつ")
_PLACE = (
    r"(?:[Tt]he )?(?P<{}>[A-Z][\w.&-]*(?: [A-Z][\w.&-]*)*|japanese|american|us|uk|eu|british|european|japan"
    r"|china)"
)
_A, _B = _PLACE.format("a"), _PLACE.format("b")
_KIND = (
    r"(?: (?P<kind>documents?|plans?|polic(?:y|ies)|strateg(?:y|ies)|laws?|budgets?|papers?|approach(?:es)?"
    r"|reports?|texts?|sources?))?"
)
_ON = r"(?: (?:on|in|about|regarding|concerning|when it comes to|with regard to|in terms of) (?P<topic>.+?))?[\s?.]*$"
_ENGLISH = (
    lazy(rf"(?:[Hh]ow|[Ww]here|[Ii]n what way) (?:do|did|does) {_A} and {_B}{_KIND} (?:differ|compare){_ON}"),
    lazy(
        rf"[Hh]ow (?:do|did|does|is|are) {_A}{_KIND} (?:differ|compare|different)(?:ent)? (?:from|to"
        rf"|with) {_B}{_ON}"
    ),
    lazy(rf"[Ww]hat (?:is|are|was|were) the (?:main |key )?differences? between {_A} and {_B}{_KIND}{_ON}"),
    lazy(rf"(?:[Pp]lease )?[Cc]ompare {_A} (?:and|with|to) {_B}{_KIND}{_ON}"),
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of two things that are compared.

    Attributes:
        name: as the question has it, or as 日米 stands for.
        question: asks about this one alone.
        aliases: what a text about it holds at least one of, folded.
    """

    name: str
    question: str
    aliases: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Tell whether ``text`` names this side."""
        folded = fold(text)
        return any(_names(alias, folded) for alias in self.aliases)


def compared(question: str) -> tuple[Side, Side] | None:
    """Return the two sides of a question that asks how two things differ, None for any other question."""
    text = " ".join(nfc(question).split())
    if len(text) > 200:
        return None
    sides = _japanese(text) if detect_language(text) == "ja" else _english(text)
    return sides if sides and fold(sides[0].name) != fold(sides[1].name) else None


def _japanese(text: str) -> tuple[Side, Side] | None:
    if not _DIFFERS_JA.search(text):
        return None
    pair = _PAIR.search(text) or _AND_JA.search(text)
    asked = _ASKED_JA.search(text)
    if not pair or not asked or asked.start() < pair.end() - 1:
        return None
    names = [_COUNTRIES.get(pair[key], pair[key]) for key in ("a", "b")]
    if names[0] == names[1] or any(_NO_NAME.search(name) for name in names):
        return None
    rest = text[pair.end() : max(asked.start(), pair.end())].strip("、はがで")
    asks = "何と述べていますか。" if rest.endswith(("について", "に関して")) else "は何ですか。"
    asks = "はいくらですか。" if rest.endswith(_MONEY) else asks
    one, other = (
        _side(name, f"{text[: pair.start()]}{name}{rest}{asks}" if rest else f"{name}とは何ですか。") for name in names
    )
    return one, other


def _english(text: str) -> tuple[Side, Side] | None:
    found = next((match for pattern in _ENGLISH if (match := pattern.match(text))), None)
    if found is None:
        return None
    kind, topic = found["kind"] or "", found["topic"] or ""
    names = [found[key].rstrip(".") for key in ("a", "b")]
    first, _, shared = names[1].partition(" ")
    if shared and fold(names[0]) in _NOUNS and fold(first) in _NOUNS and fold(names[1]) not in _NOUNS:
        names[1], kind = first, f"{shared} {kind}".strip()  # the Japanese and American AI plans
    one, other = (_side(name, _asked(name, kind, topic)) for name in names)
    return one, other


def _asked(name: str, kind: str, topic: str) -> str:
    """Return the question for one side; that documents say it need not be asked of documents."""
    noun = _NOUNS.get(fold(name), name)
    if kind and topic and not _DOCUMENTS.fullmatch(kind):
        return f"What do the {name} {kind} say about {topic}?"
    if not topic and kind and noun != name:
        return f"What are the {kind} of {noun}?"
    if not topic:
        return f"What is {name} {kind}?".replace(" ?", "?")
    return f"What is {topic} {'in' if fold(name) in _NOUNS else 'of'} {noun}?"


def _side(name: str, question: str) -> Side:
    return Side(name, question, aliases_of(name))


def aliases_of(name: str) -> tuple[str, ...]:
    """Return what a text may call ``name``, folded: a country has several names, anything else its own."""
    folded = fold(name)
    return next((names for names in _ALIASES if folded in names or f"the {folded}" in names), (folded,))


def _names(alias: str, folded: str) -> bool:
    if not alias.isascii():
        return re.search(rf"{alias}(?![a-z0-9])", folded) is not None  # 富岳 is not in 富岳NEXT
    return re.search(rf"(?<![a-z0-9]){alias.replace('.', '[.]')}(?![a-z0-9])", folded) is not None
