"""Which encoding a text file is in: strict decoding first, then which of the readings looks like writing.

EUC-JP text is nearly always valid CP932 too, where it reads as a soup of half-width kana, and the other way round
rare kanji; UTF-16 without a byte order mark and Windows-1252 quotation marks fit several decoders as well. So every
reading that decodes strictly is priced with a small Markov model over classes of characters, and the cheapest wins.
"""

from __future__ import annotations

import codecs
import math
from functools import lru_cache

from genesis_rag.errors import UnreadableDocumentError

SAMPLE_BYTES = 20_000
MAX_COST_PER_BYTE = 5.8
"""Japanese and English cost 1.5 to 3.5 a byte in their own encoding, random bytes more than 5."""
MAX_COST_PER_BYTE_UTF16 = 4.0
"""Two bytes a character: writing costs up to 2.5 a byte, random bytes about 5."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ISO_2022 = ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004")
_ALLOWED_CONTROLS = frozenset("\t\n\r\x0b\x0c\x1a\x1b\x85")

# class -> (probability of entering it, probability of staying in it, number of equally likely members it feels like)
_CLASSES: dict[str, tuple[float, float, float]] = {
    "ascii": (0.15, 0.55, 30),
    "lower": (0.15, 0.80, 14),
    "hiragana": (0.28, 0.55, 40),
    "katakana": (0.12, 0.75, 55),
    "kanji": (0.25, 0.50, 700),
    "rare kanji": (0.003, 0.05, 3400),
    "punctuation": (0.10, 0.10, 10),
    "half kana": (0.02, 0.80, 40),
    "half mark": (0.003, 0.02, 5),
    "voicing": (0.001, 0.001, 2),
    "latin 1": (0.01, 0.05, 30),
    "quotes": (0.01, 0.05, 8),
    "symbol": (0.003, 0.20, 3000),
    "private": (1e-6, 0.1, 2000),
    "control": (1e-7, 0.1, 30),
}


def decode(data: bytes) -> str:
    """Return the text of a file in utf-8, utf-16, utf-32, cp932, euc-jp, iso-2022-jp or windows-1252.

    Raises UnreadableDocumentError when no encoding fits, or the bytes are not text.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _strict(data, name) or _refuse(data, name)
    text = _without_mark(data)
    if text is None or _share_of_controls(text) > 0.01:
        _refuse(data, "")
    return text or ""


def _without_mark(data: bytes) -> str | None:
    if b"\x00" in data[:SAMPLE_BYTES]:
        return _cheapest(data, ("utf-16-le", "utf-16-be"))
    if b"\x1b$" in data or b"\x1b(" in data:
        for name in _ISO_2022:
            if (text := _strict(data, name)) is not None:
                return text
    if (text := _strict(data, "utf-8")) is not None:
        if _share_of_controls(text) > 0.01 and len(data) % 2 == 0:
            return _cheapest(data, ("utf-16-le", "utf-16-be"))
        return _pure_kana_utf16(data) or text
    names = ["cp932", "euc_jp", "euc_jis_2004"]
    if _looks_western(data):
        names.append("cp1252")
    if len(data) % 2 == 0:
        names += ["utf-16-le", "utf-16-be"]
    return _cheapest(data, tuple(names))


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _cheapest(data: bytes, names: tuple[str, ...]) -> str | None:
    """Return the strict reading of lowest cost, or None when all are dear or impossible."""
    best: tuple[float, str] | None = None
    for name in names:
        text = _strict(data, name)
        if text is None or (name == "euc_jis_2004" and _strict(data, "euc_jp") is not None):
            continue
        length = max(1, round(SAMPLE_BYTES * len(text) / max(SAMPLE_BYTES, len(data))))
        price = cost(text[:length]) / min(SAMPLE_BYTES, len(data))
        most = MAX_COST_PER_BYTE if not name.startswith("utf-16") else MAX_COST_PER_BYTE_UTF16
        if price <= most and (best is None or price < best[0]):
            best = (price, text)
    return best[1] if best else None


def _pure_kana_utf16(data: bytes) -> str | None:
    """Catch the one kind of UTF-16 that is valid ASCII: nothing but kana and 、。 (0x30 in every second byte)."""
    if len(data) < 8 or len(data) % 2:
        return None
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if set(data[offset::2]) == {0x30} and (text := _strict(data, name)) and len(set(text)) > 3:
            classes = {_class_of(character) for character in text}
            if classes <= {"hiragana", "katakana", "punctuation"}:
                return text
    return None


def _looks_western(data: bytes) -> bool:
    sample = data[:SAMPLE_BYTES]
    high = sum(byte >= 0x80 for byte in sample)
    letters = sum(0x61 <= byte <= 0x7A for byte in sample)
    return high * 3 < letters


def _refuse(data: bytes, name: str) -> str:
    if name:
        raise UnreadableDocumentError(
            f"It begins as {name.removesuffix('-sig').upper()} but is not valid in that encoding.",
            "Get a new copy, or save it as UTF-8.",
        )
    controls = sum(byte < 0x20 and chr(byte) not in _ALLOWED_CONTROLS for byte in data[:SAMPLE_BYTES])
    if controls > 0.01 * min(len(data), SAMPLE_BYTES):
        raise UnreadableDocumentError(
            "It is not a text file: it holds binary data.", "Give it the ending of its real format, or remove it."
        )
    raise UnreadableDocumentError(
        "Its characters cannot be decoded: it is none of UTF-8, Shift_JIS (CP932), EUC-JP, ISO-2022-JP and UTF-16.",
        "Save it as UTF-8.",
    )


def _share_of_controls(text: str) -> float:
    sample = text[:SAMPLE_BYTES]
    bad = sum((c < " " or "\x7f" <= c < "\xa0") and c not in _ALLOWED_CONTROLS for c in sample)
    return bad / max(1, len(sample))


def cost(text: str) -> float:
    """Return minus the log probability (nats) of a text under the class model; lower is more like writing."""
    total = 0.0
    before, last = "ascii", ""
    for character in text:
        now = _class_of(character)
        if now == "voicing" and before == "half kana" and last in _VOICED:
            total += 1.5
            now = "half kana"
        else:
            total += _step(before, now)
        before, last = now, character
    return total


_VOICED = frozenset("ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ")


@lru_cache(maxsize=1024)
def _step(before: str, now: str) -> float:
    entering, staying, members = _CLASSES[now]
    if before == now:
        return math.log(members) - math.log(staying)
    likely = (1 - _CLASSES[before][1]) * entering
    # A kanji follows a Latin word now and then; inside an English word it is a misread quotation mark or accent.
    if (before, now) == ("lower", "kanji"):
        likely *= 0.01
    elif (before, now) == ("kanji", "lower"):
        likely *= 0.05
    return math.log(members) - math.log(likely)


@lru_cache(maxsize=16384)
def _class_of(character: str) -> str:
    code = ord(character)
    if code < 0x80:
        if character.islower():
            return "lower"
        return "control" if (code < 0x20 and character not in _ALLOWED_CONTROLS) or code == 0x7F else "ascii"
    for first, last, name in _RANGES:
        if first <= code <= last:
            return name
    if 0x3400 <= code <= 0x9FFF:
        return _class_of_kanji(character)
    return "symbol"


_RANGES = (
    (0x80, 0x9F, "control"),
    (0xA0, 0xBF, "quotes"),
    (0xC0, 0x17F, "latin 1"),
    (0x2013, 0x2026, "quotes"),
    (0x20AC, 0x20AC, "quotes"),
    (0x3000, 0x3002, "punctuation"),
    (0x300C, 0x3011, "punctuation"),
    (0x301C, 0x301C, "punctuation"),
    (0x3041, 0x309F, "hiragana"),
    (0x30A1, 0x30FE, "katakana"),
    (0xD800, 0xF8FF, "private"),
    (0xFF01, 0xFF5E, "punctuation"),
    (0xFF61, 0xFF65, "half mark"),
    (0xFF66, 0xFF9D, "half kana"),
    (0xFF9E, 0xFF9F, "voicing"),
    (0xFFF0, 0xFFFF, "private"),
    (0xE0000, 0x10FFFF, "private"),
)


def _class_of_kanji(character: str) -> str:
    """JIS X 0208 puts the 2,965 kanji in everyday use into rows 16 to 47 and the rare ones behind."""
    try:
        row = character.encode("euc_jp")[0] - 0xA0
    except UnicodeEncodeError:
        return "rare kanji"
    return "kanji" if row <= 47 else "rare kanji"
