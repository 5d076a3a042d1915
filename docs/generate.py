"""Writes docs/cli.md from the commands' own --help; a test fails when the two differ. Run it with `make docs`."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from unittest import mock

from genesis_rag.cli.main import ask, genesis_rag, run

TARGET = Path(__file__).resolve().parent / "cli.md"

INTRODUCTION = """\
# The command line

Made from `--help` by `make docs`; do not edit. `ask` is `genesis-rag ask` under a shorter name. The JSON that `--json`
prints is described in [json.md](json.md).

Settings come from arguments, then `GENESIS_*` variables, then `[settings]` of models.toml: `GENESIS_HOME`,
`GENESIS_INDEX`, `GENESIS_INDEX_TOKEN` ([cluster.md](cluster.md)),
`GENESIS_PROFILE`, `GENESIS_LLM`, `GENESIS_PASSAGES`, `GENESIS_OFFLINE`, `GENESIS_HOST`, `GENESIS_PORT`,
`GENESIS_API_KEY`, `GENESIS_RATE_LIMIT`, `GENESIS_UNSUPPORTED`, `GENESIS_CACHE_ANSWERS`, `GENESIS_EMBEDDER`,
`GENESIS_MODEL_FOLDER`, `GENESIS_MIRRORS`,
`GENESIS_MODEL_API_KEY`, `GENESIS_EMBEDDING_URL`, `GENESIS_RERANKING_URL`, `GENESIS_GENERATION_URL` (addresses of model
servers), `GENESIS_READERS`, `GENESIS_READER_SECONDS`, `GENESIS_READER_MEMORY_MB` (processes that read documents, time
for one document, memory of each process).

| exit code | meaning |
|---|---|
| 0 | done; an answer that says the documents do not tell is 0 too |
| 1 | something failed, `index` skipped a file (each is named), `doctor` left something broken, `evaluate` saw a fall |
| 2 | the command cannot be carried out as given: a wrong option, no question, no index, another process is writing |
| 130 | stopped with Ctrl-C; what was finished is kept |

Results go to standard output, everything else to standard error. Colours and wrapping appear on a terminal only, and
not with `NO_COLOR`. A reader that goes away early (`| head`) ends the program quietly with 1.
"""

PAGES = (
    ("ask",),
    ("genesis-rag",),
    ("genesis-rag", "chat"),
    ("genesis-rag", "index"),
    ("genesis-rag", "search"),
    ("genesis-rag", "documents"),
    ("genesis-rag", "documents", "list"),
    ("genesis-rag", "documents", "show"),
    ("genesis-rag", "documents", "remove"),
    ("genesis-rag", "evaluate"),
    ("genesis-rag", "models"),
    ("genesis-rag", "models", "list"),
    ("genesis-rag", "models", "pull"),
    ("genesis-rag", "models", "verify"),
    ("genesis-rag", "models", "remove"),
    ("genesis-rag", "models", "licences"),
    ("genesis-rag", "answers"),
    ("genesis-rag", "answers", "save"),
    ("genesis-rag", "answers", "check"),
    ("genesis-rag", "backup"),
    ("genesis-rag", "backup", "create"),
    ("genesis-rag", "backup", "restore"),
    ("genesis-rag", "migrate"),
    ("genesis-rag", "doctor"),
    ("genesis-rag", "serve"),
    ("genesis-rag", "mcp"),
    ("genesis-rag", "keys"),
    ("genesis-rag", "keys", "add"),
    ("genesis-rag", "keys", "list"),
    ("genesis-rag", "keys", "remove"),
)


def help_of(program: str, *command: str) -> str:
    """Return what a command prints for --help at a width of 80."""
    out = io.StringIO()
    with mock.patch.dict(os.environ, {"COLUMNS": "80"}), contextlib.redirect_stdout(out):
        run(ask if program == "ask" else genesis_rag, program, [*command, "--help"])
    return out.getvalue().rstrip()


def page() -> str:
    """Return the whole of docs/cli.md."""
    parts = [INTRODUCTION]
    for words in PAGES:
        parts.append(f"\n## {' '.join(words)}\n\n```text\n{help_of(*words)}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
