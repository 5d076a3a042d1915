"""The last part of the report: every question that failed, with what was expected, retrieved, answered and quoted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_rag.evaluation.markup import Markup, element, join
from genesis_rag.evaluation.run_file import Run
from genesis_rag.evaluation.runner import FAILURES

MOST = 1000
HITS_SHOWN = 10
_PLAIN = frozenset({"ja", "en"})

Question = Mapping[str, Any]


def failures_section(run: Run) -> Markup:
    """Return the failed questions with a choice by kind of failure, which works without a script."""
    failed = [one for one in run["questions"] if one["failures"]]
    if not failed:
        return element("section", element("h2", "Nothing failed"))
    counts = {kind: sum(kind in one["failures"] for one in failed) for kind in FAILURES}
    kinds = [kind for kind, count in counts.items() if count]
    rules = "".join(
        f".failures:has(#show-{kind}:checked) details.failed:not(.{kind}){{display:none}}" for kind in kinds
    )
    choices = [_choice("all", f"all {len(failed):,}", checked=True)]
    choices += [_choice(kind, f"{FAILURES[kind]} {counts[kind]:,}") for kind in kinds]
    note = "What was expected, retrieved, answered and quoted. A green mark: the result that first held the evidence."
    if len(failed) > MOST:
        note += f" The first {MOST:,} of {len(failed):,}; the run's JSON has all."
    return element(
        "section",
        element("h2", "Questions that failed"),
        element("p", note, class_="note"),
        element("style", Markup(rules)),
        element("fieldset", *choices, class_="filters"),
        *(_failed(one) for one in failed[:MOST]),
        class_="failures",
    )


def _choice(kind: str, label: str, *, checked: bool = False) -> Markup:
    button = element("input", type="radio", name="show", id=f"show-{kind}", checked=checked)
    return element("label", button, label)


def _failed(one: Question) -> Markup:
    told = ", ".join(FAILURES[kind] for kind in one["failures"])
    facts = " · ".join(part for part in (one["id"], one["direction"].replace("-", " → "), one["type"]) if part)
    summary = element(
        "summary",
        element("span", one["question"], class_="question", lang=_lang(one["language"])),
        element("br"),
        element("span", told, class_="kinds"),
        element("span", f"  {facts}", class_="id"),
    )
    rows: list[tuple[str, Markup]] = [("Expected", _expected(one))]
    if one["evidence"]:
        rows.append(("Evidence", element("ul", *(_evidence(piece) for piece in one["evidence"]))))
    rows.append(("Answered", _answered(one)))
    if one["answer"] and one["answer"]["citations"]:
        rows.append(("Quoted", element("ul", *(_citation(c) for c in one["answer"]["citations"]))))
    if one["hits"]:
        rows.append(("Retrieved", _hits(one)))
    inside = element("dl", *(join((element("dt", n), element("dd", value))) for n, value in rows), class_="inside")
    return element("details", summary, inside, class_=" ".join(("failed", *one["failures"])))


def _expected(one: Question) -> Markup:
    if not one["answerable"]:
        return Markup("that the documents do not say")
    if not one["expected"]:
        return Markup("the evidence")
    return element("ul", *(element("li", " / ".join(forms)) for forms in one["expected"]))


def _evidence(piece: Mapping[str, Any]) -> Markup:
    place = f"{piece['source']}:{piece['start']}" if piece["start"] is not None else piece["source"]
    rank = f"rank {piece['rank']}" if piece["rank"] else "not retrieved"
    if piece["found"] in ("unknown_source", "quote_not_found"):
        rank = "not in the index"
    where = element("span", f"{place} · {rank}", class_="where")
    return element("li", *((element("blockquote", piece["quote"]),) if piece["quote"] else ()), where)


def _answered(one: Question) -> Markup:
    if one["error"]:
        return element("span", f"failed: {one['error']}")
    answer = one["answer"]
    if not answer:
        return element("span", "not asked", class_="where")
    sure = f" · confidence {answer['confidence']:.3f}" if answer["confidence"] is not None else ""
    kind = f"refused ({answer['reason']})" if answer["abstained"] else f"{len(answer['text']):,} characters"
    return join(
        (
            element("div", answer["text"], class_="answer", lang=_lang(answer["language"])),
            element("span", f"{kind}{sure}", class_="where"),
        )
    )


def _citation(citation: Mapping[str, Any]) -> Markup:
    place = f"{citation['source']}:{citation['start']}–{citation['end']}"
    return element("li", element("blockquote", citation["quote"]), element("span", place, class_="where"))


def _hits(one: Question) -> Markup:
    covering = {piece["rank"] for piece in one["evidence"] if piece["rank"]}
    items = []
    for hit in one["hits"][:HITS_SHOWN]:
        place = f"{hit['source']}:{hit['start']}–{hit['end']} · {hit['score']:.3f}"
        found = "found" if hit["rank"] in covering else None
        items.append(element("li", hit.get("text", ""), " ", element("span", place, class_="where"), class_=found))
    return element("ol", *items)


def _lang(language: str) -> str | None:
    return language if language in _PLAIN else None
