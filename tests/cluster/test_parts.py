"""The parts of a cluster that need no cluster: addresses, texts, weights, filters, rows."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genesis_rag.cluster import ClusterAddress, parse_address
from genesis_rag.cluster.filters import like, naming
from genesis_rag.cluster.lease import SECONDS, Lease
from genesis_rag.cluster.rows import source_lines
from genesis_rag.cluster.texts import Texts, text_data, text_from
from genesis_rag.cluster.weights import LENGTHS, Statistics, chunk_weights, dimension, exact_scores
from genesis_rag.errors import IndexDamagedError, IndexLockedError, SettingsError
from genesis_rag.settings import Settings
from genesis_rag.types import Document, Section

ADDRESSES = {
    "milvus://db:19530/papers?texts=s3://b/p": ClusterAddress("http://db:19530", "papers", "s3://b/p", "HNSW"),
    "milvus+tls://db/papers?texts=/srv/t&dense=DISKANN": ClusterAddress(
        "https://db:19530", "papers", "/srv/t", "DISKANN"
    ),
    "milvus:/srv/a.db": ClusterAddress("/srv/a.db", "genesis", "/srv/a.db-texts", "FLAT"),
    "milvus:/srv/a.db?texts=memory://t&dense=HNSW": ClusterAddress("/srv/a.db", "genesis", "memory://t", "HNSW"),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_taken_apart(address: str) -> None:
    assert parse_address(address) == ADDRESSES[address]
    settings = Settings(home=Path("/home"), index=address)
    assert settings.is_cluster and settings.index_dir.parent == Path("/home/clusters")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("milvus://db:19530/papers", "where the texts"),
        ("milvus://db:19530/?texts=/t", "not an address"),
        ("milvus://db:19530/pa-pers?texts=/t", "not an address"),
        ("milvus://me:secret@db/papers?texts=/t", "not an address"),
        ("milvus://db/papers?texts=/t&text=/u", "not an address"),
        ("milvus://db/papers?texts=/t&dense=BEST", "no index 'BEST'"),
        ("milvus:/srv/a", "not an address"),
        ("milvus+tls:/srv/a.db", "not an address"),
    ],
)
def test_a_wrong_address_is_told(address: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as error:
        parse_address(address)
    assert error.value.hint


def test_a_folder_is_an_index_too() -> None:
    home = Path("/home")
    assert Settings(home=home).index_dir == home / "index" and not Settings(home=home).is_cluster
    assert Settings(home=home, index="/data/index").index_dir == Path("/data/index")
    assert not Settings(home=home, index="/data/milvus").is_cluster


@pytest.fixture(params=["folder", "memory"])
def texts(request: pytest.FixtureRequest, tmp_path: Path) -> Texts:
    pytest.importorskip("fsspec")
    return Texts(str(tmp_path / "texts") if request.param == "folder" else f"memory://{tmp_path.name}")


def test_texts_come_back_byte_for_byte(texts: Texts) -> None:
    data = "日本\r\n\x00𠮷".encode() * 5000
    key = texts.put(data)
    assert texts.get(key) == data and texts.put(data) == key
    assert len(texts._does("cat_file", texts._place(key))) < len(data) / 20


@pytest.mark.parametrize("damage", ["other", "cut", "rubbish", "gone"])
def test_a_text_that_is_not_what_was_stored_is_never_given(texts: Texts, damage: str) -> None:
    key = texts.put(b"The mission began in 2025.")
    place = texts._place(key)
    stored = texts._does("cat_file", place)
    changed = {"other": zlib.compress(b"The mission began in 2026."), "cut": stored[:-3], "rubbish": b"\x00" * 40}
    if damage == "gone":
        texts.remove_named(place)
    else:
        texts._does("pipe_file", place, changed[damage])
    with pytest.raises(IndexDamagedError, match="gone" if damage == "gone" else "damaged"):
        texts.get(key)


def test_named_files_are_replaced(texts: Texts) -> None:
    assert texts.read_named("a.json") is None
    for data in (b"one", b"two"):
        texts.write_named("a.json", data)
        assert texts.read_named("a.json") == data
    texts.remove_named("a.json")
    texts.remove_named("a.json")
    assert texts.read_named("a.json") is None


def test_an_unknown_kind_of_address_is_told() -> None:
    with pytest.raises(SettingsError, match="cannot be used"):
        Texts("nothing://bucket")


@given(text=st.text(alphabet="aあ\ud800\n é𠮷", max_size=40))
def test_any_text_and_its_sections_come_back(text: str) -> None:
    sections = (Section(("見出し", "b"), 0, len(text), 3, "table"), Section((), len(text), len(text)))
    document = Document("1" * 16, "s", "t", text, "ja", "0" * 64, sections)
    assert text_from(text_data(document)) == (text, sections)
    assert text_data(document) == text_data(document)


def test_lengths_are_those_of_lucene() -> None:
    assert LENGTHS[:46].tolist() == [*range(40), 40, 42, 44, 46, 48, 50]
    assert (len(LENGTHS) == 256 and LENGTHS[54:58].tolist() == [84, 88, 96, 104]) or np.all(np.diff(LENGTHS) > 0)
    assert LENGTHS[-1] == 24 + (15 << 27)


@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=5).filter(any),
    more=st.integers(0, 300),
    pivot=st.floats(1, 500),
    average=st.floats(1, 500),
)
def test_exact_scores_do_not_depend_on_the_pivot(counts: list[int], more: int, pivot: float, average: float) -> None:
    terms = [f"t{i}" for i, count in enumerate(counts) for _ in range(count)] + ["x"] * more
    query = {dimension(f"t{i}"): 0.5 + i for i in range(len(counts))}
    stored = {key: float(np.float32(weight)) for key, weight in chunk_weights(terms, pivot).items()}
    (score,) = exact_scores(query, [(stored, len(terms))], pivot, average)
    (expected,) = exact_scores(query, [(chunk_weights(terms, average), len(terms))], average, average)
    plain = sum(query[key] * weight for key, weight in chunk_weights(terms, average).items() if key in query)
    assert score == pytest.approx(expected, rel=1e-6) == pytest.approx(plain, rel=1e-6)


def test_a_chunk_without_terms_has_a_weight_that_no_query_meets() -> None:
    (key,) = chunk_weights([], 100.0)
    assert key == 0 and all(dimension(f"t{i}") > 0 for i in range(1000))


@given(
    steps=st.lists(st.tuples(st.lists(st.integers(1, 9)), st.booleans()), max_size=6),
)
def test_statistics_follow_what_comes_and_goes(steps: list[tuple[list[int], bool]]) -> None:
    statistics, model = Statistics.none(), Counter[int]()
    for keys, adds in steps:
        change = Counter(keys if adds else [key for key in set(keys) if model[key] > 0])
        statistics = statistics.changed(change if adds else Counter(), Counter() if adds else change)
        model.update(change) if adds else model.subtract(change)
        statistics = Statistics.from_bytes(statistics.to_bytes())
    kept = {key: count for key, count in model.items() if count > 0}
    assert dict(zip(statistics.dimensions.tolist(), statistics.counts.tolist(), strict=True)) == kept


def like_matches(pattern: str, text: str) -> bool:
    """What ``like`` of Milvus means."""
    parts = [".*" if sign == "%" else "." if sign == "_" else re.escape(sign) for sign in pattern]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


GLOBS = st.text(alphabet="ab*?[]!-/.%_\\\"'é日 ", max_size=12)


@given(
    glob=GLOBS, source=st.text(alphabet="ab/.%_\\\"'é日 []!-", max_size=10), others=st.lists(st.just("zz"), max_size=2)
)
@example(glob="[!e]*", source="ja.txt", others=[])
@example(glob="[]]", source="]", others=[])
@example(glob="a[]/", source="a[]/", others=[])
@example(glob="[!]", source="[!]", others=[])
def test_a_glob_in_milvus_lets_through_whatever_it_should(glob: str, source: str, others: list[str]) -> None:
    pattern = like(glob)
    assert all(sign.isalnum() or sign in "/.-% _" for sign in pattern), "nothing with a meaning is in an expression"
    if fnmatchcase(source, glob):
        assert like_matches(f"%_{pattern}_%", source_lines([*others, source, *others]))


def test_japanese_names_are_told_apart_in_milvus() -> None:
    assert (
        like("報告書/令和*（案）.pdf") == "報告書/令和%_案_.pdf"
        and naming("報告書.pdf") == 'sources like "%_報告書.pdf_%"'
    )


@given(source=st.text(max_size=12).filter(lambda s: "\n" not in s))
def test_a_source_is_found_by_its_name_whatever_is_in_it(source: str) -> None:
    pattern = re.fullmatch(r'sources like "(.*)"', naming(source))
    assert pattern and like_matches(pattern[1], source_lines(["x", source]))


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_has_one_holder(texts: Texts) -> None:
    clock = Clock()
    with Lease(texts, "a.lock", clock) as lease:
        with pytest.raises(IndexLockedError, match="being written to by process"), Lease(texts, "a.lock", clock):
            pass
        with Lease(texts, "b.lock", clock):
            lease.require()
    with Lease(texts, "a.lock", clock):
        pass
    assert texts.read_named("a.lock") is None


def test_a_lease_that_is_renewed_does_not_end(texts: Texts) -> None:
    clock = Clock()
    with Lease(texts, "a.lock", clock) as lease:
        for _ in range(10):
            clock.now += SECONDS / 2
            lease.renew()
            with pytest.raises(IndexLockedError), Lease(texts, "a.lock", clock):
                pass


def test_who_was_silent_for_too_long_loses_the_lease_and_learns_it(texts: Texts) -> None:
    clock = Clock()
    with Lease(texts, "a.lock", clock) as old:
        clock.now += SECONDS + 1
        with Lease(texts, "a.lock", clock) as new:
            for look in (old.renew, old.require):
                with pytest.raises(IndexLockedError, match="taken over"):
                    look()
            new.require()
    assert texts.read_named("a.lock") is None


@pytest.mark.parametrize(("key", "value"), [("pid", 2**22 + 1), ("process", "before this container was started anew")])
def test_a_lease_of_a_process_that_ended_is_free(texts: Texts, key: str, value: object) -> None:
    with Lease(texts, "a.lock"):
        held = json.loads(texts.read_named("a.lock") or b"")
        texts.write_named("a.lock", json.dumps({**held, key: value}).encode())
        with Lease(texts, "a.lock") as lease:
            lease.require()


def test_a_lease_of_another_machine_is_waited_for(texts: Texts) -> None:
    with Lease(texts, "a.lock"):
        held = json.loads(texts.read_named("a.lock") or b"")
        texts.write_named("a.lock", json.dumps({**held, "host": "elsewhere", "pid": 2**22 + 1}).encode())
        with pytest.raises(IndexLockedError, match="on elsewhere"), Lease(texts, "a.lock"):
            pass


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}"])
def test_a_lease_that_cannot_be_read_is_free(texts: Texts, data: bytes) -> None:
    texts.write_named("a.lock", data)
    with Lease(texts, "a.lock") as lease:
        lease.require()
