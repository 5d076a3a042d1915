"""A missing, damaged, foreign or unfit model is one clear error that says what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from genesis_rag.embedding import EmbedderOptions, folder, open_embedder
from genesis_rag.embedding.gguf_header import read_header
from genesis_rag.errors import MissingExtraError, ModelError, SettingsError

CPU = EmbedderOptions(device="cpu", threads=1, file="model.onnx")
TORCH = EmbedderOptions(device="cpu")


def cut(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return damage


def gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def foreign(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "unheard-of", "architectures": ["Unheard"]}))


@pytest.fixture
def copy(bert_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bert_folder, tmp_path / "model"))


@pytest.mark.torch
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (gone("model.onnx"), "no model.onnx"),
        (cut("model.onnx"), "cannot open"),
        (gone("tokenizer.json"), "tokenizer"),
        (cut("tokenizer.json"), "tokenizer"),
        (cut("1_Pooling/config.json"), "cannot be read"),
    ],
)
def test_onnx(copy: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(copy)
    with pytest.raises(ModelError, match=message) as caught:
        open_embedder("onnx", copy, CPU)
    assert caught.value.hint


@pytest.mark.torch
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (gone("model.safetensors"), "no weights"),
        (pickled, "no weights"),
        (cut("model.safetensors"), "cannot load"),
        (foreign, "cannot load"),
    ],
)
def test_torch(copy: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(copy)
    with pytest.raises(ModelError, match=message) as caught:
        open_embedder("sentence_transformers", copy, TORCH)
    assert caught.value.hint and len(caught.value.message) < 500


@pytest.mark.torch
@pytest.mark.parametrize("backend", ["onnx", "sentence_transformers"])
def test_a_dimension_that_the_model_lacks(bert_folder: Path, backend: str) -> None:
    with pytest.raises(ModelError, match="vectors of 48 numbers, not 64"):
        open_embedder(backend, bert_folder, EmbedderOptions(device="cpu", dim=64, file="model.onnx"))


@pytest.mark.torch
@pytest.mark.parametrize("backend", ["onnx", "sentence_transformers"])
def test_a_device_that_is_not_there(bert_folder: Path, backend: str) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    for device in ("cuda", "abacus"):
        with pytest.raises(SettingsError, match=r"no CUDA|no device") as caught:
            open_embedder(backend, bert_folder, EmbedderOptions(device=device, file="model.onnx"))
        assert "cpu" in caught.value.hint


@pytest.mark.llama
@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot be read"), (b"PK zip", "not a GGUF"), (b"GGUF\x03\0\0\0cut", "cannot load")]
)
def test_gguf(tmp_path: Path, content: bytes | None, message: str) -> None:
    pytest.importorskip("llama_cpp")
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=message) as caught:
        open_embedder("llama_cpp", path, TORCH)
    assert caught.value.hint


@pytest.mark.llama
def test_a_gguf_larger_than_the_memory(embedding_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_cpp")
    monkeypatch.setattr("genesis_rag.gguf_file._memory", lambda: 1000)
    with pytest.raises(ModelError, match="of memory"):
        open_embedder("llama_cpp", embedding_gguf)


@pytest.mark.llama
def test_a_gguf_is_never_cut_at_the_engines_own_batch(embedding_gguf: Path) -> None:
    """llama-cpp-python reads 512 tokens by itself; a model for fewer is not asked for more."""
    pytest.importorskip("llama_cpp")
    assert open_embedder("llama_cpp", embedding_gguf, EmbedderOptions(max_tokens=100_000)).max_tokens == 256
    small = open_embedder("llama_cpp", embedding_gguf, EmbedderOptions(max_tokens=100))
    rows = small.embed_passages(["a" * 90 + "b" * 5, "a" * 90 + "c" * 5, "a" * 200 + "b", "a" * 200 + "c"])
    assert float(rows[0] @ rows[1]) < 0.9999 < float(rows[2] @ rows[3])


@pytest.mark.parametrize(
    ("backend", "library", "extra"),
    [("sentence_transformers", "sentence_transformers", "torch"), ("llama_cpp", "llama_cpp", "llama")],
)
def test_a_missing_library_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backend: str, library: str, extra: str
) -> None:
    monkeypatch.setattr(f"genesis_rag.embedding.{backend}.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as caught:
        open_embedder(backend, tmp_path, TORCH)
    assert f"genesis-rag[{extra}]" in caught.value.hint


def test_folders_tell_what_reads_them(tmp_path: Path) -> None:
    def made(*names: str) -> Path:
        place = tmp_path / "-".join(names).replace("/", "_")
        for name in names:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).touch()
        return place

    assert folder.guessed_backend(made("model.onnx", "config.json", "tokenizer.json")) == "onnx"
    assert folder.guessed_backend(made("onnx/model.onnx")) == "onnx"
    assert folder.guessed_backend(made("config.json", "model.safetensors", "tokenizer.json")) == "sentence_transformers"
    assert folder.guessed_backend(made("model.safetensors", "tokenizer.json")) == "static"
    assert folder.guessed_backend(made("model.gguf") / "model.gguf") == "llama_cpp"
    with pytest.raises(ModelError, match="no embedding model"):
        folder.guessed_backend(made("README.md"))


def test_folders_say_how_they_are_used(tmp_path: Path) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "config_sentence_transformers.json").write_text('{"prompts": {"query": "q: ", "passage": "p: "}}')
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 128}')
    pooling = tmp_path / "1_Pooling" / "config.json"
    for said, kind in [
        ('{"pooling_mode_cls_token": true}', "cls"),
        ('{"pooling_mode_lasttoken": true, "pooling_mode_mean_tokens": false}', "last"),
        ('{"pooling_mode": "lasttoken"}', "last"),
        ("{}", "mean"),
    ]:
        pooling.write_text(said)
        found = folder.completed(EmbedderOptions(), tmp_path)
        assert (found.pooling, found.query_prefix, found.passage_prefix, found.max_tokens) == (kind, "q: ", "p: ", 128)
    own = EmbedderOptions(pooling="cls", query_prefix="", passage_prefix="x", max_tokens=7)
    assert folder.completed(own, tmp_path) == own
    for said in ('{"pooling_mode_max_tokens": true}', '{"pooling_mode": "mean+max"}'):
        pooling.write_text(said)
        with pytest.raises(ModelError, match="pooling"):
            folder.completed(EmbedderOptions(), tmp_path)


def test_the_header_of_a_gguf_is_read_without_the_engine(embedding_gguf: Path, tmp_path: Path) -> None:
    header = read_header(embedding_gguf)
    assert header["general.architecture"] == "llama" and header["llama.context_length"] == 256
    assert header["llama.pooling_type"] == 1 and not any(name.startswith("tokenizer") for name in header)
    content = embedding_gguf.read_bytes()
    for size in (0, 3, 24, 40, 100):
        (tmp_path / "cut.gguf").write_bytes(content[:size])
        assert set(read_header(tmp_path / "cut.gguf")) <= set(header)
    (tmp_path / "wild.gguf").write_bytes(content[:16] + b"\xff" * 100)
    assert read_header(tmp_path / "wild.gguf") == {}
