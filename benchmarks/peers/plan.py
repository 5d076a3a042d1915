"""Which engines are measured in which table, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PEERS = ("txtai", "haystack", "langchain", "llamaindex")
TABLES = ("minilm", "static", "small", "best")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        name: of the row.
        adapter: module of ``benchmarks.peers.adapters``.
        variant: what the adapter makes of it.
        model: folder or profile.
        given: name of the vectors that stand in for the model over all passages; empty to embed all for real.
        shares: the row before it whose index this one searches, if any.
    """

    name: str
    adapter: str
    variant: str
    model: str
    given: str = ""
    shares: str = ""


def rows(table: str, models: Mapping[str, str]) -> list[Row]:
    """Return the rows of a table; two rows of the same index stand one after the other."""
    if table == "best":
        return [
            *(Row(f"{name} hybrid", name, "hybrid", models["minilm"], "minilm") for name in PEERS),
            Row("ours, embedded-static", "ours", "chunks", "embedded-static"),
            Row("ours, embedded", "ours", "chunks", "embedded", "small"),
            Row("ours, embedded, reranked", "ours", "reranked", "embedded", "small", shares="ours, embedded"),
        ]
    given = "" if table == "static" else table
    chosen = [Row(name, name, "dense", models[table], given) for name in ("raw", *PEERS)]
    if table == "minilm":
        chosen += [Row(f"{name} hybrid", name, "hybrid", models[table], given) for name in PEERS]
        return chosen + ours(models[table], given, ", torch") + ours(models["onnx"], given, ", ONNX")
    return chosen + ours("embedded-static" if table == "static" else "embedded", given, "")


def ours(model: str, given: str, engine: str) -> list[Row]:
    """Return our search by vectors and words, and that by vectors alone over the same index."""
    hybrid = Row(f"ours{engine}", "ours", "whole", model, given)
    return [hybrid, Row(f"ours dense alone{engine}", "ours", "dense", model, given, shares=hybrid.name)]
