"""Models for benchmarks of engines, where no real one is at hand: a random BERT, its ONNX forms, a GGUF Llama.

Speed depends on shapes, not on what the weights mean.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

LAYERS, WIDTH, HEADS, HIDDEN, LONGEST = 12, 384, 12, 1536, 512
VOCABULARY = 31_000


def write_bert(folder: Path) -> int:
    """Write a BERT of 12 layers by 384 for sentence-transformers; return the number of its parameters."""
    import torch
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True, exist_ok=True)
    _write_tokenizer(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=HIDDEN,
        max_position_embeddings=LONGEST,
    )
    model = BertModel(config).eval()
    model.save_pretrained(folder)
    _write_modules(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def export_onnx(folder: Path, path: Path) -> None:
    """Write the BERT of a sentence-transformers folder as an ONNX graph that gives token vectors."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

    class TokenVectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            found = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
            return found.last_hidden_state

    names = ["input_ids", "attention_mask", "token_type_ids"]
    sample = torch.ones(2, 7, dtype=torch.long)
    axes = {name: {0: "batch", 1: "length"} for name in [*names, "last_hidden_state"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            TokenVectors(),
            (sample, sample, sample * 0),
            str(path),
            input_names=names,
            output_names=["last_hidden_state"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )


def quantise(source: Path, target: Path) -> None:
    """Write the int8 form of an ONNX graph, with a scale for each channel.

    With one scale a matrix, which is the library's default, the vectors of all-MiniLM-L6-v2 turn by 0.93 in cosine on
    plain sentences and by 0.80 on odd ones; with one a channel by 0.99.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True)


def write_llama(path: Path, layers: int = 12, width: int = 512, hidden: int = 1536, context: int = 2048) -> int:
    """Write a random Llama in float16 as a GGUF file; return the number of its parameters."""
    import gguf

    random = np.random.default_rng(0)
    vocabulary = ["<unk>", "<s>", "</s>", *(f"▁w{i}" for i in range(8000)), *[f"<0x{byte:02X}>" for byte in range(256)]]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(8)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(vocabulary)
    writer.add_token_scores([0.0] * len(vocabulary))
    writer.add_token_types([2, 3, 3, *[1] * 8000, *[6] * 256])
    square, up = (width, width), (hidden, width)
    shapes: dict[str, tuple[int, ...]] = {"token_embd": (len(vocabulary), width), "output": (len(vocabulary), width)}
    for layer in range(layers):
        shapes |= {f"blk.{layer}.{part}": square for part in ("attn_q", "attn_k", "attn_v", "attn_output")}
        shapes |= {f"blk.{layer}.ffn_gate": up, f"blk.{layer}.ffn_up": up, f"blk.{layer}.ffn_down": up[::-1]}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", (random.standard_normal(shape, np.float32) * 0.05).astype(np.float16))
    norms = ["output_norm", *(f"blk.{n}.{part}" for n in range(layers) for part in ("attn_norm", "ffn_norm"))]
    for name in norms:
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return sum(int(np.prod(shape)) for shape in shapes.values())


def _write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{i}" for i in range(VOCABULARY - 4))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    kinds = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    said = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LONGEST, **kinds}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))


def _write_modules(folder: Path) -> None:
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate([("", "Transformer"), ("1_Pooling", "Pooling")])
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    pooling = {"word_embedding_dimension": WIDTH, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 256, "do_lower_case": False}))
