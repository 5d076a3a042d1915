"""The report of a run: one HTML file without scripts and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genesis_rag.errors import UserError
from genesis_rag.evaluation import plots
from genesis_rag.evaluation.markup import Markup, element, join
from genesis_rag.evaluation.measures import label_of, measure_of
from genesis_rag.evaluation.report_failures import failures_section
from genesis_rag.evaluation.report_sections import (
    answers,
    direction_label,
    main_depth,
    parts,
    refusals,
    search,
    time_taken,
)
from genesis_rag.evaluation.run_file import Run, problems_told

MOST_PROBLEMS = 500
PROBLEMS_OPEN = 3
POLICY = "default-src 'none'; style-src 'unsafe-inline'"

Figures = Mapping[str, Any]


def write_report(path: Path, run: Run) -> None:
    """Write the report of ``run``.

    Raises:
        UserError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report(run), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.", "Name another file.") from error


def report(run: Run) -> str:
    """Return the report as HTML."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    name = run["dataset"]["name"]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", f"{name} · evaluation"),
        element("style", Markup(style)),
    )
    sections = (_cards(run), search(run), parts(run), answers(run), refusals(run), time_taken(run))
    body = element(
        "body",
        _header(run),
        element("main", *(section for section in sections if section), failures_section(run)),
        _footer(run),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _header(run: Run) -> Markup:
    dataset, system = run["dataset"], run["system"]
    counted = (
        f"{dataset['questions']:,} questions over {system['documents']:,} documents in {system['chunks']:,} chunks"
    )
    parts = [
        element("p", "Evaluation", class_="eyebrow"),
        element("h1", dataset["name"]),
        element("p", f"{counted}, profile {system['profile']}, {run['made_at'][:10]}.", class_="lead"),
    ]
    parts += [element("p", f"{remark}.", class_="lead") for remark in dataset["remarks"]]
    if problems := dataset["problems"]:
        listed = [element("li", f"{p['id']}: {p['source']} – {_problem(p)}") for p in problems[:MOST_PROBLEMS]]
        told = f"{problems_told(len(problems))}."
        parts.append(
            element(
                "details",
                element("summary", told),
                element("ul", *listed),
                class_="warning",
                open=len(problems) <= PROBLEMS_OPEN,
            )
        )
    return element("header", *parts)


def _problem(problem: Mapping[str, str]) -> str:
    if problem["problem"] == "unknown_source":
        return "no such document in the index"
    return f"the document does not say “{problem['quote'][:120]}”"


def _cards(run: Run) -> Markup:
    figures, directions = run["metrics"], run["groups"].get("direction", {})
    cards = []
    if depth := main_depth(figures, "recall", 5):
        cards = [
            _card(f"{label_of(depth)}, {direction_label(name)}", found[depth])
            for name, found in directions.items()
            if depth in found
        ]
        cards = cards or [_card(label_of(depth), figures[depth])]
    for name in ("contained", "citation_precision", "citation_recall", "right_refusal", "wrong_refusal"):
        if name in figures:
            cards.append(_card(label_of(name), figures[name], measure_of(name).meaning))
    return element("section", element("div", *cards, class_="cards"), aria_label="Main figures")


def _card(label: str, one: Figures, meaning: str = "") -> Markup:
    return element(
        "div",
        element("div", label, class_="label"),
        element("div", f"{one['value']:.3f}", class_="big"),
        plots.interval(one),
        element("div", f"{one['low']:.2f} to {one['high']:.2f}, {one['n']:,} questions", class_="range"),
        class_="card",
        title=meaning or None,
    )


def _footer(run: Run) -> Markup:
    facts = {
        "Questions": f"sha256 {run['dataset']['sha256']}",
        "Index": str(run["system"]["index"]),
        "Models": ", ".join(run["system"]["models"]) or "–",
        "Answerer": str(run["system"]["answerer"] or "–"),
        "Versions": ", ".join(f"{name} {version}" for name, version in run["versions"].items()),
        "Options": ", ".join(f"{name} {value}" for name, value in run["options"].items()),
        "Made": run["made_at"],
    }
    rows = [join((element("dt", name), element("dd", value))) for name, value in facts.items()]
    return element("footer", element("dl", *rows, class_="facts"))
