"""Tools from outside Python that some tests need: skipped without them, unless they must be there.

``FIRSTPILOT_REQUIRE_TOOLS`` names, with spaces between, those whose absence is a failure: a machine
that installs them for the tests would otherwise pass without having run these tests.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

REQUIRED = "FIRSTPILOT_REQUIRE_TOOLS"
_INSTALL = {
    "chromium": "on Debian run: apt install chromium",
    "curl": "on Debian run: apt install curl",
    "nginx": "on Debian run: apt install nginx-light",
    "node": "install Node.js and run: npm ci --prefix tests/node",
    "postgresql": "on Debian run: apt install postgresql",
}


def missing(tool: str) -> NoReturn:
    """Leave out the test for the lack of a tool, or fail it when that tool must be there."""
    told = f"{tool} is missing; {_INSTALL[tool]}"
    if tool in os.environ.get(REQUIRED, "").split():
        pytest.fail(told)
    pytest.skip(told)
