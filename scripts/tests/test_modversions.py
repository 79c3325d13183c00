# SPDX-License-Identifier: GPL-2.0
"""Tests of the crate's exports: the choice of symbols, and their versions for a kernel with
CONFIG_MODVERSIONS."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS.parent / "tools"))
from rig.images import IMAGES, is_emulated  # noqa: E402
from rig.paths import OUT  # noqa: E402

# Runs the rule of Kbuild without the kernel's build.
MAKEFILE = f"""
obj := .
NM := ./nm
CONFIG_RUST_APPLE_DART := n
if_changed = $(cmd_$(1))
include {SCRIPTS.parent}/Kbuild
.PHONY: FORCE
"""

NM = """#!/bin/sh
if [ "$1" = -u ]; then sed 's/^/                 U /' undefined; else cat defined; fi
"""


class Exports(unittest.TestCase):
    def exports(self, undefined, defined):
        with tempfile.TemporaryDirectory() as folder:
            here = pathlib.Path(folder)
            for name in ("rust/iommu.o", "drivers/iommu/sun50i/sun50i.o"):
                (here / name).parent.mkdir(parents=True, exist_ok=True)
                (here / name).touch()
            (here / "nm").write_text(NM)
            (here / "nm").chmod(0o755)
            (here / "undefined").write_text("\n".join(undefined) + "\n")
            (here / "defined").write_text("\n".join(f"0000000000000000 {line}" for line in defined) + "\n")
            command = ["make", "-s", "-f", "-", "./rust/exports.h"]
            subprocess.run(command, cwd=here, input=MAKEFILE, text=True, check=True, capture_output=True)
            return re.findall(r"EXPORT_RUST\((\w+)\);", (here / "rust/exports.h").read_text())

    def test_what_drivers_reference(self):
        defined = ["T _RNvCs1_5iommu1a", "R _RNvCs1_5iommu1b", "T _RNvCs1_5iommu1c", "t _RNvCs1_5iommu1d", "T kfree"]
        undefined = ["_RNvCs1_5iommu1a", "_RNvCs1_5iommu1b", "_RNvCs1_5iommu1d", "kfree", "_RNvCs2_6kernel1e"]
        self.assertEqual(self.exports(undefined, defined), ["_RNvCs1_5iommu1a", "_RNvCs1_5iommu1b"])

    def test_what_belongs_to_the_module(self):
        """Symbols of the init sections, and those that the compiler puts before functions, are not exported."""
        names = [
            *("_RNvCs1_5iommu13___init_module", "_RNvCs1_5iommu16___cleanup_module", "_RNvCs1_5iommu__pfx_a"),
            *("_RNvCs1_5iommu__cfi_a", "_RNvCs1_5iommu__odr_asan_gen_a", "__pfx__RNvCs1_5iommu1a", "__cfi__RNvCs1_5iommu1a"),
        ]
        names = [*names, "_RNvCs1_5iommu11init_module1a"]
        self.assertEqual(self.exports(names, [f"T {name}" for name in names]), names[-1:])


class Versions(unittest.TestCase):
    """With another layout the crate's exports have other versions; see scripts/modversions."""

    def test_layout(self):
        built = [image for image in IMAGES if not is_emulated(image) and (OUT / image / "kernel/.config").exists()]
        if not built:
            self.skipTest("no kernel of the UML board is built in this checkout")
        done = subprocess.run([SCRIPTS / "modversions", "--on", built[0]], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("4 passed, 0 failed", done.stdout)


if __name__ == "__main__":
    unittest.main()
