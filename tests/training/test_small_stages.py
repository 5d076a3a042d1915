"""The stages beside plain training: gradient caching, mined negatives, masked words, cloze, a smaller table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.torch, pytest.mark.slow]


def texts_of_lengths(*lengths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(5, 60, length) for length in lengths]


def test_cached_gradients_are_those_of_the_whole_batch(embedded: Path, shape: Any) -> None:
    import torch
    from training.small.caching import cached_backward
    from training.small.encoder import vectors
    from training.small.lessons import contrast
    from training.small.train_embedder import load_embedder

    texts = texts_of_lengths(5, 9, 14, 6, 7, 11, 8, 10)
    own = np.arange(4)

    def loss_of(rows: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"found": contrast(rows[:4], rows[4:], own, own)}

    gradients = []
    for cached in (False, True):
        encoder = load_embedder(embedded, shape)
        if cached:
            loss = cached_backward(encoder, texts, loss_of, tokens=16)["found"]
        else:
            whole = loss_of(vectors(encoder, texts, encoder.table()))["found"]
            whole.backward()
        gradients.append(torch.cat([p.grad.flatten() for p in encoder.parameters() if p.grad is not None]))
    assert loss == pytest.approx(float(whole.detach()), abs=2e-3)
    assert len(gradients[0]) == len(gradients[1])
    # Both passes are in bfloat16, with the texts in other company.
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.99


def test_mined_negatives_hold_no_answer_and_are_drawn_every_second_time(made: Path, embedded: Path, shape: Any) -> None:
    from tokenizers import Tokenizer
    from training.small.mining import mine
    from training.small.train_embedder import load_embedder
    from training.static import prepare
    from training.static.batches import Batches

    tokenizer = Tokenizer.from_file(str(embedded / "tokenizer.json"))
    marks = (tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]"))
    batches = Batches(embedded / "tokens.npz")
    found = mine(made / "data", batches, load_embedder(embedded, shape), marks, "ja")
    passages = prepare.load_passages(made / "data", ["passages_ja"])
    questions = prepare.load_questions(made / "data", "qa_ja_train", passages)
    assert found.shape == (120, 12)
    assert (found >= 0).mean() > 0.9
    for at, row in enumerate(found):
        kept = [p for p in row if p >= 0]
        assert questions.passage[at] not in kept
        assert not any(answer in passages[p]["text"] for p in kept for answer in questions.answers[at])
    first = batches._arrays["negatives_ja"].copy()
    batches.add_negatives("ja", found)
    both = batches._arrays["negatives_ja"]
    assert (both[:, 0::2] == first[:, : both.shape[1] // 2]).all()
    assert (both[:, 1::2] == found[:, : both.shape[1] // 2]).all()


def test_matching_goes_on_from_the_embedder_and_leaves_the_table(
    made: Path, teacher: Path, embedded: Path, shape: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from training.small import train_matching
    from training.small.encoder import vectors
    from training.small.train_embedder import load_embedder

    out = tmp_path / "run"
    shutil.copytree(embedded, out)
    before = load_embedder(out, shape, ("embedder.pt",))
    mix = train_matching.Mix(ja=16, en=16, cloze=4, translations=8, similar=8)
    monkeypatch.setattr(train_matching, "SAVE_EVERY", 2)
    monkeypatch.setattr(train_matching, "RATE", 3e-3)
    after = train_matching.train(made, teacher, out, steps=16, shape=shape, mix=mix)
    assert torch.equal(before.table(), after.table())
    assert not torch.equal(before.layers[0].qkv.weight, after.layers[0].qkv.weight)
    rows = [json.loads(line) for line in (out / "matching.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 17))
    batch = train_matching.Matching(made, teacher, out, shape, mix).batch(np.random.default_rng(99))
    found = []
    for encoder in (before, after):
        fresh = train_matching.Matching(made, teacher, out, shape, mix)  # its memory of passages is empty
        with torch.no_grad():
            rows = vectors(encoder, batch.texts(), encoder.table())
            found.append(float(fresh.losses(batch, fresh.taught(batch.pairs), rows)["questions"]))
    assert found[1] < found[0]
    assert torch.equal(load_embedder(out, shape).layers[0].qkv.weight, after.layers[0].qkv.weight)
    again = train_matching.train(made, teacher, out, steps=16, shape=shape, mix=mix)  # finished: nothing more
    assert torch.equal(again.layers[0].qkv.weight, after.layers[0].qkv.weight)


def test_words_are_masked_and_special_tokens_are_not() -> None:
    from training.small.masking import Marks, masked

    marks = Marks(cls=2, sep=3, mask=4, first=5)
    rng = np.random.default_rng(1)
    ids = np.concatenate([[2], rng.integers(5, 1000, 98), [3]])
    chosen = mask = same = 0
    for _ in range(200):
        text = masked(rng, ids, 100, marks, 1000)
        changed = np.flatnonzero(text.ids != ids)
        assert set(changed) <= set(text.places)
        assert (text.told == ids[text.places]).all()
        assert text.places.min() >= 1 and text.places.max() <= 98
        chosen += len(text.places)
        mask += int((text.ids[text.places] == 4).sum())
        same += int((text.ids[text.places] == text.told).sum())
    assert chosen == 200 * 15
    assert mask / chosen == pytest.approx(0.8, abs=0.03)
    assert same / chosen == pytest.approx(0.1, abs=0.03)


def test_a_translation_is_two_parts_and_masked_training_learns(
    embedded: Path, shape: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from training.small import train_masking
    from training.small.masking import Share
    from training.small.reader import make_reader
    from training.small.train_embedder import load_embedder
    from training.small.train_reader import read_plain

    out = tmp_path / "run"
    shutil.copytree(embedded, out)
    monkeypatch.setattr(train_masking, "RATE", 3e-3)
    model = train_masking.train(out, steps=60, shape=shape, layers=(0, 1), share=Share(8, 8, 4, 4))
    losses = [json.loads(line)["masked"] for line in (out / "masking.jsonl").read_text().splitlines()]
    assert len(losses) == 3
    assert losses[-1] < losses[0]
    reader = make_reader(load_embedder(out, shape), (0, 1))
    read_plain(reader, out)
    assert torch.equal(reader.body.layers[1].up.weight, model.body.layers[1].up.weight)


def test_texts_of_a_step_have_translations_with_a_second_part(embedded: Path) -> None:
    from training.small.masking import Marks, Share, draw
    from training.static.batches import Batches

    texts = draw(Batches(embedded / "tokens.npz"), np.random.default_rng(0), Share(4, 2, 2, 2), Marks(2, 3, 4, 5), 400)
    assert len(texts) == 10
    second = [text.second < len(text.ids) for text in texts]
    assert second == [True] * 4 + [False] * 6
    assert all(text.ids[text.second - 1] == 3 for text in texts)


def test_a_cloze_sentence_is_not_in_its_window(embedded: Path) -> None:
    from tokenizers import Tokenizer
    from training.small.cloze import ClozeGroups
    from training.small.reading import Windows
    from training.static.ragged import Ragged

    tokenizer = Tokenizer.from_file(str(embedded / "tokenizer.json"))
    # Passage i: three sentences of ten tokens, each token 1000 * i + its place; the sign that ends a sentence is 7.
    passages = [np.array([7 if n % 10 == 9 else 1000 * (i + 1) + n for n in range(60)]) for i in range(5)]
    ragged = Ragged(np.concatenate(passages).astype(np.int32), np.arange(6) * 60)
    titles = Ragged(np.zeros(0, np.int32), np.zeros(6, np.int64))
    groups = ClozeGroups(Windows(tokenizer), ragged, titles, ends=(7,), wrong=2)
    rng = np.random.default_rng(2)
    for _ in range(50):
        group = groups.group(rng, hard=True)
        assert len(group) == 4
        right, *wrong = group
        asked = set(right.ids[1 : right.second - 1].tolist()) - {7}
        text = set(right.ids[right.first :].tolist())
        assert asked and not asked & text
        owner = min(asked) // 1000
        assert {n // 1000 for n in text if n > 999} == {owner}
        assert all(owner not in {n // 1000 for n in w.ids[w.first :].tolist() if n > 999} for w in wrong)
        assert all(w.start == -1 for w in group)


def test_groups_without_an_answer_teach_relevance_alone(embedded: Path, shape: Any) -> None:
    import torch
    from training.small.reader import losses, make_reader
    from training.small.reading import Window
    from training.small.train_embedder import load_embedder

    reader = make_reader(load_embedder(embedded, shape), (0,))
    ids = np.array([2, 9, 3, 3, 10, 11, 12, 3])
    plain = [Window(ids, 3, 4), Window(ids, 3, 4)]
    pointed = [Window(ids, 3, 4, 4, 5), Window(ids, 3, 4)]
    alone, both = losses(reader, [pointed]), losses(reader, [pointed, plain])
    assert torch.allclose(alone["span"], both["span"], atol=1e-2)


def test_a_smaller_vocabulary_keeps_the_rows_of_its_pieces(embedded: Path, shape: Any, tmp_path: Path) -> None:
    import torch
    from training.small.shrink import kept_rows, pieces_of, shrink
    from training.small.train_embedder import load_embedder

    pieces = pieces_of(embedded / "tokenizer.json")
    left_out = {piece for piece in list(pieces)[-6:-2]}
    state = json.loads((embedded / "tokenizer.json").read_text(encoding="utf-8"))
    kept = [piece for piece in sorted(pieces, key=pieces.__getitem__) if piece not in left_out]
    state["model"]["vocab"] = {piece: number for number, piece in enumerate(kept)}
    (tmp_path / "tokenizer.json").write_text(json.dumps(state), encoding="utf-8")
    ids = np.load(embedded / "teacher_ids.npy")
    np.save(tmp_path / "teacher_ids.npy", ids[[pieces[piece] for piece in kept]])
    shrink(embedded, tmp_path)
    old, new = load_embedder(embedded, shape, ("embedder.pt",)), load_embedder(tmp_path, shape)
    assert len(new.table()) == len(kept) == len(pieces) - 4
    for number in (0, 7, len(kept) - 1):
        assert torch.equal(new.table()[number], old.table()[pieces[kept[number]]])
    assert torch.equal(new.layers[0].qkv.weight, old.layers[0].qkv.weight)
    with pytest.raises(ValueError, match="1 pieces have no row"):
        kept_rows(pieces, {"not a piece of it": 0})
