"""The contract of every keyword index: BM25 as Lucene has it, for weighted terms of ours, in tantivy and in Milvus."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Rows = list[tuple[int, list[str]]]
Make = Callable[[Rows], Any]


def lucene_length(length: int) -> int:
    """Lengths from 40 on are kept to four significant bits above 24, as in Lucene's SmallFloat."""
    if length < 40:
        return length
    over = length - 24
    shift = over.bit_length() - 4
    return 24 + (over >> shift << shift)


def bm25(rows: Rows, query: Sequence[tuple[str, float]]) -> dict[int, float]:
    """Straight from the formula, in float64."""
    average = sum(len(terms) for _, terms in rows) / len(rows)
    found: dict[int, float] = {}
    for number, terms in rows:
        score = 0.0
        for term, weight in query:
            holding = sum(term in other for _, other in rows)
            idf = math.log(1 + (len(rows) - holding + 0.5) / (holding + 0.5))
            count = terms.count(term)
            norm = 1.2 * (0.25 + 0.75 * lucene_length(len(terms)) / average)
            score += weight * idf * count * 2.2 / (count + norm)
        if score > 0:
            found[number] = score
    return found


@pytest.fixture(params=["tantivy", pytest.param("milvus", marks=pytest.mark.slow)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    def in_tantivy(rows: Rows) -> Any:
        from genesis_rag.index.lexical import TantivyIndex

        TantivyIndex.build(tmp_path, rows)
        return TantivyIndex.open(tmp_path)

    def in_milvus(rows: Rows) -> Any:
        from genesis_rag.cluster.searching import MilvusLexicalIndex

        milvus, name = request.getfixturevalue("milvus"), request.getfixturevalue("fresh_name")
        return MilvusLexicalIndex.build(milvus, name, rows)

    return in_milvus if request.param == "milvus" else in_tantivy


def library(number: int, seed: int = 0) -> Rows:
    """Rows of 0 to 150 terms, few of them frequent; some hold signs that engines give a meaning to."""
    words = [
        "日本",
        "本の",
        "投資",
        "quantum",
        "c++",
        'a"b',
        "x y",
        "%_",
        "５億",
        "𠮷野",
        *(f"w{n}" for n in range(60)),
    ]
    random = np.random.default_rng(seed)
    shares = 1 / np.arange(1, len(words) + 1)
    return [
        (
            7 * n + 2**40,
            [words[i] for i in random.choice(len(words), size=random.integers(0, 150), p=shares / shares.sum())],
        )
        for n in range(number)
    ]


QUERIES = (
    [("日本", 1.0)],
    [("日本", 1.0), ("w3", 0.5), ("quantum", 0.25)],
    [("x y", 1.0), ('a"b', 1.0), ("%_", 2.0)],
    [("w59", 1.0), ("w58", 1.0), ("unknown", 9.0)],
    [("日本", 0.5), ("日本", 0.5), ("投資", 0.0)],
)


def test_scores_are_those_of_the_formula(make: Make) -> None:
    rows = library(120)
    index = make(rows)
    assert len(index) == 120
    for query in QUERIES:
        model = bm25(rows, query)
        ids, scores = index.search(query, 500)
        assert ids.dtype == np.int64 and scores.dtype == np.float32
        assert set(ids.tolist()) == set(model)
        np.testing.assert_allclose(scores, [model[number] for number in ids.tolist()], rtol=2e-5)
        assert np.all(np.diff(scores) <= 0)
        best = sorted(model, key=lambda number: (-model[number], number))[:5]
        found, _ = index.search(query, 5)
        np.testing.assert_allclose([model[n] for n in found.tolist()], [model[n] for n in best], rtol=2e-5)


def test_only_allowed_rows_are_found(make: Make) -> None:
    rows = library(120)
    index, model = make(rows), bm25(rows, [("日本", 1.0)])
    some = [number for number, _ in rows[::3]]
    ids, _ = index.search([("日本", 1.0)], 500, np.array([*some, 5, -1]))
    assert set(ids.tolist()) == set(model) & set(some) and len(ids) > 5
    assert index.search([("日本", 1.0)], 5, np.empty(0, np.int64))[0].size == 0


@pytest.mark.parametrize("k", [1, 4, 9, 40])
def test_ties_go_by_rising_id_across_the_border_of_k(make: Make, k: int) -> None:
    numbers = [31, 5, 17, 99, 1, 64, 28, 90, 2]
    index = make([*((number, ["same", "words"]) for number in numbers), (7, ["other"])])
    ids, scores = index.search([("same", 1.0)], k)
    assert ids.tolist() == sorted(numbers)[:k] and len(set(scores.tolist())) == 1


def test_nothing_comes_for_nothing(make: Make) -> None:
    index = make(library(30))
    for query, k in (([], 5), ([("日本", 0.0)], 5), ([("unknown", 1.0)], 5), ([("日本", 1.0)], 0)):
        ids, scores = index.search(query, k)
        assert ids.size == 0 == scores.size


def test_it_tells_how_many_rows_hold_a_term(make: Make) -> None:
    rows = library(60)
    index = make(rows)
    for term in ("日本", "x y", "w40", "unknown"):
        assert index.document_frequency(term) == sum(term in terms for _, terms in rows)


@pytest.mark.parametrize("k", [1, 10, 700])
@pytest.mark.parametrize("allowed", [[], [5], [3, 77, 401, 999], list(range(0, 1000, 13))])
def test_a_narrow_filter_gives_what_a_look_through_all_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: list[int], k: int
) -> None:
    from genesis_rag.index import lexical

    lexical.TantivyIndex.build(tmp_path, library(1000))
    index, query = lexical.TantivyIndex.open(tmp_path), [("w1", 1.0), ("日本", 2.0), ("w7", 0.5)]
    wanted = 7 * np.array(allowed, dtype=np.int64) + 2**40
    ids, scores = index.search(query, k, wanted)
    monkeypatch.setattr(lexical, "NARROW", -1)
    others, again = index.search(query, k, wanted)
    assert ids.tolist() == others.tolist() and scores.tobytes() == again.tobytes()
    assert len(ids) or len(allowed) < 5


@pytest.mark.parametrize("k", [1, 10, 700])
@pytest.mark.parametrize("groups", [(["even"],), (["d1", "d 2", "d 3"],), (["odd"], ["d1", "d 2"]), (["none"],)])
def test_labels_give_what_their_rows_give(tmp_path: Path, groups: tuple[list[str], ...], k: int) -> None:
    from genesis_rag.index.lexical import TantivyIndex

    rows = [
        (number, terms, (("even", "odd")[place % 2], f"d{place % 5}" if place % 5 < 2 else f"d {place % 5}"))
        for place, (number, terms) in enumerate(library(1000))
    ]
    TantivyIndex.build(tmp_path, rows)
    index, query = TantivyIndex.open(tmp_path), [("w1", 1.0), ("日本", 2.0), ("w7", 0.5)]
    passing = [number for number, _, labels in rows if all(set(labels) & set(group) for group in groups)]
    wanted = np.array(passing, dtype=np.int64)
    ids, scores = index.search(query, k, wanted, groups)
    others, again = index.search(query, k, wanted)
    assert ids.tolist() == others.tolist() and scores.tobytes() == again.tobytes()
    assert bool(len(ids)) == (groups != (["none"],))


def test_an_added_row_replaces_the_one_with_its_id(tmp_path: Path) -> None:
    from genesis_rag.index.lexical import TantivyIndex

    TantivyIndex.build(tmp_path, [(1, ["old"], ["en"]), (2, ["gone"], ["en"]), (3, ["kept"], ["en"])])
    TantivyIndex.update(tmp_path, [2], [(1, ["new"], ["ja"]), (4, ["more"], ["ja"])])
    index = TantivyIndex.open(tmp_path)
    query = [(term, 1.0) for term in ("old", "new", "gone", "kept", "more")]
    assert len(index) == 3 and sorted(index.search(query, 9)[0].tolist()) == [1, 3, 4]
    assert index.search(query, 9, np.array([1, 4]), [["ja"]])[0].tolist() == [1, 4]


@pytest.mark.slow
def test_building_takes_no_memory_for_each_row(tmp_path: Path) -> None:
    """A deletion ordered for every row would be kept until the commit: measured, 0.8 GB for a million."""
    measure = (
        "import sys, pathlib; from genesis_rag.index.lexical import TantivyIndex\n"
        "TantivyIndex.build(pathlib.Path(sys.argv[1]), ((n, ('one', 'two')) for n in range(int(sys.argv[2]))))\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    peaks = []
    for count in (100, 200_000):
        (place := tmp_path / str(count)).mkdir()
        told = subprocess.run([sys.executable, "-c", measure, place, str(count)], capture_output=True, check=True)
        peaks.append(int(told.stdout))
    assert peaks[1] - peaks[0] < 100_000  # kB; the engine's own heap is 64 MB
