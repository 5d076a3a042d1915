"""Japanese follow-up questions, made self-contained by rules. What is self-contained already is left alone.

``rewritten`` tries the kinds of follow-ups one after another: a request for more (もう少し詳しく), a question word
alone (なぜ？), an ellipsis (アメリカでは？), a demonstrative (その予算は), a question that names nothing
(いつ始まりましたか).
"""

from __future__ import annotations

import re

from genesis_rag.conversation.previous import Previous
from genesis_rag.conversation.slots import DATE, date_named, is_ordinal, place_named, places_in
from genesis_rag.conversation.words_ja import ATTRIBUTES, CLASS_NOUNS, WH, made_of_generic_words
from genesis_rag.text.patterns import lazy

_LONGEST = 80
_LONGEST_ELLIPSIS = 34
_LONG_TAIL = 18
_LONGEST_NAME = 24
_OPENING = lazy(
    r"^(?:(?:ありがとう(?:ございます|ございました)?|了解(?:です|しました)?|わかりました|分かりました|なるほど"
    r"|はい|うん|ええと|えっと|へえ|ふむ"
    r"|ちなみに|ところで|では|じゃ(?:あ)?|それでは|それじゃあ?|それなら|それで|で(?=、)|あと(?=[、は])|そして"
    r"|また(?=、)|さらに(?=、)|次に(?=、)"
    r"|しかし|でも|けど|一方(?:で)?)[、。,!！.\s]*)+"
)
_END = r"[?？。．.!！\s]*$"
_ASKING = (
    r"(?:お?教えて|お?願い|知りたい|説明して|聞かせて|話して)(?:ください|下さい|くれますか|もらえますか"
    r"|いただけますか|します|です)?"
)
_MORE = lazy(
    rf"^(?:(?:もう少し|もうちょっと|もっと|さらに|より)?(?:詳しく|くわしく|詳細[をに]?"
    rf"|具体的に)(?:{_ASKING})?(?:は|お願いします)?"
    rf"|(?:もう少し|もっと)(?:{_ASKING})|(?:その|これの|それの)?(?:続き|詳細)(?:は|を{_ASKING})?"
    rf"|続けて(?:ください)?)(?:[よね])?{_END}"
)
_OTHERS = lazy(
    rf"^(?:他|ほか|その他)(?:に)?(?:は|も)?(?:何か)?(?:ありますか|ある|ない|あるか|ありませんか"
    rf"|何がありますか)?(?:の)?{_END}"
)
_EXAMPLE = lazy(
    rf"^(?:例えば|たとえば|具体例|具体的には|例)(?:は|を{_ASKING})?(?:何ですか|どんなもの(?:ですか)?)?{_END}"
)
_LANGUAGE = lazy(rf"^(?P<l>英語|日本語)で(?:も)?(?:{_ASKING}|答えて(?:ください)?)?{_END}")
_ADVERB = "(?:いつ(?:から|まで|ごろ|頃)?|どこで|なぜ|どうして|なんで|誰が|だれが|どうやって|どのように|何のために)"
_ADVERB_ALONE = lazy(_ADVERB)
_ASKING_ALONE = lazy(_ASKING)
_PASSIVE = lazy("^.{0,12}(?:され|られ)")
_WH_ALONE = lazy(
    rf"^(?P<wh>{_ADVERB}|どこ|誰|だれ|どなた|いくら|どのくらい|どれくらい|何人|何年|いつ|何のため)(?:です|でした"
    rf"|なの(?:です)?|なん(?:です)?|だった(?:の)?|でしょう|だ)?(?:か|かね)?{_END}"
)
_ADVERB_INSIDE = lazy(rf"(?<=[はがをにでも、]){_ADVERB}")
_ELLIPSIS = lazy(
    r"^(?P<x>.+?)(?P<p>(?:の場合|の方|のほう|について|に関して|において|に対して)?(?:では|でも|には|は|も|なら"
    r"|だと|だったら|だとどう)?|の場合)"
    rf"(?:、)?(?P<how>どう(?:です|でしょう|なの|なります|なってい(?:ます)?|でした|だった)?(?:か|の)?"
    rf"|いかがです(?:か)?|{_ASKING}|同じです(?:か)?|ありますか)?(?P<mark>{_END})"
)
_CLAUSE = lazy(r"[をがに][^のは]*[うくすつぬふむゆるた]|[、。]")
_DEMONSTRATIVE = lazy(
    r"(?P<thing>(?:それ|これ|あれ)(?:ら)?|そちら|こちら)(?!ぞれ|だけ|ほど|でも|では、|じゃ|なら|から(?:[、も先])"
    r"|まで|に加え|と(?:も|、))"
    r"(?P<after>[はがをにのもとで、]|って|から|まで|について|に関|による|とは|以外|以降|以前|[?？])"
    r"|(?P<place>そこ|あそこ)(?P<afterplace>[にではがのへをもか]|から|まで)"
    r"|(?P<person>彼女|彼)(?:ら|たち)?(?=[はがをにのもと])"
    r"|(?<!ど)(?P<of>その|この(?!文書|文章|資料|記事|ページ|スライド)|あの(?![ーう、])|同じ|当該|上記の?|前述の"
    r"|さっきの|先ほどの)(?!他|ほか|ため|まま|うち|とき|通り|とおり|よう|際|辺|場合|もの|たび|分だけ)"
    r"(?P<noun>[一-鿿々ァ-ヶーA-Za-z]+)"
    r"|(?P<both>両国|両者|双方|両方|前者|後者|それぞれ)(?=[はがをにのもで])"
)
_SUBJECT = lazy(r"[一-鿿ァ-ヶーA-Za-z0-9]{1,10}(?:は|も|が)、?")
_CLAUSE_BEFORE = lazy(r"(?:[てで]|[一-鿿しきりいえ]|が|ば|ら)、$|とは何で、?$|。.*$")
_NAMED_LATER = lazy(rf"(?:、|という|との|[うくすつぬふむゆるた]).{{3,}}(?:は|を|といえば|って)、?{WH}")
"""その色から名がついた…花は何でしょう: what the demonstrative means is what is asked for."""
_LATER = ("後", "前")
_TIMES = ("年", "年度", "時", "時点", "頃", "月", "日")
_DATE = lazy(DATE)
_WH = lazy(WH)
_KANJI = lazy("[一-鿿]")
_ONE_WORD = lazy("[一-鿿々ァ-ヶーA-Za-z0-9 ・.-]+")
_SOME_NOUN = lazy("[一-鿿ァ-ヶーA-Za-z]{2}")
_INFLECTED = lazy("[しさす]")
_NOMINAL = lazy("^[一-鿿]+[しすさり].*[うくすつぬふむゆるた]の(?:は|が)")
_PERSONAL = lazy("任命|就任|指名|選ば|選出")
_NUMBERED_ITEM = lazy(r"^(?:次|最後|最初|残り|ほかの.{1,6}|他の.{1,6})$")


def rewritten(question: str, before: Previous) -> str | None:
    """Return ``question`` (NFKC text) made self-contained after ``before``, or None where it is so already."""
    bare = _OPENING.sub("", question).strip() or question
    if len(bare) > _LONGEST:
        return None
    kinds = (_request_for_more, _question_word, _ellipsis, _with_demonstrative, _naming_nothing)
    return next((found for kind in kinds if (found := kind(bare, before))), None)


def _request_for_more(text: str, before: Previous) -> str | None:
    if _MORE.match(text):
        return f"{before.topic}について詳しく教えてください"
    if _OTHERS.match(text):
        return f"{before.topic}は、ほかに何がありますか"
    if _EXAMPLE.match(text):
        return f"{before.topic}の具体例は何ですか"
    if found := _LANGUAGE.match(text):
        return f"{before.text.rstrip('。')}？{found['l']}で答えてください"
    return None


def _question_word(text: str, before: Previous) -> str | None:
    """Put a question word alone in place of that of the question before; else ask it of the topic."""
    found = _WH_ALONE.match(text)
    if not found:
        return None
    word, inside = found["wh"], list(_ADVERB_INSIDE.finditer(before.text))
    if len(inside) != 1 or not _ADVERB_ALONE.fullmatch(word) or before.text[inside[0].end() :].startswith("です"):
        return f"{before.topic}は{word.removesuffix('で')}ですか"
    rest = before.text[inside[0].end() :]
    by_whom = word in ("誰が", "だれが") and _PASSIVE.search(rest)
    return before.text[: inside[0].start()] + ("誰によって" if by_whom else word) + rest


def _ellipsis(text: str, before: Previous) -> str | None:
    """Put the one thing that is named in place of its like in the question before."""
    found = _ELLIPSIS.match(text)
    if not found or len(text) > _LONGEST_ELLIPSIS or not (found["p"] or found["mark"]):
        return None
    x, particle, how = found["x"].strip("「」 、"), found["p"], found["how"] or ""
    for_more = bool(_ASKING_ALONE.fullmatch(how))
    if date_named(x) and (particle or not for_more):
        return before.with_date(x) or _set_in(f"{x}には", f"{x}の", before)
    asks_on = bool(found["mark"].strip()) or how.startswith(("どう", "いかが")) or particle.endswith("も")
    if not asks_on or how.startswith(("同じ", "あり")) or (for_more and not particle.endswith("も")):
        return None
    if place := place_named(x):
        return before.with_place(place) or _set_in(f"{x}では", f"{x}での", before)
    if is_ordinal(x, "ja") or _NUMBERED_ITEM.match(x):
        return before.with_ordinal(x) or f"{before.topic}の{x}は何ですか"
    return _place_of_attribute(x, before) or _other_thing(x, particle, before)


def _set_in(setting: str, owner: str, before: Previous) -> str:
    """Return the question before in a new setting."""
    return f"{setting}、{before.text}" if before.language == "ja" else f"{owner}{before.topic}"


def _place_of_attribute(x: str, before: Previous) -> str | None:
    """米国の予算は? after a question about 日本のAI予算: the attribute was asked before, so only the place changes."""
    owner, _, attribute = x.partition("の")
    place = place_named(owner)
    return before.with_place(place) if place and attribute in ATTRIBUTES and attribute in before.text else None


def _other_thing(x: str, particle: str, before: Previous) -> str | None:
    if x in ATTRIBUTES:
        return f"{before.entity}の{x}は何ですか"
    if not particle or "の" in x or _CLAUSE.search(x) or _WH.search(x) or _DEMONSTRATIVE.search(x):
        return None
    if len(x) > _LONGEST_NAME or not _ONE_WORD.fullmatch(x) or made_of_generic_words(x):
        return None
    return before.with_name(x) or f"{x}について、{before.text}"


def _with_demonstrative(text: str, before: Previous) -> str | None:
    """Put what was asked about in place of それ, その計画, そこ, 彼."""
    found = _DEMONSTRATIVE.search(text)
    if not found or _refers_inside(text, found):
        return None
    start, end = found.span()
    if found["of"] and found["noun"] in _LATER:
        return f"{before.topic}は{text}" if start == 0 else None
    if found["thing"]:
        end = found.end("thing")
        new = before.entity if found["after"] == "の" or before.topic == before.person else before.topic
    elif found["place"]:
        new, end = before.entity, found.end("place")
    elif found["person"]:
        new = before.person or before.topic
    elif found["both"]:
        generic = start == 0 and made_of_generic_words(text[found.end() :].rstrip("?。 "))
        return f"{before.topic}の{text}" if generic else None
    else:
        new, end = _with_noun(found["noun"], found.end("of"), before)
    return text[:start] + new + text[end:]


def _with_noun(noun: str, after: int, before: Previous) -> tuple[str, int]:
    """Return what stands for その with its noun, and where it ends in the text."""
    if noun in _TIMES and (date := _DATE.search(before.text)):
        where = places_in(before.text, before.language)
        return f"{where[0].place.ja[0]}の{date[0]}" if where else date[0], after + len(noun)
    if noun == "国" and (uses := places_in(before.text, before.language)):
        return uses[0].place.ja[0], after + 1
    if noun in CLASS_NOUNS:
        return before.entity, after + len(noun)
    return f"{before.entity}の", after


def _refers_inside(text: str, found: re.Match[str]) -> bool:
    """Tell whether a demonstrative means something that stands before it in the same question."""
    ahead, behind = text[: found.start()], text[found.end() :]
    if ahead.count("「") > ahead.count("」") or (len(behind) > _LONG_TAIL and _NAMED_LATER.search(behind)):
        return True
    if not _SOME_NOUN.search(ahead):
        return False
    if _CLAUSE_BEFORE.search(ahead) or ahead.endswith("と") or found["of"] == "同じ":
        return True
    outside = found["after"] in ("に", "を", "と", "で") or (found["of"] == "その" and found["noun"] in CLASS_NOUNS)
    return not (outside and _SUBJECT.fullmatch(ahead))


def _naming_nothing(text: str, before: Previous) -> str | None:
    """Say of what: 予算はいくらですか, いつ始まりましたか."""
    bare = text.rstrip("?？。!！ 　")
    if not 3 <= len(bare) <= 40 or not made_of_generic_words(bare) or not (_KANJI.search(bare) or _WH.search(bare)):
        return None
    attribute = max((word for word in ATTRIBUTES if bare.startswith(word)), key=len, default="")
    if attribute and not _INFLECTED.match(bare[len(attribute) :]):
        return f"{before.entity}の{text}"
    if _NOMINAL.match(bare):
        return f"{before.entity}を{text}"
    return f"{before.person if _PERSONAL.search(bare) and before.person else before.entity}は{text}"
