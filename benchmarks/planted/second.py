"""Writes cases_second.jsonl and cases_third.jsonl, planted sets by two authors who had not read the verifier.

``second_written.jsonl`` and ``third_written.jsonl`` were written by hand, with no quote of another set: for each quote,
faithful sentences (paraphrases and translations), flipped ones (a denied or reversed relation) and invented ones. This
script adds to each faithful sentence one changed number, date, unit and name, where it has any. It imports nothing of
the product or of the first set's generator. Nothing may be tuned on the second set, which is there for a clean figure;
the third is for tuning.

    python -m benchmarks.planted.second
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WRITTEN = {name: HERE / f"{name}_written.jsonl" for name in ("second", "third")}
CASES = {name: HERE / f"cases_{name}.jsonl" for name in WRITTEN}

_MONTHS = "January February March April May June July August September October November December".split()
_WORDS = "two three four five six seven eight nine ten eleven twelve".split()
_MONTH = "(?:" + "|".join(_MONTHS) + ")"
# Numbers that stand in a name (ABCI 3.0, DE-FOA-0003612, order 14363) are no quantity, and dates have their own change.
_NO_QUANTITY = re.compile(
    r"System (?:One|Two)|ABCI \d\.\d|大統領令\d+|(?:Order|EO) \d+|FP\d+|TOP500|Graph500|DE-FOA-\d+|DE-FOA"
    r"|JT-60SA|SPring-8|[A-Z]+\d+X?"
    rf"|令和\d+年(?:\d+月)?(?:\d+日)?|(?:19|20)\d\d年(?:度|\d+月(?:\d+日)?)?|\d+月\d+日|\d+月"
    rf"|\d+ {_MONTH}(?: \d{{4}})?|{_MONTH}(?: \d{{1,2}}\b)?(?:, \d{{4}}| \d{{4}})?|\b(?:19|20)\d\d\b"
)
_NUMBER = re.compile(r"(?<![\w.,^-])\d[\d,]*(?:\.\d+)?(?![\d^])|(?<=[ぁ-龠〜ー])\d[\d,]*(?:\.\d+)?")
_WORD = re.compile(r"\b(?:" + "|".join(_WORDS) + r")\b", re.IGNORECASE)
_DATES = (
    re.compile(r"(?<![\d,.])(?:19|20)\d\d(?![\d,.]*[万億])(?!,\d)"),
    re.compile(rf"\b{_MONTH}\b(?=[ ',]| \d|$|\.)"),
    re.compile(r"\d+(?=月)"),
    re.compile(r"(?<=月)\d+(?=日)"),
    re.compile(rf"\d+(?= {_MONTH})|(?<=[a-z] )\d{{1,2}}(?=, \d{{4}})"),
    re.compile(r"(?<=令和)\d+"),
)
_BEFORE = r"(\d\s?|" + "|".join(_WORDS) + r" |one |\d-|million )"
_UNITS = [
    (re.compile(_BEFORE + found), replacement)
    for found, replacement in (
        ("exaflops", r"\1petaflops"),
        ("petaflops", r"\1exaflops"),
        ("PFLOPS", r"\1EFLOPS"),
        ("EFLOPS", r"\1PFLOPS"),
        ("エクサフロップス", r"\1ペタフロップス"),
        ("ペタフロップス", r"\1エクサフロップス"),
        ("million", r"\1billion"),
        ("billion", r"\1million"),
        ("trillion", r"\1billion"),
        ("億", r"\1兆"),
        ("千万", r"\1千億"),
        ("兆", r"\1億"),
        ("dollars", r"\1euros"),
        ("yen", r"\1dollars"),
        ("times", r"\1percent"),
        ("倍", r"\1パーセント"),
        ("months", r"\1weeks"),
        ("years", r"\1months"),
        ("days", r"\1weeks"),
        ("minute", r"\1hour"),
        ("か月", r"\1週間"),
        ("年(?=以内|続く|間)", r"\1か月"),
        ("日(?=以内|先|という期限|の期限)", r"\1時間"),
        ("分(?=ほど|で)", r"\1時間"),
        ("Gbps", r"\1Mbps"),
        (" Gbps", r"\1 Mbps"),
        ("points", r"\1percent"),
        ("点(?=を|だ)", r"\1パーセント"),
    )
] + [
    (re.compile(r"(?<![億\d])(\d+)万"), r"\1億"),
    (re.compile(r"\$(?=\d)"), "€"),
    (re.compile("¥"), "$"),
    (re.compile("£"), "€"),
    (re.compile("GBP"), "EUR"),
    (re.compile("億円"), "億ドル"),
    (re.compile("万ドル"), "万円"),
    (re.compile("億ドル"), "億円"),
    (re.compile("万ポンド"), "万ユーロ"),
]
# Names of one kind, so that the false sentence reads well: (in English, in Japanese), several forms split by "/".
_NAMES = (
    (
        ("Argonne", "アルゴンヌ"),
        ("Oak Ridge", "オークリッジ"),
        ("Brookhaven", "ブルックヘブン"),
        ("Fermilab", "フェルミ研"),
    ),
    (("DOE", "DOE/エネルギー省"), ("NSF", "NSF"), ("NASA", "NASA"), ("NIST", "NIST")),
    (("MEXT", "文科省/文部科学省"), ("METI", "経産省"), ("JST", "科学技術振興機構")),
    (("RIKEN", "理研"), ("AIST", "産総研"), ("KEK", "高エネ研"), ("NII", "NII")),
    (("NVIDIA", "NVIDIA"), ("Intel", "Intel"), ("IBM", "IBM"), ("Fujitsu", "富士通"), ("AMD", "AMD"), ("Cray", "Cray")),
    (
        ("Osaka", "大阪"),
        ("Kobe", "神戸"),
        ("Kawasaki", "川崎"),
        ("Copenhagen", "コペンハーゲン"),
        ("Denver", "デンバー"),
    ),
    (("Germany", "ドイツ"), ("Japan", "日本"), ("France", "フランス"), ("Canada", "カナダ")),
    (
        ("Fugaku", "富岳"),
        ("Frontier", "Frontier"),
        ("Aurora", "Aurora"),
        ("El Capitan", "El Capitan"),
        ("JUPITER Booster", "JUPITER Booster"),
        ("Discovery", "Discovery"),
        ("Solstice", "Solstice"),
        ("Perlmutter", "Perlmutter"),
    ),
    (
        ("SuperKEKB", "SuperKEKB"),
        ("SPring-8", "SPring-8"),
        ("J-PARC", "J-PARC"),
        ("JT-60SA", "JT-60SA"),
    ),
    (
        ("Makoto Gonokami", "五神真"),
        ("Josephakis", "ジョセファキス"),
        ("Moriyama", "盛山正仁"),
        ("Turk", "ターク"),
        ("Gil", "ギル"),
        ("Trump", "トランプ"),
        ("Satoshi Matsuoka", "松岡聡"),
    ),
    (
        ("AlphaFold", "AlphaFold"),
        ("GNoME", "GNoME"),
        ("GraphCast", "GraphCast"),
        ("Gemini Deep Think", "Gemini Deep Think"),
    ),
    (("ModCon", "ModCon"), ("AmSC", "AmSC"), ("FASST", "FASST"), ("NAIRR", "NAIRR"), ("RAISE", "RAISE")),
    (("SINET", "SINET"), ("ESnet", "ESnet"), ("mdx", "mdx")),
    (("UKRI", "UKRI"), ("the Royal Society", "王立協会"), ("the Wellcome Trust", "ウェルカム財団")),
)


def changed_number(claim: str, quote: str, draw: random.Random) -> str | None:
    """Return ``claim`` with one quantity changed to a value that the quote does not hold."""
    taken = [match.span() for match in _NO_QUANTITY.finditer(claim)]
    found = [*_NUMBER.finditer(claim), *_WORD.finditer(claim)]
    free = [match for match in found if not any(start < match.end() and match.start() < end for start, end in taken)]
    if not free:
        return None
    match = draw.choice(free)
    old, tail = match.group(), claim[match.end() :]
    if old.lower() in _WORDS:
        new = draw.choice([word for word in _WORDS if word != old.lower() and word not in quote.lower()])
        return claim[: match.start()] + (new.capitalize() if old[0].isupper() else new) + tail
    new = _other_number(old, quote, draw)
    if re.match("st|nd|rd|th", tail):
        tail = {"1": "st", "2": "nd", "3": "rd"}.get(new, "th") + tail[2:]
    return claim[: match.start()] + new + tail


def _other_number(old: str, quote: str, draw: random.Random) -> str:
    while True:
        if old.isdigit() and int(old) < 20:
            new = str(max(2, int(old) + draw.choice([-4, -3, -2, 2, 3, 4, 5])))
        else:
            place = draw.choice([index for index, sign in enumerate(old) if sign.isdigit()][:3])
            new = old[:place] + draw.choice("123456789") + old[place + 1 :]
        if new != old and new not in quote:
            return new


def changed_date(claim: str, quote: str, draw: random.Random) -> str | None:
    """Return ``claim`` with one year, month or day changed."""
    found = [match for pattern in _DATES for match in pattern.finditer(claim)]
    if not found:
        return None
    match = draw.choice(found)
    old = match.group()
    if old in _MONTHS:
        new = draw.choice([month for month in _MONTHS if month != old and month not in quote and month not in claim])
    elif len(old) == 4:
        # "By 2030" is no falsehood where the quote says "by 2029".
        until = claim[: match.start()].lower().endswith(("by ", "than ")) or claim[match.end() :].startswith("年まで")
        steps = (-3, -2, -1) if until else (-3, -2, -1, 1, 2, 3)
        new = draw.choice([year for step in steps if (year := str(int(old) + step)) not in quote])
    else:
        limit = 12 if claim[match.end() :].startswith("月") else 28
        new = draw.choice([str(n) for n in range(1, limit + 1) if str(n) not in quote and str(n) != old] or ["31"])
    return claim[: match.start()] + new + claim[match.end() :]


def changed_unit(claim: str, quote: str, draw: random.Random) -> str | None:
    """Return ``claim`` with one unit, power of ten or currency changed."""
    fitting = [(pattern, new) for pattern, new in _UNITS if pattern.search(claim)]
    if not fitting:
        return None
    pattern, new = draw.choice(fitting)
    return pattern.sub(new, claim, count=1)


def changed_name(claim: str, quote: str, draw: random.Random) -> str | None:
    """Return ``claim`` with one name replaced by another of its kind that neither it nor the quote holds."""
    place = int(bool(re.search("[ぁ-ん]", claim)))
    options = []
    for kind in _NAMES:
        absent = [
            name for name in kind if not any(_says(quote + claim, form) for one in name for form in one.split("/"))
        ]
        for name in kind:
            options += [(form, absent) for form in name[place].split("/") if _says(claim, form) and absent]
    if not options:
        return None
    old, absent = draw.choice(options)
    new = draw.choice(absent)[place].split("/")[0]
    return _whole(old).sub(lambda _: new, claim)


def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z0-9]|-[A-Z])")


def _says(text: str, name: str) -> bool:
    return bool(_whole(name).search(text))


_CHANGES = {"number": changed_number, "date": changed_date, "unit": changed_unit, "name": changed_name}


def cases(which: str) -> list[dict[str, Any]]:
    """Return all cases of the set ``which`` (second or third) in order."""
    rows = [json.loads(line) for line in WRITTEN[which].read_text(encoding="utf-8").splitlines()]
    return [case for row in rows for case in _cases_of(row)]


def _cases_of(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for label in ("faithful", "flipped", "invented"):
        for number, claim in enumerate(row[label], start=1):
            name = f"{row['id']}-{label}-{number}"
            yield _case(row, name, label, claim)
            if label == "faithful":
                for kind, change in _CHANGES.items():
                    false = change(claim, row["quote"], random.Random(f"{name}-{kind}"))
                    if false is not None:
                        yield _case(row, f"{name}-{kind}", kind, false)


def _case(row: dict[str, Any], name: str, label: str, claim: str) -> dict[str, Any]:
    language = "ja" if re.search("[ぁ-ん]", claim) else "en"
    return {
        "id": name,
        "label": label,
        "claim": claim,
        "language": language,
        "across": f".{language}." not in row["source"],
        "source": row["source"],
        "quote": row["quote"],
        "split": row["split"],
    }


def main() -> None:
    for which, file in CASES.items():
        found = cases(which)
        file.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in found), encoding="utf-8")
        print(which, len(found), Counter((case["label"], case["language"], case["across"]) for case in found))


if __name__ == "__main__":
    main()
