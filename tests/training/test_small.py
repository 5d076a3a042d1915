"""The small models, tiny: from made data and a made teacher to exported graphs that the product runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.reading import ReaderOptions, open_reader

pytestmark = [pytest.mark.torch, pytest.mark.slow]


def test_the_encoder_computes_what_the_teacher_does(teacher: Path, shape: Any) -> None:
    import torch
    from training.small.train_embedder import read_teacher
    from transformers import AutoModel

    encoder = read_teacher(teacher, shape)
    ids = torch.tensor([[2, 7, 9, 3], [2, 8, 3, 0]])
    mask = ids > 0
    theirs = AutoModel.from_pretrained(teacher)(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    ours = encoder(ids, mask, torch.zeros_like(ids), encoder.old)
    assert torch.allclose(ours[mask], theirs[mask], atol=1e-5)


def test_weights_go_to_bert_and_back(teacher: Path, shape: Any) -> None:
    import torch
    from training.small.encoder import from_bert, to_bert
    from training.small.train_embedder import read_teacher

    encoder = read_teacher(teacher, shape)
    again = from_bert(to_bert(encoder), shape)
    assert again
    assert all(torch.equal(tensor, encoder.state_dict()[name]) for name, tensor in again.items())


def test_english_is_cut_as_the_teacher_cuts_it(teacher: Path, run: Path) -> None:
    from tokenizers import Tokenizer

    ours = Tokenizer.from_file(str(run / "tokenizer.json"))
    theirs = Tokenizer.from_file(str(teacher / "tokenizer.json"))
    known = np.load(run / "teacher_ids.npy")
    for text in ("The playing of (a) dogs, 2 plays.", "what is caf\u00e9?", "b. c, d"):
        assert [int(known[i]) for i in ours.encode(text, add_special_tokens=False).ids] == theirs.encode(text).ids


def test_japanese_keeps_its_marks_and_scripts_are_cut_apart(run: Path) -> None:
    from tokenizers import Tokenizer

    tokens = Tokenizer.from_file(str(run / "tokenizer.json")).encode("ガギが2つ", add_special_tokens=False)
    assert "".join(tokens.tokens).replace("▁", "") == "ガギが2つ"
    assert [c for c in tokens.tokens if c.startswith("▁")] == ["▁2"]


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(
    made: Path, teacher: Path, run: Path, shape: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    import torch
    from training.small import train_embedder

    folders = [tmp_path / name for name in ("whole", "cut")]
    for folder in folders:
        shutil.copytree(run, folder, ignore=shutil.ignore_patterns("*.pt", "*.jsonl"))
    monkeypatch.setattr(train_embedder, "SAVE_EVERY", 2)
    whole = train_embedder.train(made, teacher, folders[0], steps=6, shape=shape)
    one_step, calls = train_embedder.one_step, []

    def stopped(*arguments: Any) -> Any:
        calls.append(arguments[3])
        if len(calls) == 4:
            raise KeyboardInterrupt
        return one_step(*arguments)

    monkeypatch.setattr(train_embedder, "one_step", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_embedder.train(made, teacher, folders[1], steps=6, shape=shape)
    again = train_embedder.train(made, teacher, folders[1], steps=6, shape=shape)
    assert calls == [0, 1, 2, 3, 2, 3, 4, 5]
    # The memory of earlier passages is not kept, so only the steps before the questions are the same to the last bit.
    assert torch.allclose(whole.table(), again.table(), atol=2e-2)


def test_exported_models_run_in_the_product(made: Path, embedded: Path, shape: Any, tmp_path: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer
    from training.small.encoder import vectors
    from training.small.export import export
    from training.small.reader import read
    from training.small.reading import Windows
    from training.small.rebuild import read_graph, write_folder
    from training.small.train_embedder import load_embedder
    from training.small.train_reader import Share, train

    reader = train(made, embedded, steps=4, shape=shape, layers=(0, 1), share=Share(4, 4, 2))
    encoder = load_embedder(embedded, shape)
    sizes = export(encoder, reader, embedded / "tokenizer.json", tmp_path)
    assert set(sizes) == {"embedder.onnx", "reader.onnx", "tokenizer.json", "tokens.int8"}
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))

    texts = ["The play, what is it?", "アイウエ、オカキク", "b c d"]
    embedder = open_embedder("onnx", tmp_path, EmbedderOptions(file="embedder.onnx", pooling="mean", max_tokens=64))
    with torch.no_grad():
        expected = vectors(encoder, [np.array(tokenizer.encode(text).ids) for text in texts], encoder.table()).numpy()
    found = embedder.embed_passages(texts)
    assert (found * expected).sum(axis=1).min() > 0.98

    write_folder(read_graph(tmp_path, heads=shape.heads), tmp_path / "tokenizer.json", tmp_path / "rebuilt")
    again = SentenceTransformer(str(tmp_path / "rebuilt"), device="cpu").encode(texts, show_progress_bar=False)
    assert (found * again).sum(axis=1).min() > 0.98

    product = open_reader("onnx", tmp_path, ReaderOptions(file="reader.onnx"))
    ((reading,),) = product.read("アイウ?", [("title", "エオカ、b c d e.")])
    ids = [
        np.array(tokenizer.encode(text, add_special_tokens=False).ids)
        for text in ("アイウ?", "title", "エオカ、b c d e.")
    ]
    window = Windows(tokenizer).window(*ids)
    with torch.no_grad():
        relevance, ends = read(reader, [window])
    assert reading.relevance == pytest.approx(float(relevance[0]), abs=0.1)
    first = torch.softmax(ends[0][:, 0], 0)[window.first : -1].numpy()
    assert np.abs(reading.first - first).max() < 0.05
    assert reading.first.sum() == pytest.approx(1.0, abs=1e-5)


def test_the_answer_lies_in_every_right_window_and_in_no_wrong_one(made: Path, run: Path) -> None:
    from tokenizers import Tokenizer
    from training.small.reading import QuestionGroups, Windows, load_questions

    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    data = load_questions(made, run, tokenizer, "ja")
    groups = QuestionGroups(Windows(tokenizer), data, wrong=2)
    rng = np.random.default_rng(0)
    for at in range(40):
        right, *wrong = groups.group(rng, at)
        answer = data.passages.ids[data.passages.starts[data.passage[at]] :][data.start[at] : data.end[at] + 1]
        assert right.ids[right.start : right.end + 1].tolist() == answer.tolist()
        assert all(window.start == -1 and len(window.ids) <= 48 + 24 + 160 + 4 for window in wrong)


def test_words_of_a_question_are_switched_by_the_dictionary() -> None:
    from training.small.switching import Switcher

    rows = [
        {"ja": "運用", "en": ["operation", "use (of)"]},
        {"ja": "始める", "en": ["to start"]},
        {"ja": "計算", "en": ["calculation"]},
        {"ja": "ラン", "en": ["run"]},
        {"ja": "予算", "en": ["budget"]},
    ]
    switcher = Switcher(rows)
    assert switcher.to_english("富岳の運用は、いつですか") == "富岳 operation when"
    assert switcher.to_english("フランスの計算は何?") == "フランス calculation what"
    assert switcher.to_japanese("What are the budgets of 2026?") == "何、予算、2026、?"


def test_a_word_gives_way_to_a_contrast_that_the_passage_lacks() -> None:
    import random

    from training.small.contrasts import contrasted

    rng = random.Random(1)
    passage = "The tower was the first in the north of the island."
    found = {contrasted("Which tower was first?", passage, rng) for _ in range(40)}
    assert found == {f"Which tower was {word}?" for word in ("second", "third", "last", "final")}
    assert contrasted("塔は島の北にありますか", "島の南と東と西にも塔がある", rng) is None
    assert contrasted("いつ完成しましたか", "", rng) is None
