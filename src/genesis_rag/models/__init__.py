"""models.toml as values, and the models that it names as files: which there are, whether they are here and right."""

from genesis_rag.models.catalogue import Catalogue, load_catalogue
from genesis_rag.models.spec import FileSpec, ModelSpec, ProfileSpec

__all__ = ["Catalogue", "FileSpec", "ModelSpec", "ProfileSpec", "load_catalogue"]
