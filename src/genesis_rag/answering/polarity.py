"""Whether a claim denies what its evidence affirms, or the other way round, as far as words of denial tell.

One side has a clear word of denial (not, never, ない, ません) and the other nothing that could stand for one: no prefix
(un-, 不), no word of lack, limit, exception or difference. So a denial said in other words passes, and a denial that
was added or dropped does not.
"""

from __future__ import annotations

import re

from genesis_rag.text.patterns import lazy

_KANA = lazy("[ぁ-ん]")
_CLEAR_EN = lazy(
    r"\b(?:not(?! only)|never|nobody|nothing|neither|cannot|none)\b|\bno(?!\.)(?! [A-Z])(?! (?:sooner|doubt|later))\b"
    r"|n['’]t\b"
)
_CLEAR_JA = lazy(
    "(?<!かも知れ)(?<!かもしれ)(?<!違い)(?<!相違)(?<!なければなら)(?<!なくてはなら)(?<!ねばなら)(?<!過ぎ)(?<![少危])"
    "(?:ない(?![かい])(?!といけ|とな)|なかった|ません(?!か))(?!わけで)"
)
_ANY_EN = lazy(
    r"\b(?:not|never|no|nobody|nothing|neither|nor|cannot|none|without|nowhere|hardly|barely|rather|instead)\b|n['’]t\b"
    r"|\b(?:un(?!it|iv|ion|der|iq|if)|non-?(?=[a-z])"
    r"|dis(?=agr|all|app|con[nt]|prov|reg|clos|pens)|im(?=poss|prob|prop|mob)"
    r"|ir(?=reg|rel|resp)|in(?=val|compl|abil|capa|suffi|corr|depend|visib|activ|adequ|different|equal|frequ))[a-z-]{2,}"
    r"|[a-z](?:less|-free)\b|\b(?:only|unless|except|exclud|fail|lack|refus|reject|den(?:y|ie)|avoid|prevent"
    r"|apart from|still"
    r"|free of|stop|ceas|differ|unlike|little|few(?!er bits)|outside|absen|abolish|beyond|too|until|wrong"
    r"|lose|lost|impossib"
    r"|separate|distinct|other than)\w*",
    re.IGNORECASE,
)
_ANY_JA = lazy(
    "(?<![少危])ない|なかった|なく|なけれ|ません|ず[に、。はと]|ぬ[。、]|ではな|[無不非未否拒断欠失避禁抜却異違終脱免]|[除反止]|なし|しか"
    "|だけ|のみ|まだ|まい|ざる|ねば|難し|困難|別[のな]|独立|以外|から外|外れ|離れた"
)


def denial_differs(claim: str, evidence: str) -> bool:
    """Tell whether one of the two denies and the other does not even hint at a denial."""
    return (_clear(claim) and not _hinted(evidence)) or (_clear(evidence) and not _hinted(claim))


def _clear(text: str) -> bool:
    return (_CLEAR_JA if _KANA.search(text) else _CLEAR_EN).search(text) is not None


def _hinted(text: str) -> bool:
    return (_ANY_JA if _KANA.search(text) else _ANY_EN).search(text) is not None
