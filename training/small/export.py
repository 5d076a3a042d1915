"""Writes the trained models as int8 ONNX graphs that share a tokenizer and one token table.

python -m training.small.export --out RUN_FOLDER --to src/genesis_rag/embedded/small

``tokenizer.json`` is the tokenizer of both; ``tokens.int8`` holds the rows of the token table, int8[n, width], and both
graphs name it as external data; ``embedder.onnx`` takes input_ids and attention_mask and gives last_hidden_state
[n, length, width]; ``reader.onnx`` takes token_type_ids too and gives relevance [n] and ends [n, length, 2].
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn
from training.small.encoder import Encoder, Shape
from training.small.reader import LAYERS, Reader, make_reader
from training.small.reading import QUESTION, TITLE, WINDOW
from training.small.train_embedder import load_embedder

TABLE_FILE, TABLE_NAME = "tokens.int8", "tokens.rows"
READ_TOKENS = QUESTION + TITLE + WINDOW + 4
"""The longest input of the reader: [CLS] and three [SEP] beside its parts."""
_OPSET = 17


def quantised_rows(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return int8[n, width] and float32[n, 1]: row i stands for ``rows[i] * scales[i]``."""
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-6) / 127.0
    return np.rint(table / scales).astype(np.int8), scales.astype(np.float32)


class _Graph(nn.Module):
    """An encoder over int8 tables of tokens and places, without the shortcuts of training, for tracing."""

    def __init__(self, body: Encoder, rows: torch.Tensor, scales: torch.Tensor, longest: int | None = None) -> None:
        super().__init__()
        self.body = body
        self.register_buffer("rows", rows)
        self.register_buffer("scales", scales)
        places = quantised_rows(body.positions.detach().numpy()[:longest])
        for name, values in zip(("position_rows", "position_scales"), places, strict=True):
            self.register_buffer(name, torch.from_numpy(values))

    def encode(self, ids: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor | None) -> torch.Tensor:
        x = self.rows[ids].float() * self.scales[ids]
        kind = self.body.kinds[0] if kinds is None else self.body.kinds[kinds]
        places = self.position_rows[: ids.shape[1]].float() * self.position_scales[: ids.shape[1]]
        x = self.body.norm(x + places + kind)
        attended = mask[:, None, None, :].bool()
        for layer in self.body.layers:
            x = layer(x, attended)
        return x


class EmbedderGraph(_Graph):
    """What embedder.onnx computes."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.encode(input_ids, attention_mask, None)


class ReaderGraph(_Graph):
    """What reader.onnx computes."""

    def __init__(self, reader: Reader, rows: torch.Tensor, scales: torch.Tensor) -> None:
        super().__init__(reader.body, rows, scales, READ_TOKENS)
        self.mixed, self.relevance, self.ends = reader.mixed, reader.relevance, reader.ends

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = self.encode(input_ids, attention_mask, token_type_ids)
        return self.relevance(torch.tanh(self.mixed(tokens[:, 0])))[:, 0], self.ends(tokens)


def write_graph(graph: _Graph, place: Path, inputs: list[str], outputs: list[str]) -> None:
    """Write the graph in float32 but for the token table."""
    sample = torch.ones(2, 9, dtype=torch.long)
    axes = {name: {0: "batch", 1: "length"} for name in [*inputs, *outputs]} | {"relevance": {0: "batch"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(graph, (sample,) * len(inputs), str(place), input_names=inputs, output_names=outputs,
                          dynamic_axes={name: axes[name] for name in [*inputs, *outputs]}, opset_version=_OPSET,
                          dynamo=False)  # fmt: skip


def quantise(source: Path, target: Path) -> None:
    """Write the graph with int8 matrices, one scale a channel; activations are quantised while it runs."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"])


def share_table(place: Path, rows: NDArray[np.int8]) -> None:
    """Let the graph in ``place`` read its token table from ``TABLE_FILE`` beside it."""
    model = onnx.load(str(place))
    table = next(one for one in model.graph.initializer if one.data_type == onnx.TensorProto.INT8
                 and list(one.dims) == list(rows.shape))  # fmt: skip
    old = table.name
    table.ClearField("raw_data")
    table.name = TABLE_NAME
    table.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", TABLE_FILE), ("offset", "0"), ("length", str(rows.size))):
        table.external_data.add(key=key, value=value)
    for node in model.graph.node:
        node.input[:] = [TABLE_NAME if name == old else name for name in node.input]
    place.write_bytes(model.SerializeToString())


def export(
    encoder: Encoder, reader: Reader | None, tokenizer: Path, to: Path, *, quantised: bool = True
) -> dict[str, int]:
    """Write everything into ``to`` and return the size of each file in bytes; else than ``quantised``: in float32."""
    to.mkdir(parents=True, exist_ok=True)
    rows, scales = quantised_rows(encoder.table().detach().numpy())
    (to / TABLE_FILE).write_bytes(rows.tobytes())
    shutil.copyfile(tokenizer, to / "tokenizer.json")
    table = torch.from_numpy(rows), torch.from_numpy(scales)
    graphs: list[tuple[str, _Graph, list[str], list[str]]] = [
        ("embedder.onnx", EmbedderGraph(encoder, *table), ["input_ids", "attention_mask"], ["last_hidden_state"])
    ]
    if reader is not None:
        inputs = ["input_ids", "attention_mask", "token_type_ids"]
        graphs.append(("reader.onnx", ReaderGraph(reader, *table), inputs, ["relevance", "ends"]))
    with tempfile.TemporaryDirectory() as folder:
        for name, graph, inputs, outputs in graphs:
            plain = Path(folder) / name
            write_graph(graph.eval(), plain, inputs, outputs)
            if quantised:
                quantise(plain, to / name)
            else:
                shutil.copyfile(plain, to / name)
            share_table(to / name, rows)
    return {path.name: path.stat().st_size for path in sorted(to.iterdir()) if path.is_file()}


def load_reader(out: Path, embedder: Encoder) -> Reader | None:
    """Return the trained reader of a run, if there is one."""
    if not (out / "reader.pt").exists():
        return None
    reader = make_reader(embedder, LAYERS)
    reader.load_state_dict(torch.load(out / "reader.pt", weights_only=True)["model"])
    return reader


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("out", "to"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    embedder = load_embedder(args.out, Shape())
    for name, size in export(embedder, load_reader(args.out, embedder), args.out / "tokenizer.json", args.to).items():
        print(f"{name}: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
