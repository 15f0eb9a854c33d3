from __future__ import annotations

from assistant.intake import State
from assistant.library import Library
from assistant.settings import Settings
from assistant.uploads import taker


def made(tmp_path, settings: Settings, **values) -> Settings:
    base = {"data_dir": tmp_path / "data", "knowledge_dir": settings.knowledge_dir}
    return Settings(**base, embedder="none", **values)


def test_uploads_are_off_unless_switched_on(tmp_path, settings):
    assert taker(made(tmp_path, settings)) is None


def test_an_upload_replaces_the_one_of_the_same_name(tmp_path, settings):
    mine = made(tmp_path, settings, uploads=True)
    take = taker(mine)
    assert take is not None
    for text in ("The first text.", "The second text."):
        sent = tmp_path / "sent" / text[4:9]
        sent.mkdir(parents=True)
        (sent / "a.txt").write_text(text, encoding="utf-8")
        assert [outcome.state for outcome in take([sent / "a.txt"])] == [State.ADDED]
    assert [d.text for d in Library(mine.data_dir).documents()] == ["The second text."]
