"""Whether a claim denies what its evidence affirms, or the other way round, as far as words of denial tell.

One side has a clear word of denial (not, never, ない, ません) and the other nothing that could stand for one: no prefix
(un-, 不), no word of lack, limit, exception or difference. So a denial said in other words passes, and a denial that
was added or dropped does not.
"""

from __future__ import annotations

import re

from genesis_rag.text.normalize import fold
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
    r"|free of|stop|ceas|differ|unlike|little|few(?!er bits)|outside|absen|abolish|beyond|too\b|until|wrong"
    r"|lose|lost|impossib"
    r"|separate|distinct|other than)\w*",
    re.IGNORECASE,
)
_NEGATED_CLAUSE = lazy(
    "(?<=[一-鿿ぁ-ん][いえおかがきけげこさしじせたちてなねばびべまみめらりれわ])"
    "(?<!絶え)(?<!少なから)(?<!かかわら)(?<!関わら)(?<!変わら)(?<!思わ)(?<!問わ)(?<!のみなら)(?<!りあえ)ず(?=[、。に]|$)"
    "|(?<!少)(?<!間も)(?<!まも)なく(?:[、。]|な[るっり])"
)
"""Negated, but not at the end of the sentence: 予算は付いておらず、"""
_ANY_JA = lazy(
    "(?<![少危])ない|なかった|なく|なけれ|ません|ず[に、。はと]|ぬ[。、]|ではな|[無不非未否拒断欠失避禁抜異違終脱免]|[除反止]|なし|しか|(?<!返)却"
    "|だけ|のみ|まだ|まい|ざる|ねば|難し|困難|別[のな]|独立|以外|から外|外れ|離れた"
)

_OPPOSITES = tuple(
    (lazy(one), lazy(other))
    for one, other in (
        ("増[えやし加大]|伸び|上昇", "減[るりらっ少]|低下|縮小"),
        ("(?:値|引き)?上げ", "(?:値|引き)下げ"),
        ("開(?:始|き|い|く|設)|始ま|始め", "終[えわ了]|閉(?:鎖|じ|館|校)|廃止|中止|停止"),
        ("賛成|承認|可決|許可", "反対|却下|否決|禁止|拒否"),
        ("成功", "失敗"),
        ("有料", "無料"),
        ("公開", "非公開"),
        ("国内", "国外|海外"),
        (r"\b(?:increas|rais|ris|grow|grew|rose)\w*", r"\b(?:decreas|reduc|lower|fall|fell|shr[iau]nk|declin|drop)\w*"),
        (r"\b(?:open|start|beg[iau]n|launch)\w*", r"\b(?:clos|end(?:ed|s)?\b|stopp?|cancel|shut|abolish)\w*"),
        (
            r"\b(?:accept|approv|allow|permit|support)\w*",
            r"\b(?:reject|refus|ban(?:ned|s)?\b|forbid|prohibit|oppos)\w*",
        ),
        (r"\bsucce(?:ed|ss)\w*", r"\bfail\w*"),
        (r"\b(?:won|wins?)\b", r"\b(?:lost|loses?)\b"),
        (r"\bpublic\b", r"\bprivate\b"),
    )
)
"""What is true of a thing where the first word stands is untrue where the second one does."""

_YES = lazy(r"\s*(?:はい|ええ|そうです|yes)(?:\s*[、。,.!:;—–-]+\s*|\s*$)", re.IGNORECASE)
_NO = lazy(r"\s*(?:いいえ|いえ|違います|no(?!\.\s?[0-9]))(?:\s*[、。,.!:;—–-]+\s*|\s*$)", re.IGNORECASE)


def split_opening(sentence: str) -> tuple[bool | None, str]:
    """Return what a sentence opens with, True for yes or はい, False for no or いいえ, else None; and the rest."""
    for value, pattern in ((True, _YES), (False, _NO)):
        if match := pattern.match(sentence):
            return value, sentence[match.end() :]
    return None, sentence


def denial_differs(claim: str, evidence: str) -> bool:
    """Tell whether one of the two denies and the other does not even hint at a denial."""
    return (_clear(claim) and not _hinted(evidence)) or (_clear(evidence) and not _hinted(claim))


def _clear(text: str) -> bool:
    return (_CLEAR_JA if _KANA.search(text) else _CLEAR_EN).search(text) is not None


def _hinted(text: str) -> bool:
    return (_ANY_JA if _KANA.search(text) else _ANY_EN).search(text) is not None


def denies(claim: str, evidence: str) -> bool | None:
    """Tell whether ``evidence`` denies what ``claim`` affirms; None where a word of it hints at a denial."""
    if _clear(claim):
        return None
    if not _hinted(evidence):
        return False
    if _clear(evidence) or _NEGATED_CLAUSE.search(evidence):
        return None if _hinted(claim) else True
    return None if not _hinted(claim) else False


def opposites(claim: str, evidence: str) -> tuple[str, ...]:
    """Return the words of ``claim`` of which ``evidence`` has the opposite, and not the word itself."""
    said, held = fold(claim), fold(evidence)
    found = []
    for one, other in (*_OPPOSITES, *((other, one) for one, other in _OPPOSITES)):
        match = one.search(said)
        if match and not other.search(said) and other.search(held) and not one.search(held):
            found.append(match[0])
    return tuple(found)
