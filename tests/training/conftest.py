"""Made data in the form of the shared folder, in a language of 60 words with one translation each."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノ"
LETTERS = "bcdfghjklmnprstvz"
ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src" / "genesis_rag" / "embedded" / "static"
WORDS = "the of and a in is what ##s ##ing play 1 2 , . ( ) b c d f g h j k l m n p q r s t v z".split()


def write(place: Path, rows: list[object]) -> None:
    with gzip.open(place, "wt", encoding="utf-8") as out:
        out.writelines((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows)


@pytest.fixture(scope="session")
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
    write(data / "sts_ja_train.jsonl.gz", [{"s1": ja[i], "s2": ja[i + i % 2], "score": 5.0 - i % 2} for i in range(60)])
    return folder


@pytest.fixture(scope="module")
def shape() -> Any:
    from training.small.encoder import Shape

    return Shape(width=24, heads=2, hidden=48, layers=3, positions=256)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory, shape: Any) -> Path:
    """A teacher of random weights in the files of the real one."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("teacher")
    letters = [prefix + c for c in "abcdefghijklmnopqrstuvwxyz" for prefix in ("", "##")]
    pieces = list(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *letters]))
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=shape.width, num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads, intermediate_size=shape.hidden, max_position_embeddings=shape.positions,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def run(made: Path, teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with tokenizer, rows and tokens."""
    from training.small import prepare, vocabulary

    out = tmp_path_factory.mktemp("small")
    np.save(out / "kept.npy", np.arange(800, dtype=np.int32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vocabulary, "ENGLISH", 200)
        patch.setattr(vocabulary, "JAPANESE", 300)
        prepare.prepare(made, teacher, STATIC, out)
    return out


@pytest.fixture(scope="module")
def embedded(made: Path, teacher: Path, run: Path, shape: Any) -> Path:
    """The run folder with a trained embedder."""
    from training.small.train_embedder import train

    train(made, teacher, run, steps=8, shape=shape)
    return run
