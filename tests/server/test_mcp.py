"""The real MCP client: over standard input and output, and over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from genesis_rag.server.keys import add_key

pytestmark = pytest.mark.slow

mcp = pytest.importorskip("mcp")

Talk = Callable[[Any], Awaitable[None]]
Serving = Callable[..., AbstractContextManager[str]]
ANSWERED = "What is the first document about?"


def talk(server: Any, conversation: Talk) -> None:
    async def run() -> None:
        async with mcp.Client(server) as client:
            await conversation(client)

    anyio.run(run)


async def use_every_tool(client: Any) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"ask", "search", "get_document", "list_documents"}
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools.values())
    assert "maxLength" in str(tools["ask"].input_schema)

    async def call(name: str, **arguments: Any) -> Any:
        result = await client.call_tool(name, arguments)
        assert not result.is_error, result.content
        return result.structured_content

    answer = await call("ask", question=ANSWERED)
    assert "rivers" in answer["text"] and not answer["abstained"]
    (citation,) = answer["citations"]
    part = await call(
        "get_document",
        document=citation["document_id"],
        start=citation["start"],
        length=citation["end"] - citation["start"],
    )
    assert part["text"] == citation["quote"]
    assert (await call("get_document", document=citation["source"]))["length"] == part["length"]
    hits = (await call("search", query="rivers", k=3))["hits"]
    assert hits[0]["source"] == "corpus/documents/first.md"
    assert (await call("search", query="rivers", documents_in="ja"))["hits"] == []
    listed = await call("list_documents", words="first")
    assert [one["title"] for one in listed["documents"]] == ["First"]
    assert (await call("list_documents", words="nothing"))["total"] == 0
    for name, arguments, told in [
        ("get_document", {"document": "../models.toml"}, "holds no document"),
        ("search", {"query": ""}, "at least 1 character"),
        ("ask", {"question": "x", "language": "fr"}, "language"),
    ]:
        result = await client.call_tool(name, arguments)
        assert result.is_error and told in result.content[0].text


def test_over_standard_input_and_output(home: Path) -> None:
    program = Path(sys.executable).with_name("genesis-rag")
    arguments = [
        "mcp",
        "--home",
        str(home),
        "--profile",
        "embedded-static",
        "--quiet",
    ]  # its client hides the environment
    talk(mcp.StdioServerParameters(command=str(program), args=arguments), use_every_tool)


def test_over_http_beside_the_page(home: Path, serving: Serving) -> None:
    with serving(None, home) as address:
        talk(f"{address}/mcp", use_every_tool)
        counted = httpx.get(f"{address}/metrics").text
        assert 'genesis_answers_total{outcome="answered",language="en"} 1' in counted
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        for headers in ({"Host": "evil.org"}, {"Origin": "http://evil.org"}):
            assert httpx.post(f"{address}/mcp", json=call, headers=headers).status_code in (403, 421)


def test_over_http_with_a_key(home: Path, serving: Serving) -> None:
    token = add_key(home, "reader", "read")
    with serving(None, home) as address:
        assert httpx.post(f"{address}/mcp", json={}).status_code == 401

        async def run() -> None:
            async with httpx2_client(token) as http:
                transport = mcp.client.streamable_http.streamable_http_client(f"{address}/mcp", http_client=http)
                async with mcp.Client(transport) as client:
                    assert len((await client.list_tools()).tools) == 4

        anyio.run(run)


def httpx2_client(token: str) -> Any:
    import httpx2

    return httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"})


def test_without_the_library_it_says_what_to_install(
    home: Path, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "genesis_rag.server.mcp_tools", None)
    with serving(None, home) as address:
        response = httpx.post(f"{address}/mcp", json={})
        assert response.status_code == 501
        assert "genesis-rag[mcp]" in response.json()["error"]["hint"]
        assert httpx.get(f"{address}/api/documents").status_code == 200


def test_the_page_and_the_api_do_not_load_it() -> None:
    import subprocess

    code = "import sys; import genesis_rag.server.app; print('mcp' in sys.modules, 'openai' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "False False\n"
