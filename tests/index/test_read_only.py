"""An index on a disk that cannot be written to: really mounted so, where the system lets us."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

Kit = Any

READ = """
import sys
from pathlib import Path
from genesis_rag.index import Index

with Index.open(Path(sys.argv[1]), None, lambda title, chunk: chunk.text.split()) as index:
    print(index.generation, index.chunk_count, len(index.repairs), index.refresh())
    print(*index.repairs, file=sys.stderr)
"""
MOUNTED = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && shift && exec "$@"'


def read_mounted(directory: Path) -> subprocess.CompletedProcess[str]:
    command = ["unshare", "--mount", "sh", "-c", MOUNTED, directory, "-", sys.executable, "-c", READ, directory]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(autouse=True)
def _can_mount() -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
        pytest.skip("read-only mounts need unshare and the right to use it")


def test_a_closed_index_is_read(filled: Path) -> None:
    told = read_mounted(filled)
    assert told.stdout.split() == ["1", "13", "0", "False"], told.stderr


def test_search_files_are_made_for_the_reader_only(filled: Path) -> None:
    shutil.rmtree(filled / "derived")
    told = read_mounted(filled)
    assert told.stdout.split() == ["1", "13", "1", "False"], told.stderr


def test_changes_that_wait_are_not_ignored(filled: Path, tmp_path: Path, kit: Kit) -> None:
    """A writer that died without closing left changes beside the store; the helper file went with the reboot."""
    with kit.write(filled) as writer:
        kit.put(writer, kit.document("x", "more"))
        writer.commit()
        shutil.copytree(filled, tmp_path / "died")
    (tmp_path / "died" / "store.sqlite-shm").unlink()
    told = read_mounted(tmp_path / "died")
    assert told.returncode != 0 and "not closed by its last writer" in told.stderr
    with kit.read(tmp_path / "died") as index:
        assert index.generation == 2 and index.repairs == ()
