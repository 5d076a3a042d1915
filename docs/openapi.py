"""Writes docs/openapi.json: what the web API accepts, as the server itself tells it.

python docs/openapi.py
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from starlette.testclient import TestClient

from genesis_rag.server.app import create_app
from genesis_rag.server.workshop import Workshop
from genesis_rag.settings import Settings

TARGET = Path(__file__).resolve().parent / "openapi.json"


def described() -> str:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        app = create_app(Workshop(settings).open_assistant, settings)
        client = TestClient(app, base_url="http://127.0.0.1")
        return json.dumps(client.get("/api/openapi.json").json(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(described(), encoding="utf-8")
    print(TARGET)
