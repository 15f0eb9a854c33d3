"""What can go wrong while an index is built or taken over, and what a reader sees of it: nothing.

Most of it runs without an embedder: meaning is not needed to lose an answer.
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import multiprocessing.util
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

import assistant.builder
import assistant.index
from assistant import Assistant, Settings
from assistant.builder import LiveIndex, build_index, index_status
from assistant.cli import main
from assistant.errors import IndexCorrupt, IndexProblem, StorageError
from assistant.generations import Generations, Manifest, read_manifest
from assistant.privatecopy import PREFIX
from tests.support import copy_knowledge

SEED = 20261124
KILLS = 20
WRITING = 0.4
"""Seconds from the first file of a generation to its last, about."""
REPORT = "reports/{}/sme-ai-report-2026.md"
QUESTION = "How many SMEs use AI?"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A knowledge folder of one report and its index; to be copied, not touched."""
    root = tmp_path_factory.mktemp("built")
    copy_knowledge(root / "knowledge", (REPORT,))
    build_index(settings_of(root))
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it, with a folder of its own for temporary files."""
    # The fork server's socket stays where it is: pytest's folders are too deep for its path.
    multiprocessing.util.get_temp_dir()
    copy = tmp_path / "root"
    shutil.copytree(built, copy)
    (copy / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(copy / "tmp"))
    yield copy
    for process in _started:
        process.kill()
        process.communicate()
    _started.clear()


_started: list[subprocess.Popen[str]] = []


def settings_of(root: Path) -> Settings:
    return Settings(data_dir=root / "data", knowledge_dir=root / "knowledge", embedder="none")


def places_of(root: Path) -> Generations:
    return Generations(root / "data" / "index")


def generations(root: Path) -> set[str]:
    return {path.name for path in (root / "data" / "index").iterdir() if path.is_dir()}


def copies(root: Path) -> set[Path]:
    """The readers' private copies."""
    return set((root / "tmp").glob(f"{PREFIX}*"))


def edit(root: Path, number: int) -> None:
    """Change the knowledge a little."""
    for language in ("en", "zh"):
        path = root / "knowledge" / REPORT.format(language)
        kept = path.read_text(encoding="utf-8").partition("\n\nEdition ")[0]
        path.write_text(f"{kept}\n\nEdition {number}.\n", encoding="utf-8")


def environment(root: Path) -> dict[str, str]:
    return {
        "FIRSTPILOT_DATA_DIR": str(root / "data"),
        "FIRSTPILOT_KNOWLEDGE_DIR": str(root / "knowledge"),
        "FIRSTPILOT_EMBEDDER": "none",
        "TMPDIR": str(root / "tmp"),
    }


def start(root: Path, *command: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command,
        env=os.environ | environment(root),
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _started.append(process)
    return process


def firstpilot(root: Path, *arguments: str) -> subprocess.Popen[str]:
    return start(root, sys.executable, "-m", "assistant", *arguments)


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit code and what was said on stderr."""
    errors = process.communicate(timeout=60)[1]
    return process.returncode, errors


def is_one_line(errors: str) -> bool:
    return errors.startswith("firstpilot: ") and errors.count("\n") == 1 and errors[-1] == "\n"


class Asker(threading.Thread):
    """Asks without end, and keeps what went wrong."""

    def __init__(self, assistant: Assistant) -> None:
        super().__init__(daemon=True)
        self._assistant = assistant
        self._enough = threading.Event()
        self.answered = 0
        self.lost: list[str] = []

    def run(self) -> None:
        while not self._enough.wait(0.2):
            try:
                found = self._assistant.search(QUESTION)
                answer = self._assistant.ask(QUESTION)
            except BaseException as exc:  # noqa: BLE001 - whatever it is, the test tells it
                self.lost.append(repr(exc))
                continue
            if not answer.text or not any("28.3%" in passage.chunk.text for passage in found):
                self.lost.append(answer.text or "no text")
            self.answered += 1

    def stop(self) -> None:
        self._enough.set()
        self.join(30)


def _ingest(root: str) -> None:
    os.environ |= environment(Path(root))
    sys.exit(main(["ingest"]))


@pytest.mark.slow
def test_kills_at_any_moment_lose_no_answer_and_leave_nothing(root: Path) -> None:
    # Builders are forked from a process that has the libraries loaded: that takes half their time.
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([__name__, "bm25s", "chromadb.api.rust", "jieba"])

    def ingest() -> ForkServerProcess:
        process = forks.Process(target=_ingest, args=(str(root),))
        process.start()
        return process

    rng = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    ingest().join()
    edit(root, 0)
    started = time.monotonic()
    first = ingest()
    first.join()
    whole = time.monotonic() - started
    assert first.exitcode == 0
    assistant = Assistant.from_settings(settings_of(root))
    before = assistant.coverage().fingerprint
    asker = Asker(assistant)
    asker.start()
    for number in range(1, KILLS + 1):
        edit(root, number)
        held = generations(root)
        process = ingest()
        # Every other moment is counted from the first write: writing is short beside starting.
        writing = number % 2 == 0
        while writing and process.is_alive() and generations(root) <= held:
            time.sleep(0.005)
        moment = rng.uniform(0, WRITING if writing else whole)
        process.join(moment)
        process.kill()
        process.join()
        said = f"seed {SEED}, kill {number} after {moment:.2f} s{' of writing' * writing}"
        print(said)  # noqa: T201 - shown when the test fails
        status = index_status(settings_of(root))
        assert status.state in {"current", "stale"}, status.detail
        # The current generation, the one before, and the one that was being built.
        assert len(generations(root)) <= 3
    edit(root, KILLS + 1)
    last = ingest()
    last.join()
    assert last.exitcode == 0
    answered = asker.answered
    deadline = time.monotonic() + 30
    while asker.answered < answered + 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    asker.stop()
    assert asker.lost == []
    assert asker.answered >= KILLS
    assert assistant.coverage().fingerprint == index_status(settings_of(root)).fingerprint != before
    assert len(generations(root)) <= 2
    assert not list((root / "data" / "index").glob(".CURRENT-*"))


READER = """
import sys
from pathlib import Path
from assistant import Settings
from assistant.builder import LiveIndex
root = Path(sys.argv[1])
live = LiveIndex(Settings(data_dir=root / "data", knowledge_dir=root / "knowledge"))
print("open", flush=True)
sys.stdin.read()
"""


def test_the_copy_of_a_killed_reader_is_swept_and_that_of_a_living_one_stays(root: Path) -> None:
    readers = [start(root, sys.executable, "-c", READER, str(root)) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
    assert len(copies(root)) == 2
    readers[0].kill()
    readers[0].wait(30)
    assert len(copies(root)) == 2
    long_ago = time.time() - 3600
    for copy in copies(root):
        os.utime(copy, (long_ago, long_ago))
    live = LiveIndex(settings_of(root))
    assert len(copies(root)) == 2
    assert readers[1].poll() is None
    del live
    assert len(copies(root)) == 1
    assert (copies(root).pop() / "copy" / "chroma.sqlite3").is_file()


def test_a_folder_that_another_reader_is_only_just_making_stays(root: Path) -> None:
    fresh = root / "tmp" / f"{PREFIX}fresh"
    fresh.mkdir()
    LiveIndex(settings_of(root))
    assert fresh.exists()


def test_a_link_in_the_place_of_a_copy_is_not_followed(root: Path) -> None:
    mine = root / "mine"
    (mine / "copy").mkdir(parents=True)
    link = root / "tmp" / f"{PREFIX}link"
    link.symlink_to(mine)
    os.utime(link, (0, 0), follow_symlinks=False)
    LiveIndex(settings_of(root))
    assert (mine / "copy").is_dir()


def test_of_two_builders_at_once_one_builds_and_the_other_says_why_not(root: Path) -> None:
    edit(root, 1)
    with places_of(root).writer():
        code, errors = finished(firstpilot(root, "ingest"))
    assert code == 1
    assert is_one_line(errors)
    assert "another process is building" in errors
    both = [firstpilot(root, "ingest") for _ in range(2)]
    results = sorted(finished(process) for process in both)
    assert results[0][0] == 0
    assert results[1][0] == 0 or "another process is building" in results[1][1]
    assert index_status(settings_of(root)).state == "current"


@pytest.mark.slow
def test_a_server_answers_during_a_build_and_then_from_the_new_index(root: Path) -> None:
    server = firstpilot(root, "serve", "--port", "0")
    assert server.stdout is not None
    address = server.stdout.readline().split()[3]

    def health() -> str:
        with urllib.request.urlopen(f"{address}/readyz", timeout=30) as response:  # noqa: S310
            return str(json.load(response)["index"])

    before = health()
    edit(root, 1)
    build = firstpilot(root, "ingest")
    while build.poll() is None:
        seen = health()
        time.sleep(0.2)
    # All but perhaps the last came before the pointer moved.
    assert finished(build)[0] == 0
    after = index_status(settings_of(root)).fingerprint
    assert health() == after != before
    assert seen in {before, after}


def test_a_folder_that_cannot_be_written_is_one_line(root: Path) -> None:
    shutil.rmtree(root / "data" / "index")
    (root / "data" / "index").write_text("in the way", encoding="utf-8")
    code, errors = finished(firstpilot(root, "ingest"))
    assert code == 1
    assert is_one_line(errors)
    assert "FIRSTPILOT_DATA_DIR" in errors


@pytest.mark.skipif(sys.platform == "win32", reason="there is no ulimit")
@pytest.mark.parametrize("share", [0, 0.7])
def test_a_full_disk_is_one_line_and_loses_nothing(root: Path, share: float) -> None:
    """A limit on the size of files, in blocks of 512 bytes, stands for the full disk."""
    held = generations(root)
    chroma = places_of(root).current() / "chroma" / "chroma.sqlite3"
    blocks = 1 + int(share * chroma.stat().st_size / 512)
    edit(root, 1)
    limited = ("sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh")
    code, errors = finished(start(root, *limited, sys.executable, "-m", "assistant", "ingest"))
    assert code == 1
    assert is_one_line(errors)
    assert "free some space" in errors
    assert generations(root) == held
    assert index_status(settings_of(root)).state == "stale"


def no_room(*args: object, **kwargs: object) -> None:
    raise OSError(28, "No space left on device")


def test_no_room_for_a_readers_copy_is_a_storage_error(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveIndex(settings_of(root))
    held = live.current()
    publish_copy(root, held.folder)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copytree", no_room)
        with pytest.raises(StorageError, match="TMPDIR"):
            LiveIndex(settings_of(root))
        assert live.current() is held
    assert live.current() is not held
    del held
    assert len(copies(root)) == 1


def truncate_chroma(folder: Path) -> None:
    os.truncate(folder / "chroma" / "chroma.sqlite3", 5000)


def flip_chroma(folder: Path) -> None:
    path = folder / "chroma" / "chroma.sqlite3"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def unlink_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def empty_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"")


def remove_chroma(folder: Path) -> None:
    shutil.rmtree(folder / "chroma")


def folder_for_file(folder: Path) -> None:
    (folder / "documents.json").unlink()
    (folder / "documents.json").mkdir()


@pytest.mark.parametrize(
    "damage",
    [truncate_chroma, flip_chroma, unlink_manifest, empty_manifest, remove_chroma, folder_for_file],
)
def test_a_damaged_generation_is_told_and_passed_over(
    root: Path, damage: Callable[[Path], None]
) -> None:
    live = LiveIndex(settings_of(root))
    held = live.current()
    damage(publish_copy(root, held.folder))
    assert live.current() is held
    with pytest.raises(IndexCorrupt, match="firstpilot ingest"):
        LiveIndex(settings_of(root))


def test_a_build_mends_a_damaged_generation(root: Path) -> None:
    truncate_chroma(places_of(root).current())
    report = build_index(settings_of(root))
    assert not report.up_to_date
    assert LiveIndex(settings_of(root)).current().chunks


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nowhere",
        b"20260101T000000-00000000",
        b"x" * 300,
        b"\xff\xfe\x00",
        b"a\0b",
        b"..",
        b".",
    ],
)
def test_a_pointer_of_any_content_is_told_and_passed_over(root: Path, content: bytes) -> None:
    live = LiveIndex(settings_of(root))
    (root / "data" / "manifest.json").touch()
    (root / "data" / "index" / "CURRENT").write_bytes(content)
    assert live.current().chunks
    with pytest.raises(IndexCorrupt) as caught:
        LiveIndex(settings_of(root))
    assert len(str(caught.value)) < 400
    assert index_status(settings_of(root)).state == "corrupt"


def test_a_build_mends_a_pointer(root: Path) -> None:
    (root / "data" / "index" / "CURRENT").write_bytes(b"x" * 300)
    build_index(settings_of(root))
    assert index_status(settings_of(root)).state == "current"


def test_a_manifest_field_of_another_type_is_corrupt(root: Path) -> None:
    path = places_of(root).current() / "manifest.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    for field in dataclasses.fields(Manifest):
        for value in (None, [3], {"a": None}):
            path.write_text(json.dumps({**fields, field.name: value}), encoding="utf-8")
            with pytest.raises(IndexCorrupt, match="--force"):
                LiveIndex(settings_of(root))


def vanish_before(name: str) -> Callable[[pytest.MonkeyPatch, Path], None]:
    """Return what makes a generation go away just before a function of ``index`` looks at it."""

    def arrange(patch: pytest.MonkeyPatch, folder: Path) -> None:
        real = getattr(assistant.index, name)

        def late(path: Path) -> object:
            if path.is_relative_to(folder):
                shutil.rmtree(folder, ignore_errors=True)
            return real(path)

        patch.setattr(assistant.index, name, late)

    return arrange


def vanish_while_hashed(patch: pytest.MonkeyPatch, folder: Path) -> None:
    real = assistant.generations.file_hash

    def late(path: Path) -> str:
        if path.is_relative_to(folder):
            shutil.rmtree(folder, ignore_errors=True)
        return real(path)

    patch.setattr(assistant.generations, "file_hash", late)


MOMENTS = [
    pytest.param(vanish_before("read_manifest"), id="before the manifest is read"),
    pytest.param(vanish_while_hashed, id="while files are hashed"),
    pytest.param(vanish_before("PrivateCopy"), id="before the copy is made"),
    pytest.param(vanish_before("_read_documents"), id="after the copy was made"),
]


@pytest.mark.parametrize("arrange", MOMENTS)
def test_a_generation_swept_while_a_reader_takes_it_over_is_passed_over(
    root: Path, monkeypatch: pytest.MonkeyPatch, arrange: Callable[[pytest.MonkeyPatch, Path], None]
) -> None:
    live = LiveIndex(settings_of(root))
    held = live.current()
    newer = publish_copy(root, held.folder)
    arrange(monkeypatch, newer)
    assert live.current() is held
    assert not newer.exists()
    assert len(copies(root)) == 1


@pytest.mark.parametrize("arrange", MOMENTS)
def test_a_generation_swept_while_it_is_opened_first_gives_way_to_the_next(
    root: Path, monkeypatch: pytest.MonkeyPatch, arrange: Callable[[pytest.MonkeyPatch, Path], None]
) -> None:
    first = places_of(root).current()
    second = publish_copy(root, first)
    (root / "data" / "index" / "CURRENT").write_text(first.name, encoding="utf-8")
    arrange(monkeypatch, first)
    real = Generations.current

    def moved(places: Generations) -> Path:
        if not first.exists():
            (root / "data" / "index" / "CURRENT").write_text(second.name, encoding="utf-8")
        return real(places)

    monkeypatch.setattr(Generations, "current", moved)
    assert LiveIndex(settings_of(root)).current().folder == second


def publish_copy(root: Path, folder: Path) -> Path:
    places = places_of(root)
    with places.writer():
        copy = places.new()
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        places.publish(copy)
    return copy


@pytest.mark.parametrize("why", ["damaged", "another embedder"])
def test_what_cannot_be_used_is_opened_once_and_not_at_every_question(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    live = LiveIndex(settings_of(root))
    held = live.current()
    newer = publish_copy(root, held.folder)
    if why == "damaged":
        truncate_chroma(newer)
    else:
        manifest = dataclasses.replace(read_manifest(newer), embedder="other")
        text = json.dumps(dataclasses.asdict(manifest))
        (newer / "manifest.json").write_text(text, encoding="utf-8")
    opened = []

    def counted(folder: Path) -> assistant.index.Index:
        opened.append(folder)
        return assistant.index.Index(folder)

    monkeypatch.setattr(assistant.builder, "Index", counted)
    assert [live.current() for _ in range(3)] == [held] * 3
    assert opened == [newer]
    assert len(caplog.records) == 1


def test_a_failed_probe_leaves_the_current_generation_and_no_other(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = generations(root)
    edit(root, 1)

    def failing(folder: Path) -> None:
        raise IndexCorrupt("it does not open")

    monkeypatch.setattr(assistant.builder, "probe", failing)
    with pytest.raises(IndexProblem):
        build_index(settings_of(root))
    assert generations(root) == held
