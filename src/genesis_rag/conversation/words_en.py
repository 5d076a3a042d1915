"""English words of questions that say nothing about what a question is about: attributes, kinds of things, verbs."""

from __future__ import annotations

from genesis_rag.text.patterns import lazy

ATTRIBUTES = frozenset(
    """
    budget budgets cost costs price prices fee fees funding funds money investment amount total size scale scope
    duration length deadline date dates timeline schedule timeframe start end beginning launch completion goal
    goals aim aims objective objectives target targets purpose purposes mission reason reasons background cause
    causes motivation problem problems challenge challenges risk risks concern concerns issue issues advantage
    advantages disadvantage disadvantages benefit benefits drawback drawbacks limitation limitations weakness
    weaknesses strength strengths feature features performance speed capacity capability capabilities memory
    power consumption mechanism method methods procedure process steps content contents details detail overview
    summary breakdown structure range coverage condition conditions requirement requirements eligibility leader
    leaders head director chair founder founders owner operator developer developers maker manufacturer author
    authors participant participants member members partner partners signatory signatories company companies
    agency agencies country countries location place headquarters site population area number count share
    percentage rate ranking rank result results outcome outcomes effect effects impact impacts evaluation
    progress status plan plans outlook future example examples evidence source sources definition meaning name
    names abbreviation origin history difference differences similarity similarities weight height width age
    type types role roles responsibility responsibilities authority penalty penalties obligation obligations
    term terms phase phases milestone milestones successor predecessor application applications use uses users
    user users' topic topics field fields sector sectors priority priorities pillar pillars item items
    """.split()
)
"""Properties that a thing has: the budget, after a question about FugakuNEXT, is the budget of it."""

CLASS_NOUNS = frozenset(
    """
    project program programme initiative plan scheme act law bill order policy strategy agreement memorandum
    statement declaration treaty contract report paper study article organization organisation institution
    institute agency ministry department company firm university lab laboratory consortium network alliance
    partnership cooperation collaboration supercomputer computer machine system platform model facility reactor
    centre center tool software product service technology person man woman official scientist event meeting
    summit conference experiment prize award dataset device chip processor mission research effort campaign
    """.split()
)
"""Kinds of things that "the", "this" and "that" stand before: the project."""

_FUNCTION = """
    what which who whom whose when where why how is are was were be been being am do does did done will would
    can could should shall may might must has have had the a an of in on at to for from with by about as into
    over under between much many long far often soon big large old fast and or but so then also it its they
    their them this that these those there any some all each every most main key major exactly currently now
    today yet ever still originally first last in-charge not no only more less than please just actually else
    involved available planned expected supposed responsible behind
""".split()
_VERBS = """
    start starts started begin begins began end ends ended finish finished open opens opened launch launches
    launched run runs lead leads led head heads manage manages managed fund funds funded pay pays paid spend
    spent cost costs build builds built make makes made develop develops developed design designed create
    created announce announced sign signed join joined joins participate participates participated take takes
    took last lasts work works worked happen happens happened use uses used apply applies applied complete
    completed need needs needed include includes included cover covers covered mean means change changes changed
    improve improved support supports supported decide decided publish published release released update updated
    located based called go charge benefit pass passed expire expires operate operates operated own owns owned
    host hosts hosted get gets got people years months money
""".split()
GENERIC = frozenset({*ATTRIBUTES, *CLASS_NOUNS, *_FUNCTION, *_VERBS})
VERBS = frozenset(_VERBS) - {"people", "years", "months", "money"}
AUXILIARIES = "is|are|was|were|do|does|did|will|would|can|could|should|shall|may|might|has|have|had"
WORD = lazy(r"[A-Za-z0-9][\w'’.&-]*")

NAME = lazy(
    r"(?:[Tt]he )?(?:[A-Z][\w.&’'-]*|[a-z]+[A-Z]\w*)(?: (?:(?:of|for|the|in|on) )*(?:[A-Z0-9][\w.&-]*"
    r"|[a-z]+[A-Z]\w*))*"
)
_NOUN_AFTER = lazy(r" (research|budget|strategy|policy|act|law|plan|supercomputer|system|programme|program|model)\b")

NOT_NAMES = frozenset(
    """
    what which who whom whose when where why how is are was were do does did will would can could should shall
    may might has have had the a an and or but so in on at to for from with by about as please tell list name
    give describe explain summarize summarise i it its they their this that these those there ok okay yes no
    thanks thank hi hello also then if name under until during within of we you your my me us both after before
    since
    """.split()
)


def words_of(text: str) -> list[str]:
    """Return the words of ``text`` in lower case, without a possessive ending."""
    return [word.casefold().replace("’", "'").removesuffix("'s").strip(".'") for word in WORD.findall(text)]


def _nouns_after(text: str, start: int) -> list[str]:
    """Return what a name of initials stands before: research of "AI research"."""
    following = _NOUN_AFTER.match(text, start)
    return [following[1]] if following else []


def names_in(text: str) -> list[str]:
    """Return the runs of capitalised words of ``text``, without the question words at its start."""
    found = []
    for match in NAME.finditer(text):
        words = match[0].split()
        while words and words[0].casefold().replace("’", "'").removesuffix("'s") in NOT_NAMES - {"the"}:
            words = words[1:]
        name = " ".join([*words, *_nouns_after(text, match.end())] if words else [])
        name = name.removesuffix("'s").removesuffix("’s").rstrip(".,")
        bare = name.removeprefix("the ").removeprefix("The ")
        if bare.casefold() not in NOT_NAMES and any(c.isupper() for c in bare):
            found.append(name)
    return list(dict.fromkeys(found))
