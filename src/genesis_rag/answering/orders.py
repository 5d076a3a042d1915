"""Text of a document that gives orders to a language model, and text of a model that is more than words.

Neither keeps a model from obeying. It keeps what was obeyed from counting as supported: an order is no evidence, and
an address or markup in what a model wrote is never shown. Documents that write about such orders, in quotation marks
or in the middle of a sentence, are not meant; what cannot be told from an order is treated as one.
"""

from __future__ import annotations

import re

from genesis_rag.text.normalize import fold
from genesis_rag.text.patterns import lazy

# What begins a sentence stands apart: a pattern that begins with a word is looked for much faster than one that may.
_BEGINS = lazy(
    r"\W*(?:(?:please |now |always )*(?:ignore|disregard|forget|override)\b.{0,40}"
    r"\b(?:above|previous|prior|earlier|preceding|instructions?|rules|prompt)\b"
    r"|(?:note|message|instructions?) (?:to|for) (?:the |any |all )?(?:\w+ )?(?:ai|llm|assistants?|models?|chatbots?)\b"
    r"|(?:you are now|from now on,? you|act as|pretend (?:to|that))\b"
    r"|(?:reply|respond|answer|say|output)\b.{0,40}\b(?:only|with|that|nothing|every|each)\b|cite this\b"
    r"|(?:print|output|reveal|repeat) your\b|finish with\b|(?:tell|ask) the (?:reader|user)\b|write:|system\]"
    r"|(?:言語モデル|ai|llm|アシスタント)(?:へ|に)の?(?:注意|指示|連絡)|あなたは(?:今から|これから|今後))",
    re.IGNORECASE,
)
_ENGLISH = lazy(
    r"\b(?:(?:ai|llm|assistant|language model|chatbot)s?,? (?:must|should|shall|has to|have to|will now|is to|are to)\b"
    r".{0,20}\b(?:answer|reply|respond|say|write|end|print|ignore|mention|cite)\b"
    r"|your (?:system prompt|instructions|own opinions?|answer must|reply must)\b|system prompt\b.{0,30}\bin full\b"
    r"|(?:every|each|all|any) (?:answers?|repl(?:y|ies)|responses?|questions?)\b.{0,60}"
    r"\b(?:words?|with|write|say|add|end)\b"
    r"|(?:write|put|say|add|show|print|respond|reply|answer|end|finish)\b.{0,80}\b(?:every|each|all|your) "
    r"(?:answers?|repl(?:y|ies)|responses?|questions?)\b"
    r"|when (?:you are )?asked\b.{0,60}\b(?:answer|say|reply|respond)\b|new (?:rules|policy):)",
    re.IGNORECASE,
)
_JAPANESE_VERB = "(?:答え|述べ|回答し|応答し|返答し|引用し|伝え)"
_JAPANESE = lazy(
    r"(?:指示|命令|規則|ルール|プロンプト|制約)(?:を|は|も)?.{0,6}(?:無視|忘れ)(?:し[てろなま、]|せよ|て|ろ|る?こと)"
    rf"|(?:ai|アシスタント|言語モデル|チャットボット)は.{{0,60}}(?:書か|{_JAPANESE_VERB})なければならない"
    r"|(?:回答|返答|答え|応答)(?:の最後に|の最初に|の冒頭に|に必ず|には必ず|に次を)"
    rf"|(?:と|だけ|を|よう)(?:のみ|必ず|全文)?(?:{_JAPANESE_VERB}(?:よ|ろ|なさい|ること|てください)"
    r"|書け|頼め|付けよ|含めよ)[。:!\s]*(?:$|<)|(?:出力|回答|応答|引用|表示|実行)(?:せよ|しろ)[。:!\s]*|次を書け|システムプロンプト|新しい(?:規則|方針):"
)
_MARKUP = lazy(
    r"<\|[a-z_]{3,30}|\bim_(?:start|end)\b|\[/?INST\]|<</?SYS>>|</?(?:tool|function)_?call|\"(?:tool|function)\"\s*:",
    re.IGNORECASE,
)
_DELIMITER = lazy(r"<<[0-9a-f]{8,}", re.IGNORECASE)
_ENDS_PASSAGES = lazy(r"\W*(?:end of (?:the )?passages|資料ここまで)", re.IGNORECASE)
_ACTIVE = lazy(
    r"!?\[[^\]]*\]\s*[(\[:]|<[a-z/!][^>]*>?|\b(?:javascript|data|vbscript|file)\s*:|https?:|\bwww\.|\S@\S+\.\w|"
    r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/",
    re.IGNORECASE,
)
_QUOTED = lazy(r"[\"“「『][^\"”」』]*[\"”」』]")


def gives_orders(sentence: str) -> bool:
    """Tell whether a sentence of a document speaks to a language model rather than to a reader."""
    folded = fold(sentence)
    if _MARKUP.search(folded) or _DELIMITER.search(folded) or _ENDS_PASSAGES.match(folded):
        return True
    bare = _QUOTED.sub("…", folded)
    if _BEGINS.match(bare) or _ENGLISH.search(bare):
        return True
    return not bare.isascii() and _JAPANESE.search(bare) is not None


def is_active(sentence: str) -> bool:
    """Tell whether what a model wrote holds an address, a link, an image or markup."""
    return _ACTIVE.search(fold(sentence)) is not None or _MARKUP.search(sentence) is not None
