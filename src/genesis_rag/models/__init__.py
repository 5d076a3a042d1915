"""models.toml as values: which models and profiles there are."""

from genesis_rag.models.catalogue import Catalogue, load_catalogue
from genesis_rag.models.spec import ModelSpec, ProfileSpec

__all__ = ["Catalogue", "ModelSpec", "ProfileSpec", "load_catalogue"]
