"""Dev figures of a token table: translation recall and question -> passage recall, dense alone.

python -m training.static.evaluate --shared FOLDER --folder src/genesis_rag/embedded/static
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from training.static.data import EN_SOURCES, held_back, read_pairs
from training.static.prepare import load_passages, load_questions
from training.static.ragged import Ragged, tokenize

EN_DEV_SOURCES = ("squadshifts-wiki", "qed", "selqa")


def embed(table: torch.Tensor, texts: Ragged, chunk: int = 2000) -> torch.Tensor:
    """Return float32[n, dim] unit rows: the normalised sums of the rows of ``table``."""
    parts = []
    for start in range(0, len(texts), chunk):
        bags = texts.bags(np.arange(start, min(start + chunk, len(texts))))
        ids, offsets = torch.from_numpy(bags.ids), torch.from_numpy(bags.offsets)
        parts.append(torch.nn.functional.embedding_bag(ids, table, offsets, mode="sum"))
    return torch.nn.functional.normalize(torch.cat(parts), dim=1)


def ranks(queries: torch.Tensor, documents: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """Return how many documents score above the right one, a question."""
    above = []
    for start in range(0, len(queries), 500):
        scores = queries[start : start + 500] @ documents.T
        right = scores.gather(1, gold[start : start + 500, None])
        above.append((scores > right).sum(1))
    return torch.cat(above)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Questions over all train and dev passages of a language."""

    passages: Ragged
    questions: Ragged
    gold: torch.Tensor

    def measure(self, table: torch.Tensor) -> dict[str, float]:
        """Return recall@1, recall@10 and MRR@10."""
        at = ranks(embed(table, self.questions), embed(table, self.passages), self.gold).float()
        reciprocal = torch.where(at < 10, 1 / (at + 1), torch.zeros(()))
        return {name: round(float(x.float().mean()), 4) for name, x in
                (("recall@1", at < 1), ("recall@10", at < 10), ("mrr@10", reciprocal))}  # fmt: skip


class DevSets:
    """All dev sets as token ids of one tokenizer."""

    def __init__(self, shared: Path, tokenizer: Tokenizer) -> None:
        self._translation: dict[str, tuple[Ragged, Ragged]] = {}
        pairs = read_pairs(shared)
        chosen = [pairs[at] for at in held_back(pairs)]
        for group in ("general", "conversational"):
            rows = [pair for pair in chosen if pair.group == group]
            self._translation[group] = (
                tokenize(tokenizer, (pair.ja for pair in rows)),
                tokenize(tokenizer, (pair.en for pair in rows)),
            )
        data = shared / "data"
        self._retrieval = {
            "ja": _retrieval(data, tokenizer, "ja", ("",)),
            "en": _retrieval(data, tokenizer, "en", EN_DEV_SOURCES),
            "en without reviews and posts": _retrieval(data, tokenizer, "en", EN_DEV_SOURCES, EN_SOURCES),
        }

    def measure(self, table: torch.Tensor) -> dict[str, dict[str, float]]:
        """Return the figures of a float32[vocabulary, dim] table."""
        result: dict[str, dict[str, float]] = {}
        for group, (ja, en) in self._translation.items():
            left, right, same = embed(table, ja), embed(table, en), torch.arange(len(ja))
            result[f"translation {group}"] = {
                "ja-en recall@1": round(float((ranks(left, right, same) < 1).float().mean()), 4),
                "en-ja recall@1": round(float((ranks(right, left, same) < 1).float().mean()), 4),
            }
        for language, task in self._retrieval.items():
            result[f"questions {language}"] = task.measure(table)
        return result


def _retrieval(
    data: Path, tokenizer: Tokenizer, language: str, sources: Sequence[str], pool: tuple[str, ...] = ("",)
) -> Retrieval:
    passages = load_passages(data, [f"passages_{language}", f"passages_{language}_dev"], pool)
    questions = load_questions(data, f"qa_{language}_dev", passages)
    kept = [at for at, own in enumerate(questions.passage) if passages[own]["id"].startswith(tuple(sources))]
    return Retrieval(
        tokenize(tokenizer, (f"{row['title']}\n{row['text']}" for row in passages)),
        tokenize(tokenizer, (questions.texts[at] for at in kept)),
        torch.tensor([questions.passage[at] for at in kept]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    tensors = load_file(args.folder / "model.safetensors")
    table = tensors["embeddings"].float() * tensors["weights"][:, None]
    dev = DevSets(args.shared, Tokenizer.from_file(str(args.folder / "tokenizer.json")))
    with torch.inference_mode():
        print(json.dumps(dev.measure(table), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
