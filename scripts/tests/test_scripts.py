# SPDX-License-Identifier: GPL-2.0
"""Tests of the scripts, on the host alone: no kernel, no boot."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True
import rig  # noqa: E402 (beside this file's folder)

RUSTC = "rustc 1.85.1 (4eb161250 2025-03-15) (built from a source tarball)"

GOOD = f"""CONFIG_MODULES=y
CONFIG_MODULE_UNLOAD=y
CONFIG_RUST=y
CONFIG_RUSTC_VERSION_TEXT="{RUSTC}"
CONFIG_CC_IS_CLANG=y
CONFIG_IOMMU_SUPPORT=y
CONFIG_IOMMU_API=y
CONFIG_OF=y
CONFIG_OF_IOMMU=y
CONFIG_COMMON_CLK=y
CONFIG_RESET_CONTROLLER=y
CONFIG_PM=y
CONFIG_DEBUG_FS=y
CONFIG_KUNIT=y
"""

EXPORTS = ("_RNvNtCs1_6kernel5print11call_printk", "iommu_device_register", "iommu_fwspec_add_ids", "iommu_alloc_pages_node_sz_noprof")


class CheckKernel(unittest.TestCase):
    """check-kernel on made-up kernel builds."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.kernel = pathlib.Path(self.folder.name)
        (self.kernel / "rust").mkdir()
        (self.kernel / "include/config").mkdir(parents=True)
        (self.kernel / "include/config/kernel.release").write_text("7.3.4\n")
        for crate in ("core", "kernel", "bindings", "pin_init"):
            (self.kernel / f"rust/lib{crate}.rmeta").write_text("")
        self.symvers("".join(f"0x00000000\t{name}\tvmlinux\tEXPORT_SYMBOL_GPL\t\n" for name in EXPORTS))
        self.config(GOOD)

    def tearDown(self):
        self.folder.cleanup()

    def config(self, text):
        (self.kernel / ".config").write_text(text)

    def symvers(self, text):
        (self.kernel / "Module.symvers").write_text(text)

    def run_it(self, rustc=RUSTC):
        result = subprocess.run(
            [str(SCRIPTS / "check-kernel"), str(self.kernel)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "CHECK_KERNEL_RUSTC": rustc},
        )
        return result.returncode, result.stdout

    def expect_missing(self, what):
        status, output = self.run_it()
        self.assertEqual(status, 1, output)
        lines = [line for line in output.splitlines() if line.startswith("  missing")]
        self.assertTrue(any(what in line for line in lines), output)
        for line in lines:
            self.assertRegex(line, r"  missing  .+: .+")

    def test_good(self):
        status, output = self.run_it()
        self.assertEqual(status, 0, output)
        self.assertNotIn("missing", output)

    def test_no_config(self):
        (self.kernel / ".config").unlink()
        self.expect_missing(".config")

    def test_each_option(self):
        for line in GOOD.splitlines():
            name = line.split("=")[0]
            if name in ("CONFIG_CC_IS_CLANG", "CONFIG_MODULE_UNLOAD", "CONFIG_DEBUG_FS", "CONFIG_KUNIT"):
                continue
            with self.subTest(name):
                self.config(GOOD.replace(line + "\n", f"# {name} is not set\n"))
                self.expect_missing(name)

    def test_other_version(self):
        (self.kernel / "include/config/kernel.release").write_text("7.30.1\n")
        self.expect_missing("7.30.1")

    def test_other_rustc(self):
        status, output = self.run_it("rustc 1.95.0 (abc 2026-01-01)")
        self.assertEqual(status, 1)
        self.assertIn("1.95.0", output)

    def test_no_metadata(self):
        (self.kernel / "rust/libkernel.rmeta").unlink()
        self.expect_missing("rust/libkernel.rmeta")

    def test_no_symvers(self):
        (self.kernel / "Module.symvers").unlink()
        self.expect_missing("Module.symvers")

    def test_no_rust_symbols(self):
        self.symvers("0x00000000\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n")
        self.expect_missing("exported Rust symbols")

    def test_signatures(self):
        self.config(GOOD + "CONFIG_MODULE_SIG_FORCE=y\n")
        self.expect_missing("CONFIG_MODULE_SIG_FORCE")

    def test_modversions(self):
        self.config(GOOD + "CONFIG_MODVERSIONS=y\n")
        self.expect_missing("MODVERSIONS")

    def test_rival(self):
        for state, remedy in (("y", "initcall_blacklist=sun50i_iommu_driver_init"), ("m", "blacklist sun50i-iommu")):
            self.config(GOOD + f"CONFIG_SUN50I_IOMMU={state}\n")
            status, output = self.run_it()
            self.assertEqual(status, 0, output)
            self.assertIn(remedy, output)


class Results(unittest.TestCase):
    """Reading what a boot reports."""

    def read(self, *lines):
        report = rig.Report({"name": "test"})
        reader = rig.Reader(report)
        for line in lines:
            reader.line(line)
        return report, reader

    def test_stories(self):
        report, reader = self.read(
            "KTAP version 1", "1..3", "# begin a", "ok 1 a", "# begin b:x", "# FAILED: why", "not ok 2 b:x",
            "# begin c", "ok 3 c # SKIP no such thing", "# end",
        )
        self.assertEqual([(s["name"], s["result"]) for s in report.stories], [("a", "ok"), ("b:x", "failed"), ("c", "skipped")])
        self.assertEqual(report.stories[1]["why"], ["why"])
        self.assertEqual(report.stories[2]["why"], ["no such thing"])
        self.assertTrue(reader.ended)
        self.assertFalse(report.ok)

    def test_data(self):
        report, _ = self.read("# data pages 12", "# data kernel 7.3.4", "# demo two words")
        self.assertEqual(report.data, {"pages": 12, "kernel": "7.3.4"})
        self.assertEqual(report.demo, ["two words"])

    def test_kunit_blocks(self):
        console = "\n".join(
            ["KTAP version 1", "[    0.1] KTAP version 1", "[    0.1] 1..1", "[    0.1]     KTAP version 1", "[    0.1]     ok 1 case",
             "[    0.1] ok 1 suite", "[    0.2] chatter", "[    0.2] KTAP version 1", "[    0.2] 1..0", "[    0.3] KTAP version 1", "[    0.3] 1..1", "[    0.3] not ok 1 other"]
        )
        blocks = rig.ktap_blocks(console)
        self.assertEqual([len(block) for block in blocks], [5, 3])


class Archive(unittest.TestCase):
    """The initial file system."""

    def test_cpio(self):
        archive = rig.Archive()
        archive.file("a/b/c", b"12345", 0o755)
        data = archive.close()
        self.assertEqual(len(data) % 4, 0)
        listing = subprocess.run(["cpio", "-t"], input=data, capture_output=True, check=False) if rig.shutil.which("cpio") else None
        if listing:
            self.assertEqual(listing.stdout.decode().split(), ["a", "a/b", "a/b/c"])
        self.assertTrue(data.startswith(b"070701"))


class Table(unittest.TestCase):
    """The table of boots that is in the tree."""

    def test_table(self):
        for boot in rig.load_table():
            self.assertIn(boot["image"], rig.IMAGES)
            if boot.get("dtb"):
                self.assertTrue((rig.BOARD / "dts" / (boot["dtb"] + ".dts")).exists(), boot["name"])


if __name__ == "__main__":
    unittest.main()
