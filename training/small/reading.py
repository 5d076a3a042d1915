"""The data of the reader: questions with passages as token ids, and random windows of them.

A window is what the reader reads at once: [CLS] question [SEP] title [SEP] part of the passage [SEP]. One group of a
batch is a question with one window that holds its answer and several that don't: of passages that a keyword search puts
high though they lack the answer, of other parts of the right passage, and of any other passage.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from training.small.altering import altered
from training.small.contrasts import contrasted
from training.small.switching import Switcher
from training.small.vocabulary import CLS, SEP
from training.static.data import SEED, read_lines
from training.static.ragged import Ragged, tokenize

QUESTION, TITLE, WINDOW = 48, 24, 160  # tokens, at most
ALTERED = 3
_SWITCHED, _SYNONYMS, _DROPPED = 0.2, 0.2, 0.05
Ids = NDArray[np.int64]
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Window:
    """One input of the reader. ``first`` is where the text begins; the answer is tokens start to end, inclusive.

    ``start`` is -1 where the window holds no answer.
    """

    ids: Ids
    second: int
    first: int
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class Questions:
    """All questions of one language: of question i, the passage and the tokens of the answer in it."""

    questions: Ragged
    titles: Ragged
    passages: Ragged
    passage: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    negatives: NDArray[np.int32]
    """int32[n, k]: passages that look right and lack the answer; -1 fills."""
    switched: Ragged
    """The questions with their words in the other language; see ``switching``."""
    synonyms: Ragged
    """The questions in other words of their own language."""
    altered: Ragged
    """``ALTERED`` questions for each that its passage does not answer; see ``altering``. Empty where there is none."""


def token_span(starts: Sequence[int], ends: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """Return the first and the last token of the characters ``start`` to ``end``; (-1, -1) if there is none."""
    inside = [at for at, (a, b) in enumerate(zip(starts, ends, strict=True)) if b > start and a < end]
    return (inside[0], inside[-1]) if inside else (-1, -1)


def load_questions(shared: Path, out: Path, tokenizer: Tokenizer, language: str) -> Questions:
    """Return the training questions of a language, with hard negatives from a keyword index."""
    data, cache = shared / "data", out / f"reading_{language}.npz"
    if not cache.exists():
        _save_questions(data, cache, tokenizer, language)
    with np.load(cache) as arrays:
        ragged = [
            Ragged(arrays[f"{name}.ids"], arrays[f"{name}.starts"])
            for name in ("questions", "titles", "passages", "switched", "synonyms", "altered")
        ]
        places = (arrays[name] for name in ("passage", "start", "end", "negatives"))
        return Questions(*ragged[:3], *places, *ragged[3:])


def _save_questions(data: Path, cache: Path, tokenizer: Tokenizer, language: str) -> None:
    passages = list(read_lines(data / f"passages_{language}.jsonl.gz"))
    place = {row["id"]: at for at, row in enumerate(passages)}
    encoded = tokenizer.encode_batch([row["text"] for row in passages], add_special_tokens=False)
    rows, spans = [], []
    for row in read_lines(data / f"qa_{language}_train.jsonl.gz"):
        answer, at = row["answers"][0], place[row["passage_id"]]
        offsets = encoded[at].offsets
        end = answer["start"] + len(answer["text"])
        span = token_span([a for a, _ in offsets], [b for _, b in offsets], answer["start"], end)
        if span[0] >= 0:
            rows.append(row)
            spans.append(span)
    ids = np.concatenate([np.asarray(one.ids, np.int32) for one in encoded])
    arrays: dict[str, Any] = {
        "passages.ids": ids,
        "passages.starts": np.cumsum([0, *(len(one.ids) for one in encoded)]),
        "passage": np.asarray([place[row["passage_id"]] for row in rows]),
        "start": np.asarray([start for start, _ in spans]),
        "end": np.asarray([end for _, end in spans]),
        "negatives": hard_negatives(rows, passages, place),
    }
    asked, titles = [row["question"] for row in rows], [row["title"] for row in passages]
    switcher = Switcher(read_lines(data / "glossary_ja_en.jsonl.gz"))
    ways = (switcher.to_english, switcher.japanese_synonyms), (switcher.to_japanese, switcher.english_synonyms)
    switched, synonyms = ([way(text) for text in asked] for way in ways[language != "ja"])
    held = [passages[place[row["passage_id"]]]["text"] for row in rows]
    answers = [row["answers"][0]["text"] for row in rows]
    for name, texts in (("questions", asked), ("titles", titles), ("switched", switched), ("synonyms", synonyms),
                        ("altered", all_altered(asked, held, answers))):  # fmt: skip
        made = tokenize(tokenizer, texts)
        arrays[f"{name}.ids"], arrays[f"{name}.starts"] = made.ids, made.starts
    np.savez(cache, **arrays)


def all_altered(questions: Sequence[str], passages: Sequence[str], answers: Sequence[str]) -> list[str]:
    """Return ``ALTERED`` texts for each question, "" where nothing can change; the last has a contrast, if any."""
    rng, found = random.Random(SEED), []
    for question, passage, answer in zip(questions, passages, answers, strict=True):
        for number in range(ALTERED):
            other = contrasted(question, passage, rng) if number + 1 == ALTERED else None
            found.append(other or altered(question, passage, answer, rng.choices(questions, k=20), rng) or "")
    return found


def hard_negatives(
    questions: Sequence[dict[str, Any]], passages: Sequence[dict[str, Any]], place: Mapping[str, int]
) -> NDArray[np.int32]:
    """Return int32[n, k]: the best passages by BM25 that do not hold an answer; -1 fills."""
    from training.static import prepare

    asked = prepare.Questions(
        [row["question"] for row in questions],
        [place[row["passage_id"]] for row in questions],
        [0] * len(questions),
        [[answer["text"] for answer in row["answers"]] for row in questions],
    )
    return np.asarray(prepare.hard_negatives(asked, passages), np.int32)


class Windows:
    """Makes windows; ``marks`` are the ids of [CLS] and [SEP]."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.cls, self.sep = tokenizer.token_to_id(CLS), tokenizer.token_to_id(SEP)

    def window(self, question: Ids, title: Ids, text: Ids, span: tuple[int, int] = (-1, -1)) -> Window:
        """Return the input for a part of a passage; ``span`` is the answer's place in ``text``."""
        head = [[self.cls], question[:QUESTION], [self.sep]]
        body = [title[:TITLE], [self.sep], text, [self.sep]]
        second = sum(map(len, head))
        first = second + len(body[0]) + 1
        ids = np.concatenate([*head, *body]).astype(np.int64)
        start, end = (at + first if at >= 0 else -1 for at in span)
        return Window(ids, second, first, start, end)


class QuestionGroups:
    """Draws groups of one language's questions."""

    def __init__(self, windows: Windows, data: Questions, wrong: int) -> None:
        self.windows, self.data, self.wrong = windows, data, wrong

    def group(self, rng: Rng, at: int, hard: bool = False) -> list[Window]:
        """Return a right window and ``wrong`` wrong ones; ``hard``: and the right one under an altered question."""
        d = self.data
        own = int(d.passage[at])
        question = self._asked(rng, at, hard)
        title = self._title(rng, own)
        made = [self._right(rng, question, title, own, int(d.start[at]), int(d.end[at]))]
        while len(made) <= self.wrong:
            made.append(self._wrong(rng, question, at, own))
        if not hard:
            return made
        other = text_at(d.altered, at * ALTERED + int(rng.integers(0, ALTERED)))
        if not len(other):
            return [*made, self._wrong(rng, question, at, own)]
        return [*made, self.windows.window(other, title, made[0].ids[made[0].first : -1])]

    def _asked(self, rng: Rng, at: int, hard: bool) -> Ids:
        """Return a question with some words left out; ``hard``: often more of them, or with others in their place."""
        kind, d = rng.random(), self.data
        synonyms = _SYNONYMS if hard else 0.0
        texts = d.switched if kind < _SWITCHED else d.synonyms if kind < _SWITCHED + synonyms else d.questions
        question = text_at(texts, at)
        dropped = rng.choice([0.0, _DROPPED, 4 * _DROPPED]) if hard else _DROPPED
        return question[rng.random(len(question)) >= dropped]

    def _title(self, rng: Rng, passage: int) -> Ids:
        return text_at(self.data.titles, passage) if rng.random() < 0.85 else np.zeros(0, np.int64)

    def _right(self, rng: Rng, question: Ids, title: Ids, passage: int, start: int, end: int) -> Window:
        text = text_at(self.data.passages, passage)
        size = min(int(rng.integers(64, WINDOW + 1)), len(text))
        end = min(end, start + size - 1)
        low, high = max(0, end + 1 - size), min(start, len(text) - size)
        at = int(rng.integers(low, high + 1)) if high >= low else low
        return self.windows.window(question, title, text[at : at + size], (start - at, end - at))

    def _wrong(self, rng: Rng, question: Ids, at: int, own: int) -> Window:
        d, kind = self.data, rng.random()
        if kind < 0.25 and (other := self._beside(rng, question, at, own)) is not None:
            return other
        wrong = int(rng.integers(0, len(d.passages)))
        if kind < 0.9:
            chosen = int(d.negatives[at, rng.integers(0, d.negatives.shape[1])])
            wrong = chosen if chosen >= 0 else wrong
        if wrong == own:
            wrong = (own + 1) % len(d.passages)
        text = text_at(d.passages, wrong)
        size = min(int(rng.integers(64, WINDOW + 1)), len(text))
        begin = int(rng.integers(0, len(text) - size + 1))
        return self.windows.window(question, self._title(rng, wrong), text[begin : begin + size])

    def _beside(self, rng: Rng, question: Ids, at: int, own: int) -> Window | None:
        """Return a part of the right passage before or behind the answer, if it is long enough."""
        text = text_at(self.data.passages, own)
        before, behind = text[: int(self.data.start[at])], text[int(self.data.end[at]) + 1 :]
        side = before if len(before) > len(behind) else behind
        if len(side) < 48:
            return None
        size = min(int(rng.integers(48, WINDOW + 1)), len(side))
        begin = int(rng.integers(0, len(side) - size + 1))
        return self.windows.window(question, self._title(rng, own), side[begin : begin + size])


class TranslationGroups:
    """A sentence in one language, some words left out, and windows in the other, one of which holds its translation."""

    def __init__(self, windows: Windows, ja: Ragged, en: Ragged, wrong: int) -> None:
        self.windows, self.sides, self.wrong = windows, (ja, en), wrong

    def group(self, rng: Rng, at: int, hard: bool = False) -> list[Window]:
        source, target = self.sides if rng.random() < 0.5 else self.sides[::-1]
        words = text_at(source, at)
        words = words[rng.random(len(words)) >= 0.3][:QUESTION]
        made = []
        for number in range(self.wrong + 1 + hard):  # as many as a group of questions has
            others = [text_at(target, int(i)) for i in rng.integers(0, len(target), int(rng.integers(2, 6)))]
            parts = [part[:60] for part in others]
            place = int(rng.integers(0, len(parts)))
            if number == 0:
                parts[place] = text_at(target, at)[:100]
            before = sum(len(part) for part in parts[:place])
            text = np.concatenate(parts)[: before + 160]
            end = min(before + len(parts[place]), len(text)) - 1
            span = (before, end) if number == 0 and 0 <= before <= end else (-1, -1)
            made.append(self.windows.window(words, np.zeros(0, np.int64), text[:220], span))
        return made


def text_at(ragged: Ragged, at: int) -> Ids:
    """Return the token ids of one text."""
    return ragged.ids[ragged.starts[at] : ragged.starts[at + 1]].astype(np.int64)
