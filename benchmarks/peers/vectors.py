"""Makes the vectors of many texts once, for all engines: ``python -m benchmarks.peers.vectors TEXTS FOLDER …``.

They are made by the quickest of our engines over the same weights, and a sample of them is compared with those of
sentence-transformers. Those that the folder holds already are not made again.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.given import Given, about_given, write_given

if TYPE_CHECKING:
    from genesis_rag.protocols import Embedder

AT_ONCE = 2048
"""Texts handed over together: the embedder puts those of like length into its batches."""
SAMPLE = 96


def make_vectors(texts: Sequence[str], folder: Path, model: str, reference: str) -> dict[str, Any]:
    """Let ``folder`` hold the vectors of ``texts``; return what is to be said about them.

    Args:
        texts: what to embed; of equal ones the first counts.
        folder: where vectors may lie already.
        model: name of a profile, or a model's folder.
        reference: a folder of sentence-transformers that should give the same vectors.
    """
    embedder = opened(model)
    wanted = list(dict.fromkeys(texts))
    about = about_given(folder)
    given = Given(folder) if about.get("fingerprint") == embedder.fingerprint else None
    known = [text for text in wanted if given is not None and text in given]
    if len(known) == len(wanted):
        return about
    fresh = sorted(set(wanted).difference(known), key=lambda text: (len(text), text))
    begin = time.perf_counter()
    parts = [embedder.embed_passages(fresh[at : at + AT_ONCE]) for at in range(0, len(fresh), AT_ONCE)]
    seconds = time.perf_counter() - begin
    if given is not None:
        parts.insert(0, given.rows(known))
    texts, rows = [*known, *fresh], np.concatenate(parts)
    about = {
        "fingerprint": embedder.fingerprint,
        "texts": len(texts),
        "texts_a_second": round(len(fresh) / seconds, 1),
        **agreement(texts, rows, opened(reference)),
    }
    write_given(folder, texts, rows, about)
    return about


def opened(model: str) -> Embedder:
    """Return the embedder of a profile or of a model's folder."""
    from genesis_rag import load_settings
    from genesis_rag.wiring import open_parts

    named = {"profile": "embedded-static", "embedder": model} if Path(model).is_dir() else {"profile": model}
    with tempfile.TemporaryDirectory(prefix="home-") as home:
        return open_parts(load_settings(home=Path(home), environ={}, **named)).embedder


def agreement(texts: Sequence[str], rows: NDArray[np.float32], reference: Embedder) -> dict[str, Any]:
    """Return the least and the mean cosine of a sample of vectors with those of the reference."""
    places = random.Random(len(texts)).sample(range(len(texts)), min(SAMPLE, len(texts)))
    cosines = (rows[places] * reference.embed_passages([texts[at] for at in places])).sum(axis=1)
    return {
        "compared": len(places),
        "least_cosine": round(float(cosines.min()), 6),
        "mean_cosine": round(float(cosines.mean()), 6),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path, nargs="+", help="files with a text as JSON a line")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--reference", required=True)
    asked = parser.parse_args()
    texts = [json.loads(line) for file in asked.texts for line in file.read_text(encoding="utf-8").splitlines()]
    print(json.dumps(make_vectors(texts, asked.to, asked.model, asked.reference)))


if __name__ == "__main__":
    main()
