from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_rag.answering.questions import analyse_question, number_of, strip_noise

KINDS = [
    ("日本はこの計画にいくら投資しますか？", "money"),
    ("来年度の予算は何億円ですか。", "money"),
    ("費用はどのくらいかかりますか", "money"),
    ("合意はいつ結ばれましたか。", "date"),
    ("何年に完成しましたか", "date"),
    ("どの時期に導入されますか", "date"),
    ("運転は何年間続きますか。", "duration"),
    ("実験にはどのくらいの期間がかかりますか", "duration"),
    ("割合は何％ですか", "percent"),
    ("何割が賛成しましたか", "percent"),
    ("誰が責任者に任命されましたか。", "person"),
    ("この論文の著者は誰？", "person"),
    ("どの大学が参加しますか。", "organisation"),
    ("署名式はどこで行われましたか。", "place"),
    ("どの国が最初の参加国ですか", "place"),
    ("フュージョンエネルギーとは何ですか。", "definition"),
    ("HPCは何の略ですか", "expansion"),
    ("なぜ計画は延期されたのですか。", "why"),
    ("中止の理由は何ですか", "why"),
    ("どのように選ばれますか。", "how"),
    ("参加機関は何社ですか。", "count"),
    ("課題はいくつありますか", "count"),
    ("全長は何メートルですか。", "number"),
    ("重点分野を三つ挙げてください。", "list"),
    ("参加国をすべて教えてください。", "list"),
    ("委員を列挙せよ", "list"),
    ("速いのはAとBのどちらですか。", "comparison"),
    ("両者の違いは何ですか", "comparison"),
    ("日本は参加していますか。", "yes_no"),
    ("２０２５年に始まりましたか？", "yes_no"),
    ("このデータは公開されるのでしょうか", "yes_no"),
    ("一覧の3番目は何ですか", "ordinal_item"),
    ("How much will Japan invest?", "money"),
    ("What is the total cost of the project?", "money"),
    ("When was the agreement signed?", "date"),
    ("In what year did it open?", "date"),
    ("How long does the programme run?", "duration"),
    ("How many years will it take?", "duration"),
    ("What percentage of members agreed?", "percent"),
    ("Who leads the mission?", "person"),
    ("Which university hosts the machine?", "organisation"),
    ("Where did the ceremony take place?", "place"),
    ("In which city is the laboratory?", "place"),
    ("What does HPC stand for?", "expansion"),
    ("What is fusion?", "definition"),
    ("Why was the launch delayed?", "why"),
    ("How are the members chosen?", "how"),
    ("How many laboratories take part?", "count"),
    ("How tall is the tower?", "number"),
    ("List the members of the board.", "list"),
    ("What are the goals of the plan?", "list"),
    ("Which is faster, the first or the second?", "comparison"),
    ("What is the difference between the two?", "comparison"),
    ("Is Japan a member?", "yes_no"),
    ("Did talks start in 2025?", "yes_no"),
    ("What is item no. 7 in the list?", "ordinal_item"),
    ("What did the committee decide?", "factoid"),
    ("委員会は何を決めましたか。", "factoid"),
]


@pytest.mark.parametrize(("question", "kind"), KINDS)
def test_kind_of_question(question: str, kind: str) -> None:
    assert analyse_question(question).kind == kind


@pytest.mark.parametrize(
    ("question", "ordinal"),
    [
        ("連携領域の8番目は何ですか。", 8),
        ("「８番目」の項目は?", 8),
        ("課題１６は何ですか", 16),
        ("課題の十六番目を教えてください", 16),
        ("三つ目の柱は何ですか。", 3),
        ("課題8番では何を加速しますか", 8),
        ("第2の目標2は何ですか", 2),
        ("waht is area no. 9", 9),
        ("What is number 4 in the list?", 4),
        ("What is challenge 22 about?", 22),
        ("What is the fourth item in the list of goals?", 4),
        ("What is the 11th challenge?", 11),
        ("2026年の予算は?", None),
        ("課題は26件ありますか", None),
        ("日本で一番高い山は?", None),
        ("2番目に長い川は?", None),
        ("第2次世界大戦はいつ終わりましたか。", None),
        ("What happened in 2026?", None),
        ("How many of the 26 challenges are about fusion?", None),
    ],
)
def test_item_number(question: str, ordinal: int | None) -> None:
    assert analyse_question(question).ordinal == ordinal


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("三つ挙げてください。", 3),
        ("量子に関する課題を２つ教えて", 2),
        ("分野を十個挙げよ", 10),
        ("Name two of the goals.", 2),
        ("Which three activities are named?", 3),
        ("List 5 members", 5),
        ("課題は何件ありますか", None),
        ("What are the goals?", None),
        ("Which one is faster?", 1),
    ],
)
def test_requested_count(question: str, wanted: int | None) -> None:
    assert analyse_question(question).requested_count == wanted


@pytest.mark.parametrize(
    ("question", "core"),
    [
        ("おはようございます。急ぎで恐縮ですが、16番目は何でしたか?", "16番目は何でしたか?"),
        ("すみません、予算はいくらか教えてください。", "予算はいくら"),
        ("お世話になっております。署名日はいつですか？よろしくお願いします。", "署名日はいつですか？"),
        ("plz tell me waht area no. 9 is, thx!", "what area no. 9 is"),
        ("Hi there, could you please tell me who leads it?", "who leads it?"),
        ("Hello! When was it signed? Thanks in advance", "When was it signed?"),
        ("Who claimed that homosexuality", "Who claimed that homosexuality"),
        ("何を示していましたか", "何を示していましたか"),
    ],
)
def test_small_talk_around_a_question_is_dropped(question: str, core: str) -> None:
    assert analyse_question(question).core == core


@pytest.mark.parametrize(
    ("question", "head"),
    [
        ("どの駅の間にありますか", "駅"),
        ("何という大学を卒業しましたか", "大学"),
        ("何年に始まりましたか", "年"),
        ("Which city hosts it?", "city"),
        ("What kind of ice forms first?", "ice"),
        ("Which cloud provider is used?", "provider"),
        ("How many challenges are there?", "challenges"),
        ("When was it?", ""),
    ],
)
def test_head_noun(question: str, head: str) -> None:
    assert analyse_question(question).head == head


def test_language_request_is_read_and_removed() -> None:
    profile = analyse_question("予算はいくらですか。英語で答えてください。")
    assert profile.answer_language == "en"
    assert "英語" not in profile.core and "予算" in profile.core
    assert analyse_question("What is the budget? Please answer in Japanese.").answer_language == "ja"
    assert analyse_question("What is it called in Japanese?").answer_language is None


def test_quoted_expressions_are_kept() -> None:
    assert analyse_question("「材料・ﾊﾞｲｵ」の課題は?").quoted == ("材料・バイオ",)
    assert analyse_question('What is "Big Bang"?').quoted == ("big bang",)


@pytest.mark.parametrize(
    ("word", "value"), [("12", 12), ("十", 10), ("十二", 12), ("二十三", 23), ("third", 3), ("12th", 12), ("x", None)]
)
def test_number_words(word: str, value: int | None) -> None:
    assert number_of(word) == value


@given(st.text(max_size=60))
def test_any_text_has_a_profile(text: str) -> None:
    profile = analyse_question(text)
    assert bool(profile.core) == bool(profile.question) or profile.core == ""
    assert profile.ordinal is None or profile.ordinal >= 0


@given(st.text(alphabet="おはようございます、。!? hithanksplease教えてくださいßİ", max_size=40))
def test_stripping_never_lengthens(text: str) -> None:
    assert len(strip_noise(text)) <= len(text)
