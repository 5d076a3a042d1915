"""Workers on Ray: this machine, or a cluster that runs already. The one place that imports ray.

Tasks read and cut files, actors embed. Both only compute, so Ray may do any of it again after a worker or a machine
was lost; nothing of it is stored but by the writer. Every machine must see documents and models at the same paths.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from genesis_rag.documents.discovery import SourceFile
from genesis_rag.documents.processes import ReadingLimits
from genesis_rag.errors import BackendError, MissingExtraError, SettingsError
from genesis_rag.ingest.work import Failed, Identity, OpenCutter, OpenEmbedder, Piece, TextEmbedder, read_file
from genesis_rag.protocols import Vectors

TRIES = 4
"""How often a file or a batch is worked on whose worker dies every time."""

ACTOR_CPUS, READER_CPUS = 0.001, 0.9
"""Not nothing: Ray places actors that claim nothing anywhere, all on one machine too. Both fit on one processor."""
MESSAGES_AHEAD = 4
START_SECONDS = 600.0
PATIENCE_SECONDS = 300.0
"""How long a batch may take before another actor is given the same."""
MOST_WAITS = 12
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
        gpus: of each actor.
        readers: files read at once, about.
        reader_cpus: of each.
    """

    embedders: int
    gpus: float
    readers: int
    reader_cpus: float


def shares(cpus: float, gpus: float, machines: int, embedders: int) -> Shares:
    """Divide a cluster.

    Actors claim next to no processors, or those of a cluster that has shrunk could leave none for reading, for ever.
    Where they compute on them all the same, half as many files are read at once as there are processors.
    """
    number = embedders or int(gpus) or machines
    return Shares(number, min(1.0, gpus / number), max(1, int(cpus / 2)), READER_CPUS * min(1.0, cpus))


class RayWorkers:
    """The Workers on Ray; see ``spread.Workers``.

    Args:
        options: where.
        open_cutter, open_embedder: open on a worker what documents are cut and embedded with; importable there.
        limits: what reading one document may cost.

    Raises:
        MissingExtraError: ray is not installed.
        SettingsError: the address is one of a Ray client, which cannot stream.
    """

    def __init__(
        self, options: RayOptions, open_cutter: OpenCutter, open_embedder: OpenEmbedder, limits: ReadingLimits
    ) -> None:
        if find_spec("ray") is None:
            raise MissingExtraError("ray", "ray")
        if "://" in options.address:
            raise SettingsError(
                f"'{options.address}' is an address for Ray clients.",
                "Run this on a machine of the cluster and give --address host:6379 (or auto).",
            )
        self._options, self._limits = options, limits
        self._open_cutter, self._open_embedder = open_cutter, open_embedder
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
        kind = ray.remote(TextEmbedder).options(
            num_cpus=ACTOR_CPUS,
            num_gpus=share.gpus,
            scheduling_strategy="SPREAD",
            max_restarts=-1,
            max_task_retries=TRIES,
        )
        self._actors = [_Actor(kind.remote(self._open_embedder)) for _ in range(share.embedders)]
        self._read = ray.remote(read_file).options(
            num_cpus=share.reader_cpus,
            num_returns="streaming",
            max_retries=0,  # done here, where it is known what came already
            _generator_backpressure_num_objects=MESSAGES_AHEAD,
        )
        return self._identities()

    def read(self, file: SourceFile) -> Iterator[Piece | Failed]:
        """Let a task read a file; see ``spread.Workers``."""
        return self._pieces(file, self._started(file))

    def embed(self, texts: Sequence[str]) -> _Batch:
        """Let the actor with the least to do embed texts; see ``spread.Workers``."""
        return _Batch(texts, self._actors)

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

    def _started(self, file: SourceFile) -> Any:
        return self._read.remote(self._run, self._open_cutter, self._limits, file)

    def _pieces(self, file: SourceFile, messages: Any) -> Iterator[Piece | Failed]:
        """Yield what a file gives, each piece once, however often reading it has to begin anew."""
        import ray.exceptions

        given = 0
        for left in range(TRIES, -1, -1):
            seen = 0
            try:
                for reference in messages:
                    for piece in ray.get(reference):
                        seen += 1
                        if seen > given:
                            given = seen
                            yield piece
                return
            except ray.exceptions.RayTaskError as error:
                yield Failed(f"its reader failed ({_first_line(error.cause or error)})", "")
                return
            except ray.exceptions.RayError as error:
                name = type(error).__name__
            if left:
                messages = self._started(file)
        yield Failed(
            f"Its reader was ended {TRIES + 1} times ({name}).",
            "It may need more memory than a worker has; split it into smaller files.",
        )


@dataclass(slots=True, eq=False)
class _Actor:
    """An actor.

    Attributes:
        handle: of Ray.
        waiting: batches that it was given and that nobody has fetched.
        late: it did not answer in time, and has not answered since.
    """

    handle: Any
    waiting: int = 0
    late: bool = False


class _Batch:
    """Texts on their way; kept until their vectors are here, for the case that an actor and its results are lost."""

    def __init__(self, texts: Sequence[str], actors: Sequence[_Actor]) -> None:
        self._texts, self._actors = texts, actors
        self._rows: Vectors | None = None
        self._sent: dict[Any, _Actor] = {}
        self._send()

    def rows(self) -> Vectors:
        """Wait for the vectors: float32[n, dim]."""
        if self._rows is None:
            self._rows = self._fetched()
            for actor in self._sent.values():
                actor.waiting -= 1
            self._texts, self._sent = (), {}
        return self._rows

    def _send(self) -> None:
        """Give the texts to the actor with the least to do, and to another one if they were sent before."""
        others = [actor for actor in self._actors if actor not in self._sent.values()] or self._actors
        chosen = min(others, key=lambda actor: (actor.late, actor.waiting))
        chosen.waiting += 1
        self._sent[chosen.handle.embed.remote(self._texts)] = chosen

    def _fetched(self) -> Vectors:
        import ray
        import ray.exceptions

        lost = waits = 0
        while True:
            done, _ = ray.wait(list(self._sent), num_returns=1, timeout=PATIENCE_SECONDS)
            if not done:  # its machine may be gone and have been the last with a GPU; whoever is first counts
                for actor in self._sent.values():
                    actor.late = True
                waits += 1
                if waits == MOST_WAITS:
                    raise _lost(f"no answer in {waits * PATIENCE_SECONDS / 60:.0f} minutes")
                if len(self._sent) < len(self._actors):
                    self._send()
                continue
            actor = self._sent.pop(done[0])
            actor.waiting -= 1
            try:
                found = ray.get(done[0])
            except ray.exceptions.RayTaskError as error:
                raise BackendError(f"An embedding worker failed: {_first_line(error.cause or error)}.") from error
            except ray.exceptions.RayError as error:
                lost += 1
                if lost == TRIES:
                    raise _lost(f"{type(error).__name__}, {TRIES} times") from error
                actor.late = True
                self._send()
                continue
            actor.late = False
            if isinstance(found, Failed):
                raise BackendError(found.message, found.hint)
            return np.ascontiguousarray(found, np.float32)


def _lost(why: str) -> BackendError:
    return BackendError(
        f"The embedding workers are lost ({why}).",
        "What was saved is kept; check the memory of the machines and run the same command again.",
    )


def _remove_leftovers(folder: Path) -> None:
    """Remove what a Ray of ours left behind whose process was killed."""
    for path in folder.glob(f"{_FOLDER}*"):
        number = path.name.removeprefix(_FOLDER).partition("-")[0]
        if not number.isdecimal():
            continue
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            shutil.rmtree(path, ignore_errors=True)
        except (OSError, OverflowError):
            pass  # it runs, as somebody else


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{lines[0][:200]}"
