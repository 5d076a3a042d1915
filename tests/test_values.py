"""The cheap frozen dataclasses do what those of ``dataclasses`` do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from typing import Any

import pytest

from genesis_rag.values import dataclass as cheap


class Written:
    """A class as it is written in the package."""

    name: str
    count: int = 1
    tags: tuple[str, ...] = dataclasses.field(default_factory=tuple)
    secret: str = dataclasses.field(default="s", repr=False, compare=False)

    def twice(self) -> int:
        """Return twice the count."""
        return 2 * self.count


def made(decorator: Any) -> Any:
    return decorator(frozen=True, slots=True)(type("Written", (), dict(Written.__dict__)))


@cheap(frozen=True, slots=True)
class Point:
    """A value that can be sent to another process."""

    x: int
    y: int = 0

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x is negative")


def test_it_does_what_the_original_does() -> None:
    ours, theirs = made(cheap), made(dataclasses.dataclass)
    for arguments in (("a",), ("a", 2), ("a", 2, ("t",)), ("a", 2, ("t",), "x")):
        one, other = ours(*arguments), theirs(*arguments)
        assert repr(one) == repr(other)
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        assert hash(one) == hash(ours(*arguments))
        assert one == ours(*arguments)
        assert (one == ours("b")) is (other == theirs("b")) is False
        assert repr(dataclasses.replace(one, count=7)) == repr(dataclasses.replace(other, count=7))
    assert ours("a", secret="x") == ours("a", secret="y"), "not compared"
    assert ours("a") != theirs("a")
    assert ours.__match_args__ == theirs.__match_args__
    assert ours.__slots__ == theirs.__slots__
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    assert ours("a", 3).twice() == 6


def test_it_cannot_be_changed() -> None:
    value = made(cheap)("a")
    for change in (("__setattr__", "name", "b"), ("__setattr__", "other", 1), ("__delattr__", "name")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            getattr(value, change[0])(*change[1:])
    assert value.name == "a"
    assert not hasattr(value, "__dict__")


def test_it_can_be_copied_and_sent() -> None:
    point = Point(1, 2)
    assert copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point
    with pytest.raises(ValueError, match="negative"):
        dataclasses.replace(point, x=-1)
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_other_options_are_left_to_the_original() -> None:
    @cheap
    class Changing:
        """It may change."""

        x: int = 0

    changing = Changing()
    changing.x = 3
    assert changing == Changing(3)
