"""The reader: a few layers over the embedder's token table, with heads for relevance and for the answer's two ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional
from training.small.encoder import Encoder, lowered, padded, slices
from training.small.reading import Window

LAYERS = (0, 1, 2)
"""Which of the embedder's layers it begins with."""
SLICE_TOKENS = 6144


class Reader(nn.Module):
    """Windows to relevance (a logit) and, for each token, logits of being the answer's first and last one."""

    def __init__(self, body: Encoder) -> None:
        super().__init__()
        self.body = body
        self.mixed = nn.Linear(body.shape.width, body.shape.width)
        self.relevance = nn.Linear(body.shape.width, 1)
        self.ends = nn.Linear(body.shape.width, 2)

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor, table: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return float[n] and float[n, length, 2]."""
        tokens = self.body(ids, mask, kinds, table)
        first = torch.tanh(self.mixed(tokens[:, 0]))
        return self.relevance(first)[:, 0], self.ends(tokens)


def make_reader(embedder: Encoder, layers: Sequence[int] = LAYERS) -> Reader:
    """Return a reader before its training: some layers of ``embedder``, whose token table stays as it is."""
    shape = replace(embedder.shape, layers=len(layers))
    body = Encoder(shape, embedder.old.detach(), embedder.new.detach())
    state = embedder.state_dict()
    kept = {name: tensor.clone() for name, tensor in state.items() if not name.startswith("layers.")}
    for new, old in enumerate(layers):
        prefix = f"layers.{old}."
        kept |= {
            f"layers.{new}.{name.removeprefix(prefix)}": tensor.clone()
            for name, tensor in state.items()
            if name.startswith(prefix)
        }
    body.load_state_dict(kept)
    body.old.requires_grad_(False)
    body.new.requires_grad_(False)
    return Reader(body)


def read(reader: Reader, windows: Sequence[Window]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return float32[n] relevance, and for each window float32[length, 2]: -inf in front of the text and at its end."""
    groups = slices(np.asarray([len(window.ids) for window in windows]), SLICE_TOKENS)
    weights, table = _lowered(reader), reader.body.table()
    relevance: list[torch.Tensor] = []
    ends: dict[int, torch.Tensor] = {}
    for places in groups:
        ids, mask = padded([windows[at].ids for at in places])
        second = torch.tensor([windows[at].second for at in places])
        kinds = (torch.arange(ids.shape[1])[None, :] >= second[:, None]).long()
        found, both = functional_call(reader, weights, (ids, mask, kinds, table))
        relevance.append(found.float())
        for row, at in enumerate(places):
            window = windows[at]
            place = torch.arange(len(window.ids))
            outside = (place < window.first) | (place >= len(window.ids) - 1)
            ends[int(at)] = both[row, : len(window.ids)].float().masked_fill(outside[:, None], -1e4)
    back = torch.from_numpy(np.argsort(np.concatenate(groups)))
    return torch.cat(relevance)[back], [ends[at] for at in range(len(windows))]


def losses(reader: Reader, groups: Sequence[Sequence[Window]]) -> dict[str, torch.Tensor]:
    """Return the losses of groups of equal size, of which the first window is the right one.

    Right windows without an answer to point at (``start`` -1) teach relevance alone.
    """
    size = len(groups[0])
    relevance, ends = read(reader, [window for group in groups for window in group])
    table = relevance.view(len(groups), size)
    right = torch.zeros(len(groups), dtype=torch.long)
    wanted = torch.zeros_like(table)
    wanted[:, 0] = 1.0
    spans = []
    for number, group in enumerate(groups):
        if group[0].start < 0:
            continue
        both = ends[number * size]
        spans.append(functional.cross_entropy(both.T, torch.tensor([group[0].start, group[0].end])))
    return {
        "rank": functional.cross_entropy(table, right),
        "relevance": functional.binary_cross_entropy_with_logits(table, wanted),
        "span": torch.stack(spans).mean(),
    }


def _lowered(reader: Reader) -> dict[str, torch.Tensor]:
    body = {f"body.{name}": tensor for name, tensor in lowered(reader.body).items()}
    heads = {name: p.bfloat16() for name, p in reader.named_parameters() if not name.startswith("body.")}
    return body | heads
