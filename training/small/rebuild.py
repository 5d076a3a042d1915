"""Makes a sentence-transformers folder of the shipped embedder, whose weights are kept as int8 ONNX alone.

    python -m training.small.rebuild --from src/genesis_rag/embedded/small --to FOLDER

The folder holds a BertModel in float32 with mean pooling; its vectors differ from those of the graph by the graph's
rounding of activations.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from training.small.encoder import Encoder, Shape, to_bert
from training.small.export import TABLE_FILE, TABLE_NAME

_MATRICES = ("qkv", "out", "up", "down")
Floats = NDArray[np.float32]


def read_graph(folder: Path, heads: int = 12) -> Encoder:
    """Return the encoder whose int8 weights are in ``embedder.onnx`` and ``tokens.int8`` of ``folder``."""
    graph = onnx.load(str(folder / "embedder.onnx"), load_external_data=False).graph
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer if one.name != TABLE_NAME}
    tables = _tables(folder, stored)
    state = {name.removeprefix("body."): value for name, value in stored.items() if name.startswith("body.")}
    layers = len([name for name in state if name.endswith("qkv.bias")])
    found = [node.input[1].removesuffix("_quantized") for node in graph.node if node.op_type == "MatMulInteger"]
    for place, name in enumerate(found):
        layer, part = divmod(place, len(_MATRICES))
        whole = stored[f"{name}_quantized"].astype(np.float32) * stored[f"{name}_scale"][None, :]
        state[f"layers.{layer}.{_MATRICES[part]}.weight"] = whole.T
    state["positions"] = tables["position"]
    state["kinds"] = np.stack([_kind(graph, stored)] * 2)
    width, longest = tables["token"].shape[1], len(tables["position"])
    shape = Shape(width, heads, len(state["layers.0.up.bias"]), layers, longest)
    whole_state = {name: torch.from_numpy(np.array(value, np.float32)) for name, value in state.items()}
    rows = torch.from_numpy(tables["token"])
    whole_state |= {"old": rows[:1], "new": rows[1:]}
    encoder = Encoder(shape, rows[:1], rows[1:])
    encoder.load_state_dict(whole_state)
    return encoder


def _tables(folder: Path, stored: dict[str, NDArray[np.generic]]) -> dict[str, Floats]:
    scales = np.asarray(stored["scales"], np.float32)
    rows = np.fromfile(folder / TABLE_FILE, np.int8).reshape(len(scales), -1)
    places = np.asarray(stored["position_rows"], np.float32)
    return {"token": rows.astype(np.float32) * scales, "position": places * stored["position_scales"]}


def _kind(graph: onnx.GraphProto, stored: dict[str, NDArray[np.generic]]) -> NDArray[np.generic]:
    """Return the vector of the first text's kind, a constant that is added to every token."""
    added = [name for node in graph.node if node.op_type == "Add" for name in node.input]
    return next(stored[name] for name in added if name in stored and not name.startswith("body."))


def write_folder(encoder: Encoder, tokenizer: Path, to: Path) -> None:
    """Write the folder that ``SentenceTransformer(to)`` opens."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    shape = encoder.shape
    config = BertConfig(
        vocab_size=len(encoder.table()), hidden_size=shape.width, num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads, intermediate_size=shape.hidden, max_position_embeddings=shape.positions,
    )  # fmt: skip
    bert = BertModel(config, add_pooling_layer=False)
    bert.load_state_dict(to_bert(encoder))
    body = to / "body"
    bert.save_pretrained(body)
    named = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    fast = PreTrainedTokenizerFast(tokenizer_file=str(tokenizer), model_max_length=shape.positions, **named)
    fast.save_pretrained(body)
    part = modules.Transformer(str(body), max_seq_length=shape.positions)
    pooling = modules.Pooling(shape.width, pooling_mode="mean")
    SentenceTransformer(modules=[part, pooling, modules.Normalize()], device="cpu").save(str(to))
    shutil.rmtree(body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    args = parser.parse_args()
    write_folder(read_graph(args.source), args.source / "tokenizer.json", args.to)


if __name__ == "__main__":
    main()
