"""Japanese words of questions that say nothing about what a question is about: attributes, interrogatives, verbs."""

from __future__ import annotations

from genesis_rag.text.patterns import lazy

ATTRIBUTES = frozenset(
    """
    予算 予算額 予算規模 総予算 費用 総費用 コスト 金額 価格 値段 料金 総額 投資額 支援額 補助額 資金 財源 規模
    期間 期限 締切 締め切り 締切日 時期 日程 スケジュール 開始 開始日 開始時期 開始年 終了 終了日 終了時期
    運用開始 運用開始日 運用開始時期 稼働開始 稼働時期 完成 完成時期 完成予定 目的 目標 狙い ねらい 理由 背景
    原因 経緯 課題 問題 問題点 懸念 リスク 利点 メリット デメリット 欠点 長所 短所 特徴 特長 強み 弱み 性能
    理論性能 最大性能 演算性能 計算性能 速度 能力 仕組み 方法 手順 手段 内容 概要 詳細 内訳 構成 範囲 対象 条件
    要件 資格 応募資格 責任者 担当者 担当 担当省庁 担当機関 担当部署 代表 代表者 長官 社長 会長 大臣 所長 理事長
    トップ リーダー 主導者 開発者 開発元 製造元 メーカー 作者 著者 筆者 発表者 署名者 参加者 参加国 参加企業
    参加機関 参加者数 参加国数 加盟国 メンバー 関係者 関係省庁 関係機関 協力者 協力国 協力機関 協力先 連携先
    提携先 パートナー 相手 相手国 相手先 場所 所在地 設置場所 設置先 本部 本社 開催地 首都 人口 面積 人数 件数
    台数 社数 数 回数 割合 比率 シェア 順位 結果 成果 効果 影響 評価 進捗 進捗状況 進み具合 状況 現状 見通し
    今後 予定 具体例 例 事例 根拠 出典 情報源 定義 意味 正式名称 名称 名前 略称 別名 由来 歴史 違い 差 共通点
    重さ 大きさ 高さ 長さ 広さ 消費電力 電力 容量 メモリ メモリー ノード数 プロセッサ CPU GPU GPU数 用途 使い道
    使途 利用者 対策 罰則 権限 義務 施行日 成立日 発効日 公布日 発表日 署名日 締結日 署名 始まり 終わり きっかけ
    効力 有効期間 更新頻度 後継 後継機 前身 種類
    """.split()
)
"""Properties that a thing has: 予算 after a question about 富岳NEXT is the budget of it."""

CLASS_NOUNS = frozenset(
    """
    計画 事業 プロジェクト プログラム 制度 法律 法 法案 会社 企業 組織 機関 団体 省庁 国 研究所 大学 協定 合意
    覚書 共同声明 声明 文書 資料 論文 報告書 レポート 発表 会議 会談 人 人物 方 大統領 システム スパコン
    スーパーコンピュータ スーパーコンピューター コンピュータ コンピューター 計算機 マシン モデル 技術 取り組み
    取組 戦略 政策 構想 施設 拠点 装置 チーム 製品 ソフト ソフトウェア アプリ サービス 話 件 研究 実験 機構 財団
    大統領令 命令 契約 賞 目標 課題 分野 領域 イニシアチブ ミッション コンソーシアム ネットワーク データセット
    データ
    """.split()
)
"""Kinds of things, that a demonstrative stands before: その計画."""

INTERROGATIVES = frozenset(
    """
    いつ いつから いつまで いつごろ いつ頃 どこ どこで どこに どこの どこが どこから どこへ どこまで 誰 誰が
    誰に 誰の だれ だれが どなた どなたが 何 何が 何を 何に 何で なに なにが 何年 何年間 何年度 何月 何日 何人
    何名 何か国 何カ国 何社 何台 何件 何個 何番 何種類 何枚 何回 何円 何ドル 何パーセント 何% 何倍 何位 いくら
    いくつ どれくらい どれぐらい どれほど どれだけ どのくらい どのぐらい どの程度 どのように どうやって どうして
    どう どういう どんな どのような なぜ なんで 何のため 何のために
    """.split()
)
PARTICLES = frozenset(
    """
    は が を に で の も と から まで へ や 、 , には では とは って について に関して それぞれ です ですか
    でしょうか でした でしたか ですかね だ なの なのか なのですか んですか のですか か の ください 下さい お
    教えて 知りたい もの こと 具体的に また さらに 現在 今 最初に 最後に 全部で 合計で 合計 年間 毎年 くらい
    ぐらい ほど っけ でしたっけ ですっけ だっけ だろう だった だったの ました ます か国 カ国 国 社 人 者 年 機関
    企業 ? 。 ・
    """.split()
)
VERB_STEMS = frozenset(
    """
    始ま 始め 始まっ 終わ 終わっ 決ま 決まっ 行わ 行う 行い 作ら 作り 作っ 作る 開発 発表 公表 設立 設置 完成
    稼働 運用 参加 率い 担当 主導 使わ 使い 使っ 使う 使え 利用 かか 払 出し 出 続 あり ある あっ い 進 進ん
    発効 施行 成立 署名 承認 導入 設計 製造 開始 終了 公開 実施 改訂 更新 でき 出来 なり なる なっ 置か 含ま
    支払 変わ 変わっ 選ば 動き 動い 動く 働き 任命 就任 指名 選出 採択 選定 合意 締結 調印 可決 提出 提案 創設
    建設 着工 停止 引退 廃止 延期 変更 拡大 縮小 増え 減っ 減り 増加 減少 必要 可能 適用 使用 支給 配分 割り当て
    公募 募集 言っ 言い し さ する 起き 起こ
    """.split()
)

CLAUSE_NOUNS = {
    "誰": "人",
    "だれ": "人",
    "どなた": "人",
    "いつ": "時期",
    "どこ": "ところ",
    "なぜ": "理由",
    "どうして": "理由",
}
WH = (
    "(?:いつ|どこ|誰|だれ|どなた|何|なに|なん(?=で|の|と)|いくら|いくつ|どれ|どの|どう|どん|どちら|どっち|なぜ"
    "|いかに|いかが)"
)

NAME = lazy(
    r"「[^「」]{2,40}」|[A-Z][A-Za-z0-9.&+/_-]*(?:(?: (?:for|of|the|and|in"
    r"|on))* [A-Z0-9][A-Za-z0-9.&+/_-]*)*[一-鿿ァ-ヶー]{0,8}"
    r"|[a-z]+[A-Z0-9][A-Za-z0-9]*|[ァ-ヶ][ァ-ヶー]{2,}(?:[・=][ァ-ヶー]{2,})*[一-鿿]{0,6}"
)
"""A word that looks like a name by its letters; kanji behind it belong to it (AI法, ジェネシス・ミッション計画)."""
ORGANISATION = lazy(
    r"[一-鿿]{1,14}(?:省|庁|府|研|大学|研究所|機構|財団|学会|協会|委員会|会議|本部|基本法|推進法|法|計画|戦略|号)"
)


def made_of_generic_words(text: str) -> bool:
    """Tell whether ``text`` consists of the words above and inflections alone, so that it names nothing itself."""
    reached = {0}
    for start in range(len(text)):
        if start not in reached:
            continue
        for length in range(1, min(10, len(text) - start) + 1):
            word = text[start : start + length]
            if word in ATTRIBUTES or word in INTERROGATIVES or word in PARTICLES:
                reached.add(start + length)
            if word in VERB_STEMS:
                reached.update(range(start + length, _end_of_hiragana(text, start + length) + 1))
    return len(text) in reached


def _end_of_hiragana(text: str, start: int) -> int:
    end = start
    while end < len(text) and end < start + 10 and "ぁ" <= text[end] <= "ん":
        end += 1
    return end
