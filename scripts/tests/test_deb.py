# SPDX-License-Identifier: GPL-2.0
"""Tests of the Debian package (scripts/deb), made of stand-ins for the modules: its contents, the
kernels that it refuses, and that its removal leaves no file.  dpkg works on a directory here, and
runs the package's scripts on the host.  Of the tools that these call, depmod is a stand-in."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True

RELEASE = "7.3.0+test0-arm64"
VERSION = "7.3.0-1~test0+1"
PACKAGE = f"rust-iommu-modules-{RELEASE}"
DRIVERS = ("rust_sun50i_iommu", "rust_tegra_smmu")
MODULES = ("rust_iommu", *DRIVERS)
INITCALL = "initcall_blacklist=sun50i_iommu_driver_init"

KERNEL = """Package: linux-image-{release}
Status: install ok installed
Architecture: arm64
Maintainer: nobody <nobody@localhost>
Version: {version}
Description: kernel

"""
# The other packages that it depends on.
OTHERS = "".join(
    KERNEL.replace("linux-image-{release}", name).format(version="1") for name in ("initramfs-tools", "kmod")
)


def run(*command, **keywords):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **keywords)


@unittest.skipUnless(shutil.which("dpkg-deb") and shutil.which("dpkg"), "no dpkg here")
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.here = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        modules = cls.here / "modules"
        modules.mkdir()
        for name in MODULES:
            (modules / f"{name}.ko").write_text(name)
        done = run(SCRIPTS / "deb", "--from", modules, RELEASE, VERSION)
        found = sorted((SCRIPTS.parent / "out").glob(f"{PACKAGE}_*.deb"))
        if done.returncode or not found:
            raise AssertionError(done.stdout + done.stderr)
        cls.deb = pathlib.Path(shutil.move(found[-1], cls.here))
        # A stand-in that writes a file, as the real depmod does, which needs real modules.
        tools = cls.here / "bin"
        tools.mkdir()
        (tools / "depmod").write_text(
            '#!/bin/sh\n[ "$1" = -b ] || exit 1\ncd "$2/usr/lib/modules/$3" && find . -name "*.ko" | sort >modules.dep\n'
        )
        (tools / "depmod").chmod(0o755)
        cls.environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}:/usr/sbin:/sbin"}

    def root(self, kernel):
        """Makes a system in which Linux RELEASE of that version is installed, or no kernel."""
        root = pathlib.Path(tempfile.mkdtemp(dir=self.here))
        for place in ("updates", "info", "triggers"):
            (root / "var/lib/dpkg" / place).mkdir(parents=True)
        text = OTHERS + (KERNEL.format(release=RELEASE, version=kernel) if kernel else "")
        (root / "var/lib/dpkg/status").write_text(text)
        if kernel:
            base = root / "usr/lib/modules" / RELEASE
            base.mkdir(parents=True)
            (base / "modules.order").write_text("")
            (base / "modules.dep").write_text("")
        return root

    def dpkg(self, root, *words):
        forced = "--force-not-root,architecture,script-chrootless,bad-path"
        return run("dpkg", f"--root={root}", f"--log={root}/../dpkg.log", forced, *words, env=self.environment)

    def files(self, root):
        there = {}
        for path in sorted(root.rglob("*")):
            if "var/lib/dpkg" not in str(path.relative_to(root)):
                there[str(path.relative_to(root))] = path.read_bytes() if path.is_file() else None
        return there

    def listed(self):
        lines = run("dpkg-deb", "-c", self.deb).stdout.splitlines()
        return {line.split(None, 5)[5].removeprefix("."): line.split()[0] for line in lines if line[0] == "-"}

    def test_contents(self):
        wanted = {f"/usr/lib/modules/{RELEASE}/updates/{name}.ko": "-rw-r--r--" for name in MODULES}
        wanted["/usr/share/initramfs-tools/hooks/rust-iommu"] = "-rwxr-xr-x"
        wanted["/etc/default/grub.d/rust-iommu.cfg"] = "-rw-r--r--"
        wanted["/usr/share/u-boot-menu/conf.d/rust-iommu.conf"] = "-rw-r--r--"
        wanted["/usr/share/flash-kernel/ubootenv.d/rust-iommu"] = "-rw-r--r--"
        for name in ("copyright", "sun50i.rst", "orange-pi-3.rst", "tegra.rst", "jetson-nano.rst", "tegra210-smmu.dtso"):
            wanted[f"/usr/share/doc/{PACKAGE}/{name}"] = "-rw-r--r--"
        self.assertEqual(self.listed(), wanted)

    def test_control(self):
        def field(name):
            return run("dpkg-deb", "-f", self.deb, name).stdout.strip()

        self.assertEqual(field("Package"), PACKAGE)
        self.assertEqual(field("Architecture"), "arm64")
        self.assertIn(f"linux-image-{RELEASE} (= {VERSION})", field("Depends").split(", "))

    def test_scripts_are_filled_in(self):
        place = self.here / "unpacked"
        run("dpkg-deb", "-R", self.deb, place)
        for path in place.rglob("*"):
            if path.is_file() and path.suffix != ".ko":
                self.assertNotRegex(path.read_text(), r"@[A-Z]+@", path)
            if path.is_file() and path.read_bytes().startswith(b"#!/bin/sh"):
                self.assertEqual(run("sh", "-n", path).stderr, "", path)

    def refused(self, kernel, why):
        root = self.root(kernel)
        before = self.files(root)
        done = self.dpkg(root, "-i", self.deb)
        self.assertNotEqual(done.returncode, 0)
        ours = [line for line in done.stderr.splitlines() if line.startswith(PACKAGE + ":")]
        self.assertEqual(len(ours), 1, done.stderr)
        self.assertIn(why, ours[0])
        self.assertEqual(self.files(root), before)

    def test_refused_without_the_kernel(self):
        self.refused(None, "install that kernel first")

    def test_refused_by_another_build(self):
        self.refused("7.3.0-2", "7.3.0-2 is installed")

    def test_comes_and_goes(self):
        root = self.root(VERSION)
        before = self.files(root)
        done = self.dpkg(root, "-i", self.deb)
        self.assertEqual(done.returncode, 0, done.stderr)
        installed = self.files(root)
        for path in self.listed():
            self.assertIn(path.lstrip("/"), installed)
        dep = f"usr/lib/modules/{RELEASE}/modules.dep"
        hook = installed["usr/share/initramfs-tools/hooks/rust-iommu"].decode()
        for driver in DRIVERS:
            self.assertIn(f"updates/{driver}.ko".encode(), installed[dep])
            self.assertIn(f"force_load {driver}\n", hook)
        done = self.dpkg(root, "-r", PACKAGE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.files(root), before)
        # After the removal only the post-removal script is left to purge.
        self.dpkg(root, "-P", PACKAGE)
        self.assertEqual(self.files(root), before)
        self.assertEqual(run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", PACKAGE).stdout, "")

    def test_command_line(self):
        """The boot loaders' tools must take the argument from the fragments."""
        place = self.here / "fragments"
        run("dpkg-deb", "-x", self.deb, place)

        def after(file, name, **given):
            script = f'. "$1"; printf %s "${name}"'
            return run("sh", "-ec", script, "sh", place / file, env={**self.environment, **given}).stdout

        grub, u_boot = "etc/default/grub.d/rust-iommu.cfg", "usr/share/u-boot-menu/conf.d/rust-iommu.conf"
        self.assertEqual(after(grub, "GRUB_CMDLINE_LINUX", GRUB_CMDLINE_LINUX="a=b"), f"a=b {INITCALL}")
        self.assertEqual(after(u_boot, "U_BOOT_PARAMETERS", U_BOOT_PARAMETERS="rw"), f"rw {INITCALL}")
        self.assertTrue(after(u_boot, "U_BOOT_PARAMETERS").endswith(f" {INITCALL}"))
        self.assertIn(INITCALL, (place / "usr/share/flash-kernel/ubootenv.d/rust-iommu").read_text())


if __name__ == "__main__":
    unittest.main()
