"""The packaged models.toml is sound, and a wrong one is refused with its line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from genesis_rag.embedding import BACKENDS as EMBEDDING
from genesis_rag.errors import SettingsError
from genesis_rag.generation import BACKENDS as GENERATION
from genesis_rag.models import FileSpec, load_catalogue
from genesis_rag.models.canary import check_embedder, check_reranker
from genesis_rag.models.machine import Machine, this_machine
from genesis_rag.reading import BACKENDS as READING
from genesis_rag.reranking import BACKENDS as RERANKING

BACKENDS = {"embedding": EMBEDDING, "reranking": RERANKING, "reading": READING, "generation": GENERATION}
MODEL = """[models.mine]
task = "embedding"
backend = "onnx"
licence = "MIT"
"""
REVISION = "a" * 40


def test_every_packaged_model_is_complete() -> None:
    catalogue = load_catalogue()
    for model in catalogue.models.values():
        assert model.backend in BACKENDS[model.task], model.name
        if not model.repo:
            continue
        assert re.fullmatch(r"[0-9a-f]{40}", model.revision) and model.files and model.memory_mb, model.name
        assert not any(file.name.endswith((".bin", ".pt", ".pkl")) for file in model.files), model.name
        assert all(bool(file.sha256) == bool(file.confidence) for file in model.files), model.name
        if model.file:
            assert model.file in [file.name for file in model.files], model.name
        if model.task == "embedding":
            assert model.pooling and model.dim and model.max_tokens, model.name
            assert model.query_prefix is not None and model.passage_prefix is not None, model.name
        if model.task == "generation":
            assert model.thinking != "unknown", model.name
            assert model.thinking != "switch" or model.template_arguments == {"enable_thinking": False}


def test_every_packaged_profile_names_models_of_the_right_task() -> None:
    catalogue = load_catalogue()
    assert {"embedded", "embedded-static", "laptop", "gpu", "server"} <= set(catalogue.profiles)
    for profile in catalogue.profiles.values():
        parts = [
            (profile.embedder, {"embedding"}),
            (profile.sentence_embedder, {"embedding"}),
            (profile.word_embedder, {"embedding"}),
            (profile.reranker, {"reranking", "reading"}),  # a reader puts passages into order too
            (profile.reader, {"reading"}),
            (profile.generator, {"generation"}),
        ]
        for name, tasks in parts:
            assert not name or catalogue.model(name).task in tasks, profile.name
    assert sum(catalogue.model(name).memory_mb for name in catalogue.profile("laptop").models) < 6000


def test_answers_are_weighed_by_the_models_that_the_weights_were_fitted_with() -> None:
    for profile in load_catalogue().profiles.values():
        sentences = profile.sentence_embedder or profile.embedder
        words = profile.word_embedder or sentences
        assert sentences == ("genesis-embed-small" if profile.reader else "genesis-embed-static"), profile.name
        assert profile.reader in ("", "genesis-reader") and words == "genesis-embed-static", profile.name


def test_pins_are_those_that_were_collected(shared: Path) -> None:
    lines = (shared / "models" / "pins.jsonl").read_text(encoding="utf-8").splitlines()
    pins = {(p["repo"], p["revision"], p["file"]): p for p in map(json.loads, lines)}
    checked = 0
    for model in load_catalogue().models.values():
        for file in model.files:
            pin = pins.get((model.repo, model.revision_of(file), file.name))
            if pin is None:
                assert not file.sha256 and not file.size, f"{model.name}/{file.name} is pinned but was not collected"
                continue
            assert (file.size, file.sha256) == (pin["size"] or 0, pin["sha256"] or ""), file.name
            assert file.confidence == (pin["confidence"] if pin["sha256"] else "")
            checked += 1
    assert checked > 40


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (MODEL, "exactly one of 'path', 'repo' and 'url'"),
        (MODEL + 'path = "x"\nurl = "http://x"\n', "exactly one"),
        (MODEL + 'repo = "a/b"\nrevision = "main"\nfiles = [{ name = "m" }]\n', "40 hexadecimal digits"),
        (MODEL + f'repo = "a/b"\nrevision = "{REVISION}"\n', "needs its 'files'"),
        (MODEL + f'repo = "../b/c"\nrevision = "{REVISION}"\nfiles = [{{ name = "m" }}]\n', "owner/name"),
        (MODEL + f'repo = "a/b"\nrevision = "{REVISION}"\nfiles = [{{ name = "../m" }}]\n', "stay inside"),
        (MODEL + f'repo = "a/b"\nrevision = "{REVISION}"\nfiles = [{{ name = "m", sha256 = "0" }}]\n', "64 hex"),
        (MODEL + f'repo = "a/b"\nrevision = "{REVISION}"\nfiles = [\n  {{ name = "m", sise = 1 }},\n]\n', "toml:8"),
        (MODEL + f'repo = "a/b"\nrevision = "{REVISION}"\nfiles = [{{ size = 1 }}]\n', "lacks 'name'"),
        (MODEL + 'path = "x"\ndim = "many"\n', "toml:6"),
        (MODEL + 'path = "x"\ndim = true\n', "not of the kind int"),
        (MODEL + 'path = "x"\nlanguages = "ja"\n', "toml:6"),
        (MODEL + 'path = "x"\npooling = "max"\n', "'max'"),
        (MODEL + 'path = "x"\ncolour = "red"\n', "unknown key 'colour'"),
        ('[profiles.p]\nembedder = "x"\nanalyser = "bigram"\nanswerer = "generative"\n', "'generator' belong together"),
    ],
)
def test_wrong_entries_are_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "models.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_catalogue(tmp_path)
    assert told in caught.value.message + caught.value.hint
    assert re.search(r"models\.toml:\d+: ", caught.value.message)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "a/../../b", "C:\\x", "a\\b", "a\x00b", ".."])
def test_file_names_stay_inside(name: str) -> None:
    with pytest.raises(ValueError, match="stay inside"):
        FileSpec(name)


def test_local_models_need_no_hub(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(MODEL + 'path = "weights/mine"\n', encoding="utf-8")
    assert load_catalogue(tmp_path).model("mine").local_path(tmp_path) == tmp_path / "weights" / "mine"
    laptop = load_catalogue().model("qwen3-4b-instruct")
    assert laptop.local_path(tmp_path, Path("/store")) == Path("/store/qwen3-4b-instruct") / laptop.file


def test_what_fits_is_told_by_memory_or_gpu() -> None:
    small = Machine(8000, ())
    assert small.fits(6000) and not small.fits(6001)
    assert Machine(8000, (("card", 24000),)).fits(20000)
    assert this_machine().memory_mb > 100


def test_the_canary_passes_what_works_and_stops_what_does_not() -> None:
    import numpy as np

    from genesis_rag.embedding.hashing import HashingEmbedder
    from genesis_rag.errors import ModelError

    check_embedder("hashing", HashingEmbedder(), ("ja", "en"))

    class Deaf(HashingEmbedder):
        def embed_queries(self, texts: object) -> np.ndarray:
            return super().embed_queries(["always the same"])

    class Swapped:
        fingerprint = "x"

        def score(self, question: str, texts: list[str]) -> np.ndarray:
            return np.arange(len(texts), dtype=np.float32)

    class Broken(Swapped):
        def score(self, question: str, texts: list[str]) -> np.ndarray:
            return np.full(len(texts), np.nan, np.float32)

    with pytest.raises(ModelError, match="does not work") as caught:
        check_embedder("deaf", Deaf(), ("ja",))
    assert "Do not index" in caught.value.hint
    for wrong in (Swapped(), Broken()):
        with pytest.raises(ModelError, match="does not prefer"):
            check_reranker("wrong", wrong, ("en",))
