"""deploy/: valid by the schema of compose files, and as closed as it says; by the engine itself where there is one."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest

from genesis_rag.cli.index import EXIT_SKIPPED
from genesis_rag.cli.index import index as index_command
from genesis_rag.cli.main import genesis_rag
from genesis_rag.cluster import parse_address
from genesis_rag.models.catalogue import load_catalogue
from genesis_rag.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
PINNED = re.compile(r"[\w./-]+:v?[\w-]*\d+(?:\.\d+)*[\w.-]*")
INDEX = "GENESIS_INDEX"
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


def test_command_lines_are_understood_by_the_program(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    serve, index = services["server"]["command"], services["index"]["command"][0]
    (entry,), (started,) = (re.findall(rf"^{name} (\[.+\])$", DOCKERFILE, re.M) for name in ("ENTRYPOINT", "CMD"))
    command, _, rest = index.partition(" || ")
    assert services["index"]["entrypoint"] == ["sh", "-c"] and rest == f"test $$? -eq {EXIT_SKIPPED}"
    lines = [[*json.loads(entry), *json.loads(started)], [*json.loads(entry), *serve], shlex.split(command)]
    for program, name, *arguments in lines:
        assert program == "genesis-rag"
        found = genesis_rag.get_command(click.Context(genesis_rag), name)
        assert found is not None, name
        places = [str(tmp_path) if one == "/documents" else one for one in arguments]
        with found.make_context(name, places) as context:
            assert context.params["host" if name == "serve" else "prune"] in ("0.0.0.0", True)
    with pytest.raises(click.UsageError):
        index_command.make_context("index", [str(tmp_path), "--pruned"])  # what a misspelt option would do


def test_the_environment_is_one_that_the_program_can_start_with(services: dict[str, dict[str, Any]]) -> None:
    for name in ("server", "index"):
        environment = {key: _default(str(value)) for key, value in services[name]["environment"].items()}
        settings = load_settings(environ=environment | {"GENESIS_HOME": str(ROOT)})
        assert settings.rate_limit == 3000 and settings.profile == "server" and settings.index == environment[INDEX]
    address = parse_address(environment[INDEX])
    assert address.uri == "http://milvus:19530" and "milvus" in services
    folder = address.texts.removeprefix("file://")
    assert folder == "/data/texts" and "data:/data" in services["server"]["volumes"]
    assert re.search(r"GENESIS_HOME=/data$|GENESIS_HOME=/data ", DOCKERFILE, re.M)


def test_every_variable_has_a_value_or_says_what_to_do() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    used = re.findall(r"\$\{(\w+)([^}]*)\}", text)
    assert len(used) >= 9 and text.count("${") == len(used)
    for name, rest in used:
        assert rest.startswith((":-", ":?")) and len(rest) > 2, name


def test_volumes_networks_and_files_are_there(services: dict[str, dict[str, Any]]) -> None:
    whole = pytest.importorskip("yaml").safe_load(COMPOSE.read_text(encoding="utf-8"))
    mounted = [_default(volume).split(":") for one in services.values() for volume in one.get("volumes", [])]
    named = {source for source, *_ in mounted if not source.startswith((".", "/"))}
    assert named == set(whole["volumes"])
    for source, target, *mode in mounted:
        assert target.startswith("/") and (source in named or mode == ["ro"]), "people's own folders are only read"
        assert source in {*named, "./models"} or (DEPLOY / source).exists(), source
    networks = {name for one in services.values() for name in one.get("networks", [])}
    assert networks == set(whole["networks"]) and whole["networks"]["inside"]["internal"] is True
    assert [name for name, one in services.items() if "outside" in one.get("networks", [])] == ["balancer"]
    configs = {one["source"] for service in services.values() for one in service.get("configs", [])}
    assert configs == set(whole["configs"])


def test_each_is_asked_for_its_health_where_it_listens(services: dict[str, dict[str, Any]]) -> None:
    serve = genesis_rag.get_command(click.Context(genesis_rag), "serve")
    assert serve is not None and Settings(home=ROOT).port == 8000
    ports = {"server": "8000", "milvus": "9091"}
    for name, service in services.items():
        if name.rpartition("-")[2] in ("llama", "vllm"):
            assert {"--host=0.0.0.0", "--port=8080"} <= set(service["command"]), name
            assert service["healthcheck"]["test"][-1].endswith("/health"), name
        if "healthcheck" in service:
            check = service["healthcheck"]
            assert re.findall(r"127\.0\.0\.1:(\d+)", " ".join(check["test"])) == [ports.get(name, "8080")], name
            assert check["test"][0] == "CMD" and check["retries"] >= 3
            assert _seconds(check["timeout"]) < _seconds(check["interval"]) <= 30, name


def _default(value: str) -> str:
    """Return a value as it is where no variable is set; the key that must be set becomes one."""
    return re.sub(r"\$\{\w+:[-?]([^}]*)\}", r"\1", value)


def _seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]


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
