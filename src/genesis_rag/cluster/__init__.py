"""An index that many machines search: chunks in Milvus, texts of documents at any fsspec address.

The store of the home that fills it (SQLite) stays the truth; what lies here is made from it, as the search files of one
machine are, and is enough to search, to answer and to check every citation without that store.
"""

from __future__ import annotations

from genesis_rag.cluster.address import ClusterAddress, parse_address
from genesis_rag.cluster.reader import ClusterIndex
from genesis_rag.cluster.writer import ClusterWriter

__all__ = ["ClusterAddress", "ClusterIndex", "ClusterWriter", "parse_address"]
