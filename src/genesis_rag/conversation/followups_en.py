"""English follow-up questions, made self-contained by rules. What is self-contained already is left alone.

``rewritten`` tries the kinds of follow-ups one after another: a request for more (tell me more), a question word alone
(why?), an ellipsis (and in 2027?), a pronoun (its budget), a question that names nothing (when does the plan start?).
"""

from __future__ import annotations

from genesis_rag.conversation.previous import Previous
from genesis_rag.conversation.pronouns_en import CLAUSE_WORDS, NOT_HERE, PEOPLE, PRONOUN, with_pronoun
from genesis_rag.conversation.slots import date_named, is_ordinal, place_named, places_in
from genesis_rag.conversation.topics_en import names_nothing
from genesis_rag.conversation.words_en import (
    ATTRIBUTES,
    AUXILIARIES,
    CLASS_NOUNS,
    NAME,
    NOT_NAMES,
    names_in,
    words_of,
)
from genesis_rag.text.patterns import lazy

_LONGEST = 160
_LONGEST_ELLIPSIS = 8
_END = r"(?: please| pls)?[\s?.!]*$"
_OPENING = lazy(
    r"(?i)^(?:(?:ok|okay|thanks(?: a lot)?|thank you(?: very much)?|great|cool|nice|hm+|interesting|i see|got it"
    r"|right|well|wow"
    r"|by the way|btw|yes|no|so|then|also|hi|hello)\b[\s,.!:;-]*)+"
)
_MORE = lazy(
    r"(?i)^(?:(?:please )?(?:(?:can|could|would) you )?(?:please )?(?:tell me (?:some )?more|(?:give"
    r"|show) me (?:some )?(?:more )?details?"
    r"|say (?:some )?more|go on|continue|elaborate|expand|explain(?: (?:more|further|that|it|this))?"
    r"|go into (?:more )?details?"
    r"|be more specific)(?: (?:about|on) (?:it|that|this|them))?|(?:any |some )?(?:more|further) (?:details?"
    r"|information|info)"
    rf"(?: (?:about|on) (?:it|that|this|them))?|in more detail|details){_END}"
)
_OTHERS = lazy(
    rf"(?i)^(?:and |or )?(?:what else(?: is there)?|anything else|any others?|what others?"
    rf"|and others)(?: about (?:it|that))?{_END}"
)
_EXAMPLE = lazy(
    rf"(?i)^(?:for example|such as|like what|e\.g\.?|(?:can you |could you )?(?:give me )?(?:an |any "
    rf"|some )?examples?|for instance){_END}"
)
_LANGUAGE = lazy(
    r"(?i)^(?:and |now )?(?:(?:please )?(?:answer|reply|say (?:it|that)|write (?:it|that)"
    r"|tell me)(?: that)? )?in (?P<l>english|japanese)"
    rf"(?: please)?{_END}"
)
_WH_ALONE = lazy(
    r"(?i)^(?:and |but )?(?P<wh>why|when|where|who|how|how much|how many|how long|how big|since when|until when"
    r"|by when|why not|how so"
    r"|how come|by whom|for whom|with whom|which ones?|for how long|what for)(?: exactly)?(?P<is> (?:is|was|are"
    r"|were) (?:that|this|it))?"
    rf"{_END}"
)
_ADVERB_FIRST = lazy(rf"(?i)^(?:when|where|why|how)(?= (?:{AUXILIARIES})\b)")
_ELLIPSIS = lazy(
    r"(?i)^(?P<lead>(?:(?:and |but |so )?(?:what|how) about|what of|what if (?:it|that) (?:is|was|were)"
    r"|(?:and )?(?:the )?same "
    r"(?:thing |question )?(?:for|with|in|about)|and|or|but)\b,?)?\s*(?P<prep>(?:in|for|during|by|as of|since|on"
    r"|at|from|with|of)\b)?\s*"
    rf"(?P<x>.+?)(?: (?:then|though|instead|too|as well|again|respectively|one|case))?(?P<end>{_END})"
)
_OWNER = lazy(r"(?i)^(?:its|their|his|her|the|any|some)\s+(?P<x>.+)$")
_CLASS_IN = lazy(rf"(?i)\b(?:the|this|that) (?P<noun>{'|'.join(sorted(CLASS_NOUNS))})\b")
_ANY_ATTRIBUTE = "|".join(sorted(ATTRIBUTES, key=len, reverse=True))
_ATTRIBUTE_IN = lazy(rf"(?i)\b(?:the|any|its) (?:[a-z]+ )?(?:{_ANY_ATTRIBUTE})\b(?: [a-z]+\b(?=\?))?")
_OF_SOMETHING = lazy(r"(?i)\b(?:of|for) the\b")
_TIE = lazy(r"(?i)^(?:and|but|or|so)\s+")
_SECOND_OF_TWO = lazy(
    r"(?i)\b(?:the (?:former|latter)|the two(?= (?:is|are|was|were|do|did|does)\b|[?.])|both(?: of (?:them"
    r"|these))?|which ones?|either)\b"
)


def rewritten(question: str, before: Previous) -> str | None:
    """Return ``question`` (NFKC text) made self-contained after ``before``, or None where it is so already."""
    bare = _OPENING.sub("", question).strip() or question
    if len(bare) > _LONGEST:
        return None
    kinds = (_request_for_more, _question_word, _ellipsis, with_pronoun, _of_two, _naming_nothing)
    found = next((found for kind in kinds if (found := kind(bare, before))), None)
    return _sentence(found) if found else None


def _request_for_more(text: str, before: Previous) -> str | None:
    if _MORE.match(text):
        return f"Tell me more about {before.topic}."
    if _OTHERS.match(text):
        return f"What else is there about {before.topic}?"
    if _EXAMPLE.match(text):
        return f"What are examples of {before.topic}?"
    if found := _LANGUAGE.match(text):
        return f"{before.text}? Answer in {found['l'].capitalize()}."
    return None


def _question_word(text: str, before: Previous) -> str | None:
    """Put a question word alone in place of that of the question before; else ask it of the topic."""
    found = _WH_ALONE.match(text)
    if not found:
        return None
    word = found["wh"].casefold()
    if word in ("why", "how come", "how so", "why not") and (found["is"] or not _ADVERB_FIRST.match(before.text)):
        return f"{word}: {_inner(before.text)}?"
    inside = _ADVERB_FIRST.match(before.text) if before.language == "en" and not found["is"] else None
    if inside and word in ("why", "when", "where", "how"):
        return word + before.text[inside.end() :]
    if word in ("who", "by whom", "for whom", "with whom", "which one", "which ones"):
        return f"{word} is it: {before.topic}?" if word == "who" else f"{word}: {before.topic}?"
    verb = (found["is"] or " is it").split()[0]
    return f"{word} {verb} {before.topic}?"


def _ellipsis(text: str, before: Previous) -> str | None:
    """Put the one thing that is named in place of its like in the question before."""
    found = _ELLIPSIS.match(text)
    if not found:
        return None
    x, lead, preposition = found["x"].strip(" ,;:\"“”'"), found["lead"] or "", (found["prep"] or "").casefold()
    asks_on = bool(lead or preposition or "?" in found["end"])
    if not asks_on or not x or len(x.split()) > _LONGEST_ELLIPSIS:
        return None
    if date_named(x):
        inside = x if "year" in x.casefold() and not preposition else f"{preposition or 'in'} {x}"
        return before.with_date(x) or _set_in(inside, before)
    item = x.casefold().removeprefix("the ")
    if is_ordinal(item, "en") or item in ("next", "last"):
        return before.with_ordinal(item) or f"What is {x} of {before.topic}?"
    if place := place_named(x):
        return before.with_place(place) or _set_in(f"{preposition or 'in'} {place.en[0]}", before)
    if lead or preposition == "for":
        return _attribute_or_name(x, before)
    return _property_of(x, before) if "?" in found["end"] and not preposition else None


def _set_in(setting: str, before: Previous) -> str:
    """Return the question before in a new setting."""
    return (
        f"{before.text.rstrip('.')} {setting}?" if before.language == "en" else f"What about {before.topic} {setting}?"
    )


def _attribute_or_name(x: str, before: Previous) -> str | None:
    """Return the question about another property of the same thing, or about another thing."""
    if asked := _property_of(x, before):
        return asked
    words, uses = words_of(x), places_in(x, "en")
    if uses and words[-1] in ATTRIBUTES:
        return before.with_place(uses[0].place) if words[-1] in words_of(before.text) and len(words) <= 4 else None
    if any(word in CLAUSE_WORDS for word in words) or PRONOUN.search(x):
        return None
    article, _, rest = x.partition(" ")
    name = rest if article.casefold() == "the" and rest else x
    if NAME.fullmatch(x) or (names_in(name) and name.startswith(names_in(name)[0]) and len(name.split()) <= 5):
        return before.with_name(x) or f"{before.text}, for {x}?"
    if names_in(x) or before.language != "en":
        return None
    return f"{before.text.rstrip('.')}, with regard to {x}?"


def _property_of(x: str, before: Previous) -> str | None:
    """Return the question for a property, such as "the budget" or "its goals"; None for anything else."""
    owned = _OWNER.match(x)
    words = owned["x"] if owned else x
    bare = words_of(words)
    if not bare or len(bare) > 3 or bare[-1] not in ATTRIBUTES or names_in(words) or places_in(words, "en"):
        return None
    return f"What {'are' if bare[-1].endswith('s') and bare[-1] != 'status' else 'is'} the {words} of {before.entity}?"


def _of_two(text: str, before: Previous) -> str | None:
    if _SECOND_OF_TWO.search(text) and names_nothing(_SECOND_OF_TWO.sub("the plan", text)):
        return f"{text.rstrip('?. ')}: {before.topic}?"
    return None


def _naming_nothing(text: str, before: Previous) -> str | None:
    """Say of what: what is the budget, when does the project start."""
    if not names_nothing(text) or len(text.split()) > 14:
        return None
    kinds = list(_CLASS_IN.finditer(text))
    if kinds and kinds[0]["noun"] not in NOT_HERE:
        new = before.person if kinds[0]["noun"].casefold() in PEOPLE else before.entity
        return text[: kinds[0].start()] + new + text[kinds[0].end() :]
    attributes = list(_ATTRIBUTE_IN.finditer(text))
    if not attributes or _OF_SOMETHING.search(text):
        return None
    end = attributes[-1].end()
    return f"{text[:end]} of {before.entity}{text[end:]}"


def _inner(text: str) -> str:
    """Return a question as it stands inside another: without a capital where that only marks the beginning."""
    return text[:1].lower() + text[1:] if text.split()[0].casefold() in NOT_NAMES and text != text.upper() else text


def _sentence(text: str) -> str:
    """Return a question that begins like one: without the "and" that tied it to the one before."""
    bare = _TIE.sub("", text)
    return bare[:1].upper() + bare[1:]
