"""Turns a profile into what answers its questions, and what makes follow-up questions self-contained."""

from __future__ import annotations

from collections.abc import Collection
from math import log
from pathlib import Path

from genesis_rag.answering import ExtractiveAnswerer
from genesis_rag.conversation import RuleRewriter
from genesis_rag.engines import (
    local_generator,
    model_embedder,
    model_generator,
    model_reader,
    opened_later,
    remembering,
)
from genesis_rag.errors import SettingsError
from genesis_rag.index.reading import IndexReader
from genesis_rag.models import ProfileSpec, load_catalogue
from genesis_rag.protocols import Answerer, Embedder, Generator, Rewriter
from genesis_rag.settings import Settings
from genesis_rag.text.terms import Analyser

WEIGHTS_KEPT = 100_000


class TermWeights:
    """How much a term tells in ``index``: its inverse document frequency as BM25 of Lucene has it.

    ln(1 + (N - n + 0.5) / (n + 0.5)) for N chunks of which n hold the term. An answer asks for about a thousand, so
    they are remembered as long as the index stays at its generation. Threads may share it.
    """

    def __init__(self, index: IndexReader) -> None:
        self._index = index
        self._known: tuple[int, dict[str, float]] = (index.generation, {})

    def __call__(self, terms: Collection[str]) -> list[float]:
        """Return the weight of each of ``terms``."""
        with self._index.reading() as index:
            generation, known = self._known
            if generation != index.generation or len(known) >= WEIGHTS_KEPT:
                known = {}
                self._known = (index.generation, known)
            for term in terms:
                if term not in known:
                    holding = index.document_frequency(term)
                    known[term] = log(1.0 + (max(index.chunk_count - holding, 0) + 0.5) / (holding + 0.5))
            return [known[term] for term in terms]


def open_answerer(
    profile: ProfileSpec, embedder: Embedder, analyser: Analyser, index: IndexReader, settings: Settings
) -> tuple[Answerer, Rewriter]:
    """Return both for ``profile`` over ``index``.

    Args:
        profile: what is to answer.
        embedder: the one of the index, which compares sentences too where the profile names no other.
        analyser: the one of the index.
        index: tells how common a term is.
        settings: may name another model that writes.

    Raises:
        SettingsError: a setting has a value that is none of its own.
        ModelError: a model is missing, damaged or does not work.
    """
    quoting = _quoting(profile, embedder, analyser, index, settings)
    generator = _generator(profile, settings)
    if generator is None:
        return quoting, RuleRewriter()
    from genesis_rag.answering.generative import UNSUPPORTED, GenerativeAnswerer, GenerativeSettings
    from genesis_rag.conversation.written import GeneratedRewriter

    unsupported = next((one for one in UNSUPPORTED if one == settings.unsupported), None)
    if unsupported is None:
        raise SettingsError(f"unsupported is '{settings.unsupported}'.", f"Set it to {', '.join(UNSUPPORTED)}.")
    writing = GenerativeAnswerer(generator, quoting, GenerativeSettings(unsupported=unsupported))
    rewriter = GeneratedRewriter(generator)
    if not settings.cache_answers:
        return writing, rewriter
    from genesis_rag.answering.cache import CachingAnswerer

    return CachingAnswerer(writing, writing.made_by, lambda: index.generation), rewriter


def _generator(profile: ProfileSpec, settings: Settings) -> Generator | None:
    if settings.llm:
        return local_generator(Path(settings.llm))
    if profile.answerer == "extractive":
        return None
    return model_generator(load_catalogue(settings.home).model(profile.generator), settings)


def _quoting(
    profile: ProfileSpec,
    embedder: Embedder,
    analyser: Analyser,
    index: IndexReader,
    settings: Settings,
) -> ExtractiveAnswerer:
    catalogue = load_catalogue(settings.home)
    if profile.sentence_embedder and profile.sentence_embedder != profile.embedder:
        embedder = model_embedder(catalogue.model(profile.sentence_embedder), settings)
    words = None
    if profile.word_embedder and profile.word_embedder != (profile.sentence_embedder or profile.embedder):
        model = catalogue.model(profile.word_embedder)
        words = opened_later(lambda: remembering(model_embedder(model, settings)))
    reader = model_reader(catalogue.model(profile.reader), settings) if profile.reader else None
    return ExtractiveAnswerer(
        remembering(embedder),
        analyser,
        TermWeights(index),
        reader=reader,
        word_embedder=words,
        generation=lambda: index.generation,
    )
