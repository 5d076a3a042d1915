"""The script that compares engines on a GPU with the processors, tried out on the processors alone."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import gpu  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.slow]


def test_every_engine_is_compared_or_told_of(bert_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert_folder, folder)
    found = gpu.measure(folder, "cpu", count=32, rounds=1)
    for engine in ("torch", "onnx"):
        assert found[engine]["least_cosine"] > 0.9999
        assert found[engine]["ratio"] > 0
    assert found["llama_cpp"] == found["faiss"] == gpu.NOT_ABLE


def test_without_a_gpu_nothing_is_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu"])
    gpu.main()
    assert "no GPU" in capsys.readouterr().out
