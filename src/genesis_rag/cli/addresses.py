"""Documents named by their address on the command line: fetched into the uploads of the home, then files like any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from genesis_rag.settings import Settings

SCHEMES = ("http://", "https://")


class PathOrAddress(click.Path):
    """A file or folder that is there, or an address of the web, which stays text."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """Return a Path or the address."""
        if isinstance(value, str) and value.lower().startswith(SCHEMES):
            return value
        return super().convert(value, parameter, context)


def local_paths(settings: Settings, given: Sequence[Path | str]) -> list[Path]:
    """Return paths for all that was given; documents of the web are fetched first.

    Raises:
        NotAllowedError: a host is not named in the settings.
        UserError: there is nothing to read at an address.
        BackendError: a host cannot be reached.
    """
    return [_fetched(settings, one) if isinstance(one, str) else one for one in given]


def _fetched(settings: Settings, url: str) -> Path:
    from genesis_rag.server.fetched import fetch_into
    from genesis_rag.server.uploads import UploadFolder
    from genesis_rag.wiring import require_readable

    folder = UploadFolder(settings.home)
    incoming = fetch_into(folder, url, settings)
    try:
        incoming.received()
        require_readable(incoming.path)
        with folder.writing():
            incoming.place()
        return incoming.target
    finally:
        incoming.close()
