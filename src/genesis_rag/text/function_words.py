"""Function words by which languages in Latin letters are told apart; a word shared with English says nothing."""

from __future__ import annotations

_WORDS = {
    "en": """
        a an the of and to in is are was were be been has have had do does did that this these those with for
        from by on at as it its i no s what which who whom whose when where why how will would can could should
        may might not or but if than then there their they he she his her we our you your my me about into over
        under between after before during tell please many much all any
        """,
    "fr": """
        le la les un une des du de et est sont était qui que quoi dont où dans sur pour par avec sans ne pas
        plus ce cette ces il elle ils elles nous vous je tu au aux en quel quelle quels quelles comment pourquoi
        combien être avoir son sa ses leur bonjour merci d l qu n c
        """,
    "de": """
        der die das den dem des ein eine einen einem einer und ist sind war waren wird werden nicht mit von zu
        im am auf für bei nach aus über unter wie wer wo wann warum welche welcher welches sich auch als oder
        aber ich du er sie es wir ihr hat haben kann gibt viel viele hallo danke guten tag
        """,
    "es": """
        el la los las un una unos unas y o es son era fue de del en que qué con por para sin se su sus lo le les
        como cómo cuál cuáles cuándo cuánto cuánta dónde quién más este esta estos ha han hay pero hola gracias
        al sobre entre
        """,
    "it": """
        il lo la gli le un uno una e è sono era di del della dei delle dello da dal nel nella con su per tra fra
        non che chi cosa come quando quanto quanti dove perché quale quali si ha hanno più questo questa ciao
        grazie al alla
        """,
    "pt": """
        o os um uma uns umas e é são era foi de da dos das em na nos nas que com por para sem não se seu sua
        como qual quais quando quanto onde quem mais este esta há tem mas ao olá obrigado obrigada
        """,
    "nl": """
        de het een en zijn waren van op te met voor aan bij door niet dat die dit deze wie wat waar wanneer
        waarom hoe welke ook als maar er ik jij hij zij wij heeft hebben worden wordt hallo
        """,
}

ENGLISH: frozenset[str] = frozenset(_WORDS["en"].split())

OTHERS: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split()) - ENGLISH for language, words in _WORDS.items() if language != "en"
)
"""One set a language: French, German, Spanish, Italian, Portuguese, Dutch."""

OPENERS = frozenset(
    {
        "what",
        "who",
        "whom",
        "whose",
        "which",
        "when",
        "where",
        "why",
        "how",
        "is",
        "are",
        "was",
        "were",
        "do",
        "does",
        "did",
    }
    | {"can", "could", "tell", "please", "explain", "describe", "define"}
)
"""Words that an English question begins with."""

GREETINGS = frozenset(
    {"bonjour", "merci", "hallo", "danke", "hola", "gracias", "ciao", "grazie", "olá", "obrigado", "obrigada"}
)
"""Greetings and thanks of the other languages, which stand alone."""
