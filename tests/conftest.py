"""What holds for every test: a clean environment, a data folder of its own, loopback alone.

Sockets to other machines are refused by pytest-socket (see ``addopts`` in pyproject.toml).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant, Settings
from assistant.store import Store, open_store
from tests.support import copy_knowledge

_KEPT = {"FIRSTPILOT_REQUIRE_TOOLS", "FIRSTPILOT_SCREENSHOTS"}
_PREFIXES = ("FIRSTPILOT_", "GRADIO_", "LANGCHAIN_", "LANGSMITH_", "OPENAI_", "CHROMA_")
_ENDINGS = ("_API_KEY", "_PROXY", "_BASE_URL")


def _clean(patch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        upper = name.upper()
        if upper not in _KEPT and (upper.startswith(_PREFIXES) or upper.endswith(_ENDINGS)):
            patch.delenv(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what a browser does be tried once more: on a crowded machine it may miss its moment."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session", autouse=True)
def clean_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures wider than one test see no user setting either."""
    with pytest.MonkeyPatch.context() as patch:
        _clean(patch)
        patch.setenv("FIRSTPILOT_DATA_DIR", str(tmp_path_factory.mktemp("session") / "data"))
        yield


@pytest.fixture(autouse=True)
def clean_environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the user's settings or keys, nor writes into their data folder."""
    _clean(monkeypatch)
    monkeypatch.setenv("FIRSTPILOT_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings over the small knowledge folder; its index is built by the first who needs it."""
    root = tmp_path_factory.mktemp("small")
    return Settings(data_dir=root / "data", knowledge_dir=copy_knowledge(root / "knowledge"))


@pytest.fixture(scope="session")
def assistant(settings: Settings) -> Assistant:
    """The assistant over the small knowledge folder."""
    return Assistant.from_settings(settings)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a file."""
    opened = open_store(Settings(data_dir=tmp_path / "store"))
    yield opened
    opened.close()
