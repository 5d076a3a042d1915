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
    r"\b(?:not(?! (?:only|merely|just|simply)\b)(?![^,.;]{0,40}\balone\b)|never|nobody|nothing|neither|cannot|none)\b"
    r"|\b(?:Never|Nobody|Nothing|Neither|None)\b|\bNo(?= [A-Z]?[a-z]+ )"
    r"|\bno(?!\.)(?! [A-Z])(?! (?:sooner|doubt|later))\b"
    r"|n['’]t\b"
)
_CLEAR_JA = lazy(
    "(?<!かも知れ)(?<!かもしれ)(?<!違い)(?<!相違)(?<!なければなら)(?<!なくてはなら)(?<!ねばなら)(?<!過ぎ)(?<![少危])"
    "(?<!欠かせ)(?<!及ば)(?<!及び)"
    "(?<!だけでは)(?<!だけじゃ)(?<!だけで)(?<!だけではあり)(?<!だけでも)"
    "(?:ない(?![かい])(?!といけ|とな)|なかった|ません(?!か))(?!わけで)"
)
_NOT_ALONE_JA = lazy("だけ[のをにで][^、。]*(?:ない|ません)")
"""Solsticeだけの性能ではない: it is, and of others too."""
_ANY_EN = lazy(
    r"\b(?:not|never|no|nobody|nothing|neither|nor|cannot|none|without|nowhere|hardly|barely|rather|instead)\b|n['’]t\b"
    r"|\b(?:un(?!it|iv|ion|der|iq|if)|non-?(?=[a-z])"
    r"|dis(?=agr|all|app|con[nt]|prov|reg|clos|pens)|im(?=poss|prob|prop|mob)"
    r"|ir(?=reg|rel|resp)|in(?=val|compl|abil|capa|suffi|corr|depend|visib|activ|adequ|different|equal|frequ))[a-z-]{2,}"
    r"|[a-z](?:less|-free)\b|\b(?:only|unless|except|exclud|fail|lack|refus|reject|den(?:y|ie)|avoid|prevent"
    r"|apart from|still"
    r"|free of|stop|ceas|differ|unlike|little|few(?!er bits)|outside|absen|abolish|beyond|too\b|until|wrong"
    r"|lose|lost|impossib"
    r"|separate|distinct|other than|leav(?:e|es|ing) out|left out|omit)\w*",
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
    "|だけ|のみ|まだ|まい|ざる|ねば|難し|困難|別[のなに]|独立|以外|から外|外れ|離れた"
)

_CLAUSES = lazy(r"[、。;；:]|(?<=[a-z0-9])[,.]\s|\s(?=(?:but|while|whereas|although|though|which|and)\b)")
_CONTRAST_EN = lazy(
    r"(?:[,;]|\b(?:and|but)) (?:(?:does|do|did|is|are|was|were) )?not (?P<denied>(?!only|merely|just|simply)[^,.;]+)"
    r"|\bnot (?P<before>(?!only|merely|just|simply)[^,.;]+?),? but\b|\b(?:rather than|instead of) (?P<other>[^,.;]+)"
)
_CONTRAST_JA = lazy(
    "(?P<denied>[^、。]+?)(?:では|じゃ)なく|(?<!は)、(?P<before>[^、。]+?)(?:では|じゃ)(?:ない|なか|ありませ)"
)

_SIZE = "(?:larg|bigg|great|fast|high|long|old|new|strong|small|low|slow|short|earli|lat)"
_THAN = f"(?:more|less|fewer|better|{_SIZE}er)"
_SAID_OTHERWISE = tuple(
    (lazy(one, re.IGNORECASE), lazy(other, re.IGNORECASE))
    for one, other in (
        (
            rf"\b(?:no|none|nothing|not|never|nobody)\b.*\b{_THAN}\b|より.*(?:ない|ません|なかった)",
            rf"\b(?:the most|best|{_SIZE}est)\b|最[も大小高低多少長短速古新]|一番|世界一",
        ),
        (
            r"\bno\b.*\b(?:before|earlier|previously)\b|(?:これまで|以前|前例|それまで).*(?:ない|ません|なかった)",
            r"\bfirst\b|初",
        ),
        (
            rf"\bn(?:o|ot|either)\b.*\b(?:above|below|behind|{_THAN})\b|より.*(?:ない|ません|なかった)",
            r"\b(?:same|equal|as \w+ as)\b|同じ|同等|対等|等し",
        ),
    )
)
"""Denied comparisons and what they say without a denial: none is larger, the largest; none before, the first."""

_OPPOSITES = tuple(
    (lazy(one), lazy(other))
    for one, other in (
        ("増[えやし加大]|伸び|上昇", "減[るりらっ少]|低下|縮小"),
        ("開(?:始|き|い|く|設)|始ま|始め", "終[えわ了]|閉(?:鎖|じ|館|校)|廃止|中止|停止"),
        ("(?<!仕)(?<!売)(?<!売り)(?<!取り)上[がげ]", "下[がげ]"),
        ("大き|最大|拡大", "小さ|最小|縮小"),
        ("広[がいくげ]", "狭[いくめま]"),
        ("続[けくい]|継続", "打ち切|中断|取りや"),
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
        (r"\bencourag\w*", r"\bdiscourag\w*"),
        (r"\b(?:larg|bigg|great)est\b", r"\b(?:small|least|tini)est\b"),
        (r"\binclud\w*", r"\b(?:exclud|omit)\w*"),
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
    for one, other in _SAID_OTHERWISE:
        if (one.search(claim) and other.search(evidence)) or (one.search(evidence) and other.search(claim)):
            return False
    return (denies_clearly(claim) and not _hinted(evidence)) or (denies_clearly(evidence) and not _hinted(claim))


def without_denials(text: str) -> str:
    """Return ``text`` without its clauses that have a clear word of denial."""
    pattern = _CLEAR_JA if _KANA.search(text) else _CLEAR_EN
    return " ".join(clause for clause in _CLAUSES.split(text) if not pattern.search(clause))


def contrasts(text: str) -> tuple[str, str]:
    """Return what ``text`` denies to set it against something else (X, not Y; YではなくX), and what is left of it."""
    pattern = _CONTRAST_JA if _KANA.search(text) else _CONTRAST_EN
    found = list(pattern.finditer(text))
    denied = [part for match in found for part in match.groups() if part]
    return " ".join(denied), pattern.sub(" ", text)


def denies_clearly(text: str) -> bool:
    """Tell whether a text has a clear word of denial."""
    if _KANA.search(text):
        return _CLEAR_JA.search(_NOT_ALONE_JA.sub("", text)) is not None
    return _CLEAR_EN.search(text) is not None


def _hinted(text: str) -> bool:
    return (_ANY_JA if _KANA.search(text) else _ANY_EN).search(text) is not None


def denies(claim: str, evidence: str) -> bool | None:
    """Tell whether ``evidence`` denies what ``claim`` affirms; None where a word of it hints at a denial."""
    if denies_clearly(claim):
        return None
    if not _hinted(evidence):
        return False
    if denies_clearly(evidence) or _NEGATED_CLAUSE.search(evidence):
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
