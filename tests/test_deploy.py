"""deploy/: valid by the schema of compose files, and as closed as it says; by the engine itself where there is one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.models.catalogue import load_catalogue
from genesis_rag.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
PINNED = re.compile(r"[\w./-]+:v?[\w-]*\d+(?:\.\d+)*[\w.-]*")
ENDS = {"owner", "index"}
"""Services that do one thing and end."""


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    yaml = pytest.importorskip("yaml")
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return found


@pytest.mark.slow
def test_the_compose_file_is_valid() -> None:
    pytest.importorskip("check_jsonschema")
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    run = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("docker") is None, reason="there is no docker here")
@pytest.mark.parametrize("profile", ["llama", "vllm"])
def test_docker_understands_it(profile: str) -> None:
    command = ["docker", "compose", "-f", str(COMPOSE), "--profile", profile, "config", "--quiet"]
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker has no compose here")
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GENESIS_API_KEY": "k"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stderr


def test_images_are_pinned_by_version(services: dict[str, dict[str, Any]]) -> None:
    images = {service["image"] for service in services.values()} | set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.M))
    assert len(images) >= 7
    for image in images:
        assert PINNED.fullmatch(image) and "latest" not in image, image
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert services["server"]["image"] == f"genesis-rag:{version}"


def test_every_service_is_closed(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"] and "privileged" not in service, name
        assert name == "owner" or (service["user"].split(":")[0].isdecimal() and service["user"] != "0:0"), name
        assert ("ports" in service) == (name == "balancer"), name
        assert not any("docker.sock" in volume for volume in service.get("volumes", [])), name
    assert services["owner"]["network_mode"] == "none" and services["owner"]["cap_add"] == ["CHOWN"]


def test_every_service_that_stays_says_how_it_is(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert ("healthcheck" in service) != (name in ENDS), name
    assert "/ready" in json.dumps(services["server"]["healthcheck"]) and "/ready" in DOCKERFILE
    for service in services.values():
        for other, wanted in service.get("depends_on", {}).items():
            ended = wanted["condition"] == "service_completed_successfully"
            assert ended == (other in ENDS) and other in services


def test_there_are_no_secrets_in_it(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        for key, value in service.get("environment", {}).items():
            if re.search("KEY|TOKEN|PASSWORD|SECRET", key):
                assert re.fullmatch(r"\$\{\w+:\?.+\}", str(value)), key
    assert not re.search(r"(?i)(key|token|password|secret)\s*[=:]\s*[\"']?\w{8,}", DOCKERFILE)


def test_settings_commands_and_models_are_those_of_the_program(services: dict[str, dict[str, Any]]) -> None:
    known = {f"GENESIS_{field.name.upper()}" for field in fields(Settings)}
    used = {key for one in services.values() for key in one.get("environment", {}) if key.startswith("GENESIS_")}
    assert used | set(re.findall(r"GENESIS_\w+(?==)", DOCKERFILE)) <= known
    profile = load_catalogue().profile(services["server"]["environment"]["GENESIS_PROFILE"])
    catalogue = load_catalogue()
    for kind, model in (("embedding", profile.embedder), ("reranking", profile.reranker), ("chat", profile.generator)):
        name = catalogue.model(model).model
        assert f"--alias={name}" in services[f"{kind}-llama"]["command"]
        assert f"--served-model-name={name}" in services[f"{kind}-vllm"]["command"]
        for engine in ("llama", "vllm"):
            assert services[f"{kind}-{engine}"]["networks"] == {"inside": {"aliases": [kind]}}
            assert services[f"{kind}-{engine}"]["profiles"] == [engine]
    addresses = [value for key, value in services["server"]["environment"].items() if key.endswith("_URL")]
    assert addresses == [f"http://{kind}:8080/v1" for kind in ("embedding", "reranking", "chat")]


def test_the_image_is_made_of_what_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = re.search(r"'\.\[([\w,]+)\]'", DOCKERFILE)
    assert extras is not None and set(extras[1].split(",")) <= set(project["optional-dependencies"])
    copied = [name for line in re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.M) for name in line.split()]
    assert copied and all((ROOT / name).exists() for name in copied)
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in copied} <= set(kept)
    (user,) = re.findall(r"^USER (\S+)$", DOCKERFILE, re.M)
    assert user.split(":")[0].isdecimal() and user != "0:0"


def test_the_balancer_knows_the_servers(services: dict[str, dict[str, Any]]) -> None:
    text = (DEPLOY / "balancer.conf").read_text(encoding="utf-8")
    assert text.count("{") == text.count("}") and "server server:8000 resolve" in text
    (port,) = re.findall(r"listen (\d+);", text)
    assert services["balancer"]["ports"][0].endswith(f":{port}")
    assert "./balancer.conf:/etc/nginx/conf.d/default.conf:ro" in services["balancer"]["volumes"]
