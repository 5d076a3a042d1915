"""Milvus for tests: Milvus Lite in this process, or the cluster that GENESIS_TEST_MILVUS names (its URL)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

PREFIX = "genesis_test_"


@pytest.fixture(scope="session")
def milvus_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Milvus is; what tests made there is removed at the end."""
    pytest.importorskip("pymilvus")
    from genesis_rag.cluster.milvus import Milvus

    cluster = os.environ.get("GENESIS_TEST_MILVUS", "")
    yield cluster or str(tmp_path_factory.mktemp("milvus") / "lite.db")
    if cluster:
        milvus = Milvus(cluster)
        for alias in milvus.client.list_aliases().get("aliases", []):
            if alias.startswith(PREFIX):
                milvus.drop_alias(alias)
        for name in milvus.names():
            if name.startswith(PREFIX):
                milvus.drop(name)
        milvus.close()


@pytest.fixture(scope="session")
def milvus(milvus_uri: str) -> Iterator[Any]:
    """A connection."""
    from genesis_rag.cluster.milvus import Milvus

    connection = Milvus(milvus_uri)
    yield connection
    connection.close()


@pytest.fixture
def fresh_name() -> str:
    """A name that no collection has."""
    return PREFIX + os.urandom(6).hex()
