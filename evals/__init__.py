"""Measurements of the assistant, above its public names."""
