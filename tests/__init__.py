"""Tests: one file a module, and the suites that hold the whole together."""
