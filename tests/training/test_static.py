"""The training of the static embedding from made data to an exported folder, in a few seconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from genesis_rag.embedding import open_embedder

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def run(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with tokens; the last 100 pairs are held back."""
    from training.static.prepare import prepare

    out = tmp_path_factory.mktemp("run")
    np.save(out / "kept.npy", np.arange(800, dtype=np.int32))
    prepare(made, out, size=400)
    return out


def settings(steps: int) -> dict[str, int]:
    return {"steps": steps, "dim": 24, "size": 64, "save_every": 8, "measure_every": 1000}


def test_held_back_pairs_and_their_neighbours_are_never_trained_on(made: Path) -> None:
    from training.static.data import Pair, held_back, read_pairs, squeeze, training_positions

    pairs = read_pairs(made)
    twin = pairs[held_back(pairs, 20)[0]]
    pairs += [
        Pair(twin.ja + "！", "Something quite different", "kyoto"),
        Pair("まるで別の文です", twin.en.upper(), "tatoeba"),
    ]
    chosen = held_back(pairs, 20)
    assert len(chosen) == 40 == len(set(chosen))
    assert sum(pairs[at].source == "kyoto" for at in chosen) == 20
    assert chosen == held_back(pairs, 20) != held_back(pairs, 20, seed=1)
    kept = training_positions(pairs, chosen)
    assert not set(kept) & set(chosen)
    for side in ("ja", "en"):
        out = {squeeze(getattr(pairs[at], side)) for at in chosen}
        assert not out & {squeeze(getattr(pairs[at], side)) for at in kept}
    assert 700 < len(kept) < len(pairs) - 40 + 1


def test_training_learns_the_translations_and_the_export_keeps_them(run: Path, made: Path, tmp_path: Path) -> None:
    from training.static.data import read_pairs
    from training.static.export import export
    from training.static.train import train

    train(run, None, **settings(70))
    sizes = export(run, tmp_path / "model")
    assert set(sizes) == {"model.safetensors", "tokenizer.json"}
    embedder = open_embedder("static", tmp_path / "model")
    unseen = read_pairs(made)[800:]
    scores = embedder.embed_queries([pair.ja for pair in unseen]) @ embedder.embed_passages([p.en for p in unseen]).T
    assert (scores.argmax(axis=1) == np.arange(len(unseen))).mean() > 0.9


def test_an_interrupted_training_goes_on_where_it_was(run: Path, tmp_path: Path) -> None:
    import shutil

    from training.static.train import train

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for out in (whole, parts):
        out.mkdir()
        for name in ("tokenizer.json", "tokens.npz"):
            shutil.copy(run / name, out / name)
    expected = train(whole, None, **settings(24)).folded().numpy()
    shutil.copy(whole / "state.safetensors", tmp_path / "end")

    class Stop(Exception):
        pass

    from training.static import train as module

    real = module.rate

    def until_16(at: float) -> float:
        if at >= 16 / 24:
            raise Stop
        return real(at)

    module.rate = until_16
    try:
        with pytest.raises(Stop):
            train(parts, None, **settings(24))
    finally:
        module.rate = real
    found = train(parts, None, **settings(24)).folded().numpy()
    steps = [json.loads(line)["step"] for line in (parts / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert steps == [24]
    assert np.abs(found - expected).max() < 1e-4


def test_quantising_is_off_by_at_most_half_a_step() -> None:
    from training.static.export import quantise

    table = np.random.default_rng(1).normal(size=(50, 16)).astype(np.float32)
    table[7] = 0.0
    rows, scales = quantise(table)
    assert rows.dtype == np.int8
    assert np.abs(rows * scales[:, None] - table).max() <= scales.max() * 0.501
    assert np.abs(rows).max() == 127
    assert not rows[7].any()


def test_another_teacher_is_refused(tmp_path: Path) -> None:
    from training.static.teacher import check_teacher

    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(SystemExit, match="not the teacher"):
        check_teacher(tmp_path)
