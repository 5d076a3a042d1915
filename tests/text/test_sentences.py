"""Sentence spans of Japanese and English: where they end, what stays whole, and that nothing is lost."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.text.sentences import sentence_spans


def cut(text: str) -> list[str]:
    return [span.of(text) for span in sentence_spans(text)]


@pytest.mark.parametrize(
    "marked",
    [
        # Japanese
        "日本は参加する。|米国も参加する。",
        "参加しますか？|はい！|そうです。",
        "参加する！？|本当に？！|はい。",
        "参加する｡|終わり｡",
        "彼は「参加する。必ずだ。」と述べた。|拍手が起きた。",
        "彼は『行く。』と言った。|彼女も行った。",
        "「参加する。」|「本当か。」",
        "日本（正式には日本国。略称は日本。）は参加する。|終わり。",
        "性能は1.353エクサフロップスだった。|2位である。",
        "GPT-4.5は速い。|安い。",
        "「モーニング娘。の新曲」が出た。|売れた。",
        "詳細は https://example.org/a.b?c=d を見よ。|以上。",
        "そうか…と思った。|次へ。",
        "終わった……。|次へ。",
        "DOEが発表した．|文科省も発表した．",
        "引用である。[1]|次の文。[2, 3]",
        "Yahoo!の検索を使う。|便利だ。",
        "第1に安全。|第2に速度。",
        # English
        "Japan joins. |The US joins too.",
        "Is it true? |Yes! |It is.",
        "Dr. Gil met Mr. Smith of the U.S. Department of Energy. |They talked.",
        "It costs $1.5 million, i.e. 5.5% of all. |That is much.",
        'He said "We join. We pay." |Then he left.',
        "He (who came at 3 p.m. sharp. Really.) signed it. |All left.",
        "See Fig. 3 and No. 8 on p. 12. |The rest is clear.",
        "The firm is Acme Inc. |The boss is J. K. Rowling.",
        "It was signed on Jan. 26 in Washington, D.C. by both sides. |Applause.",
        "Use e.g. FAISS or tantivy, etc. and others. |Good.",
        "Wait... |What now?",
        "wait... what now?",
        'She asked: "Why?" and left. |Nobody knew.',
        "Version 3.11.7 is out. |Python 3.12 is next.",
        "**Bold end.** |Next one.",
        "It ends here.[1] |The next begins.",
        "Visit example.com or www.example.org/x.html now. |Thanks.",
        # Both
        "日本語です。|This is English. |混ざります。",
        "AI for Science。|次。",
    ],
)
def test_ends(marked: str) -> None:
    text = marked.replace("|", "")
    assert cut(text) == [part.strip() for part in marked.split("|")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- 一つ目\n- 二つ目。続き。\n", ["- 一つ目", "- 二つ目。", "続き。"]),
        ("① バイオ\n② 量子\n", ["① バイオ", "② 量子"]),
        ("1. 先端製造と産業\n2. 建築物の建設\n", ["1. 先端製造と産業", "2. 建築物の建設"]),
        ("1. First item\n2. Second item. More.\n", ["1. First item", "2. Second item.", "More."]),
        ("・項目甲\n・項目乙", ["・項目甲", "・項目乙"]),
        ("# 見出し\n本文です。", ["# 見出し", "本文です。"]),
        ("【概要】\n日本は参加する。", ["【概要】", "日本は参加する。"]),
        ("| a. b | c |\n| d | e |", ["| a. b | c |", "| d | e |"]),
        ("2026年 6月\n\n文部科学省研究振興局\n\n2026年", ["2026年 6月", "文部科学省研究振興局", "2026年"]),
        ("公表内容\n日本は参加国となる。", ["公表内容", "日本は参加国となる。"]),
        ("AIを活用した研究を\n推進する。次。", ["AIを活用した研究を\n推進する。", "次。"]),
        (
            "The two countries will work with\neach other. Next.",
            ["The two countries will work with\neach other.", "Next."],
        ),
        ("", []),
        (" \n\t\n", []),
        ("。", ["。"]),
        ("\n\nはい。\n", ["はい。"]),
    ],
)
def test_lines(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_an_open_bracket_does_not_swallow_the_text() -> None:
    text = "「始まりだけがある。" + "文がある。" * 100
    assert len(cut(text)) > 90


def test_a_long_bracket_is_cut_inside() -> None:
    text = "（" + "文がある。" * 100 + "）"
    assert len(cut(text)) > 50


@given(data=st.data())
def test_spans_are_ordered_disjoint_trimmed_and_cover_everything(data: st.DataObject, mixed: Any) -> None:
    text = data.draw(mixed)
    spans = sentence_spans(text)
    end = 0
    for span in spans:
        assert end <= span.start < span.end <= len(text)
        assert not text[end : span.start].strip()
        assert span.of(text) == span.of(text).strip()
        end = span.end
    assert not text[end:].strip()


@given(st.text(alphabet="。！？!?.「」『』()（）\"'” \nAaあ亜1-・…*[]|#", max_size=60))
def test_the_same_for_text_of_signs_alone(text: str) -> None:
    spans = sentence_spans(text)
    joined = "".join("".join(span.of(text).split()) for span in spans)
    assert joined == "".join(text.split())
    assert all(a.end <= b.start for a, b in pairwise(spans))


@given(st.lists(st.sampled_from(["日本は参加する。", "本当ですか？", "It works.", "5億ドルである。"]), max_size=8))
def test_sentences_on_lines_of_their_own(parts: list[str]) -> None:
    assert cut("\n".join(parts)) == parts


@pytest.mark.parametrize(
    "piece", ["「", "」", "(", "a.", "。", "!?", '"', "「。", "1. ", "- a\n", "www.", "a. B", "| ", "\n", "…", "*"]
)
def test_time_grows_with_length_only(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        start = time.process_time()
        sentence_spans(text)
        return time.process_time() - start

    seconds(1000)
    # Six times the length: about six times the time; a square would be 36.
    short = min(seconds(2000) for _ in range(2))
    assert seconds(12_000) < 18 * short + 0.05 or seconds(12_000) < 18 * short + 0.05


def test_the_seed_document(seed_text: str) -> None:
    spans = sentence_spans(seed_text)
    texts = [span.of(seed_text) for span in spans]
    assert "1. 先端製造と産業生産性の再構築" in texts
    assert any(text.startswith("- 2026年6月4日（現地時間）、") and text.endswith("を行った。") for text in texts)
    assert max(map(len, texts)) < 400


def test_facts_of_one_sentence_are_one_sentence(fact_pairs: list[tuple[str, str]]) -> None:
    japanese = [text for text, _ in fact_pairs if text.count("。") == 1 and text.endswith("。") and "！" not in text]
    assert len(japanese) > 300
    assert [text for text in japanese if len(sentence_spans(text)) != 1] == []
    english = [text for _, text in fact_pairs if text.endswith(".") and ". " not in text]
    assert len(english) > 300
    assert [text for text in english if len(sentence_spans(text)) != 1] == []
