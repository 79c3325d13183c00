# SPDX-License-Identifier: GPL-2.0
"""Reads and writes files."""

import pathlib
import shutil
import subprocess

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


def linked_copy(source, target):
    """A copy of a folder, of hard links if it can be: files in it are replaced, not written to."""
    new = target.with_name(target.name + ".tmp")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(new, ignore_errors=True)
    if subprocess.run(["cp", "-al", source, new], stderr=subprocess.DEVNULL, check=False).returncode:
        shutil.rmtree(new, ignore_errors=True)
        subprocess.run(["cp", "-a", source, new], check=True)
    new.rename(target)


def lacking(document, phrases):
    """The phrases that a document lacks. Its lines may be broken anywhere."""
    text = " ".join(document.read_text().split())
    return [phrase for phrase in phrases if phrase not in text]
