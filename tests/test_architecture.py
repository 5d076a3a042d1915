"""The plan of the house as a test: who may import whom, where heavy libraries live, how long files are."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "genesis_rag"
FILES = sorted(PACKAGE.rglob("*.py"))
BASE = {"types", "errors", "protocols"}

ALLOWED: dict[str, set[str]] = {
    "__init__": {"types", "errors", "settings", "assistant", "wiring"},
    "values": set(),
    "types": set(),
    "errors": set(),
    "protocols": {"types"},
    "text": {"types", "errors"},
    "models": BASE,
    "settings": {"errors", "models"},
    "documents": {"types", "errors", "text"},
    "chunking": {"types", "text"},
    "remote": {"errors"},
    "onnx_graph": {"errors"},
    "fetching": {"errors"},
    "gguf_file": {"errors"},
    "embedding": BASE | {"text", "remote", "onnx_graph", "gguf_file"},
    "reranking": BASE | {"remote", "onnx_graph"},
    "reading": BASE | {"text", "onnx_graph"},
    "generation": BASE | {"remote", "gguf_file"},
    "index": BASE,
    "retrieval": BASE | {"text", "chunking"},
    "answering": BASE | {"text"},
    "conversation": BASE | {"text"},
    "cluster": BASE | {"index"},
    "indexes": BASE | {"settings", "index", "cluster"},
    "migration": BASE | {"settings", "indexes", "assistant", "wiring"},
    "ingest": BASE | {"documents", "chunking", "index"},
    "backup": BASE | {"index"},
    "assistant": BASE | {"index", "retrieval"},
    "engines": BASE | {"settings", "models", "embedding", "reranking", "reading", "generation"},
    "answerers": BASE | {"settings", "models", "text", "index", "answering", "conversation", "engines"},
    "wiring": BASE
    | {
        "answerers",
        "engines",
        "settings",
        "models",
        "text",
        "documents",
        "chunking",
        "index",
        "indexes",
        "retrieval",
        "ingest",
        "backup",
        "assistant",
    },
    "server": {"types", "errors", "settings", "assistant", "wiring", "fetching"},
    "evaluation": {"types", "errors", "protocols", "settings", "assistant", "wiring", "text"},
    "staleness": BASE | {"assistant"},
    "cli": {"types", "errors", "settings", "models", "assistant", "wiring", "server", "evaluation", "staleness"}
    | {"migration"},
}

HEAVY = {
    "torch": {"embedding/sentence_transformers.py", "reranking/cross_encoder.py"},
    "transformers": set(),
    "sentence_transformers": {"embedding/sentence_transformers.py", "reranking/cross_encoder.py"},
    "llama_cpp": {"generation/llama_cpp.py", "embedding/llama_cpp.py"},
    "onnxruntime": {"onnx_graph.py"},
    "httpx": {"remote/client.py"},
    "ray": {"ingest/on_ray.py"},
    "faiss": {"index/vectors.py", "index/faiss_parts.py", "index/coded.py"},
    "tantivy": {"index/lexical.py"},
    "sudachipy": {"text/terms_sudachi.py"},
    "fastapi": {"server/"},
    "mcp": {"server/mcp_tools.py", "server/mcp_endpoint.py"},
    "uvicorn": {"server/", "cli/serve.py"},
    "pypdfium2": {"documents/pdf.py", "documents/pdf_page.py"},
    "lxml": {"documents/"},
    "markdown_it": {"documents/markdown.py"},
    "docx": set(),
    "pptx": set(),
    "openpyxl": set(),
    "pymilvus": {"cluster/milvus.py"},
    "milvus_lite": set(),
    "fsspec": {"cluster/texts.py"},
    "tokenizers": {"embedding/static.py", "onnx_graph.py"},
    "safetensors": set(),
}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported_modules(path: Path) -> list[str]:
    """All imports, deferred ones and those for type checking too."""
    names: list[str] = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += [node.module or ""]
            if node.module == "genesis_rag":
                names += [f"genesis_rag.{alias.name}" for alias in node.names]
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms_import_only_what_the_plan_allows(path: Path) -> None:
    own = room(path)
    for name in imported_modules(path):
        parts = name.split(".")
        if parts[0] == "genesis_rag" and len(parts) > 1 and parts[1] not in (own, "values", "__version__"):
            assert parts[1] in ALLOWED[own], f"{own} may not import {parts[1]}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_are_imported_in_their_one_file(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    for name in imported_modules(path):
        library = name.split(".")[0]
        if library in HEAVY:
            assert any(place.startswith(allowed) for allowed in HEAVY[library]), f"{place} imports {library}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_stay_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 320, "files stay under about 300 lines"
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 50, f"{node.name} has {length} lines; functions stay under about 40"


def test_no_pickle_and_no_environment_outside_the_edge() -> None:
    for path in FILES:
        names = imported_modules(path)
        assert not {"pickle", "shelve", "dill"} & set(names), path
        if room(path) not in ("settings", "cli"):
            source = path.read_text(encoding="utf-8")
            assert "os.environ" not in source and "getenv" not in source, f"{path} reads the environment"


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, genesis_rag; print(*sorted(m for m in sys.modules if '.' not in m))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {*HEAVY, "numpy", "pydantic", "rich", "typer"}


def test_tracked_files_stay_small() -> None:
    root = PACKAGE.parent.parent
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    sizes = [(root / name).stat().st_size for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    assert sum(sizes) < 50 * 2**20
