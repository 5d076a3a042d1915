"""A run and a comparison of two, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genesis_rag.cli.answers import one_line
from genesis_rag.cli.output import Line, Segment
from genesis_rag.evaluation.comparing import Compared, Comparison
from genesis_rag.evaluation.measures import label_of, measure_of
from genesis_rag.evaluation.run_file import problems_told
from genesis_rag.evaluation.runner import FAILURES
from genesis_rag.evaluation.summary import LEG_LABELS

BY_TYPE = ("contained", "citation_precision", "wrong_refusal", "right_refusal")
MOST_CHANGED = 40
MOST_PROBLEMS = 10
_NAME_WIDTH, _WIDTH = 20, 21

Figures = Mapping[str, Mapping[str, Any]]


def run_lines(run: Mapping[str, Any], width: int | None = None) -> Iterator[Line]:
    """Yield the figures of a run: search, its parts, answers, citations, refusals, time, and what failed.

    Args:
        run: a run as JSON values.
        width: columns of the terminal; None for as wide as it gets.
    """
    dataset, system = run["dataset"], run["system"]
    title: tuple[Segment, ...] = ((dataset["name"], "strong"), f" · {dataset['questions']:,} questions")
    indexed = f"{system['documents']:,} documents, {system['chunks']:,} chunks"
    yield Line((*title, (f" · profile {system['profile']} · {indexed}", "quiet")))
    for text in dataset["remarks"]:
        yield Line(((f"{text}.", "quiet"),))
    yield from _problem_lines(dataset["problems"])
    rows = {"all": run["metrics"], **run["groups"].get("direction", {})}
    yield from _block("Search", rows, _chosen(run, ("recall", "ndcg", "mrr", "answer_hit")), width)
    legs = run["ablation"]["overall"]
    yield from _block(
        "Parts of the search",
        {LEG_LABELS.get(leg, leg): table for leg, table in legs.items()},
        _chosen(run, ("recall", "ndcg", "mrr")),
        width,
    )
    for head, names in (
        ("Answers", ("evidence_read", "contained", "exact", "token_f1", "char_f1")),
        ("Lists", ("list_recall", "list_precision")),
        ("Citations", ("citation_precision", "citation_or_answer", "citation_recall", "evidence_cited")),
        ("Written", ("unsupported_sentences", "numbers_agree", "right_language")),
        ("Refusals", ("right_refusal", "wrong_refusal")),
    ):
        yield from _block(head, rows, [name for name in names if name in run["metrics"]], width)
    yield from _abstention_lines(run["abstention"])
    yield from _block(
        "By type",
        run["groups"].get("type", {}),
        [name for name in (*_chosen(run, ("recall",))[1:2], *BY_TYPE) if name in run["metrics"]],
        width,
    )
    yield from _latency_lines(run["latency"])
    yield from _failure_lines(run["questions"])


def fallen_lines(comparison: Comparison) -> list[str]:
    """Return what a comparison with a baseline found, for the log."""
    left_out = f"; {comparison.left_out:,} others left out" if comparison.left_out else ""
    lines = [f"Compared with the baseline over {comparison.shared:,} questions{left_out}.", *comparison.notes]
    for one in comparison.fallen:
        lines.append(f"FELL: {_name(one)} {_movement(one)}, more than the tolerance of {comparison.tolerance:.3f}.")
    if not comparison.fallen:
        lines.append(f"No measure fell by more than the tolerance of {comparison.tolerance:.3f}.")
    return lines


def comparison_lines(comparison: Comparison, before: str, after: str) -> Iterator[Line]:
    """Yield two runs side by side: what differs, every measure, and the questions that changed."""
    yield Line(((f"{before} → {after}", "strong"), f" · {comparison.shared:,} shared questions"))
    if comparison.left_out:
        yield Line(((f"{comparison.left_out:,} questions are in one run only or were changed; left out.", "warning"),))
    for note in comparison.notes:
        yield Line(((note, "quiet"),))
    yield Line()
    for one in comparison.measures:
        mark: Segment = ("  fell", "warning") if one.fell else ("  rose", "strong") if one.rose else ""
        yield Line((f"{_name(one):<30}", f"{_movement(one)}  n {one.change.n:,}", mark))
    yield Line()
    yield Line((("Questions that changed", "strong"), f" · {len(comparison.changed):,}"))
    for old, new in comparison.changed[:MOST_CHANGED]:
        gone, come = set(old["failures"]) - set(new["failures"]), set(new["failures"]) - set(old["failures"])
        changes = [*(f"+ {FAILURES[kind]}" for kind in sorted(come)), *(f"- {FAILURES[kind]}" for kind in sorted(gone))]
        yield Line(((f"{new['id']}  ", "marker"), one_line(new.get("question", ""))), 2)
        for change in changes:
            yield Line(((change, "warning" if change[0] == "+" else "quiet"),), 6)
    if len(comparison.changed) > MOST_CHANGED:
        yield Line(((f"… and {len(comparison.changed) - MOST_CHANGED:,} more (--json has all)", "quiet"),), 2)


def _name(one: Compared) -> str:
    return label_of(one.name) + (f" {_arrow(one.direction)}" if one.direction else "")


def _movement(one: Compared) -> str:
    change, places = one.change, 3 if measure_of(one.name).is_share else 1
    interval = f"[{change.low:+.{places}f}, {change.high:+.{places}f}]"
    return f"{change.before:.{places}f} → {change.after:.{places}f}  {change.value:+.{places}f} {interval}"


def _arrow(direction: str) -> str:
    return direction.replace("-", "→")


def _chosen(run: Mapping[str, Any], bases: Sequence[str]) -> list[str]:
    """Return the depths to show: recall at 1, 5 and the deepest, of the others the deepest."""
    chosen = []
    for base in bases:
        depths = sorted(int(name.partition("@")[2]) for name in run["metrics"] if name.startswith(f"{base}@"))
        shown = [depth for depth in (1, 5) if depth in depths and base == "recall"]
        chosen += [f"{base}@{depth}" for depth in dict.fromkeys([*shown, *depths[-1:]])]
    return chosen


def _block(head: str, rows: Mapping[str, Figures], names: Sequence[str], width: int | None) -> Iterator[Line]:
    """Yield a table. If it is too wide its intervals are left out, and then the last columns."""
    rows = {name: figures for name, figures in rows.items() if any(column in figures for column in names)}
    if not rows or not names:
        return
    room = width - _NAME_WIDTH if width else _WIDTH * len(names)
    intervals = _WIDTH * len(names) <= room
    sizes: dict[str, int] = {}
    for name in names:
        size = _WIDTH if intervals else len(label_of(name)) + 2
        if sum(sizes.values()) + size <= room:
            sizes[name] = size
    yield Line()
    labels = ((f"{label_of(name):<{size}}", "quiet") for name, size in sizes.items())
    yield Line(((f"{head:<{_NAME_WIDTH}}", "strong"), *labels))  # type: ignore[arg-type]
    for name, figures in rows.items():
        cells = "".join(f"{_figure(figures.get(column), intervals):<{size}}" for column, size in sizes.items())
        yield Line((f"{_arrow(name):<{_NAME_WIDTH}}{cells}",))


def _figure(one: Mapping[str, Any] | None, interval: bool = True) -> str:
    if not one:
        return "–"
    return f"{one['value']:.3f}" + (f" ({one['low']:.2f}–{one['high']:.2f})" if interval else "")


def _abstention_lines(found: Mapping[str, Any] | None) -> Iterator[Line]:
    if not found:
        return
    counts = found["counts"]
    yield Line(
        (
            f"answered: {counts['right_answer']:,} right, {counts['wrong_answer']:,} wrong, "
            f"{counts['false_answer']:,} though unanswerable · refused: {counts['right_refusal']:,} rightly, "
            f"{counts['wrong_refusal']:,} wrongly",
        )
    )
    if found["auroc"]:
        best = found["best_threshold"]
        yield Line((f"AUROC {_figure(found['auroc'])} · AURC {found['aurc']:.3f}",))
        if best:
            yield Line(
                (
                    f"best threshold {best['value']:.3f} (chosen on {best['chosen_on']}): right refusals "
                    f"{best['right_refusals']:.3f}, wrong refusals {best['wrong_refusals']:.3f}",
                )
            )


def _latency_lines(latency: Mapping[str, Mapping[str, float]]) -> Iterator[Line]:
    if not latency:
        return
    heads = ("median", "p95", "longest")
    yield Line()
    yield Line(((f"{'Milliseconds':<{_NAME_WIDTH}}", "strong"), *((f"{head:<10}", "quiet") for head in heads)))
    for stage, one in latency.items():
        yield Line((f"{stage:<{_NAME_WIDTH}}" + "".join(f"{1000 * one[head]:<10.1f}" for head in heads),))
    if (each := latency.get("each token")) and each["mean"]:
        yield Line((f"{'tokens a second':<{_NAME_WIDTH}}{1 / each['mean']:<10.1f}",))


def _failure_lines(questions: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    counts = {kind: sum(kind in one["failures"] for one in questions) for kind in FAILURES}
    if any(counts.values()):
        yield Line()
        yield Line((("What failed", "strong"),))
        for kind, count in counts.items():
            if count:
                yield Line((f"{count:6,}  {FAILURES[kind]}",))


def _problem_lines(problems: Sequence[Mapping[str, str]]) -> Iterator[Line]:
    """Yield the evidence that the index does not hold; it counts as not found."""
    if not problems:
        return
    words = {"unknown_source": "no such document in the index", "quote_not_found": "its words are not in the document"}
    yield Line(((f"{problems_told(len(problems))}:", "warning"),))
    for one in problems[:MOST_PROBLEMS]:
        quote = f" “{one_line(one['quote'])[:60]}”" if one["problem"] == "quote_not_found" else ""
        yield Line((f"{one['id']}: {one['source']}: {words[one['problem']]}{quote}",), 2)
    if len(problems) > MOST_PROBLEMS:
        yield Line(((f"… and {len(problems) - MOST_PROBLEMS:,} more (--json has all)", "quiet"),), 2)
