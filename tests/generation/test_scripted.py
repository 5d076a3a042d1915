from __future__ import annotations

import json
from pathlib import Path

import pytest

from genesis_rag.errors import ModelError, SettingsError
from genesis_rag.generation import open_generator
from genesis_rag.generation.scripted import ScriptedGenerator


def test_replies_come_in_turn_and_the_last_one_stays() -> None:
    generator = ScriptedGenerator(["一番目の答え", "second"])
    said = ["".join(generator.stream((("user", "?"),), max_tokens=100)) for _ in range(3)]
    assert said == ["一番目の答え", "second", "second"]
    assert len(list(ScriptedGenerator(["123456789"]).stream((), max_tokens=100))) == 3
    assert "".join(ScriptedGenerator(["123456789"]).stream((), max_tokens=5)) == "12345"
    assert "".join(ScriptedGenerator([]).stream((), max_tokens=5)) == ""


def test_scripts_are_read_from_files(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text(json.dumps(["はい。[1]"]), encoding="utf-8")
    generator = open_generator("scripted", path)
    assert "".join(generator.stream((("user", "?"),), max_tokens=50)) == "はい。[1]"
    for wrong in ("{", '{"a": 1}', "[1]"):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(ModelError):
            open_generator("scripted", path)
    with pytest.raises(SettingsError, match="no generation backend"):
        open_generator("parrot", path)
