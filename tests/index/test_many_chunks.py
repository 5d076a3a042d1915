"""An index of many chunks: its vectors are coded, and everything else goes on as before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesis_rag.index import checks, filling
from genesis_rag.types import SearchFilter


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "CODED_FROM", 10)


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.glob("derived/*/vectors.*")}


@pytest.mark.usefixtures("many")
def test_kinds_change_with_the_number_of_chunks(tmp_path: Path, kit: Any) -> None:
    texts = {"small.txt": "One short line. " * 5}
    directory = tmp_path / "index"
    kit.fill(directory, kit.document("small.txt", texts["small.txt"]))
    assert names(directory) == {"vectors.faiss"}
    texts |= {f"{n}.txt": f"Text number {n} of some. " * 20 for n in range(3)}
    with kit.write(directory) as writer:
        for source in list(texts)[1:]:
            kit.put(writer, kit.document(source, texts[source]))
        writer.commit()
    assert names(directory) == {"vectors.codes"}
    with kit.read(directory) as index:
        assert index.repairs == ()
        numbers = sorted(number for info in index.documents() for number in _numbers(index, info.id))
        ((found, scores),) = index.search_dense(kit.vector("x")[None], 100)
        assert sorted(found.tolist()) == numbers and (np.diff(scores) <= 0).all()
        wanted = SearchFilter(source_glob="1.txt")
        ((inside, _),) = index.search_dense(kit.vector("x")[None], 100, wanted)
        assert sorted(inside.tolist()) == sorted(_numbers(index, index.find_document("1.txt")))
        cosines = index.cosines(kit.vector("x"), numbers)
        stored = index.vectors_of(numbers)
        assert all(cosines[n] == pytest.approx(float(stored[n] @ kit.vector("x")), abs=0.01) for n in numbers)
    with kit.write(directory) as writer:
        for source in ("0.txt", "1.txt", "2.txt"):
            writer.remove_source(source)
        writer.commit()
    assert names(directory) == {"vectors.faiss"}


@pytest.mark.usefixtures("many")
def test_a_change_of_coded_vectors_keeps_the_rest(tmp_path: Path, kit: Any) -> None:
    directory = tmp_path / "index"
    texts = {f"{n}.txt": f"Text number {n} of some. " * 20 for n in range(3)}
    kit.fill(directory, *(kit.document(source, text) for source, text in texts.items()))
    with kit.write(directory) as writer:
        writer.remove_source("0.txt")
        kit.put(writer, kit.document("new.txt", "A new text came. " * 20))
        writer.commit()
        assert writer.repairs == ()
    with kit.read(directory) as index:
        (place,) = directory.glob("derived/*")
        state = index._states.current
        assert checks.derived_faults(place, state.snapshot, state.published, kit.terms) == ""
        assert {info.source for info in index.documents()} == {"1.txt", "2.txt", "new.txt"}


@pytest.mark.usefixtures("many")
def test_damaged_codes_are_made_anew(tmp_path: Path, kit: Any) -> None:
    directory = tmp_path / "index"
    kit.fill(directory, *(kit.document(f"{n}.txt", f"Text number {n} of some. " * 20) for n in range(3)))
    (path,) = directory.glob("derived/*/vectors.codes")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with kit.read(directory) as index:
        assert len(index.repairs) == 1 and "vectors.codes has another checksum" in index.repairs[0]
        ((found, _),) = index.search_dense(kit.vector("x")[None], 100)
        assert len(found) == index.chunk_count
    with kit.read(directory) as index:
        assert index.repairs == ()


def _numbers(index: Any, document_id: str) -> list[int]:
    (info,) = (one for one in index.documents() if one.id == document_id)
    return [number for number, _ in index.chunk_ids_at(document_id, range(info.chunk_count)).values()]
