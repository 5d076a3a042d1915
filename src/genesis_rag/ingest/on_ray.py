"""Workers of Ray Data: on this machine, or of a cluster that runs already. The one place that imports ray.

Ray Data hands the files out, streams what was read to actors that embed, holds back whoever is too fast, and does again
what was lost with a worker or a machine. Nothing is stored but by the writer, who takes the rows in the order of the
files. Every machine must see documents and models at the same paths.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genesis_rag.documents.discovery import SourceFile
from genesis_rag.documents.processes import ReadingLimits
from genesis_rag.errors import BackendError, MissingExtraError, SettingsError
from genesis_rag.ingest.work import FileReader, Identity, OpenCutter, OpenEmbedder, Row, TextEmbedder
from genesis_rag.values import dataclass

RETRIES = 4
"""How often a block of work is done again whose worker dies every time."""
MOST_LOST = 100
"""Blocks of work that may be lost with their workers, again and again, before the run ends."""

FILES_A_BLOCK = 64
BLOCK_BYTES = 512 * 1024
"""Ray Data hands work on in blocks; this much of documents or vectors is one."""

ROWS_ON_GPU = 128
"""Ray Data wants a number of rows with a GPU, and waits for as many. Elsewhere a block is enough, and sooner done."""

AHEAD_BYTES = 256 * 2**20
"""What may wait between reading and writing for each embedding actor; Ray Data holds back the workers beyond that."""

ACTOR_CPUS, READER_CPUS = 0.001, 0.9
"""Not nothing: Ray places actors that claim nothing anywhere, all on one machine too. Both fit on one processor."""

PATIENCE_SECONDS = 1800.0
"""How long nothing may be read or embedded: an actor whose GPU is gone waits for another for ever."""

KEPT = "What was saved is kept; check the machines and their memory, and run the same command again."
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
        readers: blocks of files read at once.
        reader_cpus: of each.
    """

    embedders: int
    gpus: float
    readers: int
    reader_cpus: float


def shares(cpus: float, gpus: float, machines: int, embedders: int) -> Shares:
    """Divide a cluster.

    Actors claim next to no processors, or those of a cluster that has shrunk could leave none for reading, for ever.
    Where they compute on them all the same, half as many blocks are read at once as there are processors.
    """
    number = embedders or int(gpus) or machines
    return Shares(number, min(1.0, gpus / number), max(1, int(cpus / 2)), READER_CPUS * min(1.0, cpus))


def blocks(files: int, readers: int, *, alone: bool) -> int:
    """Return into how many blocks to divide files: enough to keep all readers busy to the end, else large ones."""
    return files if alone else min(files, max(8 * readers, -(-files // FILES_A_BLOCK)))


class RayWorkers:
    """The Workers on Ray Data; see ``spread.Workers``.

    Args:
        options: where.
        open_cutter, open_embedder: open on a worker what documents are cut and embedded with; importable there.
        limits: what reading one document may cost.

    Raises:
        MissingExtraError: ray is not installed.
        SettingsError: the address is one of a Ray client, which Ray Data does not stream through.
    """

    def __init__(
        self, options: RayOptions, open_cutter: OpenCutter, open_embedder: OpenEmbedder, limits: ReadingLimits
    ) -> None:
        if any(find_spec(name) is None for name in ("ray", "pyarrow", "pandas")):
            raise MissingExtraError("Ray Data", "ray")
        if "://" in options.address:
            raise SettingsError(
                f"'{options.address}' is an address for Ray clients.",
                "Run this on a machine of the cluster and give --address host:6379 (or auto).",
            )
        self._options, self._limits = options, limits
        self._open_cutter, self._open_embedder = open_cutter, open_embedder

    def work(
        self, files: Sequence[SourceFile], identity: Identity, known: NDArray[np.uint64], *, alone: bool
    ) -> Iterator[Row]:
        """Read and embed on Ray; see ``spread.Workers``."""
        reader = FileReader(uuid.uuid4().hex, self._open_cutter, self._limits, identity, known)
        with _joined(self._options.address):
            import ray.data

            stream = _pipeline(files, reader, self._open_embedder, self._options.embedders, alone=alone)
            try:
                with closing(stream):  # before Ray ends: closed later, it would start another
                    for batch in stream:
                        for number, part, piece in zip(batch["number"], batch["part"], batch["piece"], strict=True):
                            yield {"number": number, "part": part, "piece": piece}
            except ray.data.exceptions.ExecutionTimeoutError as error:
                if alone:  # else what is missing begins anew, with the GPUs that are there by then
                    raise BackendError(f"The workers stand still: {_first_line(error)}", KEPT) from error
            except (ray.exceptions.RayError, ray.data.exceptions.SystemException) as error:
                raise BackendError(
                    f"The workers are lost ({type(error).__name__}: {_first_line(error)}).", KEPT
                ) from error


def _pipeline(
    files: Sequence[SourceFile], reader: FileReader, open_embedder: OpenEmbedder, embedders: int, *, alone: bool
) -> Generator[dict[str, Any]]:
    """Return the stream: files, read and cut by tasks, embedded by actors, in the order given."""
    import ray.data

    found = ray.cluster_resources()
    machines = sum(node["Alive"] for node in ray.nodes())
    share = shares(found.get("CPU", 1.0), found.get("GPU", 0.0), machines, embedders)
    items = [{"number": number, "file": file} for number, file in enumerate(files)]
    with ray.data.DataContext.current(_context(share.embedders, reader.limits.seconds)), warnings.catch_warnings():
        # Ray 2.64 takes these two limits away and tries for ever; until then no file can hold up a run
        warnings.simplefilter("ignore", DeprecationWarning)
        stream: Generator[dict[str, Any]] = iter(
            ray.data.from_items(items, override_num_blocks=blocks(len(items), share.readers, alone=alone))
            .flat_map(
                reader,
                compute=ray.data.TaskPoolStrategy(size=share.readers),
                num_cpus=share.reader_cpus,
                max_retries=RETRIES,
            )
            .map_batches(
                TextEmbedder,
                fn_constructor_args=(open_embedder, reader.identity),
                compute=ray.data.ActorPoolStrategy(size=share.embedders),
                batch_size=ROWS_ON_GPU if share.gpus else None,
                num_cpus=ACTOR_CPUS,
                num_gpus=share.gpus or None,
                max_task_retries=RETRIES,
            )
            .iter_batches(batch_size=None, prefetch_batches=0)
        )
        return stream


def _context(embedders: int, document_seconds: float) -> Any:
    """Return the settings of Ray Data."""
    import ray.data

    context = ray.data.DataContext.get_current().copy()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.execution_options.verbose_progress = False
    context.execution_options.preserve_order = True
    context.execution_options.resource_limits = ray.data.ExecutionResources(object_store_memory=AHEAD_BYTES * embedders)
    context.target_max_block_size = BLOCK_BYTES
    context.max_errored_blocks = MOST_LOST
    context.max_consecutive_actor_init_deaths = RETRIES
    context.execution_no_progress_timeout_s = max(PATIENCE_SECONDS, 2 * document_seconds)
    return context


@contextmanager
def _joined(address: str) -> Iterator[None]:
    """Join a cluster, or have a Ray of our own; its files, which may hold parts of documents, are removed at last."""
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": True, "logging_level": "ERROR"}
    folder = ""
    try:
        try:
            if not address:
                _remove_leftovers(Path(tempfile.gettempdir()))
                folder = tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-")
                # "local" and not None: never somebody else's Ray that happens to run here
                quiet |= {"include_dashboard": False, "_temp_dir": folder}
            with _silence():
                ray.init(address or "local", **quiet)
        except (ConnectionError, RuntimeError, OSError, ValueError, TimeoutError) as error:
            raise BackendError(
                f"Ray cannot be started or reached: {error}.", "Check --address, memory and free space."
            ) from error
        yield
    finally:
        ray.shutdown()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _silence() -> Iterator[None]:
    """Send the standard error output nowhere, that of C++ too, where Ray tells how loud it was asked to be."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


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
