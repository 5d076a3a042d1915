"""Every error that genesis-rag raises on purpose.

GenesisError                     base: a message for people and a hint that says what to do
├── UserError                    the request cannot be carried out as given (exit 2)
│   ├── SettingsError            a setting, profile or models.toml is wrong
│   ├── UnreadableDocumentError  one file cannot be read (reported, never stops a run)
│   ├── MissingExtraError        an optional library is not installed
│   ├── NotAllowedError          the user has not allowed this
│   ├── IndexNotFoundError       there is no index yet
│   ├── IndexMismatchError       the index was made by another embedder, chunker, analyser or schema
│   └── IndexLockedError         another process is writing
├── IndexDamagedError            a stored file is damaged and could not be repaired from the rest
├── ModelError                   weights are missing, damaged or unusable
└── BackendError                 an engine failed while it was running
"""

from __future__ import annotations


class GenesisError(Exception):
    """Base of all errors; ``message`` says what happened and ``hint`` what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(GenesisError):
    """The request cannot be carried out as given."""


class SettingsError(UserError):
    """A setting, a profile or models.toml is wrong."""


class UnreadableDocumentError(UserError):
    """One file cannot be read as a document."""


class MissingExtraError(UserError):
    """An optional library is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed.", f"Install it with: pip install 'genesis-rag[{extra}]'")


class NotAllowedError(UserError):
    """The user has not allowed this."""


class IndexNotFoundError(UserError):
    """There is no index at this place yet."""


class IndexMismatchError(UserError):
    """The index was filled by another embedder, chunker, term analyser or schema."""


class IndexLockedError(UserError):
    """Another process is writing to this index."""


class IndexDamagedError(GenesisError):
    """A stored file is damaged and could not be repaired from the rest."""


class ModelError(GenesisError):
    """Weights are missing, damaged or unusable."""


class BackendError(GenesisError):
    """An engine failed while it was running."""
