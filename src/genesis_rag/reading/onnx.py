"""Readers as ONNX graphs: [CLS] question [SEP] title [SEP] window [SEP] in, relevance and the answer's ends out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genesis_rag.errors import ModelError
from genesis_rag.onnx_graph import REPAIR, OnnxGraph, Outputs, Tokens
from genesis_rag.protocols import Reading
from genesis_rag.reading.options import ReaderOptions
from genesis_rag.reading.windows import windows
from genesis_rag.values import dataclass

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One window: its input, where its text begins in that, and where the window's tokens lie in the text."""

    tokens: Tokens
    first: int
    begins: Ids
    ends: Ids


class OnnxReader:
    """The Reader over a folder with an ONNX graph and its ``tokenizer.json``. Threads may share it.

    The graph takes ``input_ids``, ``attention_mask`` and ``token_type_ids`` and gives ``relevance`` [n] and ``ends``
    [n, length, 2], logits for the answer's first and last token.

    Raises:
        ModelError: a file is missing or damaged, or the graph gives something else.
        SettingsError: the wanted device is not there.
    """

    def __init__(self, folder: Path, options: ReaderOptions) -> None:
        self._options = o = options
        longest = o.question + o.title + o.window + 4
        self._graph = OnnxGraph(folder, o.file, longest, o.device, o.threads, batch=1)
        self._cls, self._sep = (self._graph.special(name) for name in ("[CLS]", "[SEP]"))
        self.read("a", [("a", "a")])

    @cached_property
    def fingerprint(self) -> str:
        """Of the files and of how texts are cut; made when somebody asks, as the files take a while to read."""
        o = self._options
        sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in self._graph.files]
        facts = f"{sums}/{o.question}/{o.title}/{o.window}"
        return "reader-" + hashlib.sha256(facts.encode()).hexdigest()[:16]

    def read(self, question: str, texts: Sequence[tuple[str, str]]) -> list[tuple[Reading, ...]]:
        """Return the windows of each (title, text), in their order."""
        asked = self._ids(question, self._options.question)
        pieces = [self._pieces(asked, title, text) for title, text in texts]
        outputs = iter(self._graph.outputs([piece.tokens for one in pieces for piece in one]))
        return [
            tuple(_reading(piece, out) for piece, out in zip(one, islice(outputs, len(one)), strict=True))
            for one in pieces
        ]

    def _ids(self, text: str, most: int) -> Ids:
        return np.asarray(self._graph.encode(text).ids[:most], np.int64)

    def _pieces(self, question: Ids, title: str, text: str) -> list[_Piece]:
        encoded = self._graph.encode(text)
        ids = np.asarray(encoded.ids, np.int64)
        places = np.asarray(encoded.offsets, np.int64).reshape(-1, 2)
        head = [np.array([self._cls]), question, np.array([self._sep])]
        named = [self._ids(title, self._options.title), np.array([self._sep])]
        second = len(question) + 2
        first = second + len(named[0]) + 1
        made = []
        for start, end in windows(text, places[:, 0], self._options.window):
            whole = np.concatenate([*head, *named, ids[start:end], np.array([self._sep])])
            kinds = (np.arange(len(whole)) >= second).astype(np.int64)
            made.append(_Piece(Tokens(whole, kinds), first, places[start:end, 0], places[start:end, 1]))
        return made


def _reading(piece: _Piece, outputs: Outputs) -> Reading:
    relevance, ends = _checked(outputs, len(piece.tokens.ids))
    inside = ends[piece.first : piece.first + len(piece.begins)]
    first, last = (_softmax(inside[:, side]) for side in (0, 1))
    start, end = (int(piece.begins[0]), int(piece.ends[-1])) if len(piece.begins) else (0, 0)
    return Reading(start, end, relevance, piece.begins, piece.ends, first, last)


def _checked(outputs: Outputs, length: int) -> tuple[float, NDArray[np.float32]]:
    if len(outputs) != 2 or outputs[0].size != 1 or outputs[1].shape != (1, length, 2):
        shapes = ", ".join(str(one.shape) for one in outputs)
        raise ModelError(f"The ONNX graph gives {shapes}, so it is not a reader.", REPAIR)
    return float(outputs[0].reshape(())), np.asarray(outputs[1][0], np.float32)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(logits):
        return logits
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), np.float32)
