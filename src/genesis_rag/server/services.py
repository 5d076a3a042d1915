"""What the routes share."""

from __future__ import annotations

from dataclasses import dataclass

from genesis_rag.server.holder import AssistantHolder
from genesis_rag.server.metrics import Metrics
from genesis_rag.server.uploads import UploadFolder
from genesis_rag.server.workshop import Workshop
from genesis_rag.server.writing import WriteQueue
from genesis_rag.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """One of each for the whole server."""

    settings: Settings
    holder: AssistantHolder
    workshop: Workshop
    uploads: UploadFolder
    writes: WriteQueue
    metrics: Metrics
