"""Several addresses of one model: who is chosen, who is set aside, who comes back, and that no answer is patched."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiny_models
from genesis_rag.embedding import EmbedderOptions, open_embedder
from genesis_rag.errors import BackendError
from genesis_rag.generation import GeneratorOptions, open_generator
from genesis_rag.remote import RemoteClient, Server
from genesis_rag.remote.addresses import Address, Addresses
from genesis_rag.reranking import RerankerOptions, open_reranker

pytestmark = pytest.mark.slow

NOWHERE = Path()
BODY = {"input": ["日本"], "model": "m"}


def client(servers: Any, **more: Any) -> RemoteClient:
    url = ", ".join(server.url for server in servers)
    return RemoteClient(Server(url, **({"timeout": 5.0, "tries": 2, "pause": 0.01, "first_rest": 0.05} | more)))


def status(number: int) -> Any:
    return lambda handler, body: tiny_models.answer_json(handler, {"error": "trouble"}, number)


def counts(servers: Any) -> list[int]:
    return [len(server.requests) for server in servers]


def until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def test_requests_are_shared_out_in_turn(model_servers: Any) -> None:
    sent = client(model_servers)
    for _ in range(10):
        sent.post("/embeddings", BODY)
    assert counts(model_servers) == [5, 5]


def test_the_one_with_the_least_to_do_is_chosen(model_servers: Any) -> None:
    slow, quick = model_servers
    enough = threading.Event()

    def late(handler: Any, body: Any) -> None:
        enough.wait(30)
        tiny_models.answer_embeddings(handler, body)

    slow.behaviours[:] = [late]
    sent = client(model_servers, timeout=60.0)
    with ThreadPoolExecutor(2) as pool:
        work = [pool.submit(sent.post, "/embeddings", BODY) for _ in range(12)]
        assert until(lambda: len(quick.requests) == 11, 30)
        enough.set()
        assert all("data" in one.result() for one in work)
    assert counts(model_servers) == [1, 11]


@pytest.mark.parametrize("trouble", [status(503), status(500), status(429)])
def test_a_server_in_trouble_is_left_at_once_and_taken_back_when_it_is_well(model_servers: Any, trouble: Any) -> None:
    ill = model_servers[0]
    ill.behaviours[:] = [trouble]
    ill.healthy = False
    sent = client(model_servers, pause=30.0)  # another address needs no pause
    started = time.monotonic()
    for _ in range(6):
        sent.post("/embeddings", BODY)
    assert time.monotonic() - started < 25 and counts(model_servers) == [1, 6]
    assert until(lambda: ill.health_checks >= 2)
    sent.post("/embeddings", BODY)
    assert counts(model_servers) == [1, 7]
    ill.healthy = True
    assert until(lambda: sent._addresses.all[0].failures == 0)
    for _ in range(4):
        sent.post("/embeddings", BODY)
    assert counts(model_servers) == [3, 9]


def test_a_server_that_dies_and_comes_back_under_the_same_address(model_servers: Any) -> None:
    mortal, other = model_servers
    sent = client(model_servers)
    mortal.stop()
    for _ in range(4):
        sent.post("/embeddings", BODY)
    assert len(other.requests) == 4
    again = tiny_models.start_server(int(mortal.url.split(":")[2].split("/")[0]))
    try:
        assert until(lambda: sent._addresses.all[0].failures == 0)
        for _ in range(4):
            sent.post("/embeddings", BODY)
        assert len(again.requests) == 2 and len(other.requests) == 6
    finally:
        again.stop()


def test_a_server_that_says_nothing_is_left_after_the_time_out(model_servers: Any) -> None:
    model_servers[0].behaviours[:] = [lambda handler, body: time.sleep(1.0)]
    sent = client(model_servers, timeout=0.2)
    started = time.monotonic()
    sent.post("/embeddings", BODY)
    assert time.monotonic() - started >= 0.2 and counts(model_servers) == [1, 1]


def test_all_down_is_told_and_each_is_tried(model_servers: Any) -> None:
    for server in model_servers:
        server.behaviours[:] = [status(503)] * 9
    with pytest.raises(BackendError, match="answers 503: trouble"):
        client(model_servers, tries=1).post("/embeddings", BODY)
    assert counts(model_servers) == [1, 1]


def test_what_is_the_fault_of_the_request_is_not_sent_to_the_others(model_servers: Any) -> None:
    for server in model_servers:
        server.behaviours[:] = [status(400)]
    with pytest.raises(BackendError, match="answers 400"):
        client(model_servers).post("/embeddings", BODY)
    assert counts(model_servers) == [1, 0]


def test_health_is_asked_for_at_most_once_in_two_seconds(model_servers: Any) -> None:
    sent = client(model_servers)
    model_servers[0].healthy = False
    for _ in range(5):
        sent.require_healthy()
    assert [server.health_checks for server in model_servers] == [1, 1]
    model_servers[1].healthy = False
    with pytest.raises(BackendError, match="No model server is well") as caught:
        client(model_servers).require_healthy()
    assert "/v1, http" in caught.value.message


def test_a_stream_moves_before_its_first_word_and_never_after(model_servers: Any) -> None:
    def cut(events: list[str]) -> Any:
        return lambda handler, body: tiny_models.answer_events(handler, events)

    word = json.dumps({"choices": [{"delta": {"content": "は"}}]})
    url = ",".join(server.url for server in model_servers)
    generator = open_generator("openai_server", NOWHERE, GeneratorOptions(url=url, tries=2, pause=0.01))
    model_servers[0].behaviours[:] = [cut([])]
    assert "".join(generator.stream((("user", "日本 の"),), max_tokens=9)) == "日本 の "
    assert counts(model_servers) == [1, 1]
    model_servers[1].behaviours[:] = [cut([word])]
    stream = generator.stream((("user", "日本 の"),), max_tokens=9)
    assert next(stream) == "は"
    with pytest.raises(BackendError, match="broke off"):
        next(stream)
    assert sum(counts(model_servers)) == 3


def test_a_stream_counts_as_work_until_it_ends(model_servers: Any) -> None:
    sent = client(model_servers)
    body = {"messages": [{"content": "a b c"}], "max_tokens": 3}
    stream = sent.stream("/chat/completions", body)
    next(stream)
    for _ in range(4):
        sent.post("/embeddings", BODY)
    assert counts(model_servers) == [1, 4]
    stream.close()
    assert [address.busy for address in sent._addresses.all] == [0, 0]


def test_embeddings_of_two_servers_are_as_of_one(model_servers: Any) -> None:
    options = EmbedderOptions(model="m", batch=2, pause=0.01)
    both = open_embedder(
        "openai_server", NOWHERE, replace(options, url=",".join(server.url for server in model_servers))
    )
    one = open_embedder("openai_server", NOWHERE, replace(options, url=model_servers[0].url))
    texts = [f"text {number}" for number in range(20)]
    assert both.fingerprint == one.fingerprint
    for server in model_servers:
        server.delay = 0.05
    assert np.array_equal(both.embed_passages(texts), one.embed_passages(texts))
    assert min(counts(model_servers)) > 1 and max(server.most_at_once for server in model_servers) <= 4
    assert sum(server.most_at_once for server in model_servers) >= 6, "as many at once for each address"


def test_two_models_under_one_name_are_found_out(model_servers: Any) -> None:
    def other_model(handler: Any, body: Any) -> None:
        rows = [{"index": 0, "embedding": [1.0 if at % 2 else -1.0 for at in range(16)]}]
        tiny_models.answer_json(handler, {"data": rows})

    url = ",".join(server.url for server in model_servers)
    embedder = open_embedder("openai_server", NOWHERE, EmbedderOptions(url=url, model="m"))
    model_servers[1].behaviours[:] = [other_model]
    with pytest.raises(BackendError, match="do not serve the same model"):
        embedder.embed_queries(["日本"])


def test_a_reranker_at_several_addresses(model_servers: Any) -> None:
    url = ",".join(server.url for server in model_servers)
    reranker = open_reranker("server", NOWHERE, RerankerOptions(url=url, pause=0.01))
    model_servers[0].stop()
    assert reranker.score("the plan", ["plan the", "x"]).tolist() == [2.0, 0.0]


def test_health_checks_end_with_the_client(model_servers: Any) -> None:
    sent = client(model_servers)
    model_servers[0].stop()
    sent.post("/embeddings", BODY)
    sent.post("/embeddings", BODY)
    addresses = sent._addresses
    assert addresses._watched
    del sent
    assert until(lambda: not addresses._watched)


def test_tokens_are_counted_by_the_server_where_it_can(model_server: Any) -> None:
    asked: list[dict[str, Any]] = []

    def llama(handler: Any, body: dict[str, Any]) -> None:
        asked.append(body)
        tiny_models.answer_json(handler, {"tokens": list(range(len(body["content"].split())))})

    def vllm(handler: Any, body: dict[str, Any]) -> None:
        asked.append(body)
        tiny_models.answer_json(handler, {"count": len(body["prompt"].split()), "max_model_len": 9, "tokens": []})

    for way in (llama, vllm):
        model_server.tokenize = way
        asked.clear()
        embedder: Any = open_embedder("openai_server", NOWHERE, EmbedderOptions(url=model_server.url, model="m"))
        assert [embedder.count_tokens(text) for text in ("a b c", "", "長 い", "a b c")] == [3, 0, 2, 3]
        assert embedder.counts_exactly and len(asked) == 2
        assert asked[0]["add_special_tokens"] is asked[0]["add_special"] is False and asked[0]["model"] == "m"


@pytest.mark.parametrize("answer", [None, {"strange": 1}, [1, 2]])
def test_tokens_are_estimated_where_it_cannot(model_server: Any, answer: Any) -> None:
    if answer is not None:
        model_server.tokenize = lambda handler, body: tiny_models.answer_json(handler, answer)
    generator: Any = open_generator("openai_server", NOWHERE, GeneratorOptions(url=model_server.url))
    assert generator.count_tokens("日本の予算") == 5 and generator.count_tokens("budget") == 2
    assert not generator.counts_exactly


def test_a_server_in_trouble_is_not_one_that_cannot_count(model_server: Any) -> None:
    model_server.tokenize = status(500)
    generator = open_generator("openai_server", NOWHERE, GeneratorOptions(url=model_server.url))
    with pytest.raises(BackendError, match="answers 500"):
        generator.count_tokens("budget")
    model_server.tokenize = lambda handler, body: tiny_models.answer_json(handler, {"count": 1})
    assert generator.count_tokens("budget") == 1


def test_the_two_ways_of_counting_are_never_mixed(model_server: Any) -> None:
    model_server.tokenize = lambda handler, body: tiny_models.answer_json(handler, {"count": 1})
    options = GeneratorOptions(url=model_server.url, tries=1)
    generator = open_generator("openai_server", NOWHERE, options)
    assert generator.count_tokens("one long text") == 1
    model_server.tokenize = status(503)
    with pytest.raises(BackendError, match="503"):
        generator.count_tokens("another text")


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["good", "bad", "later"])), max_size=20))
def test_whatever_happens_somebody_is_chosen_and_the_well_come_first(steps: list[tuple[int, str]]) -> None:
    now, ill = [0.0], set[str]()
    addresses = Addresses(["http://a", "http://b", "http://c"], lambda one: one.url not in ill, clock=lambda: now[0])
    addresses._watched = True  # no thread; time goes on in steps
    for at, what in steps:
        address = addresses.all[at]
        if what == "good":
            ill.discard(address.url)
            addresses.succeeded(address)
        elif what == "bad":
            ill.add(address.url)
            addresses.failed(address)
        else:
            now[0] += 60.0
            addresses.look()
        chosen = addresses.take()
        addresses.done(chosen)
        well = [one for one in addresses.all if not one.failures]
        assert chosen in well if well else chosen in addresses.all
        assert {one.url for one in addresses.all if one.failures} == ill
        assert all(one.rests_until <= now[0] + 30.0 for one in addresses.all)
    assert all(isinstance(one, Address) and one.busy == 0 for one in addresses.all)
