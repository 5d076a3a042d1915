"""`/ready` asks Milvus too."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_rag.errors import BackendError
from genesis_rag.protocols import Remote


@pytest.mark.slow
def test_a_reader_tells_whether_milvus_answers(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymilvus import MilvusException

    with place.write() as writer:
        place.put(writer, "a.md", "some words")
        writer.commit()
    reader = place.read()
    assert isinstance(reader, Remote)
    reader.require_healthy()
    asked: list[float] = []

    def silent(timeout: float) -> None:
        asked.append(timeout)
        raise MilvusException(message="deadline exceeded")

    monkeypatch.setattr(reader._cluster.milvus.client, "list_collections", silent)
    with pytest.raises(BackendError, match="deadline exceeded"):
        reader.require_healthy()
    assert asked == [2.0]
