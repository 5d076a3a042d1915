"""Reads models.toml: the packaged one, then the home's own tables over it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args

from genesis_rag.errors import SettingsError
from genesis_rag.models.spec import Confidence, FileSpec, ModelSpec, Pooling, ProfileSpec, Task, Thinking
from genesis_rag.values import dataclass

FILE_NAME = "models.toml"
SCHEMA = 1
T = TypeVar("T")
_TOP_LEVEL = {"schema", "settings", "models", "profiles"}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "bool": bool,
    "Mapping[str, object]": dict,
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "Task": get_args(Task),
    "Pooling": get_args(Pooling),
    "Thinking": get_args(Thinking),
    "Confidence": get_args(Confidence),
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All models and profiles by name, and the file's own ``[settings]`` table."""

    models: Mapping[str, ModelSpec]
    profiles: Mapping[str, ProfileSpec]
    settings: Mapping[str, Any]

    def profile(self, name: str) -> ProfileSpec:
        """Return a profile; an unknown name is an error that lists the known ones."""
        return _pick(self.profiles, name, "profile")

    def model(self, name: str) -> ModelSpec:
        """Return a model; an unknown name is an error that lists the known ones."""
        return _pick(self.models, name, "model")


def packaged_file() -> Path:
    """Return the models.toml of the installed package, or of the checkout in an editable install."""
    package = Path(__file__).resolve().parent.parent
    installed = package / FILE_NAME
    return installed if installed.is_file() else package.parents[1] / FILE_NAME


def load_catalogue(home: Path | None = None) -> Catalogue:
    """Read the packaged models.toml and, over it, the one in ``home`` if there is one.

    Raises:
        SettingsError: the file is not TOML, has an unknown key, or lacks a needed one; names file and line.
    """
    paths = [packaged_file()]
    if home is not None and (own := home / FILE_NAME).is_file() and own.resolve() != paths[0].resolve():
        paths.append(own)
    return _loaded(tuple((path, *_state(path)) for path in paths))


def _state(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0  # reading it tells what is wrong
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=8)
def _loaded(files: tuple[tuple[Path, int, int], ...]) -> Catalogue:
    """Read the files once as long as they do not change; a command asks for the catalogue several times."""
    models: dict[str, ModelSpec] = {}
    profiles: dict[str, ProfileSpec] = {}
    settings: dict[str, Any] = {}
    for path, *_ in files:
        text, tables = _read(path)
        settings |= tables.get("settings", {})
        for name, table in tables.get("models", {}).items():
            models[name] = _build(ModelSpec, name, table, _At(path, text, f"models.{name}"))
        for name, table in tables.get("profiles", {}).items():
            profiles[name] = _build(ProfileSpec, name, table, _At(path, text, f"profiles.{name}"))
    return Catalogue(models, profiles, settings)


@dataclass(frozen=True, slots=True)
class _At:
    """A table of a file, for messages that name the line."""

    path: Path
    text: str
    table: str

    def place(self, key: str | None = None) -> str:
        """Return ``file:line`` of the table's header or of a key in it."""
        lines = self.text.splitlines()
        header = next((i for i, line in enumerate(lines) if line.strip() == f"[{self.table}]"), 0)
        if key is not None:
            pattern = re.compile(rf"(?:.*[{{,])?\s*[\"']?{re.escape(key)}[\"']?\s*=")
            header = next((i for i in range(header, len(lines)) if pattern.match(lines[i])), header)
        return f"{self.path}:{header + 1}"


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}", "Mend the file, or remove it to use the built-in one."
        ) from error
    if unknown := sorted(set(tables) - _TOP_LEVEL):
        place = _At(path, text, unknown[0]).place(unknown[0])
        raise SettingsError(
            f"{place}: unknown table or key '{unknown[0]}'.", f"Known: {', '.join(sorted(_TOP_LEVEL))}."
        )
    if tables.get("schema", SCHEMA) != SCHEMA:
        raise SettingsError(
            f"{path}: schema {tables['schema']} is not supported.", f"This version reads schema {SCHEMA}."
        )
    return text, tables


def _build(kind: Callable[..., T], name: str, table: Mapping[str, Any], at: _At) -> T:
    known: dict[str, Field[Any]] = {f.name: f for f in fields(kind) if f.name != "name" or kind is FileSpec}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise SettingsError(
                f"{at.place(key)}: unknown key '{key}' in [{at.table}].", f"Known keys: {', '.join(known)}."
            )
    for key, spec in known.items():
        if key not in table and spec.default is MISSING and spec.default_factory is MISSING:
            raise SettingsError(f"{at.place()}: [{at.table}] lacks '{key}'.", "Add it, or remove the table.")
    values: dict[str, Any] = {key: _value(key, value, str(known[key].type), at) for key, value in table.items()}
    try:
        return kind(**values) if kind is FileSpec else kind(name=name, **values)
    except ValueError as error:
        raise SettingsError(f"{at.place()}: [{at.table}]: {error}.", "Correct it, or remove the table.") from error


def _value(key: str, value: object, kind: str, at: _At) -> object:
    """Return a value as the dataclasses of spec.py have it, or say what is wrong with it."""
    if kind == "tuple[FileSpec, ...]" and isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return tuple(_build(FileSpec, "", one, at) for one in value)
    if kind == "tuple[str, ...]" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if kind in _CHOICES and value not in _CHOICES[kind]:
        choices = ", ".join(f"'{one}'" for one in _CHOICES[kind])
        raise SettingsError(f"{at.place(key)}: {key} is {value!r}.", f"It must be one of {choices}.")
    wanted = _TYPES.get(kind, str)
    if kind.startswith("tuple") or not isinstance(value, wanted) or (kind == "int" and isinstance(value, bool)):
        raise SettingsError(f"{at.place(key)}: {key} is {value!r}, which is not of the kind {kind}.", "Correct it.")
    return value


def _pick(table: Mapping[str, T], name: str, what: str) -> T:
    if name not in table:
        raise SettingsError(f"There is no {what} named '{name}'.", f"Known: {', '.join(sorted(table))}.")
    return table[name]
