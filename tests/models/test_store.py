"""Pulling from a hub that cuts, lies, redirects and hides; verifying; removing; doing without the network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesis_rag.errors import ModelError, SettingsError, UserError
from genesis_rag.models import FileSpec, ModelSpec, ProfileSpec
from genesis_rag.models.checking import STAMPS, look, require_sound, verify
from genesis_rag.models.download import Patience
from genesis_rag.models.lock import LOCK_FILE, read_lock
from genesis_rag.models.needs import require_installed
from genesis_rag.models.store import Source, pull, remove

Spec = Callable[..., ModelSpec]
QUICK = Patience(tries=3, pause=0.01, timeout=5.0)
BIG = "onnx/model.onnx"


def source(hub: Any, **more: object) -> Source:
    return Source(**({"mirrors": [hub.url], "patience": QUICK} | more))  # type: ignore[arg-type]


def test_everything_comes_once_and_is_right(hub: Any, spec: Spec, tmp_path: Path) -> None:
    told: list[tuple[str, int, int, str]] = []
    done = pull(spec(), tmp_path, source(hub), report=lambda *one: told.append(one))
    assert done.fetched == (BIG, "tokenizer.json", "config.json") and not done.locked
    assert (tmp_path / "mine" / BIG).stat().st_size == 1_024_000
    assert told[0][0] == "mine" and max(one[1] for one in told) == 1_024_000 == told[0][2]
    assert look(spec(), tmp_path) == verify(spec(), tmp_path) == []
    hub.asked.clear()
    again = pull(spec(), tmp_path, source(hub))
    assert (again.fetched, len(again.present), hub.asked) == ((), 3, [])
    assert not list(tmp_path.rglob("*.part"))


def test_a_cut_connection_goes_on_where_it_stopped(hub: Any, spec: Spec, tmp_path: Path) -> None:
    hub.behaviours += [hub.cut_after(300_000), hub.cut_after(300_000)]
    pull(spec(), tmp_path, source(hub))
    starts = [int(asked.removeprefix("bytes=").rstrip("-") or 0) for path, asked in hub.asked if path.endswith(".onnx")]
    assert starts[0] == 0 and 0 < starts[1] < starts[2] <= 600_000
    assert verify(spec(), tmp_path) == []


def test_a_later_run_goes_on_where_the_last_one_gave_up(hub: Any, spec: Spec, tmp_path: Path) -> None:
    hub.behaviours += [hub.cut_after(300_000), *[hub.cut_after(0)] * 3]
    with pytest.raises(ModelError, match=r"of 1,024,000 bytes|connection"):
        pull(spec(), tmp_path, source(hub))
    assert [one.trouble for one in look(spec(), tmp_path)] == ["missing"] * 3
    hub.asked.clear()
    pull(spec(), tmp_path, source(hub))
    assert int(hub.asked[0][1].removeprefix("bytes=").rstrip("-")) > 0
    assert verify(spec(), tmp_path) == []


def test_a_server_without_ranges_begins_anew(hub: Any, spec: Spec, tmp_path: Path) -> None:
    hub.ranges = False
    hub.behaviours += [hub.cut_after(300_000)]
    pull(spec(), tmp_path, source(hub))
    assert verify(spec(), tmp_path) == []


@pytest.mark.parametrize(
    "given", ["bytes 0-1023999/1024000", "bytes 5-1023999/1024000", "nonsense", "bytes 299999-1023999/1024000"]
)
def test_another_part_than_asked_for_is_not_taken(
    hub: Any, spec: Spec, tmp_path: Path, replies: Any, given: str
) -> None:
    hub.behaviours += [hub.cut_after(300_000), replies(206, b"x" * 724_000, **{"Content-Range": given})]
    pull(spec(), tmp_path, source(hub))
    assert verify(spec(), tmp_path) == []


@pytest.mark.parametrize("content", [b"x" * 1_024_000, b"x"])
def test_another_file_is_refused_and_leaves_nothing(
    hub: Any, spec: Spec, tmp_path: Path, replies: Any, content: bytes
) -> None:
    hub.files = {path: content if path.endswith(".onnx") else value for path, value in hub.files.items()}
    with pytest.raises(ModelError, match=r"not the file|has a file of 1 bytes"):
        pull(spec(), tmp_path, source(hub))
    assert not (tmp_path / "mine" / BIG).exists()
    assert not [one for one in tmp_path.rglob("*.part") if one.stat().st_size > 1]


def test_a_pin_of_one_source_may_itself_be_wrong(hub: Any, spec: Spec, tmp_path: Path) -> None:
    made = spec()
    unsure = replace(made, files=(replace(made.files[0], confidence="one", sha256="0" * 64),))
    with pytest.raises(ModelError) as caught:
        pull(unsure, tmp_path, source(hub))
    assert "0" * 64 in caught.value.message and hashlib.sha256(next(iter(hub.files.values()))).hexdigest() in (
        caught.value.message
    )
    assert "pin itself may be wrong" in caught.value.hint


def test_redirects_are_followed_but_not_out_of_http(hub: Any, spec: Spec, tmp_path: Path, replies: Any) -> None:
    hub.files["/elsewhere"] = next(iter(hub.files.values()))
    hub.behaviours += [replies(302, Location=f"{hub.url}/elsewhere")]
    pull(spec(), tmp_path, source(hub))
    assert hub.asked[1][0] == "/elsewhere" and verify(spec(), tmp_path) == []
    remove(spec(), tmp_path)
    (tmp_path / "secret").write_bytes(hub.files["/elsewhere"])
    for address, told in ((f"file://{tmp_path}/secret", "answers 302"), ("ftp://127.0.0.1/secret", "not followed")):
        hub.behaviours += [replies(302, Location=address)]
        with pytest.raises(ModelError, match=told):
            pull(spec(), tmp_path, source(hub))


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (200, "text/html", "web page"),
        (401, "text/plain", "login"),
        (403, "text/plain", "refuses"),
        (404, "text/plain", "no such file"),
    ],
)
def test_an_unwilling_hub_is_told_and_the_next_mirror_asked(
    hub: Any, spec: Spec, tmp_path: Path, replies: Any, status: int, kind: str, message: str
) -> None:
    hub.behaviours += [replies(status, b"<html>log in", kind)]
    with pytest.raises(ModelError, match=message) as caught:
        pull(spec(), tmp_path, source(hub))
    assert "owner/model" in caught.value.hint and "--from" in caught.value.hint
    assert len(hub.asked) == 1
    hub.behaviours += [replies(status, b"<html>log in", kind)]
    pull(spec(), tmp_path, source(hub, mirrors=[hub.url, hub.url + "/"]))
    assert verify(spec(), tmp_path) == []


def test_a_busy_hub_is_asked_again(hub: Any, spec: Spec, tmp_path: Path, replies: Any) -> None:
    hub.behaviours += [replies(503), replies(429)]
    pull(spec(), tmp_path, source(hub))
    assert verify(spec(), tmp_path) == []


def test_no_hub_at_all_says_so_and_how_to_do_without(spec: Spec, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        pull(spec(), tmp_path, Source([nowhere], patience=QUICK))
    assert "\n" not in caught.value.message
    assert "By hand: from owner/model at revision" in caught.value.hint
    with pytest.raises(SettingsError, match="mirror"):
        pull(spec(), tmp_path, Source())


def test_offline_never_opens_a_socket(hub: Any, spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(UserError, match="GENESIS_OFFLINE") as caught:
        pull(spec(), tmp_path, source(hub, offline=True))
    assert "By hand" in caught.value.hint
    server = ModelSpec(name="s", task="embedding", backend="openai_server", licence="x", url="http://127.0.0.1:1/v1")
    profile = ProfileSpec("p", "s", "bigram", "extractive")
    with pytest.raises(SettingsError, match="GENESIS_OFFLINE"):
        require_installed(profile, [server], tmp_path, offline=True)


def test_files_may_be_brought_by_hand(hub: Any, spec: Spec, tmp_path: Path) -> None:
    for flat in (True, False):
        folder, store = tmp_path / f"brought-{flat}", tmp_path / f"store-{flat}"
        for path, content in hub.files.items():
            name = path.split("/", 5)[5]
            place = folder / (name.split("/")[-1] if flat else name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        pull(spec(), store, Source(offline=True, folder=folder))
        assert verify(spec(), store) == []
    (folder / BIG).write_bytes(b"x" * 1_024_000)
    with pytest.raises(ModelError, match="not the file"):
        pull(spec(), tmp_path / "third", Source(folder=folder))
    (folder / BIG).unlink()
    with pytest.raises(ModelError, match=r"holds no onnx/model\.onnx"):
        pull(spec(), tmp_path / "third", Source(folder=folder))
    assert hub.asked == []


def test_an_unknown_hash_is_learned_once_and_then_held_to(hub: Any, spec: Spec, tmp_path: Path) -> None:
    made = spec(unknown=("tokenizer.json",))
    done = pull(made, tmp_path, source(hub))
    (key,) = done.locked
    assert key == f"owner/model@{made.revision}/tokenizer.json"
    assert read_lock(tmp_path)[key].size == len(hub.files[f"/owner/model/resolve/{made.revision}/tokenizer.json"])
    assert pull(made, tmp_path, source(hub)).locked == ()
    path = tmp_path / "mine" / "tokenizer.json"
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    with pytest.raises(ModelError, match="wrong hash") as caught:
        require_sound(made, tmp_path)
    assert "models pull mine" in caught.value.hint
    remove(made, tmp_path)
    hub.files = {p: v[::-1] if "tokenizer" in p else v for p, v in hub.files.items()}
    with pytest.raises(ModelError, match="not the file"):
        pull(made, tmp_path, source(hub))


def test_a_damaged_lock_is_told(hub: Any, spec: Spec, tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("{")
    with pytest.raises(ModelError, match=r"models\.lock cannot be read"):
        pull(spec(), tmp_path, source(hub))


def test_changed_files_are_found_without_reading_all_of_them_each_time(
    hub: Any, spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = spec()
    pull(made, tmp_path, source(hub))
    path = tmp_path / "mine" / BIG
    with monkeypatch.context() as patched:
        patched.setattr("genesis_rag.models.checking.hash_file", lambda *_: pytest.fail("a file was read"))
        require_sound(made, tmp_path)
    path.write_bytes(bytes(1) + path.read_bytes()[1:-1] + b"!")
    assert [(one.file, one.trouble) for one in look(made, tmp_path)] == [(BIG, "wrong hash")]
    path.write_bytes(b"short")
    assert "1,024,000" in str(look(made, tmp_path)[0])
    assert pull(made, tmp_path, source(hub)).fetched == (BIG,)
    assert verify(made, tmp_path) == []


def test_verify_reads_every_byte_whatever_the_stamp_says(hub: Any, spec: Spec, tmp_path: Path) -> None:
    made = spec()
    pull(made, tmp_path, source(hub))
    path = tmp_path / "mine" / BIG
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look(made, tmp_path) == []
    assert [one.trouble for one in verify(made, tmp_path)] == ["wrong hash"]
    assert [one.trouble for one in look(made, tmp_path)] == ["wrong hash"], "what verify saw is remembered"
    (tmp_path / "mine" / STAMPS).write_text("{")
    assert [one.trouble for one in look(made, tmp_path)] == ["wrong hash"]


def test_a_full_disk_is_told_before_the_first_byte(
    hub: Any, spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1_100_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ModelError, match="free") as caught:
        pull(spec(), tmp_path, source(hub))
    assert "GENESIS_MODEL_FOLDER" in caught.value.hint and hub.asked == []


def test_some_licences_must_be_accepted(hub: Any, spec: Spec, tmp_path: Path) -> None:
    made = spec(must_accept=True, licence="Terms of Somebody")
    with pytest.raises(UserError, match="Terms of Somebody") as caught:
        pull(made, tmp_path, source(hub))
    assert "--accept-licence" in caught.value.hint and hub.asked == []
    pull(made, tmp_path, source(hub), accept_licence=True)
    assert verify(made, tmp_path) == []


def test_optional_files_may_be_missing(hub: Any, spec: Spec, tmp_path: Path) -> None:
    made = spec()
    more = replace(made, files=(*made.files, FileSpec("modules.json", optional=True)))
    assert "modules.json" not in pull(more, tmp_path, source(hub)).fetched
    require_sound(more, tmp_path)


def test_two_pulls_do_not_meet(hub: Any, spec: Spec, tmp_path: Path) -> None:
    import fcntl

    with (tmp_path / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="Another process"):
            pull(spec(), tmp_path, source(hub))


def test_removing_frees_what_was_there(hub: Any, spec: Spec, tmp_path: Path) -> None:
    pull(spec(), tmp_path, source(hub))
    assert remove(spec(), tmp_path) > 1_024_000
    assert remove(spec(), tmp_path) == 0
    assert not (tmp_path / "mine").exists()


def test_a_profile_whose_models_are_missing_says_everything_at_once(spec: Spec, tmp_path: Path) -> None:
    other = replace(spec(), name="other")
    profile = ProfileSpec("laptop", "mine", "bigram", "extractive", reranker="other")
    with pytest.raises(ModelError) as caught:
        require_installed(profile, [spec(), other], tmp_path)
    assert "mine (1.0 MB), other" in caught.value.message
    for told in ("models pull laptop", "By hand: from owner/model", "`embedded`"):
        assert told in caught.value.hint
    huge = ModelSpec(name="h", task="embedding", backend="onnx", licence="", path="x", memory_mb=10**9)
    with pytest.raises(ModelError, match="1,000,000,000 MB"):
        require_installed(profile, [huge], tmp_path)


def test_the_lock_is_readable_by_others(hub: Any, spec: Spec, tmp_path: Path) -> None:
    pull(spec(unknown=("config.json",)), tmp_path, source(hub))
    entries = json.loads((tmp_path / LOCK_FILE).read_text())["files"]
    assert list(entries.values()) == [{"size": 2, "sha256": hashlib.sha256(b"{}").hexdigest()}]
