"""Tiny real models, made in seconds: a BERT for sentence-transformers and its ONNX forms, a reranker, a GGUF, a server.

Fixtures for several folders of tests, which tests/conftest.py takes from here.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

JAPANESE = "日本の予算研究開発東京大学情報今年度投資計画、。はをがにでと"
WIDTH, LAYERS, HEADS, HIDDEN, LONGEST = 48, 2, 4, 96, 64
PROMPTS = {"query": "query: ", "document": "passage: "}


def write_tokenizer(folder: Path) -> int:
    """Write a WordPiece tokenizer of letters; return the size of its vocabulary."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    letters = [chr(c) for c in range(33, 127)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "budget", "research", "query", "passage"]
    vocabulary = [*words, *letters, *(f"##{c}" for c in letters), *dict.fromkeys(JAPANESE)]
    numbers = {token: number for number, token in enumerate(dict.fromkeys(vocabulary))}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", numbers["[CLS]"]), ("[SEP]", numbers["[SEP]"])],
    )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    kinds = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    said = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LONGEST, "model_input_names": inputs}
    (folder / "tokenizer_config.json").write_text(json.dumps(said | kinds))
    return len(numbers)


def write_bert(folder: Path) -> None:
    """Write a random BERT with what sentence-transformers stores beside it."""
    import torch
    from transformers import BertConfig, BertModel

    size = write_tokenizer(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=size,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=HIDDEN,
        max_position_embeddings=LONGEST,
        initializer_range=0.15,
    )
    BertModel(config).eval().save_pretrained(folder)
    parts = [("", "Transformer"), ("1_Pooling", "Pooling")]
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(parts)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": WIDTH, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": LONGEST, "do_lower_case": False}))
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": PROMPTS}))


def write_reranker(folder: Path, labels: int = 1) -> None:
    """Write a random BERT that gives ``labels`` numbers a pair of texts."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    size = write_tokenizer(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=size,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=HIDDEN,
        max_position_embeddings=LONGEST,
        initializer_range=0.3,
        num_labels=labels,
    )
    BertForSequenceClassification(config).eval().save_pretrained(folder)


def export_onnx(folder: Path, path: Path, *, scores: bool = False) -> None:
    """Write the model of ``folder`` as an ONNX graph that gives token vectors, or ``scores`` of pairs."""
    import torch
    from transformers import BertForSequenceClassification, BertModel

    kind = BertForSequenceClassification if scores else BertModel
    model = kind.from_pretrained(folder, attn_implementation="eager").eval()

    class Graph(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            found = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
            return found.logits if scores else found.last_hidden_state

    names = ["input_ids", "attention_mask", "token_type_ids"]
    sample = torch.ones(2, 7, dtype=torch.long)
    output = "logits" if scores else "last_hidden_state"
    axes = {name: {0: "batch", 1: "length"} for name in [*names, output]}
    if scores:
        axes[output] = {0: "batch"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Graph(),
            (sample, sample, sample * 0),
            str(path),
            input_names=names,
            output_names=[output],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )


def quantise(source: Path, target: Path) -> None:
    """Write the int8 form of an ONNX graph."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True)


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with torch weights, model.onnx and model_int8.onnx in one folder."""
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    folder = tmp_path_factory.mktemp("bert")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_bert(folder)
        export_onnx(folder, folder / "model.onnx")
    quantise(folder / "model.onnx", folder / "model_int8.onnx")
    return folder


@pytest.fixture(scope="session")
def reranker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder with torch weights, model.onnx and model_int8.onnx in one folder."""
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    folder = tmp_path_factory.mktemp("reranker")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_reranker(folder)
        export_onnx(folder, folder / "model.onnx", scores=True)
    quantise(folder / "model.onnx", folder / "model_int8.onnx")
    return folder


@pytest.fixture(scope="session")
def embedding_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer Llama as a GGUF file."""
    gguf = pytest.importorskip("gguf")
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    random = np.random.default_rng(1)
    vocabulary = ["<unk>", "<s>", "</s>", "▁a", "日", "本", *[f"<0x{byte:02X}>" for byte in range(256)]]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(256)
    writer.add_embedding_length(32)
    writer.add_block_count(2)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(vocabulary)
    writer.add_token_scores([0.0] * len(vocabulary))
    writer.add_token_types([2, 3, 3, 1, 1, 1, *[6] * 256])
    shapes = {"token_embd": (len(vocabulary), 32), "output": (len(vocabulary), 32), "output_norm": (32,)}
    for layer in range(2):
        shapes |= {f"blk.{layer}.{part}": (32, 32) for part in ("attn_q", "attn_k", "attn_v", "attn_output")}
        shapes |= {f"blk.{layer}.attn_norm": (32,), f"blk.{layer}.ffn_norm": (32,)}
        shapes |= {f"blk.{layer}.ffn_gate": (64, 32), f"blk.{layer}.ffn_up": (64, 32)}
        shapes[f"blk.{layer}.ffn_down"] = (32, 64)
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.standard_normal(shape).astype(np.float32) * 0.3)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@dataclass
class FakeServer:
    """A model server on this machine. ``behaviours`` are used up one a request; then it answers properly."""

    url: str
    behaviours: list[Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    tokenize: Callable[[BaseHTTPRequestHandler, dict[str, Any]], None] | None = None
    healthy: bool = True
    health_checks: int = 0
    most_at_once: int = 0
    delay: float = 0.0
    stop: Callable[[], None] = lambda: None


def vector_of(text: str) -> list[float]:
    """Return 16 numbers that depend on the text's words."""
    row = np.full(16, 0.01)
    for word in text.lower().split():
        row[sum(word.encode()) % 16] += 1
    return row.tolist()


def answer_json(handler: BaseHTTPRequestHandler, value: object, status: int = 200, **headers: str) -> None:
    content = json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(content)))
    for name, one in headers.items():
        handler.send_header(name.replace("_", "-"), one)
    handler.end_headers()
    handler.wfile.write(content)


def answer_nothing(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    answer_json(handler, {"error": "no such page"}, 404)


def answer_embeddings(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    rows = [{"index": i, "embedding": vector_of(text)} for i, text in enumerate(body["input"])]
    answer_json(handler, {"data": rows[::-1]})  # the order of a server's answer means nothing


def answer_scores(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """Score a text by how many of the query's words it holds."""
    words = set(body["query"].split())
    rows = [{"index": i, "relevance_score": len(words & set(t.split()))} for i, t in enumerate(body["documents"])]
    answer_json(handler, {"results": sorted(rows, key=lambda row: -row["relevance_score"])})


def answer_chat(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """Stream the last message back, word by word."""
    pieces = body["messages"][-1]["content"].split(" ")
    events = [{"choices": [{"index": 0, "delta": {"content": piece + " "}}]} for piece in pieces]
    answer_events(handler, [json.dumps(event) for event in events[: body["max_tokens"]]] + ["[DONE]"])


def answer_events(handler: BaseHTTPRequestHandler, events: list[str]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    for event in events:
        handler.wfile.write(f"data: {event}\n\n".encode())
        handler.wfile.flush()


PROPERLY = {
    "/v1/embeddings": answer_embeddings,
    "/v1/rerank": answer_scores,
    "/v1/chat/completions": answer_chat,
}


def start_server(port: int = 0) -> FakeServer:
    """Start a model server on ``port``, or on a free one; ``stop`` ends it and whatever it is answering."""
    busy, lock, open_now = 0, threading.Lock(), set[Any]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fake.health_checks += 1
            answer_json(self, {}, 404 if self.path != "/health" else 200 if fake.healthy else 503)

        def do_POST(self) -> None:
            nonlocal busy
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/tokenize":
                (fake.tokenize or answer_nothing)(self, body)
                return
            with lock:
                busy += 1
                fake.most_at_once = max(fake.most_at_once, busy)
                fake.requests.append((self.path, body, dict(self.headers)))
                behave = fake.behaviours.pop(0) if fake.behaviours else PROPERLY[self.path]
            time.sleep(fake.delay)
            with lock:  # before the answer: whoever has it may ask again at once
                busy -= 1
            behave(self, body)

        def setup(self) -> None:
            super().setup()
            open_now.add(self.connection)

        def finish(self) -> None:
            open_now.discard(self.connection)
            with suppress(OSError):
                super().finish()

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        allow_reuse_address = True

        def handle_error(self, *_: object) -> None:
            pass  # a client that went away, or the connection that a test cut

    server = Quiet(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)

    def stop() -> None:
        server.shutdown()
        thread.join(5)
        server.server_close()
        for connection in list(open_now):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    fake = FakeServer(f"http://127.0.0.1:{server.server_port}/v1", stop=stop)
    thread.start()
    return fake


@pytest.fixture
def model_server() -> Iterator[FakeServer]:
    fake = start_server()
    yield fake
    fake.stop()


@pytest.fixture
def model_servers() -> Iterator[tuple[FakeServer, FakeServer]]:
    """Two servers of one model."""
    both = start_server(), start_server()
    yield both
    for one in both:
        one.stop()
