"""Turns, fairness, and answers that nobody waits for any more."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from genesis_rag.server.problems import BusyError
from genesis_rag.server.turns import Turns
from genesis_rag.types import PassagesFound, TextDelta

pytestmark = pytest.mark.slow

Serving = Callable[..., AbstractContextManager[str]]


def test_clients_take_turns() -> None:
    """One client asks ten times before two others ask once; they wait for one of its questions, not for all."""
    order: list[str] = []

    async def ask(turns: Turns, client: str) -> None:
        async with turns.turn(client):
            order.append(client)
            await asyncio.sleep(0)

    async def run() -> None:
        turns = Turns(at_once=1)
        tasks = [asyncio.create_task(ask(turns, client)) for client in [*"a" * 10, "b", "c"]]
        await asyncio.gather(*tasks)
        assert turns.waiting == 0 and turns._free == 1

    asyncio.run(run())
    assert order[:5] == ["a", "a", "b", "c", "a"] and len(order) == 12


def test_at_most_so_many_at_once_and_so_many_waiting() -> None:
    async def run() -> None:
        turns, gone, running, most = Turns(at_once=3, most_waiting=4), asyncio.Event(), 0, 0

        async def ask(number: int) -> None:
            nonlocal running, most
            async with turns.turn(str(number % 2)):
                running += 1
                most = max(most, running)
                await gone.wait()
                running -= 1

        tasks = [asyncio.create_task(ask(number)) for number in range(7)]
        await asyncio.sleep(0)
        assert (running, turns.waiting) == (3, 4)
        with pytest.raises(BusyError):
            await ask(8)
        gone.set()
        await asyncio.gather(*tasks)
        assert (most, turns.waiting, turns._free) == (3, 0, 3)

    asyncio.run(run())


@pytest.mark.parametrize("moment", ["waiting", "just called"])
def test_who_goes_away_gives_the_turn_on(moment: str) -> None:
    async def run() -> None:
        turns, order = Turns(at_once=1), []

        async def ask(name: str) -> None:
            async with turns.turn(name):
                order.append(name)

        first = turns.turn("first")
        await first.__aenter__()
        leaving, staying = asyncio.create_task(ask("leaving")), asyncio.create_task(ask("staying"))
        await asyncio.sleep(0)
        if moment == "waiting":
            leaving.cancel()
            await asyncio.sleep(0)
            await first.__aexit__(None, None, None)
        else:
            await first.__aexit__(None, None, None)
            leaving.cancel()
        await asyncio.gather(leaving, staying, return_exceptions=True)
        assert order == ["staying"] and (turns.waiting, turns._free) == (0, 1)

    asyncio.run(run())


class Endless:
    """An assistant whose answer never ends by itself."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain
        self.made = 0
        self.closed = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def stream(self, question: str, options: Any = None) -> Iterator[Any]:
        try:
            yield PassagesFound(())
            while True:
                self.made += 1
                time.sleep(0.01)
                yield TextDelta("word ")
        finally:
            self.closed.set()


@pytest.mark.parametrize("path", ["/api/ask", "/v1/chat/completions"])
def test_an_answer_stops_when_its_reader_leaves(assistant: Any, tmp_path: Path, serving: Serving, path: str) -> None:
    endless = Endless(assistant)
    body: dict[str, Any] = {"question": "x"}
    if path != "/api/ask":
        body = {"model": "embedded", "stream": True, "messages": [{"role": "user", "content": "x"}]}
    headers = {"Accept": "text/event-stream"}
    with serving(lambda: endless, tmp_path) as address:
        with httpx.stream("POST", address + path, json=body, headers=headers) as response:
            for _ in zip(range(5), response.iter_lines(), strict=False):
                pass
        assert endless.closed.wait(10)
        made = endless.made
        time.sleep(0.1)
        assert endless.made == made


def test_a_crowd_of_questions_leaves_room_for_the_rest(assistant: Any, tmp_path: Path, serving: Serving) -> None:
    go_on = threading.Event()
    plain = assistant.ask

    def ask(question: str, options: Any = None) -> Any:
        assert go_on.wait(30)
        return plain(question, options)

    assistant.ask = ask
    with serving(lambda: assistant, tmp_path) as address:
        statuses: list[int] = []

        def one() -> None:
            statuses.append(httpx.post(f"{address}/api/ask", json={"question": "invest"}, timeout=60).status_code)

        threads = [threading.Thread(target=one) for _ in range(60)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 20
        while "genesis_questions_waiting 44" not in (told := httpx.get(f"{address}/metrics", timeout=10).text):
            assert time.monotonic() < end, told
            time.sleep(0.05)
        assert httpx.get(f"{address}/api/documents", timeout=10).status_code == 200
        go_on.set()
        for thread in threads:
            thread.join()
        assert statuses == [200] * 60
