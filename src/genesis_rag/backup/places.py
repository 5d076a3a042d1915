"""Where the files lie that belong to an index, and where those of a backup may go: never outside of the home."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from genesis_rag.errors import UserError
from genesis_rag.values import dataclass

ELSEWHERE = "restored"
"""Folder of the home for originals that lay outside of it: a backup never writes there."""

SETTINGS, PINS = "models.toml", "models.lock"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one installation.

    Attributes:
        home: relative names of sources begin here.
        index: the index.
        models: downloaded models, and the file that pins them.
        built_in: the folder of the built-in documents; they come with the program and are not copied.
    """

    home: Path
    index: Path
    models: Path
    built_in: Path

    def original(self, file: str) -> Path | None:
        """Return where the original of a file of the index lies; None for a built-in one."""
        own, shipped = self.home / file, self.built_in.parents[1] / file
        if own.is_relative_to(self.built_in):
            return None
        return None if shipped.is_relative_to(self.built_in) and not own.exists() and shipped.exists() else own

    def target(self, file: str) -> Path:
        """Return where the original of ``file`` is restored to: its own place in the home, else under ``restored``.

        Raises:
            UserError: the name leads out of the home.
        """
        parts = PurePosixPath(file).parts
        if PurePosixPath(file).is_absolute():
            parts = (ELSEWHERE, *parts[1:])
        place = self.home.joinpath(*parts)
        real = Path(os.path.realpath(place.parent))
        if not parts or ".." in parts or not real.is_relative_to(os.path.realpath(self.home)):
            raise UserError(f"The backup names a file outside of the home: {file}.", "Do not trust this backup.")
        return place

    def extras(self) -> dict[str, Path]:
        """Return the small files that belong to the index too, by their names in the backup."""
        return {SETTINGS: self.home / SETTINGS, PINS: self.models / PINS}
