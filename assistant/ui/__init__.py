"""The web chat."""

from assistant.ui.page import build_ui

__all__ = ["build_ui"]
