"""The commands over an index in a cluster, each in a process of its own: the same answers as from this machine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from genesis_rag.migration import compare, migrate, same_but_ties
from genesis_rag.server.app import create_app
from genesis_rag.settings import Settings
from genesis_rag.types import Chunk, DocumentInfo, Hit
from genesis_rag.wiring import open_assistant, run_ingest

ROOT = Path(__file__).resolve().parents[2]
QA = ROOT / "corpus" / "qa" / "genesis_qa.jsonl"
CORPUS = ROOT / "corpus" / "documents"
DOCUMENTS = {
    "rice.txt": "Rice grows in wet fields. The rice harvest was 7.3 million tonnes.",
    "rail.ja.txt": "新幹線は時速320キロで走る。最初の路線は1964年に開業した。",
    "spa.txt": "Hot springs heal tired travellers. The oldest inn opened in 705.",
}

MAIN = "from genesis_rag.cli.main import main; main()"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def address(milvus_uri: str, fresh_name: str, tmp_path: Path) -> str:
    """An address for processes: one of a cluster, or a file of its own, which only one process at a time can open."""
    if milvus_uri.endswith(".db"):
        return f"milvus:{tmp_path}/index.db"
    return f"milvus://{milvus_uri.partition('://')[2]}/{fresh_name}?texts={tmp_path}/texts&dense=FLAT"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(
        *arguments: str | Path, code: int = 0, home: str = "home", program: str = MAIN
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / home).mkdir(exist_ok=True)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GENESIS_HOME": str(tmp_path / home)}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env={**environment, "OMP_NUM_THREADS": "1", "GENESIS_OFFLINE": "1"},
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    for name, text in DOCUMENTS.items():
        (tmp_path / "documents" / name).write_text(text, "utf-8")
    return tmp_path / "documents"


@pytest.mark.slow
def test_the_question_set_finds_the_same_in_a_cluster_and_back(run: Run, address: str, tmp_path: Path) -> None:
    questions = tmp_path / "some.jsonl"
    questions.write_text("".join(QA.read_text("utf-8").splitlines(keepends=True)[::12]), "utf-8")
    run("index", CORPUS, "-q")
    there = json.loads(run("migrate", "--to", address, "--questions", questions, "--json", "-q").stdout)
    assert there["faults"] == [] and there["questions"] == 75 and there["copied"] == there["documents"] > 50
    back = json.loads(run("migrate", "--from", address, "--to", tmp_path / "back", "--json", "-q", home="other").stdout)
    assert back == {**there, "questions": 50}
    question = "Genesis Missionを立ち上げた大統領令はいつ署名されましたか"
    here, far = (json.loads(run("ask", question, "--json", *more).stdout) for more in ((), ("--index", address)))
    scores = []
    for answer in (here, far):
        del answer["timings"]
        scores.append([passage.pop("score") for passage in answer["passages"]])
        for passage in answer["passages"]:
            passage.pop("scores", None)
    assert here["citations"] and far == here, "the same to the last character"
    assert scores[1] == pytest.approx(scores[0], abs=2e-6), "engines add up float32 in orders of their own"


@pytest.mark.slow
def test_index_search_ask_and_doctor_work_from_any_home(run: Run, address: str, folder: Path) -> None:
    missing = run("search", "rice", "--index", address, code=2)
    assert "There is no index" in missing.stderr and "--index" in missing.stderr
    assert "3 added" in run("index", folder, "--index", address).stdout
    assert "3 unchanged" in run("index", folder, "--index", address).stdout
    answer = json.loads(run("ask", "新幹線の速さは？", "--json", "--index", address, home="b").stdout)
    assert answer["citations"][0]["quote"] in DOCUMENTS["rail.ja.txt"] and "320" in answer["text"]
    hits = json.loads(run("search", "harvest of rice", "--source", "*rice*", "--json", "--index", address).stdout)
    assert [hit["source"].endswith("rice.txt") for hit in hits["hits"]] == [True]
    (folder / "rice.txt").write_text("Rice grows in wet fields. The rice harvest was 8.1 million tonnes.")
    (folder / "spa.txt").unlink()
    report = run("index", folder, "--prune", "--index", address, home="b").stdout
    assert "taken into this home" in report and "1 updated" in report and "1 removed" in report
    answer = json.loads(
        run("ask", "How many tonnes was the rice harvest?", "--json", "--index", address, home="c").stdout
    )
    assert "8.1" in answer["text"]
    assert "sound" in run("doctor", "--index", address, home="c").stdout
    assert not (folder.parent / "c" / "clusters").exists(), "who only reads keeps nothing"


@pytest.mark.slow
def test_a_place_that_holds_something_else_is_not_overwritten(run: Run, address: str, folder: Path) -> None:
    run("index", folder, "-q")
    run("migrate", "--to", address, "-q")
    (folder / "rice.txt").unlink()
    run("index", folder, "--prune", "-q")
    refused = run("migrate", "--to", address, "-q", code=2)
    assert "another index" in refused.stderr and "--force" in refused.stderr
    assert len(run("documents", "list", "--index", address).stdout.splitlines()) >= 3
    report = json.loads(run("migrate", "--to", address, "--force", "--json", "-q").stdout)
    assert report["documents"] == 2 and report["faults"] == []
    same = run("migrate", "--from", address, "--to", address, code=2)
    assert "the same" in same.stderr


@pytest.mark.slow
def test_the_client_does_not_read_a_file_of_secrets_into_the_process(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("pymilvus")
    (tmp_path / ".env").write_text("SECRET=1")
    program = """
import os, sys, dotenv.main
dotenv.main.find_dotenv = lambda *_, **__: sys.argv[1]
from genesis_rag.cluster.milvus import _client_library
_client_library()
assert "SECRET" not in os.environ
dotenv.load_dotenv()
assert "SECRET" in os.environ, "it would have been read"
"""
    run(tmp_path / ".env", program=program)


@pytest.mark.slow
def test_a_file_that_another_process_uses_and_a_cluster_that_is_not_there_are_told(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("pymilvus")
    from genesis_rag.cluster.milvus import Milvus

    milvus = Milvus(str(tmp_path / "new folder" / "a.db"))
    used = run("search", "x", "--index", f"milvus:{tmp_path}/new folder/a.db", code=2)
    assert "one process at a time" in used.stderr
    milvus.close()
    away = run("search", "x", "--index", f"milvus://127.0.0.1:1/a?texts={tmp_path}", code=1)
    assert "does not answer at http://127.0.0.1:1" in away.stderr and "<" not in away.stderr


@pytest.mark.slow
def test_an_empty_cluster_is_not_filled_by_a_question(run: Run, address: str) -> None:
    for command in (("ask", "日本は？"), ("serve", "--port", "1")):
        missing = run(*command, "--index", address, code=2)
        assert "There is no index" in missing.stderr and "migrate --to" in missing.stderr


KILLED_AT = """
import os, signal
from genesis_rag.cluster import ClusterWriter
steps = []
def step(name):
    steps.append(name)
    if len(steps) == %d:
        os.kill(os.getpid(), signal.SIGKILL)
ClusterWriter.connect.__func__.__kwdefaults__["step"] = step
from genesis_rag.cli.main import main
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("rebuild", [(), ("--rebuild",)])
@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_a_process_that_is_killed_while_it_publishes_does_no_harm(
    run: Run, address: str, folder: Path, stop_at: int, rebuild: tuple[str, ...]
) -> None:
    run("index", folder, "--index", address, "-q")
    (folder / "rice.txt").write_text("Rice grows in wet fields. The rice harvest was 8.1 million tonnes.")
    changed = ("index", folder, "--index", address, *rebuild)
    run(*changed, program=KILLED_AT % stop_at, code=-9)
    asked = ("ask", "How many tonnes was the rice harvest?", "--json", "--index", address)
    answer = json.loads(run(*asked, home="b").stdout)
    assert ("8.1" if stop_at == 3 else "7.3") in answer["text"] and answer["citations"]
    run(*changed)
    assert "8.1" in json.loads(run(*asked, home="b").stdout)["text"]
    assert "sound" in run("doctor", "--index", address, home="b").stdout


@pytest.fixture
def two(milvus_uri: str, fresh_name: str, folder: Path, tmp_path: Path) -> Iterator[tuple[Settings, Settings]]:
    """An index of this machine, and the settings of an empty place in a cluster, for this process."""
    here = Settings(home=tmp_path / "home")
    run_ingest(here, [folder])
    if milvus_uri.endswith(".db"):
        yield here, Settings(home=tmp_path / "home", index=f"milvus:{tmp_path}/own.db")
    else:
        host = milvus_uri.partition("://")[2]
        yield here, Settings(home=tmp_path / "home", index=f"milvus://{host}/{fresh_name}?texts={tmp_path}/texts")


def _unseen(phase: str, done: int, total: int) -> None: ...


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["there", "back"])
def test_a_migration_that_was_stopped_goes_on(
    two: tuple[Settings, Settings], direction: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source, target = two
    if direction == "back":
        migrate(source, target, [], force=False, progress=_unseen)
        source, target = target, Settings(home=tmp_path / "home", index=str(tmp_path / "new"))
    from genesis_rag.cluster import copying

    put, done = copying.put_whole, []

    def put_two(*arguments: Any) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(put(*arguments))
        arguments[1].save()

    with monkeypatch.context() as patch:
        patch.setattr(copying, "put_whole", put_two)
        with pytest.raises(KeyboardInterrupt):
            migrate(source, target, [], force=False, progress=_unseen)
    report = migrate(source, target, [], force=False, progress=_unseen)
    assert (report.copied, report.documents, report.faults) == (1, 3, ())
    assert migrate(source, target, [], force=False, progress=_unseen).copied == 0


@pytest.mark.slow
def test_what_differs_is_told(two: tuple[Settings, Settings], folder: Path) -> None:
    here, there = two
    run_ingest(there, [folder / "rice.txt", folder / "spa.txt"])
    with open_assistant(here) as one, open_assistant(there) as other:
        faults = compare(one, other, ["rice", "新幹線"], _unseen)
    assert "documents: 2 instead of 3" in faults and any(fault.startswith("fingerprint") for fault in faults)
    assert "other passages are found for: 新幹線" in faults


@pytest.mark.slow
def test_a_server_answers_from_a_cluster_and_sees_what_is_written(two: tuple[Settings, Settings], folder: Path) -> None:
    _, settings = two
    run_ingest(settings, [folder])
    app = create_app(lambda: open_assistant(settings), settings)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        answer = client.post("/api/ask", json={"question": "How many tonnes was the rice harvest?"}).json()
        assert "7.3" in answer["text"] and answer["citations"]
        (folder / "tower.txt").write_text("The tower of Kyoto is 131 metres high.")
        run_ingest(settings, [folder])
        until = time.monotonic() + 20
        while time.monotonic() < until:
            answer = client.post("/api/ask", json={"question": "How high is the tower of Kyoto?"}).json()
            if answer["citations"]:
                break
            time.sleep(0.1)
        assert "131" in answer["text"]


def hit(name: str, rank: int, score: float) -> Hit:
    chunk = Chunk(name, "d", rank, 0, 1, "x", (), None, "en")
    info = DocumentInfo("d", "s", ("s",), "t", "en", "0", 1, None, {})
    return Hit(chunk, info, rank, score, {})


def ranking(*pairs: tuple[str, float]) -> list[Hit]:
    return [hit(name, rank, score) for rank, (name, score) in enumerate(pairs, start=1)]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ([("a", 0.9), ("b", 0.5), ("c", 0.5)], True),
        ([("a", 0.90004), ("c", 0.5), ("b", 0.5)], True),
        ([("a", 0.9), ("b", 0.5), ("z", 0.5)], True),
        ([("a", 0.9), ("b", 0.5)], False),
        ([("z", 0.9), ("b", 0.5), ("c", 0.5)], False),
        ([("a", 0.9), ("b", 0.6), ("c", 0.5)], False),
        ([("b", 0.9), ("a", 0.5), ("c", 0.5)], False),
        ([], False),
    ],
)
def test_only_ties_may_change_places(other: list[tuple[str, float]], same: bool) -> None:
    one = ranking(("a", 0.9), ("b", 0.5), ("c", 0.5))
    assert same_but_ties(one, ranking(*other)) is same
    assert same_but_ties(ranking(*other), one) is same
