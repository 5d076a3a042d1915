"""How a generator is run; what is not said here is the engine's own default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GeneratorOptions:
    """Settings of one generator.

    Attributes:
        context_tokens: room for prompt and answer together.
        gpu_layers: layers to put on the GPU; -1 for all.
        threads: threads to compute with; None for the engine's choice.
        seed: seed of sampling; at temperature 0 it changes nothing.
        temperature: 0 for the likeliest token every time.
        template_arguments: passed to the chat template, such as ``enable_thinking=False``.
        stop: texts that end the answer.
        url: base address of a server's API, such as ``http://127.0.0.1:8082/v1``.
        model: the server's name of the model.
        api_key: sent to the server as a bearer token.
        timeout: seconds without a byte from the server after which a try counts as failed.
        tries: how often a request is tried; a stream that has begun is never begun again.
        pause: seconds before the second try; doubled for each further one.
    """

    context_tokens: int = 4096
    gpu_layers: int = 0
    threads: int | None = None
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
