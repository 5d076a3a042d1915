"""The data the static embedding is trained on, and the pairs held back from it.

Everything is read from the folder of shared data (see its README for sources and licences); nothing of it is stored in
the project: the held-back pairs are found again by ``held_back`` with the same seed.
"""

from __future__ import annotations

import gzip
import json
import random
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEED = 20261125
CONVERSATIONAL = frozenset({"tatoeba", "tanaka", "jmdict-examples"})
HELD_BACK_A_GROUP = 1000
# Two texts are near-duplicates when their sets of character n-grams overlap this much (Jaccard).
NEAR = 0.6
_GRAM = {"ja": 2, "en": 4}
# Questions of reviews and posts mean nothing without their passage.
EN_SOURCES = ("squadshifts-wiki", "qed", "selqa", "covidqa", "sleepqa")


@dataclass(frozen=True, slots=True)
class Pair:
    """A Japanese text and its English translation."""

    ja: str
    en: str
    source: str

    @property
    def group(self) -> str:
        """Return "conversational" (short everyday sentences) or "general"."""
        return "conversational" if self.source in CONVERSATIONAL else "general"


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_pairs(shared: Path) -> list[Pair]:
    """Return all parallel pairs in the order of the file."""
    rows = read_lines(shared / "data" / "parallel_ja_en.jsonl.gz")
    return [Pair(row["ja"], row["en"], row["source"]) for row in rows]


def squeeze(text: str) -> str:
    """Return the form in which texts are compared: NFKC, lower case, letters and digits only."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


def held_back(pairs: Sequence[Pair], a_group: int = HELD_BACK_A_GROUP, seed: int = SEED) -> list[int]:
    """Return the positions of the pairs held back from training, in the order of the file.

    ``a_group`` pairs of the general and as many of the conversational sources, each source by its share, none near
    to another one on either side.
    """
    near = {"ja": _Near(_GRAM["ja"]), "en": _Near(_GRAM["en"])}
    order = list(range(len(pairs)))
    random.Random(seed).shuffle(order)
    wanted = _quotas(pairs, a_group)
    chosen: list[int] = []
    for at in order:
        if wanted[pairs[at].source] == 0:
            continue
        texts = {"ja": squeeze(pairs[at].ja), "en": squeeze(pairs[at].en)}
        if not any(near[side].finds(text) for side, text in texts.items()):
            wanted[pairs[at].source] -= 1
            chosen.append(at)
            for side, text in texts.items():
                near[side].add(text)
        if not +wanted:
            break
    return sorted(chosen)


def training_positions(pairs: Sequence[Pair], chosen: Sequence[int]) -> list[int]:
    """Return the positions that may be trained on: no side is, squeezed, equal or near to one of ``chosen``.

    Takes about two minutes for the whole file.
    """
    near = {"ja": _Near(_GRAM["ja"]), "en": _Near(_GRAM["en"])}
    for at in chosen:
        near["ja"].add(squeeze(pairs[at].ja))
        near["en"].add(squeeze(pairs[at].en))
    out = set(chosen)
    return [
        at
        for at, pair in enumerate(pairs)
        if at not in out and not near["ja"].finds(squeeze(pair.ja)) and not near["en"].finds(squeeze(pair.en))
    ]


def _quotas(pairs: Sequence[Pair], a_group: int) -> Counter[str]:
    """Share ``a_group`` out among the sources of each group by size (largest remainders)."""
    quotas: Counter[str] = Counter()
    for group in ("general", "conversational"):
        sizes = Counter(pair.source for pair in pairs if pair.group == group)
        total = sum(sizes.values())
        exact = {source: a_group * size / total for source, size in sizes.items()}
        quotas.update({source: int(share) for source, share in exact.items()})
        missing = min(a_group, total) - sum(int(share) for share in exact.values())
        for source in sorted(exact, key=lambda s: (int(exact[s]) - exact[s], s))[:missing]:
            quotas[source] += 1
    return quotas


class _Near:
    """Finds whether a text is near to one of those added."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        self._sizes: list[int] = []

    def _grams(self, text: str) -> set[str]:
        return {text[at : at + self._length] for at in range(max(len(text) - self._length + 1, 1))}

    def add(self, text: str) -> None:
        grams = self._grams(text)
        for gram in grams:
            self._holders[gram].append(len(self._sizes))
        self._sizes.append(len(grams))

    def finds(self, text: str) -> bool:
        grams = self._grams(text)
        shared = Counter(holder for gram in grams for holder in self._holders.get(gram, ()))
        return any(n >= NEAR * (len(grams) + self._sizes[holder] - n) for holder, n in shared.items())
