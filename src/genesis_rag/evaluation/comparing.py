"""Compares two runs question by question: what changed, by how much, and whether that is more than chance.

A measure *fell* when its mean over the shared questions fell by more than the tolerance and the fall is significant:
in a paired bootstrap over the questions it is below zero in all but so few resamples that, of all measures together
(Holm's correction), a false alarm is to be expected in one run of twenty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from genesis_rag.errors import UserError
from genesis_rag.evaluation.bootstrap import PAIRED_RESAMPLES, Change, holm, paired_change
from genesis_rag.evaluation.measures import MAIN_CUTOFF, MEASURES, label_of, measure_of
from genesis_rag.evaluation.run_file import Run
from genesis_rag.values import dataclass

COMPARISON_SCHEMA = "genesis-rag/comparison/1"
TOLERANCE = 0.02
BY_DIRECTION = ("recall", "contained")
"""Measures that are also compared within each direction."""

Question = Mapping[str, Any]
Pair = tuple[Question, Question]


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure in both runs.

    Attributes:
        name: such as "recall@5".
        direction: the direction it was taken over; empty for all questions.
        change: before, after, and the interval of the difference.
        fell: whether it got worse by more than the tolerance and more than chance explains.
        rose: the same for better.
    """

    name: str
    direction: str
    change: Change
    fell: bool
    rose: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        measures: what both runs have.
        changed: the questions that fail in one run and not, or in another way, in the other.
        shared: number of questions that are the same in both.
        left_out: number of questions that are in one run only or were changed in between.
        notes: what differs in how the runs were made.
        tolerance: how far a measure may fall.
    """

    measures: tuple[Compared, ...]
    changed: tuple[Pair, ...]
    shared: int
    left_out: int
    notes: tuple[str, ...] = field(default=())
    tolerance: float = TOLERANCE

    @property
    def fallen(self) -> tuple[Compared, ...]:
        """The gated measures that fell."""
        return tuple(one for one in self.measures if one.fell and measure_of(one.name).gated)


def compare_runs(
    before: Run, after: Run, tolerance: float = TOLERANCE, resamples: int = PAIRED_RESAMPLES
) -> Comparison:
    """Compare two runs over the questions that are the same in both.

    Raises:
        UserError: they share no question.
    """
    pairs, left_out = _pairs(before, after)
    if not pairs:
        raise UserError("The two runs have no question in common.", "Compare runs of one set of questions.")
    chosen = [(name, "", pairs) for name in _names(pairs)]
    for direction in sorted({first["direction"] for first, _ in pairs} - {""}):
        within = [pair for pair in pairs if pair[0]["direction"] == direction]
        chosen += [(name, direction, within) for name in _names(within) if name.partition("@")[0] in BY_DIRECTION]
    measured = [
        (name, direction, paired_change(*values, resamples=resamples))
        for name, direction, members in chosen
        if (values := _values(members, name))[0]
    ]
    return Comparison(
        measures=tuple(_judged(measured, tolerance)),
        changed=tuple(pair for pair in pairs if set(pair[0]["failures"]) != set(pair[1]["failures"])),
        shared=len(pairs),
        left_out=left_out,
        notes=(*_notes(before, after), *_lacking(pairs)),
        tolerance=tolerance,
    )


def _judged(measured: Sequence[tuple[str, str, Change]], tolerance: float) -> Iterator[Compared]:
    """Decide which measures fell or rose; only those that gate a run share the level of significance."""
    rising = [measure_of(name).rising for name, _, _ in measured]
    gated = [number for number, (name, _, _) in enumerate(measured) if measure_of(name).gated]
    worse = [change.fall_p if up else change.rise_p for up, (_, _, change) in zip(rising, measured, strict=True)]
    better = [change.rise_p if up else change.fall_p for up, (_, _, change) in zip(rising, measured, strict=True)]
    fell, rose = _significant(worse, gated), _significant(better, gated)
    for number, (name, direction, change) in enumerate(measured):
        gain = change.value if rising[number] else -change.value
        is_share = measure_of(name).is_share
        yield Compared(
            name,
            direction,
            change,
            fell=is_share and number in fell and gain < -tolerance - 1e-9,
            rose=is_share and number in rose and gain > tolerance + 1e-9,
        )


def _significant(p_values: Sequence[float], among: Sequence[int]) -> set[int]:
    return {number for number, yes in zip(among, holm([p_values[n] for n in among]), strict=True) if yes}


def _pairs(before: Run, after: Run) -> tuple[list[Pair], int]:
    """Return the questions that are the same in both runs, and the number of all others."""
    first = {one["id"]: one for one in before["questions"]}
    second = {one["id"]: one for one in after["questions"]}
    pairs = [
        (one, other)
        for key, one in first.items()
        if (other := second.get(key)) is not None and one["fingerprint"] == other["fingerprint"]
    ]
    return pairs, len(first.keys() | second.keys()) - len(pairs)


def _names(pairs: Sequence[Pair]) -> list[str]:
    """Return the measures that both runs have, in their usual order; of those with a depth only the main one."""
    before = {name for first, _ in pairs for name in first["values"]}
    after = {name for _, second in pairs for name in second["values"]}
    names = []
    for base in MEASURES:
        found = [name for name in before & after if name.partition("@")[0] == base]
        depths = sorted(int(name.partition("@")[2]) for name in found if "@" in name)
        if base in ("recall", "success", "answer_hit") and depths:
            names.append(f"{base}@{MAIN_CUTOFF if MAIN_CUTOFF in depths else depths[-1]}")
        elif depths:
            names.append(f"{base}@{depths[-1]}")
        else:
            names += found
    return names


def _values(pairs: Sequence[Pair], name: str) -> tuple[list[float], list[float]]:
    both = [
        (first["values"][name], second["values"][name])
        for first, second in pairs
        if name in first["values"] and name in second["values"]
    ]
    return [one for one, _ in both], [other for _, other in both]


def _notes(before: Run, after: Run) -> Iterator[str]:
    """Say what differs in how two runs were made."""
    if before["dataset"]["sha256"] != after["dataset"]["sha256"]:
        yield "The sets of questions differ; only questions that are the same in both are compared."
    for key, what in (("profile", "Profile"), ("index", "Index"), ("models", "Models")):
        if (old := before["system"].get(key)) != (new := after["system"].get(key)):
            yield f"{what}: {_plain(old)} → {_plain(new)}."
    if (old := before["versions"].get("code")) != (new := after["versions"].get("code")):
        yield f"Code: {old} → {new}."
    for key in ("k", "passages"):
        if (old := before["options"].get(key)) != (new := after["options"].get(key)):
            yield f"{key}: {old} → {new}."


def _lacking(pairs: Sequence[Pair]) -> Iterator[str]:
    """Say which measures cannot be compared because one run has none of them."""
    before = {name.partition("@")[0] for first, _ in pairs for name in first["values"]}
    after = {name.partition("@")[0] for _, second in pairs for name in second["values"]}
    if lacking := [label_of(name) for name in MEASURES if name in before ^ after]:
        yield f"Not compared, as one of the runs lacks them: {', '.join(lacking)}."


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def comparison_payload(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON values; documented in docs/json.md."""
    return {
        "schema": COMPARISON_SCHEMA,
        "shared": comparison.shared,
        "left_out": comparison.left_out,
        "tolerance": comparison.tolerance,
        "notes": list(comparison.notes),
        "measures": [
            {
                "name": one.name,
                "direction": one.direction,
                "before": round(one.change.before, 6),
                "after": round(one.change.after, 6),
                "change": round(one.change.value, 6),
                "low": round(one.change.low, 6),
                "high": round(one.change.high, 6),
                "n": one.change.n,
                "fell": one.fell,
                "rose": one.rose,
            }
            for one in comparison.measures
        ],
        "changed": [
            {"id": old["id"], "question": new.get("question", ""), "before": old["failures"], "after": new["failures"]}
            for old, new in comparison.changed
        ],
    }
