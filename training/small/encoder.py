"""The body of the small models: a BERT encoder whose token table is in two parts, the teacher's pieces and new ones.

Written out here because a training step on a CPU spends most of its time in matrix products: texts are sorted by length
and run in slices with hardly any padding, and the products are in bfloat16. ``to_bert`` gives the same weights under
the names of transformers' BertModel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.func import functional_call
from torch.nn import functional

EPSILON = 1e-12
SLICE_TOKENS = 6144


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of an encoder."""

    width: int = 384
    heads: int = 12
    hidden: int = 1536
    layers: int = 6
    positions: int = 512


class Layer(nn.Module):
    """One layer of BERT (Devlin et al. 2019): attention and a feed-forward part, each added and then normalised."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.norm1 = nn.LayerNorm(shape.width, EPSILON)
        self.up = nn.Linear(shape.width, shape.hidden)
        self.down = nn.Linear(shape.hidden, shape.width)
        self.norm2 = nn.LayerNorm(shape.width, EPSILON)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """x: [n, length, width]; mask: bool[n, 1, 1, length], true where there is a token."""
        n, length, width = x.shape
        query, key, value = self.qkv(x).view(n, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        # In bfloat16 on a CPU this is four times as fast as torch's fused attention (2.13, forward and backward).
        scores = torch.matmul(query * (width // self.heads) ** -0.5, key.transpose(-1, -2))
        if mask is not None:
            scores = scores.masked_fill(~mask, -1e4)
        mixed = torch.matmul(scores.softmax(-1), value)
        x = self.norm1(x + self.out(mixed.transpose(1, 2).reshape(n, length, width)))
        return self.norm2(x + self.down(functional.gelu(self.up(x))))


class Encoder(nn.Module):
    """Token ids to token vectors."""

    def __init__(self, shape: Shape, old: torch.Tensor, new: torch.Tensor) -> None:
        super().__init__()
        self.shape = shape
        self.old, self.new = nn.Parameter(old), nn.Parameter(new)
        self.positions = nn.Parameter(torch.randn(shape.positions, shape.width) * 0.02)
        self.kinds = nn.Parameter(torch.randn(2, shape.width) * 0.02)
        self.norm = nn.LayerNorm(shape.width, EPSILON)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))

    def table(self) -> torch.Tensor:
        """Return the whole token table, float32[n, width]."""
        return torch.cat([self.old, self.new])

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        """ids: int64[n, length]; mask: bool; kinds: int64; returns [n, length, width]."""
        # The gradients of a frequent token are too many to be summed in bfloat16.
        x = functional.embedding(ids, table).to(self.positions.dtype)
        x = self.norm(x + self.positions[: ids.shape[1]] + functional.embedding(kinds, self.kinds))
        attended = None if bool(mask.all()) else mask[:, None, None, :]
        for layer in self.layers:
            x = layer(x, attended)
        return x

    def body(self) -> Iterator[nn.Parameter]:
        """Yield all parameters but the token tables."""
        return (parameter for name, parameter in self.named_parameters() if name not in ("old", "new"))


def slices(lengths: NDArray[np.integer], tokens: int = SLICE_TOKENS) -> list[NDArray[np.int64]]:
    """Return the places of texts in groups of like length, each of at most ``tokens`` tokens with its padding."""
    order = np.argsort(lengths, kind="stable")
    groups, start = [], 0
    for at in range(1, len(order) + 1):
        if at == len(order) or (at + 1 - start) * int(lengths[order[at]]) > tokens:
            groups.append(order[start:at])
            start = at
    return groups


def padded(texts: Sequence[NDArray[np.integer]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return int64[n, longest] ids, 0 where a text has ended, and bool[n, longest]: where it has not."""
    longest = max(map(len, texts))
    ids = np.zeros((len(texts), longest), np.int64)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
    lengths = np.asarray([len(text) for text in texts])
    return torch.from_numpy(ids), torch.from_numpy(np.arange(longest)[None, :] < lengths[:, None])


def lowered(encoder: nn.Module) -> dict[str, torch.Tensor]:
    """Return the parameters in bfloat16, but for the token tables; gradients reach the parameters through them."""
    named = encoder.named_parameters()
    return {name: parameter if name in ("old", "new") else parameter.bfloat16() for name, parameter in named}


def vectors(encoder: Encoder, texts: Sequence[NDArray[np.integer]], table: torch.Tensor) -> torch.Tensor:
    """Return float32[n, width], the unit means of the token vectors of each text (ids with special tokens)."""
    lengths = np.asarray([len(text) for text in texts])
    groups = slices(lengths)
    parts = []
    weights = lowered(encoder)
    # Every look-up costs a gradient of the table's size, so only the rows in use are looked up, once.
    used, places_used = np.unique(np.concatenate(texts), return_inverse=True)
    table = table[torch.from_numpy(used)]
    texts = np.split(places_used.reshape(-1), np.cumsum(lengths)[:-1])
    for places in groups:
        ids, mask = padded([texts[at] for at in places])
        tokens = functional_call(encoder, weights, (ids, mask, torch.zeros_like(ids), table))
        real = mask[:, :, None].float()
        parts.append(functional.normalize((tokens.float() * real).sum(1) / real.sum(1), dim=1))
    back = torch.from_numpy(np.argsort(np.concatenate(groups)))
    return torch.cat(parts)[back]


def from_bert(state: dict[str, torch.Tensor], shape: Shape) -> dict[str, torch.Tensor]:
    """Return the state of an ``Encoder`` without its tables from that of a BertModel."""
    found = {
        "positions": state["embeddings.position_embeddings.weight"][: shape.positions],
        "kinds": state["embeddings.token_type_embeddings.weight"],
    }
    for end in ("weight", "bias"):
        found[f"norm.{end}"] = state[f"embeddings.LayerNorm.{end}"]
        for n in range(shape.layers):
            theirs = f"encoder.layer.{n}"
            qkv = [state[f"{theirs}.attention.self.{part}.{end}"] for part in ("query", "key", "value")]
            found[f"layers.{n}.qkv.{end}"] = torch.cat(qkv)
            for ours, name in _NAMES.items():
                found[f"layers.{n}.{ours}.{end}"] = state[f"{theirs}.{name}.{end}"]
    return found


def to_bert(encoder: Encoder) -> dict[str, torch.Tensor]:
    """Return the state of a BertModel (without pooler) that computes the same."""
    ours = encoder.state_dict()
    found = {
        "embeddings.word_embeddings.weight": encoder.table().detach(),
        "embeddings.position_embeddings.weight": ours["positions"],
        "embeddings.token_type_embeddings.weight": ours["kinds"],
    }
    for end in ("weight", "bias"):
        found[f"embeddings.LayerNorm.{end}"] = ours[f"norm.{end}"]
        for n in range(encoder.shape.layers):
            theirs = f"encoder.layer.{n}"
            for part, rows in zip(("query", "key", "value"), ours[f"layers.{n}.qkv.{end}"].chunk(3), strict=True):
                found[f"{theirs}.attention.self.{part}.{end}"] = rows
            for name, other in _NAMES.items():
                found[f"{theirs}.{other}.{end}"] = ours[f"layers.{n}.{name}.{end}"]
    return found


_NAMES = {
    "out": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm2": "output.LayerNorm",
}
