# SPDX-License-Identifier: GPL-2.0
"""Tests of setup-kernel-source: the release that it chooses of those that Debian offers.  Stubs
replace the archive."""

import io
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True

# apt-get, apt-cache and dpkg-deb for an archive: a folder of packages, named by their version.
ARCHIVE = """#!/bin/bash
for word; do case $word in
	madison) for deb in "$ARCHIVE"/*; do echo "linux-source-7.3 | ${deb##*/} | somewhere"; done ;;
	linux-source-7.3=*) version=${word#*=} ;;
	update) echo update >>"$ARCHIVE.log" ;;
	download) download=y ;;
	--fsys-tarfile) exec cat "$2" ;;
esac; done
[ -z "$download" ] || cp "$ARCHIVE/$version" linux-source.deb
"""


def tar(name, data, compression=""):
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode=f"w:{compression}") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return result.getvalue()


class KernelSource(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.archive = self.folder / "archive"
        self.archive.mkdir()
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for tool in ("apt-get", "apt-cache", "dpkg-deb"):
            (self.bin / tool).write_text(ARCHIVE)
            (self.bin / tool).chmod(0o755)
        self.top = self.folder / "checkout"
        shutil.copytree(SCRIPTS, self.top / "scripts", ignore=shutil.ignore_patterns("tests"))
        (self.top / "out").mkdir()
        (self.top / "out/toolchain").write_text("TOOLCHAIN_KIND=host\nTOOLCHAIN_ROOT=\nTOOLCHAIN_ID=host\n")
        (self.folder / "keyring").touch()

    def offer(self, *releases):
        shutil.rmtree(self.archive)
        self.archive.mkdir()
        for release in releases:
            numbers = zip(("VERSION", "PATCHLEVEL", "SUBLEVEL"), release.split("."))
            makefile = "".join(f"{name} = {number}\n" for name, number in numbers)
            source = tar("linux/Makefile", makefile.encode(), "xz")
            (self.archive / f"{release}-1~bpo13+1").write_bytes(tar("./usr/src/linux-source-7.3.tar.xz", source))

    def set_up(self, **environment):
        path = f"{self.bin}:{os.environ['PATH']}"
        places = {"ARCHIVE": str(self.archive), "XDG_CACHE_HOME": str(self.folder / "cache"), "DEBIAN_KEYRING": str(self.folder / "keyring")}
        return subprocess.run(
            [self.top / "scripts/setup-kernel-source"],
            env={"PATH": path, "DEBIAN_MIRROR": "http://localhost/debian", **places, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def taken(self, release, **environment):
        done = self.set_up(**environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        record = (self.top / "out/kernel-source").read_text()
        self.assertIn(f"KERNEL_SOURCE={self.folder}/cache/rust-iommu/linux-{release}\n", record)
        self.assertIn(f"KERNEL_SOURCE_ID={release}-1~bpo13+1\n", record)
        return [line for line in done.stdout.splitlines() if "no longer offers" in line]

    def test_pinned(self):
        self.offer("7.3.3", "7.3.4", "7.3.10")
        self.assertEqual(self.taken("7.3.4"), [])

    def test_newest_of_the_series(self):
        self.offer("7.3.3", "7.3.9", "7.3.10", "7.30.1")
        line = self.taken("7.3.10")
        self.assertEqual(len(line), 1)
        self.assertIn("Linux 7.3.4: taking 7.3.10 (KERNEL_RELEASE= decides)", line[0])
        # The next run uses the same release and does not query the archive.
        self.offer("7.3.11")
        log = self.folder / "archive.log"
        before = log.read_text()
        self.assertEqual(self.taken("7.3.10"), line)
        self.assertEqual(log.read_text(), before)
        self.assertEqual(self.taken("7.3.11", KERNEL_RELEASE="7.3.11"), [])

    def test_given(self):
        self.offer("7.3.9")
        self.assertEqual(self.taken("7.3.9", KERNEL_RELEASE="7.3.9"), [])
        for release in ("7.3.4", "7.3.8"):
            done = self.set_up(KERNEL_RELEASE=release)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"no longer offers Linux {release}", done.stderr)
            self.assertIn("it offers: 7.3.9-1~bpo13+1", done.stderr)

    def test_another_series(self):
        self.offer("7.4.1", "7.2.12")
        done = self.set_up()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no longer offers Linux 7.3.4", done.stderr)

    def test_it_was_fetched_before(self):
        self.offer("7.3.4")
        self.taken("7.3.4")
        self.offer("7.3.9")
        self.assertEqual(self.taken("7.3.4"), [])


if __name__ == "__main__":
    unittest.main()
