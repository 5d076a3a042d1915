"""Settings: read once, at the edge, then passed on as values.

Order: arguments > ``GENESIS_*`` environment > ``[settings]`` of models.toml > the defaults below.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import Any

from genesis_rag.errors import SettingsError
from genesis_rag.models.catalogue import FILE_NAME, load_catalogue
from genesis_rag.values import dataclass

ENVIRONMENT_PREFIX = "GENESIS_"
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a user can set.

    Attributes:
        index: where the index lies: a folder, or an address of a cluster; empty for index/ of the home.
        index_token: for the cluster: user and password with a colon between, or a key.
        passages: how many passages an answer may read.
        llm: a GGUF file that writes the answers; empty for what the profile says.
        embedder: a folder or GGUF file of an embedding model, in place of the profile's; empty for that.
        offline: no connection is ever opened.
        model_folder: where downloaded models lie.
        mirrors: addresses of model hubs, tried in this order, with commas between them.
        model_api_key: sent to model servers.
        embedding_url, reranking_url, generation_url: addresses of the profile's model servers, several with commas
            between them; empty for those of models.toml.
        unsupported: what happens to sentences of a model that no passage supports: remove, mark or regenerate.
        cache_answers: answers that a model wrote are kept for when the same is asked of the same documents.
        rate_limit: requests a minute for each API key and address, where other machines are served.
        url_hosts: hosts that documents may be fetched from, with commas between them; empty for none.
        readers: processes that read documents while an index is filled.
        reader_seconds: time for one document.
        reader_memory_mb: memory of each such process.
    """

    home: Path
    profile: str = "embedded"
    index: str = ""
    index_token: str = field(default="", repr=False)
    offline: bool = False
    passages: int = 6
    llm: str = ""
    embedder: str = ""
    model_folder: str = ""
    mirrors: str = "https://huggingface.co"
    model_api_key: str = ""
    embedding_url: str = ""
    reranking_url: str = ""
    generation_url: str = ""
    unsupported: str = "remove"
    cache_answers: bool = True
    host: str = "127.0.0.1"
    port: int = 8000
    api_key: str = ""
    rate_limit: int = 300
    url_hosts: str = ""
    readers: int = min(4, os.cpu_count() or 1)
    reader_seconds: int = 600
    reader_memory_mb: int = 3072

    @property
    def index_dir(self) -> Path:
        """The folder of the index; of one in a cluster, what this home keeps in order to write to it."""
        if self.is_cluster:
            kept = re.sub(r"[^A-Za-z0-9]+", "-", self.index.partition("?")[0]).strip("-")
            return self.home / "clusters" / kept[-100:]
        return Path(self.index).expanduser().absolute() if self.index else self.home / "index"

    @property
    def is_cluster(self) -> bool:
        """Whether the index lies in a cluster."""
        return bool(re.match(r"milvus(\+tls)?:", self.index))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that documents may be fetched from."""
        return tuple(host.strip() for host in self.url_hosts.split(",") if host.strip())

    @property
    def models_dir(self) -> Path:
        """Where downloaded models lie, whatever home needs them."""
        return Path(self.model_folder).expanduser().absolute() if self.model_folder else self.home / "models"

    @property
    def corpus_dir(self) -> Path:
        """The documents that `ask` indexes when there is no index yet: the home's, else the built-in ones."""
        own = self.home / "corpus" / "documents"
        return own if own.is_dir() else built_in_corpus()


def built_in_corpus() -> Path:
    """Return the folder of the built-in documents: inside the installed package, or of the checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "corpus" / "documents"
    return installed if installed.is_dir() else package.parents[1] / "corpus" / "documents"


def load_settings(
    *, home: Path | None = None, environ: Mapping[str, str] | None = None, **arguments: object
) -> Settings:
    """Collect the settings from all sources; an argument of None counts as not given.

    Raises:
        SettingsError: a value has the wrong type, or models.toml has an unknown key.
    """
    environ = os.environ if environ is None else environ
    place = home or _home_from(environ)
    catalogue = load_catalogue(place)
    types = {f.name: f.type for f in fields(Settings) if f.name != "home"}
    values: dict[str, Any] = {"model_folder": str(_data_folder(environ) / "models")}
    for key, value in catalogue.settings.items():
        if key not in types:
            raise SettingsError(f"Unknown key '{key}' in [settings] of {FILE_NAME}.", f"Known: {', '.join(types)}.")
        values[key] = _convert(key, value, str(types[key]))
    for key in types:
        if (text := environ.get(ENVIRONMENT_PREFIX + key.upper())) not in (None, ""):
            values[key] = _convert(ENVIRONMENT_PREFIX + key.upper(), text, str(types[key]))
        if (given := arguments.get(key)) is not None:
            values[key] = _convert(key, given, str(types[key]))
    settings = Settings(home=place, **values)
    catalogue.profile(settings.profile)
    return settings


def _home_from(environ: Mapping[str, str]) -> Path:
    if text := environ.get(ENVIRONMENT_PREFIX + "HOME"):
        return Path(text).expanduser().absolute()
    if (Path.cwd() / FILE_NAME).is_file():
        return Path.cwd()
    return _data_folder(environ)


def _data_folder(environ: Mapping[str, str]) -> Path:
    data = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "genesis-rag"


def _convert(key: str, value: object, kind: str) -> object:
    """Return ``value`` as ``kind`` ("str", "int" or "bool"), or say what is wrong with it."""
    text = str(value).strip()
    if kind == "bool" and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    if kind == "int" and text.lstrip("-").isdecimal():
        number = int(text)
        if number > 0:
            return number
    if kind == "str" and isinstance(value, str):
        return text
    wanted = {"bool": "yes or no", "int": "a whole number above 0", "str": "text"}[kind]
    raise SettingsError(f"{key} is '{value}', which is not {wanted}.", f"Set {key} to {wanted}.")
