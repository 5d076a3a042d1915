"""Masked and translation language modelling for the reader's layers, over the token table as it is.

A text is part of a passage or a Japanese sentence (Devlin et al. 2019), or a sentence and its translation, so that a
word masked in one language can be read off the other (Conneau and Lample 2019). The output layer is the token table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.func import functional_call
from torch.nn import functional
from training.small.encoder import Encoder, lowered, padded, slices
from training.static.batches import LANGUAGES, Batches
from training.static.ragged import Ragged

CHOSEN, MASKED, RANDOM = 0.15, 0.8, 0.1
"""The share of tokens to be told; of these, the shares that are masked and that become another token."""
LONGEST = 160
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Marks:
    """Ids of the special tokens, and the first id that is none."""

    cls: int
    sep: int
    mask: int
    first: int


@dataclass(frozen=True, slots=True)
class Share:
    """How many texts of each kind a step has."""

    pairs: int = 40
    ja: int = 24
    en: int = 12
    mono: int = 16


@dataclass(frozen=True, slots=True)
class Text:
    """Token ids with some replaced, where the second part begins, and the places and ids of those to be told."""

    ids: Ids
    second: int
    places: Ids
    told: Ids


class MaskedModel(nn.Module):
    """A body with the head that is thrown away afterwards."""

    def __init__(self, body: Encoder) -> None:
        super().__init__()
        self.body = body
        self.mixed = nn.Linear(body.shape.width, body.shape.width)
        self.norm = nn.LayerNorm(body.shape.width)

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor, table: torch.Tensor, at: torch.Tensor
    ) -> torch.Tensor:
        """Return the logits [n, vocabulary] of the tokens at the flat places ``at``."""
        tokens = self.body(ids, mask, kinds, table).flatten(0, 1)[at]
        return self.norm(functional.gelu(self.mixed(tokens))) @ table.to(tokens.dtype).T


def masked(rng: np.random.Generator, ids: Ids, second: int, marks: Marks, size: int) -> Text:
    """Return ``ids`` with a random part of its words masked or replaced; ``size``: of the vocabulary."""
    words = np.flatnonzero(ids >= marks.first)
    places = np.sort(rng.permutation(words)[: max(1, round(CHOSEN * len(words)))])
    kind, found = rng.random(len(places)), ids.copy()
    found[places[kind < MASKED]] = marks.mask
    other = (kind >= MASKED) & (kind < MASKED + RANDOM)
    found[places[other]] = rng.integers(marks.first, size, int(other.sum()))
    return Text(found, second, places, ids[places])


def draw(batches: Batches, rng: np.random.Generator, share: Share, marks: Marks, size: int) -> list[Text]:
    """Return the texts of one step."""
    drawn: list[tuple[Ids, int]] = []
    pairs = batches.translations(rng, share.pairs).group
    for at in pairs:
        sides = [_part(rng, batches.texts[f"pairs_{language}"], int(at), LONGEST // 2) for language in LANGUAGES]
        first, other = sides if rng.random() < 0.5 else sides[::-1]
        drawn.append((np.concatenate([[marks.cls], first, [marks.sep], other, [marks.sep]]), len(first) + 2))
    alone = [(batches.texts[f"passages_{name}"], getattr(share, name)) for name in LANGUAGES]
    for texts, count in [*alone, (batches.texts["mono_ja"], share.mono)]:
        for at in rng.integers(0, len(texts), count):
            part = _part(rng, texts, int(at), LONGEST)
            drawn.append((np.concatenate([[marks.cls], part, [marks.sep]]), len(part) + 2))
    return [masked(rng, ids, second, marks, size) for ids, second in drawn if (ids >= marks.first).any()]


def loss(model: MaskedModel, texts: Sequence[Text]) -> torch.Tensor:
    """Return the mean cross-entropy over all tokens to be told."""
    weights = _lowered(model)
    table, parts, told = model.body.table(), [], []
    for group in slices(np.asarray([len(text.ids) for text in texts])):
        some = [texts[at] for at in group]
        ids, mask = padded([text.ids for text in some])
        kinds = (torch.arange(ids.shape[1])[None, :] >= torch.tensor([text.second for text in some])[:, None]).long()
        at = np.concatenate([text.places + row * ids.shape[1] for row, text in enumerate(some)])
        parts.append(functional_call(model, weights, (ids, mask, kinds, table, torch.from_numpy(at))).float())
        told.append(np.concatenate([text.told for text in some]))
    return functional.cross_entropy(torch.cat(parts), torch.from_numpy(np.concatenate(told)))


def _part(rng: np.random.Generator, texts: Ragged, at: int, longest: int) -> Ids:
    ids = texts.ids[texts.starts[at] : texts.starts[at + 1]].astype(np.int64)
    begin = int(rng.integers(0, max(len(ids) - longest, 0) + 1))
    return ids[begin : begin + longest]


def _lowered(model: MaskedModel) -> dict[str, torch.Tensor]:
    body = {f"body.{name}": tensor for name, tensor in lowered(model.body).items()}
    return body | {name: p.bfloat16() for name, p in model.named_parameters() if not name.startswith("body.")}
