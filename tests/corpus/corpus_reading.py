"""Reads one built-in document: front matter, sources and text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Written:
    """One document: its front matter, the facts of each of its sources, and its text."""

    name: str
    front: dict[str, str]
    sources: tuple[dict[str, str], ...]
    body: str

    @property
    def language(self) -> str:
        return self.front["language"]

    @property
    def facts(self) -> list[str]:
        return [fact for source in self.sources for fact in source["facts"].split(", ")]


def read_document(path: Path) -> Written:
    """Parse the small part of YAML that the corpus uses: `key: value`, and a list of such under `sources`."""
    match = FRONT.match(path.read_text(encoding="utf-8"))
    assert match, f"{path.name} has no front matter"
    front: dict[str, str] = {}
    sources: list[dict[str, str]] = []
    for line in match[1].splitlines():
        if line == "sources:":
            continue
        key, _, value = line.strip().removeprefix("- ").partition(": ")
        plain = json.loads(value) if value.startswith('"') else value
        if line.startswith("  - "):
            sources.append({key: plain})
        elif line.startswith("    "):
            sources[-1][key] = plain
        else:
            front[key] = plain
    return Written(path.name, front, tuple(sources), match[2])
