"""Questions with their words put into the other language by a dictionary: crude, but with a real answer in the passage.

There are no questions of one language over passages of the other to train on. "富岳は何年に運用が始まったか" becomes
"富岳 what year operation": words that the dictionary lacks stay, particles and endings go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_JA_ASKING = {
    "何": "what", "誰": "who", "いつ": "when", "どこ": "where", "いくら": "how much", "いくつ": "how many",
    "なぜ": "why", "どうして": "why", "どのように": "how", "どの": "which", "どちら": "which", "どれ": "which",
    "何人": "how many people", "何年": "what year", "何と": "what", "どう": "how", "どんな": "what kind of",
}  # fmt: skip
_EN_ASKING = {
    "what": "何", "who": "誰", "whom": "誰", "when": "いつ", "where": "どこ", "why": "なぜ", "how": "どのように",
    "which": "どの", "whose": "誰の", "year": "年", "many": "いくつ", "much": "いくら",
}  # fmt: skip
_RUN = re.compile("[一-鿿々]+|[ァ-ヺー・]+|[A-Za-z0-9.,%-]+|[ぁ-ゖ]+")
_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|\d[\d.,]*%?|[^\sA-Za-z\d]")
_NOTE = re.compile(r"\([^)]*\)")
_EMPTY = frozenset(
    "a an the is are was were be been do does did of to in on at by for with from as that this it its and or has have "
    "had can could would will which's".split()
)
_LONGEST = 8


class Switcher:
    """A dictionary of both directions, from the rows of the glossary, common words first."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._english: dict[str, str] = {}
        self._japanese: dict[str, str] = {}
        for row in rows:
            glosses = [_NOTE.sub("", gloss).strip().lower() for gloss in row["en"]]
            glosses = [gloss.removeprefix("to ") for gloss in glosses if gloss]
            if not glosses:
                continue
            self._english.setdefault(row["ja"], glosses[0])
            for gloss in glosses[:2]:
                if " " not in gloss:
                    self._japanese.setdefault(gloss, row["ja"])

    def to_english(self, question: str) -> str:
        """Return a Japanese question as English words in its order."""
        words: list[str] = []
        for run in _RUN.findall(question):
            if "ぁ" <= run[0] <= "ゖ":
                words += [word for asked, word in _JA_ASKING.items() if run.startswith(asked) and len(asked) > 1][:1]
            elif "ァ" <= run[0] <= "ー":  # parts of a foreign word mean something else
                words += [self._english.get(part, part) for part in run.split("・") if part]
            else:
                words += self._pieces(run)
        return " ".join(words)

    def _pieces(self, run: str) -> list[str]:
        found, at, unknown = [], 0, ""
        while at < len(run):
            for end in range(min(len(run), at + _LONGEST), at, -1):
                english = _JA_ASKING.get(run[at:end]) or self._english.get(run[at:end])
                if english:
                    break
            if english:
                found += [unknown, english] if unknown else [english]
                unknown, at = "", end
            else:
                unknown, at = unknown + run[at], at + 1
        return [*found, unknown] if unknown else found

    def to_japanese(self, question: str) -> str:
        """Return an English question as Japanese words in its order."""
        words = []
        for word in _WORD.findall(question):
            low = word.lower()
            if low not in _EMPTY:
                words.append(_EN_ASKING.get(low) or self._japanese.get(low) or self._stem(low) or word)
        return "、".join(words)

    def japanese_synonyms(self, question: str) -> str:
        """Return a Japanese question in which words give way to others of the same meaning, where there are any."""
        return _RUN.sub(lambda found: "".join(map(self._japanese_synonym, self._cut(found[0]))), question)

    def _japanese_synonym(self, piece: str) -> str:
        plain = piece in _JA_ASKING or len(piece) == 1 or "ぁ" <= piece[0] <= "ゖ"
        english = "" if plain else self._english.get(piece, "")
        return self._japanese.get(english, piece)

    def _cut(self, run: str) -> list[str]:
        """Return the words of a run of kanji, the longest known first; any other run stays whole."""
        if not "一" <= run[0] <= "鿿":
            return [run]
        found, at = [], 0
        while at < len(run):
            ends = range(min(len(run), at + _LONGEST), at + 1, -1)
            end = next((end for end in ends if run[at:end] in self._english), at + 1)
            found.append(run[at:end])
            at = end
        return found

    def english_synonyms(self, question: str) -> str:
        """Return an English question in which words give way to others of the same meaning, where there are any."""

        def other(found: re.Match[str]) -> str:
            low = found[0].lower()
            japanese = "" if low in _EMPTY or low in _EN_ASKING else self._japanese.get(low, "")
            english = self._english.get(japanese, "")
            return english if english and len(english.split()) < 3 else found[0]

        return re.sub(r"[A-Za-z]+", other, question)

    def _stem(self, word: str) -> str | None:
        """Return the word for a plural or another form of an English word."""
        for ending, instead in (
            ("ies", "y"),
            ("es", ""),
            ("s", ""),
            ("ed", ""),
            ("ed", "e"),
            ("ing", ""),
            ("ing", "e"),
        ):
            if word.endswith(ending) and len(word) > len(ending) + 2:
                found = self._japanese.get(word.removesuffix(ending) + instead)
                if found:
                    return found
        return None
