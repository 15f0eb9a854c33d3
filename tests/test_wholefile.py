"""Whole files: written to the end, or as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.wholefile import write_whole


def test_it_makes_the_folder_and_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "notes.json"
    write_whole(path, "one")
    write_whole(path, "二")
    assert path.read_bytes() == "二".encode()
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_replaced_stays(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.mkdir()
    (path / "inside").write_text("kept", "utf-8")
    with pytest.raises(OSError, match="irectory"):
        write_whole(path, "text")
    assert (path / "inside").read_text("utf-8") == "kept"
