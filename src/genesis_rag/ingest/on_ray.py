"""Workers on Ray: this machine, or a cluster that runs already. The one place that imports ray.

Tasks read and cut files, actors embed. Both only compute, so Ray may do any of it again after a worker or a machine
was lost; nothing of it is stored but by the writer. Every machine must see documents and models at the same paths.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genesis_rag.documents.discovery import SourceFile
from genesis_rag.documents.processes import ReadingLimits
from genesis_rag.errors import BackendError, MissingExtraError, SettingsError
from genesis_rag.ingest.work import Failed, Identity, OpenTools, Piece, TextEmbedder, read_file
from genesis_rag.protocols import Vectors

if TYPE_CHECKING:
    import ray

TRIES = 4
"""How often a file or a batch is worked on whose worker dies every time."""

MESSAGES_AHEAD = 4
START_SECONDS = 600.0
_FOLDER = "genesis-ray-"


@dataclass(frozen=True, slots=True)
class RayOptions:
    """Where and on how much to work.

    Attributes:
        address: ``host:port`` of a cluster; empty for a Ray of our own on this machine.
        embedders: actors that embed; 0 for one a GPU, and where there is none one a machine.
    """

    address: str = ""
    embedders: int = 0


@dataclass(frozen=True, slots=True)
class Shares:
    """How a cluster is divided.

    Attributes:
        embedders: number of actors.
        cpus, gpus: of each actor.
        readers: files read at once.
        reader_cpus: of each.
    """

    embedders: int
    cpus: float
    gpus: float
    readers: int
    reader_cpus: float


def shares(cpus: float, gpus: float, machines: int, embedders: int) -> Shares:
    """Divide a cluster: without GPUs one half of its processors embeds; actors always leave room for reading."""
    number = embedders or int(gpus) or machines
    if gpus >= 1:
        each, graphics = min(1.0, cpus / 2 / number), min(1.0, gpus / number)
    else:
        each, graphics = cpus / 2 / number, 0.0
    each = float(int(each)) if each >= 1 else max(0.01, int(each * 100) / 100)
    reader = min(1.0, cpus / 2)
    return Shares(number, each, graphics, max(1, int((cpus - number * each) / reader)), reader)


class RayWorkers:
    """The Workers on Ray; see ``spread.Workers``.

    Args:
        options: where.
        open_tools: opens on a worker what documents are cut and embedded with; must be importable there.
        limits: what reading one document may cost.

    Raises:
        MissingExtraError: ray is not installed.
        SettingsError: the address is one of a Ray client, which cannot stream.
    """

    def __init__(self, options: RayOptions, open_tools: OpenTools, limits: ReadingLimits) -> None:
        if find_spec("ray") is None:
            raise MissingExtraError("ray", "ray")
        if "://" in options.address:
            raise SettingsError(
                f"'{options.address}' is an address for Ray clients.",
                "Run this on a machine of the cluster and give --address host:6379 (or auto).",
            )
        self._options, self._open_tools, self._limits = options, open_tools, limits
        self._run = uuid.uuid4().hex
        self._folder = ""
        self._actors: list[_Actor] = []
        self.readers = self.embedders = 1

    def start(self) -> Sequence[Identity]:
        """Start Ray, or join the cluster, and open the models of all actors."""
        import ray

        self._join()
        living = [node for node in ray.nodes() if node["Alive"]]
        found = ray.cluster_resources()
        share = shares(found.get("CPU", 1.0), found.get("GPU", 0.0), len(living), self._options.embedders)
        self.readers, self.embedders = share.readers, share.embedders
        options = {"num_cpus": share.cpus, "num_gpus": share.gpus, "scheduling_strategy": "SPREAD"}
        actor = ray.remote(TextEmbedder).options(**options, max_restarts=-1, max_task_retries=TRIES)
        self._actors = [_Actor(actor.remote(self._open_tools)) for _ in range(share.embedders)]
        self._read = ray.remote(read_file).options(
            num_cpus=share.reader_cpus,
            num_returns="streaming",
            max_retries=TRIES,
            _generator_backpressure_num_objects=MESSAGES_AHEAD,
        )
        return self._identities()

    def read(self, file: SourceFile) -> Iterator[Piece | Failed]:
        """Let a task read a file; see ``spread.Workers``."""
        return self._pieces(file, self._read.remote(self._run, self._open_tools, self._limits, file))

    def embed(self, texts: Sequence[str]) -> _Batch:
        """Let the actor with the least to do embed texts; see ``spread.Workers``."""
        return _Batch(texts, lambda: min(self._actors, key=lambda actor: actor.waiting))

    def stop(self) -> None:
        """Leave the cluster, or end the Ray of our own and remove its files, which may hold parts of documents."""
        import ray

        self._actors.clear()
        ray.shutdown()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _join(self) -> None:
        import ray

        quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": True, "logging_level": "ERROR"}
        try:
            if self._options.address:
                ray.init(self._options.address, **quiet)
                return
            _remove_leftovers(Path(tempfile.gettempdir()))
            self._folder = tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-")
            # "local" and not None: never somebody else's Ray that happens to run here
            ray.init("local", include_dashboard=False, _temp_dir=self._folder, **quiet)
        except (ConnectionError, RuntimeError, OSError, ValueError, TimeoutError) as error:
            raise BackendError(
                f"Ray cannot be started or reached: {error}.", "Check --address, memory and free space."
            ) from error

    def _identities(self) -> list[Identity]:
        import ray.exceptions

        asked = [actor.handle.identity.remote() for actor in self._actors]
        try:
            told = ray.get(asked, timeout=START_SECONDS)
        except ray.exceptions.RayError as error:
            raise BackendError(
                f"Not every embedding worker has started ({type(error).__name__}: {_first_line(error)}).",
                "Check that genesis-rag is installed on every machine, and their memory; try fewer with --workers.",
            ) from error
        for one in told:
            if isinstance(one, Failed):
                raise BackendError(f"A worker cannot open the embedder: {one.message}", one.hint)
        return told  # type: ignore[no-any-return]

    def _pieces(self, file: SourceFile, messages: Any) -> Iterator[Piece | Failed]:
        import ray.exceptions

        try:
            for reference in messages:
                yield from ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            yield Failed(f"its reader failed ({_first_line(error.cause or error)})", "")
        except ray.exceptions.RayError as error:
            yield Failed(
                f"Its reader was ended {TRIES + 1} times ({type(error).__name__}).",
                "It may need more memory than a worker has; split it into smaller files.",
            )


@dataclass(slots=True, eq=False)
class _Actor:
    """An actor and the number of batches that it was given and that nobody has fetched."""

    handle: Any
    waiting: int = 0


class _Batch:
    """Texts on their way; kept until their vectors are here, for the case that an actor and its results are lost."""

    def __init__(self, texts: Sequence[str], choose: Callable[[], _Actor]) -> None:
        self._texts, self._choose = texts, choose
        self._rows: Vectors | None = None
        self._send()

    def rows(self) -> Vectors:
        """Wait for the vectors: float32[n, dim]."""
        if self._rows is None:
            self._rows = self._fetched()
            self._texts = ()
        return self._rows

    def _send(self) -> None:
        self._actor = self._choose()
        self._actor.waiting += 1
        self._reference: ray.ObjectRef[Any] = self._actor.handle.embed.remote(self._texts)

    def _fetched(self) -> Vectors:
        import ray.exceptions

        for left in range(TRIES - 1, -1, -1):
            try:
                found = ray.get(self._reference)
            except ray.exceptions.RayTaskError as error:
                raise BackendError(f"An embedding worker failed: {_first_line(error.cause or error)}.") from error
            except ray.exceptions.RayError as error:
                if not left:
                    raise BackendError(
                        f"An embedding worker was lost {TRIES} times ({type(error).__name__}).",
                        "What was saved is kept; check the memory of the machines and run the same command again.",
                    ) from error
            else:
                if isinstance(found, Failed):
                    raise BackendError(found.message, found.hint)
                return np.ascontiguousarray(found, np.float32)
            finally:
                self._actor.waiting -= 1
            self._send()
        raise ValueError("tries must be at least 1")


def _remove_leftovers(folder: Path) -> None:
    """Remove what a Ray of ours left behind whose process was killed."""
    for path in folder.glob(f"{_FOLDER}*"):
        number = path.name.removeprefix(_FOLDER).partition("-")[0]
        if number.isdecimal() and not Path(f"/proc/{number}").exists():
            with contextlib.suppress(OSError):
                shutil.rmtree(path, ignore_errors=True)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{lines[0][:200]}"
