"""GGUF models in llama.cpp, in this process.

One ``Llama`` used from two threads crashes the process, so each instance serves one request at a time and the others
wait; several instances share the weights (the file is mapped) but not their contexts. The one used last is taken first:
the beginning of its last prompt, which the next one mostly shares, is not computed again. The chat template of the file
is rendered here rather than by ``create_chat_completion``, which cannot pass arguments to it (such as
``enable_thinking``).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from queue import LifoQueue
from typing import Any

from genesis_rag.errors import BackendError, MissingExtraError, ModelError, SettingsError
from genesis_rag.generation.options import GeneratorOptions
from genesis_rag.gguf_file import require_gguf

_HINT = "Give the path of a GGUF file: --llm MODEL.gguf"
_EDGE_BYTES = 1 << 20
_KV_TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}
"""The engine's numbers for the types of stored keys and values; quantised values need flash attention."""


class LlamaCppGenerator:
    """Writes with one GGUF file; see ``protocols.Generator``. Threads may share it: they take turns at its instances.

    Raises:
        MissingExtraError: llama-cpp-python is not installed.
        ModelError: the file is missing, not a GGUF file, damaged, or too big for the memory.
    """

    def __init__(self, path: Path, options: GeneratorOptions) -> None:
        if find_spec("llama_cpp") is None:
            raise MissingExtraError("llama-cpp-python", "llama")
        require_gguf(path, _HINT)
        self._options = options
        self._instances = [_load(path, options) for _ in range(max(1, options.instances))]
        self._free: LifoQueue[Any] = LifoQueue()
        for instance in self._instances:
            self._free.put(instance)
        self._llama = self._instances[0]
        self._tokenizing = threading.Lock()
        self._template = _template(self._llama)
        self.context_tokens = int(self._llama.n_ctx())
        self.fingerprint = _fingerprint(path)

    def stream(
        self, messages: Sequence[tuple[str, str]], *, max_tokens: int, grammar: str | None = None
    ) -> Iterator[str]:
        """Yield pieces of text. Closing the iterator stops the engine.

        Raises:
            BackendError: the prompt does not fit into the context, the grammar is wrong, or the engine failed.
        """
        prompt, stop = self._render(messages)
        rules = self._grammar(grammar)
        tokens = self._tokens(prompt, special=True)
        if len(tokens) + max_tokens > self.context_tokens:
            raise BackendError(
                f"The prompt has {len(tokens)} tokens; with {max_tokens} for the answer it does not fit into "
                f"{self.context_tokens}.",
                "Read fewer passages (-k), or give the model a larger context.",
            )
        llama = self._free.get()
        try:
            pieces = llama.create_completion(
                tokens,
                max_tokens=max_tokens,
                temperature=self._options.temperature,
                seed=self._options.seed,
                stop=stop,
                grammar=rules,
                stream=True,
            )
            with closing(pieces):
                for piece in pieces:
                    if text := piece["choices"][0]["text"]:
                        yield text
        except (RuntimeError, ValueError) as error:
            raise BackendError(f"llama.cpp failed: {error}", "Try again; if it stays, try another model.") from error
        finally:
            self._free.put(llama)

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of ``text``."""
        return len(self._tokens(text, special=False))

    def close(self) -> None:
        """Free the model's memory, once all requests are through."""
        for _ in self._instances:
            self._free.get().close()

    def _tokens(self, text: str, *, special: bool) -> list[int]:
        """Tokenise. Only the vocabulary is read, so that a running request does not matter."""
        with self._tokenizing:
            found: list[int] = self._llama.tokenize(text.encode("utf-8", "replace"), add_bos=False, special=special)
        return found

    def _render(self, messages: Sequence[tuple[str, str]]) -> tuple[str, list[str]]:
        """Return the prompt that the model's own template makes of the messages, and what ends the answer."""
        turns = [{"role": role, "content": content} for role, content in messages]
        try:
            made = self._template(messages=turns, **self._options.template_arguments)
        except Exception as error:  # templates are programs that come with the model
            raise BackendError(
                f"The model's chat template failed: {error}", "Try another GGUF of the model."
            ) from error
        ends = [made.stop] if isinstance(made.stop, str) else list(made.stop or ())
        return made.prompt, [end for end in dict.fromkeys([*ends, *self._options.stop]) if end]

    def _grammar(self, grammar: str | None) -> Any:
        """Return the engine's form of a grammar. One that cannot be read would end the process while sampling."""
        if grammar is None:
            return None
        from llama_cpp import LlamaGrammar, llama_sampler_free, llama_sampler_init_grammar

        made = llama_sampler_init_grammar(self._llama._model.vocab, grammar.encode(), b"root")
        if not made:
            raise BackendError("The grammar is not accepted by llama.cpp.", "Please report this defect.")
        llama_sampler_free(made)
        return LlamaGrammar.from_string(grammar, verbose=False)


def _load(path: Path, options: GeneratorOptions) -> Any:
    from llama_cpp import Llama

    try:
        return Llama(
            model_path=str(path),
            n_ctx=options.context_tokens,
            n_gpu_layers=options.gpu_layers,
            n_threads=options.threads,
            seed=options.seed,
            verbose=False,
            **_extras(options),
        )
    except (ValueError, RuntimeError, MemoryError) as error:
        raise ModelError(
            f"llama.cpp cannot load {path.name}: {error}".rstrip(". ") + ".",
            "The file may be cut off (compare its size with the source), of a newer kind, or too big for the memory.",
        ) from error


def _extras(options: GeneratorOptions) -> dict[str, Any]:
    """Return what is not said where the engine's default holds."""
    extras: dict[str, Any] = {}
    if options.flash_attention:
        extras["flash_attn"] = True
    if options.kv_type:
        if options.kv_type not in _KV_TYPES:
            raise SettingsError(f"kv_type is '{options.kv_type}'.", f"Known: {', '.join(_KV_TYPES)}.")
        extras |= {"type_k": _KV_TYPES[options.kv_type], "type_v": _KV_TYPES[options.kv_type], "flash_attn": True}
    if options.speculation:
        from llama_cpp.llama_speculative import LlamaPromptLookupDecoding

        extras["draft_model"] = LlamaPromptLookupDecoding(num_pred_tokens=options.speculation)
    return extras


def _template(llama: Any) -> Any:
    """Return the renderer of the file's chat template, or of ChatML where it has none."""
    from llama_cpp.llama_chat_format import CHATML_CHAT_TEMPLATE, Jinja2ChatFormatter

    template = llama.metadata.get("tokenizer.chat_template")
    if template is None:
        return Jinja2ChatFormatter(CHATML_CHAT_TEMPLATE, eos_token="<|im_end|>", bos_token="")
    return Jinja2ChatFormatter(template, eos_token=_token(llama, "eos"), bos_token=_token(llama, "bos"))


def _token(llama: Any, name: str) -> str:
    number = llama.token_eos() if name == "eos" else llama.token_bos()
    return str(llama._model.token_get_text(number)) if number >= 0 else ""


def _fingerprint(path: Path) -> str:
    """Return a hash of the file's size, beginning and end: reading gigabytes at every start would take seconds."""
    size = path.stat().st_size
    digest = hashlib.sha256(f"{size}\n".encode())
    with path.open("rb") as file:
        digest.update(file.read(_EDGE_BYTES))
        file.seek(max(0, size - _EDGE_BYTES))
        digest.update(file.read(_EDGE_BYTES))
    return digest.hexdigest()[:16]
