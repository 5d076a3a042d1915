"""Requests to model servers (llama-server, vLLM, Ollama …) at one address or several.

The three rooms of models speak to servers through this room only.
"""

from __future__ import annotations

from genesis_rag.remote.client import Post, RemoteClient, Server
from genesis_rag.remote.replies import Json
from genesis_rag.remote.tokens import TokenCounter, estimated_tokens, within_estimate

__all__ = ["Json", "Post", "RemoteClient", "Server", "TokenCounter", "estimated_tokens", "within_estimate"]
