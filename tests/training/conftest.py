"""Made data in the form of the shared folder, in a language of 60 words with one translation each."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノ"
LETTERS = "bcdfghjklmnprstvz"


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
