"""Falsifies a claim in one place: a number, a date, a unit, a name, or a denial. Shares no code with the verifier.

Everything here is by digits, tables and a seeded choice. A replacement never stands in the quoted words, so that the
changed claim is not what they say.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Change = Callable[[str, str, random.Random], "str | None"]
"""Takes claim, quote and a source of chance; returns the changed claim, or None where there is nothing to change."""

_MONTHS = (
    "January February March April May June July August September October November December".split()
)  # fmt: skip
_MONTH = re.compile(rf"\b(?:{'|'.join(_MONTHS)})\b(?= \d|,| in\b| of\b|\.)")
_YEAR = re.compile(r"(?<![\w.,$-])20[0-3]\d(?=年(?!代)|(?![\w%-]|[.,]\d))")
_MONTH_NAMES = "|".join(_MONTHS)
_DAY = re.compile(rf"(?<=月)\d{{1,2}}(?=日)|\b(?:{_MONTH_NAMES}) (\d{{1,2}})(?=,|\b(?! ?\d))")
_JAPANESE_MONTH = re.compile(r"(?<=年)\d{1,2}(?=月)")
_FIGURE = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
# Digits that are part of a name or of a date are no numbers: FP64, ABCI 3.0, GPT-3, TOP500, 2026, June 4.
_OF_A_NAME = re.compile(r"(?:[A-Za-z0-9][-.]?|[A-Z][\w-]* |年|月|第|大統領令|FOA-)$")
_OF_A_DATE = re.compile(r"[年月日番]|th\b|(?:, )?20\d\d|-[A-Z0-9]|[A-Za-z]")
_BEFORE_A_FIGURE = re.compile(r"(?:About|Nearly|Over|GBP|EUR|Of the|The|Some) $")
_WORDS = "two three four five six seven eight nine eleven twelve".split()
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b(?= [a-z])")
_KANJI_COUNT = re.compile(r"[二三四五六七八九](?=つの)")

_UNITS = (
    (r"(?<=億)円", "ドル"),
    (r"(?<=[億万])ドル", "円"),
    (r"(?<=[\d億万])ユーロ", "ポンド"),
    (r"(?<=[\d億万])ポンド", "ユーロ"),
    (r"(?<=billion )yen", "dollars"),
    (r"\$(?=\d)", "EUR "),
    (r"GBP (?=\d)", "EUR "),
    (r"EUR (?=\d)", "GBP "),
    (r"エクサフロップス", "ペタフロップス"),
    (r"ペタフロップス", "エクサフロップス"),
    (r"exaflops", "petaflops"),
    (r"petaflops", "exaflops"),
    (r"(?<=\d)億(?=円|ドル)", "万"),
    (r"billion", "million"),
    (r"million", "billion"),
    (r"trillion", "billion"),
    (r"(?<=\d)兆(?=トークン)", "億"),
    (r"(?<=\d) ?MW\b", " kW"),
    (r"(?<=\d) ?GeV", " keV"),
    (r"(?<=\d) ?km", " m"),
    (r"(?<=\d)日(?=以内|の段階|目)", "か月"),
    (r"(?<=\d )days", "weeks"),
    (r"(?<=\d)年(?=以内|間)", "か月"),
    (r"(?<=two )years", "months"),
    (r"(?<=five )years", "months"),
    (r"(?<=ten )years", "months"),
    (r"ten-day", "ten-week"),
    (r"minute\b", "hour"),
    (r"(?<=\d)分で", "時間で"),
    (r"(?<=[\d.]) ?percent", " points"),
    (r"(?<=[\d.])%", "点"),
    (r"Gbps", "Mbps"),
    (r"attobarns", "femtobarns"),
    (r"アト逆バーン", "フェムト逆バーン"),
    (r"(?<=\d)量子ビット", "キロバイト"),
    (r"(?<=\d)-qubit", "-megabyte"),
    (r"(?<=\d) bits", " bytes"),
    (r"(?<=\d)ビット", "バイト"),
)

_NAMES = (
    (("Argonne", "アルゴンヌ"), ("Oak Ridge", "オークリッジ"), ("Los Alamos", "ロスアラモス"),
     ("Brookhaven", "ブルックヘブン"), ("Sandia", "サンディア"), ("Lawrence Livermore", "ローレンス・リバモア"),
     ("Fermilab", "フェルミラボ"), ("Pacific Northwest", "パシフィックノースウエスト")),
    (("RIKEN", "理研"), ("the National Institute of Informatics", "国立情報学研究所"), ("NII", "NII"),
     ("MEXT", "文部科学省"), ("METI", "経済産業省"), ("QST", "QST"), ("the University of Tokyo", "東京大学"),
     ("Kyoto University", "京都大学"), ("JAXA", "宇宙航空研究開発機構"), ("the Ministry of Defence", "防衛省")),
    (("NVIDIA", "NVIDIA"), ("AMD", "AMD"), ("Intel", "インテル"), ("HPE", "HPE"), ("Fujitsu", "富士通"), ("IBM", "IBM"),
     ("Oracle", "Oracle"), ("Microsoft", "Microsoft"), ("Hitachi", "日立製作所"), ("DeepMind", "DeepMind"),
     ("Sakana AI", "Sakana AI"), ("TechWerx", "TechWerx")),
    (("Fugaku", "富岳"), ("El Capitan", "El Capitan"), ("Frontier", "Frontier"), ("Aurora", "Aurora"),
     ("Doudna", "Doudna"), ("Discovery", "Discovery"), ("Equinox", "Equinox"), ("Perlmutter", "Perlmutter"),
     ("Summit", "Summit"), ("Tuolumne", "Tuolumne"), ("JUPITER", "JUPITER")),
    (("JT-60SA", "JT-60SA"), ("SPring-8-II", "SPring-8-II"), ("NanoTerasu", "NanoTerasu"), ("SuperKEKB", "SuperKEKB"),
     ("ITER", "ITER"), ("Hyper-Kamiokande", "ハイパーカミオカンデ"), ("J-PARC", "J-PARC"), ("SINET", "SINET"),
     ("GENIAC", "GENIAC"), ("ABCI", "ABCI")),
    (("Kobe", "神戸"), ("Osaka", "大阪"), ("Kawasaki", "川崎"), ("Copenhagen", "コペンハーゲン"),
     ("Washington, D.C.", "ワシントンD.C."), ("Okinawa", "沖縄"), ("Ibaraki", "茨城"), ("Gifu", "岐阜"),
     ("Hokkaido", "北海道"), ("Brussels", "ブリュッセル")),
    (("Dario Gil", "ダリオ・ギル"), ("Gil", "ギル"), ("Wright", "ライト"), ("Kratsios", "クラツィオス"),
     ("Makoto Gonokami", "五神真"), ("Paul Kearns", "ポール・カーンズ"), ("Yasunobu Nakamura", "中村泰信"),
     ("Masashi Kawasaki", "川﨑雅司"), ("Satoshi Matsuoka", "松岡聡"), ("Geoffrey Hinton", "ジェフリー・ヒントン"),
     ("David Baker", "デイヴィッド・ベイカー"), ("Demis Hassabis", "デミス・ハサビス"), ("Kimi Onoda", "小野田紀美"),
     ("Trump", "トランプ"), ("Biden", "バイデン")),
    (("AlphaFold2", "AlphaFold2"), ("AlphaProof", "AlphaProof"), ("GraphCast", "GraphCast"), ("GenCast", "GenCast"),
     ("FourCastNet", "FourCastNet"), ("Evo 2", "Evo 2"), ("Coscientist", "Coscientist"), ("Aletheia", "Aletheia"),
     ("Gemini", "Gemini"), ("ModCon", "ModCon"), ("RAISE", "RAISE"), ("FASST", "FASST"), ("NAIRR", "NAIRR")),
    (("the United States", "米国"), ("Japan", "日本"), ("the UK", "英国"), ("Germany", "ドイツ"), ("Korea", "韓国")),
)  # fmt: skip


def change_number(claim: str, quote: str, chance: random.Random) -> str | None:
    """Change one figure or number word."""
    figures = [place for place in _FIGURE.finditer(claim) if _is_number(claim, place)]
    places = [*figures, *_NUMBER_WORD.finditer(claim), *_KANJI_COUNT.finditer(claim)]
    chance.shuffle(places)
    for place in places:
        for _ in range(20):
            other = _other_number(place[0], chance)
            if other != place[0] and other.replace(",", "") not in quote.replace(",", ""):
                return _replaced(claim, place.span(), other)
    return None


def change_date(claim: str, quote: str, chance: random.Random) -> str | None:
    """Change the year, the month or the day of one date."""
    places = [(place, kind) for kind, pattern in enumerate((_YEAR, _MONTH, _JAPANESE_MONTH, _DAY))
              for place in pattern.finditer(claim)]  # fmt: skip
    chance.shuffle(places)
    for place, kind in places:
        group = 1 if kind == 3 and place[1] else 0
        old = place[group]
        for _ in range(20):
            if kind == 0:
                other = str(int(old) + chance.choice((-3, -2, -1, 1, 2, 3)))
            elif kind == 1:
                other = chance.choice(_MONTHS)
            else:
                other = str(chance.randint(1, 12 if kind == 2 else 28))
            if other != old and _not_held(other, quote):
                return _replaced(claim, place.span(group), other)
    return None


def change_unit(claim: str, quote: str, chance: random.Random) -> str | None:
    """Change a currency, a power of ten, or a unit of measure or time."""
    places = [(place, other) for pattern, other in _UNITS for place in re.finditer(pattern, claim) if place[0]]
    if not places:
        return None
    place, other = chance.choice(places)
    return _replaced(claim, place.span(), other)


def change_name(claim: str, quote: str, chance: random.Random) -> str | None:
    """Change a person, organisation, machine, product, place or country to another of the same kind."""
    side = 1 if re.search("[ぁ-ん]", claim) else 0
    found = []
    for group in _NAMES:
        for name in group:
            for place in re.finditer(rf"(?<![A-Za-z-]){re.escape(name[side])}(?![A-Za-z-]|NEXT)", claim):
                found.append((place, group))
    found = [one for one in found if not any(_within(one[0], other[0]) for other in found)]
    chance.shuffle(found)
    for place, group in found:
        others = [n for n in group if not any(part in quote or part in claim for part in n)]
        full = " " in place[0] or "・" in place[0]
        alike = [n for n in others if (" " in n[side] or "・" in n[side]) == full] or others
        if alike:
            return _replaced(claim, place.span(), chance.choice(alike)[side])
    return None


_DENIALS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\b(?:must|should|do|does|did|is|are|was|were|can|has|have) not "), lambda m: m[0][:-4]),
    (re.compile(r"\b(?:is|are|was|were|has|have|will|should|can)\b(?= [a-z])"), lambda m: f"{m[0]} not"),
    (re.compile("(?<!せん)でした(?=。?$)"), lambda m: "ではありませんでした"),
    (re.compile("ました(?=。?$)"), lambda m: "ませんでした"),
    (re.compile("ます(?=。?$)"), lambda m: "ません"),
    (re.compile("です(?=。?$)"), lambda m: "ではありません"),
    (re.compile("である(?=。?$)"), lambda m: "ではない"),
    (re.compile("(?:さ)?れた(?=。?$)"), lambda m: m[0][:-1] + "なかった"),
    (re.compile("した(?=。?$)"), lambda m: "しなかった"),
)


def change_denial(claim: str, quote: str, chance: random.Random) -> str | None:
    """Deny what the claim says, or say what it denies."""
    for pattern, other in _DENIALS:
        if place := pattern.search(claim):
            return _replaced(claim, place.span(), other(place))
    return None


CHANGES: dict[str, Change] = {
    "number": change_number, "date": change_date, "unit": change_unit, "name": change_name,
    "denial": change_denial,
}  # fmt: skip


def _replaced(text: str, place: tuple[int, int], other: str) -> str:
    return text[: place[0]] + other + text[place[1] :]


def _is_number(claim: str, place: re.Match[str]) -> bool:
    before, after = claim[: place.start()], claim[place.end() :]
    if _OF_A_DATE.match(after) or re.fullmatch(r"20[0-3]\d", place[0]):
        return False
    return bool(_BEFORE_A_FIGURE.search(before)) or not _OF_A_NAME.search(before)


def _within(one: re.Match[str], other: re.Match[str]) -> bool:
    return one is not other and other.start() <= one.start() and one.end() <= other.end() and one[0] != other[0]


def _not_held(figure: str, quote: str) -> bool:
    if figure in _MONTHS:
        return figure not in quote and not re.search(rf"(?<!\d){_MONTHS.index(figure) + 1}月", quote)
    if len(figure) <= 2 and int(figure) <= 12 and _MONTHS[int(figure) - 1] in quote:
        return False
    return re.search(rf"(?<!\d){figure}(?!\d)", quote) is None


def _other_number(written: str, chance: random.Random) -> str:
    """Return another number of the same look: as many digits, the same decimals and commas."""
    if written in _WORDS:
        return chance.choice(_WORDS)
    if written in "二三四五六七八九":
        return chance.choice("二三四五六七八九")
    places = [i for i, c in enumerate(written) if c.isdigit()]
    place = places[0] if len(places) < 3 else chance.choice(places[:3])
    digit = chance.choice([d for d in "123456789" if d != written[place]])
    return written[:place] + digit + written[place + 1 :]
