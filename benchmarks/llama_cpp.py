"""Our llama.cpp generator against bare `Llama.create_completion`, and what a warm beginning of a prompt saves.

Two figures, each a ratio within one run: tokens a second of the wrapped engine to the bare one, and the time to the
first token of a prompt whose first 800 tokens were just read, to that of one which shares nothing. Both take turns,
and the best of their rounds are compared: whatever else the machine does only adds time.

    python -m benchmarks.llama_cpp [--model FILE.gguf] [--rounds 7]

Without a model, a random Llama of about 47 M parameters is made in a temporary folder.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._machine import describe_machine, write_result
from benchmarks._made_models import write_llama
from genesis_rag.generation import GeneratorOptions
from genesis_rag.generation.llama_cpp import LlamaCppGenerator

TARGET_SPEED, TARGET_WARM = 0.95, 0.3
SHARED_TOKENS, NEW_TOKENS = 800, 96


def words(count: int, start: int) -> str:
    """Return ``count`` words; other ones for another ``start``."""
    return " ".join(f"w{(start + 7 * i) % 8000}" for i in range(count))


def text_of(generator: LlamaCppGenerator, tokens: int, start: int) -> str:
    """Return words that make about ``tokens`` tokens of the model."""
    sample = generator.count_tokens(words(100, start)) / 100
    return words(max(1, round(tokens / sample)), start)


def seconds_of(pieces: Iterator[Any]) -> tuple[float, float, int]:
    """Return the seconds to the first piece, to the last, and the number of pieces."""
    begin = time.perf_counter()
    first, number = 0.0, 0
    for number, _ in enumerate(pieces, 1):  # noqa: B007
        first = first or time.perf_counter() - begin
    return first, time.perf_counter() - begin, number


def speed(generator: LlamaCppGenerator, rounds: int) -> dict[str, object]:
    """Return tokens a second of both ways over the same prompt, each after a reset, taking turns."""
    messages = (("user", text_of(generator, 64, 11)),)
    prompt, stop = generator._render(messages)
    tokens = generator._tokens(prompt, special=True)
    llama = generator._llama
    seconds: dict[str, list[float]] = {"bare": [], "ours": []}
    written = 0
    for _ in range(rounds):
        for way in seconds:
            llama.reset()
            llama._ctx.kv_cache_clear()
            if way == "bare":
                pieces = llama.create_completion(tokens, max_tokens=NEW_TOKENS, temperature=0.0, stop=stop, stream=True)
            else:
                pieces = generator.stream(messages, max_tokens=NEW_TOKENS)
            _, total, number = seconds_of(pieces)
            seconds[way].append(total)
            written = max(written, number)  # ours leaves out pieces without text: half of a character, and the end
    best = {way: min(values) for way, values in seconds.items()}
    return {
        "prompt_tokens": len(tokens),
        "new_tokens": written,
        "tokens_a_second": {way: round(written / value, 1) for way, value in best.items()},
        "ratio_to_bare": round(best["bare"] / best["ours"], 3),
        "target_ratio": TARGET_SPEED,
        "times_s": {way: [round(value, 3) for value in values] for way, values in seconds.items()},
    }


def warm_start(generator: LlamaCppGenerator, rounds: int) -> dict[str, object]:
    """Return seconds to the first token with nothing read before and with the first 800 tokens read before."""
    firsts: dict[str, list[float]] = {"cold": [], "warm": []}
    for number in range(rounds):
        shared = text_of(generator, SHARED_TOKENS, 1000 * number)
        llama = generator._llama
        llama.reset()
        llama._ctx.kv_cache_clear()
        for way, question in (("cold", text_of(generator, 24, 500)), ("warm", text_of(generator, 24, 900))):
            messages = (("system", shared), ("user", question))
            firsts[way].append(seconds_of(generator.stream(messages, max_tokens=1))[0])
    best = {way: min(values) for way, values in firsts.items()}
    return {
        "shared_tokens": generator.count_tokens(text_of(generator, SHARED_TOKENS, 0)),
        "first_token_s": {way: round(value, 4) for way, value in best.items()},
        "ratio_to_cold": round(best["warm"] / best["cold"], 3),
        "target_ratio": TARGET_WARM,
        "all": {way: [round(value, 4) for value in values] for way, values in firsts.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1, help="1 measures best beside other work")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        path, name = arguments.model, "the given one"
        if path is None:
            path = Path(place) / "made.gguf"
            name = f"random Llama, {write_llama(path):,} parameters"
        generator = LlamaCppGenerator(path, GeneratorOptions(context_tokens=2048, threads=arguments.threads))
        result = {
            "command": f"python -m benchmarks.llama_cpp --rounds {arguments.rounds} --threads {arguments.threads}",
            "machine": describe_machine(),
            "model": name,
            "threads": arguments.threads,
            "speed": (fast := speed(generator, arguments.rounds)),
            "warm_start": (warm := warm_start(generator, arguments.rounds)),
        }
        generator.close()
    write_result("llama_cpp", result)
    print(f"{name}: tokens a second {fast['tokens_a_second']}, ratio {fast['ratio_to_bare']} (target {TARGET_SPEED})")
    print(f"first token {warm['first_token_s']}, ratio {warm['ratio_to_cold']} (target {TARGET_WARM})")


if __name__ == "__main__":
    main()
