"""Hard negatives by the embedder itself: passages that it puts near a question and that hold none of its answers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from training.small.encoder import Encoder, vectors
from training.small.lessons import texts_of
from training.static import prepare
from training.static.batches import LANGUAGES, Batches
from training.static.data import EN_SOURCES
from training.static.ragged import Bags, join

NEGATIVES = 12
_DEPTH = 40
_LONGEST, _AT_ONCE = 160, 256


def embed(encoder: Encoder, marks: tuple[int, int], bags: Bags, longest: int = _LONGEST) -> NDArray[np.float32]:
    """Return float32[n, width], the unit vectors of the texts, without gradients."""
    texts, table = texts_of(bags, *marks, longest=longest), encoder.table().detach()
    with torch.no_grad():
        parts = [vectors(encoder, texts[at : at + _AT_ONCE], table) for at in range(0, len(texts), _AT_ONCE)]
    found: NDArray[np.float32] = torch.cat(parts).numpy()
    return found


def titled(batches: Batches, language: str) -> Bags:
    """Return every passage of a language with its title in front."""
    titles, passages = batches.texts[f"titles_{language}"], batches.texts[f"passages_{language}"]
    everything = np.arange(len(passages))
    return join(titles.bags(everything, 24), passages.bags(everything, _LONGEST))


def mine(data: Path, batches: Batches, encoder: Encoder, marks: tuple[int, int], language: str) -> NDArray[np.int32]:
    """Return int32[n, NEGATIVES] for the training questions of a language; -1 fills."""
    sources = ("",) if language == "ja" else EN_SOURCES
    passages = prepare.load_passages(data, [f"passages_{language}"], sources)
    questions = prepare.load_questions(data, f"qa_{language}_train", passages)
    asked = batches.texts[f"questions_{language}"]
    left = embed(encoder, marks, asked.bags(np.arange(len(asked))), 48)
    right = embed(encoder, marks, titled(batches, language))
    found = np.full((len(asked), NEGATIVES), -1, np.int32)
    for start in range(0, len(asked), 1000):
        cosines = left[start : start + 1000] @ right.T
        best = np.argpartition(-cosines, min(_DEPTH, len(right) - 1), axis=1)[:, :_DEPTH]
        for at, (row, near) in enumerate(zip(cosines, best, strict=True), start):
            order: Iterable[int] = near[np.argsort(-row[near], kind="stable")]
            own, answers = questions.passage[at], questions.answers[at]
            wrong = [p for p in order if p != own and not any(a in passages[p]["text"] for a in answers)]
            found[at, : len(wrong[:NEGATIVES])] = wrong[:NEGATIVES]
    return found


def mined(data: Path, out: Path, batches: Batches, encoder: Encoder, marks: tuple[int, int]) -> None:
    """Let ``batches`` draw half of its hard negatives from those of ``encoder``, kept in OUT."""
    for language in LANGUAGES:
        cache = out / f"negatives_self_{language}.npy"
        if not cache.exists():
            np.save(cache, mine(data, batches, encoder, marks, language))
        batches.add_negatives(language, np.load(cache))
