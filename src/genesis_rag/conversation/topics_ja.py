"""What a self-contained Japanese question is about: its whole topic, and the thing alone without its attribute."""

from __future__ import annotations

from genesis_rag.conversation.words_ja import ATTRIBUTES, CLAUSE_NOUNS, NAME, ORGANISATION, WH
from genesis_rag.text.patterns import lazy

_LONGEST = 60
_OPENING = lazy(
    r"^(?:(?:お?はようございます|こんにち[はわ]|こんばん[はわ]|すみません|お疲れ(?:様|さま)です"
    r"|お世話になって(?:おり|い)ます|恐れ入りますが?"
    r"|お手数をおかけします(?:が)?|ありがとう(?:ございます|ございました)?|了解(?:です|しました)?|わかりました"
    r"|なるほど|はい|うん|ええと|えっと"
    r"|ちなみに|ところで|では|じゃあ?|それでは|それじゃあ?|あと|そして|また|さらに|次に|質問です|教えてください"
    r"|ねえ)[、。,!.\s]*)+"
)
_END = r"[?？。．.!！\s]*$"
_REQUEST = lazy(
    r"(?:について|に関して|のこと)?(?:は|を|も)?、?(?:もっと|もう少し|詳しく|簡単に|簡潔に|具体的に|全部|すべて"
    r"|全て|[0-9一二三四五六七八九十]+(?:つ|個|点)(?:を|ほど)?|、)*"
    rf"お?(?:教えて|説明して|挙げて|あげて|列挙して|述べて|まとめて|要約して|示して|知りたい|聞きたい"
    rf"|答えて)[^、。]{{0,14}}{_END}"
)
_DEFINED = lazy(rf"^(?P<x>.+?)(?:とは|って)、?(?:{WH}.*|具体的に.*|{_END})$")
_CLAUSE = lazy(rf"^(?P<x>.+[うくすつぬふむゆるたいだ])の(?:は|が)、?(?P<wh>{WH})")
_TOPIC_MARK = lazy(r"(?<=[一-鿿々ァ-ヶーA-Za-z0-9)）」』”\"みり])は(?![ぁ-ん]?じ)")
_CONTEXT_MARK = lazy(r"(?:では|においては|において|における|には|で)、?(?=[一-鿿ァ-ヶーA-Za-z「])")
_WH_PHRASE = lazy(rf"{WH}(?:くらい|ぐらい|ほど|だけ|のよう[なに])?[一-鿿ァ-ヶー]{{0,6}}(?:から|まで|[がにでをのへと])?")
_OBJECT = lazy(r"^(?P<x>.+?)(?:を|に|へ|が)(?!お?い)")
_LAST_PART = lazy(r"^(?P<x>.+)の(?P<last>[^の]{1,12})$")
_CLAUSE_MADE = lazy(r"^(?P<x>[^をにが]+)[をにが].+(?:人|もの|ところ|時期|理由)$")
_WHOLE_NAME = lazy(r"[一-鿿々]*(?:" + NAME.pattern + ")")
_WH = lazy(WH)
_ASKS_WHO = lazy("誰|だれ|どなた|(?:責任者|長官|代表者?|社長|所長|大臣|リーダー)(?:は|の)")
_PREDICATE_END = lazy(r"(?:です|でした|でしょう|ます|ました|ません|だ|なの|ん|の)?(?:か|かね|っけ)?[?？。\s]*$")


def names_in(text: str) -> list[str]:
    """Return the words of ``text`` that look like names, in order."""
    return list(dict.fromkeys(match[0].strip("「」") for match in NAME.finditer(text)))


def topic_of(question: str) -> str:
    """Return what ``question`` is about (富岳NEXTの運用開始 of 富岳NEXTの運用開始はいつですか)."""
    text = _OPENING.sub("", _question_sentence(question)).strip(" 、。")
    topic = _topic(text) or "の".join(names_in(text)) or text
    topic = topic.strip(" 、。?？「」")
    if len(topic) <= _LONGEST:
        return topic
    return "の".join(names_in(topic)[:3]) or topic[:_LONGEST]


def entity_of(question: str) -> str:
    """Return the thing alone (富岳NEXT of 富岳NEXTの運用開始はいつですか)."""
    entity = topic_of(question)
    if made := _CLAUSE_MADE.match(entity):
        entity = made["x"]
    while (parts := _LAST_PART.match(entity)) and _is_attribute(parts["last"]):
        entity = parts["x"]
    return entity


def person_of(question: str) -> str:
    """Return the person that ``question`` asks for (計画を率いる人 of 計画を率いるのは誰ですか), else ""."""
    return topic_of(question) if _ASKS_WHO.search(question) else ""


def replaceable_name(question: str, new: str) -> str:
    """Return the name in ``question`` that ``new`` may take the place of, "" if there is none.

    The subject goes first: of 文部科学省はAI for Scienceに… it is 文部科学省. A name of kanji alone is known as one
    only when it is a part of the name before (富岳, 富岳NEXT), or by its ending.
    """
    text = _OPENING.sub("", _question_sentence(question))
    subject = text.split("は", 1)[0] if "は" in text else topic_of(question)
    if ORGANISATION.fullmatch(subject):
        return subject if looks_like_name(new) else ""
    around = [match[0] for match in _WHOLE_NAME.finditer(subject) if NAME.search(match[0])]
    if around and (looks_like_name(new) or new in around[0] or around[0] in new):
        return around[0]
    return ""


def looks_like_name(words: str) -> bool:
    """Tell whether ``words`` look like one name by their letters or their ending."""
    return bool(NAME.fullmatch(words) or ORGANISATION.fullmatch(words))


def _question_sentence(question: str) -> str:
    """Return the sentence of several that asks: the first with a question word or mark, else the longest."""
    parts = [part for part in question.replace("？", "?").split("。") if part.strip()]
    pieces = [piece for part in parts for piece in part.split("?") if piece.strip()]
    asking = [piece for piece in pieces if _WH.search(piece) or piece.rstrip().endswith("か")]
    return (asking or sorted(pieces, key=len, reverse=True) or [question])[0]


def _topic(text: str) -> str:
    request = _REQUEST.search(text)
    if request and request.start() and not _WH.search(text[: request.start()]):
        head = text[: request.start()]
        return _joined(head[: head.index("は")] if head.endswith("は") else head)
    if defined := _DEFINED.match(text):
        return _joined(defined["x"])
    if clause := _CLAUSE.match(text):
        return _joined(clause["x"] + CLAUSE_NOUNS.get(clause["wh"], "もの"))
    asks = _WH.search(text)
    before = text[: asks.start()] if asks else text
    marks = list(_TOPIC_MARK.finditer(before)) or list(_TOPIC_MARK.finditer(text))
    if marks:
        head, rest = text[: marks[-1].start()], text[marks[-1].end() :]
        further = [name for name in names_in(rest) if name not in head]
        return "の".join([_joined(head), *further[:2]])
    rest = _WH_PHRASE.sub("", text, count=1)
    if (found := _OBJECT.match(rest)) and len(found["x"]) > 1:
        return _joined(found["x"])
    return _PREDICATE_END.sub("", before if len(before) > 2 else rest).rstrip("がはをにでの、 ")


def _joined(head: str) -> str:
    """Return a topic with its setting before it: 日本のAI予算 of 日本では、AI予算."""
    last = head.rsplit("。", 1)[-1]
    return _CONTEXT_MARK.sub("の", last, count=1).replace("、", "") if "、" in last else last


def _is_attribute(word: str) -> bool:
    if word in ATTRIBUTES:
        return True
    return not NAME.search(word) and any(word.endswith(one) for one in ATTRIBUTES if len(one) > 1) and len(word) <= 8
