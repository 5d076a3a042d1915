"""Every test runs without the network, without the user's settings and away from the user's data."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tiny_milvus import fresh_name, milvus, milvus_uri
from tiny_models import bert_folder, embedding_gguf, model_server, model_servers, reranker_folder

__all__ = [
    "bert_folder",
    "embedding_gguf",
    "fresh_name",
    "milvus",
    "milvus_uri",
    "model_server",
    "model_servers",
    "reranker_folder",
]

# How many random cases a property is tried with; the Makefile chooses. Tests that need more or fewer take a multiple.
for _name, _examples in {"fast": 25, "full": 100}.items():
    settings.register_profile(
        _name, max_examples=_examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("full")

QUICK_PROFILE = "embedded-static"
"""Opens and indexes quickest; a test of the real default deletes GENESIS_PROFILE."""

KEPT = {"GENESIS_SHARED", "GENESIS_TEST_MILVUS"}


@pytest.fixture(scope="session")
def _data_homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that are not there yet, one a test; pytest's own take it time that grows with how many there are."""
    place = tmp_path_factory.mktemp("data-homes")
    return (place / str(number) for number in count())


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, _data_homes: Iterator[Path]) -> None:
    for name in [name for name in os.environ if name.startswith("GENESIS_") and name not in KEPT]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(next(_data_homes)))
    monkeypatch.setenv("GENESIS_PROFILE", QUICK_PROFILE)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuse connections to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])  # type: ignore[index]
            if host not in ("127.0.0.1", "::1", "localhost"):
                raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data that is not part of the project; tests that need it skip without."""
    place = os.environ.get("GENESIS_SHARED", "")
    if not place or not Path(place).is_dir():
        pytest.skip("GENESIS_SHARED does not name the folder of shared data")
    return Path(place)
