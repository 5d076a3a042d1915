"""A run over an assistant whose answers are known: values of every measure, groups, JSON, and that it repeats."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.errors import UserError
from genesis_rag.evaluation.items import Evidence, Item, QuestionSet
from genesis_rag.evaluation.run_file import RUN_SCHEMA, as_baseline, code_fingerprint, read_run, run_payload, write_run
from genesis_rag.evaluation.runner import RunOptions, failures, run_questions
from genesis_rag.evaluation.session import measure
from genesis_rag.evaluation.summary import abstention, summarise

JA, EN = "corpus/genesis.ja.md", "corpus/genesis.en.md"
MONEY = "両者は今後5年間で5億ドルを投資する。"
ENGLISH = "Each side will invest $500 million over five years."


@pytest.fixture
def questions(make: Any) -> QuestionSet:
    items = (
        make.item("right", question="right"),
        make.item("wrong", question="wrong", type="date", answers=(("2026年6月4日",),)),
        make.item("refused", question="refused", direction="en-ja", language="en"),
        make.item("empty", question="none there", answerable=False, evidence=(), answers=(), type="unanswerable"),
        make.item("bold", question="bold", answerable=False, evidence=(), answers=(), type="unanswerable"),
        make.item("lost", question="lost", evidence=(Evidence("gone.md", "x"),), direction=""),
        make.item("list", question="list", type="list", answers=(("5億ドル",), ("富岳",))),
        make.item("boom", question="boom"),
    )
    return QuestionSet("set.jsonl", "0" * 64, items)


@pytest.fixture
def subject(make: Any) -> Any:
    second = [make.hit(EN, 0, 20, 1), make.hit_of(JA, MONEY, 2)]
    return make.assistant(
        hits={"right": [make.hit_of(JA, MONEY, 1)], "wrong": second, "list": second},
        answers={
            "right": make.answer((MONEY, JA, MONEY), confidence=0.9),
            "wrong": make.answer((MONEY, JA, MONEY), confidence=0.8),
            "bold": make.answer((ENGLISH, EN, ENGLISH), language="en", confidence=0.7),
            "lost": make.answer((ENGLISH, EN, ENGLISH), language="en", confidence=0.6),
            "list": make.answer((MONEY, JA, MONEY), ("それだけである。", "", ""), confidence=0.5),
        },
    )


def test_values_of_single_questions(subject: Any, questions: QuestionSet) -> None:
    results = {one.item.id: one for one in run_questions(subject, questions, RunOptions())}
    right = results["right"].values
    assert (right["recall@1"], right["ndcg@10"], right["mrr@10"], right["answer_hit@5"]) == (1.0, 1.0, 1.0, 1.0)
    assert (right["contained"], right["exact"], right["wrong_refusal"]) == (1.0, 0.0, 0.0)
    assert (right["citation_precision"], right["citation_recall"], right["evidence_cited"]) == (1.0, 1.0, 1.0)
    assert right["char_f1"] == pytest.approx(2 * 4 / (4 + 18))
    assert "token_f1" not in right

    assert right["evidence_read"] == 0.0, "it read no passages"

    wrong = results["wrong"].values
    assert (wrong["recall@1"], wrong["recall@3"], wrong["mrr@10"]) == (0.0, 1.0, 0.5)
    assert (wrong["contained"], wrong["evidence_cited"]) == (0.0, 1.0)

    refused = results["refused"].values
    assert (refused["wrong_refusal"], refused["contained"], refused["token_f1"]) == (1.0, 0.0, 0.0)
    assert "citation_recall" not in refused
    assert results["empty"].values == {"right_refusal": 1.0}
    assert results["bold"].values == {"right_refusal": 0.0}

    listed = results["list"].values
    assert (listed["list_recall"], listed["contained"]) == (0.5, 0.0)
    assert (listed["list_precision"], listed["citation_recall"]) == (0.5, 0.5)
    assert "exact" not in listed

    lost = results["lost"].values
    assert (lost["recall@10"], lost["evidence_cited"], lost["citation_or_answer"]) == (0.0, 0.0, 1.0)
    assert results["boom"].error == "The engine stopped."
    assert results["boom"].values["wrong_refusal"] == 1.0


def test_what_failed(subject: Any, questions: QuestionSet) -> None:
    found = {one.item.id: failures(one) for one in run_questions(subject, questions, RunOptions())}
    assert found == {
        "right": (),
        "wrong": ("wrong_answer",),
        "refused": ("not_retrieved", "wrong_refusal"),
        "empty": (),
        "bold": ("answered_unanswerable",),
        "lost": ("not_indexed", "not_retrieved", "not_cited"),
        "list": ("wrong_answer", "unsupported"),
        "boom": ("error", "not_retrieved", "wrong_refusal"),
    }


def test_evidence_counts_as_read_if_the_passages_hold_it(make: Any) -> None:
    one = make.answer((MONEY, JA, MONEY))
    first, last = make.passage(JA, 0, 10), make.passage(JA, 10, 30)
    for passages, share in (((first,), 0.0), ((first, last), 1.0)):
        read = type(one)(**{**{f: getattr(one, f) for f in one.__slots__}, "passages": passages})
        subject = make.assistant(answers={"right": read})
        questions = QuestionSet("s", "0", (make.item(question="right"),))
        assert run_questions(subject, questions, RunOptions())[0].values["evidence_read"] == share


def test_options_reach_the_assistant(subject: Any, questions: QuestionSet) -> None:
    results = run_questions(subject, questions, RunOptions(k=1, passages=4, ablation=False))
    assert {k for _, k in subject.searched} == {1}
    assert {options.passages for _, options in subject.asked} == {4}
    assert all(not one.legs for one in results)
    assert "recall@5" not in results[0].values
    subject.asked.clear()
    only = run_questions(subject, questions, RunOptions(retrieval_only=True))
    assert subject.asked == []
    assert all(one.answer is None and "contained" not in one.values for one in only)


def test_what_is_judged_is_the_order_in_which_an_answer_reads(make: Any, subject: Any) -> None:
    questions = QuestionSet("s", "0", (make.item(question="wrong"),))
    assert run_questions(subject, questions, RunOptions())[0].ranks == (2,)
    subject.reranks = True
    assert run_questions(subject, questions, RunOptions())[0].ranks == (1,)


def test_progress_is_told(subject: Any, questions: QuestionSet) -> None:
    told: list[tuple[int, int]] = []
    run_questions(subject, questions, RunOptions(), lambda _, done, total, __: told.append((done, total)))
    assert told == [(n, 8) for n in range(1, 9)]


def test_rankings_of_documents_count_each_document_once(make: Any) -> None:
    ranked = QuestionSet(
        "beir", "0", (Item("q", "q?", "en", evidence=(Evidence("p1", passage=True),)),), documents_ranked=True
    )
    hits = [make.hit(JA, 0, 5), make.hit(JA, 5, 9), make.hit("passages.jsonl#p1", 0, 9), make.hit(EN, 0, 5)]
    subject = make.assistant(hits={"q?": hits})
    (one,) = run_questions(subject, ranked, RunOptions(k=2, retrieval_only=True))
    assert one.ranks == (2,)
    assert [place.source for place in one.hits] == [JA, "passages.jsonl#p1"]
    run = measure(subject, ranked, RunOptions(k=2), "p")
    assert run["options"]["retrieval_only"] is True


def test_figures_by_group(subject: Any, questions: QuestionSet) -> None:
    results = run_questions(subject, questions, RunOptions())
    summary = summarise(results, resamples=200)
    recall = summary.overall["recall@5"]
    assert (recall.value, recall.n) == (pytest.approx(3 / 6), 6)
    assert 0 <= recall.low < 0.5 < recall.high <= 1
    assert list(summary.groups["direction"]) == ["ja-ja", "en-ja"], "the lost one has no direction"
    assert summary.groups["direction"]["en-ja"]["recall@5"].value == 0.0
    assert summary.groups["direction"]["ja-ja"]["right_refusal"].n == 2
    assert summary.legs["bm25"]["recall@5"].value == pytest.approx(0.5)
    assert summary.legs["dense"]["recall@5"].value == 0.0
    assert summary.legs["whole"]["recall@5"].value == pytest.approx(0.5)
    assert summary.latency["retrieval"].median == 0.001
    assert summary.latency["search"].n == 8


def test_abstention_counts_and_curve(subject: Any, questions: QuestionSet) -> None:
    found = abstention(run_questions(subject, questions, RunOptions()), resamples=200)
    assert found is not None
    # "lost" says an accepted answer; what it cites is judged elsewhere.
    assert found.counts == {
        "right_answer": 2,
        "wrong_answer": 2,
        "wrong_refusal": 2,
        "right_refusal": 1,
        "false_answer": 1,
    }
    assert found.with_confidence == 7, "an answer that failed has none"
    # Answerable .9 .8 .6 .5 .1, unanswerable .7 .1: won 2 + 4, tied 1 of 10
    assert found.auroc is not None
    assert found.auroc.value == pytest.approx(6.5 / 10)
    assert (found.lowest_answered, found.highest_refused) == (0.5, 0.1)
    assert [p.coverage for p in found.curve] == pytest.approx([n / 7 for n in (1, 2, 3, 4, 5, 7)])
    assert [p.risk for p in found.curve] == pytest.approx([0, 1 / 2, 2 / 3, 2 / 4, 3 / 5, 5 / 7])
    assert [p.observed for p in found.curve] == [True] * 5 + [False]
    assert found.best_on == "all"


def without_times(run: dict[str, Any]) -> dict[str, Any]:
    other = copy.deepcopy(run)
    del other["made_at"], other["latency"]
    for one in other["questions"]:
        del one["seconds"]
    return other


def test_a_run_repeats_and_survives_a_file(subject: Any, questions: QuestionSet, tmp_path: Path) -> None:
    first = measure(subject, questions, RunOptions(), "test")
    second = measure(subject, questions, RunOptions(), "test")
    assert without_times(first) == without_times(second)
    write_run(tmp_path / "new" / "run.json", first)
    assert read_run(tmp_path / "new" / "run.json") == json.loads(json.dumps(first))


def test_a_run_tells_what_was_run(subject: Any, questions: QuestionSet) -> None:
    run = measure(subject, questions, RunOptions(), "test")
    assert run["schema"] == RUN_SCHEMA
    assert run["versions"]["code"] == code_fingerprint()
    assert run["versions"]["numpy"]
    assert run["system"] == {
        "profile": "test",
        "index": "index-1",
        "documents": 4,
        "chunks": 9,
        "languages": {"en": 3, "ja": 1},
        "answerer": "known",
        "models": ["model-1"],
    }
    assert run["dataset"]["problems"] == [
        {"id": "lost", "source": "gone.md", "quote": "x", "problem": "unknown_source"},
    ]
    wrong = next(one for one in run["questions"] if one["id"] == "wrong")
    assert wrong["hits"][1] | {"score": 0} == {
        "rank": 2,
        "source": JA,
        "start": 0,
        "end": 19,
        "score": 0,
        "text": MONEY,
    }
    assert wrong["evidence"][0]["rank"] == 2
    assert wrong["answer"]["citations"][0]["quote"] == MONEY
    assert wrong["expected"] == [["2026年6月4日"]]


def test_a_baseline_holds_values_but_no_texts(subject: Any, questions: QuestionSet) -> None:
    run = measure(subject, questions, RunOptions(), "test")
    small = as_baseline(run)
    assert [one["values"] for one in small["questions"]] == [one["values"] for one in run["questions"]]
    assert len(json.dumps(small)) < len(json.dumps(run)) / 2
    assert "answer" not in small["questions"][0]


def test_refuses_files_that_hold_no_run(tmp_path: Path) -> None:
    empty = {"schema": RUN_SCHEMA, "dataset": {}, "system": {}, "versions": {}, "options": {}}
    files = {
        "a.json": "{",
        "b.json": "[]",
        "c.json": '{"schema": "other"}',
        "d.json": json.dumps(empty),
        "e.json": json.dumps(empty | {"questions": [{"id": "x"}]}),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(UserError, match=name):
            read_run(tmp_path / name)
    with pytest.raises(UserError, match=r"missing\.json"):
        read_run(tmp_path / "missing.json")
    with pytest.raises(UserError, match="cannot be written"):
        write_run(tmp_path, {})


def test_questions_without_answers_or_evidence(make: Any) -> None:
    bare = QuestionSet("bare", "0", (make.item(answers=(), evidence=(), direction=""),))
    run = run_payload(bare, run_questions(make.assistant(), bare, RunOptions()), RunOptions(), {})
    assert run["metrics"].keys() == {"wrong_refusal"}
    assert run["dataset"]["without_evidence"] == 1
    assert run["ablation"] == {"overall": {}, "direction": {}}
