"""How well verification tells true claims from false ones, on the planted set: by label and language.

Each claim is looked for in the passage that holds its quote, through the product's own loaders, chunks, embedder and
analyser, as a written answer is. Caught means "not supported". Limits are set on ``dev``; ``test`` is reported.
The second and the third set were written by two other authors (see ``second.py``): nothing is tuned on the second,
the third, which is all ``dev``, is for tuning.

    python -m benchmarks.planted [--set first|second|third] [--split dev|test|both] [--show LABEL]
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from math import log
from typing import Any

from benchmarks._machine import ROOT, describe_machine, write_result
from benchmarks.planted import make, second
from genesis_rag import load_settings
from genesis_rag.answering.extractive import ExtractiveAnswerer
from genesis_rag.answering.support import SupportFinder
from genesis_rag.documents.registry import discover, load_documents
from genesis_rag.types import Chunk, Document, Passage
from genesis_rag.wiring import Parts, open_parts

TARGETS = {"number": 0.95, "date": 0.95, "invented": 0.85, "faithful": 0.05}
SETS = {"first": ("planted", make.CASES)} | {name: (f"planted-{name}", file) for name, file in second.CASES.items()}
PROFILE = "embedded-static"
"""Claims are compared by the static table in every profile; see ``word_embedder`` in models.toml."""
Case = dict[str, Any]


class Corpus:
    """The built-in documents as the product reads and cuts them."""

    def __init__(self, parts: Parts) -> None:
        files = discover([ROOT / "corpus" / "documents"], ROOT)
        self.documents = {document.source: document for file in files for document in load_documents(file)}
        self.chunks = {source: list(parts.chunk(document)) for source, document in self.documents.items()}
        self._holding: dict[str, int] = defaultdict(int)
        self._count = sum(map(len, self.chunks.values()))
        for chunks in self.chunks.values():
            for chunk in chunks:
                for term in parts.analyser.content_set(chunk.text):
                    self._holding[term] += 1

    def term_weights(self, terms: Collection[str]) -> list[float]:
        """Return inverse document frequencies, as ``wiring`` takes them from the index."""
        holding = [self._holding.get(term, 0) for term in terms]
        return [log(1.0 + (self._count - one + 0.5) / (one + 0.5)) for one in holding]

    def passage(self, source: str, quote: str) -> Passage:
        """Return the chunks that hold ``quote``, from the first to the last, as one passage."""
        document = self.documents[source]
        start = document.text.index(quote)
        end = start + len(quote)
        whole = [c for c in self.chunks[source] if c.start <= start and end <= c.end]
        return _passage(document, whole[:1] or [c for c in self.chunks[source] if c.start < end and start < c.end])


def _passage(document: Document, chunks: list[Chunk]) -> Passage:
    start, end = chunks[0].start, chunks[-1].end
    return Passage(
        marker=1,
        document_id=document.id,
        source=document.source,
        title=document.title,
        heading_path=chunks[0].heading_path,
        page=chunks[0].page,
        start=start,
        end=end,
        text=document.text[start:end],
        language=chunks[0].language,
        content_sha256=document.content_sha256,
        chunk_ids=tuple(chunk.id for chunk in chunks),
        score=1.0,
        scores={},
    )


def results(cases: list[Case]) -> Iterator[tuple[Case, bool, Any]]:
    """Yield each case with whether verification let it pass, and the support."""
    parts = open_parts(load_settings(environ={}, profile=PROFILE))
    corpus = Corpus(parts)
    finder = SupportFinder(ExtractiveAnswerer(parts.embedder, parts.analyser, corpus.term_weights).tools)
    for case in cases:
        support = finder.best(case["claim"], [corpus.passage(case["source"], case["quote"])])
        yield case, support is not None and support.enough, support


def rates(outcomes: list[tuple[Case, bool, Any]]) -> dict[str, dict[str, object]]:
    """Return, by label and by languages of claim and passage, how many cases there are and which share was flagged."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for case, passed, _ in outcomes:
        passage = case["language"] if not case["across"] else {"ja": "en", "en": "ja"}[case["language"]]
        for place in ("all", f"{case['language']} claim, {passage} passage"):
            counts[case["label"], place][0] += 1
            counts[case["label"], place][1] += not passed
    table: dict[str, dict[str, object]] = defaultdict(dict)
    for (label, place), (total, flagged) in sorted(counts.items()):
        table[label][place] = {"cases": total, "flagged": round(flagged / total, 4)}
    return dict(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--set", choices=list(SETS), default="first", dest="which")
    parser.add_argument("--split", choices=["dev", "test", "both"], default="both")
    parser.add_argument("--show", default="", help="print the cases of this label that went wrong (dev only)")
    options = parser.parse_args()
    name, file = SETS[options.which]
    cases = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    wanted = [case for case in cases if options.split in ("both", case["split"])]
    begin = time.perf_counter()
    outcomes = list(results(wanted))
    seconds = time.perf_counter() - begin
    tables = {
        split: rates([one for one in outcomes if one[0]["split"] == split])
        for split in ("dev", "test")
        if options.split in ("both", split)
    }
    print(json.dumps(tables, ensure_ascii=False, indent=1))
    for case, passed, support in outcomes:
        if case["label"] == options.show and case["split"] == "dev" and passed == (case["label"] != "faithful"):
            print(
                case["id"], case["claim"], "|", case["quote"], "|", support and (support.score, support.numbers_agree)
            )
    if options.split == "both":
        result = {
            "what": "share of claims that verification flags; of faithful ones it should be low, of all others high",
            "targets": TARGETS,
            "machine": describe_machine(),
            "milliseconds_a_claim": round(1000 * seconds / len(wanted), 2),
            **tables,
            "both": rates(outcomes),
        }
        write_result(name, result)


if __name__ == "__main__":
    main()
