"""Every sentence of our own that an answer may hold, in Japanese and English. Documents are quoted, never these."""

from __future__ import annotations

from typing import Literal

from genesis_rag.types import Language

Key = Literal[
    "empty_question",
    "greeting",
    "thanks",
    "about_assistant",
    "too_vague",
    "too_vague_nearest",
    "unsupported_language",
    "unsupported_nearest",
    "empty_index",
    "no_evidence",
    "nearest",
    "note_quoted_ja",
    "note_quoted_en",
    "note_quoted_other",
    "note_one_word",
    "note_weak",
    "note_left_out",
    "note_differ",
    "differ",
    "nothing_of",
    "most",
    "least",
    "first",
    "last",
    "undated",
    "note_unsupported",
    "note_marked",
    "unsupported_mark",
    "note_quoted_instead",
    "count",
    "yes",
    "no",
    "topic_join",
    "untitled",
    "page",
]

_JA: dict[Key, str] = {
    "empty_question": "質問が空です。知りたいことを一文で入力してください。例：「この計画の予算はいくらですか。」",
    "greeting": (
        "こんにちは。索引にある文書について、日本語か英語で質問してください。答えは文書の文をそのまま引用し、"
        "出典を付けて示します。"
    ),
    "thanks": "どういたしまして。文書についてほかに知りたいことがあれば、続けて質問してください。",
    "about_assistant": (
        "私は genesis-rag の内蔵リーダーです。索引にある文書から質問に答える文を選び、そのまま引用して出典を示します。"
        "日本語と英語の質問に答え、文書に書かれていなければ「見つかりません」と答えます。"
        "すべてこのパソコンの中で動き、文書も質問も外へ送りません。"
    ),
    "too_vague": (
        "質問が短すぎて、何を知りたいのか分かりません。「何が」「いつ」「いくら」などを加えて、一文で質問してください。"
    ),
    "too_vague_nearest": "この言葉に近い記述：",
    "unsupported_language": "日本語か英語で質問してください。ほかの言語の質問にはまだ答えられません。",
    "unsupported_nearest": "質問に近い記述：",
    "empty_index": "まだ文書が索引にありません。`genesis-rag index フォルダ` で文書を加えてください。",
    "no_evidence": "索引にある文書の中に、この質問の答えは見つかりませんでした。",
    "nearest": "近い話題：",
    "note_quoted_ja": "該当する文書は日本語です。原文のまま引用しました。",
    "note_quoted_en": "該当する文書は英語です。原文のまま引用しました。",
    "note_quoted_other": "該当する文書は日本語でも英語でもありません。原文のまま引用しました。",
    "note_one_word": "一語だけの質問なので、その言葉について最も近い記述を引用しました。",
    "note_weak": "確信は高くありません。引用元を確かめてください。",
    "note_left_out": "ほかに{count}件あります。",
    "note_differ": "文書によって値が異なります。どちらが正しいかは出典で確かめてください。",
    "differ": "文書によって値が異なります（新しい順）。",
    "nothing_of": "見つかった箇所には、この点についての記述がありません。",
    "most": "値が大きいのは{name}です。",
    "least": "値が小さいのは{name}です。",
    "first": "日付が先なのは{name}です。",
    "last": "日付が後なのは{name}です。",
    "undated": "日付なし",
    "note_unsupported": "引用元で裏づけられない{count}文を除きました。",
    "note_marked": "引用元で裏づけられない{count}文に印を付けました。",
    "unsupported_mark": "（出典では確認できません）",
    "note_quoted_instead": "モデルの文は引用元で裏づけられなかったため、原文の引用を示します。",
    "count": "{count}件：",
    "yes": "はい。",
    "no": "いいえ。",
    "topic_join": "、",
    "untitled": "無題の文書",
    "page": "{page}ページ",
}

_EN: dict[Key, str] = {
    "empty_question": (
        'The question is empty. Ask what you want to know in one sentence, such as "What is the budget of this plan?"'
    ),
    "greeting": (
        "Hello. Ask about the indexed documents in English or Japanese; "
        "answers quote the documents word for word and name their sources."
    ),
    "thanks": "You are welcome. Ask on if there is more that you want to know about the documents.",
    "about_assistant": (
        "I am the built-in reader of genesis-rag. I pick the sentences of your indexed documents that answer a "
        "question "
        "and quote them word for word with their sources. I answer questions in English and Japanese and say so "
        "when the "
        "documents do not tell. Everything runs on this machine; no document or question leaves it."
    ),
    "too_vague": (
        "The question is too short to tell what you want to know. Ask in one sentence, "
        "with a question word such as what, when or how much."
    ),
    "too_vague_nearest": "Passages near this word: ",
    "unsupported_language": "Please ask in English or Japanese; questions in other languages cannot be answered yet.",
    "unsupported_nearest": "Passages near the question: ",
    "empty_index": "There are no documents in the index yet. Add some with `genesis-rag index FOLDER`.",
    "no_evidence": "The indexed documents do not seem to answer this question.",
    "nearest": "Nearest topics: ",
    "note_quoted_ja": "The passage is in Japanese; quoted as written.",
    "note_quoted_en": "The passage is in English; quoted as written.",
    "note_quoted_other": "The passage is in neither English nor Japanese; quoted as written.",
    "note_one_word": "The question is a single word, so this is the nearest statement about it.",
    "note_weak": "This is not certain; check the quoted source.",
    "note_left_out": "There are {count} more.",
    "note_differ": "The documents give different values; check the sources for which one holds.",
    "differ": "The documents give different values (newest first).",
    "nothing_of": "the passages found do not say this.",
    "most": "The larger figure: {name}.",
    "least": "The smaller figure: {name}.",
    "first": "The earlier date: {name}.",
    "last": "The later date: {name}.",
    "undated": "undated",
    "note_unsupported": "Left out: {count} sentence(s) that the cited passages do not support.",
    "note_marked": "Marked: {count} sentence(s) that the cited passages do not support.",
    "unsupported_mark": "(not found in the sources)",
    "note_quoted_instead": "What the model wrote is not supported by the passages; quotations are shown instead.",
    "count": "{count} items:",
    "yes": "Yes. ",
    "no": "No. ",
    "topic_join": "; ",
    "untitled": "untitled document",
    "page": "p. {page}",
}


def phrase(key: Key, language: Language, **values: object) -> str:
    """Return the sentence ``key`` in ``language`` (English where it is neither Japanese nor English)."""
    return (_JA if language == "ja" else _EN)[key].format(**values)


def both_languages(key: Key, **values: object) -> str:
    """Return the sentence in English and in Japanese, for readers whose language is unknown."""
    return f"{phrase(key, 'en', **values)}\n{phrase(key, 'ja', **values)}"
