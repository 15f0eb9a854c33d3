"""Generations: published atomically, checked on opening, swept when done with."""

from __future__ import annotations

import dataclasses
import multiprocessing
from pathlib import Path

import pytest

from assistant.errors import IndexBusy, IndexCorrupt, IndexMissing, StorageError
from assistant.generations import (
    FORMAT,
    Generations,
    Manifest,
    hash_files,
    read_manifest,
    write_manifest,
)


def manifest_of(folder: Path) -> Manifest:
    return Manifest(
        format=FORMAT,
        generation=folder.name,
        created="2026-11-23T00:00:00+00:00",
        fingerprint="f",
        embedder="none",
        dimension=0,
        chunker="1",
        terms="1",
        knowledge={},
        documents=0,
        chunks={"en": 0},
        files=hash_files(folder),
    )


@pytest.fixture
def places(tmp_path: Path) -> Generations:
    return Generations(tmp_path / "index")


def make(places: Generations) -> Path:
    """Build and publish a generation with one data file."""
    with places.writer():
        folder = places.new()
        (folder / "data").write_bytes(b"x" * 100)
        write_manifest(folder, manifest_of(folder))
        places.publish(folder)
    return folder


def test_nothing_built_is_missing_and_names_the_command(places: Generations) -> None:
    with pytest.raises(IndexMissing, match="firstpilot ingest"):
        places.current()


def test_a_published_generation_is_current(places: Generations) -> None:
    make(places)
    second = make(places)
    assert places.current() == second
    assert read_manifest(second).files == {"data": hash_files(second)["data"]}


def test_a_build_without_manifest_is_never_current(places: Generations) -> None:
    first = make(places)
    with places.writer():
        half = places.new()
        (half / "data").write_bytes(b"half")
    assert places.current() == first
    with places.writer():
        places.sweep(keep=(first,))
    assert not half.exists()
    assert first.exists()


@pytest.mark.parametrize("content", ["", "nothing-like-that", "../elsewhere", "\xff"])
def test_a_damaged_pointer_is_corrupt(places: Generations, content: str) -> None:
    make(places)
    (places.root / "CURRENT").write_bytes(content.encode("latin-1"))
    with pytest.raises(IndexCorrupt, match="firstpilot ingest"):
        places.current()


@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_a_damaged_file_is_found(places: Generations, damage: str) -> None:
    data = make(places) / "data"
    if damage == "gone":
        data.unlink()
    else:
        data.write_bytes(b"x" * 50 if damage == "cut" else b"x" * 99 + b"y")
    with pytest.raises(IndexCorrupt, match="'data'"):
        read_manifest(places.current())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}'])
def test_a_damaged_manifest_is_found(places: Generations, text: str) -> None:
    (make(places) / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(IndexCorrupt, match="--force"):
        read_manifest(places.current())


def test_a_manifest_of_another_format_is_refused(places: Generations) -> None:
    folder = make(places)
    write_manifest(folder, dataclasses.replace(read_manifest(folder), format=FORMAT + 1))
    with pytest.raises(IndexCorrupt, match="format"):
        read_manifest(folder)


def _hold(root: str, held: object, release: object) -> None:
    with Generations(Path(root)).writer():
        held.set()  # type: ignore[attr-defined]
        release.wait(30)  # type: ignore[attr-defined]


def test_a_second_writer_is_turned_away_until_the_first_is_done(places: Generations) -> None:
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(str(places.root), held, release))
    process.start()
    try:
        assert held.wait(30)
        with pytest.raises(IndexBusy, match="another process"), places.writer():
            pass
    finally:
        release.set()
        process.join(30)
    with places.writer():
        pass


def test_the_lock_of_a_killed_writer_is_free(places: Generations) -> None:
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(str(places.root), held, release))
    process.start()
    assert held.wait(30)
    process.kill()
    process.join(30)
    with places.writer():
        pass


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with (
        pytest.raises(StorageError, match="FIRSTPILOT_DATA_DIR"),
        Generations(tmp_path / "file" / "index").writer(),
    ):
        pass
