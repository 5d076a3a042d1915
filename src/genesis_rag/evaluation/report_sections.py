"""The sections of the report: search, its parts, answers, refusals, time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genesis_rag.evaluation import plots
from genesis_rag.evaluation.markup import Markup, element, join
from genesis_rag.evaluation.measures import MEASURES, label_of, measure_of
from genesis_rag.evaluation.run_file import Run
from genesis_rag.evaluation.summary import LEG_LABELS, WHOLE_SEARCH

DIRECTIONS = {"ja-ja": "ja → ja", "en-en": "en → en", "ja-en": "ja → en", "en-ja": "en → ja"}

Figures = Mapping[str, Any]


def main_depth(figures: Figures, base: str, wanted: int | None = None) -> str | None:
    """Return the name of a measure at the depth ``wanted``, or at its greatest; None if the run lacks it."""
    depths = sorted(int(name.partition("@")[2]) for name in figures if name.startswith(f"{base}@"))
    if not depths:
        return None
    return f"{base}@{wanted if wanted in depths else depths[-1]}"


def direction_class(direction: str) -> str:
    """Return the class of a direction's colour."""
    return direction if direction in DIRECTIONS else "other"


def direction_label(direction: str) -> str:
    """Return a direction for people."""
    return DIRECTIONS.get(direction, direction)


def search(run: Run) -> Markup | None:
    """Return what the search found, by depth and direction; None if nothing was judged."""
    figures, directions = run["metrics"], run["groups"].get("direction", {})
    depths = sorted(int(name.partition("@")[2]) for name in figures if name.startswith("recall@"))
    if not depths:
        return None
    groups = directions if any("recall@" in name for found in directions.values() for name in found) else {"": figures}
    series = [
        (direction_label(name) or "all", direction_class(name), [(f"@{d}", found[f"recall@{d}"]) for d in depths])
        for name, found in groups.items()
        if f"recall@{depths[0]}" in found
    ]
    deepest = [name for base in ("ndcg", "mrr") if (name := main_depth(figures, base))]
    rows = [
        (f"{label_of(measure)} {direction_label(name)}", direction_class(name), found[measure])
        for measure in deepest
        for name, found in groups.items()
        if measure in found
    ]
    others = [name for base in ("success", "ndcg", "mrr", "answer_hit") if (name := main_depth(figures, base))]
    note = (
        "A piece of evidence counts as found at the first rank at which the results hold all of its words. "
        "Whiskers and ranges are 95 % bootstrap intervals over the questions."
    )
    return _section(
        "Search",
        note,
        element(
            "div",
            _panel("Recall by depth", plots.curves(series, "Recall by depth and direction")),
            _panel("Order of the results", plots.dots(rows, "nDCG and MRR by direction")),
            class_="grid",
        ),
        _table_panel({"all": figures, **directions}, [*(f"recall@{depth}" for depth in depths), *others]),
    )


def parts(run: Run) -> Markup | None:
    """Return what each part of the search finds alone; None if that was not measured."""
    overall = run["ablation"]["overall"]
    if not overall:
        return None
    depth = main_depth(overall[WHOLE_SEARCH], "recall", 5) or ""
    panels = []
    for name, legs in {"": overall, **run["ablation"]["direction"]}.items():
        rows = [
            (LEG_LABELS.get(leg, leg), "accent" if leg == WHOLE_SEARCH else "quiet", found[depth])
            for leg, found in legs.items()
            if depth in found
        ]
        title = direction_label(name) or "All questions"
        panels.append(_panel(title, plots.dots(rows, f"{label_of(depth)} by part: {title}", 400)))
    names = [n for n in (main_depth(overall[WHOLE_SEARCH], base) for base in ("recall", "ndcg", "mrr")) if n]
    named = {LEG_LABELS.get(leg, leg): found for leg, found in overall.items()}
    return _section(
        "What each part of the search is worth",
        f"{label_of(depth)} of each part alone, over the same questions.",
        element("div", *panels, class_="grid small"),
        _table_panel(named, [*dict.fromkeys([depth, *names])]),
    )


def answers(run: Run) -> Markup | None:
    """Return how good answers and citations are, by type and direction; None if nothing was answered."""
    figures = run["metrics"]
    names = [name for name in figures if measure_of(name).room in ("answer", "citation")]
    if not names:
        return None
    panels = []
    for kind, head in (("type", "by type of question"), ("direction", "by direction")):
        for measure in ("contained", "citation_precision"):
            rows = [
                (
                    f"{direction_label(name)} · {found[measure]['n']:,}",
                    direction_class(name) if kind == "direction" else "accent",
                    found[measure],
                )
                for name, found in run["groups"].get(kind, {}).items()
                if measure in found
            ]
            if rows:
                title = f"{label_of(measure).capitalize()} {head}"
                panels.append(_panel(title, plots.dots(rows, title)))
    meanings = [
        join((element("dt", MEASURES[name].label), element("dd", f"{MEASURES[name].meaning}."))) for name in names
    ]
    groups = {"all": figures, **run["groups"].get("direction", {})}
    return _section(
        "Answers and citations",
        "Numbers and dates count by value and only as a whole. Citations are judged by document and place.",
        element("div", *panels, class_="grid"),
        _table_panel(groups, [name for name in names if measure_of(name).room == "answer"]),
        _table_panel(groups, [name for name in names if measure_of(name).room == "citation"]),
        element("div", element("dl", *meanings, class_="facts two"), class_="panel"),
    )


def refusals(run: Run) -> Markup | None:
    """Return how well the run knew what it does not know; None if nothing was answered."""
    found = run["abstention"]
    if not found:
        return None
    counts = found["counts"]
    answerable = [
        ("right answer", "yes", counts["right_answer"]),
        ("wrong answer", "wrong", counts["wrong_answer"]),
        ("refused", "refused", counts["wrong_refusal"]),
    ]
    unanswerable = [("refused", "yes", counts["right_refusal"]), ("answered", "bad", counts["false_answer"])]
    rows = [("Answerable", answerable), ("Unanswerable", unanswerable)]
    rows = [(name, parts) for name, parts in rows if sum(count for _, _, count in parts)]
    panels = [
        element("div", element("h3", "What was done"), plots.stacked(rows, "Answers and refusals"), class_="panel")
    ]
    sure = [q for q in run["questions"] if q["answer"] and q["answer"]["confidence"] is not None]
    if sure:
        panels.append(_confidence(sure, found))
        done = sum(not q["answer"]["abstained"] for q in sure) / len(sure)
        drawn = plots.risk_coverage(found["curve"], done, "Share of wrong answers over share answered")
        note = (
            "Across: share of the questions answered, the surest first. Up: share of those wrong. "
            "Dashed: would need questions that were refused, counted as wrong."
        )
        head = element("h3", "Risk and coverage")
        panels.append(element("div", head, element("p", note, class_="note"), drawn, class_="panel"))
    return _section("Knowing what it does not know", _threshold_note(found), element("div", *panels, class_="grid"))


def _confidence(sure: Sequence[Mapping[str, Any]], found: Figures) -> Markup:
    can = [q["answer"]["confidence"] for q in sure if q["answerable"]]
    cannot = [q["answer"]["confidence"] for q in sure if not q["answerable"]]
    best = found["best_threshold"]
    names = (f"answerable · {len(can):,}", f"unanswerable · {len(cannot):,}")
    drawn = plots.two_histograms(can, cannot, names, best["value"] if best else None, "Confidence by kind of question")
    return _panel("Confidence", drawn)


def _threshold_note(found: Figures) -> str:
    parts = []
    if one := found["auroc"]:
        parts.append(f"AUROC {one['value']:.3f} ({one['low']:.2f} to {one['high']:.2f}), AURC {found['aurc']:.3f}.")
    if found["lowest_answered"] is not None:
        parts.append(f"Lowest confidence answered: {found['lowest_answered']:.3f}.")
    if best := found["best_threshold"]:
        parts.append(
            f"The threshold {best['value']:.3f}, chosen on {best['chosen_on']}, refuses {best['right_refusals']:.0%} "
            f"of the unanswerable questions and {best['wrong_refusals']:.0%} of the answerable ones there."
        )
    return " ".join(parts)


def time_taken(run: Run) -> Markup | None:
    """Return the time by stage; None if it is not known."""
    if not run["latency"]:
        return None
    rows = [(s, 1000 * one["median"], 1000 * one["p95"], 1000 * one["longest"]) for s, one in run["latency"].items()]
    note = (
        "Milliseconds a question: median, 95th percentile, longest. Solid to the median, pale to the 95th percentile."
    )
    return _section("Time", note, _panel("", plots.spans(rows, "ms", "Time by stage")))


def _section(head: str, note: str, *children: Markup) -> Markup:
    spaced = [element("div", child, style="margin-top:1.25rem") for child in children]
    return element("section", element("h2", head), element("p", note, class_="note"), *spaced)


def _panel(head: str, *children: Markup) -> Markup:
    return element("div", *((element("h3", head),) if head else ()), *children, class_="panel")


def _table_panel(groups: Mapping[str, Figures], names: Sequence[str]) -> Markup:
    return element("div", _table(groups, names), class_="panel scroll") if names else Markup("")


def _table(groups: Mapping[str, Figures], names: Sequence[str]) -> Markup:
    """Return a table with one row a group and one column a measure; groups without any of them are left out."""
    head = element("tr", element("th"), *(element("th", label_of(name), scope="col") for name in names))
    rows = [
        element(
            "tr", element("th", direction_label(group), scope="row"), *(_cell(name, found.get(name)) for name in names)
        )
        for group, found in groups.items()
        if any(name in found for name in names)
    ]
    return element("table", element("thead", head), element("tbody", *rows))


def _cell(name: str, one: Figures | None) -> Markup:
    if one is None:
        return element("td", "–")
    places = 3 if measure_of(name).is_share else 0
    ends = f"{one['low']:.{max(places - 1, 0)}f}–{one['high']:.{max(places - 1, 0)}f}"
    return element("td", f"{one['value']:.{places}f}", element("small", f"{ends} · {one['n']:,}"))
