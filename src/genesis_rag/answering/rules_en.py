"""What an English question asks for: interrogatives, question nouns and auxiliary verbs, on folded text."""

from __future__ import annotations

import re

from genesis_rag.text.patterns import lazy


def _any(*patterns: str) -> re.Pattern[str]:
    return lazy("|".join(patterns))


_WH = r"\b(?:what|which)"
_IS = "(?:is|was|were|are|will be)"
_MONEY_VERBS = (
    "cost|invest|pay|paid|spend|spent|fund|earn|sell|sold|worth|charge|donate|budget|raise|owe|price|put in|contribute"
)
_SIZES = (
    "population|area|length|height|weight|depth|size|speed|distance|elevation|age|temperature|capacity|number|amount"
)
_ORGANISATIONS = (
    "company|companies|organi[sz]ation|agency|agencies|university|college|institution|institute|ministry|department"
    "|lab|laboratory|team|band|party|school|bank|publisher|network|label|club|firm"
)
_PLACES = (
    "country|countries|city|cities|state|town|place|location|region|province|continent|island|county|village|street"
    "|stadium|airport|river|lake|mountain|nation"
)
_PEOPLE = (
    "person|man|woman|actor|actress|author|director|president|king|queen|singer|player|character|scientist|artist"
    "|official|emperor|writer|poet|leader|founder|minister|secretary"
)
_PLURALS = (
    "kinds?|types?|sorts?|sectors|areas|fields|things|items|countries|members|groups|steps|topics|goals|tasks"
    "|challenges|activities|pillars"
)

KINDS = (
    (
        "why",
        _any(
            r"\bwhy\b|\bhow come\b|\bfor what reason\b|\bwhat (?:caused|causes|led to)\b",
            rf"\bwhat {_IS} the (?:main |primary )?(?:reason|cause|motive)",
        ),
    ),
    (
        "percent",
        _any(
            r"\bwhat (?:percent|proportion|fraction|share)|\bhow many percent",
            rf"\bwhat {_IS} the (?:percentage|rate|ratio|proportion)",
        ),
    ),
    (
        "money",
        _any(
            rf"\bhow much (?:money|funding)\b|\bhow expensive\b|\bhow much\b.*\b(?:{_MONEY_VERBS})",
            r"\bhow (?:much|many)\b.*\b(?:dollars?|yen|euros?|pounds sterling|usd|jpy)\b",
            rf"{_WH} {_IS} the (?:\w+ )?(?:cost|price|budget|salary|amount of money|investment|fee|fare)\b",
            rf"{_WH} {_IS} the (?:\w+ )?(?:revenue|turnover)\b",
        ),
    ),
    (
        "duration",
        _any(
            r"\bhow long\b(?! ago)|\bhow many (?:years|months|weeks|days|hours|minutes|seconds|decades|centuries)\b",
            r"\bfor what (?:period|length)|\bover (?:what|how) .*period",
        ),
    ),
    (
        "date",
        _any(
            r"\bwhen\b|\bhow long ago\b|\bhow recently\b|\bdeadline\b|\bwhat time\b",
            rf"{_WH} (?:is the |was the )?(?:exact )?"
            r"(?:years?|dates?|days?|months?|decades?|century|centuries|time|season|era|period)\b",
        ),
    ),
    (
        "count",
        _any(
            r"\bhow many\b|\bwhat number of\b",
            rf"\bwhat {_IS} the (?:total |exact )?number of\b",
        ),
    ),
    (
        "number",
        _any(
            r"\bhow (?:much|tall|high|far|large|big|old|fast|deep|heavy|wide|often|hot|cold|close|thick|small"
            r"|strong)\b",
            rf"\bwhat {_IS} the (?:\w+ )?(?:{_SIZES}|score|rate|value|volume|frequency)\b",
            r"\bwhat (?:score|age|size|height|number)\b",
        ),
    ),
    (
        "comparison",
        _any(
            rf"{_WH} .*\b(?:\w+er|more|less|better|first|most|\w+est)\b.*\bor\b|\bdifferences?\b.*\b(?:between|from)\b",
            r"\bhow do(?:es)? .* differ\b|\b(?:who|which|what) (?:is|was|are|were)? ?(?:\w+er|more|less)\b.*\bthan\b",
        ),
    ),
    (
        "person",
        _any(
            r"\bwho(?:'s|s|se|m)?\b",
            rf"\bwhat(?:'s| is| was) the (?:full |real |birth )?name of the (?:\w+ )?(?:{_PEOPLE})",
            rf"{_WH} (?:\w+ )?(?:{_PEOPLE})\b",
        ),
    ),
    ("organisation", _any(rf"{_WH} (?:\w+ )?(?:{_ORGANISATIONS})\b")),
    ("place", _any(rf"\bwhere\b|{_WH} (?:\w+ )?(?:{_PLACES})\b")),
    (
        "how",
        _any(
            r"\bhow (?:do|does|did|is|are|was|were|can|could|will|would|should|to|has|have|had|might|may|exactly"
            r"|else)\b",
            rf"\bhow well\b|\bin what way\b|\bby what means\b|\bwhat {_IS} the (?:steps?|process|procedure|method)",
        ),
    ),
    (
        "expansion",
        _any(
            r"\bstands? for\b|\bshort for\b|\bfull (?:form|name) of\b|\babbreviation (?:for|of)\b|\bspell(?:ed)? out\b"
        ),
    ),
    (
        "definition",
        _any(
            r"\bwhat (?:does|did|do) .*\b(?:mean|refer to|abbreviate|denote)\b",
            r"\b(?:definition|meaning) of\b|\bdefine\b|\bmeant by\b",
            r"^what(?:'s| is)(?: an?)? [\w&.-]+(?: [\w&.-]+)?\??$",
        ),
    ),
    (
        "list",
        _any(
            r"^(?:list|name|enumerate|give|mention|cite)\b|\blist (?:of|all|the|them)\b",
            rf"{_WH} (?:are|were)\b(?! you)|\ball (?:of )?the\b.*\b(?:list|areas|items|names)\b",
            rf"{_WH} (?:two|three|four|five|six|seven|eight|nine|ten|\d+)\b",
            rf"{_WH} (?:\w+ )?(?:{_PLURALS})\b.*\b(?:are|were|included?|includes|does|do|did|contains?|belong|have"
            rf"|has)\b",
        ),
    ),
)

INTERROGATIVE = _any(r"\b(?:what|which|who|whom|whose|when|where|why|how)\b")
YES_NO = _any(
    r"^(?:and |so |but |then |also )?(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|may"
    r"|might|must|isn't|aren't|wasn't|weren't|don't|doesn't|didn't|hasn't|haven't|won't|can't)\b",
    r"^(?:if|whether)\b|,\s*(?:right|correct|true)$|\bis (?:that|this|it) (?:right|correct|true)$",
)

# The noun phrase right after the interrogative: which city, what kind of ice, how many people.
HEAD_NOUN = _any(
    r"\b(?:what|which|whose)\s+(?:kinds? of |types? of |sorts? of )?(?P<a>[a-z-]{3,}(?: [a-z-]{3,})?)",
    r"\bhow many (?P<b>[a-z-]{3,}(?: [a-z-]{3,})?)",
)

NOT_A_HEAD = frozenset(
    "is are was were am be been do does did has have had can could will would should may might must the an and "
    "or not of"
    " in on at to for from with by about that this there happened happens happen made make makes some other".split()
)

SEVERAL = _any(
    r"\b(?:what|which)\s+(?:[a-z-]+\s+)?(?:[a-z-]+[a-hj-rtv-z]s|people|children|men|women)\s+(?:are|were|do|did|have|can"
    r"|could|may|must|will|would|should|made?|make|take|took|belong|exist|happen|[a-z]+ed|in|of|from|on|at|with|that)\b",
    r"\b(?:what|which) (?:are|were) the \w+s\b",
)
"""A plural after the interrogative: which companies, what national services."""

_ITEM_NOUN = (
    "item|challenge|area|point|step|number|no|nr|topic|field|goal|pillar|section|task|theme|priority|entry|rule"
    "|principle|reason|article|question|objective|measure|position|row|rank"
)
WORD_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12,
}  # fmt: skip
WORD_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "both": 2,
}  # fmt: skip
_NTH = rf"{'|'.join(WORD_ORDINALS)}|\d{{1,3}}(?:st|nd|rd|th)"
_QUANTITY_FOLLOWS = r"(?![\d,.%]*\d|\s*(?:%|years?|percent|million|billion|people|times|days|months))"
ORDINAL = _any(
    rf"\b(?:{_ITEM_NOUN})\s*(?:no\.?|number|nr\.?|#)?\s*[:.]?\s*(?P<a>\d{{1,3}})\b{_QUANTITY_FOLLOWS}",
    rf"(?:\bno\.?|\bnumber|#)\s*(?P<b>\d{{1,3}})\b{_QUANTITY_FOLLOWS}",
    rf"\b(?:challenge|area|item|number|point|step) (?P<e>{'|'.join(WORD_NUMBERS)})\b(?! of)",
    rf"\b(?P<c>{_NTH})\s+(?:\w+\s+){{0,2}}?(?:item|challenge|area|point|entry|topic|goal|pillar|priority|step|objective"
    r"|task|section|rule|principle|theme|phase|stage|measure|project|field)\b",
    rf"\b(?P<d>{_NTH})\s+(?:\w+\s+){{0,3}}?(?:in|on|of) (?:the|this|that) (?:\w+\s+){{0,3}}list",
)
POSITION = _any(
    rf"(?i)(?:\b(?:number|no\.?|nr\.?)|#)\s*\d{{1,3}}\b|(?<=[a-z]) \d{{1,3}}\b|\b(?:in|on|of) (?:the|this|that) "
    rf"list(?: of)?"
    rf"|\b(?:{_NTH})\b|\blist\b"
)
SCAFFOLD = _any(
    r"(?i)^(?:list|name|give|mention|cite|enumerate)\b(?: me)?"
    rf"|\b(?:which|what|name|list|give|mention) (?:the )?(?:{'|'.join(WORD_NUMBERS)}|\d{{1,2}})\b(?= [a-z])|\bhow "
    rf"(?:many|much|long|often|far)\b"
    r"|\b(?:what|which|who|whom|whose|when|where|why|how)(?:'s)?\b"
)
WANTED = _any(
    r"\b(?:which|what|name|list|give|mention|cite|identify|any)\s+(?:the\s+|all\s+|any\s+|us\s+|me\s+)?"
    rf"(?P<a>{'|'.join(WORD_NUMBERS)}|\d{{1,2}})\b(?!\s*(?:years?|percent|million|billion|days|months|%))"
)

GREETING = (
    r"(?:hi+|hello+|hey+|yo|greetings|howdy|good (?:morning|afternoon|evening|day|night)|how are you(?: (?:today"
    r"|doing))?"
    r"|nice to meet you|what's up|sup|thanks?(?: you)?(?: (?:so|very) much| a lot)?|thx|ty|cheers|goodbye|bye+|see you)"
)
OPENING = lazy(
    rf"^(?:{GREETING}(?: there| everyone| all| team)?|excuse me|sorry(?: to bother(?: you)?)?|please|plz|pls|pleas"
    rf"|quick question"
    r"|(?:just )?wondering|i(?:'m| am| was) (?:just )?(?:wondering|curious)(?: about)?|i(?:'d| would) (?:like"
    r"|love) to know|i want to know"
    r"|i need to know|(?:can|could|would|will) (?:you|u)(?: please| kindly| plz| pls)? (?:tell|explain to|show"
    r"|give|inform) (?:me|us)"
    r"|(?:can|could|would|will) (?:you|u)(?: please| kindly| plz| pls)?(?= (?:list|name|give|explain|describe"
    r"|summari[sz]e|find|quote))"
    r"|(?:do|would|might) (?:you|u) (?:happen to )?know|may i (?:ask|know)|(?:can|could) i (?:ask|know)|tell (?:me"
    r"|us)|let me know"
    r"|any idea|ok(?:ay)?|so|um+|uh+|well)\b[\s,.!:;-]*"
)
_THANKS = r"thx|thanks?(?: you)?(?: (?:so|very) much| a lot| in advance)?|ty|cheers"
ENDING = lazy(rf"(?:[\s,.!;-]+(?:please|plz|pls|{_THANKS}|if you (?:can|could|know)))+[\s.!]*$")
TYPOS = {
    "waht": "what", "wht": "what", "whta": "what", "hwat": "what", "wut": "what", "whats": "what is",
    "wich": "which", "whcih": "which", "wihch": "which", "wehn": "when", "whne": "when", "wehre": "where",
    "whre": "where", "hwo": "how", "howmany": "how many", "howmuch": "how much", "teh": "the",
}  # fmt: skip
ANSWER_LANGUAGE = lazy(
    r"[\s,(]*\b(?:please )?(?:answer|reply|respond|write)(?: me| it)? in (?P<l>english|japanese)\b[).!\s]*"
)
