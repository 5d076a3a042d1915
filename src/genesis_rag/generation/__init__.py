"""Generators: engines that write text. Chosen by name; each engine is imported in its own file, on first use."""

from __future__ import annotations

from pathlib import Path

from genesis_rag.errors import SettingsError
from genesis_rag.generation.options import GeneratorOptions
from genesis_rag.protocols import Generator

__all__ = ["BACKENDS", "GeneratorOptions", "open_generator"]

BACKENDS = ("llama_cpp", "openai_server", "scripted")


def open_generator(backend: str, path: Path, options: GeneratorOptions | None = None) -> Generator:
    """Open the generator ``backend`` over the weights (or the script) at ``path``.

    Raises:
        SettingsError: there is no such backend.
        MissingExtraError: its library is not installed.
        ModelError: the file is missing, damaged or of another kind.
    """
    chosen = options or GeneratorOptions()
    if backend == "llama_cpp":
        from genesis_rag.generation.llama_cpp import LlamaCppGenerator

        return LlamaCppGenerator(path, chosen)
    if backend == "openai_server":
        from genesis_rag.generation.openai_server import OpenAIServerGenerator

        return OpenAIServerGenerator(chosen)
    if backend == "scripted":
        from genesis_rag.generation.scripted import ScriptedGenerator

        return ScriptedGenerator.read(path)
    raise SettingsError(f"There is no generation backend '{backend}'.", f"Known: {', '.join(BACKENDS)}.")
