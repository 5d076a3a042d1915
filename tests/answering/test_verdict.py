"""Yes/no questions: what is asked, when a quotation decides it, and how the answer says so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_rag.answering import ExtractiveAnswerer
from genesis_rag.answering.claims import statement_of
from genesis_rag.answering.comparing import compare_quantities
from genesis_rag.answering.polarity import denies, opposites, split_opening
from genesis_rag.answering.questions import analyse_question
from genesis_rag.answering.verdict import Judge
from genesis_rag.embedding.static import StaticEmbedder
from genesis_rag.types import Passage

Make = Callable[[Sequence[Passage]], ExtractiveAnswerer]
CASES = json.loads((Path(__file__).parent / "yes_no.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def judge(embedder: StaticEmbedder) -> Judge:
    return Judge(embedder)


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("RAISEの資金はEUから出ていますか。", "RAISEの資金はEUから出ています"),
        ("この計画は承認されたのでしょうか？", "この計画は承認された"),
        ("館長は小川氏というのは本当ですか。", "館長は小川氏"),
        ("休館日は月曜日で合っていますか？", "休館日は月曜日"),
        ("その橋は1974年に開通したかどうか教えてください。", "その橋は1974年に開通した"),
        ("利用は有料ではありませんか。", ""),
        ("まだ公開されていないのですか。", ""),
        ("会場は東京ですか、それとも大阪ですか。", ""),
        ("橋はいつ開通しましたか。", ""),
        ("Does the trial include children?", "the trial include children"),
        ("Is it true that the bridge opened in 1974?", "the bridge opened in 1974"),
        ("The bridge opened in 1974, right?", "The bridge opened in 1974"),
        ("Can you tell me whether the bridge opened in 1974?", "the bridge opened in 1974"),
        ("Isn't the museum closed on Mondays?", "the museum closed on Mondays"),
        ("Was it not approved?", ""),
        ("Is the lab in Tokyo or in Osaka?", ""),
        ("When did the bridge open?", ""),
    ],
)
def test_the_statement_that_is_asked_about(question: str, statement: str) -> None:
    assert statement_of(analyse_question(question)) == statement


@pytest.mark.parametrize(
    ("statement", "text", "outcome"),
    [
        ("it cost 5 million dollars", "The works cost $5 million.", "agree"),
        ("it cost 6 million dollars", "The works cost $5 million.", "differ"),
        ("it cost 6 million dollars", "The hall cost $5 million and the roof $2 million.", "open"),
        ("it cost 6 million dollars", "The works were expensive.", "open"),
        ("it has more than 300 members", "It was founded by 14 farmers and has 312 members.", "agree"),
        ("it has more than 300 members", "It has 290 members.", "differ"),
        ("the mirror is wider than 4 metres", "The mirror is 3.2 metres wide.", "differ"),
        ("the mirror is narrower than 4 metres", "The mirror is 3.2 metres wide.", "agree"),
        ("it opened before 1980", "It was opened in 1974.", "agree"),
        ("it opened after June 2020", "It was opened on May 3, 2020.", "differ"),
        ("費用は5億円", "費用は5億円である。", "agree"),
        ("費用は100億円以上", "費用は86億円で、県が負担する。", "differ"),
        ("標本は2万点を超えます", "約12,000点の標本を収蔵する。", "differ"),
        ("期間は10年", "10年以内に終える。", "agree"),
        ("3倍にする", "2倍にする。", "differ"),
        ("開館は2000年より前", "1998年に開館した。", "agree"),
        ("三つの柱", "四つの柱がある。", "differ"),
        ("何も数えない", "5台ある。", "agree"),
    ],
)
def test_quantities_are_compared_by_value(statement: str, text: str, outcome: str) -> None:
    assert compare_quantities(statement, text) == outcome


def test_a_year_in_the_heading_counts() -> None:
    assert compare_quantities("the 2024 budget is 5 million yen", "It is 5 million yen.") == "open"
    assert compare_quantities("the 2024 budget is 5 million yen", "It is 5 million yen.", "Budget 2024") == "agree"


@pytest.mark.parametrize(
    ("claim", "evidence", "denied"),
    [
        ("犬は客室に入れます", "犬は客室に入れない。", True),
        ("予算は付いています", "予算は付いておらず、", True),
        ("会員は参加しました", "会員は参加せず、", True),
        ("会員は参加しました", "会員は必ず参加した。", False),
        ("会員は参加しました", "少なからず参加した。", False),
        ("会員だけが参加しました", "会員だけが参加した。", False),
        ("the trial includes children", "Children did not take part.", True),
        ("the trial includes children", "Children took part as well.", False),
        ("the trial includes children", "Few children took part.", None),
        ("the trial does not include children", "Children did not take part.", None),
    ],
)
def test_denials(claim: str, evidence: str, denied: bool | None) -> None:
    assert denies(claim, evidence) is denied


def test_opposites_answer_no() -> None:
    assert opposites("出力は減ります", "出力は増える。") == ("減り",)
    assert opposites("三脚は許可されています", "三脚は禁止されている。") == ("許可",)
    assert opposites("exports rose in 2023", "In 2023 exports fell.") == ("rose",)
    assert opposites("exports rose in 2023", "Exports rose, imports fell.") == ()
    assert opposites("exports rose in 2023", "Exports were high.") == ()


@pytest.mark.parametrize(
    ("quote", "question", "value"),
    [
        ("豆は機械ではなく、天日で乾かす。", "豆は天日で乾かします", True),
        ("豆は機械ではなく、天日で乾かす。", "豆は機械で乾かします", False),
        ("Its beans are dried in the sun, not in machines.", "the beans are dried in machines", False),
        (
            "返却が遅れても延滞料は取らないが、2か月を過ぎると新たな貸出を停止する。",
            "2か月を過ぎると貸出を停止します",
            True,
        ),
        (
            "返却が遅れても延滞料は取らないが、2か月を過ぎると新たな貸出を停止する。",
            "返却が遅れると延滞料を取ります",
            False,
        ),
    ],
)
def test_a_denial_bears_on_its_own_clause(quote: str, question: str, value: bool | None, judge: Judge) -> None:
    assert judge.verdict(question, quote)[0] is value


def test_what_is_only_partly_said_is_undecided(judge: Judge) -> None:
    quote = "The museum lends microscopes to schools."
    assert judge.verdict("the museum lends microscopes to schools", quote)[0] is True
    assert judge.verdict("the museum lends microscopes to all schools", quote)[0] is None
    assert judge.verdict("only the museum lends microscopes to schools", quote)[0] is None
    assert judge.verdict("the museum sells microscopes to hospitals", quote)[0] is None
    assert judge.verdict("", quote)[0] is None


def test_made_up_questions(make_passage: Callable[..., Passage], answerer_for: Make) -> None:
    documents: dict[str, dict[str, str]] = CASES["documents"]
    passages = [make_passage(one["text"], n, one["title"]) for n, one in enumerate(documents.values(), start=1)]
    answerer = answerer_for(passages)
    outcomes: Counter[str] = Counter()
    for case in CASES["questions"]:
        answer = answerer.compose(case["question"], passages)
        said, rest = (None, "") if answer.abstained else split_opening(answer.text)
        assert said in (case["verdict"], None), case["question"]
        outcomes["decided" if said is not None else "open"] += case["verdict"] is not None
        if said is None:
            continue
        assert answer.text.startswith({"ja": ("はい。", "いいえ。"), "en": ("Yes. ", "No. ")}[answer.language])
        assert 1 <= len(answer.citations) <= 2  # an item comes with the line that leads in to its list
        assert answer.text[answer.citations[0].answer_start :] == rest
        assert all(citation.verification.exact for citation in answer.citations)
    assert outcomes["decided"] >= 42 and outcomes.total() == 47


@settings(max_examples=settings.default.max_examples // 2)
@given(statement=st.text(max_size=80), quote=st.text(max_size=80))
def test_any_text_is_accepted(statement: str, quote: str, embedder: StaticEmbedder) -> None:
    statement_of(analyse_question(statement))
    assert compare_quantities(statement, quote) in ("agree", "differ", "open")
    assert split_opening(statement)[1] == "" or statement.endswith(split_opening(statement)[1])
    assert Judge(embedder).verdict(statement, quote)[0] in (True, False, None)


SENTENCES: list[str] = [
    line.strip("- #") + ("" if line.endswith(("。", ".")) else ".")
    for one in CASES["documents"].values()
    for line in one["text"].replace("。", "。\n").replace(". ", ".\n").split("\n")
    if len(line.strip("- #")) > 25
]


@settings(max_examples=len(SENTENCES), deadline=None)
@given(sentence=st.sampled_from(SENTENCES))
def test_a_sentence_never_denies_itself(sentence: str, embedder: StaticEmbedder) -> None:
    assert Judge(embedder).verdict(sentence.rstrip("。."), sentence)[0] is not False


@pytest.mark.slow
def test_planted_falsehoods_are_not_affirmed(embedder: StaticEmbedder) -> None:
    judge = Judge(embedder)
    file = Path(__file__).parents[2] / "benchmarks" / "planted" / "cases.jsonl"
    cases: list[dict[str, Any]] = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    found: Counter[tuple[str, bool | None]] = Counter()
    for case in cases:
        if case["split"] == "test" and case["label"] != "denial":  # a question in the negative is not decided
            label = "true" if case["label"] == "faithful" else "false"
            found[label, judge.verdict(case["claim"].rstrip("。."), case["quote"])[0]] += 1
    true, false = (sum(n for (label, _), n in found.items() if label == one) for one in ("true", "false"))
    assert found["true", False] <= 0.01 * true and found["false", True] <= 0.04 * false
    assert found["true", True] >= 0.6 * true and found["false", False] >= 0.3 * false
