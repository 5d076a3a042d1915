"""The static backend: exact numbers from known tables, damage, fingerprints, and the shipped weights."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

import genesis_rag
from genesis_rag.embedding import BACKENDS, open_embedder
from genesis_rag.embedding.static import StaticEmbedder
from genesis_rag.errors import ModelError, SettingsError

Make = Callable[..., Path]
SHIPPED = Path(genesis_rag.__file__).parent / "embedded" / "static"


def test_a_row_is_the_weighted_sum_of_its_tokens(make_static: Make) -> None:
    folder = make_static()
    tensors = load_file(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = tokenizer.encode("日本の首都は日本 tokyo", add_special_tokens=False).ids
    assert len(ids) == 6
    expected = sum(tensors["embeddings"][i].astype(np.float64) * tensors["weights"][i] for i in ids)
    expected = expected / np.linalg.norm(expected)
    found = StaticEmbedder(folder).embed_queries(["日本の首都は日本 Ｔｏｋｙｏ"])[0]
    assert np.abs(found - expected).max() < 1e-6


def test_cuts_at_exactly_max_tokens(make_static: Make) -> None:
    folder = make_static()
    short = StaticEmbedder(folder, max_tokens=2)
    whole = StaticEmbedder(folder)
    assert np.allclose(short.embed_passages(["日本 tokyo capital"]), whole.embed_passages(["日本 tokyo"]), atol=1e-6)
    assert short.count_tokens("日本 tokyo capital") == 3


def test_white_space_does_not_use_up_the_length(make_static: Make) -> None:
    embedder = StaticEmbedder(make_static(), max_tokens=2)
    assert np.allclose(embedder.embed_passages([" " * 200 + "日本"]), embedder.embed_passages(["日本"]), atol=1e-6)


def test_text_without_known_tokens_gets_one_fixed_direction(make_static: Make) -> None:
    for folder in (make_static(), SHIPPED):
        vectors = StaticEmbedder(folder).embed_passages(["", " \n\t", "🙂", "\u200b", "、。！？"])
        assert np.abs(vectors - vectors[0]).max() < 1e-6


def test_the_fingerprint_names_the_content(make_static: Make, tmp_path: Path) -> None:
    folder = make_static()
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert StaticEmbedder(folder).fingerprint == StaticEmbedder(copy).fingerprint
    assert StaticEmbedder(folder).fingerprint != StaticEmbedder(make_static(seed=2)).fingerprint
    assert StaticEmbedder(folder).fingerprint != StaticEmbedder(folder, max_tokens=9).fingerprint
    tokenizer = copy / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert StaticEmbedder(folder).fingerprint != StaticEmbedder(copy).fingerprint


def _no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def _short_weights(folder: Path) -> None:
    place = folder / "model.safetensors"
    place.write_bytes(place.read_bytes()[:-10])


def _empty_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def _other_names(folder: Path) -> None:
    save_file({"embedding.weight": np.zeros((17, 8), np.float32)}, folder / "model.safetensors")


def _other_type(folder: Path) -> None:
    tensors = {"embeddings": np.zeros((17, 8), np.float32), "weights": np.ones(17, np.float32)}
    save_file(tensors, folder / "model.safetensors")


def _other_count(folder: Path) -> None:
    save_file({"embeddings": np.ones((9, 8), np.int8), "weights": np.ones(9, np.float32)}, folder / "model.safetensors")


def _not_a_number(folder: Path) -> None:
    tensors = {"embeddings": np.ones((17, 8), np.int8), "weights": np.full(17, np.nan, np.float32)}
    save_file(tensors, folder / "model.safetensors")


def _no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def _cut_tokenizer(folder: Path) -> None:
    place = folder / "tokenizer.json"
    place.write_bytes(place.read_bytes()[:100])


def _no_text(folder: Path) -> None:
    (folder / "tokenizer.json").write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    "damage",
    [
        _no_weights,
        _short_weights,
        _empty_weights,
        _other_names,
        _other_type,
        _other_count,
        _not_a_number,
        _no_tokenizer,
        _cut_tokenizer,
        _no_text,
    ],
)
def test_missing_or_damaged_files_say_what_to_do(
    make_static: Make, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = shutil.copytree(make_static(), tmp_path / "model")
    damage(folder)
    with pytest.raises(ModelError) as caught:
        open_embedder("static", folder)
    assert str(folder) in caught.value.message
    assert "Install" in caught.value.hint


def test_an_unknown_backend_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        open_embedder("onyx", tmp_path)
    assert "onyx" in caught.value.message
    assert all(backend in caught.value.hint for backend in BACKENDS)


def test_the_factory_loads_no_library_before_it_is_asked() -> None:
    code = "import sys, genesis_rag.embedding; print('tokenizers' in sys.modules, 'torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]


def test_the_shipped_model_is_small_and_complete(shipped: Path) -> None:
    files = {place.name: place.stat().st_size for place in shipped.iterdir() if place.is_file()}
    assert files["model.safetensors"] + files["tokenizer.json"] <= 10_000_000
    for name in ("LICENSE", "NOTICE", "README.md"):
        assert files[name] > 200, name
    notice = (shipped / "NOTICE").read_text(encoding="utf-8")
    for source in "JMdict Tatoeba Kyoto JaQuAD MiniLM MedQuAD JGLUE SelQA CC BY-SA Apache".split():
        assert source in notice, source
    modules = json.loads((shipped / "modules.json").read_text(encoding="utf-8"))
    assert "StaticEmbedding" in modules[0]["type"]


def test_the_shipped_model_translates(shipped: Path) -> None:
    embedder = StaticEmbedder(shipped)
    ja = [
        "日本は気候変動の研究に投資する。",
        "猫が椅子の上で寝ている。",
        "量子コンピュータの誤り訂正",
        "会議は三時からです。",
    ]
    en = ["Japan invests in climate change research.", "A cat is sleeping on the chair.",
          "Error correction of quantum computers", "The meeting starts at three."]  # fmt: skip
    scores = embedder.embed_queries(ja) @ embedder.embed_passages(en).T
    assert scores.argmax(1).tolist() == [0, 1, 2, 3]
    assert scores.argmax(0).tolist() == [0, 1, 2, 3]
    assert scores.diagonal().min() > 0.4
