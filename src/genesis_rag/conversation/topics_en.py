"""What a self-contained English question is about: its whole topic, and the thing alone without its attribute."""

from __future__ import annotations

from genesis_rag.conversation.slots import place_named
from genesis_rag.conversation.words_en import (
    ATTRIBUTES,
    AUXILIARIES,
    CLASS_NOUNS,
    GENERIC,
    NOT_NAMES,
    VERBS,
    names_in,
    words_of,
)
from genesis_rag.text.patterns import lazy

_LONGEST = 90
_OPENING = lazy(
    r"(?i)^(?:(?:hi|hello|hey|thanks|thank you|ok|okay|so|and|but|also|well|please|excuse me|good (?:morning"
    r"|afternoon|evening)"
    r"|(?:can|could|would) you (?:please )?(?:tell me|explain|say|show me)|do you know|tell me|i(?:'d"
    r"| would) like to know"
    r"|i want to know|by the way|now)\b[\s,.!:-]*)+"
)
_ABOUT = lazy(
    r"(?i)^(?:(?:tell me )?(?:more )?about|explain|describe|summari[sz]e|list|name|give me|what (?:do you know"
    r"|can you tell me) about"
    r"|what about|how about)\s+(?:all |the names of )?(?P<x>.+)$"
)
_WHAT_IS = lazy(r"(?i)^(?:what|who|which)(?:['’]s|\s+(?:exactly )?(?:is|are|was|were|will be))\s+(?P<x>.+)$")
_WITH_AUXILIARY = lazy(rf"(?i)^(?:.{{0,60}}?\b)?(?:{AUXILIARIES})\b(?:n't)?\s+(?P<x>.+)$")
_WHO_DOES = lazy(
    r"(?i)^(?P<wh>who|what|which(?: \w+){1,3}?|how many(?: \w+){1,3}?)\s+(?!(?:of|in|for|to|on"
    r"|at)\b)(?P<verb>[a-z]+)\s+(?P<x>.+)$"
)
_OF = lazy(
    rf"(?i)^(?:the |an? )?(?:[\w-]+ ){{0,3}}?(?:{'|'.join(sorted(ATTRIBUTES, key=len, reverse=True))})"
    r"(?: [a-z]+)?(?: and [a-z]+)? (?:of|for|to|behind|in) (?P<x>.+)$"
)
_OWNED = lazy(rf"(?i)^(?P<x>.+?)(?:['’]s|s['’])? (?:[a-z-]+ ){{0,2}}?(?:{'|'.join(sorted(ATTRIBUTES))})$")
_THING = lazy(
    rf"(?i)\bthe (?:[\w-]+ ){{0,2}}?(?:{'|'.join(sorted(CLASS_NOUNS | ATTRIBUTES, key=len, reverse=True))})\b"
)
_ASKED_FOR = lazy(rf"(?i)^(?:what|which|how many|how much)\s+(?P<x>[a-z].*?)\s+(?:{AUXILIARIES})\b")
_CLAUSE = frozenset([*AUXILIARIES.split("|"), *"what which who whom where when how why be do".split()])
_EMPTY = NOT_NAMES | GENERIC - ATTRIBUTES - CLASS_NOUNS
_DETERMINERS = frozenset(
    "the a an this that these those its their his her our your my all each every any some it they".split()
)
_PREPOSITION = frozenset("in on at to for from with by about as into over under between during since until".split())


def topic_of(question: str) -> str:
    """Return what ``question`` is about: "the budget of X" of "What is the budget of X?"."""
    text = _OPENING.sub("", question.strip()).rstrip("?.! ")
    topic = _topic(text).strip(" ,;:") or text
    if any(word in _CLAUSE for word in words_of(topic)) or topic.split()[0].casefold() in _PREPOSITION | {"of"}:
        topic = (
            _listed(names_in(text)[:3]) or " ".join(w for w in text.split() if not set(words_of(w)) <= _EMPTY) or text
        )
    if len(topic) <= _LONGEST:
        return topic
    return _listed(names_in(text)[:3]) or topic[:_LONGEST]


def entity_of(question: str) -> str:
    """Return the thing alone: X of "What is the budget of X?"."""
    entity = topic_of(question)
    while found := _OF.match(entity):
        entity = found["x"]
    if found := _OWNED.match(entity):
        entity = found["x"] if names_in(found["x"]) or "’" in entity or "'" in entity else entity
    others = [name for name in names_in(entity) if place_named(name.removeprefix("the ")) is None]
    return others[0] if len(others) == 1 and " and " in entity else entity


def person_of(question: str) -> str:
    """Return the person that ``question`` asked for: "the person who leads X" of "Who leads X?"."""
    text = _OPENING.sub("", question.strip()).rstrip("?.! ")
    found = _WHO_DOES.match(text)
    if found and found["wh"].casefold() == "who" and found["verb"].casefold() not in AUXILIARIES.split("|"):
        return f"the person who {found['verb']} {found['x']}"
    return topic_of(question)


def _topic(text: str) -> str:
    if found := _ABOUT.match(text):
        return found["x"]
    if found := _WHAT_IS.match(text):
        return _noun_phrase(found["x"], whole=True)
    asks = _WHO_DOES.match(text)
    if (
        asks
        and asks["verb"].casefold() not in {*AUXILIARIES.split("|"), *_PREPOSITION, "of"}
        and asks["verb"].islower()
    ):
        return _noun_phrase(asks["x"])
    if found := _WITH_AUXILIARY.match(text):
        asked = _ASKED_FOR.match(text)
        first = found["x"].split()[0]
        if asked and first.islower() and first.casefold() not in _DETERMINERS:
            return _noun_phrase(asked["x"], whole=True)
        return _noun_phrase(found["x"]) or _listed(names_in(text[: found.start("x")]))
    return _listed(names_in(text)[:3]) or text


def _noun_phrase(text: str, *, whole: bool = False) -> str:
    """Return the phrase at the start of ``text`` that names something, with what the verb behind it is about."""
    words = text.split()
    end = next((k for k in range(1, len(words)) if _ends_phrase(words, k, whole)), len(words))
    subject, rest = " ".join(words[:end]), " ".join(words[end:])
    if not rest:
        return subject
    further = [name for name in names_in(rest) if name not in subject]
    if further:
        return _listed([subject, *further][:3])
    thing = _THING.search(rest)
    return f"{thing[0].rstrip('?., ')} of {subject}" if thing and not whole else subject


def _ends_phrase(words: list[str], k: int, whole: bool) -> bool:
    bare, ahead = words[k].strip(",.;:'\"").casefold(), words[k - 1].casefold()
    if bare in VERBS:
        noun = bare in ATTRIBUTES or bare in CLASS_NOUNS
        return not noun or not (whole or ahead in ("the", "a", "an"))
    return not whole and bare in _PREPOSITION and bare != "of"


def _listed(names: list[str]) -> str:
    return " and ".join(dict.fromkeys(name for name in names if name))


def names_nothing(text: str) -> bool:
    """Tell whether a question consists of generic words alone, one of them a property or a kind of thing."""
    words = words_of(text)
    return bool(words) and all(word in GENERIC for word in words) and not names_in(text)
