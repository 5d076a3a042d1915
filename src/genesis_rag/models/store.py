"""The folder of downloaded models: bring a model's files there, from a hub or by hand, and take them away again."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from urllib.parse import quote

from genesis_rag.errors import ModelError, SettingsError, UserError
from genesis_rag.models.checking import Report, look, stamp
from genesis_rag.models.download import Patience, fetch, finish, require_space
from genesis_rag.models.lock import Expected, add_to_lock, expected, lock_key, read_lock
from genesis_rag.models.needs import WITHOUT, by_hand
from genesis_rag.models.spec import FileSpec, ModelSpec
from genesis_rag.values import dataclass

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """Where files come from.

    Attributes:
        mirrors: addresses of hubs, tried in this order.
        offline: never open a connection.
        folder: take the files from here instead, under their names or their paths in the repository.
        patience: how long to try.
    """

    mirrors: Sequence[str] = ()
    offline: bool = False
    folder: Path | None = None
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did: files that came, those that were there, and those whose hash is new in models.lock."""

    fetched: tuple[str, ...]
    present: tuple[str, ...]
    locked: tuple[str, ...]


def pull(
    model: ModelSpec, store: Path, source: Source, *, accept_licence: bool = False, report: Report | None = None
) -> Pulled:
    """Bring all files of ``model`` into the store; those that are right already stay.

    Raises:
        UserError: the licence was not accepted, offline mode is on, or another pull is under way.
        ModelError: a file cannot be had or is not the right one, or the disk is too small.
    """
    if not model.repo:
        return Pulled((), (), ())
    if model.must_accept and not accept_licence:
        raise UserError(
            f"'{model.name}' has the licence {model.licence}, which asks for more than a notice.",
            f"Read it at the source ({model.repo}), then add --accept-licence.",
        )
    with _alone(store):
        lock = read_lock(store)
        wrong = {one.file for one in look(model, store)}
        absent = [f for f in model.files if f.optional and not (store / model.name / f.name).is_file()]
        todo = [file for file in model.files if file.name in wrong or file in absent]
        if todo:
            _require_source(model, source)
            require_space(store, sum(file.size for file in todo))
        learned: dict[str, Expected] = {}
        fetched = []
        for file in todo:
            got = _bring(model, file, store, source, expected(model, file, lock), report)
            if got is None:
                continue
            stamp(store / model.name, file.name, got.sha256)
            fetched.append(file.name)
            if not file.sha256 and lock_key(model, file) not in lock:
                learned[lock_key(model, file)] = got
                add_to_lock(store, learned)
        done = {file.name for file in todo}
        present = tuple(file.name for file in model.files if file.name not in done)
        return Pulled(tuple(fetched), present, tuple(learned))


def remove(model: ModelSpec, store: Path) -> int:
    """Remove the files of a model and return how many bytes that freed. models.lock keeps its hashes."""
    folder = store / model.name
    if not model.repo or not folder.is_dir():
        return 0
    with _alone(store):
        freed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder)
    return freed


def _require_source(model: ModelSpec, source: Source) -> None:
    if source.folder is None and source.offline:
        raise UserError(
            f"Offline mode is on (GENESIS_OFFLINE), so '{model.name}' cannot be fetched.",
            f"{by_hand(model)}\n  {WITHOUT}",
        )
    if source.folder is None and not source.mirrors:
        raise SettingsError("No mirror is set.", "Set GENESIS_MIRRORS to the address of a model hub.")


def _bring(
    model: ModelSpec, file: FileSpec, store: Path, source: Source, wanted: Expected, report: Report | None
) -> Expected | None:
    """Bring one file; None for an optional one that cannot be had."""
    target = store / model.name / file.name

    def tell(done: int, total: int) -> None:
        if report:
            report(f"{model.name}", done, total, file.name)

    try:
        if source.folder is not None:
            return _copy(source.folder, file, target, wanted)
        revision = model.revision_of(file)
        tail = f"/{model.repo}/resolve/{revision}/{quote(file.name)}"
        return fetch([mirror.rstrip("/") + tail for mirror in source.mirrors], target, wanted, tell, source.patience)
    except ModelError as error:
        if file.optional and not error.hint:  # not there, as against there and wrong
            return None
        doubt = (
            "" if file.confidence != "one" else " Only one source attests this hash, so the pin itself may be wrong."
        )
        hint = error.hint or f"{by_hand(model)}\n  {WITHOUT}"
        raise ModelError(error.message, hint + doubt) from error


def _copy(folder: Path, file: FileSpec, target: Path, wanted: Expected) -> Expected:
    places = (folder / file.name, folder / Path(file.name).name)
    place = next((one for one in places if one.is_file()), None)
    if place is None:
        raise ModelError(f"{folder} holds no {file.name}.")
    if wanted.size and place.stat().st_size != wanted.size:
        raise ModelError(
            f"{place} has {place.stat().st_size:,} bytes, and {wanted.size:,} are expected.",
            "It is cut off, or from another revision.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.copy.part")
    digest = hashlib.sha256()
    with place.open("rb") as read, part.open("wb") as write:
        while block := read.read(_BLOCK):
            digest.update(block)
            write.write(block)
    return finish(part, target, wanted, digest.hexdigest())


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Let one process at a time change the store."""
    store.mkdir(parents=True, exist_ok=True)
    with (store / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(
                f"Another process is changing the models in {store}.", "Wait until it has finished."
            ) from error
        yield
