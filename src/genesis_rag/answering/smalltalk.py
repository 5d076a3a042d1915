"""Questions that no document answers: empty ones, greetings, questions about the assistant, other languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from genesis_rag.answering import rules_en, rules_ja
from genesis_rag.text.language import detect_language
from genesis_rag.text.normalize import fold
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Language
from genesis_rag.values import dataclass

Talk = Literal["empty_question", "greeting", "thanks", "about_assistant", "too_vague", "unsupported_language"]


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """What kind of small talk a question is, and in which language to reply ("other" = both)."""

    kind: Talk
    language: Language


_FILLER = r"[\s、。,.!?~ー…・;:'\"()「」]*"
_GREETING_JA = lazy(rf"^{_FILLER}(?:{rules_ja.GREETING}(?:ね|よ)?{_FILLER})+$")
_GREETING_EN = lazy(rf"^{_FILLER}(?:{rules_en.GREETING}(?: there| everyone| all| again| today)?{_FILLER}(?:and )?)+$")
_THANKS = lazy(r"ありがと|thank|thx|\bty\b|cheers")
_YOU_JA = "(?:あなた|きみ|君|お前|このアプリ|このツール|このシステム|このアシスタント|このボット|genesis-rag)"
_ABOUT_JA = lazy(
    rf"^(?:{_YOU_JA}(?:は|って|の(?:名前|正体)(?:は|を)?|について)[、\s]*(?:誰|だれ|どなた|何|なに|なん|どんな|どういう|ai|人間|ロボット|教|説明|どうやって|どのように)?.{{0,18}}"
    rf"|(?:{_YOU_JA}は|ここでは|ここで)?[、\s]*何が(?:でき|出来)(?:ます|る|るの|るん).{{0,6}}|{_YOU_JA}に(?:は)?何が.{{0,10}}"
    r"|(?:お名前|名前)は(?:何(?:ですか|と言いますか)?)?|自己紹介.{0,10}|使い方(?:は|を|が)?.{0,10}|ヘルプ|(?:どんな|どのような|どういう)質問(?:に|が|を).{0,16}"
    r"|(?:これは|ここは)(?:何|どんな)(?:の)?(?:アプリ|ツール|システム|サイト|ボット).{0,8})[\s?!。]*$"
)
_ABOUT_EN = lazy(
    r"^(?:who|what) (?:are|r) (?:you|u)(?: exactly| anyway)?\W*$|^(?:what|who)(?:'s| is) your (?:name|purpose"
    r"|creator|maker)\b"
    r"|^(?:what|which) (?:kind of |sort of )?(?:questions?|things|languages?) (?:can|do|should) (?:i|you|u) (?:ask"
    r"|answer|speak|understand|do)\b"
    r"|^what (?:can|do) (?:you|u) do\b|^how (?:do|does) (?:you|u|this (?:app|tool|assistant|thing)|genesis-rag) work\b"
    r"|^how (?:do|can|should) i use (?:you|u|this(?: (?:app|tool|assistant|thing))?)\b|^are (?:you|u) (?:an? "
    r")?(?:\w+ )?(?:ai|bot|robot|human|chatbot|chatgpt|gpt|llm|person|machine|real|claude)\b"
    r"|^who (?:made|built|created|wrote|trained|developed) (?:you|u)\b|^(?:what|which) (?:model|llm|ai) (?:are|r"
    r"|do) (?:you|u)\b"
    r"|^(?:introduce yourself|help(?: me)?|tell me about yourself|about (?:you|yourself)|can you help(?: me)?)\W*$"
    r"|^what is (?:genesis-rag|this (?:app|tool|assistant|program))\W*$"
)
_CHINESE = lazy(
    r"[吗呢么这们谁哪请给对应该还让从与为开发产业务电经济实现术联关战领际协议总计划书签设]|什麼|怎麼|多少|請問|哪些|哪裡|為什麼|嗎|甚麼|這個|如何|是什|的是|有几|幾個|了多|和.{1,12}的"
)
_WORD = lazy(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ENGLISH_WORDS = frozenset(
    "the of and to in is are was were what which who when where why how does do did much many for with on at by "
    "from an a"
    " that this it be has have had will can you your tell me please list name give about between into year".split()
)
_FOREIGN_WORDS: dict[str, frozenset[str]] = {
    "fr": frozenset(
        "le la les des du une est sont quel quelle quels quelles qui que quoi où quand combien comment pourquoi "
        "dans pour"
        " avec sur et au aux ce cette ces vous nous il elle ils pas ne plus c'est qu'est l'on va-t-il t-il"
        " entre".split()
    ),
    "de": frozenset(
        "der das den dem des ein eine einen einem ist sind war waren wer wie wann wo warum welche welcher "
        "welches wieviel"
        " viel für mit auf und zu zum zur nicht auch sich von bei nach über wird werden haben hat ich sie"
        " zwischen".split()
    ),
    "es": frozenset(
        "el los las un una unos es son fue qué que quién quien cuándo cuando dónde donde cuánto cuánta cuántos "
        "cómo como"
        " por para con del y al en se su sus está están cuál cuáles hay entre sobre invertirá".split()
    ),
    "it": frozenset(
        "il lo gli un uno una è sono chi che cosa quando dove perché quanto quanti quale quali come della del "
        "dei delle con"
        " per nel nella di da si non tra".split()
    ),
    "pt": frozenset(
        "o os as um uma é são quem que quando onde quanto quantos qual quais como por para com do da dos das no "
        "na em não"
        " está entre sobre".split()
    ),
    "romaji": frozenset(
        "wa desu desuka masu masuka ka nan nani nanidesuka ikura doko dare itsu naze doushite ikutsu ni wo ga kudasai"
        " oshiete nihon shimasu shimasuka shimashita arimasu arimasuka imasu ka".split()
    ),
}  # fmt: skip


@lru_cache(maxsize=16)  # asked before and after the search
def small_talk(question: str, core: str) -> SmallTalk | None:
    """Return what small talk ``question`` is, or None when it should be answered from documents.

    Args:
        question: the question as asked.
        core: the question without greetings and politeness (``questions.strip_noise``).
    """
    whole = fold(question).strip()
    if not any(c.isalnum() for c in whole):
        return SmallTalk("empty_question", detect_language(question) if "?" not in whole else "other")
    language = detect_language(question)
    if _GREETING_JA.match(whole) or _GREETING_EN.match(whole):
        reply: Language = "ja" if _GREETING_JA.match(whole) else "en"
        return SmallTalk("thanks" if _THANKS.search(whole) else "greeting", reply)
    bare = fold(core).strip()
    if _ABOUT_JA.match(bare) or _ABOUT_JA.match(whole):
        return SmallTalk("about_assistant", "ja")
    if _ABOUT_EN.search(bare) or _ABOUT_EN.search(whole):
        return SmallTalk("about_assistant", "en")
    if (foreign := foreign_language(whole)) is not None:
        return SmallTalk("unsupported_language", "ja" if foreign == "romaji" else "other")
    if not _says_something(bare, language):
        return SmallTalk("too_vague", language)
    return None


def foreign_language(folded: str) -> str | None:
    """Return a code of the language when the folded text is neither Japanese nor English, else None.

    By script first ("zh" for Chinese, "xx" for other scripts), then, for Latin letters, by the commonest words of
    five European languages and of romanised Japanese against those of English.
    """
    letters = [c for c in folded if c.isalpha()]
    if not letters:
        return None
    if sum(not _is_known_letter(c) for c in letters) > 0.3 * len(letters):
        return "xx"
    if any("぀" <= c <= "ヿ" for c in folded):
        return None
    han = sum("一" <= c <= "鿿" for c in letters)
    if han:
        chinese = len(_CHINESE.findall(folded))
        return "zh" if han >= 4 and (chinese >= 2 or (chinese and folded.endswith("?"))) else None
    return _foreign_latin(folded)


def _foreign_latin(folded: str) -> str | None:
    words = _WORD.findall(folded)
    english = sum(word in _ENGLISH_WORDS for word in words)
    best, hits = max(
        ((code, sum(word in known for word in words)) for code, known in _FOREIGN_WORDS.items()),
        key=lambda pair: pair[1],
    )
    if hits > english and (hits >= 2 or any(map(unicodedata.decomposition, folded))):
        return best
    return None


def _is_known_letter(c: str) -> bool:
    return (
        c < "ɐ" or "\u0370" <= c <= "\u03ff" or "\u3040" <= c <= "\u30ff" or "\u3400" <= c <= "\u9fff" or c in "々〆ヶ"
    )


_EMPTY_WORDS_EN = frozenset(
    "what which who whom whose when where why how is are was were it that this they he she do does did so and "
    "then a an the"
    " much many tell me more about yes no ok okay really huh eh thing things something anything info".split()
)
_EMPTY_JA = lazy(
    r"(?:それ|これ|あれ|そこ|ここ|なぜ|何故|なに|何|誰|だれ|いつ|どこ|どう(?:して)?|どれ|いくら|いくつ|どちら|もっと|詳しく|続き|はい|いいえ|うん"
    r"|教えて|について|です|ます|か|は|が|の|を|に|と|も|だ|よ|ね|って|なの|でしょう|ください|下さい)+"
)


def _says_something(core: str, language: Language) -> bool:
    """Return whether the folded core holds any word that could be looked up."""
    bare = re.sub(r"[\W_]+", " ", core).strip()
    if not bare:
        return False
    if language == "ja":
        return not _EMPTY_JA.fullmatch(bare.replace(" ", ""))
    words = bare.split()
    return any(word not in _EMPTY_WORDS_EN and (len(word) > 1 or not word.isascii()) for word in words)
