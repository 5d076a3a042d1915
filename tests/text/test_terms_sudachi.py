"""Search terms by SudachiPy."""

from __future__ import annotations

import builtins
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_rag.errors import MissingExtraError
from genesis_rag.text.terms import Analyser, get_analyser


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    pytest.importorskip("sudachipy")
    return get_analyser("sudachi")


def test_the_id_names_the_versions(analyser: Analyser) -> None:
    from importlib.metadata import version

    assert analyser.id == f"sudachi-1-{version('sudachipy')}-core-{version('sudachidict-core')}"


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("sudachipy"):
            raise ImportError(name)
        return imported(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError) as error:
        get_analyser("sudachi")
    assert "[ja]" in error.value.hint


def test_long_units_and_their_parts(analyser: Analyser) -> None:
    terms = analyser.index_terms("国立研究所")
    assert {"国立研究所", "国立", "研究", "所"} <= set(terms)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("附属の施設", "付属の施設"),
        ("シュミレーション", "シミュレーション"),
        ("コンピュータ", "コンピューター"),
        ("打込む", "打ち込む"),
        ("ｽｰﾊﾟｰｺﾝﾋﾟｭｰﾀ", "スーパーコンピューター"),
        ("五億ドル", "500000000ドル"),
    ],
)
def test_normalised_forms(analyser: Analyser, one: str, other: str) -> None:
    asked = {term for term, weight in analyser.query_terms(one) if weight == 1.0}
    assert asked & set(analyser.index_terms(other)) or set(analyser.index_terms(one)) & set(analyser.index_terms(other))


def test_inflected_verbs_meet(analyser: Analyser) -> None:
    assert "食べる" in analyser.index_terms("食べられなかった") and "食べる" in analyser.index_terms("食べます")


def test_a_question_asks_for_its_content(analyser: Analyser) -> None:
    found = dict(analyser.query_terms("日本はジェネシス・ミッションにいくら投資しますか？"))
    assert found == {"日本": 1.0, "ジェネシス": 1.0, "ミッション": 1.0, "投資": 1.0}
    assert dict(analyser.query_terms("国立研究所"))["国立研究所"] == 0.5
    assert analyser.query_terms("これは何ですか")
    assert analyser.query_terms("") == []
    assert dict(analyser.query_terms("What is the Genesis Mission?")) == {"genesi": 1.0, "mission": 1.0}


def test_latin_words_and_numbers_as_by_the_bigram_analyser(analyser: Analyser) -> None:
    terms = set(analyser.index_terms("令和8年、GPT-4に5億ドルをinvesting。"))
    assert {"2026年", "8年", "gpt", "4", "gpt4", "5億", "invest", "ドル"} <= terms


def test_places(analyser: Analyser) -> None:
    text = "㈱のｽｰﾊﾟｰｺﾝﾋﾟｭｰﾀで投資"
    found = {(term.text, term.span.of(text)) for term in analyser.content_terms(text)}
    assert {("スーパーコンピューター", "ｽｰﾊﾟｰｺﾝﾋﾟｭｰﾀ"), ("投資", "投資")} <= found


def test_very_long_lines(analyser: Analyser) -> None:
    terms = analyser.index_terms("量子計算の研究" * 5000)
    assert terms.count("量子") > 4900


def test_threads_do_not_disturb_each_other(analyser: Analyser) -> None:
    texts = [f"第{n}回の国立研究所の投資計画を{n}人で決めた。" * 20 for n in range(8)]
    expected = [analyser.index_terms(text) for text in texts]
    found: list[list[str]] = [[] for _ in texts]

    def work(number: int) -> None:
        for _ in range(5):
            found[number] = analyser.index_terms(texts[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


@settings(max_examples=settings.default.max_examples // 2)
@given(data=st.data())
def test_query_terms_are_found_in_a_text_with_the_same_words(
    data: st.DataObject, mixed: Any, analyser: Analyser
) -> None:
    text = data.draw(mixed)
    asked = analyser.search_terms(text)
    assert all(0 < weight <= 1 for _, weight in asked)
    indexed = set(analyser.index_terms(text))
    assert {term for term, _ in asked} <= indexed
    content = analyser.content_terms(text)
    asked_words = {term for term, _ in analyser.query_terms(text)}
    assert asked_words <= {term.text for term in content} or not {term.text for term in content} & asked_words
    for term in content:
        assert 0 <= term.span.start < term.span.end <= len(text)
        assert term.text in indexed
