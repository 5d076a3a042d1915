"""A static embedding: one stored vector a token, summed with a weight a token, scaled to unit length.

The folder is a StaticEmbedding of sentence-transformers (its form for quantised tables, from model2vec):

    tokenizer.json      a tokenizer of the ``tokenizers`` library; it holds the normalisation too
    model.safetensors   ``embeddings`` int8[n, dim] and ``weights`` float32[n]; row ``i`` stands for
                        ``embeddings[i] * weights[i]``

numpy and tokenizers only; the table stays in its file, which is mapped, and nothing is converted as a whole, so that
opening takes milliseconds and processes share the memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from genesis_rag.errors import ModelError
from genesis_rag.protocols import Vectors

TOKENIZER_FILE = "tokenizer.json"
WEIGHTS_FILE = "model.safetensors"
_REPAIR = "Install genesis-rag again, or give the folder of a complete static embedding in models.toml."
# No text is read beyond this many characters a token; tokens average 2 to 4.
_CHARACTERS_A_TOKEN = 16
_BATCH = 256
_KINDS = {"I8": np.int8, "F32": np.float32}


class StaticEmbedder:
    """The Embedder over one folder. Safe to use from many threads: nothing changes after ``__init__``.

    Args:
        folder: where ``tokenizer.json`` and ``model.safetensors`` lie.
        max_tokens: what lies behind this many tokens of a text is not read.

    Raises:
        ModelError: a file is missing, damaged, or not of the form above.
    """

    def __init__(self, folder: Path, max_tokens: int = 2048) -> None:
        tokenizer_bytes = _read(folder / TOKENIZER_FILE)
        weights_bytes = _mapped(folder / WEIGHTS_FILE)
        self._table, self._weights = _tensors(weights_bytes, folder)
        self._tokenizer = _tokenizer(tokenizer_bytes, folder)
        if self._tokenizer.get_vocab_size() != len(self._table):
            raise ModelError(f"The tokenizer and the weights in {folder} do not belong together.", _REPAIR)
        digest = hashlib.sha256(hashlib.sha256(tokenizer_bytes).digest() + hashlib.sha256(weights_bytes.data).digest())
        self.dim = int(self._table.shape[1])
        self.max_tokens = max_tokens
        self.fingerprint = f"static-{digest.hexdigest()[:32]}-{max_tokens}"
        self._nothing = _direction_of_nothing(self.dim)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a question."""
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32[n, dim], one unit row a passage."""
        return self._embed(texts)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``, uncut."""
        return len(self._tokenizer.encode(_clean(text), add_special_tokens=False).ids)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.empty((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), _BATCH):
            for at, ids in enumerate(self._ids(texts[start : start + _BATCH]), start):
                rows[at] = self._row(ids)
        return rows

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text. One text stays on this thread; more are spread over the cores."""
        cut = [_clean(self._first_part(text)) for text in texts]
        if len(cut) == 1:
            found = [self._tokenizer.encode(cut[0], add_special_tokens=False)]
        else:
            found = self._tokenizer.encode_batch_fast(cut, add_special_tokens=False)
        return [encoding.ids[: self.max_tokens] for encoding in found]

    def _first_part(self, text: str) -> str:
        """Return enough of ``text`` for ``max_tokens`` tokens, so that a huge text costs no more than a long one."""
        limit = self.max_tokens * _CHARACTERS_A_TOKEN
        return text if len(text) <= limit else " ".join(text[: 16 * limit].split())[:limit]

    def _row(self, ids: list[int]) -> NDArray[np.float32]:
        at = np.asarray(ids, np.intp)
        # The sum points where the mean points, and only the direction is kept.
        row: NDArray[np.float32] = self._weights[at] @ self._table[at].astype(np.float32)
        length = float(np.linalg.norm(row))
        # "Not above" also catches the NaN of damaged weights.
        return row / np.float32(length) if length > 0.0 else self._nothing


def _clean(text: str) -> str:
    """Return ``text`` with lone surrogates, which are no characters and have no UTF-8 form, as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.", _REPAIR) from error


def _mapped(path: Path) -> NDArray[np.uint8]:
    try:
        return np.asarray(np.memmap(path, np.uint8, mode="r"))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.", _REPAIR) from error
    except ValueError as error:
        raise ModelError(f"{path} is damaged: {error}.", _REPAIR) from error


def _tokenizer(content: bytes, folder: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except Exception as error:  # the library raises plain Exception
        raise ModelError(f"{folder / TOKENIZER_FILE} is damaged: {error}", _REPAIR) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _tensors(content: NDArray[np.uint8], folder: Path) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return views of ``content``, which is in the form of safetensors: length of the header, header, values."""
    try:
        start = 8 + int.from_bytes(content[:8].tobytes(), "little")
        header = json.loads(content[8:start].tobytes())
        values = content[start:]
        if max(one["data_offsets"][1] for name, one in header.items() if name != "__metadata__") != len(values):
            raise ValueError("it is cut, or goes on after its end")
        table, weights = (_tensor(header[name], values) for name in ("embeddings", "weights"))
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        raise ModelError(f"{folder / WEIGHTS_FILE} is damaged or of another form: {error}", _REPAIR) from error
    fits = table.ndim == 2 and min(table.shape) > 0 and weights.shape == table.shape[:1]
    if not fits or table.dtype != np.int8 or weights.dtype != np.float32 or not np.isfinite(weights).all():
        raise ModelError(
            f"{folder / WEIGHTS_FILE} is of another form: embeddings {table.dtype}{list(table.shape)}, "
            f"weights {weights.dtype}{list(weights.shape)}; expected int8[n, dim] and finite float32[n].",
            _REPAIR,
        )
    return table, weights


def _tensor(entry: dict[str, Any], values: NDArray[np.uint8]) -> NDArray[Any]:
    first, last = entry["data_offsets"]
    return values[first:last].view(_KINDS[entry["dtype"]]).reshape(entry["shape"])


def _direction_of_nothing(dim: int) -> NDArray[np.float32]:
    """Return the unit vector of a text without any known token: fixed, and near to no text's vector in particular."""
    row = np.where(np.arange(dim) % 2 == 0, 1.0, -1.0).astype(np.float32)
    return row / np.float32(np.linalg.norm(row))
