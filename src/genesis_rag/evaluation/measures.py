"""The measures of a run: their names, what they mean, and their values for one question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from genesis_rag.evaluation import matching
from genesis_rag.evaluation.citing import citation_scores, cited_sentences, plain_text
from genesis_rag.evaluation.evidence import Judged, first_ranks
from genesis_rag.evaluation.items import Item
from genesis_rag.evaluation.needs import Needs, need_ranks
from genesis_rag.evaluation.ranking import Ranks, ndcg_at, recall_at, reciprocal_rank, success_at
from genesis_rag.text.language import detect_language
from genesis_rag.types import Answer
from genesis_rag.values import dataclass

CUTOFFS = (1, 3, 5, 10)
MAIN_CUTOFF = 5

Room = Literal["retrieval", "answer", "citation", "abstention"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: ``gated`` ones fail a run when they fall; ``rising`` says whether more is better."""

    name: str
    label: str
    room: Room
    meaning: str
    rising: bool = True
    gated: bool = True
    is_share: bool = True


MEASURES: Mapping[str, Measure] = {
    one.name: one
    for one in (
        Measure("recall", "recall", "retrieval", "share of the evidence needed within the first k results"),
        Measure("success", "success", "retrieval", "the first k results hold all evidence needed", gated=False),
        Measure("ndcg", "nDCG", "retrieval", "discounted gain of the ranking, 1 for a perfect one"),
        Measure("mrr", "MRR", "retrieval", "1 / rank of the first piece of evidence"),
        Measure(
            "answer_hit", "answer in results", "retrieval", "the first k results say an accepted answer", gated=False
        ),
        Measure(
            "evidence_read", "evidence read", "answer", "share of the evidence needed in the passages read", gated=False
        ),
        Measure("contained", "contained answer", "answer", "the answer says an accepted one; all for lists"),
        Measure("exact", "exact answer", "answer", "the answer is an accepted one and nothing else", gated=False),
        Measure("token_f1", "token F1", "answer", "words shared with an accepted answer (questions in English)"),
        Measure("char_f1", "character F1", "answer", "characters shared with an accepted answer (in Japanese)"),
        Measure("list_recall", "list recall", "answer", "share of a list's required entries that the answer says"),
        Measure("list_precision", "list precision", "answer", "share of the answer's lines that say a required entry"),
        Measure("answer_length", "answer length", "answer", "characters of the answer", gated=False, is_share=False),
        Measure("citation_precision", "citation precision", "citation", "share of citations that point at evidence"),
        Measure("citation_recall", "citation recall", "citation", "share of sentences that their citations support"),
        Measure("alce_precision", "citation support", "citation", "share of citations that support their sentence"),
        Measure(
            "citation_or_answer",
            "citation or answer",
            "citation",
            "share of citations that point at the evidence or quote an accepted answer",
            gated=False,
        ),
        Measure(
            "numbers_agree", "numbers agree", "citation", "share of citations that hold all figures (written answers)"
        ),
        Measure(
            "unsupported_sentences",
            "unsupported sentences",
            "citation",
            "share of the sentences a model wrote that no cited passage supports, shown or not",
            rising=False,
        ),
        Measure("right_language", "right language", "answer", "written answers in the language that was asked for"),
        Measure("evidence_cited", "evidence cited", "citation", "share of the evidence that is cited"),
        Measure("right_refusal", "right refusals", "abstention", "share of unanswerable questions refused"),
        Measure(
            "wrong_refusal", "wrong refusals", "abstention", "share of answerable ones that are refused", rising=False
        ),
    )
}


def measure_of(name: str) -> Measure:
    """Return the measure of a value's name: that of ``recall@5`` is ``recall``."""
    return MEASURES[name.partition("@")[0]]


def label_of(name: str) -> str:
    """Return the name of a value for people."""
    base, at, depth = name.partition("@")
    return f"{MEASURES[base].label}{at}{depth}"


def cutoffs(k: int) -> tuple[int, ...]:
    """Return the depths at which rankings of ``k`` results are judged."""
    return tuple(sorted({*(cutoff for cutoff in CUTOFFS if cutoff < k), k}))


def retrieval_values(item: Item, needs: Needs, ranks: Ranks, k: int) -> dict[str, float]:
    """Return the measures of one ranking; none without evidence.

    Args:
        item: the question.
        needs: its needs.
        ranks: for each piece of its evidence the first rank that covers it.
        k: how many results there were to be.
    """
    if not needs:
        return {}
    met = need_ranks(needs, ranks)
    grades = [max(item.evidence[n].grade for n in need) for need in needs]
    values: dict[str, float] = {}
    for cutoff in cutoffs(k):
        values[f"recall@{cutoff}"] = recall_at(met, cutoff)
        values[f"success@{cutoff}"] = success_at(met, cutoff)
        values[f"ndcg@{cutoff}"] = ndcg_at(met, cutoff, grades)
    values[f"mrr@{k}"] = reciprocal_rank(met, k)
    return values


def answer_hit_values(item: Item, texts: Sequence[str], k: int) -> dict[str, float]:
    """Return whether the first results say an accepted answer, wherever it stands: facts occur in several documents.

    Args:
        item: an answerable question; without accepted answers nothing is returned, and so for yes or no.
        texts: of the results, best first.
        k: how many were asked for.
    """
    depth = min(MAIN_CUTOFF, k)
    if not item.answers or any(matching.polar_form(form) is not None for form in item.forms):
        return {}
    return {f"answer_hit@{depth}": float(says_accepted(item, "\n".join(texts[:depth])))}


def answer_values(item: Item, answer: Answer, judged: Sequence[Judged], needs: Needs) -> dict[str, float]:
    """Return the measures of one answer.

    A refusal of an answerable question counts as an answer that says nothing. Citations are judged in answers given.
    """
    written = writing_values(answer)
    if not item.answerable:
        return {"right_refusal": float(answer.abstained)} | written
    values = {"wrong_refusal": float(answer.abstained)} | written
    if needs:
        met = need_ranks(needs, first_ranks(judged, answer.passages))
        values["evidence_read"] = recall_at(met, len(answer.passages))
    text = "" if answer.abstained else plain_text(answer)
    if item.answers:
        values |= _words_values(item, answer, text)
    if answer.abstained:
        return values
    values["answer_length"] = float(len(text))
    scores = citation_scores(answer, judged, needs, item.forms)
    measured = {
        "citation_precision": scores.pointing,
        "citation_recall": scores.recall,
        "alce_precision": scores.precision,
        "citation_or_answer": scores.holding,
        "evidence_cited": scores.evidence,
    }
    return values | {name: value for name, value in measured.items() if value is not None}


def writing_values(answer: Answer) -> dict[str, float]:
    """Return the measures of what a language model wrote; none where none did."""
    if answer.writing is None:
        return {}
    values: dict[str, float] = {}
    if answer.writing.sentences:
        values["unsupported_sentences"] = answer.writing.unsupported / answer.writing.sentences
    if answer.citations:
        agreeing = [citation.verification.numbers_agree for citation in answer.citations]
        values["numbers_agree"] = sum(agreeing) / len(agreeing)
    if not answer.abstained:
        values["right_language"] = float(detect_language(plain_text(answer)) == answer.language)
    return values


def says_accepted(item: Item, text: str) -> bool:
    """Tell whether ``text`` says an accepted answer; see ``Item.answers``. For yes or no, it must begin with that."""
    if item.all_answers_needed:
        return matching.list_recall(text, item.answers) == 1.0
    polar = {said for form in item.forms if (said := matching.polar_form(form)) is not None}
    if polar == {matching.polarity(text)}:
        return True
    return matching.contains_any(text, [form for form in item.forms if matching.polar_form(form) is None])


def _words_values(item: Item, answer: Answer, text: str) -> dict[str, float]:
    values = {"contained": float(says_accepted(item, text))}
    if item.type == "list":
        lines = [] if answer.abstained else [sentence.text for sentence in cited_sentences(answer)]
        values["list_recall"] = matching.list_recall(text, item.answers)
        values["list_precision"] = matching.list_precision(lines, item.answers)
    if item.all_answers_needed and (item.type == "list" or len(item.answers) > 1):
        return values  # no single entry is the whole answer
    values["exact"] = float(matching.is_exact(text, item.forms))
    if item.language in ("ja", "en"):
        name = "char_f1" if item.language == "ja" else "token_f1"
        values[name] = matching.best_f1(text, item.forms, item.language)
    return values
