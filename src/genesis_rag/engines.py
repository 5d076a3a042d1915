"""Turns models of models.toml into engines: opened, checked that they are the right files, and tried out once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.embedding.counting import CountTokens, counts_alike, open_counter
from genesis_rag.errors import SettingsError
from genesis_rag.models import ModelSpec, load_catalogue
from genesis_rag.protocols import Embedder, Generator, Reader, Reranker
from genesis_rag.settings import Settings


def check_model(settings: Settings, name: str) -> str:
    """Open a model of models.toml and see whether it works at all; see ``models.canary``. A generator is only opened.

    A model that passed with the libraries of today is not tried again, except behind a server. Return what a user
    should know of it, mostly nothing.

    Raises:
        ModelError: it is not installed, damaged, or prefers a wrong text.
        BackendError: its server does not answer.
        MissingExtraError: its library is not installed.
    """
    from genesis_rag.models.canary import check_embedder, check_reranker, once
    from genesis_rag.models.checking import require_sound

    model = load_catalogue(settings.home).model(name)
    require_sound(model, settings.models_dir)

    def check() -> Embedder | Reranker | Generator:
        if model.task == "embedding":
            embedder = open_embedder(model.backend, _place(model, settings), _embedder_options(model, settings))
            check_embedder(name, embedder, model.languages)
            return embedder
        if model.task in ("reranking", "reading"):
            reranker = model_reranker(model, settings)
            check_reranker(name, reranker, model.languages)
            return reranker
        return model_generator(model, settings)

    if not model.url:
        once(settings.models_dir / name, check)
        return ""
    estimates = not getattr(check(), "counts_exactly", True)
    return "its server has no /tokenize, so numbers of tokens are estimated" if estimates else ""


def chosen_embedder(settings: Settings) -> ModelSpec:
    """Return the embedder that the settings name, else that of the profile."""
    if settings.embedder:
        return local_embedder(settings)
    catalogue = load_catalogue(settings.home)
    return catalogue.model(catalogue.profile(settings.profile).embedder)


def worker_embedder(settings: Settings) -> Embedder:
    """Open the embedder in a process of a cluster; see ``model_embedder``."""
    return model_embedder(chosen_embedder(settings), settings, cached=False)


def light_counter(settings: Settings) -> CountTokens | None:
    """Return what counts tokens without the weights of the embedder, where that is possible."""
    model = chosen_embedder(settings)
    return open_counter(model.backend, _place(model, settings), model.file)


def counts_lightly(settings: Settings, embedder: Embedder) -> bool:
    """Tell whether ``light_counter`` can stand in for the count of ``embedder``."""
    count = light_counter(settings)
    return count is not None and counts_alike(count, embedder)


def local_embedder(settings: Settings) -> ModelSpec:
    """Return the model in the folder or file that the settings name; its kind is seen from what lies there."""
    from genesis_rag.embedding.folder import guessed_backend

    path = settings.home / Path(settings.embedder).expanduser()
    return ModelSpec(name=path.name, task="embedding", backend=guessed_backend(path), licence="", path=str(path))


def model_embedder(model: ModelSpec, settings: Settings, *, cached: bool = True) -> Embedder:
    """Open an embedder; what it computes is kept in the home, except where computing is as fast as reading.

    Workers of a cluster do without (``cached``): SQLite is not made for files that several machines share.
    """
    _require_task(model, "embedding")
    if model.backend in ("static", "hashing"):
        return open_embedder(model.backend, _place(model, settings))
    from genesis_rag.embedding.cache import CachingEmbedder

    embedder = open_embedder(model.backend, _place(model, settings), _embedder_options(model, settings))
    if model.repo:  # tokenizers have changed silently between versions of their libraries
        from genesis_rag.models.canary import check_embedder, once

        once(settings.models_dir / model.name, lambda: check_embedder(model.name, embedder, model.languages))
    return CachingEmbedder(embedder, settings.home / "cache" / "embeddings.sqlite") if cached else embedder


def remembering(embedder: Embedder) -> Embedder:
    """Return ``embedder`` with the vectors of its last texts in memory: for sentences, which many questions meet."""
    from genesis_rag.embedding.recent import RecentEmbedder

    return RecentEmbedder(embedder)


def opened_later(opening: Callable[[], Embedder]) -> Embedder:
    """Return an embedder that is opened when it is first asked, with ``opening``."""
    from genesis_rag.embedding.later import LaterEmbedder

    return LaterEmbedder(opening)


def model_reranker(model: ModelSpec, settings: Settings) -> Reranker:
    """Open a reranker; a reader can be one."""
    if model.task == "reading":
        from genesis_rag.reading import ReadingReranker

        return ReadingReranker(model_reader(model, settings))
    from genesis_rag.reranking import RerankerOptions, open_reranker

    _require_task(model, "reranking")
    options = RerankerOptions(
        max_tokens=model.max_tokens,
        file=model.file,
        device=model.device,
        batch=model.batch,
        url=_url(model, settings),
        model=model.model,
        api_key=settings.model_api_key,
        timeout=model.timeout,
    )
    return open_reranker(model.backend, _place(model, settings), options)


def model_reader(model: ModelSpec, settings: Settings) -> Reader:
    """Open a reader."""
    from genesis_rag.reading import ReaderOptions, open_reader

    _require_task(model, "reading")
    return open_reader(model.backend, _place(model, settings), ReaderOptions(file=model.file, device=model.device))


def model_generator(model: ModelSpec, settings: Settings) -> Generator:
    """Open a model that writes."""
    from genesis_rag.generation import GeneratorOptions, open_generator

    _require_task(model, "generation")
    options = GeneratorOptions(
        context_tokens=model.context_tokens,
        gpu_layers=model.gpu_layers,
        instances=model.instances,
        flash_attention=model.flash_attention,
        kv_type=model.kv_type,
        speculation=model.speculation,
        template_arguments=model.template_arguments,
        stop=model.stop,
        url=_url(model, settings),
        model=model.model,
        api_key=settings.model_api_key,
        timeout=model.timeout,
    )
    return open_generator(model.backend, _place(model, settings), options)


def local_generator(path: Path) -> Generator:
    """Open a GGUF file that nobody described."""
    from genesis_rag.generation import open_generator

    return open_generator("llama_cpp", path)


def _embedder_options(model: ModelSpec, settings: Settings) -> EmbedderOptions:
    return EmbedderOptions(
        pooling=model.pooling,
        query_prefix=model.query_prefix,
        passage_prefix=model.passage_prefix,
        max_tokens=model.max_tokens,
        dim=model.dim,
        file=model.file,
        device=model.device,
        batch=model.batch,
        url=_url(model, settings),
        model=model.model,
        api_key=settings.model_api_key,
        timeout=model.timeout,
    )


def _url(model: ModelSpec, settings: Settings) -> str:
    """Return the addresses of a model behind servers: those of the settings before those of models.toml."""
    given = {
        "embedding": settings.embedding_url,
        "reranking": settings.reranking_url,
        "generation": settings.generation_url,
    }
    return (given[model.task] or model.url) if model.url else ""


def _require_task(model: ModelSpec, task: str) -> None:
    if model.task != task:
        raise SettingsError(f"Model '{model.name}' is for {model.task}, not for {task}.", "Correct the profile.")


def _place(model: ModelSpec, settings: Settings) -> Path:
    return model.local_path(settings.home, settings.models_dir)
