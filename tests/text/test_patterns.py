from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import genesis_rag.answering
import genesis_rag.text
from genesis_rag.text.patterns import _Lazy, lazy


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
    patterns = all_lazy()
    assert len(patterns) > 50
    for name, pattern in patterns:
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
