"""What a question asks: its core without small talk, the kind of answer, an item number, a wanted count."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from genesis_rag.answering import rules_en, rules_ja
from genesis_rag.text.expansions import abbreviations
from genesis_rag.text.language import detect_language
from genesis_rag.text.normalize import fold, nfc
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Language
from genesis_rag.values import dataclass

Kind = Literal[
    "factoid", "money", "number", "percent", "date", "duration", "person", "organisation", "place", "definition",
    "expansion", "list", "yes_no", "how", "why", "count", "ordinal_item", "comparison",
]  # fmt: skip

QUANTITY_KINDS: dict[str, frozenset[str]] = {
    "money": frozenset({"money"}),
    "percent": frozenset({"percent"}),
    "date": frozenset({"date", "fiscal_year"}),
    "duration": frozenset({"duration"}),
    "number": frozenset({"number", "measure", "count"}),
    "count": frozenset({"number", "count"}),
}
"""For kinds of questions that a quantity answers: the kinds of quantities (text.numbers) that do."""

_QUOTED = lazy(r"[「『“\"‘]([^「」『』“”\"‘’]{2,60})[」』”\"’]")
_WORDS = lazy(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class QuestionProfile:
    """A question as the answerer reads it.

    Attributes:
        question: the question as asked (NFC, outer space trimmed).
        core: the same without greetings, politeness and requests to tell; never empty unless the question is.
        content: the core without the words that only say which item or how many ("8番目", "三つ挙げて", "number 4").
        language: language of the question by its script.
        kind: what kind of answer it asks for.
        yes_no: whether yes or no would answer it.
        head: folded noun that the interrogative asks for ("駅" of どの駅), or "".
        quoted: expressions that the question puts in quotation marks, folded.
        several: whether it asks for more than one thing by a plural (which companies), English only.
        requested_count: how many items it wants, or None.
        ordinal: the number of the list item it names, or None.
        answer_language: language the question asks to be answered in, or None.
    """

    question: str
    core: str
    content: str
    language: Language
    kind: Kind
    yes_no: bool
    head: str
    quoted: tuple[str, ...]
    several: bool
    requested_count: int | None
    ordinal: int | None
    answer_language: Language | None

    @property
    def quantity_kinds(self) -> frozenset[str]:
        """Kinds of quantities of which one must be in the answer (empty: none is asked for)."""
        return QUANTITY_KINDS.get(self.kind, frozenset())


@lru_cache(maxsize=16)  # asked before and after the search
def analyse_question(question: str) -> QuestionProfile:
    """Return the profile of ``question``; any string is accepted."""
    whole = nfc(question).strip()
    language = detect_language(whole)
    bare, answer_language = _without_language_request(whole)
    core = _repair(strip_noise(bare) or bare or whole)
    folded = fold(core).strip(" 。.!?、,") if core else ""
    japanese = language == "ja"
    ordinal = item_ordinal(folded, japanese)
    kind = _kind(folded, japanese)
    if ordinal is not None and kind in ("factoid", "list", "definition", "count"):
        kind = "ordinal_item"
    if kind == "expansion" and not abbreviations(core):
        kind = "definition"
    return QuestionProfile(
        question=whole,
        core=core,
        content=_content(core, japanese, ordinal is not None) or core,
        language=language,
        kind=kind,
        yes_no=_is_yes_no(folded, japanese),
        head=_head(folded, japanese),
        quoted=tuple(match.strip() for match in _QUOTED.findall(folded)),
        several=not japanese and rules_en.SEVERAL.search(folded) is not None,
        requested_count=requested_count(folded, japanese),
        ordinal=ordinal,
        answer_language=answer_language,
    )


def strip_noise(question: str) -> str:
    """Return ``question`` without greetings in front and requests or thanks behind.

    Example: "おはようございます。急ぎで恐縮ですが、16番目は何でしたか?" keeps "16番目は何でしたか?".
    """
    text = question.strip()
    japanese = detect_language(text) == "ja"
    rules = rules_ja if japanese else rules_en
    for _ in range(6):
        matched = rules.OPENING.match(text.casefold())
        # Casefolding may change lengths (ß, İ); such an opening is left alone.
        if not matched or not matched.end() or len(text.casefold()) != len(text):
            break
        text = text[matched.end() :].lstrip(" 、,。.!！　")
    matched = rules.ENDING.search(text.casefold())
    if matched and len(text.casefold()) == len(text):
        text = text[: matched.start()]
    return text.strip(" 、,　")


def item_ordinal(folded: str, japanese: bool) -> int | None:
    """Return N when the question names the N-th item of a list (8番目, 課題16, area no. 9, the fourth item)."""
    for rules in (rules_ja, rules_en) if japanese else (rules_en,):
        if match := rules.ORDINAL.search(folded):
            return number_of(next(group for group in match.groups() if group))
    return None


def requested_count(folded: str, japanese: bool) -> int | None:
    """Return how many items the question wants (三つ挙げて, name two), 1 to 20, or None."""
    match = (rules_ja.WANTED if japanese else rules_en.WANTED).search(folded)
    value = number_of(match["a"]) if match else None
    return value if value is not None and 1 <= value <= 20 else None


def number_of(word: str) -> int | None:
    """Return the whole number that a numeral stands for: 12, 十二, twelve, twelfth, 12th."""
    if (value := rules_en.WORD_NUMBERS.get(word, rules_en.WORD_ORDINALS.get(word))) is not None:
        return value
    if digits := re.fullmatch(r"(\d+)(?:st|nd|rd|th)?", word):
        return int(digits[1])
    if not re.fullmatch(rules_ja.KANJI_NUMBER, word):
        return None
    digit = {c: i + 1 for i, c in enumerate("一二三四五六七八九")}
    tens, ten, ones = word.partition("十")
    if not ten:
        return digit.get(word)
    return 10 * digit.get(tens, 1) + digit.get(ones, 0)


def _content(core: str, japanese: bool, has_ordinal: bool) -> str:
    """Drop the words that only say which item of a list, or how many, are wanted."""
    scaffold = rules_ja.SCAFFOLD if japanese else rules_en.SCAFFOLD
    text = scaffold.sub(" ", core)
    if has_ordinal:
        text = (rules_ja.POSITION if japanese else rules_en.POSITION).sub(" ", text)
    return " ".join(text.split())


def _without_language_request(text: str) -> tuple[str, Language | None]:
    for rules in (rules_ja, rules_en):
        if match := rules.ANSWER_LANGUAGE.search(text.casefold()):
            if len(text.casefold()) != len(text):
                return text, None
            rest = (text[: match.start()] + text[match.end() :]).strip(" 、,。.　")
            language: Language = "en" if match["l"] in ("英語", "english") else "ja"
            return rest or text, language
    return text, None


def _repair(text: str) -> str:
    """Undo the commonest slips in English question words."""
    return _WORDS.sub(lambda match: rules_en.TYPOS.get(match[0].casefold(), match[0]), text)


def _kind(folded: str, japanese: bool) -> Kind:
    if _is_yes_no(folded, japanese) and not (japanese and dict(rules_ja.KINDS)["comparison"].search(folded)):
        return "yes_no"
    for kind, pattern in rules_ja.KINDS if japanese else rules_en.KINDS:
        if pattern.search(folded):
            return kind  # type: ignore[return-value]
    return "factoid"


def _is_yes_no(folded: str, japanese: bool) -> bool:
    if japanese:
        return bool(rules_ja.YES_NO.search(folded)) and not rules_ja.INTERROGATIVE.search(folded)
    return bool(rules_en.YES_NO.search(folded))


def _head(folded: str, japanese: bool) -> str:
    match = (rules_ja.HEAD_NOUN if japanese else rules_en.HEAD_NOUN).search(folded)
    head = next((group for group in match.groups() if group), "") if match else ""
    if japanese:
        return head
    words = [word for word in head.split() if word not in rules_en.NOT_A_HEAD]
    if len(words) == 2 and words[1].endswith(("s", "ed")):
        return words[0]  # Mostly a verb: which city hosts, what ice forms.
    return words[-1] if words and head.split()[0] in words else ""
