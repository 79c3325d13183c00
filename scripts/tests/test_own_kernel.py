# SPDX-License-Identifier: GPL-2.0
"""Tests of make with a kernel build of the user's own (KDIR=), on a host that is not Debian: the
tools that the build needs, the modules that are installed, and their signatures.  A stub of the
kernel's build makes a module and installs it.  The host has only the tools of TOOLS."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True

RUSTC = "rustc 1.91.0 (0123456789a 2026-01-01)"
# Tools of every system, and make, which runs the commands.
TOOLS = """awk basename bash cat chmod cp cut date df dirname env find flock grep head id ln ls make mkdir mktemp
	mv nproc od printf pwd readlink realpath rm sed sha256sum sh sleep sort stat tail tar test touch tr true
	uname xargs gzip""".split()

KERNEL = """
modules:
	mkdir -p $(MO)
	echo rust_iommu.o >$(MO)/modules.order
	test -f $(MO)/rust_iommu.ko || echo built >$(MO)/rust_iommu.ko
modules_install:
	mkdir -p $(INSTALL_MOD_PATH)/lib/modules/7.3.4/updates
	cp $(MO)/rust_iommu.ko $(INSTALL_MOD_PATH)/lib/modules/7.3.4/updates/
	$(if $(CONFIG_MODULE_SIG_ALL),echo "the kernel's own" >>$(INSTALL_MOD_PATH)/lib/modules/7.3.4/updates/rust_iommu.ko)
CONFIG_MODULE_SIG_ALL = y
"""

# Appends the signature, 12 bytes and a line, as the kernel's sign-file does.
SIGN_FILE = """#!/bin/bash
printf '%s' "signed:$1:$(cat "$2")" >"$4.sig"
size=$(stat -c %s "$4.sig")
printf '\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0'"\\x$(printf %x "$size")" >>"$4.sig"
echo '~Module signature appended~' >>"$4.sig"
cat "$4.sig" >>"$4"
rm "$4.sig"
"""


class OwnKernel(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.top = self.folder / "checkout"
        self.top.mkdir()
        for name in ("Makefile", "Kbuild"):
            shutil.copy(TOP / name, self.top / name)
        shutil.copytree(TOP / "scripts", self.top / "scripts", ignore=shutil.ignore_patterns("tests"))
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.program("rustc", f'echo "{RUSTC}"')
        self.program("depmod", "true")
        for name in ("gcc", "ld"):
            self.program(name)
        self.kernel = self.folder / "kernel"
        self.file("Makefile", KERNEL)
        self.file("include/config/kernel.release", "7.3.4\n")
        self.configure("CONFIG_CC_IS_GCC=y")

    def file(self, name, text, mode=0o644):
        path = self.kernel / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def configure(self, *lines):
        self.file(".config", "\n".join([f'CONFIG_RUSTC_VERSION_TEXT="{RUSTC}"', *lines, ""]))

    def program(self, name, text="true"):
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.bin / name).chmod(0o755)

    def make(self, *words, cache="cache"):
        """Runs make KDIR= with these words; returns the result."""
        return subprocess.run(
            ["make", f"KDIR={self.kernel}", *words],
            cwd=self.top,
            env={"PATH": str(self.bin), "XDG_CACHE_HOME": str(self.folder / cache), "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def build(self, *words):
        done = self.make(*words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def refused(self, *texts, words=(), **keywords):
        done = self.make(*words, **keywords)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        for text in texts:
            self.assertIn(text, done.stderr)
        return done

    @property
    def module(self):
        return self.top / "out/custom/modules/rust_iommu.ko"


class Toolchain(OwnKernel):
    def test_what_it_takes(self):
        self.build()
        self.assertTrue(self.module.exists())
        self.assertIn("TOOLCHAIN_KIND=host", (self.top / "out/toolchain").read_text())

    def asks_for(self, *names):
        done = self.refused(*names)
        for name in ("shellcheck", "sparse", "busybox", "dtc", "clippy", "rustfmt", "rsync", "bindgen", "bison", "cargo", "apt-get"):
            self.assertNotIn(name, done.stderr)

    def test_gcc(self):
        for name in ("rustc", "gcc", "ld"):
            with self.subTest(name):
                moved = (self.bin / name).rename(self.folder / name)
                self.asks_for(f"{name} is", "missing", "package manager")
                moved.rename(self.bin / name)

    def test_clang(self):
        self.configure("CONFIG_CC_IS_CLANG=y")
        self.asks_for("clang is missing", "ld.lld is missing", "llvm-nm is missing")
        for name in ("clang", "ld.lld", "llvm-nm"):
            self.program(name)
        (self.bin / "gcc").unlink()
        self.build()

    def test_other_rustc(self):
        self.program("rustc", 'echo "rustc 1.80.0 (a 2024-01-01)"')
        self.asks_for('rustc is "rustc 1.80.0 (a 2024-01-01)"', f'the kernel\'s is "{RUSTC}"')

    def test_btf(self):
        self.configure("CONFIG_CC_IS_GCC=y", "CONFIG_DEBUG_INFO_BTF_MODULES=y")
        # Without vmlinux the kernel's build leaves BTF out.
        self.build()
        self.file("vmlinux", "")
        self.asks_for("pahole is missing")
        self.program("pahole")
        self.build()

    def test_no_build_root(self):
        """No build root is made: it would have another rustc than the kernel."""
        for name in ("apt-get", "debootstrap", "mmdebstrap"):
            self.program(name, f"echo {name} ran >&2; exit 1")
        (self.bin / "gcc").unlink()
        done = self.refused("gcc is missing", "sudo apt-get install gcc")
        self.assertNotIn(" ran", done.stderr)

    def test_inline_helpers(self):
        self.configure("CONFIG_CC_IS_GCC=y", "CONFIG_RUST_INLINE_HELPERS=y")
        self.asks_for("llvm-link is missing")

    def test_cross(self):
        self.configure("CONFIG_CC_IS_GCC=y", "CONFIG_ARM64=y", 'CONFIG_CC_VERSION_TEXT="aarch64-linux-gnu-gcc-14 (Debian) 14"')
        self.asks_for("aarch64-linux-gnu-gcc-14 is missing")


class Installing(OwnKernel):
    def setUp(self):
        super().setUp()
        self.target = self.folder / "target"
        self.target.mkdir()

    def install(self, *words):
        """The arguments and the cache of an installation by root."""
        return ("modules_install", f"INSTALL_MOD_PATH={self.target}", *words), {"cache": "root-cache"}

    def installed(self, *words):
        words, keywords = self.install(*words)
        done = self.make(*words, **keywords)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertFalse((self.top / "out/custom/install").exists())
        return (self.target / "lib/modules/7.3.4/updates/rust_iommu.ko").read_bytes()

    def not_installed(self, *texts, words=()):
        words, keywords = self.install(*words)
        self.refused(*texts, words=words, **keywords)
        self.assertEqual(list(self.target.rglob("*.ko")), [])

    def without_set_up(self):
        for script in ("setup-toolchain", "setup-kernel-source", "build-kernel", "build-modules"):
            path = self.top / "scripts" / script
            path.write_text(f"#!/bin/sh\necho {script} ran >&2\nexit 1\n")


class Install(Installing):
    def test_nothing_is_built(self):
        self.without_set_up()
        self.not_installed("no modules are built", f"make KDIR={self.kernel}")
        done = self.make("modules_install", "KDIR=debian-arm64")
        self.assertIn("as yourself: make KDIR=debian-arm64", done.stderr)

    def test_what_was_built(self):
        self.build()
        self.without_set_up()
        self.module.write_text("as it was built\n")
        self.assertIn(b"as it was built\n", self.installed())

    def test_a_module_is_gone(self):
        self.build()
        self.module.unlink()
        self.not_installed("rust_iommu.ko is missing", f"make KDIR={self.kernel}")

    def test_another_kernel(self):
        self.build()
        built = self.kernel
        self.kernel = pathlib.Path(shutil.copytree(built, self.folder / "other"))
        self.not_installed(f"for {built}, not for {self.kernel}")

    def test_a_log_of_another_user(self):
        """A log of another user cannot be written, but it can be removed."""
        self.build()
        log = self.top / "out/logs/modules_install-custom.log"
        log.mkdir()
        words, keywords = self.install()
        self.assertNotEqual(self.make(*words, **keywords).returncode, 0)
        log.rmdir()
        log.symlink_to("/proc/version")
        self.installed()
        self.assertFalse(log.is_symlink())


class Sign(Installing):
    def setUp(self):
        super().setUp()
        self.key, self.cert = self.folder / "a.key", self.folder / "a.pem"
        self.key.write_text("one")
        self.cert.write_text("")
        self.words = (f"MODULE_SIGN_KEY={self.key}", f"MODULE_SIGN_CERT={self.cert}")
        self.configure("CONFIG_CC_IS_GCC=y", "CONFIG_MODULE_SIG=y", 'CONFIG_MODULE_SIG_HASH="sha512"')
        self.file("scripts/sign-file", SIGN_FILE, 0o755)

    def signatures(self, data):
        return data.split(b"built\n", 1)[1].count(b"~Module signature appended~\n")

    def test_signed(self):
        self.build(*self.words)
        signed = self.module.read_bytes()
        self.assertTrue(signed.startswith(b"built\nsigned:sha512:one"), signed)
        self.assertTrue(signed.endswith(b"~Module signature appended~\n"))
        self.build(*self.words)
        self.assertEqual(self.module.read_bytes(), signed)
        self.assertEqual(self.installed(*self.words), signed)

    def test_signed_by_another(self):
        self.build(*self.words)
        self.key.write_text("another")
        self.build(*self.words)
        self.assertTrue(self.module.read_bytes().startswith(b"built\nsigned:sha512:another"))
        self.assertEqual(self.signatures(self.module.read_bytes()), 1)

    def test_signed_when_installed(self):
        """The installation by root signs, since the key may be readable by root only."""
        self.build()
        installed = self.installed(*self.words)
        self.assertEqual(self.signatures(installed), 1)
        self.assertTrue(installed.endswith(b"~Module signature appended~\n"), installed)

    def test_half_a_key(self):
        for word in self.words:
            self.refused("one of them is missing", "give both", words=(word,))

    def test_no_key(self):
        self.key.unlink()
        self.refused(f"{self.key} cannot be read", words=self.words)

    def test_no_sign_file(self):
        (self.kernel / "scripts/sign-file").unlink()
        self.refused("has no scripts/sign-file", "CONFIG_MODULE_SIG", words=self.words)

    def test_stripped(self):
        self.build()
        self.not_installed("INSTALL_MOD_STRIP", words=(*self.words, "INSTALL_MOD_STRIP=1"))
        self.build(*self.words)
        self.not_installed("INSTALL_MOD_STRIP", words=("INSTALL_MOD_STRIP=1",))


if __name__ == "__main__":
    unittest.main()
