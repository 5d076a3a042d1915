"""How a generator is run; what is not said here is the engine's own default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from genesis_rag.values import dataclass


@dataclass(frozen=True, slots=True)
class GeneratorOptions:
    """Settings of one generator.

    Attributes:
        context_tokens: room for prompt and answer together.
        gpu_layers: layers to put on the GPU; -1 for all.
        threads: threads to compute with; None for the engine's choice.
        instances: requests that can be served at the same time, each with a context of its own.
        flash_attention: compute attention in one pass; mostly faster on a GPU.
        kv_type: how keys and values are stored: "f16", "q8_0" or "q4_0" (less memory); empty for the engine's choice.
        speculation: tokens guessed at once from the prompt's own words; 0 for none.
        seed: seed of sampling; at temperature 0 it changes nothing.
        temperature: 0 for the likeliest token every time.
        template_arguments: passed to the chat template, such as ``enable_thinking=False``.
        stop: texts that end the answer.
        url: base address of a server's API, such as ``http://127.0.0.1:8082/v1``; several with commas.
        model: the server's name of the model.
        api_key: sent to the server as a bearer token.
        timeout: seconds without a byte from the server after which a try counts as failed.
        tries: how often a request is tried; a stream that has begun is never begun again.
        pause: seconds before the second try; doubled for each further one.
    """

    context_tokens: int = 4096
    gpu_layers: int = 0
    threads: int | None = None
    instances: int = 1
    flash_attention: bool = False
    kv_type: str = ""
    speculation: int = 0
    seed: int = 0
    temperature: float = 0.0
    template_arguments: Mapping[str, object] = field(default_factory=lambda: {"enable_thinking": False})
    stop: tuple[str, ...] = ()
    url: str = ""
    model: str = ""
    api_key: str = ""
    timeout: float = 120.0
    tries: int = 3
    pause: float = 0.5
