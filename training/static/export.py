"""Writes a trained run as a StaticEmbedding folder: int8 rows with a float scale each, and the tokenizer.

python -m training.static.export --out RUN_FOLDER --to FOLDER
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

LIMIT = 10_000_000  # bytes of weights and tokenizer together
MODULES = [
    {
        "idx": 0,
        "name": "0",
        "path": "",
        "type": "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding",
    },
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.base.modules.normalize.Normalize"},
]
NORMALIZE = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
SETTINGS = {
    "model_type": "SentenceTransformer",
    "similarity_fn_name": "cosine",
    "prompts": {"query": "", "document": ""},
    "default_prompt_name": None,
}


def quantise(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return (int8 rows, scales): row i is about ``rows[i] * scales[i]``, off by half a 127th of its peak."""
    peaks = np.abs(table).max(axis=1)
    scales = np.where(peaks > 0, peaks / 127.0, 1e-8).astype(np.float32)
    return np.rint(table / scales[:, None]).astype(np.int8), scales


def export(out: Path, folder: Path) -> dict[str, int]:
    """Write ``folder`` from the state of run ``out`` and return the size of each file."""
    state = load_file(out / "state.safetensors")
    table = state["rows"] * state["sif"][:, None]
    table[0] = 0.0  # the unknown piece, which training leaves out
    table /= np.linalg.norm(table, axis=1).max()
    rows, scales = quantise(table.astype(np.float32))
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"embeddings": rows, "weights": scales}, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)  # safetensors makes it readable by its owner alone
    shutil.copyfile(out / "tokenizer.json", folder / "tokenizer.json")
    _write(folder / "modules.json", MODULES)
    _write(folder / "config_sentence_transformers.json", SETTINGS)
    _write(folder / "1_Normalize" / "config.json", NORMALIZE)
    sizes = {name: (folder / name).stat().st_size for name in ("model.safetensors", "tokenizer.json")}
    if sum(sizes.values()) > LIMIT:
        raise SystemExit(f"too large: {sizes}")
    return sizes


def _write(place: Path, value: object) -> None:
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    args = parser.parse_args()
    print(export(args.out, args.to))


if __name__ == "__main__":
    main()
