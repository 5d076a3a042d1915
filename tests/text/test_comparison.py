"""Questions that ask how two things differ, taken apart into their sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.text.comparison import compared

QUESTIONS = Path(__file__).resolve().parents[2] / "corpus" / "qa" / "genesis_qa.jsonl"


@pytest.mark.parametrize(
    ("question", "names", "asked"),
    [
        (
            "日米の文書は量子計算についてどう違いますか",
            ("日本", "米国"),
            "日本の文書は量子計算について何と述べていますか。",
        ),
        ("日米のAI予算の違いは何ですか", ("日本", "米国"), "日本のAI予算はいくらですか。"),
        ("日本と米国のAI予算の違いを教えてください", ("日本", "米国"), "日本のAI予算はいくらですか。"),
        ("日本と米国のAI政策を比較してください", ("日本", "米国"), "日本のAI政策は何ですか。"),
        ("富岳とFrontierの性能の違いは何ですか", ("富岳", "Frontier"), "富岳の性能は何ですか。"),
        ("富岳とEl Capitanの違いは何ですか", ("富岳", "El Capitan"), "富岳とは何ですか。"),
        ("AI法とAI基本計画の違いは？", ("AI法", "AI基本計画"), "AI法とは何ですか。"),
        (
            "日本と英国のAI for Scienceの予算の違いは？",
            ("日本", "英国"),
            "日本のAI for Scienceの予算はいくらですか。",
        ),
        (
            "How do the Japanese and American AI plans differ?",
            ("Japanese", "American"),
            "What are the AI plans of Japan?",
        ),
        ("富岳NEXTと富岳はどう違いますか", ("富岳NEXT", "富岳"), "富岳NEXTとは何ですか。"),
        (
            "How do the Japanese and the US documents differ on quantum computing?",
            ("Japanese", "US"),
            "What is quantum computing in Japan?",
        ),
        (
            "How do Japan and the United States differ on fusion?",
            ("Japan", "United States"),
            "What is fusion in Japan?",
        ),
        ("What is the difference between Fugaku and FugakuNEXT?", ("Fugaku", "FugakuNEXT"), "What is Fugaku?"),
        ("How does FugakuNEXT differ from Fugaku?", ("FugakuNEXT", "Fugaku"), "What is FugakuNEXT?"),
        ("Compare Frontier and El Capitan.", ("Frontier", "El Capitan"), "What is Frontier?"),
    ],
)
def test_sides(question: str, names: tuple[str, str], asked: str) -> None:
    sides = compared(question)
    assert sides is not None
    assert (sides[0].name, sides[1].name) == names and sides[0].question == asked


@pytest.mark.parametrize(
    "question",
    [
        "日米の連携領域は何ですか",
        "富岳とFrontierはどちらが速いですか",
        "日本はどう違いますか",
        "何と何が違いますか",
        "What is Fugaku?",
        "How do neural networks differ?",
        "Which is faster, Frontier or Fugaku?",
        "日米の値は比べられますか",
        "日本と日本の違いは何ですか",
        "",
    ],
)
def test_other_questions_are_left_whole(question: str) -> None:
    assert compared(question) is None


def test_the_fixed_questions_are_left_whole() -> None:
    lines = QUESTIONS.read_text("utf-8").splitlines()
    assert [one for one in (json.loads(line)["question"] for line in lines) if compared(one)] == []


def test_a_side_is_found_by_its_names_in_both_languages() -> None:
    sides = compared("日米のAI予算の違いは何ですか")
    assert sides is not None
    japan, america = sides
    assert japan.is_in("The Japanese budget") and not america.is_in("The Japanese budget")
    assert (
        america.is_in("US agencies")
        and america.is_in("アメリカ")
        and not america.is_in("use of us all".replace("us ", ""))
    )
    fugaku = compared("富岳とFrontierの違いは何ですか")
    assert fugaku is not None and fugaku[0].is_in("「富岳」は") and not fugaku[0].is_in("富岳NEXTは")


@given(st.one_of(st.text(max_size=60), st.text(alphabet="日米のと違いは何ですか比較英A B,、。?", max_size=40)))
def test_any_text_is_taken(text: str) -> None:
    sides = compared(text)
    assert sides is None or all(side.name and side.question for side in sides)
