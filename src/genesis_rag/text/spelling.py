"""Other spellings of a word in a question: slips of the finger in Latin letters, and the ways katakana are written."""

from __future__ import annotations

from itertools import chain

from genesis_rag.text.patterns import lazy

LEAST_LETTERS = 4
"""In shorter words nearly every slip is another word."""
MOST_LETTERS = 24

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_KATAKANA_RUN = lazy("[ァ-ヺー]{3,}")
_KATAKANA_FORMS = (
    ("ヴァ", "バ"),
    ("ヴィ", "ビ"),
    ("ヴェ", "ベ"),
    ("ヴォ", "ボ"),
    ("ヴ", "ブ"),
    ("ヂ", "ジ"),
    ("ヅ", "ズ"),
    ("ティ", "チ"),
    ("フィ", "ヒ"),
    ("フェ", "ヘ"),
    ("ウィ", "ウイ"),
    ("ウェ", "ウエ"),
    ("ウォ", "ウオ"),
    ("クォ", "クオ"),
    ("ッ", "ツ"),
    ("ァ", "ア"),
    ("ィ", "イ"),
    ("ェ", "エ"),
    ("ォ", "オ"),
    ("ャ", "ヤ"),
    ("ュ", "ユ"),
    ("ョ", "ヨ"),
)


def slips(word: str) -> list[str]:
    """Return what differs from a word in small Latin letters by one slip, without the word, without repetitions.

    A slip leaves a letter out, puts one in, takes another, or swaps two neighbours (the distance of Damerau, 1964);
    about 54 strings a letter. None where the word is too short or too long, or not of letters a to z alone.
    """
    if not (LEAST_LETTERS <= len(word) <= MOST_LETTERS and word.isascii() and word.isalpha() and word.islower()):
        return []
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    made = chain(
        (head + tail[1:] for head, tail in cuts if tail),
        (head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1),
        (head + letter + tail[1:] for head, tail in cuts if tail for letter in _LETTERS),
        (head + letter + tail for head, tail in cuts for letter in _LETTERS),
    )
    return [one for one in dict.fromkeys(made) if one != word]


def katakana_runs(text: str) -> list[str]:
    """Return the words in katakana of a folded text that are long enough to have variants."""
    return list(dict.fromkeys(_KATAKANA_RUN.findall(text)))


def katakana_variants(run: str) -> list[str]:
    """Return other ways to write a word in katakana: long vowels left out or put at the end, ヴァ for バ, ツ for ッ.

    Each variant changes one kind of sign, everywhere in the word (ヴァイオリン: バイオリン), or one long vowel's mark
    alone (インターフェース: インタフェース).
    """
    made = [run[:at] + run[at + 1 :] for at, sign in enumerate(run) if sign == "ー"]
    made += [run.replace("ー", "") if "ー" in run else run, run.removesuffix("ー") + "ー"]
    for one, other in _KATAKANA_FORMS:
        made += [run.replace(one, other), run.replace(other, one)]
    return [one for one in dict.fromkeys(made) if one != run and len(one) > 1]
