"""Numbers of list items and headings as Word and PowerPoint write them: 3, iii, C, ⑶, 三, ウ, ③."""

from __future__ import annotations

from collections.abc import Callable

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x")),
    *((9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_AIUEO = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_KANJI = "〇一二三四五六七八九"
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def roman(number: int) -> str:
    """Return a number from 1 to 3999 in small Roman letters, any other in digits."""
    if not 0 < number < 4000:
        return str(number)
    letters = ""
    for value, sign in _ROMAN:
        count, number = divmod(number, value)
        letters += sign * count
    return letters


def letters(number: int) -> str:
    """Return a, b, … z, aa, bb, … as Word counts."""
    return chr(97 + (number - 1) % 26) * min(8, (number - 1) // 26 + 1) if number > 0 else str(number)


def kanji(number: int) -> str:
    """Return a number below 10,000 in kanji as it is read (二十三), any other in digits."""
    if not 0 < number < 10000:
        return "〇" if number == 0 else str(number)
    written = ""
    for value, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        count, number = divmod(number, value)
        if count:
            written += ("" if count == 1 and sign else _KANJI[count]) + sign
    return written


def _circled(number: int) -> str:
    if 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    if 21 <= number <= 35:
        return chr(0x3251 + number - 21)
    return chr(0x32B1 + number - 36) if 36 <= number <= 50 else str(number)


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"


def _of(signs: str) -> Callable[[int], str]:
    return lambda number: signs[(number - 1) % len(signs)] if number > 0 else str(number)


_FORMATS: dict[str, Callable[[int], str]] = {
    "upperRoman": lambda number: roman(number).upper(),
    "lowerRoman": roman,
    "upperLetter": lambda number: letters(number).upper(),
    "lowerLetter": letters,
    "ordinal": _ordinal,
    "decimalZero": lambda number: f"{number:02d}",
    "decimalFullWidth": lambda number: str(number).translate(_FULL_WIDTH),
    "decimalFullWidth2": lambda number: str(number).translate(_FULL_WIDTH),
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "aiueo": _of(_AIUEO),
    "aiueoFullWidth": _of(_AIUEO),
    "iroha": _of(_IROHA),
    "irohaFullWidth": _of(_IROHA),
    "ideographDigital": lambda number: "".join(_KANJI[int(digit)] for digit in str(abs(number))),
    "japaneseDigitalTenThousand": lambda number: "".join(_KANJI[int(digit)] for digit in str(abs(number))),
    **dict.fromkeys(
        ("japaneseCounting", "japaneseLegal", "chineseCounting", "chineseCountingThousand", "taiwaneseCounting"), kanji
    ),
}


def written(number: int, form: str) -> str:
    """Return a number in one of Word's number formats (``ST_NumberFormat``); unknown ones in digits."""
    return _FORMATS.get(form, str)(number)


def power_point(number: int, scheme: str) -> str:
    """Return a number in one of PowerPoint's schemes (``ST_TextAutonumberScheme``): arabicPeriod and so on."""
    forms = {"alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman", "romanUc": "upperRoman"}
    forms |= {"circleNum": "decimalEnclosedCircle", "arabicDb": "decimalFullWidth", "ea1JpnKor": "japaneseCounting"}
    words = next((written(number, form) for prefix, form in forms.items() if scheme.startswith(prefix)), str(number))
    if scheme.endswith("ParenBoth"):
        return f"({words})"
    return words + (")" if scheme.endswith("ParenR") else "." if scheme.endswith("Period") else "")
