"""The columns that filters are answered from: they are those of the store, also after changes and after damage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesis_rag.index.columns import COLUMNS_NAME, Columns
from genesis_rag.index.doctor import doctor
from genesis_rag.index.manifest import DerivedManifest, record_files
from genesis_rag.types import SearchFilter


@pytest.fixture
def directory(tmp_path: Path, kit: Any) -> Path:
    kit.fill(tmp_path / "index", kit.document("en.txt", "The plan. " * 20), kit.document("ja.txt", "日本の計画。" * 20))
    return tmp_path / "index"


def rows(directory: Path) -> list[list[int]]:
    (place,) = directory.glob("derived/*")
    return Columns.load(place).table.T.tolist()


def test_a_change_keeps_the_rest(directory: Path, kit: Any) -> None:
    before = rows(directory)
    assert [row[1:] for row in before] == [[1, 1]] * 5 + [[2, 0]] * 3
    with kit.write(directory) as writer:
        writer.remove_source("en.txt")
        kit.put(writer, kit.document("new.txt", "A new one. " * 4))
        writer.commit()
        assert writer.repairs == ()
    number = before[-1][0]
    assert rows(directory) == [*before[5:], [number + 1, 3, 1], [number + 2, 3, 1]]


@pytest.mark.parametrize("content", [b"", b"no numpy file", b"flipped"])
def test_damaged_columns_are_made_anew(directory: Path, kit: Any, content: bytes) -> None:
    (path,) = directory.glob(f"derived/*/{COLUMNS_NAME}")
    data = bytearray(path.read_bytes())
    data[-8] ^= 1  # the language of the last chunk
    path.write_bytes(data if content == b"flipped" else content)
    with kit.read(directory) as index:
        assert len(index.repairs) == 1 and COLUMNS_NAME in index.repairs[0]
        ((found, _),) = index.search_dense(kit.vector("x")[None], 100, SearchFilter(language="ja"))
        assert len(found) == 3


def test_an_index_from_before_there_were_columns_gets_them(directory: Path, kit: Any) -> None:
    (place,) = directory.glob("derived/*")
    old = DerivedManifest.read(place)
    (place / COLUMNS_NAME).unlink()
    replace(old, files={name: one for name, one in old.files.items() if name != COLUMNS_NAME}).write(place)
    with kit.write(directory) as writer:
        kit.put(writer, kit.document("new.txt", "A new one. " * 4))
        writer.commit()
        assert len(writer.repairs) == 1 and COLUMNS_NAME in writer.repairs[0]
    assert len(rows(directory)) == 10
    with kit.read(directory) as index:
        assert index.repairs == ()


def test_the_doctor_compares_the_columns_with_the_store(directory: Path, kit: Any) -> None:
    (place,) = directory.glob("derived/*")
    table = np.array(Columns.load(place).table)
    table[2, 0] = 0  # another language, under sums that agree
    Columns(table).save(place)
    replace(DerivedManifest.read(place), files=record_files(place)).write(place)
    (finding,) = doctor(directory, kit.terms).findings
    assert finding.kind == "search files" and finding.repaired and COLUMNS_NAME in finding.what
    assert doctor(directory, kit.terms).findings == ()


def test_other_forms_of_a_table_are_refused(tmp_path: Path) -> None:
    for table in (np.zeros((3, 2), np.int32), np.zeros((2, 3), np.int64), np.zeros(3, np.int64)):
        np.save(tmp_path / COLUMNS_NAME, table)
        with pytest.raises(ValueError, match="holds"):
            Columns.load(tmp_path)
