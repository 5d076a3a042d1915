"""Gradient caching: the loss of a batch far larger than memory holds, at the price of a second forward pass.

Every text is embedded without keeping anything; the loss and its gradient at each vector come from all of them; then
slice by slice is embedded again and that gradient is sent down through it (Gao et al. 2021, "Scaling Deep Contrastive
Learning Batch Size under Memory Limited Setup"). Gradients add up to those of one large batch, because a vector depends
on its own text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from training.small.encoder import SLICE_TOKENS, Encoder, slices, vectors

Losses = Mapping[str, torch.Tensor]


def cached_backward(
    encoder: Encoder,
    texts: Sequence[NDArray[np.integer]],
    loss_of: Callable[[torch.Tensor], Losses],
    tokens: int = SLICE_TOKENS,
) -> dict[str, float]:
    """Add the gradients of ``loss_of`` (float32[n, width] to weighted losses) to the encoder's; return its values."""
    table = encoder.table()
    with torch.no_grad():
        rows = vectors(encoder, texts, table)
    rows.requires_grad_(True)
    found = loss_of(rows)
    torch.stack(list(found.values())).sum().backward()
    assert rows.grad is not None
    for places in slices(np.asarray([len(text) for text in texts]), tokens):
        again = vectors(encoder, [texts[at] for at in places], table)
        again.backward(rows.grad[torch.from_numpy(places)], retain_graph=table.requires_grad)
    return {name: round(float(loss.detach()), 4) for name, loss in found.items()}
