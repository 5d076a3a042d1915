from __future__ import annotations

from pathlib import Path

import pytest

from genesis_rag.errors import SettingsError
from genesis_rag.models import load_catalogue
from genesis_rag.settings import load_settings


def write(home: Path, text: str) -> None:
    (home / "models.toml").write_text(text, encoding="utf-8")


def test_sources_override_each_other_in_order(tmp_path: Path) -> None:
    assert load_settings(home=tmp_path, environ={}).passages == 6
    write(tmp_path, "[settings]\npassages = 3\n")
    assert load_settings(home=tmp_path, environ={}).passages == 3
    assert load_settings(home=tmp_path, environ={"GENESIS_PASSAGES": "4"}).passages == 4
    assert load_settings(home=tmp_path, environ={"GENESIS_PASSAGES": "4"}, passages=5).passages == 5
    assert load_settings(home=tmp_path, environ={"GENESIS_PASSAGES": "4"}, passages=None).passages == 4


def test_home_comes_from_argument_environment_folder_or_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(environ={"XDG_DATA_HOME": "/data"}).home == Path("/data/genesis-rag")
    write(tmp_path, "")
    assert load_settings(environ={}).home == tmp_path
    assert load_settings(environ={"GENESIS_HOME": "/elsewhere"}).home == Path("/elsewhere")
    assert load_settings(home=Path("/given"), environ={"GENESIS_HOME": "/elsewhere"}).home == Path("/given")


@pytest.mark.parametrize("text", ["x", "0", "-3", "1.5"])
def test_wrong_numbers_name_the_setting(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(home=tmp_path, environ={"GENESIS_PORT": text})
    assert "GENESIS_PORT" in caught.value.message and text in caught.value.message


def test_unknown_profile_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(home=tmp_path, environ={}, profile="huge")
    assert "embedded-static" in caught.value.hint


def test_unknown_key_names_file_and_line(tmp_path: Path) -> None:
    write(
        tmp_path,
        '# mine\n[models.mine]\ntask = "embedding"\nbackend = "static"\npath = "x"\nlicence = "MIT"\ncolour = 1\n',
    )
    with pytest.raises(SettingsError) as caught:
        load_catalogue(tmp_path)
    assert "models.toml:7" in caught.value.message and "colour" in caught.value.message


def test_missing_key_and_broken_file_are_told(tmp_path: Path) -> None:
    write(tmp_path, '[models.mine]\ntask = "embedding"\n')
    with pytest.raises(SettingsError, match="lacks 'backend'"):
        load_catalogue(tmp_path)
    write(tmp_path, "not toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_catalogue(tmp_path)


def test_home_tables_replace_the_packaged_ones(tmp_path: Path) -> None:
    write(tmp_path, '[profiles.embedded]\nembedder = "mine"\nanalyser = "sudachi"\nanswerer = "extractive"\n')
    catalogue = load_catalogue(tmp_path)
    assert catalogue.profile("embedded").analyser == "sudachi"
    assert catalogue.profile("embedded-static").embedder == "genesis-embed-static"


def test_packaged_weights_are_named_not_located() -> None:
    spec = load_catalogue().model("genesis-embed-static")
    assert spec.path == "package:static"
    assert spec.local_path(Path("/home/x")).parts[-2:] == ("embedded", "static")
