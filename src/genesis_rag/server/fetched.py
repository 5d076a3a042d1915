"""Documents that are given by their address: fetched into the uploads, from hosts that the settings name."""

from __future__ import annotations

from genesis_rag.errors import NotAllowedError
from genesis_rag.fetching import INTERNET, fetch
from genesis_rag.server.uploads import Incoming, UploadFolder, safe_name
from genesis_rag.settings import Settings


def fetch_into(folder: UploadFolder, url: str, settings: Settings) -> Incoming:
    """Return the document at ``url``, received but neither put to disk nor checked nor under its name.

    Raises:
        NotAllowedError: its host is not named in the settings, or nothing may be fetched at all.
        UserError: it is no address, or there is nothing that can be read.
        BackendError: the host cannot be reached, or does not answer as it should.
    """
    if settings.offline:
        raise NotAllowedError("Nothing is fetched while `offline` is set.", "Download the file and give that.")
    with fetch(url, settings.hosts, network=INTERNET) as document:
        incoming = folder.receive(safe_name(document.name))
        try:
            for block in document.blocks():
                incoming.write(block)
        except BaseException:
            incoming.close()
            raise
    return incoming
