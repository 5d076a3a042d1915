"""Zip containers (docx, pptx, xlsx, epub): every part that is read was checked for its size, and no entity is expanded.

A zip file may be small and unpack to anything. So the directory is measured before it is parsed, the sizes that it
states are bounded (zipfile never reads more of a part than stated), and what is really read is counted.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from genesis_rag.documents.limits import LoadLimits, too_big
from genesis_rag.errors import UnreadableDocumentError

Element = Any
"""An lxml element."""

MAX_DIRECTORY = 16 * 2**20
"""Bytes of the directory of a zip file; 16 MiB name more than 100,000 parts."""
MAX_PARTS = 50_000
_RATIO_FROM = 4 * 2**20
"""Parts smaller than this may be packed as tightly as they like."""

_END, _END64 = b"PK\x05\x06", b"PK\x06\x06"
_DAMAGED = "It is damaged: a part of it cannot be unpacked."
_NEW_COPY = "Get a new copy, or open it in its program and save it anew."


def directory_is_sane(path: Path) -> bool:
    """Tell whether the directory of a zip file is small enough to be parsed."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 2**16 - 128))
        tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        return True  # not a zip file, which zipfile will say
    stated: int = struct.unpack_from("<L", tail, at + 12)[0]
    at64 = tail.rfind(_END64, 0, at)
    if at64 >= 0 and len(tail) >= at64 + 56:
        stated = max(stated % 0xFFFFFFFF, struct.unpack_from("<Q", tail, at64 + 40)[0])
    return stated <= MAX_DIRECTORY


class Container:
    """The parts of one zip file. Use as a context manager.

    Raises UnreadableDocumentError when the file is damaged, protected, or would unpack to more than the limits allow.
    """

    def __init__(self, path: Path, limits: LoadLimits) -> None:
        self._limits = limits
        self._read = 0
        if not directory_is_sane(path):
            raise too_big("its table of contents alone is larger than 16 MiB")
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
            raise UnreadableDocumentError("It is damaged: it cannot be unpacked.", _NEW_COPY) from None
        try:
            self._parts = self._checked()
        except UnreadableDocumentError:
            self._zip.close()
            raise

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        if len(infos) > MAX_PARTS:
            raise too_big(f"more than {MAX_PARTS:,} parts in one file")
        total = sum(info.file_size for info in infos)
        if total > self._limits.unpacked_bytes:
            raise too_big(f"it unpacks to {total / 2**20:,.0f} MiB")
        large = [info for info in infos if info.file_size > _RATIO_FROM]
        packed, unpacked = sum(info.compress_size for info in large), sum(info.file_size for info in large)
        if unpacked > self._limits.unpacked_ratio * max(1, packed):
            raise UnreadableDocumentError(
                f"It unpacks to {unpacked / max(1, packed):,.0f} times its size, as only zip bombs do.", "Remove it."
            )
        return {info.filename.lstrip("/"): info for info in infos}

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def names(self) -> list[str]:
        """Return the names of all parts in the order of the file."""
        return list(self._parts)

    def stream(self, name: str) -> IO[bytes]:
        """Open a part for reading; it gives no more bytes than were checked."""
        info = self._parts.get(name)
        if info is None:
            raise UnreadableDocumentError(f"It is damaged: the part {name[:80]} is missing.", _NEW_COPY)
        if info.flag_bits & 0x1:
            raise UnreadableDocumentError("It is protected with a password.", "Save it without a password.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableDocumentError("It is packed in a way that its format does not know.", _NEW_COPY)
        self._read += info.file_size
        if info.file_size > self._limits.part_bytes:
            raise too_big(f"its part {name[:80]} has {info.file_size / 2**20:,.0f} MiB")
        if self._read > self._limits.unpacked_bytes:
            raise too_big(f"reading it unpacks more than {self._limits.unpacked_bytes / 2**20:,.0f} MiB")
        try:
            return self._zip.open(info)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, RuntimeError, struct.error):
            raise UnreadableDocumentError(_DAMAGED, _NEW_COPY) from None

    def bytes(self, name: str) -> bytes:
        """Return a part."""
        import zlib

        with self.stream(name) as stream:
            try:
                return stream.read()
            except (zipfile.BadZipFile, zlib.error, EOFError):
                raise UnreadableDocumentError(_DAMAGED, _NEW_COPY) from None

    def xml(self, name: str) -> Element:
        """Return the root element of an XML part. Nothing is fetched, no entity is expanded."""
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        return etree.fromstring(self.bytes(name), parser)

    def elements(self, name: str, depth: int) -> Iterator[Element]:
        """Yield the elements at ``depth`` (0 is the root) of an XML part; each is freed when the next one comes."""
        from lxml import etree

        with self.stream(name) as stream:
            level = -1
            options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
            for event, element in etree.iterparse(stream, events=("start", "end"), **options):
                if event == "start":
                    level += 1
                    continue
                if level == depth:
                    yield element
                    parent = element.getparent()
                    element.clear()
                    while parent is not None and parent[0] is not element:
                        del parent[0]
                level -= 1


# --- Names and relationships of OOXML -----------------------------------------------------------------------------


def local(element: Element) -> str:
    """Return the name of an element without its namespace (OOXML has two sets of them), "" for comments."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """Return an attribute by its name without namespace, "" when it is not there."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def child(element: Element | None, *names: str) -> Element | None:
    """Return the first child of that name, of that the child of the next name, and so on."""
    for name in names:
        if element is None:
            return None
        element = next((inner for inner in element if local(inner) == name), None)
    return element


def is_on(element: Element | None) -> bool:
    """Return the value of a switch such as ``<w:vanish/>``: on when it is there and not said to be off."""
    return element is not None and attribute(element, "val").lower() not in ("0", "false", "off")


def relationships(container: Container, part: str) -> dict[str, tuple[str, str]]:
    """Return id -> (kind, part) of the inner relationships of a part; the kind is the last word of its type."""
    folder, name = posixpath.split(part)
    source = posixpath.join(folder, "_rels", name + ".rels")
    if source not in container:
        return {}
    found = {}
    for relation in container.xml(source):
        if local(relation) == "Relationship" and relation.get("TargetMode") != "External":
            target = resolved(part, relation.get("Target") or "")
            found[relation.get("Id") or ""] = ((relation.get("Type") or "").rpartition("/")[2], target)
    return found


def resolved(part: str, target: str) -> str:
    """Return the name of the part that ``target`` means when ``part`` names it."""
    target = unquote(target.partition("#")[0])
    path = target if target.startswith("/") else posixpath.join(posixpath.dirname(part), target)
    return posixpath.normpath(path).lstrip("/") if target else ""


def main_part(container: Container, fallback: str) -> str:
    """Return the name of the main part of an OOXML file."""
    for kind, target in relationships(container, "").values():
        if kind == "officeDocument" and target in container:
            return target
    return fallback


_CORE = {"creator": "author", "created": "date", "modified": "modified", "subject": "subject", "keywords": "keywords"}


def core_properties(container: Container) -> dict[str, str]:
    """Return title, author, date and the like as the file states them; dates as YYYY-MM-DD."""
    part = next((target for kind, target in relationships(container, "").values() if kind == "core-properties"), "")
    found: dict[str, str] = {}
    if part not in container:
        return found
    for element in container.xml(part):
        name, value = local(element), " ".join("".join(element.itertext()).split())
        if name in ("title", "language"):
            found[name] = value
        elif name in _CORE:
            found[_CORE[name]] = value[:10] if re.match(r"\d{4}-\d\d-\d\d", value) else value
    return found
