"""English pronouns that mean what the question before was about: it, its, they, he, that plan, there."""

from __future__ import annotations

import re

from genesis_rag.conversation.previous import Previous
from genesis_rag.conversation.slots import DATE_ENGLISH, places_in
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

PRONOUN = lazy(
    r"\b(?:(?P<thing>[Ii]t|[Tt]hey|[Tt]hem)|(?P<owned>[Ii]ts|[Tt]heir)|(?P<person>[Hh]e|[Hh]im|[Ss]he)"
    r"|(?P<his>[Hh]is|[Hh]er)"
    r"|(?P<that>[Tt]hat|[Tt]his|[Tt]hese|[Tt]hose)(?=\s*[?.!,]*$|\s+(?:mean|happen|work|start|begin|include|cost"
    r"|end|take|apply|compare|differ|more|less|bigger|smaller|larger|higher|lower|enough|faster"
    r"|all|still|actually|really|too|supposed|planned|true)\b)"
    r"|(?P<of>[Tt]his|[Tt]hat|[Tt]hese|[Tt]hose|[Tt]he same|[Tt]he said) (?P<noun>[a-z-]+)"
    r"|(?P<there>there)(?=\s*[?.!,]*$|\s+(?:now|today)\b))(?![\w'’-])"
)
CLAUSE_WORDS = frozenset(f"{AUXILIARIES}|what|which|who|when|where|why|how|that|if|not|tell|explain".split("|")) | VERBS
_EXPLETIVE = lazy(
    r"(?i)\b(?:does|did|will|would|can|could|may|might|should) it (?:take|cost|mean|make|matter"
    r"|help)(?= (?:\w+ ){0,3}(?:to|that|when|if|until)\b)"
    r"|\b(?:is|was|has) it (?:to|who|the case|been|from|until|since"
    r"|(?!able|ready|supposed|going|planned|expected|due|used|willing|meant|intended|compared|designed"
    r"|open)[a-z]+ (?:\w+ ){0,2}(?:to|that|when|if)\b)"
    r"|\bit (?:is|was|takes?|took)\b(?=.* (?:that|to)\b)"
    r"|\b(?:is|are|was|were|will|would|be|been) there\b|\bthere (?:is|are|was|were|will|be|any)\b|\bmake it\b"
)
_BOUNDARY = lazy(
    r"(?i)(?:[,;:?!]|\. |\b(?:and|or|but|when|if|because|while|that|which|who|whose|after|before|so|as|than|once"
    r"|until|since|where|how|why|with)\b)"
)
_SUBORDINATE = lazy(r"(?i)^(?:before|after|when|while|although|though|if|since|until|as|once)\b[^,]*$")
_PREDICATE = lazy(rf"(?i)\s+(?:{AUXILIARIES}|{'|'.join(sorted(VERBS))})\b")
_COMPARED = frozenset("like than more less into over under between".split())
_CHUNK = lazy(r"(?i)\b(?:the|a|an)\b")
NOT_HERE = frozenset("app tool assistant program chat conversation document deck page slide website file".split())
_TIME_NOUNS = frozenset("year date month day".split())
_PLACE_NOUNS = frozenset("country nation".split())
PEOPLE = frozenset("person man woman official scientist".split())
_DATE = lazy(DATE_ENGLISH)
_ANY_ATTRIBUTE = "|".join(sorted(ATTRIBUTES, key=len, reverse=True))
_OWNED_PROPERTY = lazy(rf"(?i) ({_ANY_ATTRIBUTE})(?=[\s?.!,]*$)")
_S = "'s"


def with_pronoun(text: str, before: Previous) -> str | None:
    """Put what was asked about in place of it, its, they, he, that plan, there."""
    empty = {k for one in _EXPLETIVE.finditer(text) for k in range(*one.span())}
    for found in PRONOUN.finditer(text):
        if found.start() in empty:
            continue
        if (found["of"] and not _stands_for_thing(text, found)) or (found["that"] and _after_a_noun(text, found)):
            continue
        if _refers_inside(text, found):
            return None
        new = _in_place_of(found, before)
        if new is None:
            continue
        owned = _OWNED_PROPERTY.match(text, found.end()) if found["owned"] or found["his"] else None
        if owned:
            return f"{text[: found.start()]}the {owned[1]} of {new.removesuffix(_S)}{text[owned.end() :]}"
        return text[: found.start()] + new + text[found.end() :]
    return None


def _in_place_of(found: re.Match[str], before: Previous) -> str | None:
    if found["thing"]:
        return before.entity
    if found["owned"]:
        return f"{before.entity}'s"
    if found["person"]:
        return before.person
    if found["his"]:
        return f"{before.person}'s"
    if found["that"]:
        return before.topic
    if found["there"]:
        return f"at {before.entity}"
    noun = found["noun"].removesuffix("s")
    if noun in _TIME_NOUNS:
        date = _DATE.search(before.text)
        return date[0] if date else None
    if noun in _PLACE_NOUNS:
        uses = places_in(before.text, before.language)
        return uses[0].place.en[0] if uses else before.entity
    return before.person if noun in PEOPLE else before.entity


def _stands_for_thing(text: str, found: re.Match[str]) -> bool:
    """Tell whether this, that, these or those stand before a kind of thing, and not for a clause."""
    noun = found["noun"].casefold()
    kind = noun in CLASS_NOUNS or noun.removesuffix("s") in CLASS_NOUNS | _TIME_NOUNS | _PLACE_NOUNS
    here = found["of"].casefold() == "this" and noun in _TIME_NOUNS
    relative = found["of"].casefold() == "that" and _after_a_noun(text, found)
    return kind and noun not in NOT_HERE and not relative and not here


def _after_a_noun(text: str, found: re.Match[str]) -> bool:
    """Tell whether "that" stands behind a noun, and so begins a relative clause (parties that take part)."""
    ahead = words_of(text[: found.start()])
    return bool(ahead) and ahead[-1] not in NOT_NAMES | VERBS | CLAUSE_WORDS | _COMPARED


def _refers_inside(text: str, found: re.Match[str]) -> bool:
    """Tell whether a pronoun means something that stands before it in the same question.

    The object of a clause (Did Japan join it?) cannot be its subject, so it means something else.
    """
    ahead = text[: found.start()]
    if _SUBORDINATE.match(ahead) and names_in(text[found.end() :]):
        return True
    if len(_CHUNK.findall(ahead)) > 1 and not names_in(ahead):
        return True
    named = names_in(ahead) or [word for word in words_of(ahead) if _is_content(word)]
    if not named:
        return False
    if found["owned"] or found["his"]:
        return True
    last = ahead.rfind(named[-1].split()[-1]) if names_in(ahead) else len(ahead.split()[0])
    boundary = _BOUNDARY.search(ahead[last:]) is not None
    subject = found["thing"] and (found["thing"].casefold() == "they" or _PREDICATE.match(text[found.end() :]))
    return boundary or bool(subject or found["person"])


def _is_content(word: str) -> bool:
    return word not in GENERIC and word not in NOT_NAMES and len(word) > 3
