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
    """

    context_tokens: int = 4096
    gpu_layers: int = 0
    threads: int | None = None
    seed: int = 0
    temperature: float = 0.0
    template_arguments: Mapping[str, object] = field(default_factory=lambda: {"enable_thinking": False})
    stop: tuple[str, ...] = ()
