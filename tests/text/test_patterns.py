from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import genesis_rag.answering
import genesis_rag.text
from genesis_rag.text import patterns
from genesis_rag.text.patterns import Kept, _Lazy, assembled, lazy, taken_apart


def all_lazy() -> list[tuple[str, _Lazy]]:
    found = []
    for room in (genesis_rag.text, genesis_rag.answering):
        for info in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if info.name.endswith("terms_sudachi"):
                continue
            module = importlib.import_module(info.name)
            found += [
                (f"{info.name}.{name}", value) for name, value in vars(module).items() if isinstance(value, _Lazy)
            ]
    return found


def test_every_pattern_of_the_package_compiles() -> None:
    found = all_lazy()
    assert len(found) > 50
    for name, pattern in found:
        assert re.compile(pattern.pattern, pattern._flags), name


def test_a_lazy_pattern_does_what_a_compiled_one_does() -> None:
    real, ours = re.compile("(?P<n>[a-c])+", re.IGNORECASE), lazy("(?P<n>[a-c])+", re.IGNORECASE)
    text = "xxABCyybz"
    assert ours.pattern == real.pattern and ours.flags == real.flags and ours.groupindex == real.groupindex
    assert ours.search(text) is not None and ours.match(text) is None and ours.match(text, 2) is not None
    assert ours.findall(text) == real.findall(text) and ours.split(text) == real.split(text)
    assert ours.sub("-", text) == real.sub("-", text) == "xx-yy-z"
    assert [m.span() for m in ours.finditer(text)] == [(2, 5), (7, 8)]
    assert ours.fullmatch("abc") is not None


def test_a_wrong_pattern_fails_at_its_first_use() -> None:
    broken = lazy("(")
    with pytest.raises(re.error):
        broken.search("x")
    with pytest.raises(AttributeError):
        lazy("a").nothing_of_the_kind  # noqa: B018


def test_a_pattern_put_together_again_is_the_one_that_re_compiles() -> None:
    for name, pattern in all_lazy():
        real = re.compile(pattern.pattern, pattern._flags)
        ours = assembled(pattern.pattern, taken_apart(pattern.pattern, pattern._flags))
        assert ours == real, name  # the same flags, pattern and code
        assert ours.groups == real.groups and ours.groupindex == real.groupindex, name


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path / "kept.patterns"


def use(monkeypatch: pytest.MonkeyPatch, kept: Kept) -> re.Match[str] | None:
    monkeypatch.setattr(patterns, "_kept", lambda: kept)
    return lazy("(?P<kanji>[一-鿿]+)!", re.IGNORECASE).search("a 漢字!")


def test_what_one_process_compiled_the_next_does_not(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Kept(place)
    assert use(monkeypatch, first) is not None and len(first.new) == 1
    first.write()
    assert [path.name for path in place.parent.iterdir()] == [place.name]
    second = Kept(place)
    monkeypatch.setattr(patterns, "taken_apart", None)  # would fail
    match = use(monkeypatch, second)
    assert match is not None and match["kanji"] == "漢字" and match.re.flags == re.IGNORECASE | re.UNICODE
    assert not second.new


@pytest.mark.parametrize("damage", ["cut", "other", "code", "interpreter"])
def test_what_is_damaged_or_of_another_python_is_compiled_anew(
    place: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    kept = Kept(place)
    use(monkeypatch, kept)
    if damage == "code":
        ((key, parts),) = kept.new.items()
        kept.new[key] = (parts[0], parts[1][:8], *parts[2:])
    if damage == "interpreter":
        monkeypatch.setattr(patterns, "_interpreter", lambda: ("3.99", 4, "little"))
    kept.write()
    monkeypatch.undo()
    if damage == "cut":
        place.write_bytes(place.read_bytes()[:-9])
    if damage == "other":
        place.write_bytes(b"i\x01\x00\x00\x00")
    again = Kept(place)
    assert use(monkeypatch, again) is not None and len(again.new) == 1


def test_nothing_is_written_where_python_writes_no_byte_code(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(place)
    use(monkeypatch, kept)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    kept.write()
    assert not place.exists()
    unwritable = Kept(place / "no" / "folder")
    use(monkeypatch, unwritable)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    unwritable.write()
    assert not place.exists()


def test_another_inside_of_re_only_costs_time(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(patterns, "import_module", missing)
    kept = Kept(place)
    assert use(monkeypatch, kept) is not None and not kept.new
