"""Turns settings and models.toml into objects; the only importer of factories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_rag.answerers import open_answerer
from genesis_rag.assistant import Assistant
from genesis_rag.chunking import CHUNKER_ID, ChunkSettings, chunk_document, contextual_text
from genesis_rag.engines import (
    check_model,
    chosen_embedder,
    counts_lightly,
    light_counter,
    model_embedder,
    model_reranker,
    worker_embedder,
)
from genesis_rag.errors import SettingsError
from genesis_rag.index import IndexIdentity
from genesis_rag.indexes import examine, open_reader, writer_opener
from genesis_rag.models import ModelSpec, ProfileSpec, load_catalogue
from genesis_rag.models.needs import require_installed
from genesis_rag.protocols import Embedder
from genesis_rag.retrieval import Reranking, RetrievalSettings, Retriever
from genesis_rag.settings import Settings, built_in_corpus
from genesis_rag.text.terms import Analyser, get_analyser
from genesis_rag.types import Chunk, Document, IngestReport
from genesis_rag.values import dataclass

if TYPE_CHECKING:
    from genesis_rag.backup import BackupReport
    from genesis_rag.index.doctor import DoctorReport
    from genesis_rag.ingest import Cutter, Tools

__all__ = [
    "BackupReport",
    "DoctorReport",
    "Parts",
    "check_model",
    "draw_page",
    "find_marks",
    "list_profiles",
    "open_assistant",
    "open_parts",
    "remove_documents",
    "require_readable",
    "restore_backup",
    "run_doctor",
    "run_ingest",
    "watch_documents",
]

Progress = Callable[[str, int, int, str], None]
"""Called with phase, done, total and the source at hand."""

ANSWERERS = ("extractive", "generative")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a profile consists of; writing and reading must use the same ones."""

    profile: ProfileSpec
    embedder: Embedder
    analyser: Analyser
    chunking: ChunkSettings
    retrieval: RetrievalSettings

    @property
    def identity(self) -> IndexIdentity:
        """What an index filled with these parts says of itself."""
        sizes = self.chunking
        chunker = f"{CHUNKER_ID}:{sizes.max_tokens}:{sizes.min_tokens}:{sizes.overlap_sentences}"
        return IndexIdentity(self.embedder.fingerprint, self.embedder.dim, chunker, self.analyser.id)

    def chunk(self, document: Document) -> Sequence[Chunk]:
        """Cut a document."""
        return chunk_document(document, self.embedder.count_tokens, self.chunking)

    def terms(self, title: str, chunk: Chunk) -> Sequence[str]:
        """Return the keyword terms of a chunk."""
        return self.analyser.index_terms(_context(title, chunk))


def open_parts(settings: Settings) -> Parts:
    """Open the models of the profile once, for a process that reads and writes; the functions below take them.

    Raises:
        ModelError: the profile's weights are missing or damaged.
    """
    return _parts(settings, reading=True)


def list_profiles(settings: Settings) -> tuple[ProfileSpec, ...]:
    """Return all profiles of models.toml."""
    return tuple(load_catalogue(settings.home).profiles.values())


def open_assistant(settings: Settings, parts: Parts | None = None, *, as_new: bool = False) -> Assistant:
    """Open the index for reading and put the assistant of the profile over it; ``as_new``: see ``open_reader``.

    Raises:
        IndexNotFoundError: nothing was indexed yet.
        IndexMismatchError: the index was filled by another profile.
        ModelError: the profile's weights are missing or damaged.
    """
    parts = parts or _parts(settings, reading=True)
    index = open_reader(settings, parts.identity, parts.terms, as_new=as_new)
    retriever = Retriever(index, parts.embedder, parts.analyser, parts.retrieval, _reranking(parts.profile, settings))
    answerer, rewriter = open_answerer(parts.profile, parts.embedder, parts.analyser, index, settings)
    return Assistant(index, retriever, answerer, settings.passages, rewriter)


def run_ingest(
    settings: Settings,
    paths: Sequence[Path],
    *,
    prune: bool = False,
    rebuild: bool = False,
    gone: Sequence[Path] = (),
    progress: Progress | None = None,
    parts: Parts | None = None,
    roots: Sequence[Path] = (),
    ray: str | None = None,
    ray_workers: int = 0,
) -> IngestReport:
    """Bring the index up to date with the files under ``paths``; see ``ingest.ingest``.

    ``roots`` is what the user named, where ``paths`` are a part of that: names of sources begin there. ``ray`` is the
    address of a Ray cluster that reads and embeds with ``ray_workers`` actors (0: one a GPU or machine); "" starts one.
    """
    from genesis_rag.ingest import ReadingLimits, ingest

    parts = parts or _parts(settings)
    limits = ReadingLimits(settings.readers, settings.reader_seconds, settings.reader_memory_mb)
    workers = None
    if ray is not None:
        from genesis_rag.ingest.on_ray import RayOptions, RayWorkers

        cutter = partial(worker_cutter, settings, light=counts_lightly(settings, parts.embedder))
        workers = RayWorkers(RayOptions(ray, ray_workers), cutter, partial(worker_embedder, settings), limits)
    return ingest(
        paths,
        base=_base(settings, roots or [*paths, *gone]),
        directory=settings.index_dir,
        tools=_tools(parts),
        progress=progress,
        prune=prune,
        rebuild=rebuild,
        gone=gone,
        reading=limits,
        workers=workers,
        open_writer=writer_opener(settings),
    )


def worker_cutter(settings: Settings, *, light: bool) -> Cutter:
    """Open what a worker of a cluster cuts documents with: the embedder, or with ``light`` only its tokenizer."""
    from genesis_rag.ingest import Cutter

    count = (light_counter(settings) if light else None) or worker_embedder(settings).count_tokens
    return Cutter(lambda document: chunk_document(document, count, ChunkSettings()), _context, count)


def _tools(parts: Parts) -> Tools:
    from genesis_rag.ingest import Tools

    return Tools(parts.identity, parts.embedder, parts.chunk, _context, parts.terms)


def watch_documents(
    settings: Settings,
    paths: Sequence[Path],
    *,
    prune: bool = False,
    rebuild: bool = False,
    progress: Progress | None = None,
    later: Progress | None = None,
    tell: Callable[[str], None],
) -> Iterator[IngestReport]:
    """Do what ``run_ingest`` does, and then take in every change under ``paths`` as it comes; yield every report.

    ``progress`` is told what is done at first and ``later`` what is done then; ``tell`` in words what is waited for.
    """
    from genesis_rag.ingest.watch import Watch, follow

    def take_in(present: Sequence[Path], gone: Sequence[Path]) -> IngestReport:
        return run_ingest(settings, present, gone=gone, progress=later, parts=parts, roots=paths)

    parts = _parts(settings)
    watch = Watch(paths, tell)  # before anything is read: what changes from here on is seen
    yield run_ingest(settings, paths, prune=prune, rebuild=rebuild, progress=progress, parts=parts)
    yield from follow(watch, take_in, tell)


def remove_documents(settings: Settings, sources: Sequence[str], parts: Parts | None = None) -> int:
    """Remove sources from the index and return how many there were; their files stay."""
    from genesis_rag.ingest import remove

    parts = parts or _parts(settings)
    identity, opener = parts.identity, writer_opener(settings)
    return remove(sources, directory=settings.index_dir, identity=identity, term_maker=parts.terms, open_writer=opener)


def create_backup(
    settings: Settings, file: Path, *, force: bool = False, progress: Progress | None = None
) -> BackupReport:
    """Save the index and the originals of its documents as one file; see ``backup.create``."""
    from genesis_rag import __version__
    from genesis_rag.backup import Places, create

    places = Places(settings.home, settings.index_dir, settings.models_dir, built_in_corpus())
    return create(places, file, version=__version__, force=force, progress=progress)


def restore_backup(
    settings: Settings, file: Path, *, force: bool = False, progress: Progress | None = None
) -> BackupReport:
    """Verify and restore what ``create_backup`` made; see ``backup.restore``."""
    from genesis_rag.backup import Places, restore

    analyser = get_analyser(load_catalogue(settings.home).profile(settings.profile).analyser)
    places = Places(settings.home, settings.index_dir, settings.models_dir, built_in_corpus())
    return restore(
        places,
        file,
        lambda title, chunk: analyser.index_terms(_context(title, chunk)),
        analyser=analyser.id,
        force=force,
        progress=progress,
    )


def require_readable(path: Path) -> None:
    """Raise UnreadableDocumentError unless name, size and first bytes of a file are of a format that can be indexed."""
    from genesis_rag.documents.registry import require_readable as require

    require(path)


def draw_page(path: Path, page: int, width: int) -> bytes:
    """Return a page of a PDF as PNG; see ``documents.pdf_page``."""
    from genesis_rag.documents.pdf_page import draw_page as draw

    return draw(path, page, width)


def find_marks(path: Path, page: int, quoted: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return size and number of pages, and the boxes of quoted words, given as (text before, words), on one of them."""
    from genesis_rag.documents.pdf_page import Quoted, find_marks

    return asdict(find_marks(path, page, [Quoted(before, words) for before, words in quoted]))


def run_doctor(settings: Settings) -> DoctorReport:
    """Check the index thoroughly and repair what can be repaired; see ``index.doctor``."""
    parts = _parts(settings)
    return examine(settings, parts.identity, parts.terms)


def _parts(settings: Settings, *, reading: bool = False) -> Parts:
    """Return what index and search are made with; for ``reading``, everything that the profile names must be there."""
    catalogue = load_catalogue(settings.home)
    profile = catalogue.profile(settings.profile)
    if profile.answerer not in ANSWERERS:
        raise SettingsError(
            f"Profile '{profile.name}' names an unknown answerer '{profile.answerer}'.",
            f"Known: {', '.join(ANSWERERS)}.",
        )
    embedder = chosen_embedder(settings)
    quoting = [profile.reranker, profile.reader, profile.sentence_embedder, profile.word_embedder]
    others = [*quoting, "" if settings.llm else profile.generator] if reading else []
    models = [embedder, *(catalogue.model(name) for name in others if name)]
    require_installed(profile, models, settings.models_dir, offline=settings.offline)
    return Parts(
        profile,
        model_embedder(embedder, settings),
        get_analyser(profile.analyser),
        ChunkSettings(),
        retrieval_settings(embedder),
    )


def retrieval_settings(model: ModelSpec) -> RetrievalSettings:
    """Return how to search with the vectors of ``model``."""
    named = {name: getattr(model, name) for name in ("dense_weight", "foreign_base", "foreign_slope")}
    return replace(RetrievalSettings(), **{name: value for name, value in named.items() if value})


def _reranking(profile: ProfileSpec, settings: Settings) -> Reranking | None:
    if not profile.reranker:
        return None
    model = load_catalogue(settings.home).model(profile.reranker)
    # Where the answerer reads with the same model, its own reading of the passages would only be done twice.
    beforehand = profile.reranker != profile.reader
    return Reranking(model_reranker(model, settings), profile.rerank, model.languages, beforehand, model.score_weight)


def _context(title: str, chunk: Chunk) -> str:
    return contextual_text(title, chunk.heading_path, chunk.text)


def _base(settings: Settings, paths: Sequence[Path]) -> Path:
    """Return where relative source names begin: the built-in documents are named alike wherever they lie."""
    corpus = built_in_corpus()
    built_in = all(path.absolute().is_relative_to(corpus) for path in paths)
    return corpus.parents[1] if built_in else settings.home
