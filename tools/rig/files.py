# SPDX-License-Identifier: GPL-2.0
"""Reads and writes files."""

import pathlib

APPENDED_LINES = 20


def tail(path, count=APPENDED_LINES):
    try:
        lines = pathlib.Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return []
    return lines[-count:]


def write_atomically(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    if isinstance(data, bytes):
        temporary.write_bytes(data)
    else:
        temporary.write_text(data)
    temporary.rename(path)
