"""The measured parts of README.md and docs/evaluation.md, made from the committed results: `make docs`.

A part stands between <!-- NAME:begin --> and <!-- NAME:end -->; tests/test_readme.py compares it with what is made
here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
DIRECTIONS = {"ja-ja": "ja→ja", "en-en": "en→en", "ja-en": "ja→en", "en-ja": "en→ja"}


def result(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def with_interval(measure: Mapping[str, float]) -> str:
    return f"{100 * measure['value']:.0f} % ({100 * measure['low']:.0f}–{100 * measure['high']:.0f})"


def retrieval_row(name: str, language: str) -> str:
    found = result("retrieval")["legs"]["languages"][language]
    reference = found["reference"]
    best = reference["bm25s"][reference["best"]]
    ours = {leg: found["all"][leg] for leg in ("keyword", "dense", "hybrid")}
    cells = " · ".join(f"{leg} {100 * figures['recall@1'][0]:.1f}" for leg, figures in ours.items())
    asked = f"{found['questions']:,} questions, {found['passages']:,} passages"
    return (
        f"| Right passage first, {name}, `embedded-static`: {asked} | {cells} % | "
        f"{100 * best['recall@1'][0]:.1f} % by bm25s ({reference['best']}) | `benchmarks.retrieval` |"
    )


def default_row(name: str, language: str) -> str:
    found = result("small_models")["languages"][language]
    ways = {"hybrid": "hybrid small", "with the reader": "hybrid small + reader"}
    cells = " · ".join(f"{told} {100 * found['retrieval'][way]['recall@1'][0]:.1f}" for told, way in ways.items())
    best = 100 * found["retrieval"]["bm25s"]["recall@1"][0]
    return (
        f"| Right passage first, {name}, default: {found['questions']} of these questions | {cells} % | "
        f"{best:.1f} % by bm25s | `benchmarks.small_models` |"
    )


def answers_row(name: str, language: str) -> str:
    found = result("answers")["languages"][language]
    asked = f"{found['questions']} encyclopedia questions over {found['passages']:,} passages"
    right, refused = percent(found["contained_of_answered"]), percent(found["refused_where_nothing_tells"])
    return (
        f"| {name}: {asked} | {percent(found['answered'])} answered, {right} of these right; "
        f"without the passages {refused} refused | – | `benchmarks.answers` |"
    )


def scale_row() -> str:
    asked = result("scale")["sizes"]["1000000"]["ask"]
    times = asked["milliseconds"]["search"]
    return (
        f"| Search among 1,000,000 chunks (`embedded-static`) | p50 {times['p50']:.0f} ms, p95 {times['p95']:.0f} ms, "
        f"opened in {asked['opened_ms']:.0f} ms, {asked['resident_mb']:.0f} MB resident | "
        f"recall@10 {100 * asked['recall']['recall@10']:.0f} % of exact vectors | `benchmarks.scale` |"
    )


def peers_row() -> str:
    """Return our default beside the best of the others, each with its own hybrid search."""
    found = result("peers")
    engines = found["tables"]["best"]["engines"]
    ours = engines["ours, embedded"]
    others = [figures for name, figures in engines.items() if not name.startswith("ours")]
    ja, en = (max(one[f"{language}_recall@1"] for one in others) for language in ("ja", "en"))
    return (
        f"| Right passage first among {found['passages']:,} passages of both languages, hybrid search | "
        f"Japanese {percent(ours['ja_recall@1'])}, English {percent(ours['en_recall@1'])} | "
        f"the best of txtai, Haystack, LangChain, LlamaIndex with MiniLM: "
        f"{percent(ja)}, {percent(en)} | `benchmarks.peers` |"
    )


def load_row() -> str:
    found = result("server_load")
    crowds = found["crowds_while_indexing"]
    answers = sum(crowd["answers"] for crowd in crowds)
    refused = sum(crowd["answers"] - crowd["outcomes"].get("200", 0) for crowd in crowds)
    wrong = sum(crowd["wrong_citations"] for crowd in crowds)
    return (
        f"| {found['clients']} clients ask one server while documents come in: {answers:,} answers | {refused} errors, "
        f"{wrong} wrong citations, p99 {crowds[-1]['p99_ms'] / 1000:.1f} s | one client alone: p50 "
        f"{found['one_client']['p50_ms']:.0f} ms | `benchmarks.server_load` |"
    )


def torture_row() -> str:
    found = result("torture")
    parts = {
        "killed processes": found["kills"]["counts"]["kills"],
        "power cuts": found["cuts"]["counts"]["kills"],
        "planted damages": found["damage"]["turns done"],
        "mutated documents": found["documents"]["counts"]["documents"],
        "faults of disk, rights, clock, writers, versions and backups": found["faults"]["turns done"],
        "questions asked of one process": found["soak"]["counts"]["questions"],
    }
    told = ", ".join(f"{count:,} {name}" for name, count in parts.items() if count)
    failed = sum(len(part["failures"]) for part in found.values())
    return f"| {told} | {failed} documents lost, wrong or not told of, or memory that grows | – | `make torture` |"


def planted_row() -> str:
    """Return what verification catches in the set that nothing was tuned on."""
    found = result("planted-second")["both"]
    shares = {name: percent(found[name]["all"]["flagged"]) for name in found}
    return (
        f"| False claims caught, a second author's {sum(one['all']['cases'] for one in found.values()):,} claims | "
        f"numbers {shares['number']}, dates {shares['date']}, names {shares['name']}, invented {shares['invented']}, "
        f"reversed {shares['flipped']} | true ones wrongly flagged: {shares['faithful']} | `benchmarks.planted` |"
    )


def measured() -> str:
    translation, throughput = result("translation_retrieval")["static"], result("indexing_throughput")
    cold, test = result("cold_start")["profiles"], result("evaluation")
    groups = test["groups"]["direction"]
    both = [translation[f"{way} recall@1"] for way in ("ja-en", "en-ja")]
    general = " / ".join(f"{100 * way['general, among its 1000']:.1f}" for way in both)
    talk = " / ".join(f"{100 * way['conversational, among its 1000']:.1f}" for way in both)
    found = " · ".join(f"{told} {with_interval(groups[key]['recall@5'])}" for key, told in DIRECTIONS.items())
    said = " · ".join(f"{told} {with_interval(groups[key]['contained'])}" for key, told in DIRECTIONS.items())
    rows = [
        "| what | measured | against | by |",
        "|---|---|---|---|",
        retrieval_row("Japanese", "ja"),
        retrieval_row("English", "en"),
        answers_row("Answers, Japanese", "ja"),
        answers_row("Answers, English", "en"),
        *map(default_row, ("Japanese", "English"), ("ja", "en")),
        f"| A sentence's translation found among 1,000, `embedded-static`, ja→en / en→ja "
        f"| general {general} %, conversational {talk} % | – | `benchmarks.translation_retrieval` |",
        f"| Evidence in the first 5 hits, our QA set (test split) | {found} | – | `benchmarks.evaluation` |",
        f"| Answers that hold an accepted answer, same set | {said} | – | `benchmarks.evaluation` |",
        f"| Citations that point at the evidence, same set | {with_interval(test['metrics']['citation_precision'])} "
        "| – | `benchmarks.evaluation` |",
        "| Indexing passages with `embedded-static`, one model against another "
        f"| {throughput['ratio']:.0f} times as fast | "
        "sentence-transformers + faiss, all-MiniLM-L6-v2 | `benchmarks.indexing_throughput` |",
        f"| A cold `ask --json` on a built index | {cold['embedded']['ratio']:.1f} times as long; "
        f"with `embedded-static` {cold['embedded-static']['ratio']:.1f} | "
        "`import numpy, faiss, tokenizers` | `benchmarks.cold_start` |",
    ]
    rows += [load_row(), torture_row(), peers_row(), scale_row(), planted_row()]
    machine = test["machine"]
    note = f"Measured on {machine['cores']} cores ({machine['processor']}), profile `embedded`, no GPU, no download."
    return "\n".join([*rows, "", note])


def limits() -> str:
    metrics = result("evaluation")["metrics"]
    return (
        "**What the default cannot do.** It quotes one or a few sentences and does not write or conclude from several: "
        f"of the answerable questions of our own, harder set {with_interval(metrics['contained'])} "
        f"get an accepted answer and {with_interval(metrics['wrong_refusal'])} are refused.\n"
        "It often takes a near miss for an answer: of the questions "
        f"that the documents do not answer it refuses only {with_interval(metrics['right_refusal'])}."
    )


def directions() -> str:
    groups = result("evaluation")["groups"]["direction"]
    columns = {
        "recall@5": "recall@5",
        "contained": "accepted answer",
        "citation_precision": "citation precision",
        "wrong_refusal": "wrong refusals",
        "right_refusal": "right refusals",
    }
    rows = ["| direction | questions | " + " | ".join(columns.values()) + " |", "|---|---|" + "---|" * len(columns)]
    for key, told in DIRECTIONS.items():
        found = groups[key]
        cells = " | ".join(with_interval(found[name]) if name in found else "–" for name in columns)
        rows.append(f"| {told} | {found['recall@5']['n'] + found.get('right_refusal', {'n': 0})['n']} | {cells} |")
    return "\n".join(rows)


def small_models() -> str:
    """Return what finds the right passage, in both languages, and how well the reader reads."""
    found = result("small_models")
    languages = {"Japanese": found["languages"]["ja"], "English": found["languages"]["en"]}
    measures = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
    asked = " and ".join(f"{one['questions']} over {one['passages']:,} ({name})" for name, one in languages.items())
    head = " | ".join(f"{name} {measure}" for name in languages for measure in measures)
    rows = [f"Dev questions over passages: {asked}.", "", f"| search | {head} |"]
    rows.append("|---|" + "---|" * (len(languages) * len(measures)))
    for way in languages["Japanese"]["retrieval"]:
        cells = (f"{100 * one['retrieval'][way][name][0]:.1f}" for one in languages.values() for name in measures)
        rows.append(f"| {way} | {' | '.join(cells)} |")
    rows += ["", "| | Japanese | English |", "|---|---|---|"]
    for told, part, name in (
        ("reader: exact match on the right passage", "reading", "exact_match"),
        ("reader: F1 on the right passage (characters for Japanese)", "reading", "f1"),
        ("reader: AUROC, the right passage among six or not", "abstention", "auroc"),
    ):
        values = [one[part][name] for one in languages.values()]
        cells = [f"{100 * (value[0] if isinstance(value, list) else value):.1f}" for value in values]
        rows.append(f"| {told} | {' | '.join(cells)} |")
    speeds = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in found["speed"].items())
    return "\n".join([*rows, "", f"Speed on {found['machine']['cores']} cores: {speeds}."])


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"measured": measured, "limits": limits},
    "docs/evaluation.md": {"directions": directions},
    "docs/models.md": {"small": small_models},
}


def filled(file: str) -> str:
    """Return the file with its measured parts made anew."""
    text = (ROOT / file).read_text(encoding="utf-8")
    for name, make in PARTS[file].items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{file} has no part {begin} … {end}.")
        part = f"{begin}\n{make()}\n{end}"
        text = pattern.sub(lambda _, part=part: part, text)  # type: ignore[misc]
    return text


def main() -> None:
    for file in PARTS:
        (ROOT / file).write_text(filled(file), encoding="utf-8")


if __name__ == "__main__":
    main()
