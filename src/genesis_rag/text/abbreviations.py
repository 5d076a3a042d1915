"""English words that end in a full stop, and words that begin a sentence."""

from __future__ import annotations

from genesis_rag.text.patterns import lazy


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEVER_LAST = _words(
    """
    mr mrs ms mx dr prof gen sen rep gov lt col capt cpt cmdr sgt maj adm rev hon pres supt messrs mt ft e.g
    i.e eg cf vs viz
    """
)
"""Before a name or in the middle of a sentence: Dr. Gil, e.g. this."""

BEFORE_NUMBER = _words(
    """
    no nos fig figs eq eqs sec sect vol vols ch chap p pp art arts app ref refs tab nr para pt ed approx ca
    jan feb mar apr jun jul aug sep sept oct nov dec
    """
)
"""Not last when a number follows: No. 8, Fig. 3, Jan. 26."""

SELDOM_LAST = _words(
    """
    inc ltd co corp llc plc bros jr sr esq st ste dept univ assn dist ave blvd rd al intl govt natl
    """
)
"""Last only when the next word is one that begins sentences: Inc. The."""

MULTI_DOT = lazy(r"(?:[A-Za-z]{1,2}\.)+[A-Za-z]{1,2}")
"""U.S, a.m, Ph.D (without the last full stop): treated as SELDOM_LAST, as are single capitals."""

STARTERS = _words(
    """
    a an the it he she they we i you this that these those there here in on at by for from with as if when
    while where after before although though however but and or so then what who how why which such some many
    most both each its his her their our my according since because during under between meanwhile moreover
    furthermore additionally also not no yes another other one two three to of all any about over until once
    despite finally today last next later now only even unlike like
    """
)
"""Words (in lower case) that often begin a sentence and seldom follow an abbreviation with a capital."""

NAMES_WITH_MARK = _words(
    """
    yahoo jeopardy yum wham joomla oklahoma westward guess e panic
    """
)
"""Names written with an exclamation or question mark, in lower case: Yahoo! Japan."""

SPEECH = _words(
    """
    said says asked asks replied replies cried cries shouted whispered answered exclaimed added wondered
    wrote writes yelled told called
    """
)
"""Verbs after a quotation: "Why?" John asked."""
