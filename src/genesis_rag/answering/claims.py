"""The statement that a yes/no question asks about, on which its answer is decided."""

from __future__ import annotations

import re

from genesis_rag.answering.questions import QuestionProfile
from genesis_rag.text.normalize import fold
from genesis_rag.text.patterns import lazy

_REALLY_JA = lazy(
    r"(?:と(?:いうの|いうこと)?|って(?:いうの)?|というの|こと|の)?(?:は|が|で|も)?"
    r"(?:本当|ほんとう|ほんと|正しい|事実|確か|間違いない|間違いありません|合って(?:い)?ます|合ってる|その通り)(?:なん|なの|の)?(?:です|でしょう)?か?$"
)
_END_JA = lazy(
    r"(?:かどうか?|の?(?:でしょうか|ですかね?|でしたか|だろうか|だったのですか|かね|かな|か|よね|ね)|(?<=[るただい])の|(?<=の))$"
)
_NEGATIVE_JA = lazy(r"(?:ない|ません|なかった|ませんでした|ぬ|ず)(?:の|ん)?(?:です|でしょう|だろう)?か?(?:ね|よね)?$")
_REALLY_EN = lazy(
    r"^(?:and |so |but )?(?:is|was) (?:it|this) (?:really |actually )?(?:true|correct|right|a fact|so) that\s+",
    re.IGNORECASE,
)
_TAG_EN = lazy(
    r",?\s*(?:right|correct|true|(?:is|was|are|were|do|does|did|has|have|had|will|can)(?:n['’]t)? "
    r"(?:it|they|he|she|that|there|this)(?: true| right| correct)?)$",
    re.IGNORECASE,
)
_AUXILIARY = lazy(
    r"^(?:and |so |but |then |also )*(?:if|whether|is|are|was|were|am|do|does|did|has|have|had|can|could|will|would"
    r"|should|may|might|must)(?:n['’]t)?\b\s*(?:there\b)?",
    re.IGNORECASE,
)
_NEGATIVE_EN = lazy(r"\b(?:not|never|no|nobody|none|nothing|neither|without)\b|n['’]t\b", re.IGNORECASE)
_ALTERNATIVES = lazy(r"\bor\b|それとも|もしくは|または|又は|あるいは|[うくすつぬふむゆるたいんだの]か、")


def statement_of(profile: QuestionProfile) -> str:
    """Return what the yes/no question ``profile`` asks about as a statement; "" where yes or no would not be clear.

    That is so of a question in the negative, to which Japanese and English give opposite answers, and of a choice.

    Example: "RAISEの資金はEUから出ていますか。" gives "RAISEの資金はEUから出ています".
    """
    if not profile.yes_no or _ALTERNATIVES.search(fold(profile.core)):
        return ""
    text = profile.core.strip(" 。.?？!！　")
    return _japanese(text) if profile.language == "ja" else _english(text)


def _japanese(text: str) -> str:
    bare = _REALLY_JA.sub("", text)
    if bare == text:
        if _NEGATIVE_JA.search(text):
            return ""
        bare = _END_JA.sub("", text, count=1)
    return "" if _NEGATIVE_JA.search(bare) else bare.strip(" 、。「」『』")


def _english(text: str) -> str:
    really = _REALLY_EN.match(text)
    if really:
        bare = text[really.end() :]
    else:
        tag = _TAG_EN.search(text)
        bare = text[: tag.start()] if tag and tag.start() > 12 else text
        bare = bare[match.end() :] if (match := _AUXILIARY.match(bare)) else bare
    bare = bare.strip(" ,.")
    return "" if _NEGATIVE_EN.search(bare) else bare
