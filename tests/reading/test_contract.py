"""The Reader contract over every reader, and what the shipped one must know."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import genesis_rag
from genesis_rag.errors import ModelError, SettingsError
from genesis_rag.protocols import Reader, Reading
from genesis_rag.reading import ReaderOptions, ReadingReranker, open_reader

SHIPPED = Path(genesis_rag.__file__).parent / "embedded" / "small"
SUN = ("太陽", "太陽は太陽系の中心にある恒星である。地球からの平均距離は約1億4960万kmで、光で8分19秒かかる。")
TEA = ("Tea", "Tea was first drunk in China. The Portuguese brought it to Europe in the sixteenth century.")
WHALE = ("クジラ", "シロナガスクジラは体長30メートルに達し、現存する最大の動物とされる。主にオキアミを食べる。")
BRIDGE = ("Bridge", "The old bridge over the river was opened in 1894 and carries about 40,000 vehicles a day.")
ALL = [SUN, TEA, WHALE, BRIDGE]
ASKED = [
    ("シロナガスクジラは何を食べますか?", WHALE, "オキアミ"),
    ("太陽から地球まで光でどのくらいかかりますか?", SUN, "8分19秒"),
    ("Who brought tea to Europe?", TEA, "Portuguese"),
    ("When was the bridge opened?", BRIDGE, "1894"),
]


@pytest.fixture(scope="module", params=["onnx shipped"])
def reader(request: pytest.FixtureRequest) -> Reader:
    """Every reader of the contract suite."""
    return open_reader(request.param.split()[0], SHIPPED, ReaderOptions(file="reader.onnx"))


def answer(text: str, window: Reading) -> str:
    start, end = int(window.first.argmax()), int(window.last.argmax())
    return text[int(window.begins[start]) : int(window.ends[end])]


def test_windows_are_in_order_hold_the_whole_text_and_have_probabilities(reader: Reader) -> None:
    long = "".join(f"{number}番目の文は、それだけの文です。" for number in range(80))
    (windows,) = reader.read("何番目ですか?", [("", long)])
    assert len(windows) > 3
    assert (windows[0].start, windows[-1].end) == (0, len(long))
    for window in windows:
        assert window.start == window.begins[0]
        assert window.end == window.ends[-1]
        assert len(window.first) == len(window.last) == len(window.begins)
        assert window.first.sum() == pytest.approx(1.0, abs=1e-4)
        assert window.last.sum() == pytest.approx(1.0, abs=1e-4)


def test_a_result_depends_on_question_title_and_window_alone(reader: Reader) -> None:
    together = reader.read(ASKED[0][0], ALL)
    alone = [reader.read(ASKED[0][0], [one])[0] for one in ALL]
    assert [one[0].relevance for one in together] == [one[0].relevance for one in alone]


def test_texts_without_words_and_odd_ones_are_read(reader: Reader) -> None:
    for question, text in (("", ""), ("?", "   "), ("何?", "\ud800\U0001f600"), ("a" * 5000, "b" * 3000)):
        (windows,) = reader.read(question, [("", text)])
        assert len(windows) >= 1
        assert all(np.isfinite(window.relevance) for window in windows)


def test_no_texts(reader: Reader) -> None:
    assert reader.read("何?", []) == []


def test_threads_may_share_it(reader: Reader) -> None:
    wanted = [one[0].relevance for one in reader.read(ASKED[2][0], ALL)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: [one[0].relevance for one in reader.read(ASKED[2][0], ALL)], range(8)))
    assert found == [wanted] * 8


@pytest.mark.parametrize(("question", "right", "words"), ASKED)
def test_the_answering_text_is_most_relevant_and_its_words_are_pointed_at(
    reader: Reader, question: str, right: tuple[str, str], words: str
) -> None:
    found = [one[0].relevance for one in reader.read(question, ALL)]
    assert ALL[int(np.argmax(found))] == right
    assert sorted(found)[-1] > sorted(found)[-2] + 1.0
    (windows,) = reader.read(question, [right])
    assert words in answer(right[1], windows[0])


def test_as_a_reranker_it_takes_the_first_line_for_the_title(reader: Reader) -> None:
    reranker = ReadingReranker(reader)
    scores = reranker.score(ASKED[1][0], ["\n".join(one) for one in ALL])
    assert scores.dtype == np.float32
    assert scores.tolist() == [pytest.approx(one[0].relevance) for one in reader.read(ASKED[1][0], ALL)]
    assert reranker.fingerprint == reader.fingerprint


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model\.onnx"):
        open_reader("onnx", tmp_path)
    with pytest.raises(SettingsError, match="no reading backend 'paper'"):
        open_reader("paper", tmp_path)
    with pytest.raises(ModelError, match="not a reader"):
        open_reader("onnx", SHIPPED, ReaderOptions(file="embedder.onnx"))
