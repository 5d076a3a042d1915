from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from genesis_rag.server.memory import give_back


def anonymous() -> int:
    """Bytes of memory of this process that no file stands behind."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library has no malloc_trim")
def test_what_was_freed_goes_back_to_the_system() -> None:
    blocks = [bytearray(3_000) for _ in range(40_000)]
    full = anonymous()
    kept = blocks[::1_000]  # hold the heap's end, which would be given back by itself
    del blocks
    before = anonymous()
    give_back()
    assert before > full - 30_000_000
    assert anonymous() < before - 60_000_000
    assert len(kept) == 40
