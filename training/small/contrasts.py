"""Words that stand for one another in questions of one kind, with another answer: first and last, north and south."""

from __future__ import annotations

import random
import re

_GROUPS = """
最初 最後 二番目 三番目 / 第1 第2 第3 第4 / 第一 第二 第三 第四 / 1つ目 2つ目 3つ目 / 初代 2代目 3代目
最大 最小 / 最高 最低 / 最古 最新 / 最も多い 最も少ない / 最も大きい 最も小さい / 最も高い 最も低い
最も長い 最も短い / 東 西 南 北 / 父 母 兄 弟 姉 妹 妻 息子 娘 / 男性 女性 / 国内 海外 / 以前 以後 / 開始 終了
開業 廃業 / 設立 解散 / 就任 退任 / 結成 解散 / 出生 死去 / 増加 減少 / 勝利 敗北 / 勝った 負けた
生まれた 亡くなった / 始まった 終わった / 創設者 後継者 / 社長 副社長 会長 / 大統領 副大統領 / 長官 次官
日本 アメリカ イギリス フランス ドイツ 中国 ロシア イタリア 韓国 / 月曜日 火曜日 水曜日 木曜日 金曜日
1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月 / 費用 期間 人数 / 賛成 反対 / 承認 却下 / 予算 決算
前年 翌年 / 上半期 下半期 / first second third last final / largest smallest / biggest smallest / highest lowest
oldest youngest newest / most least / longest shortest / north south east west
northern southern eastern western / father mother brother sister wife husband son daughter / before after
start end / begin end / started ended / began ended / opened closed / founded dissolved / born died / won lost
win lose / increase decrease / increased decreased / approved rejected / support oppose / bought sold
male female / men women / previous next / president vice-president / director deputy / chairman secretary
founder successor / American British French German Japanese Chinese Russian Italian
America Britain France Germany Japan China Russia Italy
January February March April May June July August September October November December
Monday Tuesday Wednesday Thursday Friday / cost duration / minimum maximum / daily weekly monthly yearly
"""
"""Words that give way to one another; groups are parted by strokes and line ends."""
_SPLIT = [group.split() for group in re.split("[/\n]", _GROUPS)]
_OTHERS = {word: [one for one in group if one != word] for group in _SPLIT for word in group}
"""The words that may take a word's place; of one in several groups, those of the last."""
_LATIN = r"(?<![A-Za-z]){}(?![A-Za-z])"
_WORD = re.compile(
    "|".join(
        _LATIN.format(word) if word.isascii() and word.isalpha() else rf"(?<!\d){re.escape(word)}"
        for word in sorted(_OTHERS, key=len, reverse=True)
    )
)


def contrasted(question: str, passage: str, rng: random.Random) -> str | None:
    """Return the question with one word given way to its contrast, of which the passage says nothing, or None."""
    places = list(_WORD.finditer(question))
    rng.shuffle(places)
    for found in places:
        others = [word for word in _OTHERS[found[0]] if word not in passage and word not in question]
        if others:
            return question[: found.start()] + rng.choice(others) + question[found.end() :]
    return None
