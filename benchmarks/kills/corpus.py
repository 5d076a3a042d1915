"""A folder of documents that changes from round to round: added, changed, renamed, doubled and removed files."""

from __future__ import annotations

import json
import random
from pathlib import Path

ENGLISH = (
    "energy mission research funding chips quantum reactor compute policy minister budget science agreement "
    "laboratory industry partner million billion year plan joint report launch data model safety"
)
JAPANESE = "研究 予算 日本 米国 投資 計画 核融合 量子 半導体 大臣 合意 五億ドル 令和八年度 共同 産業 基盤 人工知能 報告"


class Corpus:
    """Knows what every source must hold now, and everything it ever held."""

    def __init__(self, folder: Path, seed: int, documents: int = 36, lines: int = 40) -> None:
        self.folder = folder
        self._random = random.Random(seed)
        self._texts: dict[str, str] = {}
        self._lines: dict[str, str] = {}
        self.history: dict[str, set[str]] = {}
        for number in range(documents):
            self._texts[self._name(number)] = self._text()
        for number in range(lines):
            self._lines[f"p{number}"] = self._text(sentences=3)
        self._next = max(documents, lines)
        self._write()

    @property
    def expected(self) -> dict[str, str]:
        """Return source -> text, as a finished run must have it."""
        lines = {f"passages.jsonl#{key}": text for key, text in self._lines.items()}
        return {**{name: text for name, text in self._texts.items()}, **lines}

    def change(self, steps: int = 14) -> None:
        """Let a day pass."""
        for _ in range(steps):
            self._random.choice((self._add, self._edit, self._edit, self._rename, self._copy, self._remove))()
        self._write()

    def keep_small(self, documents: int, characters: int) -> None:
        """Let the oldest documents and lines and the ends of long ones go, and forget what was: nothing grows."""
        for kept in (self._texts, self._lines):
            for name in list(kept)[:-documents]:
                del kept[name]
        for name, text in self._texts.items():
            if len(text) > characters:
                self._texts[name] = text[:characters].rpartition("\n\n")[0] or text[:characters].strip()
        self.history = {}
        self._write()

    def _add(self) -> None:
        self._next += 1
        self._texts[self._name(self._next)] = self._text()
        self._lines[f"p{self._next}"] = self._text(sentences=3)

    def _edit(self) -> None:
        name, line = self._random.choice(sorted(self._texts)), self._random.choice(sorted(self._lines))
        self._texts[name] += "\n\n" + self._text(sentences=2)
        self._lines[line] = self._text(sentences=3)

    def _rename(self) -> None:
        name = self._random.choice(sorted(self._texts))
        self._next += 1
        self._texts[self._name(self._next)] = self._texts.pop(name)

    def _copy(self) -> None:
        name = self._random.choice(sorted(self._texts))
        self._next += 1
        self._texts[self._name(self._next)] = self._texts[name]

    def _remove(self) -> None:
        if len(self._texts) > 10 and len(self._lines) > 5:
            del self._texts[self._random.choice(sorted(self._texts))]
            del self._lines[self._random.choice(sorted(self._lines))]

    def _name(self, number: int) -> str:
        return f"folder{number % 5}/document{number}.txt"

    def _text(self, sentences: int = 12) -> str:
        if self._random.random() < 0.5:
            return "".join("は".join(self._random.sample(JAPANESE.split(), 4)) + "。" for _ in range(sentences))
        return " ".join(" ".join(self._random.sample(ENGLISH.split(), 7)).capitalize() + "." for _ in range(sentences))

    def _write(self) -> None:
        for path in sorted(self.folder.rglob("*.txt")):
            if path.relative_to(self.folder).as_posix() not in self._texts:
                path.unlink()
        for name, text in self._texts.items():
            self._put(self.folder / name, text)
        rows = [{"id": key, "title": f"Passage {key}", "text": text} for key, text in self._lines.items()]
        self._put(self.folder / "passages.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        for source, text in self.expected.items():
            self.history.setdefault(source, set()).add(text)

    @staticmethod
    def _put(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
