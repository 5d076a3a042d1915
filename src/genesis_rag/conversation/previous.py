"""The question before, and what it was about, in either language."""

from __future__ import annotations

from genesis_rag.conversation import slots, topics_en, topics_ja, words_en
from genesis_rag.text.language import detect_language
from genesis_rag.text.patterns import lazy
from genesis_rag.types import Language
from genesis_rag.values import dataclass

_ASKED_WHY = lazy(r"(?i)^(?:(?:why|why not|how come|how so)\s*:\s*)+")
"""How the rules ask for the reason of a whole question; a further follow-up is one to that question."""


@dataclass(frozen=True, slots=True)
class Previous:
    """The self-contained question that a follow-up comes after.

    Attributes:
        text: the question, without a question mark at its end.
        language: its language.
    """

    text: str
    language: Language

    @classmethod
    def of(cls, question: str) -> Previous:
        """Return the value for a question."""
        bare = _ASKED_WHY.sub("", question).rstrip("?？。 ")
        return cls(bare, "ja" if detect_language(question) == "ja" else "en")

    @property
    def topic(self) -> str:
        """What it is about."""
        return topics_ja.topic_of(self.text) if self.language == "ja" else topics_en.topic_of(self.text)

    @property
    def entity(self) -> str:
        """The thing that it is about, without the attribute that it asks for."""
        return topics_ja.entity_of(self.text) if self.language == "ja" else topics_en.entity_of(self.text)

    @property
    def person(self) -> str:
        """The person that it asks for, "" where it asks for something else (of an English question, its topic)."""
        return topics_ja.person_of(self.text) if self.language == "ja" else topics_en.person_of(self.text)

    @property
    def names(self) -> list[str]:
        """The names in its topic that are not places."""
        found = (topics_ja if self.language == "ja" else words_en).names_in(self.topic)
        return [name for name in found if slots.place_named(name.removeprefix("the ")) is None]

    def with_place(self, place: slots.Place) -> str | None:
        """Return the question about another place, None unless it names exactly one."""
        return slots.with_place(self.text, self.language, place)

    def with_date(self, date: str) -> str | None:
        """Return the question about another date, None unless it names exactly one."""
        return slots.with_date(self.text, self.language, date)

    def with_ordinal(self, words: str) -> str | None:
        """Return the question about another item of a list, None unless it names exactly one."""
        return slots.with_ordinal(self.text, words, self.language)

    def with_name(self, new: str) -> str | None:
        """Return the question about another name, None where it has none."""
        if self.language == "ja":
            old = topics_ja.replaceable_name(self.text, new)
            return self.text.replace(old, new, 1) if old else None
        old = self.names[0] if self.names else self.entity
        if not old or old not in self.text:
            return None
        article = "the " if old.startswith("the ") and not new.startswith("the ") else ""
        return self.text.replace(old, new if not article or new[:1].isupper() else article + new, 1)
