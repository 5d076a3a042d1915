from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genesis_rag.answering import ExtractiveAnswerer
from genesis_rag.answering.phrases import both_languages, phrase
from genesis_rag.answering.verification import parse_markers
from genesis_rag.protocols import Answerer
from genesis_rag.types import REASONS, Answer, AnswerDone, Passage, TextDelta

Make = Callable[[Sequence[Passage]], ExtractiveAnswerer]

UNREAD = "設計した and 設計者 share one word, the first sentence two: it takes a reader (issue C) to tell them apart"
DAM = (
    "白川ダムは1987年に完成した多目的ダムである。建設費は320億円で、国と県が半分ずつ負担した。"
    "堤の高さは112メートルで、県内で最も高い。設計者は土木技師の村瀬恒一である。"
    "下流の洪水を防ぐため、大雨の前に水位を下げる運用が2015年に始まった。"
)
TOWER = (
    "The Harbour Tower was finished in 1962. It cost 4 million pounds, most of which came from a lottery. "
    "The tower is 88 metres tall. It was designed by Ingrid Solberg, an architect from Bergen. "
    "Visitors were banned in 1991 because the lifts were unsafe."
)
TEA = "緑茶は摘んだ葉をすぐに蒸して作る。蒸すと酵素の働きが止まり、葉は緑のまま残る。紅茶は葉を発酵させて作る。"
BEES = "Honey bees dance to tell where food is. The angle of the dance gives the direction. Drones do not dance."


def check(answer: Answer, passages: Sequence[Passage]) -> None:
    """What holds of every answer: exact citations, spans in order inside the text, markers of shown passages.

    The markers count from 1 in the order of their first use in the text, and the passages keep their order.
    """
    shown = {passage.marker: passage for passage in answer.passages}
    firsts = list(dict.fromkeys(citation.marker for citation in answer.citations))
    assert firsts == list(range(1, len(firsts) + 1))
    assert sorted(shown) == list(range(1, len(passages) + 1))
    assert [replace(one, marker=given.marker) for one, given in zip(answer.passages, passages, strict=True)] == [
        *passages
    ]
    end = 0
    for citation in answer.citations:
        passage = shown[citation.marker]
        assert citation.quote == passage.text[citation.start - passage.start : citation.end - passage.start] != ""
        assert passage.start <= citation.start < citation.end <= passage.end
        assert end <= citation.answer_start < citation.answer_end <= len(answer.text)
        end = citation.answer_end
        span = answer.text[citation.answer_start : citation.answer_end]
        assert span.endswith(f" [{citation.marker}]")
        assert "".join(span.removesuffix(f" [{citation.marker}]").split()) == "".join(citation.quote.split())
        assert citation.verification.exact and citation.verification.numbers_agree
        assert citation.verification.support == 1.0
        assert (citation.document_id, citation.source) == (passage.document_id, passage.source)
        assert citation.content_sha256 == passage.content_sha256
    assert answer.abstained == (answer.reason != "")
    assert answer.reason == "" or answer.reason in REASONS
    assert answer.abstained == (not answer.citations)
    assert answer.confidence is None or 0.0 <= answer.confidence <= 1.0
    assert answer.text.strip()


def uncovered(answer: Answer) -> str:
    """Return what of the text no citation covers."""
    rest, end = [], 0
    for citation in answer.citations:
        rest.append(answer.text[end : citation.answer_start])
        end = citation.answer_end
    return "".join([*rest, answer.text[end:]])


@pytest.fixture
def library(make_passage: Callable[..., Passage]) -> list[Passage]:
    return [
        make_passage(DAM, 1, "白川ダム", start=40),
        make_passage(TOWER, 2, "Harbour Tower"),
        make_passage(TEA, 3, "茶の作り方"),
        make_passage(BEES, 4, "Bees"),
    ]


@pytest.mark.parametrize(
    ("question", "quoted", "marker"),
    [
        ("白川ダムは何年に完成しましたか。", "1987年", 1),
        ("白川ダムの建設費はいくらですか。", "320億円", 1),
        ("ダムの堤の高さは何メートルですか。", "112メートル", 1),
        ("白川ダムの設計者は誰ですか。", "村瀬恒一", 1),
        pytest.param("白川ダムを設計したのは誰ですか。", "村瀬恒一", 1, marks=pytest.mark.xfail(reason=UNREAD)),
        ("なぜ大雨の前に水位を下げるのですか。", "洪水を防ぐため", 1),
        ("When was the Harbour Tower finished?", "1962", 2),
        ("How much did the tower cost?", "4 million pounds", 2),
        ("Who designed the Harbour Tower?", "Ingrid Solberg", 2),
        ("Why were visitors banned from the tower?", "lifts were unsafe", 2),
        ("緑茶はどのように作りますか。", "蒸して作る", 3),
        ("Do drones dance?", "Drones do not dance.", 4),
        ("国と県は白川ダムの建設費を半分ずつ負担しましたか。", "半分ずつ負担した", 1),
    ],
)
def test_the_deciding_sentence_is_quoted(
    question: str, quoted: str, marker: int, library: list[Passage], answerer_for: Make
) -> None:
    answer = answerer_for(library).compose(question, library)
    check(answer, library)
    assert not answer.abstained
    assert any(quoted in citation.quote and citation.document_id == f"doc{marker}" for citation in answer.citations)
    assert len(answer.citations) <= 3
    said = {"Do drones dance?": "No.", "国と県は白川ダムの建設費を半分ずつ負担しましたか。": "はい。"}
    assert uncovered(answer).strip() == said.get(question, "")


def test_answers_are_short(library: list[Passage], answerer_for: Make) -> None:
    answerer = answerer_for(library)
    japanese = [
        "白川ダムは何年に完成しましたか。",
        "白川ダムの設計者は誰ですか。",
        "緑茶の酵素の働きはどうなりますか。",
    ]
    english = ["When was the Harbour Tower finished?", "How tall is the tower?", "What gives the direction of food?"]
    for questions, limit in ((japanese, 120), (english, 200)):
        lengths = [len(answerer.compose(question, library).text) for question in questions]
        assert statistics.median(lengths) <= limit


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("木星の衛星はいくつありますか。", "ja"),
        ("エッフェル塔の設計者は誰ですか。", "ja"),
        ("Who won the chess championship in 1972?", "en"),
        ("What is the capital of Mongolia?", "en"),
    ],
)
def test_it_abstains_and_says_what_is_near(
    question: str, language: str, library: list[Passage], answerer_for: Make
) -> None:
    answer = answerer_for(library).compose(question, library)
    check(answer, library)
    assert answer.abstained and answer.reason == "no_evidence"
    assert answer.language == language
    assert answer.text.startswith(phrase("no_evidence", language))  # type: ignore[arg-type]
    numbered = {passage.marker: passage.title for passage in answer.passages}
    markers = [use.numbers[0] for use in parse_markers(answer.text)]
    assert markers == [1, 2, 3]
    assert [title for title in numbered.values() if title in answer.text] == [
        title for marker, title in numbered.items() if marker in markers
    ]
    places = [answer.text.index(numbered[marker]) for marker in markers]
    assert places == sorted(places)


def test_without_passages_it_abstains(answerer_for: Make) -> None:
    answer = answerer_for([]).compose("白川ダムはいつ完成しましたか。", [])
    assert (answer.abstained, answer.reason, answer.text) == (True, "no_evidence", phrase("no_evidence", "ja"))


def test_the_asked_language_is_preferred_and_else_noted(
    make_passage: Callable[..., Passage], answerer_for: Make
) -> None:
    english = make_passage("DOE will invest 500 million dollars in the XR-7 programme.", 1, "XR-7 programme")
    japanese = make_passage("DOEはXR-7計画に5億ドルを投資する。", 2, "XR-7計画")
    both = [english, japanese]
    answerer = answerer_for(both)
    question = "DOEはXR-7計画にいくら投資しますか。"
    answer = answerer.compose(question, both)
    check(answer, both)
    assert [(citation.marker, citation.document_id) for citation in answer.citations] == [(1, "doc2")]
    assert [(passage.marker, passage.document_id) for passage in answer.passages] == [(2, "doc1"), (1, "doc2")]
    assert answer.notes == () or phrase("note_quoted_en", "ja") not in answer.notes
    forced = answerer.compose(question, both, "en")
    check(forced, both)
    assert forced.language == "en"
    if not forced.abstained:
        assert phrase("note_quoted_ja", "en") in forced.notes or forced.citations[0].document_id == "doc1"


SMALL_TALK = [
    ("", "empty_question", both_languages("empty_question")),
    ("こんにちは", "greeting", phrase("greeting", "ja")),
    ("Good morning!", "greeting", phrase("greeting", "en")),
    ("thanks!", "greeting", phrase("thanks", "en")),
    ("あなたは誰ですか？", "about_assistant", phrase("about_assistant", "ja")),
    ("What can you do?", "about_assistant", phrase("about_assistant", "en")),
    ("这个水坝是什么时候建成的？", "unsupported_language", both_languages("unsupported_language")),
    ("Quand est-ce que la tour a été construite et par qui ?", "unsupported_language",
     both_languages("unsupported_language")),
    ("なぜ？", "too_vague", phrase("too_vague", "ja")),
    ("What is it?", "too_vague", phrase("too_vague", "en")),
    ("ゼノンブラ", "too_vague", phrase("too_vague", "ja")),
]  # fmt: skip


@pytest.mark.parametrize(("question", "reason", "opening"), SMALL_TALK)
def test_small_talk_gets_a_useful_reply(
    question: str, reason: str, opening: str, library: list[Passage], answerer_for: Make
) -> None:
    answer = answerer_for(library).compose(question, library)
    check(answer, library)
    assert (answer.abstained, answer.reason) == (True, reason)
    assert answer.text.startswith(opening)
    near = reason in ("too_vague", "unsupported_language")
    assert bool(parse_markers(answer.text)) == near


def test_the_wanted_language_decides_the_reply(library: list[Passage], answerer_for: Make) -> None:
    assert answerer_for(library).compose("", library, "ja").text == phrase("empty_question", "ja")
    assert answerer_for(library).compose("hello", library, "ja").text == phrase("greeting", "ja")


@pytest.mark.parametrize(
    ("word", "quoted", "language"), [("緑茶", "緑茶は", "ja"), ("酵素", "酵素", "ja"), ("Drones", "Drones", "en")]
)
def test_a_single_word_is_answered_with_a_note(
    word: str, quoted: str, language: str, library: list[Passage], answerer_for: Make
) -> None:
    answer = answerer_for(library).compose(word, library)
    check(answer, library)
    assert len(answer.citations) == 1 and quoted in answer.text
    assert phrase("note_one_word", language) in answer.notes  # type: ignore[arg-type]


def test_needs_passages(answerer_for: Make) -> None:
    answerer = answerer_for([])
    assert not any(answerer.needs_passages(question) for question in ("", "hello", "あなたは誰ですか"))
    assert all(
        answerer.needs_passages(question) for question in ("予算は?", "緑茶", "Combien de tours sont dans la ville ?")
    )


def test_the_stream_is_the_answer(library: list[Passage], answerer_for: Make) -> None:
    answerer = answerer_for(library)
    assert isinstance(answerer, Answerer)
    for question in ("白川ダムは何年に完成しましたか。", "木星の衛星は?", ""):
        *deltas, done = answerer.answer(question, library)
        assert isinstance(done, AnswerDone)
        assert all(isinstance(delta, TextDelta) for delta in deltas)
        assert "".join(delta.text for delta in deltas) == done.answer.text  # type: ignore[union-attr]
        assert done.answer == answerer.compose(question, library)


def test_a_passage_with_wrong_offsets_is_never_quoted(make_passage: Callable[..., Passage], answerer_for: Make) -> None:
    broken = make_passage(DAM, 1, "白川ダム", end=10)
    answer = answerer_for([broken]).compose("白川ダムは何年に完成しましたか。", [broken])
    assert answer.abstained and not answer.citations


TEXTS = st.text(max_size=60) | st.text(alphabet="あ日本。？！\n-|①1.# aB,.?3億円年「」", max_size=80)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=TEXTS, texts=st.lists(TEXTS, max_size=3))
def test_any_question_over_any_passages(
    question: str, texts: list[str], make_passage: Callable[..., Passage], answerer_for: Make
) -> None:
    passages = [make_passage(text, marker, title=text[:5]) for marker, text in enumerate(texts, start=1) if text]
    check(answerer_for(passages).compose(question, passages), passages)


def test_an_abbreviation_is_written_out_or_refused(answerer_for: Make, make_passage: Callable[..., Passage]) -> None:
    told = "The HTX is the newest tower of the harbour. Visitors like the Harbour Tower Exchange (HTX) for its view."
    untold = "The HTX is the newest tower of the harbour. The HTX was finished in 1962. Visitors like the HTX."
    for question in ("What does HTX stand for?", "HTXは何の略ですか"):
        passages = [make_passage(told)]
        answer = answerer_for(passages).compose(question, passages)
        assert answer.citations[0].quote.endswith("(HTX) for its view.")
        assert len(answer.citations) == 1
        assert answer.confidence is not None and answer.confidence >= 0.9
        passages = [make_passage(untold)]
        assert answerer_for(passages).compose(question, passages).reason == "no_evidence"
