"""Which language a text is in, by the share of scripts and, for Latin letters, a vote of function words."""

from __future__ import annotations

import re
from functools import lru_cache

from genesis_rag.text.function_words import ENGLISH, GREETINGS, OPENERS, OTHERS
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Language

_SAMPLE = 10_000
_SHORT_HAN = 20
_SHORT_TEXT = 300

_HIRAGANA = lazy("[ぁ-ゖゝゞ]")
_KANA = lazy("[ぁ-ゖゝゞァ-ヺー-ヿㇰ-ㇿｦ-ﾝ]+")
_HAN = lazy("[々〆㐀-䶿一-鿿\uf900-\ufaff\U00020000-\U000323af]+")
_HANGUL = lazy("[ᄀ-ᇿ㄰-㆏가-힣]+")
_WORD = lazy("[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿＡ-Ｚａ-ｚ]+")
_MARKED = lazy("[À-ÖØ-öø-ɏḀ-ỿ]")
_OTHER = lazy("[Ͱ-ԯԱ-ևא-ת؀-ۿݐ-ݿऀ-࿿က-ჿሀ-፟ក-៿᠀-ᢪ]+")

# Japanese grammar right after a Latin word or a bracket, without a space: "Genesis Missionとは".
_PARTICLE = lazy(
    '[A-Za-zＡ-Ｚａ-ｚ0-9０-９)）」』"”](?:とは|って|から|まで|より|という|について|における|による|[はがをにでとのもやへ])'
)
_GLUED = lazy("[A-Za-zＡ-Ｚａ-ｚ][㐀-䶿一-鿿]|[㐀-䶿一-鿿][A-Za-zＡ-Ｚａ-ｚ]")
_CHINESE_WORD = lazy("[你她們们嗎吗呢吧啊呀很怎哪这么还谁]|[這那][是個裡些麼]|什[麼么]|是[什一哪谁誰否不我你他她]")


def detect_language(text: str) -> Language:
    """Return "ja", "en" or "other" (any other language, and text without letters such as numbers alone).

    Japanese is text with kana, unless Latin words outweigh it: two Japanese characters count as one word, and a
    particle glued to a Latin word (Genesis Missionとは) tips a short text. Kanji without any kana are Japanese up to 20
    characters (首都, 量子計算), beyond that only with characters that Chinese does not write (図, 込, 々); never with
    characters or words that only Chinese has (这, 什么是). Latin letters are English unless the function words of
    another language outvote it, or accented letters abound.
    """
    return _short_language(text) if len(text) <= _SHORT_TEXT else _language(text)


def _language(text: str) -> Language:
    sample = _sampled(text)
    if sample.isascii():
        return _latin_language(sample)
    kana, han = _count(_KANA, sample), _count(_HAN, sample)
    words = [word.lower() for word in _WORD.findall(sample)]
    foreign = _count(_HANGUL, sample) / 2 + _count(_OTHER, sample) / 4
    japanese = (kana + han) / 2
    if foreign > japanese + len(words):
        return "other"
    if not japanese:
        return _latin_language(sample)
    if kana and (kana >= 0.05 * han or han <= _SHORT_HAN or not _looks_chinese(sample)):
        return "ja" if _kana_outweighs(sample, japanese, words) else _latin_language(sample)
    if _CHINESE_WORD.search(sample) and japanese >= 0.3 * len(words) and _share_of_english(words) < 0.3:
        return "other"
    if japanese > len(words) or (len(words) <= 3 and _GLUED.search(sample)):
        return "ja" if _han_is_japanese(sample, han) else "other"
    return _latin_language(sample)


_short_language = lru_cache(maxsize=256)(_language)
"""Of a question, many rules ask for it."""


def _count(runs: re.Pattern[str], text: str) -> int:
    """Return the number of characters in runs of them."""
    return sum(map(len, runs.findall(text)))


def _sampled(text: str) -> str:
    """Return the text, or of a long one the start, the middle and the end."""
    if len(text) <= 3 * _SAMPLE:
        return text
    middle = (len(text) - _SAMPLE) // 2
    return text[:_SAMPLE] + "\n" + text[middle : middle + _SAMPLE] + "\n" + text[-_SAMPLE:]


def _kana_outweighs(text: str, japanese: float, words: list[str]) -> bool:
    share = japanese / (japanese + len(words))
    if share >= 0.6:
        return True
    short = len(text) <= _SHORT_TEXT
    if _PARTICLE.search(text) and words[0] not in OPENERS:
        return short or share >= 0.2
    if _share_of_english(words) >= 0.3:
        return False
    return share >= 0.4 or (short and share >= 0.15 and bool(_HIRAGANA.search(text)))


def _share_of_english(words: list[str]) -> float:
    return sum(word in ENGLISH for word in words) / len(words) if words else 0.0


def _han_is_japanese(text: str, han: int) -> bool:
    if _looks_chinese(text):
        return False
    return han <= _SHORT_HAN or any(map(_only_japanese, "".join(_HAN.findall(text))))


def _looks_chinese(text: str) -> bool:
    characters = "".join(_HAN.findall(text))
    chinese = len(_CHINESE_WORD.findall(text)) + sum(map(_only_chinese, characters))
    return chinese > sum(map(_only_japanese, characters))


def _written_in(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


# The national character sets say who writes a character: 图 is in the Chinese ones alone, 図 in the Japanese one alone.
@lru_cache(maxsize=4096)
def _only_chinese(character: str) -> bool:
    return _written_in(character, "gb2312") and not _written_in(character, "cp932")


@lru_cache(maxsize=4096)
def _only_japanese(character: str) -> bool:
    if character in "々〆":
        return True
    return _written_in(character, "cp932") and not (_written_in(character, "gb2312") or _written_in(character, "big5"))


def _latin_language(text: str) -> Language:
    """Return "en" unless another language has more votes; "other" when there is no word at all."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return "other"
    english = sum(word in ENGLISH for word in words)
    foreign = max(sum(word in known for word in words) for known in OTHERS)
    if foreign > english and ((len(words) > 3 and foreign >= 2) or words[0] in GREETINGS):
        return "other"
    letters = sum(map(len, words))
    if english < 0.1 * len(words) and len(_MARKED.findall(text)) > 0.06 * letters and len(words) > 2:
        return "other"
    if "¿" in text or "¡" in text:
        return "other"
    return "en"
