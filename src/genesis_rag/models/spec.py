"""What models.toml says of one model, of its files, and of one profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path, PurePosixPath
from typing import Literal

from genesis_rag.values import dataclass

Task = Literal["embedding", "reranking", "reading", "generation"]
Pooling = Literal["", "mean", "cls", "last"]
Thinking = Literal["never", "switch", "always", "unknown"]
Confidence = Literal["", "one", "two+"]

PACKAGE_PREFIX = "package:"
_REVISION = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REPO = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class FileSpec:
    """One file of a model in a hub's repository.

    Attributes:
        name: its path inside the repository, and inside the model's folder here.
        size: bytes; 0 where nobody has written it down.
        sha256: of the content; empty where unknown, then the first download is written into models.lock.
        confidence: how well ``sha256`` is attested: "two+" independent sources, or "one".
        revision: the commit that holds the file, where it is not that of the model.
        optional: the model also works without it.
    """

    name: str
    size: int = 0
    sha256: str = ""
    confidence: Confidence = ""
    revision: str = ""
    optional: bool = False

    def __post_init__(self) -> None:
        path = PurePosixPath(self.name)
        if not path.name or path.is_absolute() or ".." in path.parts or re.search(r"[\\:\x00-\x1f]", self.name):
            raise ValueError(f"the file name '{self.name}' does not stay inside the model's folder")
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"sha256 of '{self.name}' is not 64 hexadecimal digits in lower case")
        if self.revision and not _REVISION.fullmatch(self.revision):
            raise ValueError(f"revision of '{self.name}' is not 40 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model: where it comes from (exactly one of ``path``, ``repo`` and ``url``) and how it is to be used.

    Attributes:
        path: a folder or file, relative to the home, or ``package:NAME`` for weights shipped inside the package.
        repo: ``owner/name`` at a hub, with ``revision`` (the 40 hexadecimal digits of a commit) and ``files``.
        url: base address of a server, or several with commas between them, and ``model``, the name that they know the
            model by.
        file: the weights to load, where ``files`` holds more than those.
        pooling: how token vectors become one; query_prefix, passage_prefix: exact texts in front, spaces counted.
            What is not said of these is read from the model's own files.
        dense_weight, foreign_base, foreign_slope: how its cosines are fused with keyword scores, as in
            ``retrieval.RetrievalSettings``; 0 for what fits the shipped static table.
        score_weight: what a reranker's or reader's score counts beside the fused one; 0 for its score alone.
        thinking: whether the model writes its thoughts first, and whether ``template_arguments`` can turn that off.
        stop: texts that end an answer.
        memory_mb: what the loaded model takes, about.
        must_accept: whether its licence asks for more than keeping a notice; then ``pull`` wants --accept-licence.
        note: what else a person should know.
    """

    name: str
    task: Task
    backend: str
    licence: str
    path: str = ""
    repo: str = ""
    revision: str = ""
    files: tuple[FileSpec, ...] = ()
    file: str = ""
    url: str = ""
    model: str = ""
    languages: tuple[str, ...] = ()
    memory_mb: int = 0
    dim: int = 0
    max_tokens: int = 0
    pooling: Pooling = ""
    query_prefix: str | None = None
    passage_prefix: str | None = None
    dense_weight: float = 0.0
    foreign_base: float = 0.0
    foreign_slope: float = 0.0
    score_weight: float = 0.0
    thinking: Thinking = "unknown"
    template_arguments: Mapping[str, object] = field(default_factory=dict)
    stop: tuple[str, ...] = ()
    context_tokens: int = 4096
    gpu_layers: int = 0
    instances: int = 1
    flash_attention: bool = False
    kv_type: str = ""
    speculation: int = 0
    device: str = "auto"
    batch: int = 32
    timeout: float = 60.0
    must_accept: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.path, self.repo, self.url))) != 1:
            raise ValueError("a model has exactly one of 'path', 'repo' and 'url'")
        if self.repo and not _REPO.fullmatch(self.repo):
            raise ValueError(f"repo '{self.repo}' is not of the form owner/name")
        if self.repo and not _REVISION.fullmatch(self.revision):
            raise ValueError("revision must be the 40 hexadecimal digits of a commit, never a branch")
        if self.repo and not self.files:
            raise ValueError("a model from a hub needs its 'files'")
        if min(self.memory_mb, self.dim, self.max_tokens) < 0 or min(self.context_tokens, self.batch) < 1:
            raise ValueError("sizes cannot be negative")

    @property
    def size(self) -> int:
        """Bytes to download, as far as known."""
        return sum(file.size for file in self.files)

    @property
    def where(self) -> str:
        """Where the model comes from, for people."""
        return self.repo or self.url or self.path

    def revision_of(self, file: FileSpec) -> str:
        """Return the commit that holds ``file``."""
        return file.revision or self.revision

    def local_path(self, home: Path, store: Path | None = None) -> Path:
        """Return where the model lies: the file or folder that its backend opens.

        Args:
            home: where relative paths count from.
            store: the folder of downloaded models; by default ``home/models``.
        """
        if self.repo:
            folder = (store or home / "models") / self.name
            return folder / self.file if self.file and self.backend == "llama_cpp" else folder
        if self.path.startswith(PACKAGE_PREFIX):
            return Path(__file__).resolve().parent.parent / "embedded" / self.path.removeprefix(PACKAGE_PREFIX)
        return home / Path(self.path).expanduser()


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """One profile: which model plays which part.

    Attributes:
        answerer: "extractive" for quotations, "generative" for answers written by ``generator``.
        reranker: a model for reranking, or the profile's reader; empty for none.
        rerank: how many hits the reranker reads for one question.
        reader: reads question and passages together, to choose the words that answer; empty for none.
        sentence_embedder: compares a question with sentences; empty for ``embedder``. A passage has dozens of
            sentences, so that a slow one is felt. The answerer's weights belong to it and the reader.
        word_embedder: compares single words, and claims with what documents say; empty for ``sentence_embedder``. The
            limits of verification belong to it.
    """

    name: str
    embedder: str
    analyser: str
    answerer: str
    reranker: str = ""
    rerank: int = 24
    reader: str = ""
    sentence_embedder: str = ""
    word_embedder: str = ""
    generator: str = ""
    summary: str = ""

    def __post_init__(self) -> None:
        if (self.answerer == "generative") is not bool(self.generator):
            raise ValueError("answerer 'generative' and a 'generator' belong together")

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all models that the profile uses."""
        comparing = (self.embedder, self.sentence_embedder, self.word_embedder)
        named = (*comparing, self.reranker, self.reader, self.generator)
        return tuple(dict.fromkeys(name for name in named if name))
