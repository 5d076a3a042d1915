"""Ask in Japanese or English over your own documents; every sentence of the answer cites the exact words.

from genesis_rag import load_settings, open_assistant

with open_assistant(load_settings()) as assistant:
    answer = assistant.ask("日本はいくら投資しますか？")
    print(answer.text, [citation.quote for citation in answer.citations])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genesis_rag.assistant import AskOptions, Assistant
    from genesis_rag.errors import GenesisError
    from genesis_rag.settings import Settings, load_settings
    from genesis_rag.types import Answer, Citation, Document, Hit, Passage, SearchFilter
    from genesis_rag.wiring import open_assistant, run_ingest

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "AskOptions",
    "Assistant",
    "Citation",
    "Document",
    "GenesisError",
    "Hit",
    "Passage",
    "SearchFilter",
    "Settings",
    "__version__",
    "load_settings",
    "open_assistant",
    "run_ingest",
]

_HOMES = {
    "AskOptions": "assistant",
    "Assistant": "assistant",
    "GenesisError": "errors",
    "Settings": "settings",
    "load_settings": "settings",
    "open_assistant": "wiring",
    "run_ingest": "wiring",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use, so that ``import genesis_rag`` itself costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'genesis_rag' has no attribute '{name}'")
    return getattr(importlib.import_module(f"genesis_rag.{_HOMES.get(name, 'types')}"), name)
