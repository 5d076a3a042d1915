"""The tokenizer of the small models: the teacher's English pieces, as it cuts them, and Japanese pieces of our own.

Words of letters and digits begin with ▁ and are cut by the longest piece that fits, which is what the teacher's
WordPiece does (its "play" is our "▁play", its "##ing" our "ing"), so that its English vectors stay what they were. Runs
of kanji, hiragana and katakana are cut in the same way, each for itself, into the Japanese pieces of the static table.
Rare English pieces are left out: such words fall into smaller pieces.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from training.static.vocabulary import character_class, character_script

PAD, UNKNOWN, CLS, SEP, MASK = SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
START = "▁"
ENGLISH, JAPANESE = 17_400, 14_550
_ALWAYS = 15_000  # of the teacher's pieces, which stand in the order of how often they were met
_JA = re.compile("[ぁ-ゟァ-ヿ一-鿿㐀-䶿々〆〇]")
_WORD = re.compile(r"[^\W_]+")
_SIGNS = '。. 、, 「" 」" 『" 』" ・- 〜- 【[ 】] 〈" 〉" 《" 》" ※* →- ○* ●* ①1 ー-'
SIGNS = {pair[0]: pair[1] for pair in _SIGNS.split()}
"""The Japanese signs that matter, each with what the teacher knows in its place."""
_LONGEST = 40
_NEIGHBOURS, _SHARPNESS = 8, 24.0


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The pieces in the order of their ids, and for each the teacher's id (-1: a new one)."""

    pieces: tuple[str, ...]
    teacher: NDArray[np.int64]


def choose(
    teacher: Tokenizer, japanese: Sequence[str], english_texts: Sequence[str], japanese_texts: Sequence[str]
) -> Vocabulary:
    """Return the pieces used most: ``ENGLISH`` of the teacher's, ``JAPANESE`` of ``japanese``; single signs stay."""
    known = teacher.get_vocab()
    used = _usage(teacher, english_texts)
    ours = {_ours(piece): number for piece, number in known.items() if piece not in SPECIALS and _english(piece)}
    order = sorted(ours, key=lambda p: (len(p.strip(START)) > 1, ours[p] >= _ALWAYS, -used[ours[p]], ours[p]))
    pieces = {piece: known[piece] for piece in SPECIALS} | {piece: ours[piece] for piece in order[:ENGLISH]}
    wide = build([*SPECIALS, *japanese])
    counts = _usage(wide, japanese_texts)
    chosen = sorted(japanese, key=lambda p: (len(p) > 1, -counts[wide.token_to_id(p)], p))[:JAPANESE]
    new = [piece for piece in dict.fromkeys((*chosen, *SIGNS)) if piece not in pieces]
    ids = [*pieces.values(), *([-1] * len(new))]
    return Vocabulary((*pieces, *new), np.asarray(ids, np.int64))


def build(pieces: Sequence[str]) -> Tokenizer:
    """Return the tokenizer; ``pieces[i]`` has the id i."""
    known: dict[str, set[str]] = {}
    for piece in pieces:
        if len(piece) == 1 and _JA.match(piece):
            known.setdefault(character_script(piece), set()).add(piece)
    runs = [f"[{character_class(characters)}]{{1,{_LONGEST}}}" for _, characters in sorted(known.items())]
    pattern = "|".join([*runs, rf"{START}?[\p{{Latin}}\p{{N}}\p{{M}}]{{1,{_LONGEST}}}", r"[^\s]"])
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(
        models.WordPiece(vocabulary, unk_token=UNKNOWN, continuing_subword_prefix="", max_input_chars_per_word=_LONGEST)
    )
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKC(), normalizers.NFD(), normalizers.Replace(Regex("[\u0300-\u036f]"), ""), normalizers.NFC(),
        normalizers.Lowercase(),
        normalizers.Replace(Regex(r"(?<![\p{Latin}\p{N}\p{M}])(?=[\p{Latin}\p{N}])"), START),
    ])  # fmt: skip
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True)
    tokenizer.add_special_tokens(list(SPECIALS))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}",
        pair=f"{CLS} $A {SEP} $B:1 {SEP}:1",
        special_tokens=[(name, vocabulary[name]) for name in (CLS, SEP)],
    )
    return tokenizer


def first_rows(
    vocabulary: Vocabulary, teacher_rows: NDArray[np.float32], meaning: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return float32[n, d]: the teacher's rows, and for each new piece the mean of the English words nearest to it.

    ``meaning`` holds a unit vector for every piece from the static table, which knows both languages.
    """
    kept = vocabulary.teacher >= 0
    rows = np.zeros((len(kept), teacher_rows.shape[1]), np.float32)
    rows[kept] = teacher_rows[vocabulary.teacher[kept]]
    words = np.asarray([at for at, p in enumerate(vocabulary.pieces) if len(p) > 3 and p.startswith(START)])
    middle = rows[words].mean(axis=0)
    spread = np.linalg.norm(rows[words] - middle, axis=1).mean()
    for at in np.flatnonzero(~kept):
        sign = SIGNS.get(vocabulary.pieces[at])
        if sign is not None and sign in vocabulary.pieces:
            rows[at] = rows[vocabulary.pieces.index(sign)]
            continue
        near = meaning[words] @ meaning[at]
        best = np.argsort(-near, kind="stable")[:_NEIGHBOURS]
        weights = np.exp(_SHARPNESS * (near[best] - near[best].max()))
        away = (weights / weights.sum()) @ (rows[words[best]] - middle)
        # A mean of several is shorter than each; the layers were trained on rows of the usual length.
        rows[at] = middle + away * (spread / max(float(np.linalg.norm(away)), 1e-6))
    return rows


def save(tokenizer: Tokenizer, vocabulary: Vocabulary, out: Path) -> None:
    """Write OUT/tokenizer.json and OUT/teacher_ids.npy."""
    state = json.loads(tokenizer.to_str())
    text = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
    (out / "tokenizer.json").write_text(text, encoding="utf-8")
    np.save(out / "teacher_ids.npy", vocabulary.teacher)


def static_japanese(tokenizer_file: Path) -> list[str]:
    """Return the Japanese pieces of a static embedding's tokenizer."""
    pieces = json.loads(tokenizer_file.read_text(encoding="utf-8"))["model"]["vocab"]
    return [piece for piece in pieces if _JA.match(piece)]


def _ours(piece: str) -> str:
    if piece.startswith("##"):
        return piece[2:]
    return START + piece if _WORD.fullmatch(piece) and _latin(piece) else piece


def _latin(piece: str) -> bool:
    return all(character_script(c) in ("latin", "number") for c in piece)


def _english(piece: str) -> bool:
    """Tell whether a piece of the teacher is wanted: of letters and digits, or a sign that begins a word of its own."""
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 1:
        return False
    bare = piece.removeprefix("##")
    if any(ord(c) > 0x2E7F for c in bare):
        return False
    return _latin(bare) if piece.startswith("##") else len(bare) == 1 or _latin(bare)


def _usage(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[int]:
    used: Counter[int] = Counter()
    rest = list(texts)
    for start in range(0, len(rest), 4000):
        for encoding in tokenizer.encode_batch_fast(rest[start : start + 4000], add_special_tokens=False):
            used.update(encoding.ids)
    return used
