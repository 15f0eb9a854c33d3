"""What a missing tool does to a test, and that CI names the tools it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _pytest.outcomes import Failed, Skipped

from tests.tools import _INSTALL, REQUIRED, missing

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("tool", _INSTALL)
def test_a_missing_tool_skips_unless_it_must_be_there(
    tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = " ".join(name for name in _INSTALL if name != tool)
    for required, outcome in (("", Skipped), (others, Skipped), (f"{others} {tool}", Failed)):
        monkeypatch.setenv(REQUIRED, required)
        with pytest.raises(outcome, match=f"{tool} is missing"):
            missing(tool)


def test_no_test_skips_for_a_tool_by_itself() -> None:
    own = re.compile(r"""skip(?:if)?\(.*(?:chromium|curl|nginx|node\b|postgres)""", re.IGNORECASE)
    for path in (ROOT / "tests").glob("test_*.py"):
        if path.name != Path(__file__).name:
            assert not own.search(path.read_text(encoding="utf-8")), path.name


def test_ci_requires_what_it_installs_and_nothing_else() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(rf"export {REQUIRED}=", script)
    assert set(re.findall(r"required\+=\((\w+)\)", script)) == set(_INSTALL)
    installed = set(re.findall(r"missing\+=\(([\w-]+)\)", script))
    assert {"chromium", "curl", "nginx-light", "postgresql"} <= installed
