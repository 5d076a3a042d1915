from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genesis_rag.cli.opening import FIRST_BUILD_MARK
from genesis_rag.cli.progress import LinePrinter, duration
from genesis_rag.errors import IndexMismatchError, IndexNotFoundError
from genesis_rag.settings import Settings
from genesis_rag.types import IngestReport, SkippedFile

REPORT = IngestReport(added=2, updated=0, unchanged=1, removed=0, chunks=12, skipped=(), seconds=0.25)
SKIPPED = IngestReport(1, 0, 0, 0, 3, (SkippedFile("bad.pdf", "it is encrypted"),), 0.1, ("vectors were rebuilt",))


class Ingest:
    """Stands for run_ingest: remembers its calls, reports progress, and may be interrupted."""

    def __init__(self, report: IngestReport = REPORT, error: BaseException | None = None) -> None:
        self.report, self.error = report, error
        self.calls: list[tuple[list[Path], dict[str, Any]]] = []

    def __call__(self, settings: Settings, paths: Sequence[Path], **options: Any) -> IngestReport:
        self.calls.append((list(paths), options))
        if options.get("progress"):
            options["progress"]("embedding", 1, 3, "a.md")
        if self.error:
            raise self.error
        return self.report


@pytest.fixture
def ingest(monkeypatch: pytest.MonkeyPatch) -> Ingest:
    stand_in = Ingest()
    monkeypatch.setattr("genesis_rag.wiring.run_ingest", stand_in)
    return stand_in


def test_report_and_options(genesis: Any, ingest: Ingest, tmp_path: Path) -> None:
    run = genesis("index", str(tmp_path), "--prune", "--rebuild")
    assert (run.code, run.out, run.err) == (0, "2 added, 1 unchanged (12 new chunks) in 0.2 s\n", "")
    paths, options = ingest.calls[0]
    assert paths == [tmp_path]
    assert (options["prune"], options["rebuild"]) == (True, True)
    assert callable(options["progress"])


def test_skipped_files_are_listed_and_exit_1(genesis: Any, ingest: Ingest, tmp_path: Path) -> None:
    ingest.report = SKIPPED
    run = genesis("index", str(tmp_path))
    assert run.code == 1
    assert run.out == "repaired  vectors were rebuilt\n1 added, 1 skipped (3 new chunks) in 0.1 s\n"
    assert run.err == "skipped  bad.pdf: it is encrypted\n"
    quiet = genesis("index", "--quiet", str(tmp_path))
    assert (quiet.code, quiet.out, quiet.err) == (1, "", "skipped  bad.pdf: it is encrypted\n")
    assert ingest.calls[1][1]["progress"] is None


def test_ray_is_asked_for_by_name(genesis: Any, ingest: Ingest, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText.")
    place = [str(tmp_path / "a.md"), "--home", str(tmp_path)]
    for given, ray, workers in (([], None, 0), (["--on", "ray"], "", 0), (["--on", "ray", "--workers", "3"], "", 3)):
        assert genesis("index", *place, *given).code == 0
        assert (ingest.calls[-1][1]["ray"], ingest.calls[-1][1]["ray_workers"]) == (ray, workers)
    assert genesis("index", *place, "--on", "ray", "--address", "head:6379").code == 0
    assert ingest.calls[-1][1]["ray"] == "head:6379"
    calls = len(ingest.calls)
    for wrong in (["--address", "head:6379"], ["--workers", "2"], ["--on", "ray", "--watch"], ["--on", "spark"]):
        assert genesis("index", *place, *wrong).code == 2
    assert len(ingest.calls) == calls


def test_nothing_to_do_is_said(genesis: Any, ingest: Ingest, tmp_path: Path) -> None:
    ingest.report = IngestReport(0, 0, 0, 0, 0, (), 0.0)
    assert genesis("index", str(tmp_path)).out == "nothing to do in 0.0 s\n"


def test_missing_path_exits_2_before_anything_happens(genesis: Any, ingest: Ingest, tmp_path: Path) -> None:
    run = genesis("index", str(tmp_path / "none"))
    assert run.code == 2 and "does not exist" in run.err
    assert ingest.calls == []


def test_without_a_path_the_corpus_is_indexed(genesis: Any, ingest: Ingest, tmp_path: Path) -> None:
    corpus = tmp_path / "home" / "corpus" / "documents"
    corpus.mkdir(parents=True)
    genesis("index")
    assert ingest.calls[0][0] == [corpus]


def test_ctrl_c_says_what_was_kept(genesis: Any, assistant: Any, ingest: Ingest, tmp_path: Path) -> None:
    ingest.error = KeyboardInterrupt()
    run = genesis("index", str(tmp_path))
    assert run.code == 130
    assert run.err == "Stopped. The index is sound and holds 3 documents; run the same command again to go on.\n"


def test_ctrl_c_before_anything_was_kept(
    genesis: Any, ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_: Settings) -> None:
        raise IndexNotFoundError("none")

    monkeypatch.setattr("genesis_rag.wiring.open_assistant", nothing)
    ingest.error = KeyboardInterrupt()
    run = genesis("index", str(tmp_path))
    assert run.code == 130 and "Nothing was indexed yet" in run.err


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "corpus" / "documents"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def absent_until_built(monkeypatch: pytest.MonkeyPatch, fakes: ModuleType, ingest: Ingest) -> None:
    def opened(_: Settings) -> Any:
        if not ingest.calls:
            raise IndexNotFoundError("There is no index.")
        return fakes.FakeAssistant()

    monkeypatch.setattr("genesis_rag.wiring.open_assistant", opened)


@pytest.mark.usefixtures("absent_until_built")
def test_first_ask_builds_the_index_and_says_so_on_stderr(genesis: Any, ingest: Ingest, corpus: Path) -> None:
    run = genesis("投資は？", program="ask")
    assert run.code == 0
    assert run.out.startswith("今後5年間で")
    assert ingest.calls[0][0] == [corpus]
    assert "索引がまだないため" in run.err and "3 件の文書" in run.err
    assert not (corpus.parents[1] / "index" / FIRST_BUILD_MARK).exists()


@pytest.mark.usefixtures("absent_until_built")
def test_first_ask_in_english_and_quiet(genesis: Any, ingest: Ingest, corpus: Path) -> None:
    assert "There is no index yet" in genesis("invest?", program="ask").err
    ingest.calls.clear()
    assert genesis("--quiet", "--json", "invest?", program="ask").err == ""


@pytest.mark.usefixtures("absent_until_built")
def test_files_skipped_while_building_are_told_even_when_quiet(genesis: Any, ingest: Ingest, corpus: Path) -> None:
    ingest.report = SKIPPED
    run = genesis("--quiet", "invest?", program="ask")
    assert (run.code, run.err) == (0, "bad.pdf: it is encrypted\n")


@pytest.mark.usefixtures("absent_until_built")
def test_an_interrupted_first_build_is_finished_by_the_next_ask(genesis: Any, ingest: Ingest, corpus: Path) -> None:
    ingest.error = KeyboardInterrupt()
    run = genesis("投資は？", program="ask")
    assert run.code == 130 and "中断しました" in run.err
    mark = corpus.parents[1] / "index" / FIRST_BUILD_MARK
    assert mark.exists()
    ingest.error = None
    again = genesis("投資は？", program="ask")
    assert again.code == 0 and "続きを行います" in again.err
    assert len(ingest.calls) == 2 and not mark.exists()
    assert genesis("投資は？", program="ask").err == ""
    assert len(ingest.calls) == 2


@pytest.mark.usefixtures("absent_until_built")
def test_indexing_something_else_ends_an_interrupted_first_build(
    genesis: Any, ingest: Ingest, corpus: Path, tmp_path: Path
) -> None:
    ingest.error = KeyboardInterrupt()
    genesis("投資は？", program="ask")
    ingest.error = None
    genesis("index", str(tmp_path))
    genesis("投資は？", program="ask")
    assert [paths for paths, _ in ingest.calls] == [[corpus], [tmp_path]]


@pytest.mark.parametrize("chosen", [False, True])
def test_an_index_of_another_version_is_filled_anew_unless_someone_chose_its_documents(
    genesis: Any, ingest: Ingest, corpus: Path, monkeypatch: pytest.MonkeyPatch, fakes: ModuleType, chosen: bool
) -> None:
    state = {"old": False}

    def opened(_: Settings) -> Any:
        if not ingest.calls:
            raise IndexNotFoundError("There is no index.")
        if state["old"] and not ingest.calls[-1][1].get("rebuild"):
            raise IndexMismatchError("The index was filled with other settings.", "Fill it anew.")
        return fakes.FakeAssistant()

    monkeypatch.setattr("genesis_rag.wiring.open_assistant", opened)
    assert genesis("投資は？", program="ask").code == 0
    if chosen:
        genesis("index", str(corpus))
    state["old"] = True
    run = genesis("投資は？", program="ask")
    if chosen:
        assert run.code == 2 and "Fill it anew" in run.err
    else:
        assert run.code == 0 and "作り直します" in run.err
        assert ingest.calls[-1][0] == [corpus] and ingest.calls[-1][1]["rebuild"] is True


def test_no_index_and_no_corpus(genesis: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def nothing(_: Settings) -> None:
        raise IndexNotFoundError("There is no index.")

    monkeypatch.setattr("genesis_rag.wiring.open_assistant", nothing)
    monkeypatch.setattr("genesis_rag.settings.built_in_corpus", lambda: tmp_path / "none")
    run = genesis("x", program="ask")
    assert run.code == 2 and "genesis-rag index FOLDER" in run.err


def test_progress_in_a_log_is_a_line_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 1.0, 5.0, 6.0, 10.5])
    printer = LinePrinter(lambda: next(times))
    for done in (1, 2000, 2001, 4000):
        printer("embedding", done, 5000, "a.md")
    assert capsys.readouterr().err == (
        "embedding 2,000/5,000 500/s 6 s left a.md\nembedding 4,000/5,000 421/s 2 s left a.md\n"
    )


def test_a_time_is_said_as_people_say_it() -> None:
    assert [duration(seconds) for seconds in (0.4, 89, 91, 5399, 9000)] == ["0 s", "89 s", "2 min", "90 min", "2.5 h"]


def test_watching_goes_on_until_it_is_stopped(genesis: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[dict[str, Any]] = []

    def watched(settings: Settings, paths: Sequence[Path], **options: Any) -> Iterator[IngestReport]:
        calls.append(options)
        yield REPORT
        yield SKIPPED
        raise KeyboardInterrupt

    monkeypatch.setattr("genesis_rag.wiring.watch_documents", watched)
    run = genesis("index", str(tmp_path), "--watch", "--prune")
    assert run.code == 0 and calls[0]["prune"] is True
    assert [line.split(" (")[0] for line in run.out.splitlines()] == [
        "2 added, 1 unchanged",
        "repaired  vectors were rebuilt",
        "1 added, 1 skipped",
    ]
    lines = run.err.splitlines()
    assert lines[:2] == ["Watching for changes (stop with Ctrl-C)", "skipped  bad.pdf: it is encrypted"]
    assert lines[2].startswith("Stopped. ")


def test_watching_that_is_stopped_before_the_first_run_ends_is_an_interrupted_run(
    genesis: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def watched(*_: Any, **options: Any) -> Iterator[IngestReport]:
        yield from ()
        raise KeyboardInterrupt

    monkeypatch.setattr("genesis_rag.wiring.watch_documents", watched)
    assert genesis("index", str(tmp_path), "--watch").code == 130
