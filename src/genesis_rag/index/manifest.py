"""What an index was filled with, and what its derived files must look like."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import asdict
from pathlib import Path

from genesis_rag.errors import IndexMismatchError
from genesis_rag.index import durable
from genesis_rag.values import dataclass

MANIFEST_NAME = "manifest.json"
EDGE_BYTES = 4096
"""The beginning and end of a file that are checked whenever it is opened: headers and tails of the formats used."""

_PARTS = {
    "embedder": "embedding model",
    "dim": "vector length",
    "chunker": "chunker",
    "analyser": "term analyser",
}


@dataclass(frozen=True, slots=True)
class IndexIdentity:
    """What filled an index. Two indexes with equal identities hold comparable vectors, chunks and terms."""

    embedder: str
    dim: int
    chunker: str
    analyser: str

    def to_json(self) -> str:
        """Return the identity as JSON, the same string for the same identity."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    def fingerprint(self, content: str) -> str:
        """Return a hash of this identity and of a store's content hash."""
        return hashlib.sha256(f"{self.to_json()}\n{content}".encode()).hexdigest()[:16]

    @classmethod
    def from_json(cls, text: str) -> IndexIdentity:
        """Read what ``to_json`` wrote."""
        return cls(**json.loads(text))


def require_same(stored: IndexIdentity, expected: IndexIdentity) -> None:
    """Refuse to read or write an index with other tools than those that filled it.

    Raises:
        IndexMismatchError: says which parts differ and what to run.
    """
    differing = [name for name in _PARTS if getattr(stored, name) != getattr(expected, name)]
    if not differing:
        return
    told = "; ".join(
        f"{_PARTS[name]}: index {getattr(stored, name)!r}, now {getattr(expected, name)!r}" for name in differing
    )
    raise IndexMismatchError(
        f"The index was filled with other settings ({told}).",
        "Fill it anew: genesis-rag index --rebuild PATH… — or go back to the profile it was made with (--profile).",
    )


@dataclass(frozen=True, slots=True)
class FileRecord:
    """Size and checksums of one derived file; ``edges`` is a CRC-32 of its first and last 4 KiB."""

    size: int
    edges: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DerivedManifest:
    """What a derived directory holds. File names are POSIX paths relative to it."""

    generation: int
    rows: int
    dim: int
    analyser: str
    files: dict[str, FileRecord]

    def write(self, directory: Path) -> None:
        """Write the manifest into ``directory`` (which is published whole, see ``durable``)."""
        data = json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False)
        durable.write_file(directory / MANIFEST_NAME, data.encode())

    @classmethod
    def read(cls, directory: Path) -> DerivedManifest:
        """Read the manifest of ``directory``.

        Raises:
            ValueError: it is missing or damaged.
        """
        try:
            values = json.loads((directory / MANIFEST_NAME).read_bytes())
            files = {name: FileRecord(**record) for name, record in values.pop("files").items()}
            return cls(files=files, **values)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{directory.name}/{MANIFEST_NAME} cannot be read: {error}") from error


def record_file(path: Path) -> FileRecord:
    """Measure one file, reading all of it."""
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileRecord(size=path.stat().st_size, edges=_edges(path), sha256=sha256)


def record_files(directory: Path, known: dict[str, FileRecord] | None = None) -> dict[str, FileRecord]:
    """Measure every file below ``directory`` but the manifest; ``known`` holds those measured before."""
    paths = (path for path in sorted(directory.rglob("*")) if path.is_file() and path.suffix != ".lock")
    names = (path.relative_to(directory).as_posix() for path in paths)
    return {name: (known or {}).get(name) or record_file(directory / name) for name in names if name != MANIFEST_NAME}


def differences(directory: Path, manifest: DerivedManifest, *, full: bool) -> list[str]:
    """Return in words how the files differ from the manifest: by size and edges, or with ``full`` by SHA-256 too."""
    found: list[str] = []
    for name, record in manifest.files.items():
        path = directory / name
        try:
            size = path.stat().st_size
            if size != record.size:
                found.append(f"{name} has {size} bytes instead of {record.size}")
            elif _edges(path) != record.edges or (full and record_file(path).sha256 != record.sha256):
                found.append(f"{name} has another checksum")
        except OSError as error:
            found.append(f"{name} cannot be read ({error.strerror})")
    return found


def _edges(path: Path) -> int:
    with path.open("rb") as stream:
        head = stream.read(EDGE_BYTES)
        stream.seek(max(0, path.stat().st_size - EDGE_BYTES))
        return zlib.crc32(stream.read(EDGE_BYTES), zlib.crc32(head))
