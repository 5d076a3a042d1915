"""Every sentence that `ask` itself says to people, in both languages."""

from __future__ import annotations

import os
import re

from genesis_rag.types import Language
from genesis_rag.values import dataclass

_KANA = re.compile(r"[\u3040-\u30ff\uff66-\uff9d]")


@dataclass(frozen=True, slots=True)
class Phrases:
    """Words around an answer. ``closing`` is the quiet last line of an answer made of quotations."""

    sources: str
    read: str
    page: str
    untitled: str
    note: str
    open_quote: str
    close_quote: str
    separator: str
    closing: str
    building: str
    built: str
    finishing: str
    rebuilding: str
    stopped: str
    searched: str
    chat_welcome: str
    chat_help: str
    chat_new: str
    chat_no_answer: str
    chat_unknown: str
    chat_cancelled: str


ENGLISH = Phrases(
    sources="Sources",
    read="Passages read",
    page="p. {page}",
    untitled="(untitled)",
    note="Note: ",
    open_quote="“",
    close_quote="”",
    separator=" · ",
    closing="Quotations chosen by the built-in reader. Answers written by a local LLM: ask --llm MODEL.gguf",
    building="There is no index yet: building it from {place} …",
    built="Indexed {documents} documents in {seconds:.1f} s.",
    finishing="The first indexing was interrupted: finishing it …",
    rebuilding="The index was built by another version or profile: building it anew from {place} …",
    stopped="Stopped. What was finished is kept; the next question goes on from there.",
    searched="Searched: {question}",
    chat_welcome="Ask away; follow-up questions are understood. /help shows the commands, /quit or Ctrl-D leaves.",
    chat_help="/sources  what was read for the last answer\n/new      forget what was asked so far\n"
    "/help     this list\n/quit     leave",
    chat_new="A new conversation: what was asked before is forgotten.",
    chat_no_answer="There is no answer yet.",
    chat_unknown="There is no command {command}. /help lists the commands.",
    chat_cancelled="Stopped.",
)
JAPANESE = Phrases(
    sources="出典",
    read="読んだ箇所",
    page="{page}ページ",
    untitled="（無題）",
    note="注：",
    open_quote="「",
    close_quote="」",
    separator="・",
    closing="内蔵の読み取り器が原文から選んだ引用です。ローカル LLM による文章の回答は ask --llm モデル.gguf",
    building="索引がまだないため、{place} から作成します…",
    built="{documents} 件の文書を {seconds:.1f} 秒で索引に入れました。",
    finishing="最初の索引作成が中断されていたため、続きを行います…",
    rebuilding="索引は別の版かプロファイルで作られたものなので、{place} から作り直します…",
    stopped="中断しました。終わった分は残り、次の質問のときに続きから行います。",
    searched="検索した質問：{question}",
    chat_welcome="質問をどうぞ。続けての質問も分かります。一覧は /help（/ヘルプ）、終了は /quit（/終了）か Ctrl-D。",
    chat_help="/sources（/出典）  直前の回答のために読んだ箇所\n/new（/新規）      これまでの質問を忘れて始め直す\n"
    "/help（/ヘルプ）   この一覧\n/quit（/終了）     終わる",
    chat_new="新しい会話です。これまでの質問は忘れました。",
    chat_no_answer="まだ回答がありません。",
    chat_unknown="{command} というコマンドはありません。一覧は /help",
    chat_cancelled="中止しました。",
)


def phrases_for(language: Language) -> Phrases:
    """Return the words for an answer in ``language``; English for anything but Japanese."""
    return JAPANESE if language == "ja" else ENGLISH


def phrases_for_user(question: str) -> Phrases:
    """Return the words for someone who asked ``question``; without kana in it the locale decides."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return JAPANESE if _KANA.search(question) or (not question and locale.startswith("ja")) else ENGLISH
