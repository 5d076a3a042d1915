"""Names that two languages write too differently for any rule: countries, places, ministries, institutes, companies.

One line a thing, its forms apart by "|". A form in Latin letters is matched as a whole word.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from genesis_rag.text.patterns import lazy

_TABLE = """
United States|U.S.|US|USA|American|America|Americans|Japan-US|US-Japan|米国|アメリカ|日米|米側|米国側
Japan|Japanese|Japan-US|US-Japan|日本|日米|日欧|国内|国産|邦人|我が国|国の
United Kingdom|UK|Britain|British|GBP|英国|イギリス|日英|ポンド
Germany|German|ドイツ|独|日独
France|French|フランス|仏|日仏
Italy|Italian|イタリア
Spain|Spanish|スペイン
Netherlands|Dutch|オランダ
Sweden|Swedish|スウェーデン
Switzerland|Swiss|スイス
Russia|Russian|ロシア|露
China|Chinese|中国|日中|米中|清代|唐代|明代|中華
Taiwan|Taiwanese|台湾
South Korea|Korea|Korean|韓国|日韓|朝鮮
India|Indian|インド
Australia|Australian|オーストラリア|豪州|豪
Canada|Canadian|カナダ
Brazil|Brazilian|ブラジル
Singapore|シンガポール
Europe|European|EU|欧州|ヨーロッパ|日欧|欧
Hokkaido|北海道
Aomori|青森
Iwate|岩手
Miyagi|宮城
Sendai|仙台
Akita|秋田
Yamagata|山形
Fukushima|福島
Ibaraki|茨城
Tsukuba|つくば|筑波
Tokai|東海村
Naka|那珂
Tochigi|栃木
Gunma|群馬
Saitama|埼玉
Wako|和光
Chiba|千葉
Kashiwa|柏
Tokyo|東京
Kanagawa|神奈川
Yokohama|横浜
Kawasaki|川崎|川﨑
Niigata|新潟
Toyama|富山
Ishikawa|石川
Fukui|福井
Yamanashi|山梨
Nagano|長野
Gifu|岐阜
Shizuoka|静岡
Aichi|愛知
Nagoya|名古屋
Mie|三重
Shiga|滋賀
Kyoto|京都
Osaka|大阪
Hyogo|兵庫
Kobe|神戸
Nara|奈良
Wakayama|和歌山
Okayama|岡山
Hiroshima|広島
Yamaguchi|山口
Kyushu|九州
Fukuoka|福岡
Nagasaki|長崎
Kumamoto|熊本
Okinawa|沖縄
Washington|ワシントン|D.C.
New York|ニューヨーク
California|カリフォルニア
Chicago|シカゴ
Brussels|ブリュッセル
Copenhagen|コペンハーゲン
Geneva|ジュネーブ
London|ロンドン
Paris|パリ
MEXT|Ministry of Education, Culture, Sports, Science and Technology|文部科学省|文科省
METI|Ministry of Economy, Trade and Industry|経済産業省|経産省
MIC|Ministry of Internal Affairs and Communications|総務省
MHLW|Ministry of Health, Labour and Welfare|厚生労働省|厚労省
Ministry of Finance|MOF|財務省
Ministry of Foreign Affairs|MOFA|外務省
Ministry of Defence|Ministry of Defense|防衛省
Ministry of the Environment|環境省
Cabinet Office|内閣府
Digital Agency|デジタル庁
Department of Energy|DOE|Energy Department|Energy Secretary|Secretary of Energy|エネルギー省|エネルギー長官
National Science Foundation|NSF|国立科学財団|全米科学財団
National Nuclear Security Administration|NNSA|国家核安全保障庁|核安全保障局
NASA|航空宇宙局
NIST|標準技術研究所
White House|ホワイトハウス|大統領府
RIKEN|理研|理化学研究所
AIST|産総研|産業技術総合研究所
JAXA|宇宙航空研究開発機構
JAEA|原子力機構|日本原子力研究開発機構
QST|National Institutes for Quantum|量研|量子科学技術研究開発機構
KEK|高エネルギー加速器研究機構|高エネ研
NII|National Institute of Informatics|国立情報学研究所
NIMS|National Institute for Materials Science|物質・材料研究機構
NICT|情報通信研究機構
JST|科学技術振興機構
NEDO|新エネルギー・産業技術総合開発機構
University of Tokyo|東京大学|東大
Kyoto University|京都大学|京大
Osaka University|大阪大学|阪大
Tohoku University|東北大学
Nagoya University|名古屋大学
Kyushu University|九州大学
Hokkaido University|北海道大学
University of Tsukuba|筑波大学
Institute of Science Tokyo|Tokyo Institute of Technology|東京科学大学|東京工業大学|東工大
Fujitsu|富士通
Hitachi|日立|日立製作所
Toshiba|東芝
NEC|日本電気
NTT|日本電信電話
SoftBank|ソフトバンク
Toyota|トヨタ
Sony|ソニー
Mitsubishi|三菱
NVIDIA|エヌビディア
Intel|インテル
Microsoft|マイクロソフト
Google|グーグル
Amazon|AWS|アマゾン
Oracle|オラクル
OpenAI|オープンAI
DeepMind|ディープマインド
Fugaku|富岳
K computer|京
Yomiuri|読売
Asahi|朝日新聞
Nikkei|日経|日本経済新聞
"""
_COUNTRIES = frozenset(range(20))
_AT_HOME = frozenset({0, 1})
_PLACES = frozenset(line.partition("|")[0] for line in _TABLE.split("Hokkaido")[1].split("Washington")[0].splitlines())
_NEXT_TO = "[県市府都区町村国]"


def missing_known_names(claim: str, evidence: str) -> tuple[str, ...]:
    """Return the first form of each known name that ``claim`` has and ``evidence`` has in no form."""
    held = {thing for _, thing in _found(evidence)}
    lost = [form for form, _ in _found(claim) if not _things(form) & held and not _in_other_words(form, evidence)]
    if not held & _COUNTRIES:  # "Japan's first" of a text that speaks of no other country
        lost = [form for form in lost if not _things(form) & _AT_HOME]
    return tuple(dict.fromkeys(_forms()[0][form] for form in lost))


def known_words(text: str) -> set[str]:
    """Return the forms of known names in ``text``, as written in the table."""
    return {form for form, _ in _found(text)}


def other_forms(text: str) -> list[str]:
    """Return, for each known name of ``text``, its first form and its short ones in the other script."""
    found: dict[str, None] = {}
    for form, thing in _found(text):
        others = [one for one in _rows()[thing] if one.isascii() is not form.isascii() and len(one) > 1]
        found |= dict.fromkeys(others[:1] + [one for one in others[1:] if one.isupper()])
    return list(found)


def _in_other_words(form: str, evidence: str) -> bool:
    """Tell whether the evidence has a form within a longer word (京 aside), or in capitals."""
    forms = {one for thing in _things(form) for one in _rows()[thing]}
    if any(len(one) > 1 and not one.isascii() and one in evidence for one in forms):
        return True
    return len(form) > 4 and form.isascii() and form.upper() in evidence


@lru_cache(maxsize=512)
def _found(text: str) -> tuple[tuple[str, int], ...]:
    _, pattern = _forms()
    return tuple((match[0], thing) for match in pattern.finditer(text) for thing in _things(match[0]))


@cache
def _things(form: str) -> frozenset[int]:
    return frozenset(number for number, forms in enumerate(_rows()) if form in forms)


@cache
def _rows() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split("|")) for line in _TABLE.strip().splitlines())


@cache
def _forms() -> tuple[dict[str, str], re.Pattern[str]]:
    """Return the first form of the thing that each form names, and a pattern of all forms, longest first."""
    first = {form: forms[0] for forms in _rows() for form in forms}
    parts = []
    for form in sorted(first, key=len, reverse=True):
        if len(form) == 1:  # 京, 独, 仏 stand for a name within quotation marks only
            parts.append(f"(?<=[「『]){form}(?=[」』])")
        elif form.isascii():
            parts.append(rf"(?<![A-Za-z0-9-]){re.escape(form)}(?![a-z0-9])")
        elif re.fullmatch("[ァ-ヺー]+", form):
            parts.append(rf"(?<![ァ-ヺー]){form}(?![ァ-ヺー])")
        elif len(form) == 2 and first[form] in _PLACES:  # 三重 of 三重石塔 is no prefecture
            parts.append(rf"(?:(?<![一-鿿])|(?<={_NEXT_TO})){form}(?:(?![一-鿿])|(?={_NEXT_TO}))")
        else:
            parts.append(re.escape(form))
    return first, lazy("|".join(parts))
