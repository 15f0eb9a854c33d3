"""What the head of a GGUF file says of its model.

Knows: the layout of the head, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Does not
know how a model is loaded. Invariant: a file is read up to what is looked for, and one that is
damaged, or none, says nothing. (The ``gguf`` package reads all of the vocabulary first.)
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value, by the number of its kind."""
_WHOLE = {2: "<H", 4: "<I", 5: "<i", 10: "<Q", 11: "<q"}
_STRING, _ARRAY = 8, 9
_LONGEST_NAME = 1 << 16


def trained_context(path: Path) -> int | None:
    """Return how many tokens of context a model was trained for, None where nothing says so."""
    try:
        with path.open("rb") as file:
            return _context(file)
    except (OSError, ValueError, OverflowError, RecursionError, struct.error):
        return None


def _context(file: BinaryIO) -> int | None:
    magic, version, _, values = struct.unpack("<4sIQQ", file.read(24))
    if magic != b"GGUF" or version not in {2, 3}:
        return None
    for _ in range(values):
        name, kind = _name(file), _number(file, "<I")
        if name.endswith(b".context_length") and kind in _WHOLE:
            context = _number(file, _WHOLE[kind])
            return context if context > 0 else None
        _skip(file, kind)
    return None


def _number(file: BinaryIO, layout: str) -> int:
    (number,) = struct.unpack(layout, file.read(struct.calcsize(layout)))
    return int(number)


def _name(file: BinaryIO) -> bytes:
    length = _number(file, "<Q")
    if length > _LONGEST_NAME:
        raise ValueError(length)
    return file.read(length)


def _skip(file: BinaryIO, kind: int) -> None:
    if kind in _SIZES:
        file.seek(_SIZES[kind], 1)
    elif kind == _STRING:
        file.seek(_number(file, "<Q"), 1)
    elif kind == _ARRAY:
        inner, count = _number(file, "<I"), _number(file, "<Q")
        if inner in _SIZES:
            file.seek(_SIZES[inner] * count, 1)
        else:
            for _ in range(count):
                _skip(file, inner)
    else:
        raise ValueError(kind)
