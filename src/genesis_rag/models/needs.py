"""Whether a profile can be used on this machine now, and what to do if not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genesis_rag.errors import ModelError, SettingsError
from genesis_rag.models.spec import ModelSpec, ProfileSpec

if TYPE_CHECKING:
    from genesis_rag.models.checking import Finding

WITHOUT = "Or ask without any: profile `embedded` answers with quotations (leave out --profile)."


def require_installed(profile: ProfileSpec, models: Sequence[ModelSpec], store: Path, *, offline: bool = False) -> None:
    """Refuse a profile of which something is missing, in one error that says all that can be done about it.

    Raises:
        ModelError: files of a model are missing or not the right ones, or the model is larger than the memory.
        SettingsError: a model is behind a server, and offline mode is on.
    """
    for model in models:
        if model.url and offline:
            raise SettingsError(
                f"Offline mode is on (GENESIS_OFFLINE), and model '{model.name}' is behind a server.",
                "Unset GENESIS_OFFLINE, or choose another profile.",
            )
    missing: list[ModelSpec] = []
    for model in models:
        found = _trouble(model, store) if model.repo else []
        if any(one.trouble != "missing" for one in found):
            raise ModelError(
                f"Model '{model.name}' is not what it should be: {found[0]}.",
                f"Fetch it again: genesis-rag models pull {model.name}",
            )
        if found:
            missing.append(model)
    if missing:
        raise ModelError(_told(profile, missing), _advice(profile, missing))
    _require_memory(models)


def _trouble(model: ModelSpec, store: Path) -> list[Finding]:
    from genesis_rag.models.checking import look  # nothing that is shipped is looked at

    return look(model, store)


def by_hand(model: ModelSpec) -> str:
    """Return how a person brings the files of a model to a machine without the network."""
    names = ", ".join(file.name for file in model.files if not file.optional)
    return (
        f"By hand: from {model.repo} at revision {model.revision} take {names}; "
        f"then run: genesis-rag models pull {model.name} --from FOLDER"
    )


def size_text(size: int) -> str:
    """Return a number of bytes for people."""
    if not size:
        return "size unknown"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.{0 if size >= 1e7 else 1}f} MB"


def _told(profile: ProfileSpec, missing: Sequence[ModelSpec]) -> str:
    names = ", ".join(f"{model.name} ({size_text(model.size)})" for model in missing)
    return f"Profile '{profile.name}' needs models that are not here: {names}."


def _advice(profile: ProfileSpec, missing: Sequence[ModelSpec]) -> str:
    wanted = profile.name if len(missing) > 1 else missing[0].name
    return "\n  ".join(
        [
            f"Fetch them: genesis-rag models pull {wanted}",
            *(by_hand(model) for model in missing),
            WITHOUT,
        ]
    )


def _require_memory(models: Sequence[ModelSpec]) -> None:
    if not any(model.memory_mb > 1000 for model in models):
        return
    from genesis_rag.models.machine import this_machine  # it loads what starts processes

    machine = this_machine()
    room = max([machine.memory_mb, *(memory for _, memory in machine.gpus)])
    for model in models:
        if room and model.memory_mb > room:
            raise ModelError(
                f"Model '{model.name}' takes about {model.memory_mb:,} MB of memory, and this machine has {room:,}.",
                "Choose a smaller one: genesis-rag models list",
            )
