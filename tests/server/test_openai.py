"""The real `openai` client against the server, in one process."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from genesis_rag.server.openai_forms import harmless, harmless_beginning, harmless_index
from genesis_rag.types import AnswerDone, PassagesFound, TextDelta

openai = pytest.importorskip("openai")

QUESTION = [{"role": "user", "content": "How much to invest?"}]


@pytest.fixture
def speaker(library: TestClient, assistant: Any) -> Any:
    """An openai client; the vectors are real, the answers those of the fake assistant."""
    return openai.OpenAI(api_key="none", base_url="http://127.0.0.1:8000/v1", http_client=library, max_retries=0)


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch, assistant: Any) -> None:
    monkeypatch.setattr("genesis_rag.server.holder.AssistantHolder.get", lambda self: assistant)


def test_models_are_profiles(speaker: Any) -> None:
    assert [model.id for model in speaker.models.list()] == ["embedded-static"]
    assert speaker.models.retrieve("embedded-static").owned_by == "genesis-rag"
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-4'"):
        speaker.chat.completions.create(model="gpt-4", messages=QUESTION)


def test_an_answer_with_its_sources(speaker: Any, assistant: Any, fakes: ModuleType) -> None:
    completion = speaker.chat.completions.create(model="embedded-static", messages=QUESTION, temperature=0.2)
    answer = assistant.ask("invest")
    message = completion.choices[0].message
    assert message.content.startswith(
        answer.text + "\n\n**Sources**\n\n[1] ジェネシス・ミッション (genesis.ja.md)\n\n> “"
    )
    assert f"> “{fakes.ENGLISH_QUOTE}”" in message.content
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert completion.usage.completion_tokens > 5
    for annotation, citation in zip(message.annotations, answer.citations, strict=True):
        cited = annotation.url_citation
        assert (
            message.content[cited.start_index : cited.end_index]
            == (answer.text[citation.answer_start : citation.answer_end])
        )
        assert cited.title == citation.title
        address = urlparse(cited.url)
        assert (address.netloc, address.path) == ("127.0.0.1:8000", "/")
        assert parse_qs(address.query) == {
            "document": [citation.document_id],
            "start": [str(citation.start)],
            "end": [str(citation.end)],
        }
        assert annotation.citation["quote"] == citation.quote


def test_a_stream_says_the_same_as_the_whole(speaker: Any) -> None:
    whole = speaker.chat.completions.create(model="embedded-static", messages=QUESTION)
    chunks = list(
        speaker.chat.completions.create(
            model="embedded-static", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
    )
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == whole.choices[0].message.content
    assert len([delta for delta in deltas if delta.content]) > 5
    assert [delta.annotations for delta in deltas if getattr(delta, "annotations", None)] == [
        [annotation.model_dump() for annotation in whole.choices[0].message.annotations]
    ]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_last_message_of_the_user_is_asked_and_narrowing_is_handed_on(speaker: Any, assistant: Any) -> None:
    conversation = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "x"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "投資は？"}, {"type": "image_url", "image_url": {"url": "x"}}],
        },
    ]
    extra = {"in": "ja", "source": "*.md", "passages": 3, "language": "en"}
    completion = speaker.chat.completions.create(model="embedded-static", messages=conversation, extra_body=extra)
    assert "**出典**" in completion.choices[0].message.content
    question, options = assistant.calls[-1]
    assert (question, options.passages, options.language) == ("投資は？", 3, "en")
    assert (options.search_filter.language, options.search_filter.source_glob) == ("ja", "*.md")


def test_not_knowing_is_an_answer_without_sources(speaker: Any) -> None:
    completion = speaker.chat.completions.create(
        model="embedded-static", messages=[{"role": "user", "content": "King?"}]
    )
    assert completion.choices[0].message.content == "The documents do not say."
    assert completion.choices[0].message.annotations == []


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": "x"}],
        [{"role": "user", "content": " "}],
        [{"role": "user", "content": "x" * 4001}],
    ],
)
def test_without_a_question_there_is_an_error(speaker: Any, messages: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="There is no question"):
        speaker.chat.completions.create(model="embedded-static", messages=messages)


def test_failures_are_those_of_the_client(speaker: Any) -> None:
    boom, midway = ([{"role": "user", "content": word}] for word in ("boom", "midway"))
    with pytest.raises(openai.InternalServerError, match="The engine stopped") as caught:
        speaker.chat.completions.create(model="embedded-static", messages=boom, stream=True)
    assert caught.value.status_code == 502
    with pytest.raises(openai.APIError, match="stopped midway"):
        list(speaker.chat.completions.create(model="embedded-static", messages=midway, stream=True))
    with pytest.raises(openai.UnprocessableEntityError):
        speaker.chat.completions.create(model="embedded-static", messages=QUESTION, n=2)


def test_what_documents_say_does_not_become_markup(
    speaker: Any, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "See ![x](http://evil.invalid/a) <img src=x> [a](http://evil.invalid) [1](x)"
    plain = assistant._answer("invest")
    cited = replace(plain.citations[1], answer_start=4, answer_end=len(hostile) - 3, quote=hostile, title="<b>[t](u)")
    answer = replace(plain, text=hostile, citations=(cited,))

    def stream(question: str, options: Any = None) -> Iterator[Any]:
        yield PassagesFound(answer.passages)
        yield from (TextDelta(character) for character in hostile)
        yield AnswerDone(answer)

    monkeypatch.setattr(assistant, "stream", stream)
    message = speaker.chat.completions.create(model="embedded-static", messages=QUESTION).choices[0].message
    chunks = speaker.chat.completions.create(model="embedded-static", messages=QUESTION, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == message.content
    text = message.content
    assert not any(text[i - 1] != "\\" for i in range(len(text)) if text[i] == "<")
    assert "](" not in text.replace("\\](", "") and "![" not in text.replace("\\![", "")
    place = message.annotations[0].url_citation
    shown = text[place.start_index : place.end_index].replace("\\", "")
    assert shown == hostile[4 : len(hostile) - 3]


@given(st.text(alphabet="![](<a\\𠮟"), st.data())
def test_a_growing_text_is_made_harmless_as_the_whole_is(text: str, data: st.DataObject) -> None:
    whole = harmless(text)
    for end in range(len(text) + 1):
        assert whole.startswith(harmless_beginning(text[:end]))
    place = data.draw(st.integers(0, len(text)))
    index = harmless_index(text, place)
    if place == len(text):
        assert index == len(whole)
    else:
        assert whole[index] == text[place] or whole[index : index + 2] == "\\" + text[place]


def test_embeddings_are_unit_vectors_in_the_order_of_the_texts(speaker: Any) -> None:
    texts = ["日本の投資", "rivers and lakes", "日本の投資"]
    response = speaker.embeddings.create(model="embedded-static", input=texts)  # the client asks for base64
    rows = [one.embedding for one in response.data]
    assert [one.index for one in response.data] == [0, 1, 2]
    assert rows[0] == rows[2] != rows[1]
    assert all(math.isclose(math.hypot(*row), 1, rel_tol=1e-5) for row in rows)
    floats = speaker.embeddings.create(model="embedded-static", input=texts[0], encoding_format="float")
    assert floats.data[0].embedding == pytest.approx(rows[0], abs=1e-6)
    assert response.usage.total_tokens > floats.usage.total_tokens > 0
    with pytest.raises(openai.BadRequestError, match="dimensions"):
        speaker.embeddings.create(model="embedded-static", input="x", dimensions=len(rows[0]) + 1)
    for wrong in ([], [""], ["x"] * 257, [[1, 2, 3]]):
        with pytest.raises((openai.BadRequestError, openai.UnprocessableEntityError)):
            speaker.embeddings.create(model="embedded-static", input=wrong)
