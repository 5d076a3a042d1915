"""The real llama.cpp over a tiny made model: contract, chat templates, grammar, threads, and every wrong file."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_rag.answering.prompts import citation_grammar
from genesis_rag.errors import BackendError, ModelError, SettingsError
from genesis_rag.generation import GeneratorOptions, open_generator
from genesis_rag.generation.llama_cpp import LlamaCppGenerator

pytestmark = pytest.mark.llama
OPTIONS = GeneratorOptions(context_tokens=1024, threads=1)
MESSAGES = (("system", "規則"), ("user", "日本の予算は？"))


@pytest.fixture(scope="module")
def model(tiny_gguf: Path) -> Iterator[LlamaCppGenerator]:
    pytest.importorskip("llama_cpp")
    generator = LlamaCppGenerator(tiny_gguf, OPTIONS)
    yield generator
    generator.close()


def text_of(model: LlamaCppGenerator, **options: object) -> str:
    return "".join(model.stream(MESSAGES, max_tokens=12, **options))  # type: ignore[arg-type]


def test_the_same_prompt_gives_the_same_text(model: LlamaCppGenerator) -> None:
    first = text_of(model)
    assert first
    assert [text_of(model) for _ in range(2)] == [first, first]


def test_a_grammar_leaves_only_markers_that_exist(model: LlamaCppGenerator) -> None:
    written = "".join(model.stream(MESSAGES, max_tokens=400, grammar=citation_grammar([1, 2, 3])))
    markers = re.findall(r"\[([^\]]*)\]", written)
    assert written.startswith("NONE") or set(markers) <= {"1", "2", "3"}
    only = "".join(model.stream(MESSAGES, max_tokens=40, grammar='root ::= "[" [12] "]" "[" [12] "]"'))
    assert re.fullmatch(r"\[[12]\]\[[12]\]", only)


def test_tokens_are_those_of_the_model(model: LlamaCppGenerator) -> None:
    assert model.count_tokens("") == 0
    assert 0 < model.count_tokens("日本") < model.count_tokens("日本の予算")
    assert model.count_tokens("\ud800") > 0
    assert model.context_tokens == 1024


def test_a_prompt_that_does_not_fit_is_an_error_that_says_what_to_do(model: LlamaCppGenerator) -> None:
    with pytest.raises(BackendError, match="does not fit") as caught:
        list(model.stream((("user", "長" * 2000),), max_tokens=8))
    assert "-k" in caught.value.hint


def test_a_wrong_grammar_is_told(model: LlamaCppGenerator) -> None:
    with pytest.raises(BackendError, match="grammar"):
        list(model.stream(MESSAGES, max_tokens=4, grammar="root ::= nothing-of-the-kind"))


def test_leaving_early_lets_the_next_one_in(model: LlamaCppGenerator) -> None:
    stream = model.stream(MESSAGES, max_tokens=200)
    next(iter(stream))
    stream.close()  # type: ignore[attr-defined]
    assert text_of(model)


def test_eight_threads_take_turns(model: LlamaCppGenerator) -> None:
    expected, found = text_of(model), []
    threads = [threading.Thread(target=lambda: found.append(text_of(model))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [expected] * 8


def test_the_models_own_template_gets_its_arguments(templated_gguf: Path) -> None:
    pytest.importorskip("llama_cpp")
    for thinking, word in ((False, "plain"), (True, "think")):
        options = GeneratorOptions(context_tokens=256, threads=1, template_arguments={"enable_thinking": thinking})
        generator = LlamaCppGenerator(templated_gguf, options)
        prompt, _ = generator._render(MESSAGES)
        assert prompt == f"{word}<system>規則<user>日本の予算は？"
        generator.close()


def test_fingerprints_tell_files_apart(model: LlamaCppGenerator, templated_gguf: Path) -> None:
    other = LlamaCppGenerator(templated_gguf, OPTIONS)
    assert len(model.fingerprint) == 16 and model.fingerprint != other.fingerprint
    other.close()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"", "not a GGUF"),
        (b"PK\x03\x04 zip", "not a GGUF"),
        (b"GGUF\x03\0\0\0cut", "cannot load"),
    ],
)
def test_wrong_files_are_told_apart(tmp_path: Path, content: bytes | None, message: str) -> None:
    pytest.importorskip("llama_cpp")
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=message) as caught:
        open_generator("llama_cpp", path)
    assert caught.value.hint


def test_a_file_that_was_cut_off_is_told(tiny_gguf: Path, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny_gguf.read_bytes()[:-5000])
    with pytest.raises(ModelError, match="cannot load"):
        open_generator("llama_cpp", path, OPTIONS)


def test_two_instances_serve_two_at_once_and_a_third_waits(tiny_gguf: Path) -> None:
    pytest.importorskip("llama_cpp")
    options = GeneratorOptions(context_tokens=512, threads=1, instances=2)
    pool = LlamaCppGenerator(tiny_gguf, options)
    expected = text_of(pool)
    first, second = pool.stream(MESSAGES, max_tokens=200), pool.stream(MESSAGES, max_tokens=200)
    assert next(iter(first)) and next(iter(second))
    waiting = threading.Thread(target=lambda: found.append(text_of(pool)))
    found: list[str] = []
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive() and not found
    first.close()  # type: ignore[attr-defined]
    waiting.join(30)
    assert found == [expected]
    second.close()  # type: ignore[attr-defined]
    threads = [threading.Thread(target=lambda: found.append(text_of(pool))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [expected] * 9
    pool.close()


def test_tokens_can_be_counted_while_a_request_runs(model: LlamaCppGenerator) -> None:
    stream = model.stream(MESSAGES, max_tokens=50)
    next(iter(stream))
    assert model.count_tokens("日本") > 0
    stream.close()  # type: ignore[attr-defined]


def test_the_engines_options_reach_it_and_keep_the_answer(model: LlamaCppGenerator, tiny_gguf: Path) -> None:
    expected = text_of(model)
    for more in ({"flash_attention": True}, {"kv_type": "f16"}, {"speculation": 4}):
        options = GeneratorOptions(context_tokens=1024, threads=1, **more)  # type: ignore[arg-type]
        other = LlamaCppGenerator(tiny_gguf, options)
        assert text_of(other) == expected, more
        other.close()
    with pytest.raises(SettingsError, match="kv_type"):
        LlamaCppGenerator(tiny_gguf, GeneratorOptions(kv_type="q3"))


def test_the_beginning_that_two_prompts_share_is_computed_once(model: LlamaCppGenerator) -> None:
    shared = "規則 " * 60
    "".join(model.stream((("user", shared + "一"),), max_tokens=1))
    evaluated: list[int] = []
    llama = model._llama
    real = llama.eval
    llama.eval = lambda tokens: (evaluated.append(len(tokens)), real(tokens))[1]
    try:
        "".join(model.stream((("user", shared + "二"),), max_tokens=1))
    finally:
        llama.eval = real
    assert sum(evaluated) < 0.3 * model.count_tokens(shared)


def test_a_model_larger_than_the_memory_is_told(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_cpp")
    monkeypatch.setattr("genesis_rag.gguf_file._memory", lambda: 1000)
    with pytest.raises(ModelError, match="of memory") as caught:
        open_generator("llama_cpp", tiny_gguf, OPTIONS)
    assert "smaller" in caught.value.hint


def test_an_architecture_that_the_engine_does_not_know(tiny_gguf: Path, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    path = tmp_path / "strange.gguf"
    path.write_bytes(tiny_gguf.read_bytes().replace(b"llama", b"lxama"))
    with pytest.raises(ModelError, match="cannot load") as caught:
        open_generator("llama_cpp", path, OPTIONS)
    assert "newer kind" in caught.value.hint


def test_a_context_too_small_for_anything_is_told_when_it_is_used(tiny_gguf: Path) -> None:
    pytest.importorskip("llama_cpp")
    small = LlamaCppGenerator(tiny_gguf, GeneratorOptions(context_tokens=32, threads=1))
    with pytest.raises(BackendError, match="does not fit"):
        list(small.stream(MESSAGES, max_tokens=small.context_tokens))
    small.close()
