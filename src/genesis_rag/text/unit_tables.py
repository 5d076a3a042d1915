"""The words of units, counters and counted nouns; ``units`` reads and explains these tables."""

from __future__ import annotations

JAPANESE_TABLE = """
money USD 1: 米ドル 米国ドル USドル アメリカドル アメリカ・ドル ドル
money AUD 1: 豪ドル オーストラリアドル オーストラリア・ドル
money CAD 1: カナダドル カナダ・ドル 加ドル
money HKD 1: 香港ドル
money TWD 1: 台湾ドル 新台湾ドル
money SGD 1: シンガポールドル シンガポール・ドル
money JPY 1: 円!形周筒滑卓盤錐弧柱熟陣座山満環高安 日本円
money EUR 1: ユーロ
money GBP 1: 英ポンド
money CNY 1: 人民元 中国元 ~元!素年祖首号来旦帳日気本
money KRW 1: ウォン 韓国ウォン
money CHF 1: スイスフラン スイス・フラン
money INR 1: ルピー
money RUB 1: ルーブル
money THB 1: バーツ
money USD 1e-2: セント
money JPY 1e-2: ~銭
pound GBP 1: ポンド
percent % 1: パーセント % ％
percent % 1e-1: ‰
percent point 1: パーセントポイント %ポイント
point point 1: ポイント
percent % 10: 割!合り引増高減勘烹愛腹譜込安れる
percent % 10: 割引 割減 割増 割強 割弱 割安 割高
duration month 12: 年間 か年 カ年 ヶ年 ケ年 ヵ年 箇年 年!度生目次代号輪金末齢賀報初始頭利商収額俸版少長老表貢
duration month 1: か月 カ月 ヶ月 ケ月 ヵ月 ヵ月 箇月 個月 か月間 カ月間 ヶ月間 ケ月間 ヵ月間 箇月間
duration second 604800: 週間 ~週!刊末報明目
duration second 86400: 日間 日!本市記曜系米中韓英独仏露産程目刊光没常誌立銀経時付差
duration second 3600: 時間!割帯軸外目
duration second 60: 分間 ~分!野類科割析子岐散量離布解裂担隊室団業店流母数目
duration second 1: 秒!速 秒間
duration second 1e-3: ミリ秒
duration second 1e-6: マイクロ秒
duration second 1e-9: ナノ秒
duration month 1200: 世紀
measure times 1: 倍!増率音加数
measure age 1: 歳!月 ~才!能覚
measure degree 1: ~度!目々外合量数重胸肝 度C
measure gram 1e6: トン!ネル
measure square_metre 1e6: 平方キロ 平方キロメートル
measure square_metre 1: 平方メートル 平米
measure square_metre 1e4: ヘクタール
measure acre 1: エーカー
measure tsubo 1: ~坪
measure litre 1e3: 立方メートル
measure litre 1e-3: 立方センチメートル 立方センチ
measure metre 1e-2: センチ!メュ
measure metre 1e-3: ミリ!メグリ秒
measure kilo 1e3: キロ!ほ
measure metre 1609344e-3: マイル
measure metre 3048e-4: フィート
measure metre 254e-4: インチ
measure metre 9144e-4: ヤード
measure metre 1852: 海里
measure metre/hour 1852: ノット
measure light_year 1: 光年
measure gram 45359237e-5: ポンド
measure horsepower 1: 馬力
measure pixel 1: ピクセル 画素
measure atmosphere 1: 気圧
measure qubit 1: 量子ビット キュービット
count person 1: 人!称前間口類工気物格材形権力三一 名!前称目物字誉簿作所門 人分 ~氏
count organisation 1: 社!会員長説内 機関!車銃紙 団体 企業 組織 法人 研究所 研究機関 省庁 大学 校!正舎長庭 グループ
    チーム 学校
count country 1: か国 カ国 ヶ国 ケ国 ヵ国 箇国 個国 ~国!語際内立家民間道会産有
count city 1: 都市 市町村
count prefecture 1: 都道府県 ~県
count state 1: ~州
count field 1: 分野 領域
count challenge 1: 課題
count project 1: プロジェクト 事業
count place 1: か所 カ所 ヶ所 ケ所 ヵ所 箇所 個所 拠点 施設 地点
count paper 1: 論文 ~報
count occasion 1: 回!転路線復帰答収避覧想忌顧 ~試合 ~度目
count language 1: 言語 か国語 カ国語 ヶ国語
count word 1: ~語!学 単語
count character 1: ~字!幕体 文字
count page 1: ページ ~頁
count vote 1: 票
count household 1: 世帯
count item 1: 件!名 個!人室別性展体月国 つ!ま 項目 品目 本!部社店校人格質来日的当物州線音気 台!所風湾地頭本 種類 枚
    ~点!検 ~種!別目 冊 ~基!本礎準 隻 ~機!能会械関 頭 匹 羽 ~両!親方者国 ~棟 ~軒
count item 1: ~部!分門署屋長族品隊 ~通 ~組!織合 ~席 ~店舗 ~店 ~曲!線 ~話 ~問!題 ~例 ~班 ~巻 ~編 ~文 ~篇 ~列 ~段階
    段階 ~層 ~階!級層段 ~社会 大!学会阪正臣使量型小変切 ~条!件約例項文 ~章 ~節 ~巻 ~勝 ~敗 ~打 要素 指標
    分類 区分 テーマ 目標 柱 論点 ステップ 者!数 通り!に 原則 任務 ~冠
count gpu 1: GPU
count node 1: ノード 台分
count core 1: コア
count token 1: トークン
count parameter 1: パラメータ パラメーター
count sample 1: サンプル データ 文書 画像
"""

ENGLISH_TABLE = """
money USD 1: dollar us_dollar u.s._dollar american_dollar
money AUD 1: australian_dollar
money CAD 1: canadian_dollar
money HKD 1: hong_kong_dollar
money TWD 1: taiwan_dollar new_taiwan_dollar
money SGD 1: singapore_dollar
money JPY 1: yen japanese_yen
money EUR 1: euro
money GBP 1: pounds_sterling pound_sterling british_pound
money CNY 1: yuan renminbi chinese_yuan
money KRW 1: korean_won south_korean_won
money CHF 1: swiss_franc
money INR 1: rupee indian_rupee
money RUB 1: ruble rouble
money THB 1: baht thai_baht
money USD 1e-2: cent
pound GBP 1: pound
pound KRW 1: won
percent % 1: percent per_cent pct
percent point 1: percentage_point
percent point 1e-2: basis_point
duration month 12: year yr
duration month 1: month
duration second 604800: week
duration second 86400: day
duration second 3600: hour hr
duration second 60: minute min
duration second 1: second sec
duration second 1e-3: millisecond
duration second 1e-6: microsecond
duration second 1e-9: nanosecond
duration month 120: decade
duration month 1200: century
measure age 1: years_old year_old years_of_age yrs_old
measure times 1: fold
measure degree 1: degree degrees_celsius degrees_centigrade
measure degree_fahrenheit 1: degrees_fahrenheit
measure gram 1e6: ton tonne metric_ton
measure square_metre 1e6: square_kilometer square_kilometre sq_km
measure square_metre 1: square_meter square_metre
measure square_metre 1e4: hectare
measure acre 1: acre
measure square_mile 1: square_mile
measure square_foot 1: square_foot square_feet
measure litre 1e3: cubic_meter cubic_metre
measure litre 1e-3: cubic_centimeter cubic_centimetre
measure metre 1609344e-3: mile
measure metre 3048e-4: foot feet
measure metre 254e-4: inch inches
measure metre 9144e-4: yard
measure metre 1852: nautical_mile
measure metre/hour 1852: knot
measure metre/hour 1609344e-3: mile_per_hour miles_per_hour
measure metre/hour 1e3: kilometers_per_hour kilometres_per_hour
measure metre/hour 3600: meters_per_second metres_per_second
measure bit/second 1: bits_per_second
measure byte/second 1: bytes_per_second
measure light_year 1: light_year
measure gram 45359237e-5: pound lb
measure gram 28349523125e-9: ounce
measure horsepower 1: horsepower
measure pixel 1: pixel
measure atmosphere 1: atmosphere
measure qubit 1: qubit quantum_bit
count person 1: people person persons man men woman women researcher scientist employee student member participant
    engineer author expert teacher citizen resident soldier patient passenger staff child children guest worker user
    human
count organisation 1: organization organisation company institution institute firm agency laboratory lab university
    school corporation team group facility_operator ministry partner
count country 1: country nation
count city 1: city town municipality
count prefecture 1: prefecture
count state 1: state
count field 1: field area domain discipline
count challenge 1: challenge problem issue
count project 1: project programme program initiative
count place 1: place site location facility center centre hub
count paper 1: paper article
count time 1: time times
count occasion 1: occasion
count language 1: language
count word 1: word
count character 1: character letter
count page 1: page
count vote 1: vote
count household 1: household
count item 1: item case type kind point piece thing unit copy one theme topic goal pillar step stage element
count gpu 1: gpu
count node 1: node
count core 1: core
count token 1: token
count parameter 1: parameter param
count sample 1: sample document image
"""

SYMBOL_TABLE = """
percent % 1: % ％
percent % 1e-1: ‰
percent point 1e-2: bp bps
measure byte 1e3: KB
measure byte 2^10: KiB
measure byte 2^20: MiB
measure byte 2^30: GiB
measure byte 2^40: TiB
measure byte 2^50: PiB
measure bit/second 1e3: Kbps
measure gram 1e6: t
measure square_metre 1e4: ha
measure square_metre 1: m2 m²
measure square_metre 1e6: km2 km²
measure square_metre 1e-4: cm2 cm²
measure litre 1e3: m3 m³
measure litre 1e-3: cc cm3 cm³
measure metre/hour 1e3: km/h kph
measure metre/hour 3600: m/s
measure metre/hour 36e5: km/s
measure metre/hour 1609344e-3: mph
measure degree 1: ° °C ℃
measure degree_fahrenheit 1: °F
measure kelvin 1: K
measure decibel 1: dB
measure metre 3048e-4: ft
measure gram 45359237e-5: lb lbs
measure gram 28349523125e-9: oz
measure calorie 1e3: kcal
measure calorie 1: cal
measure ppm 1: ppm
measure pixel 1: px
measure times 1: x ×
duration second 1: s
duration second 1e-3: ms
duration second 1e-6: μs
duration second 1e-9: ns
"""

_EXPONENTS = (-12, -9, -6, -3, -2, -1, 2, 3, 6, 9, 12, 15, 18, 21, 24)
SYMBOL_PREFIXES = dict(zip("pnμmcdhkMGTPEZY", _EXPONENTS, strict=True))


def _named(names: str) -> dict[str, int]:
    """Return the prefixes of ``names`` with their powers of ten, and none."""
    return {"": 0} | dict(zip(names.split(), _EXPONENTS, strict=True))


JAPANESE_PREFIXES = _named("ピコ ナノ マイクロ ミリ センチ デシ ヘクト キロ メガ ギガ テラ ペタ エクサ ゼタ ヨタ")
ENGLISH_PREFIXES = _named("pico nano micro milli centi deci hecto kilo mega giga tera peta exa zetta yotta")
# Symbols with the prefixes that they are seen with.
PREFIXED_SYMBOLS = """
m metre pnμmck_; g gram nμmk_; W watt nμmkMGT_; Wh watt_hour mkMGTP_; B byte kMGTPEZY; bit bit kMGT_;
bps bit/second kMGTP; b/s bit/second kMGTP; B/s byte/second kMGTP; FLOPS flop/second kMGTPEZ_;
Flops flop/second kMGTPEZ_; FLOP/s flop/second kMGTPEZ_; Flop/s flop/second kMGTPEZ_; OPS operation/second GTP;
Hz hertz mkMGT_; eV electronvolt mkMGTP_; V volt μmkM_; J joule mkMGTP_; Pa pascal hkMG_; L litre μmdk_;
l litre md; mol mole nμmk_
"""
PREFIXED_JAPANESE = """
メートル metre; グラム gram; ワット watt; ワット時 watt_hour; ワットアワー watt_hour; バイト byte; ビット bit;
ビット毎秒 bit/second; バイト毎秒 byte/second; フロップス flop/second; フロップ flop/second; ヘルツ hertz;
電子ボルト electronvolt; ボルト volt; ジュール joule; パスカル pascal; リットル litre; カロリー calorie;
アンペア ampere; テスラ tesla; ケルビン kelvin; デシベル decibel
"""
PREFIXED_ENGLISH = """
meter metre; metre metre; gram gram; watt watt; watt_hour watt_hour; byte byte; bit bit; flops flop/second;
flop flop/second; hertz hertz; electronvolt electronvolt; electron_volt electronvolt; volt volt; joule joule;
pascal pascal; liter litre; litre litre; calorie calorie; ampere ampere; tesla tesla; kelvin kelvin;
decibel decibel
"""


CURRENCY_CODES = "USD JPY EUR GBP CNY KRW AUD CAD HKD TWD SGD CHF INR RUB THB"
CURRENCY_SIGNS = (
    "$:USD US$:USD U.S.$:USD A$:AUD AU$:AUD C$:CAD CA$:CAD HK$:HKD NT$:TWD S$:SGD ¥:JPY JP¥:JPY €:EUR £:GBP ₩:KRW ₹:INR"
)

PLURALS = frozenset({"people", "persons", "men", "women", "children", "staff"})
"""Plurals that the English table holds as they are."""
