"""The training of the static embedding from made data to an exported folder, in a few seconds."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest

from genesis_rag.embedding import open_embedder

pytestmark = pytest.mark.torch

KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノ"
LETTERS = "bcdfghjklmnprstvz"


def write(place: Path, rows: list[object]) -> None:
    with gzip.open(place, "wt", encoding="utf-8") as out:
        out.writelines((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of shared data in a language of 60 words with one translation each."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "data").mkdir()
    rng = random.Random(3)
    words = [("".join(rng.choices(KANA, k=4)), "".join(rng.choices(LETTERS, k=5))) for _ in range(60)]
    texts = [rng.sample(words, 6) for _ in range(900)]
    ja, en = ["、".join(w for w, _ in text) for text in texts], [" ".join(w for _, w in text) for text in texts]
    data = folder / "data"
    write(data / "parallel_ja_en.jsonl.gz", [{"ja": j, "en": e, "source": "tatoeba" if i % 2 else "kyoto"}
                                             for i, (j, e) in enumerate(zip(ja, en, strict=True))])  # fmt: skip
    write(data / "glossary_ja_en.jsonl.gz", [{"ja": j, "reading": "", "en": [e], "source": "jmdict"} for j, e in words])
    for language, side, prefix in (("ja", ja, "jaquad"), ("en", en, "qed")):
        passages = [{"id": f"{prefix}-p{i:05}", "title": side[i][:9], "text": side[i] + "\n" + side[-i - 1]}
                    for i in range(120)]  # fmt: skip
        write(data / f"passages_{language}.jsonl.gz", passages)
        answers = [{"text": row["text"][:5], "start": 0} for row in passages]
        write(data / f"qa_{language}_train.jsonl.gz", [
            {"id": f"q{i}", "question": row["text"][:20], "answers": [answer], "passage_id": row["id"]}
            for i, (row, answer) in enumerate(zip(passages, answers, strict=True))])  # fmt: skip
    write(data / "qa_ja_open.jsonl.gz", [{"id": "a", "question": ja[0], "answers": ["x"], "source": "aio"}])
    write(data / "qa_en_pairs.jsonl.gz", [{"id": f"m{i}", "question": en[i][:20], "answer": en[i], "source": "medquad"}
                                          for i in range(50)])  # fmt: skip
    write(data / "mono_ja.txt.gz", list(ja[:20]))
    return folder


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
