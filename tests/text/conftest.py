"""Random text of the kinds that documents hold: Japanese, English, emoji, combining marks, odd forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import strategies as st

PIECES = [
    "日本は5億ドルを投資する。",
    "２０２６年６月４日",
    "令和8年度",
    "「はい。」と述べた。",
    "（約１兆2,000億円）",
    "ｶﾞﾗｽ",
    "ﾊﾟｰﾄ",
    "㈱",
    "①②",
    "㍿",
    "㎞",
    "ＡＩ１２３",
    "葛\U000e0100城",
    "\ufa19社",
    "\U0002f800",
    "か\u3099き\u309a",
    "e\u0301a\u0308",
    "ﬁnd",
    "ß İ ſ",
    "👨\u200d👩\u200d👧 👍🏽 🇯🇵",
    "Dr. Gil met Mr. Smith at 3:30 p.m. in the U.S. on June 4, 2026.",
    "It cost $1.2 trillion, i.e. 5.5%.",
    "\n",
    "\n\n",
    "\t",
    " ",
    "\u3000",
    "- item\n",
    "・項目\n",
    "| a | b |\n",
    "# 見出し\n",
    "!?",
    "…",
    "\u200b",
    "\ufeff",
    "\u202e",
    "가\u11a8",
    "한국어",
    "שלום",
]


@pytest.fixture(scope="session")
def mixed() -> st.SearchStrategy[str]:
    """Random text; a test draws from it with ``data.draw(mixed)``."""
    return st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=12).map("".join)


@pytest.fixture(scope="session")
def fact_pairs(shared: Path) -> list[tuple[str, str]]:
    """The facts of the shared data as (Japanese, English)."""
    lines = (shared / "facts" / "facts.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [(row["fact_ja"], row["fact_en"]) for row in rows]


@pytest.fixture(scope="session")
def seed_text(shared: Path) -> str:
    (path,) = (shared / "seed").glob("*.txt")
    return path.read_text(encoding="utf-8")
