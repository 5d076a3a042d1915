"""A tiny random Llama as a GGUF file, so that the tests run the real engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

VOCABULARY = ["<unk>", "<s>", "</s>", "▁a", "▁b", "日", "本", *[f"<0x{byte:02X}>" for byte in range(256)]]
WIDTH, HEADS, LAYERS, HIDDEN = 32, 4, 2, 64


def write_tiny_llama(path: Path, template: str | None) -> None:
    """Write a random two-layer Llama that llama.cpp accepts."""
    gguf = pytest.importorskip("gguf")
    random = np.random.default_rng(0)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    if template is not None:
        writer.add_chat_template(template)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(VOCABULARY)
    writer.add_token_scores([0.0] * len(VOCABULARY))
    kinds = [2, 3, 3] + [1] * 4 + [6] * 256
    writer.add_token_types(kinds)

    def tensor(name: str, *shape: int) -> None:
        writer.add_tensor(name, random.standard_normal(shape).astype(np.float32) * 0.1)

    tensor("token_embd.weight", len(VOCABULARY), WIDTH)
    tensor("output.weight", len(VOCABULARY), WIDTH)
    tensor("output_norm.weight", WIDTH)
    for layer in range(LAYERS):
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensor(f"blk.{layer}.{part}.weight", WIDTH, WIDTH)
        for part in ("attn_norm", "ffn_norm"):
            tensor(f"blk.{layer}.{part}.weight", WIDTH)
        tensor(f"blk.{layer}.ffn_gate.weight", HIDDEN, WIDTH)
        tensor(f"blk.{layer}.ffn_up.weight", HIDDEN, WIDTH)
        tensor(f"blk.{layer}.ffn_down.weight", WIDTH, HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without a chat template."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_tiny_llama(path, None)
    return path


@pytest.fixture(scope="session")
def templated_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose chat template shows the argument that it was given."""
    path = tmp_path_factory.mktemp("gguf") / "templated.gguf"
    write_tiny_llama(
        path,
        "{{ 'think' if enable_thinking else 'plain' }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}",
    )
    return path
