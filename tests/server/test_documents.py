"""The library over a real index: upload, replace, delete, original files, filters."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from genesis_rag.errors import BackendError, IndexLockedError, UserError
from genesis_rag.index.lock import WriterLock
from genesis_rag.server.uploads import MAX_NAME_BYTES, UploadFolder, safe_name
from genesis_rag.server.workshop import Workshop

pytestmark = pytest.mark.slow

NOTE = "# 湖の調査\n\n琵琶湖の面積は670平方キロメートルである。\n".encode()


def put(client: TestClient, name: str, content: bytes, **parameters: Any) -> Any:
    return client.post("/api/documents", params={"name": name, **parameters}, content=content)


def sources(client: TestClient) -> list[str]:
    return [s for d in client.get("/api/documents").json()["documents"] for s in d["sources"]]


def left_over(home: Path) -> list[str]:
    return [str(p.relative_to(home / "uploads")) for p in (home / "uploads" / ".incoming").rglob("*")]


def test_an_acknowledged_upload_is_searched_at_once(library: TestClient, home: Path) -> None:
    response = put(library, "湖.md", NOTE)
    assert response.status_code == 201
    (file,) = response.json()["files"]
    assert (file["source"], file["status"], file["document_count"]) == ("uploads/湖.md", "added", 1)
    assert file["documents"][0]["title"] == "湖の調査"
    assert (home / "uploads" / "湖.md").read_bytes() == NOTE
    assert left_over(home) == []
    answer = library.post("/api/ask", json={"question": "琵琶湖の面積は？"}).json()
    assert "670" in answer["text"]
    assert answer["citations"][0]["source"] == "uploads/湖.md"


def test_what_is_told_is_as_documented(library: TestClient) -> None:
    told = put(library, "湖.md", NOTE).json()
    assert list(told) == documented("Upload")
    assert list(told["files"][0]) == documented("Uploaded file")
    assert list(library.get("/api/index").json()) == documented("Index")
    assert list(library.get("/api/documents").json()["documents"][0]) == documented("Document")


def documented(heading: str) -> list[str]:
    text = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text("utf-8")
    return re.findall(r"^\| `(\w+)` \|", text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0], re.M)


def test_forms_may_hold_several_files(library: TestClient) -> None:
    files = [("file", ("a.txt", b"Alpha is the first letter.")), ("file", ("b.html", b"<h1>Beta</h1><p>Second.</p>"))]
    response = library.post("/api/documents", files=files)
    assert response.status_code == 201
    assert [file["source"] for file in response.json()["files"]] == ["uploads/a.txt", "uploads/b.html"]
    assert library.post("/api/documents", files=[*files, ("file", ("b.html", b"x"))]).status_code == 400
    assert library.post("/api/documents", files=[("other", ("a.txt", b"x"))]).status_code == 400
    assert library.post("/api/documents", content=b"x").status_code == 400  # no name


def test_a_name_that_is_taken_is_replaced_only_when_told(library: TestClient, home: Path) -> None:
    put(library, "n.txt", b"The old text is about copper.")
    old = library.get("/api/documents", params={"source": "uploads/*"}).json()["documents"][0]["id"]
    assert put(library, "n.txt", b"The old text is about copper.").json()["files"][0]["status"] == "unchanged"
    refused = put(library, "n.txt", b"The new text is about silver.")
    assert (refused.status_code, refused.json()["error"]["type"]) == (409, "exists")
    assert (home / "uploads" / "n.txt").read_bytes() == b"The old text is about copper."
    replaced = put(library, "n.txt", b"The new text is about silver.", replace=True)
    assert (replaced.status_code, replaced.json()["files"][0]["status"]) == (201, "replaced")
    assert library.get(f"/api/documents/{old}").status_code == 404
    assert left_over(home) == []


def test_an_unreadable_file_is_refused_and_what_it_would_replace_stays(library: TestClient, home: Path) -> None:
    put(library, "n.txt", b"The old text is about copper.")
    broken = b"PK\x03\x04" + b"\x00" * 50
    for name, content in [
        ("x.exe", b"MZ"),
        ("x.pdf", b"no pdf"),
        ("n.txt", broken),
        ("e.txt", b""),
        ("x.docx", broken),
    ]:
        response = put(library, name, content, replace=True)
        assert (response.status_code, response.json()["error"]["type"]) == (422, "unreadable_document"), name
    truncated = b"%PDF-1.7\n1 0 obj\n"  # passes the look at its first bytes; its reader finds out
    assert put(library, "y.pdf", truncated).status_code == 422
    assert sorted(p.name for p in (home / "uploads").iterdir()) == [".incoming", "n.txt"]
    assert sources(library) == ["corpus/documents/first.md", "uploads/n.txt"]
    assert left_over(home) == []


def test_one_bad_file_of_a_form_refuses_all(library: TestClient) -> None:
    response = library.post("/api/documents", files=[("file", ("a.txt", b"good")), ("file", ("b.pdf", b"bad"))])
    assert response.status_code == 422
    assert "b.pdf" in response.json()["error"]["message"]
    assert sources(library) == ["corpus/documents/first.md"]


def test_good_lines_of_a_passages_file_are_kept(library: TestClient) -> None:
    lines = ['{"id": "1", "title": "One", "text": "Iron melts at 1538 degrees."}', "{broken"]
    (file,) = put(library, "p.jsonl", "\n".join(lines).encode()).json()["files"]
    assert file["document_count"] == 1 and file["skipped"]
    line = file["documents"][0]["id"]
    refused = library.delete(f"/api/documents/{line}")
    assert (refused.status_code, refused.json()["error"]["type"]) == (409, "exists")
    assert library.delete("/api/documents/uploads/p.jsonl").json() == {"removed": 1, "file": "deleted"}
    assert sources(library) == ["corpus/documents/first.md"]


def test_deleting_removes_an_upload_and_keeps_other_files(library: TestClient, home: Path) -> None:
    name = "消す 文書.md"
    identifier = put(library, name, NOTE).json()["files"][0]["documents"][0]["id"]
    assert library.delete(f"/api/documents/{identifier}").json() == {"removed": 1, "file": "deleted"}
    assert not (home / "uploads" / name).exists()
    assert library.delete(f"/api/documents/{identifier}").status_code == 404
    assert library.delete("/api/documents/corpus/documents/first.md").json() == {"removed": 1, "file": "kept"}
    assert (home / "corpus" / "documents" / "first.md").exists()
    assert sources(library) == [] and left_over(home) == []


def test_a_document_under_two_names_goes_by_id_with_both_and_by_name_with_one(library: TestClient, home: Path) -> None:
    put(library, "a.md", NOTE)
    identifier = put(library, "b.md", NOTE).json()["files"][0]["documents"][0]["id"]
    assert library.delete("/api/documents/uploads/a.md").json()["removed"] == 1
    assert sources(library) == ["corpus/documents/first.md", "uploads/b.md"]
    put(library, "c.md", NOTE)
    assert library.delete(f"/api/documents/{identifier}").json()["removed"] == 2
    assert sorted(p.name for p in (home / "uploads").iterdir()) == [".incoming"]


def test_progress_is_told_as_events(library: TestClient) -> None:
    response = library.post(
        "/api/documents", params={"name": "湖.md"}, content=NOTE, headers={"Accept": "text/event-stream"}
    )
    events = [
        (block.split("\n")[0].removeprefix("event: "), json.loads(block.split("\ndata: ")[1]))
        for block in response.text.strip().split("\n\n")
    ]
    names = [name for name, _ in events]
    assert names[0] == "received" and names[-1] == "done" and set(names[1:-1]) == {"progress"}
    assert {"indexing", "vectors"} <= {payload["phase"] for name, payload in events if name == "progress"}
    assert events[-1][1]["documents"][0]["source"] == "uploads/湖.md"


def test_original_files_are_given_while_they_are_what_was_indexed(library: TestClient, home: Path) -> None:
    identifier = put(library, "湖 1.md", NOTE).json()["files"][0]["documents"][0]["id"]
    response = library.get(f"/api/documents/{identifier}/original")
    assert response.content == NOTE
    assert response.headers["content-disposition"].startswith("attachment; filename*=utf-8''%E6%B9%96%201.md")
    assert response.headers["content-type"] == "application/octet-stream"
    first = next(d for d in library.get("/api/documents").json()["documents"] if "first" in d["source"])
    assert (
        hashlib.sha256(library.get(f"/api/documents/{first['id']}/original").content).hexdigest()
        == (first["content_sha256"])
    )
    (home / "uploads" / "湖 1.md").write_text("changed behind the server's back", encoding="utf-8")
    assert library.get(f"/api/documents/{identifier}/original").status_code == 404
    for name in ("..%2f..%2fmodels.toml", "models.toml", "%2fetc%2fpasswd"):
        assert library.get(f"/api/documents/{name}/original").status_code in (404, 405)


def test_the_list_tells_whether_files_are_as_they_were_indexed(library: TestClient, home: Path) -> None:
    lines = b'{"id": "a", "text": "One line of a file."}\n{"id": "b", "text": "And another line."}\n'
    put(library, "lake.md", NOTE)
    put(library, "lines.jsonl", lines)

    def states() -> dict[str, str]:
        return {d["source"]: d["state"] for d in library.get("/api/documents").json()["documents"]}

    found = states()
    assert found["uploads/lake.md"] == "current"
    assert found["uploads/lines.jsonl#a"] == "part"
    (home / "uploads" / "lake.md").write_bytes(NOTE + b"more\n")
    assert states()["uploads/lake.md"] == "changed"
    (home / "uploads" / "lake.md").unlink()
    assert states()["uploads/lake.md"] == "missing"


def test_listing_is_filtered(library: TestClient) -> None:
    put(library, "湖.md", b"---\ndate: 2026-06-18\n---\n" + NOTE)

    def titles(**parameters: Any) -> list[str]:
        return [d["title"] for d in library.get("/api/documents", params=parameters).json()["documents"]]

    assert titles() == ["First", "湖の調査"]
    assert titles(language="ja") == ["湖の調査"] and titles(language="en") == ["First"]
    assert titles(source="uploads/*") == ["湖の調査"]
    assert titles(words="first") == ["First"] and titles(words="調査 UPLOADS") == ["湖の調査"]
    assert titles(since="2026-06") == ["湖の調査"] and titles(until="2026-05") == ["First"]
    assert titles(since="2026-05-02", until="2026-06-18") == ["湖の調査"]
    assert library.get("/api/documents", params={"language": "fr"}).status_code == 422


def test_state_of_the_index(library: TestClient) -> None:
    before = library.get("/api/index").json()
    put(library, "湖.md", NOTE)
    after = library.get("/api/index").json()
    assert (after["documents"], after["writing"], after["waiting"]) == (before["documents"] + 1, None, 0)
    assert after["generation"] > before["generation"]
    assert after["languages"]["ja"] >= 1


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\報告書.pdf", "報告書.pdf"),
        ("/absolute/x.md", "x.md"),
        (".hidden.md", "hidden.md"),
        ("~$lock.docx", "lock.docx"),
        ("か\u3099.md", "が.md"),  # NFC, as everywhere
        ("a\x00b\u202egpj.md", "abgpj.md"),
        ("two  words\n.md", "two words.md"),
        ("a#1.md", "a_1.md"),
        ("[x]*?.md", "_x___.md"),
        ("x.md. ", "x.md"),
        ("\ud800.md", "_.md"),
        ("長" * 200 + ".pdf", "長" * ((MAX_NAME_BYTES - 4) // 3) + ".pdf"),
    ],
)
def test_names_become_safe(given: str, stored: str) -> None:
    assert safe_name(given) == stored
    assert safe_name(stored) == stored


@pytest.mark.parametrize("given", ["", "..", "/", "...", "\x00", "a" * 3 + "." + "b" * 300])
def test_names_of_nothing_are_refused(given: str) -> None:
    with pytest.raises(UserError):
        safe_name(given)


def test_links_in_the_folder_lead_nowhere(library: TestClient, home: Path, tmp_path: Path) -> None:
    put(library, "first.txt", b"Something to begin with.")
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (home / "uploads" / "link.txt").symlink_to(secret)
    response = put(library, "link.txt", b"written through the link", replace=True)
    assert response.status_code == 400
    assert secret.read_text() == "secret"
    (home / "uploads" / "folder.txt").mkdir()
    assert put(library, "folder.txt", b"text", replace=True).status_code == 400


def test_a_linked_folder_is_refused(library: TestClient, home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (home / "uploads").symlink_to(outside)
    assert put(library, "a.txt", b"text").status_code == 400
    assert list(outside.iterdir()) == []


def test_readers_go_on_while_something_is_written(
    home: Path, open_library: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    plain = Workshop.ingest

    def slow(self: Workshop, paths: Any, progress: Any = None, prune: bool = False) -> Any:
        begun.set()
        assert go_on.wait(20)
        return plain(self, paths, progress, prune)

    monkeypatch.setattr(Workshop, "ingest", slow)
    with open_library(home) as client:
        answers: list[Any] = []
        thread = threading.Thread(target=lambda: answers.append(put(client, "湖.md", NOTE)))
        thread.start()
        assert begun.wait(20)
        assert client.post("/api/ask", json={"question": "What is the first document about?"}).status_code == 200
        assert sources(client) == ["corpus/documents/first.md"]
        assert answers == []
        go_on.set()
        thread.join()
        assert answers[0].status_code == 201
        assert "uploads/湖.md" in sources(client)


def test_another_writer_is_waited_for(library: TestClient, home: Path) -> None:
    lock = WriterLock(home / "index")
    timer = threading.Timer(1.0, lock.release)
    timer.start()
    assert put(library, "湖.md", NOTE).status_code == 201
    timer.join()


@pytest.mark.parametrize("error", [BackendError("The engine stopped."), IndexLockedError("held"), OSError(28, "full")])
def test_what_fails_is_undone(
    home: Path, open_library: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with open_library(home) as client:
        put(client, "n.txt", b"The old text is about copper.")

        def fails(*_: Any, **__: Any) -> Any:
            raise error

        monkeypatch.setattr("genesis_rag.server.writing.LOCK_PATIENCE", 0.0)
        monkeypatch.setattr(Workshop, "ingest", fails)
        monkeypatch.setattr(Workshop, "remove", fails)
        responses = [
            put(client, "n.txt", b"The new text is about silver.", replace=True),
            put(client, "m.txt", b"Something new."),
            client.delete("/api/documents/uploads/n.txt"),
        ]
        expected = {BackendError: 502, IndexLockedError: 503, OSError: 507}[type(error)]
        assert [response.status_code for response in responses] == [expected] * 3
        assert (home / "uploads" / "n.txt").read_bytes() == b"The old text is about copper."
        assert sorted(p.name for p in (home / "uploads").iterdir()) == [".incoming", "n.txt"]
        assert left_over(home) == []


def test_what_a_killed_server_left_half_done_is_put_right(home: Path, open_library: Callable[..., TestClient]) -> None:
    with open_library(home) as client:
        put(client, "replaced.txt", b"The old text is about copper.")
        put(client, "deleted.txt", b"This text is about tin.")
    folder = UploadFolder(home)
    for name in ("replaced.txt", "deleted.txt", "new.txt", "never.txt"):
        job = folder.receive(name)
        job.write(b"A text of the job that was cut off.")
        job.received()
        if name == "deleted.txt":
            job.take_away()
        elif name != "never.txt":
            job.place()
        os.close(job._lock)  # as the kernel does when a process ends
    with open_library(home) as client:
        expected = ["corpus/documents/first.md", *(f"uploads/{name}.txt" for name in ("deleted", "new", "replaced"))]
        end = time.monotonic() + 20
        while sources(client) != expected or left_over(home):
            assert time.monotonic() < end, (sources(client), left_over(home))
            time.sleep(0.05)
        assert (home / "uploads" / "replaced.txt").read_bytes() == b"The old text is about copper."
