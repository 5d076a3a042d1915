"""The two forms of every text: what is stored (``nfc``), what is compared (``fold``), and the map between them.

``fold`` follows NFKC_Casefold of the Unicode Standard (section 3.13: NFKC and full case folding, repeated until nothing
changes, default ignorable code points removed) and adds what Japanese search needs: one form for dashes, wave dashes,
quotation marks and middle dots, a dash written for the prolonged sound mark (コ－ヒ－), 1か月 = 1ヶ月 = 1箇月, and old
or variant forms of kanji (國 = 国, 髙 = 高).
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from functools import lru_cache

from genesis_rag.text.alignment import IGNORABLE, Aligned, align, joins
from genesis_rag.text.kanji import OLD_KANJI
from genesis_rag.text.patterns import lazy

_COMPATIBILITY_IDEOGRAPHS = lazy("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")

# --- Storage form -------------------------------------------------------------------------------------------------

# U+FEFF, U+200B and their like show nothing and only break words; bidirectional controls and tag characters can hide
# or reorder text. Joiners are looked at one by one, because emoji and several scripts need them.
_DROPPED = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0001"
)
_JOINERS = "\u200c\u200d"
_TAGS = "\U000e0020-\U000e007f"
_LINE_ENDS = "\r\x0b\x0c\x85\u2028\u2029"
_UNCLEAN = lazy(f"[{_DROPPED}{_JOINERS}{_TAGS}{_LINE_ENDS}\ud800-\udfff]")
_DROP = lazy(f"[{_DROPPED}]+")
_LINE_END = lazy(f"\r\n|[{_LINE_ENDS}]")
_FLAG = lazy(f"(\U0001f3f4[{_TAGS}]+)|[{_TAGS}]+")
# A joiner stays between two emoji (a modifier or U+FE0F may follow the first) and between letters of scripts that
# use joiners: Arabic and its relatives, the Indic scripts, Khmer, Myanmar, Mongolian, Tibetan.
_EMOJI = "\u00a9\u00ae\u2049-\u27bf\u2934-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff"
_JOINING = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1cff\ua800-\ua8ff\ua980-\uabff\U00010a00-\U00011fff"
)
_STRAY_JOINER = lazy(
    f"(?<![{_EMOJI}{_JOINING}])[{_JOINERS}]+|[{_JOINERS}]+(?![{_EMOJI}{_JOINING}])|(?<=[{_JOINERS}])[{_JOINERS}]+"
)
_LONE_SURROGATE = lazy("[\ud800-\udfff]")


def nfc(text: str) -> str:
    """Return the form in which a text is stored; every offset of the project counts its code points.

    Canonical composition by run: CJK compatibility ideographs (U+F900-FAFF, U+2F800-2FA1F), which plain NFC would
    replace by another character, stay as they are, and variation sequences and half-width kana are not touched.
    CR LF, CR, VT, FF, NEL, U+2028 and U+2029 become LF. Dropped: all other C0 and C1 controls but tab, soft hyphens,
    zero-width spaces and byte order marks, bidirectional controls, tag characters outside flags, noncharacters, and
    joiners (U+200C, U+200D) outside emoji and scripts that join. A lone surrogate becomes U+FFFD. Idempotent.
    """
    while _UNCLEAN.search(text):
        cleaned = _composed(_clean(text))
        if cleaned == text:
            return text  # The joiners left are those that belong there.
        text = cleaned  # Composing reorders marks, which can make a joiner stray.
    return _composed(text)


def _composed(text: str) -> str:
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    runs = _COMPATIBILITY_IDEOGRAPHS.split(text)
    runs[::2] = [unicodedata.normalize("NFC", run) for run in runs[::2]]
    return "".join(runs)


def _clean(text: str) -> str:
    text = _LINE_END.sub("\n", _DROP.sub("", text))
    if text.isascii():
        return text
    text = _FLAG.sub(lambda match: match[1] or "", text)
    text = _LONE_SURROGATE.sub("\ufffd", text)
    # Removing one stray joiner can make another one stray.
    while (cleaned := _STRAY_JOINER.sub("", text)) != text:
        text = cleaned
    return text


# --- Search form --------------------------------------------------------------------------------------------------

# All but code points that NFKC leaves alone wherever they stand.
_UNSTABLE = lazy(
    "[^\x00-\x7f\u00a1-\u00a7\u00a9\u00ab\u00ac\u00ae\u00b0\u00b1\u00b6\u00b7\u00bb\u00bf-\u00de\u00e0-\u00ff\u2010\u2012-\u2016\u2018-\u2022"
    "\u3001-\u3020\u3030\u3041-\u3096\u309d\u309e\u30a0-\u30fe\u3400-\u4dbf\u4e00-\u9fff]+"
)
# Replaced before NFKC, which would lose what they are: the full-width hyphen (often typed for ー), the spacing acute
# accent and voiced sound marks (which become a space and a combining mark), the double prime (two primes).
_BEFORE = str.maketrans("－﹣´″゛゜", "−−'\"\u3099\u309a")
_DASHES = "\u02d7\u058a\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2500\u2501\u2796"
_AFTER = {
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys("〜∼∾⁓〰", "~"),
    **dict.fromkeys("‘’‚‛′‵ʼʻ", "'"),
    **dict.fromkeys("“”„‟〝〞〟", '"'),
    **dict.fromkeys("·‧∙⋅•", "・"),
    **dict.fromkeys("⁄∕", "/"),
    **{chr(old): new for old, new in OLD_KANJI.items()},
}
_LOOKALIKE = lazy("[" + "".join(_AFTER) + "]")
# The tests behind come second in these patterns, so that the search runs on the first class alone.
_LONG_SOUND = lazy(f"[{_DASHES}](?<=[ァ-ヺー].)(?![{_DASHES}-])")
_DIGIT_SOUND = lazy("ー(?<=[0-9].)(?=[0-9])")
_KANJI = "\u3400-\u4dbf\u4e00-\u9fff々"
_KE = lazy(
    f"[ケカヵ](?<=[{_KANJI}0-9].)(?=[{_KANJI}])|[か箇](?<=[0-9数何幾一二三四五六七八九十百千万].)(?=[月国所年条点])"
)


def fold(text: str) -> str:
    """Return the search key of ``text``: equal for texts that a reader would call the same words.

    White space keeps its places (Unicode spaces become U+0020; tabs and newlines stay). ``fold(fold(x)) == fold(x)``.
    """
    if text.isascii():
        return text.lower()
    return _after(_core(text))


def _core(text: str) -> str:
    """Return NFKC_Casefold of ``text``, doing the work on the stretches that need it."""
    parts = []
    done = 0
    for match in _UNSTABLE.finditer(text):
        start = match.start()
        if start > done and (joins(text[start]) or IGNORABLE.match(text, start)):
            start -= 1
        run = text[start : match.end()]
        parts.append(text[done:start])
        parts.append(_core_of_short(run) if len(run) <= 4 else _core_of(run))
        done = match.end()
    parts.append(text[done:])
    return "".join(parts).casefold()


def _core_of(run: str) -> str:
    """NFKC and case folding until nothing changes, ignorable code points removed."""
    while True:
        changed = IGNORABLE.sub("", run).translate(_BEFORE)
        changed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", changed).casefold())
        if changed == run:
            return run
        run = changed


_core_of_short = lru_cache(maxsize=4096)(_core_of)


def _after(key: str) -> str:
    """Unify lookalikes, one code point for one."""
    key = _LONG_SOUND.sub("ー", _DIGIT_SOUND.sub("-", key))
    return _KE.sub("ヶ", _LOOKALIKE.sub(lambda match: _AFTER[match[0]], key))


SearchKey = Aligned


def search_key(text: str) -> SearchKey:
    """Return ``fold(text)`` with a map to the original, so that a match in the key can be shown in the text."""
    if text.isascii():
        return Aligned(text.lower(), len(text))
    aligned = align(text, _core)
    return replace(aligned, key=_after(aligned.key))
