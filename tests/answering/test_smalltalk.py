from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.answering.questions import analyse_question
from genesis_rag.answering.smalltalk import SmallTalk, small_talk


def talk(question: str) -> SmallTalk | None:
    return small_talk(question, analyse_question(question).core)


@pytest.mark.parametrize(
    ("question", "kind", "language"),
    [
        ("", "empty_question", "other"),
        ("  　", "empty_question", "other"),
        ("???", "empty_question", "other"),
        ("こんにちは", "greeting", "ja"),
        ("おはようございます！", "greeting", "ja"),
        ("こんにちは、お元気ですか？", "greeting", "ja"),
        ("Hello!", "greeting", "en"),
        ("hi there", "greeting", "en"),
        ("Good morning, how are you?", "greeting", "en"),
        ("ありがとうございます", "thanks", "ja"),
        ("thank you very much!", "thanks", "en"),
        ("あなたは誰ですか", "about_assistant", "ja"),
        ("何ができますか？", "about_assistant", "ja"),
        ("使い方を教えてください", "about_assistant", "ja"),
        ("自己紹介して", "about_assistant", "ja"),
        ("Who are you?", "about_assistant", "en"),
        ("what can you do?", "about_assistant", "en"),
        ("Hi, are you an AI?", "about_assistant", "en"),
        ("help", "about_assistant", "en"),
        ("日本将投资多少？", "unsupported_language", "other"),
        ("请问这个项目什么时候开始？", "unsupported_language", "other"),
        ("Combien le Japon va-t-il investir dans la mission ?", "unsupported_language", "other"),
        ("Wie viel wird Japan in die Mission investieren und wann?", "unsupported_language", "other"),
        ("¿Cuánto invertirá Japón en la misión?", "unsupported_language", "other"),
        ("일본은 얼마를 투자합니까?", "unsupported_language", "other"),
        ("Сколько инвестирует Япония?", "unsupported_language", "other"),
        ("nihon wa ikura toushi shimasu ka", "unsupported_language", "ja"),
        ("なぜ？", "too_vague", "ja"),
        ("それは何ですか", "too_vague", "ja"),
        ("why?", "too_vague", "en"),
        ("What is it?", "too_vague", "en"),
    ],
)
def test_small_talk_is_recognised(question: str, kind: str, language: str) -> None:
    assert talk(question) == SmallTalk(kind, language)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "question",
    [
        "日本はいくら投資しますか？",
        "日米首脳会談",
        "核融合",
        "量子計算機の研究開発予算総額",
        "DOE",
        "How much will Japan and the US invest?",
        "Who are the members?",
        "What can the platform do?",
        "こんにちは。予算はいくらですか",
        "Hello, when was the SOI signed?",
        "Who is the director of La La Land?",
        "What does the Université de Paris do?",
        "あなたの街の人口統計は誰が作成しますか",
        "使い方次第で危険な薬品は何ですか",
        "合成開口レーダー衛星打上げ時期",
        "α線とは何ですか",
        "What is the β decay of ⁶He?",
    ],
)
def test_real_questions_are_not_small_talk(question: str) -> None:
    assert talk(question) is None


@given(st.text(max_size=50))
def test_any_text_is_accepted(text: str) -> None:
    talk(text)
