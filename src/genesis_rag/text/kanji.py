"""Old and variant forms of kanji that stand for the same word as the usual form, one code point for one.

The pairs are the old forms (kyūjitai) of the jōyō list and variants common in names (髙 﨑 邉 濵). Forms
that are compatibility ideographs are not listed: NFKC unifies them. Forms that are words of their own
besides (藝 and 芸, 缺 and 欠) are merged, as the official list does.
"""

from __future__ import annotations

_PAIRS = (
    "亞亜惡悪壓圧圍囲醫医爲為壹壱隱隠榮栄營営衞衛驛駅圓円鹽塩緣縁艷艶應応歐欧毆殴櫻桜奧奥橫横溫温穩穏假仮價価畫画會会"
    "壞壊懷懐繪絵擴拡殼殻覺覚學学嶽岳樂楽勸勧卷巻寬寛歡歓觀観罐缶關関陷陥巖巌顏顔氣気歸帰龜亀僞偽戲戯犧犠舊旧據拠擧挙虛虚"
    "峽峡挾挟敎教狹狭鄕郷堯尭曉暁區区驅駆勳勲薰薫徑径惠恵揭掲攜携溪渓經経繼継莖茎螢蛍輕軽鷄鶏藝芸缺欠儉倹劍剣圈圏檢検權権獻献縣県"
    "硏研險険顯顕驗験嚴厳效効廣広恆恒鑛鉱號号國国黑黒濟済碎砕齋斎劑剤册冊雜雑產産參参慘惨棧桟蠶蚕贊賛殘残絲糸齒歯兒児辭辞濕湿實実"
    "舍舎寫写釋釈壽寿收収從従澁渋獸獣縱縦肅粛緖緒敍叙奬奨將将燒焼稱称證証乘乗剩剰壤壌孃嬢條条淨浄狀状疊畳讓譲釀醸囑嘱觸触寢寝"
    "愼慎晉晋眞真盡尽圖図粹粋醉酔隨随髓髄數数樞枢聲声靜静齊斉攝摂竊窃專専戰戦淺浅潛潜纖繊踐践錢銭禪禅雙双壯壮搜捜插挿巢巣爭争"
    "瘦痩總総莊荘裝装騷騒增増臟臓藏蔵屬属續続墮堕體体對対帶帯滯滞臺台瀧滝擇択澤沢單単擔担膽胆團団彈弾斷断癡痴遲遅晝昼蟲虫鑄鋳廳庁"
    "聽聴鎭鎮遞逓鐵鉄轉転點点傳伝黨党盜盗燈灯當当鬪闘德徳獨独讀読屆届貳弐惱悩腦脳霸覇廢廃拜拝賣売麥麦發発髮髪拔抜蠻蛮祕秘濱浜"
    "甁瓶拂払佛仏倂併竝並變変邊辺邉辺辨弁瓣弁辯弁舖舗步歩穗穂寶宝豐豊沒没飜翻萬万滿満默黙餠餅彌弥藥薬譯訳豫予餘余與与譽誉搖揺"
    "樣様謠謡來来賴頼亂乱覽覧龍竜兩両獵猟綠緑壘塁淚涙勵励禮礼隸隷靈霊齡齢曆暦歷歴戀恋爐炉勞労樓楼郞郎祿禄錄録灣湾槪概卽即旣既"
    "說説稅税悅悦閱閲脫脱銳鋭淸清靑青槇槙遙遥瑤瑶"
    "髙高﨑崎嵜崎濵浜𠮷吉嶋島嶌島桒桑栁柳邨村峯峰埜野舘館冨富"
)

OLD_KANJI: dict[int, str] = {ord(old): new for old, new in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)}
"""Translation table, old form to usual form."""
