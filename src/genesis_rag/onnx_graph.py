"""A model of texts as an ONNX graph with its tokenizer, run by onnxruntime without torch.

A graph whose activations are quantised while it runs takes one scale for a whole batch, so that a text's result would
depend on its neighbours; such graphs are given one text at a time, and several threads work on different texts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from genesis_rag.errors import ModelError, SettingsError
from genesis_rag.values import dataclass

Item = TypeVar("Item")
Made = TypeVar("Made")
Outputs = Sequence[NDArray[np.float32]]
Mask = NDArray[np.int64]
Reduce = Callable[[Outputs, Mask], NDArray[np.float32]]
"""Turns what a graph gave for a batch of n texts, and which tokens were real, into float32[n, d]."""
Texts = Sequence[str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One input: int64[length] token ids, and for each 0 or 1, whether it is of the first or the second text."""

    ids: NDArray[np.int64]
    kinds: NDArray[np.int64]


REPAIR = "Fetch the model again (genesis-rag models pull), or correct its entry in models.toml."
_USUAL_FILES = ("model.onnx", "onnx/model.onnx")
_INPUTS = {"input_ids", "attention_mask", "token_type_ids", "position_ids"}
_QUANTISED_WHILE_RUNNING = (b"DynamicQuantize", b"MatMulInteger", b"ConvInteger")
_CPU_BATCH = 8
"""On a processor larger batches gain nothing and cost padding; see docs/decisions.md."""
_WINDOW = 2048
_CHARACTERS_A_TOKEN = 16


class OnnxGraph:
    """One graph and its ``tokenizer.json``, which lies beside it or in ``folder``. Threads may share it.

    Args:
        folder: the model's folder.
        file: the graph inside it; empty for the usual names.
        max_tokens: longer texts are cut, special tokens counted.
        device: "auto", "cpu" or "cuda".
        threads: threads to compute with; 0 for as many as there are processors.
        batch: texts computed together, at most.

    Raises:
        ModelError: a file is missing or damaged, or the graph does not read texts.
        SettingsError: the wanted device is not there.
    """

    def __init__(self, folder: Path, file: str, max_tokens: int, device: str, threads: int, batch: int) -> None:
        graph = _graph_file(folder, file)
        place = next((one for one in (graph.parent, folder) if (one / "tokenizer.json").is_file()), folder)
        content = graph.read_bytes()  # names of operators and of other files stand in it as they are
        self.files = (graph, place / "tokenizer.json", *_data_files(graph, content))
        self._max_tokens = max_tokens
        self._plain = shared_tokenizer(self.files[1])
        self._cutting: Tokenizer | None = None
        alone = any(name in content for name in _QUANTISED_WHILE_RUNNING)
        self._workers = (threads or os.cpu_count() or 1) if alone else 1
        self._session = _session(graph, device, 1 if alone else threads)
        on_cpu = self._session.get_providers()[0] == "CPUExecutionProvider"
        self._batch = 1 if alone else min(batch, _CPU_BATCH) if on_cpu else batch
        self._inputs = {one.name for one in self._session.get_inputs()}
        if not {"input_ids"} <= self._inputs <= _INPUTS:
            raise ModelError(f"{graph} does not read texts: its inputs are {sorted(self._inputs)}.", REPAIR)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``, uncut and without special ones."""
        return len(self.encode(text).ids)

    def encode(self, text: str) -> Encoding:
        """Return the tokens of ``text``, uncut and without special ones, with their places in it."""
        return self._plain.encode(_clean(text), add_special_tokens=False)

    def special(self, name: str) -> int:
        """Return the id of a special token; ModelError if the tokenizer has none of this name."""
        found = self._plain.token_to_id(name)
        if found is None:
            raise ModelError(f"The tokenizer {self.files[1]} has no {name}.", REPAIR)
        return int(found)

    def outputs(self, inputs: Sequence[Tokens]) -> list[Outputs]:
        """Return what the graph gives for each input alone, in their order; several threads share the work."""

        def work(one: Tokens) -> Outputs:
            ids = one.ids[None, :]
            return self._session_run(ids, np.ones_like(ids), one.kinds[None, :])

        return self._spread(work, inputs)

    def rows(self, texts: Texts, reduce: Reduce) -> NDArray[np.float32]:
        """Return what ``reduce`` makes of each text or pair of texts, in their order: float32[n, d]; at least one."""
        found: NDArray[np.float32] | None = None
        for start in range(0, len(texts), _WINDOW):
            encoded = self._encoded(texts[start : start + _WINDOW])
            order = sorted(range(len(encoded)), key=lambda at: (-len(encoded[at].ids), at))
            groups = [order[i : i + self._batch] for i in range(0, len(order), self._batch)]
            for places, rows in zip(groups, self._results(encoded, groups, reduce), strict=True):
                if found is None:
                    found = np.empty((len(texts), rows.shape[1]), np.float32)
                found[[start + at for at in places]] = rows
        if found is None:
            raise ValueError("no texts")
        return found

    def _results(
        self, encoded: Sequence[Encoding], groups: Sequence[list[int]], reduce: Reduce
    ) -> list[NDArray[np.float32]]:
        def work(places: list[int]) -> NDArray[np.float32]:
            return self._run([encoded[at] for at in places], reduce)

        return self._spread(work, groups)

    def _spread(self, work: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
        """Return ``work`` done on each item, in their order, by as many threads as there are workers."""
        if self._workers < 2 or len(items) < 2:
            return [work(item) for item in items]
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(work, items))

    def _encoded(self, texts: Texts) -> list[Encoding]:
        limit = self._max_tokens * _CHARACTERS_A_TOKEN
        cut = [
            _clean(text[:limit]) if isinstance(text, str) else (_clean(text[0][:limit]), _clean(text[1][:limit]))
            for text in texts
        ]
        if len(cut) == 1:  # on this thread, without the library's pool
            found = [self._plain.encode(cut[0]) if isinstance(cut[0], str) else self._plain.encode(*cut[0])]
        else:
            found = list(self._plain.encode_batch_fast(cut))
        long = [at for at, one in enumerate(found) if len(one.ids) > self._max_tokens]
        if long:
            again = self._cut_tokenizer().encode_batch_fast([cut[at] for at in long])
            for at, one in zip(long, again, strict=True):
                found[at] = one
        return found

    def _cut_tokenizer(self) -> Tokenizer:
        """Return the tokenizer that cuts; reading one takes as long as a short answer, and few texts need it."""
        if self._cutting is None:
            cutting = _read_tokenizer(self.files[1])
            cutting.enable_truncation(self._max_tokens)
            self._cutting = cutting
        return self._cutting

    def _run(self, encoded: Sequence[Encoding], reduce: Reduce) -> NDArray[np.float32]:
        width = max(1, *(len(one.ids) for one in encoded))
        tokens, mask, kinds = np.zeros((3, len(encoded), width), np.int64)
        for row, one in enumerate(encoded):
            size = max(1, len(one.ids))  # a tokenizer without special tokens gives none for an empty text
            tokens[row, : len(one.ids)] = one.ids
            kinds[row, : len(one.ids)] = one.type_ids
            mask[row, :size] = 1
        return reduce(self._session_run(tokens, mask, kinds), mask)

    def _session_run(self, tokens: Mask, mask: Mask, kinds: Mask) -> Outputs:
        feed = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": kinds}
        feed["position_ids"] = np.tile(np.arange(tokens.shape[1]), (len(tokens), 1))
        try:
            found: Outputs = self._session.run(None, {name: feed[name] for name in self._inputs})
        except Exception as error:  # the library has no base class of its own
            raise ModelError(f"onnxruntime failed on {self.files[0]}: {error}", REPAIR) from error
        return found


def _clean(text: str) -> str:
    """Return ``text`` with lone surrogates, which have no UTF-8 form, as U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _graph_file(folder: Path, name: str) -> Path:
    for candidate in (name,) if name else _USUAL_FILES:
        if (folder / candidate).is_file():
            return folder / candidate
    raise ModelError(f"There is no {name or _USUAL_FILES[0]} in {folder}.", REPAIR)


def _data_files(graph: Path, content: bytes) -> list[Path]:
    """Return the files beside a graph that hold weights of it; their names stand in the graph as they are."""
    others = (path for path in sorted(graph.parent.iterdir()) if path.suffix not in (".onnx", ".json"))
    return [path for path in others if path.is_file() and path.name.encode() in content]


def plain_counter(folder: Path, file: str) -> Callable[[str], int] | None:
    """Return what counts tokens by the tokenizer of a model's folder, without its graph; None where there is none."""
    places = (path / "tokenizer.json" for path in ((folder / file).parent if file else folder, folder))
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        return None
    tokenizer = shared_tokenizer(found)
    return lambda text: len(tokenizer.encode(_clean(text), add_special_tokens=False).ids)


def shared_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer in a file, neither cutting nor filling up; models of one folder share one. Don't change it.

    Raises:
        ModelError: the file is missing or damaged.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise ModelError(f"{path} cannot be read as a tokenizer: {error}", REPAIR) from error
    return _known_tokenizer(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _known_tokenizer(path: Path, _changed: int, _size: int) -> Tokenizer:
    tokenizer = _read_tokenizer(path)
    tokenizer.no_truncation()
    return tokenizer


def _read_tokenizer(path: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_buffer(path.read_bytes())
    except Exception as error:  # the library raises plain Exception
        raise ModelError(f"{path} cannot be read as a tokenizer: {error}", REPAIR) from error
    tokenizer.no_padding()
    return tokenizer


def _session(path: Path, device: str, threads: int) -> onnxruntime.InferenceSession:
    """Open the graph on ``device``; "auto" is CUDA where this onnxruntime has it."""
    cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if device.startswith("cuda") and not cuda:
        raise SettingsError(
            "This onnxruntime has no CUDA.", "Install onnxruntime-gpu in its place, or set device to 'cpu'."
        )
    if device not in ("auto", "cpu") and not device.startswith("cuda"):
        raise SettingsError(f"onnxruntime has no device '{device}'.", "Known: auto, cpu, cuda.")
    providers = ["CUDAExecutionProvider"] if cuda and device != "cpu" else []
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[*providers, "CPUExecutionProvider"])
    except Exception as error:  # the library has no base class of its own
        raise ModelError(f"onnxruntime cannot open {path}: {error}", REPAIR) from error
