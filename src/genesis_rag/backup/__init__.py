"""Backups: one zip file with the store of an index, the originals of its documents, and what pins its models."""

from __future__ import annotations

from genesis_rag.backup.create import create
from genesis_rag.backup.places import Places
from genesis_rag.backup.report import BackupReport
from genesis_rag.backup.restore import restore

__all__ = ["BackupReport", "Places", "create", "restore"]
