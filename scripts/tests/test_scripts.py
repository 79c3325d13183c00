# SPDX-License-Identifier: GPL-2.0
"""Tests of the scripts, on the host alone: no kernel, no boot."""

import ast
import contextlib
import graphlib
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import tomllib
import types
import unittest
import unittest.mock

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS.parent / "tools"))
from rig import boot, code_size, host, paths, processes, setup, table  # noqa: E402
from rig.commands import check, check_kernel, findings, flaky  # noqa: E402
from rig.devicetree import devicetree_sources  # noqa: E402
from rig.images import IMAGES, arch, is_emulated, is_packaged  # noqa: E402
from rig.kunit import cases_of, ktap_blocks  # noqa: E402
from rig.progress import Failure  # noqa: E402
from rig.results import Reader, Report  # noqa: E402
from rig.tally import Tally  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
CRATES = ("bindings", "build_error", "compiler_builtins", "core", "ffi", "kernel", "pin_init", "uapi", "zerocopy")
MACROS = ("macros", "pin_init_internal", "zerocopy_derive")


def built_kernels():
    """The kernels that this checkout has built."""
    images = [image for image in IMAGES if not is_packaged(image)]
    return [path for path in (paths.OUT / image / "kernel" for image in images) if (path / "Module.symvers").exists()]


class CheckKernel(unittest.TestCase):
    """check-kernel on a kernel build with the .config and Module.symvers of Debian's
    linux-headers-7.3.4+deb13-arm64, reduced to the lines that the script reads.
    Each test removes one thing."""

    # The five: no KUnit, no page tables of DART, a built-in C driver, lockdown by Secure Boot,
    # and other release names for updates.
    notes = 5
    packaged = "7.3.4+deb13-arm64"

    def sources(self):
        return FIXTURES / "debian-arm64.config", FIXTURES / "debian-arm64.symvers"

    def setUp(self):
        self.config, self.symvers = (path.read_text() for path in self.sources())
        self.kernel = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.release = self.packaged
        self.gone = []
        self.more = {}
        self.compilers = {}
        # The result must not depend on the running system.
        self.system = self.kernel / "system"
        places = {"SECURITY": self.system, "MODULES": self.system / "modules"}
        self.enterContext(unittest.mock.patch.multiple(check_kernel, **places))

    def value(self, symbol):
        return re.search(rf'^{symbol}="?(.*?)"?$', self.config, re.M)[1]

    def set(self, symbol, value):
        self.config = re.sub(rf"^(# )?{symbol}[= ].*\n", "", self.config, flags=re.M)
        self.config += f"{symbol}={value}\n" if value else f"# {symbol} is not set\n"

    def run_it(self):
        """Writes the build and runs check-kernel; returns the status and the lines by kind."""
        files = {".config": self.config, "Module.symvers": self.symvers, "include/config/kernel.release": self.release + "\n"}
        files["Makefile"] = "include scripts/Kbuild.include\n"
        files["rust/Makefile"] = (FIXTURES / "rust.Makefile").read_text()
        for crate in CRATES:
            files[f"rust/lib{crate}.rmeta"] = "metadata"
        for macro in MACROS:
            files[f"rust/lib{macro}.so"] = self.elf()
        files |= self.more
        for name, text in files.items():
            path = self.kernel / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if name not in self.gone:
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
        compilers = {
            "CHECK_KERNEL_RUSTC": self.value("CONFIG_RUSTC_VERSION_TEXT"),
            "CHECK_KERNEL_CC": self.value("CONFIG_CC_VERSION_TEXT"),
        }
        return self.call(self.kernel, {**compilers, **self.compilers})

    def elf(self, machine=None):
        """The header of a library for this machine, or for another."""
        with open(sys.executable, "rb") as file:
            header = file.read(64)
        return header if machine is None else header[:18] + machine.to_bytes(2, "little") + header[20:]

    def expect_note(self, *texts):
        """One note must have all of these texts, and nothing may be missing."""
        found = self.run_it()
        self.assertEqual(found["missing"], [])
        notes = [note for note in found["note"] if all(text in note for text in texts)]
        self.assertEqual(len(notes), 1, found["note"])

    def call(self, kernel, environment=None):
        output = io.StringIO()
        with unittest.mock.patch.dict(os.environ, environment or {}), contextlib.redirect_stdout(output):
            status = check_kernel.main([str(kernel)])
        found = {"ok": [], "missing": [], "note": []}
        *lines, last = output.getvalue().splitlines()
        if last.startswith("  "):
            lines.append(last)
        for line in lines:
            kind, text = line.split(maxsplit=1)
            found[kind].append(text)
        # Each missing thing must have a remedy.
        for text in found["missing"] + found["note"]:
            self.assertRegex(text, r".+: .{6,}")
        self.assertEqual(status, 1 if found["missing"] else 0, output.getvalue())
        return found

    def expect(self, what, remedy=""):
        """One line must name the thing and its remedy, and no other thing may be missing."""
        missing = self.run_it()["missing"]
        self.assertEqual(len(missing), 1, missing)
        self.assertIn(what, missing[0])
        self.assertIn(remedy, missing[0].partition(what)[2])

    def test_good(self):
        found = self.run_it()
        self.assertEqual(found["missing"], [])
        self.assertEqual(len(found["note"]), self.notes, found["note"])

    def test_each_option(self):
        for name in ("MODULES", "RUST", "IOMMU_SUPPORT", "IOMMU_API", "OF", "OF_IOMMU", "COMMON_CLK", "RESET_CONTROLLER", "PM"):
            with self.subTest(name):
                name = f"CONFIG_{name}"
                whole = self.config
                self.set(name, None)
                self.expect(name, "set ")
                self.config = re.sub(f"# {name} is not set\n", "", self.config)
                self.expect(name, "set ")
                self.config = whole

    def test_options_of_use(self):
        for name, loss in (("CONFIG_MODULE_UNLOAD", "removed"), ("CONFIG_DEBUG_FS", "/sys/kernel/debug"), ("CONFIG_KUNIT", "KUnit")):
            with self.subTest(name):
                self.set(name, None)
                self.expect_note(name, loss)

    def test_one_thing_is_missing(self):
        """Files that are gone or other ones, and what must be named with its remedy."""
        prepare = "make modules_prepare"
        makefile = (FIXTURES / "rust.Makefile").read_text()
        gone = [
            *[(f"rust/lib{crate}.rmeta", f"rust/lib{crate}.rmeta", prepare) for crate in CRATES],
            *[(f"rust/lib{macro}.so", f"lib{macro}.so", "on this machine") for macro in MACROS],
            ("include/config/kernel.release", "version", prepare),
            ("Makefile", "Makefile", "modules_prepare"),
            ("Module.symvers", "Module.symvers", "headers package"),
        ]
        # A crate is known by the rust/Makefile of the kernel, or by a file of its build.
        others = [
            ("rust/libzerocopy.rmeta", "", "rust/libzerocopy.rmeta"),
            ("rust/Makefile", makefile + "$(obj)/regs.o: $(src)/regs/lib.rs \\\n    $(obj)/ffi.o FORCE\n", "rust/libregs.rmeta"),
            ("rust/Makefile", makefile + "libderive_name := $(call procmacro-name,derive)\n", "libderive.so"),
            ("rust/.later.o.cmd", "savedcmd_rust/later.o := rustc --emit=metadata=rust/liblater.rmeta rust/later.rs\n", "rust/liblater.rmeta"),
        ]
        for file, what, remedy in gone:
            with self.subTest(file):
                self.gone = [file]
                self.expect(what, remedy)
        self.gone = []
        for file, text, what in others:
            with self.subTest(what):
                self.more = {file: text}
                self.expect(what, prepare)

    def test_compilers(self):
        compiler = "clang" if "CONFIG_CC_IS_CLANG=y" in self.config else "aarch64-linux-gnu-gcc-14"
        for name, version, what, remedy in (
            ("RUSTC", "rustc 1.95.0 (abc 2026-01-01)", "rustc 1.95.0", "TOOLCHAIN="),
            ("RUSTC", "", 'here is "none"', "TOOLCHAIN="),
            ("CC", "", compiler, "install it"),
        ):
            with self.subTest(what):
                self.compilers = {f"CHECK_KERNEL_{name}": version}
                self.expect(what, remedy)
        self.compilers = {"CHECK_KERNEL_CC": "cc (Debian 14.3.0-1) 14.3.0"}
        self.expect_note("14.3.0")

    def test_other_release(self):
        for self.release in ("7.30.1", "7.2.12+deb13-arm64", "8.0.0"):
            self.expect(self.release, "name a kernel of the 7.3 series")

    def test_headers_without_rust(self):
        """A headers package may leave out the whole of rust/."""
        self.gone = ["rust/Makefile", *(f"rust/lib{crate}.rmeta" for crate in CRATES), *(f"rust/lib{macro}.so" for macro in MACROS)]
        missing = self.run_it()["missing"]
        self.assertEqual(len(missing), 2, missing)
        self.assertIn("rust/libkernel.rmeta", missing[0])
        self.assertIn("procedural macros", missing[1])

    def test_macros_of_another_machine(self):
        """Headers of an arm64 kernel that was built on arm64 have macros for arm64."""
        for other in (0xB7, 0x3E):
            library = self.elf(other)
            if library == self.elf():
                continue
            self.more = {"rust/libmacros.so": library}
            self.expect("libmacros.so are for another", "on this machine")
        self.more = {"rust/libmacros.so": "version https://git-lfs.github.com/spec/v1"}
        self.expect("libmacros.so are for another", "on this machine")

    def test_inline_helpers(self):
        self.set("CONFIG_RUST_INLINE_HELPERS", "y")
        self.more = {"rust/helpers/helpers_module.bc": "BC"}
        self.compilers["CHECK_KERNEL_LLVM_LINK"] = "LLVM version 19.1.7"
        self.assertEqual(self.run_it()["missing"], [])
        self.compilers["CHECK_KERNEL_LLVM_LINK"] = ""
        self.expect("llvm-link", "LLVM=-NN")
        self.compilers["CHECK_KERNEL_LLVM_LINK"] = "LLVM version 19.1.7"
        self.gone = ["rust/helpers/helpers_module.bc"]
        self.expect("helpers_module.bc", "make modules_prepare")

    def test_no_source(self):
        gone = self.kernel / "gone"
        self.more = {"Makefile": f"export KBUILD_OUTPUT = .\ninclude {gone}/Makefile\n"}
        self.expect(f"{gone}, which is gone", f"make O={self.kernel}")
        gone.mkdir()
        (gone / "Makefile").write_text("")
        self.assertEqual(self.run_it()["missing"], [])
        (self.kernel / "source").symlink_to(gone)
        self.assertEqual(self.run_it()["missing"], [])
        self.more = {}
        (gone / "Makefile").unlink()
        self.expect(f"{gone}, which is gone", f"make O={self.kernel}")

    def test_source_elsewhere(self):
        """A build directory has no rust/Makefile of its own."""
        source = self.kernel / "tree"
        (source / "rust").mkdir(parents=True)
        (source / "Makefile").write_text("")
        (source / "rust/Makefile").write_text((FIXTURES / "rust.Makefile").read_text())
        self.more = {"Makefile": f"include {source}/Makefile\n"}
        self.gone = ["rust/Makefile", "rust/libbuild_error.rmeta"]
        self.expect("rust/libbuild_error.rmeta", "make modules_prepare")

    def test_pages_of_apple(self):
        self.set("CONFIG_ARCH_APPLE", "y")
        self.set("CONFIG_ARM64_4K_PAGES", "y")
        self.expect_note("CONFIG_ARCH_APPLE", "set ARM64_16K_PAGES")
        self.set("CONFIG_ARM64_4K_PAGES", None)
        self.set("CONFIG_ARM64_16K_PAGES", "y")
        self.assertFalse(any("CONFIG_ARCH_APPLE" in text for text in self.run_it()["note"]))

    def test_no_rust_symbols(self):
        self.symvers = "".join(line for line in self.symvers.splitlines(True) if "\t_R" not in line)
        self.expect("exported Rust symbols", "take that of this kernel")

    def test_no_export(self):
        for name in ("iommu_alloc_pages_node_sz", "__reset_control_get"):
            with self.subTest(name):
                whole = self.symvers
                self.symvers = re.sub(rf".*\t{name}(_noprof)?\t.*\n", "", whole)
                self.assertNotEqual(self.symvers, whole)
                self.expect(f"export {name}", "rebuild")
                self.symvers = whole

    def test_signatures(self):
        for name in ("MODULE_SIG_FORCE", "LOCK_DOWN_KERNEL_FORCE_INTEGRITY", "LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY"):
            with self.subTest(name):
                self.set(f"CONFIG_{name}", "y")
                self.expect(f"CONFIG_{name}", "MODULE_SIGN_KEY=")
                # With a key nothing is missing, if the kernel has sign-file.
                self.compilers |= {"MODULE_SIGN_KEY": "a.key", "MODULE_SIGN_CERT": "a.pem"}
                self.expect("scripts/sign-file", "set MODULE_SIG")
                self.more = {"scripts/sign-file": ""}
                self.assertEqual(self.run_it()["missing"], [])
                self.set(f"CONFIG_{name}", None)
                self.more, self.compilers = {}, {}
                (self.kernel / "scripts/sign-file").unlink()

    def test_secure_boot(self):
        self.set("CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT", "y")
        self.expect_note("Secure Boot", "mokutil --import")

    def test_locked_down(self):
        """The running kernel reports its lockdown in securityfs."""
        self.system.mkdir()
        self.set("CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT", "y")
        with unittest.mock.patch.object(os, "uname", lambda: unittest.mock.Mock(release=self.release)):
            (self.system / "lockdown").write_text("none [integrity] confidentiality\n")
            self.expect("locked down for integrity", "MODULE_SIGN_KEY=")
            (self.system / "lockdown").write_text("[none] integrity confidentiality\n")
            self.assertEqual(self.run_it()["missing"], [])
        (self.system / "lockdown").write_text("none [integrity] confidentiality\n")
        self.assertEqual(self.run_it()["missing"], [])

    def test_debian_update(self):
        self.release = "7.3.4+deb13-arm64"
        self.expect_note("Debian's security updates", "another release name", "its headers")
        for other in ("7.2.12+deb13-arm64", "7.3.9+deb13-rt-arm64", "7.3.9-mine"):
            (self.system / "modules" / other).mkdir(parents=True)
        self.expect_note("Debian's security updates")
        for other in ("7.3.4+deb13.1-arm64", "7.3.10+deb13-arm64"):
            (self.system / "modules" / other).mkdir(parents=True)
            self.expect_note(f"this is for Linux {self.release}, and Linux {other} is installed", "its headers")
        self.release = "7.3.4"
        self.assertFalse(any("Debian" in text for text in self.run_it()["note"]))

    def test_modversions(self):
        self.set("CONFIG_MODVERSIONS", "y")
        self.set("CONFIG_GENDWARFKSYMS", None)
        self.expect("CONFIG_GENDWARFKSYMS", "unset MODVERSIONS")
        self.set("CONFIG_GENDWARFKSYMS", "y")
        self.assertEqual(self.run_it()["missing"], [])

    def test_trimmed(self):
        self.set("CONFIG_TRIM_UNUSED_KSYMS", "y")
        self.expect_note("CONFIG_TRIM_UNUSED_KSYMS")

    def test_rival(self):
        for state, remedy in (("y", "initcall_blacklist=sun50i_iommu_driver_init"), ("m", "blacklist sun50i-iommu")):
            self.set("CONFIG_SUN50I_IOMMU", state)
            self.expect_note(f"CONFIG_SUN50I_IOMMU={state}", remedy)
        self.set("CONFIG_SUN50I_IOMMU", None)
        self.assertIn("no C driver for sun50i", self.run_it()["ok"])
        # Without KALLSYMS the kernel knows no initcall_blacklist.
        self.set("CONFIG_SUN50I_IOMMU", "y")
        self.set("CONFIG_KALLSYMS", None)
        self.expect("CONFIG_SUN50I_IOMMU=y", "unset")

    def test_tegra(self):
        """The ways in which the driver for Tegra's SMMU can bind."""
        self.assertFalse(any("egra" in text for texts in self.run_it().values() for text in texts))
        self.set("CONFIG_ARCH_TEGRA", "y")
        self.set("CONFIG_TEGRA_MC", None)
        self.expect_note("CONFIG_TEGRA_MC is not set", "a node of its own")
        self.set("CONFIG_TEGRA_MC", "y")
        self.set("CONFIG_TEGRA_IOMMU_SMMU", "y")
        self.expect_note("CONFIG_TEGRA_IOMMU_SMMU=y", "a node of its own")
        self.set("CONFIG_TEGRA_IOMMU_SMMU", None)
        found = self.run_it()
        self.assertIn("Tegra's SMMU as a part of the memory controller, or with a node of its own", found["ok"])
        self.assertFalse(any("egra" in text for text in found["note"]))

    def test_no_build(self):
        for folder, remedy in (("gone", "no such directory"), ("source", "configure and build"), ("empty", "name one")):
            path = self.kernel / folder
            if folder != "gone":
                path.mkdir()
            if folder == "source":
                (path / "Kconfig").write_text("")
            missing = self.call(path)["missing"]
            self.assertEqual(len(missing), 1)
            self.assertIn(f"{path}/.config: ", missing[0])
            self.assertIn(remedy, missing[0])


class CheckBuiltKernel(CheckKernel):
    """The same on the whole files of a kernel that this checkout has built."""

    notes = 0
    packaged = "7.3.4"

    def sources(self):
        # The kernels for which check-kernel prints no notes.
        kernels = [path for path in built_kernels() if not is_emulated(path.parent.name)]
        if not kernels:
            self.skipTest("no kernel of the UML board is built in this checkout")
        return kernels[0] / ".config", kernels[0] / "Module.symvers"

    def test_as_they_are(self):
        for path in built_kernels():
            with self.subTest(path):
                result = subprocess.run([str(SCRIPTS / "check-kernel"), str(path)], capture_output=True, text=True, check=False)
                self.assertEqual(result.returncode, 0, result.stdout)
                notes = [line for line in result.stdout.splitlines() if line.startswith("  note ")]
                # The kernels of QEMU's boards have the C drivers, which tests need: those for arm64, with pages
                # of 4 KiB, but one without Tegra's. The one for arm has Tegra's alone.
                image = path.parent.name
                rivals = ()
                if arch(image) == "arm":
                    rivals = ("CONFIG_IOMMU_IO_PGTABLE_DART is not set", "CONFIG_TEGRA_IOMMU_SMMU=y")
                elif is_emulated(image):
                    rivals = ("CONFIG_ARCH_APPLE with pages of 4 KiB", "CONFIG_SUN50I_IOMMU=y", "CONFIG_APPLE_DART=m")
                    rivals += () if image == "arm64-no-smmu" else ("CONFIG_TEGRA_IOMMU_SMMU=y",)
                self.assertEqual([any(rival in line for rival in rivals) for line in notes], [True] * len(rivals), notes)


class Imports(unittest.TestCase):
    def test_no_cycle(self):
        """No module of the rig or the fuzzers needs itself to be imported."""
        tools = SCRIPTS.parent / "tools"
        files = {".".join(path.relative_to(tools).with_suffix("").parts): path for name in ("rig", "fuzz") for path in (tools / name).rglob("*.py")}
        graph = {}
        for name, path in files.items():
            found = set()
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    found |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            graph[name] = found & files.keys()
        self.assertIn("rig.images", graph["rig.boot"])
        tuple(graphlib.TopologicalSorter(graph).static_order())

    def test_all_are_used(self):
        tools = SCRIPTS.parent / "tools"
        for path in [*(tools / "rig").rglob("*.py"), *(tools / "fuzz").rglob("*.py"), *SCRIPTS.glob("tests/*.py")]:
            nodes = list(ast.walk(ast.parse(path.read_text())))
            named = {(a.asname or a.name).split(".")[0] for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names}
            self.assertEqual(named - {node.id for node in nodes if isinstance(node, ast.Name)}, set(), path)


class Results(unittest.TestCase):
    """Tests of the reader of a boot's results."""

    def read(self, *lines):
        report = Report({"name": "test"})
        reader = Reader(report)
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
        blocks = ktap_blocks(console)
        self.assertEqual([len(block) for block in blocks], [5, 3])

    def test_kunit_cases(self):
        def test(name, status, *parts):
            return types.SimpleNamespace(name=name, status=types.SimpleNamespace(name=status), subtests=parts)

        suite = test("suite", "FAILURE", test("a", "SUCCESS"), test("b", "SKIPPED"), test("c", "TEST_CRASHED"))
        odd = test("odd", "FAILURE", test("two", "SUCCESS", test("by two", "FAILURE")), test("none", "NO_TESTS"))
        self.assertEqual(
            list(cases_of(test("main", "FAILURE", suite, odd))),
            [("suite.a", "ok"), ("suite.b", "skipped"), ("suite.c", "failed"), ("odd.two.by two", "failed")],
        )


class Prepare(unittest.TestCase):
    """Tests that other images are set up when a step fails."""

    IMAGES = ("release", "arm64", "arm64-debug")

    def prepare(self, failing, missing):
        """Runs prepare() with steps that do nothing, or fail; returns the steps."""
        steps = []

        def step(*words, **_):
            steps.append(" ".join(words))
            if steps[-1] in failing:
                raise failing[steps[-1]]

        with (
            unittest.mock.patch.object(setup, "setup_command", step),
            unittest.mock.patch.object(processes, "STOPPING", threading.Event()),
        ):
            setup.prepare(self.IMAGES, missing)
        return steps

    def test_all(self):
        missing = {}
        steps = self.prepare({}, missing)
        self.assertEqual(missing, {})
        for image in self.IMAGES:
            self.assertIn(f"build-modules {image}", steps)
            # The benchmark needs no other kernel than that of its image.
            self.assertEqual(f"setup-dma-map-benchmark {image}" in steps, is_emulated(image))

    def test_one_step_fails(self):
        """The images that are missing then, a step that still runs, and one that does not."""
        late = Failure("scripts/build-kernel was not done after 45 minutes")
        for step, failure, images, runs, does_not in (
            ("build-kernel arm64", late, ["arm64"], "build-modules arm64-debug", "build-modules arm64"),
            ("build-modules arm64-debug", SystemExit(1), ["arm64-debug"], "build-modules arm64", "nothing"),
            ("setup-qemu", SystemExit(1), ["arm64", "arm64-debug"], "build-modules release", "build-kernel arm64"),
        ):
            with self.subTest(step):
                missing = {}
                steps = self.prepare({step: failure}, missing)
                self.assertEqual(list(missing), images)
                self.assertEqual(missing[images[0]], failure.what if failure is late else "see above")
                self.assertIn(runs, steps)
                self.assertNotIn(does_not, steps)

    def test_what_all_need(self):
        for step in ("setup-toolchain", "build-kernel release", "build-modules release"):
            with self.assertRaises(SystemExit):
                self.prepare({step: SystemExit(1)}, {})

    def test_for_one_purpose(self):
        with self.assertRaises(SystemExit):
            self.prepare({"build-kernel arm64": SystemExit(1)}, None)


class BuildModules(unittest.TestCase):
    """build-modules in checkouts that share a cache. A stub of the kernel's build records
    each run, and writes the path of the source to a file as Kbuild does."""

    build = """#!/bin/bash
        for word; do case $word in MO=*) to=${word#MO=} ;; M=*) from=${word#M=} ;; esac; done
        mkdir -p "$to/rust" && cd "$to" || exit
        echo rust/a.o >modules.order
        echo "$from/rust/a.rs $to/rust" >rust/.a.o.cmd
        cp "$from/rust/a.rs" rust/a.o && cp rust/a.o rust/a.ko
        echo built >>"$from/builds"
        """

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.kernel = self.folder / "cache/rust-iommu/kernel-release-0"
        self.kernel.mkdir(parents=True)
        (self.kernel / ".config").write_text("CONFIG_UML=y\n")

    def checkout(self, name, text="one"):
        top = self.folder / name
        for place in ("scripts", "rust", "out/release", "tools/board"):
            (top / place).mkdir(parents=True)
        for file in ("scripts/build-modules", "scripts/lib.sh", "scripts/pins", "tools/board/images"):
            (top / file).write_bytes((SCRIPTS.parent / file).read_bytes())
        (top / "scripts/run-in-toolchain").write_text(self.build)
        for script in ("build-modules", "run-in-toolchain"):
            (top / "scripts" / script).chmod(0o755)
        (top / "Kbuild").touch()
        (top / "rust/a.rs").write_text(text)
        (top / "out/release/kernel").symlink_to(self.kernel)
        return top

    def run_in(self, top, *arguments, **environment):
        """Runs build-modules; returns the module's contents, and the number of builds in this checkout."""
        subprocess.run(
            [top / "scripts/build-modules", "release", *arguments],
            env={"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(self.folder / "cache"), **environment},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        builds = top / "builds"
        count = len(builds.read_text().split()) if builds.exists() else 0
        return (top / "out/release/modules/rust/a.ko").read_text(), count

    def test_same_files(self):
        first, second = self.checkout("first"), self.checkout("first-not")
        self.assertEqual(self.run_in(first), ("one", 1))
        self.assertEqual(self.run_in(first), ("one", 1))
        self.assertEqual(self.run_in(second), ("one", 0))
        kept = (second / "out/release/modules/rust/.a.o.cmd").read_text()
        self.assertEqual(kept, f"{second}/rust/a.rs {second}/out/release/modules/rust\n")

    def test_other_files(self):
        first = self.checkout("first")
        self.run_in(first)
        (first / "rust/a.rs").write_text("two")
        self.assertEqual(self.run_in(first), ("two", 2))
        (first / "rust/b.h").touch()
        self.assertEqual(self.run_in(first), ("two", 3))
        self.assertEqual(self.run_in(self.checkout("second")), ("one", 0))
        self.assertEqual(self.run_in(self.checkout("third", "three")), ("three", 1))

    def test_other_build(self):
        first, second = self.checkout("first"), self.checkout("second")
        self.run_in(first)
        self.assertEqual(self.run_in(second, "CONFIG_A=n"), ("one", 1))
        self.assertEqual(self.run_in(second, KCFLAGS="-g"), ("one", 2))
        other = self.kernel.with_name("kernel-release-1")
        self.kernel.rename(other)
        (first / "out/release/kernel").unlink()
        (first / "out/release/kernel").symlink_to(other)
        self.assertEqual(self.run_in(first), ("one", 2))

    def test_checkers_and_foreign_kernels(self):
        first, second = self.checkout("first"), self.checkout("second")
        self.run_in(first)
        self.assertEqual(self.run_in(second, C="1"), ("one", 1))
        self.assertEqual(self.run_in(second, C="1"), ("one", 2))
        foreign = self.kernel.rename(self.folder / "kernel-release-0")
        (second / "out/release/kernel").unlink()
        (second / "out/release/kernel").symlink_to(foreign)
        self.assertEqual(self.run_in(second), ("one", 3))
        self.assertEqual(self.run_in(second), ("one", 4))

    def test_a_module_that_is_gone(self):
        first = self.checkout("first")
        self.run_in(first)
        (first / "out/release/modules/rust/a.ko").unlink()
        self.assertEqual(self.run_in(first), ("one", 1))

    def test_without_objects(self):
        first, second = self.checkout("first"), self.checkout("second")
        self.run_in(first, KEEP="ko")
        self.assertEqual(self.run_in(second, KEEP="ko"), ("one", 0))
        self.assertFalse((second / "out/release/modules/rust/a.o").exists())
        # A later build in this checkout needs the objects.
        self.assertEqual(self.run_in(second), ("one", 1))


class Guest(unittest.TestCase):
    """Tests of how a boot is followed, ended and judged, with a shell script as the guest.

    Its standard output is the console, and file descriptor 3 the results channel.
    """

    STALL = "[   12.5] rcu: INFO: rcu_sched self-detected stall on CPU"

    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        places = ((paths, "LOGS", folder / "logs"), (paths, "RESULTS", folder / "results"), (boot, "LAST_WORDS", (0.3, 1)))
        for module, name, value in places:
            self.enterContext(unittest.mock.patch.object(module, name, value))

    def boot(self, script, **keys):
        fake = {"name": "fake", "image": "release", "stories": ["one", "two", "three"], **keys}
        report = Report(fake)
        (paths.RESULTS / "boots/fake").mkdir(parents=True, exist_ok=True)
        report.log.parent.mkdir(parents=True, exist_ok=True)
        receive, channel = os.pipe()
        reader = Reader(report)
        process = subprocess.Popen(
            ["bash", "-c", f"exec 3>&{channel}; {script}"], stdout=subprocess.PIPE, pass_fds=[channel], start_new_session=True
        )
        os.close(channel)
        try:
            with open(report.log, "wb") as console:
                _, report.problem = boot.follow(process, receive, console, fake, reader)
        finally:
            processes.kill_group(process)
            os.close(receive)
            process.stdout.close()
        boot.conclude(report, reader, fake, report.log.read_text())
        return report

    def rows(self, report):
        return [(story["name"], story["result"], "; ".join(story["why"])) for story in report.stories]

    def test_good(self):
        report = self.boot("for n in 1 2 3; do echo ok $n $(echo one two three | cut -d' ' -f$n) >&3; done; echo '# end' >&3")
        self.assertTrue(report.ok, self.rows(report))

    def test_a_report_of_the_kernel_ends_it(self):
        for line in (
            self.STALL,
            "[    1.0] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... }",
            "[    1.0][   T12] INFO: rcu_tasks detected stalls on tasks:",
            "[    1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:1]",
            "[  1.000] INFO: task sh:12 blocked for more than 120 seconds.",
            "[    1.0] Unable to handle kernel NULL pointer dereference at virtual address 0",
            "[    1.0] Internal error: Oops: 0000000096000004 [#1]  SMP",
            "[    1.0] Kernel panic - not syncing: Segfault with no mm",
        ):
            with self.subTest(line):
                report = self.boot(f"echo '# begin one' >&3; printf '%s\\n' '{line}' 'Call Trace:'; sleep 100")
                cause = line.split("] ", 1)[1]
                self.assertIn(report.problem, cause)
                self.assertGreater(len(report.problem), 10)
                self.assertLess(len(report.log.read_text()), 300)
                self.assertIn("Call Trace", report.log.read_text())
                self.assertEqual(self.rows(report)[0], ("one", "failed", report.problem))

    def test_a_dead_kernel_that_goes_on_printing(self):
        report = self.boot(f"echo '{self.STALL}'; while :; do echo more; sleep 0.1; done")
        self.assertIn("stall", report.problem)

    def test_what_stories_say_is_no_report(self):
        report = self.boot("echo '# FAILED: kernel log: [ 1.0] Kernel panic'; echo '# begin one' >&3; echo ok 1 one >&3", stories=["one"])
        self.assertEqual(report.problem, "the boot ended before its stories did")

    def test_a_program_that_is_not_there(self):
        report = self.boot(
            "echo '/init: /stories/one.sh: line 3: cksum: not found'; echo '# begin one' >&3; echo ok 1 one >&3; echo '# end' >&3",
            stories=["one"],
        )
        self.assertEqual(report.problem, "a story runs a program that is not there: /stories/one.sh: line 3: cksum: not found")
        self.assertFalse(report.ok)

    def test_silence(self):
        report = self.boot("echo '# begin two' >&3; sleep 100", silence=0.5)
        self.assertEqual(report.problem, "hung: no output for 0 s")

    def test_output_is_no_silence(self):
        with unittest.mock.patch.object(boot.time, "monotonic") as clock:
            clock.return_value = 0.0
            watch = boot.Watch({"silence": 300})
            for clock.return_value in (290.0, 580.0, 870.0):
                watch.output()
            clock.return_value = 1170.0
            self.assertIsNone(watch.verdict())
            self.assertEqual(watch.longest_silence, 290)
            clock.return_value = 1171.0
            self.assertEqual(watch.verdict(), "hung: no output for 300 s")

    def test_others_have_not_run(self):
        report = self.boot("echo ok 1 one >&3; echo '# begin two' >&3")
        self.assertEqual(
            self.rows(report),
            [
                ("one", "ok", ""),
                ("two", "failed", "the boot ended before its stories did"),
                ("three", "skipped", "not run: the boot ended in two"),
            ],
        )

    def test_dead_before_its_stories(self):
        report = self.boot("echo '[ 1.0] Kernel panic - not syncing: no init'")
        self.assertFalse(report.ok)
        self.assertEqual({result for _, result, _ in self.rows(report)}, {"skipped"})

    def test_expected(self):
        script = "echo '# begin one' >&3; echo '# FAILED: on purpose' >&3; echo not ok 1 one >&3; echo ok 2 two '# SKIP not run: one' >&3; echo '# end' >&3"
        expect = {"one": "failed: purpose", "two": "skipped: ^not run: one$"}
        report = self.boot(script, stories=["one", "two"], expect=expect)
        self.assertTrue(report.ok, self.rows(report))
        for other in ({"one": "failed: other", "two": "skipped: "}, {"one": "skipped: ", "two": "skipped: "}, {"two": "skipped: "}):
            self.assertFalse(self.boot(script, stories=["one", "two"], expect=other).ok)

    def test_logs_of_failed_boots_are_kept(self):
        for number in range(12):
            report = self.boot(f"echo console {number}; sleep 0.01")
            (paths.RESULTS / "boots/fake/report.json").write_text("{}")
            with unittest.mock.patch.object(boot, "RUN", f"run-{number:02}"):
                boot.keep_log(report)
        kept = sorted(path.name for path in (paths.LOGS / "failed").iterdir())
        self.assertEqual(kept, [f"run-{number:02}" for number in range(2, 12)])
        self.assertEqual(report.log, paths.LOGS / "failed/run-11/fake/console.log")
        self.assertIn("console 11", report.log.read_text())
        self.assertTrue((report.log.parent / "report.json").exists())


class HostSteps(unittest.TestCase):
    """Tests of the steps of "make check" that boot nothing."""

    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(unittest.mock.patch.object(paths, "LOGS", folder))

    def run_step(self, script, read=host.compile_fail):
        steps = {"step": ("step, {}", ["bash", "-c", script], {}, read, False)}
        with unittest.mock.patch.object(host, "STEPS", steps), contextlib.redirect_stdout(io.StringIO()) as output:
            tally = host.run("step")
        return [(row["name"], row["result"]) for row in tally.rows], tally.line(), output.getvalue()

    def test_good(self):
        rows, line, output = self.run_step("echo ok one; echo ok two")
        self.assertEqual(rows, [("compile-fail one", "ok"), ("compile-fail two", "ok")])
        self.assertEqual(line, "2 passed, 0 failed")
        self.assertIn("ok     host: step, 2 ", output)

    def test_a_test_failed(self):
        rows, line, output = self.run_step("echo ok one; echo not ok two: builds; exit 1")
        self.assertEqual(rows, [("compile-fail one", "ok"), ("compile-fail two", "failed")])
        self.assertEqual(line, "1 passed, 1 failed")
        self.assertIn("compile-fail two: builds", output)

    def test_the_command_failed(self):
        for script in ("echo ok one; exit 1", "true", "exit 1"):
            rows, _, output = self.run_step(script)
            self.assertEqual(rows[-1], ("step", "failed"), script)
            self.assertIn("FAILED host: step", output)

    def test_readers(self):
        models = "test a::b ... ok\ntest c ... FAILED\ntest d ... ignored, slow\n"
        self.assertEqual([result for _, result, _ in host.cargo_tests("models")(1, models)], ["ok", "failed", "skipped"])
        scripts = "test_a (m.A.test_a) ... ok\ntest_b (m.A.test_b)\nText. ... ERROR\ntest_c (m.A.test_c) ... skipped 'no'\n"
        self.assertEqual([result for _, result, _ in host.scripts(1, scripts)], ["ok", "failed", "skipped"])
        self.assertEqual([result for _, result, _ in host.rustdoc(1, "  ok     rustdoc a  1 s\n  FAILED rustdoc b")], ["ok", "failed"])
        self.assertEqual([result for _, result, _ in host.api(1, "")], ["failed"])
        fuzz = "20 trees, 9 sequences, seed 1: 0 failed\n3 trees, 4 sequences, seed 77: 2 failed\n"
        rows = [("fuzz, seed 1", "ok"), ("fuzz, seed 77", "failed")]
        self.assertEqual([(name, result) for name, result, _ in host.fuzz(1, fuzz)], rows)
        for read in (host.installed, host.analyzer):
            self.assertEqual(list(read(1, "")), [])


class Hints(unittest.TestCase):
    def hints(self, short=()):
        tally = Tally()
        for name, result in (("rust-h6 map", "failed"), ("rust-h616 map", "ok"), ("fuzz, seed 1", "failed"), ("finding 01", "failed")):
            tally.add(name, result)
        with unittest.mock.patch.object(check, "shortages", lambda: short):
            return list(check.hints(tally, ["fuzz", "api", "rust-h6", "rust-h616"]))

    def test_command(self):
        """One command runs the steps and boots that have failed."""
        self.assertEqual(self.hints()[0], "look closer: make check ONLY='^(fuzz|rust-h6)$'")

    def test_machine(self):
        self.assertIn("hardly the cause", self.hints()[1])
        self.assertEqual(self.hints(["7 MiB", "3 CPUs"])[1], "the machine may be the cause: 7 MiB; 3 CPUs")

    def test_shortages(self):
        """A machine with little memory and much work is short of both."""
        with unittest.mock.patch("os.getloadavg", lambda: (1000, 0, 0)), unittest.mock.patch.object(processes, "free_memory", lambda: 5 << 20):
            found = list(processes.shortages())
        self.assertEqual([line.split(" for ")[0] for line in found[:2]], ["1000 processes at once", "5 MiB of memory left"])


class Flaky(unittest.TestCase):
    """Tests of the number of runs of scripts/flaky, and of its summary."""

    def test_repeats(self):
        boots = {one["name"]: one for one in table.load_table()}
        for name, wanted in (("arm64-h6", 10), ("fail-nth-h6-probe", 10), ("force-h6-table", 10), ("c-map", 3), ("kunit", 3)):
            self.assertEqual(flaky.repeats(boots[name]), wanted, name)

    def test_count(self):
        tally = Tally("flaky")
        flaky.count(tally, [("a", [], "x"), ("b", [], "x"), ("a", [], "x"), ("b", ["map: no", "KUnit: c"], "y")])
        why = ["passed 1 of 2 times", "map: no; KUnit: c (y)"]
        self.assertEqual(tally.rows, [{"name": "a", "result": "ok", "why": []}, {"name": "b", "result": "failed", "why": why}])

    def test_busy(self):
        with flaky.busy(2):
            children = pathlib.Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
            self.assertEqual(len(children), 2)
        self.assertFalse([child for child in children if pathlib.Path("/proc", child).exists()])


class Table(unittest.TestCase):
    """Tests of the table of boots in the tree."""

    def test_table(self):
        um = {dtb.stem for _, _, dtb in devicetree_sources()}
        virt = {source.stem for source in (paths.BOARD / "dts/virt").glob("*.dtso")}
        for one in table.load_table():
            self.assertIn(one["image"], IMAGES)
            if one.get("dtb") and not one["dtb"].endswith("/*"):
                self.assertIn(one["dtb"], virt if is_emulated(one["image"]) else um, one["name"])

    def test_devicetrees_of_the_socs(self):
        built = {(source.name, header and header.stem): result.name for source, header, result in devicetree_sources()}
        self.assertEqual(built["dart.dts", "t8103"], "t8103.dtb")
        self.assertEqual(built["dart-bare.dts", "t8112"], "t8112-bare.dtb")
        self.assertEqual(built["dart-codec.dtso", "usb4"], "usb4-codec.dtbo")
        self.assertEqual(built["h6-bare.dts", None], "h6-bare.dtb")
        self.assertNotIn(("h6-bare.dts", "t8103"), built)

    def test_each_story_is_used(self):
        used = {story.split(":")[0] for one in table.load_table() for story in one["stories"]}
        for patch in (paths.TOP / "tools/mutants").glob("*.patch"):
            used |= set(re.findall(r"^Story: ([\w-]+)", patch.read_text(), re.M))
        self.assertEqual(used - {"kunit"}, set(table.stories()))

    def test_each_finding_has_a_story(self):
        listed = findings.FINDINGS
        found = {}
        for name, path in table.stories().items():
            if path.parent.name == "findings":
                for number in re.findall(r"^\s*finding (\d+)", path.read_text(), re.M):
                    found[int(number)] = name
        self.assertEqual(found, {number: story for number, (story, _, _) in listed.items() if story})

    def test_stories_have_names_of_their_own(self):
        with tempfile.TemporaryDirectory() as board:
            for path in ("stories/a/map.sh", "stories/b/map.sh", "stories/lib/map.sh"):
                path = pathlib.Path(board, path)
                path.parent.mkdir(parents=True)
                path.touch()
            with unittest.mock.patch.object(paths, "BOARD", pathlib.Path(board)):
                with self.assertRaisesRegex(Failure, "two stories are called map"):
                    table.stories()
                path.parent.parent.joinpath("a/map.sh").unlink()
                self.assertEqual(list(table.stories()), ["map"])

    def test_functions_of_the_library_are_not_replaced(self):
        """The runner calls its own functions by name, so a story's function of that name breaks it.

        Functions hw_... are hooks, which each kind of hardware has. virt.sh replaces two functions of board.sh."""
        found = {}
        for path in (paths.BOARD / "stories").rglob("*.sh"):
            for name in re.findall(r"^(\w+)\(\)", path.read_text(), re.M):
                found.setdefault(name, set()).add(f"{path.parent.name}/{path.name}")
        replaced = {
            name: files
            for name, files in found.items()
            if len(files) > 1 and any(file.startswith("lib/") for file in files) and not name.startswith("hw_")
        }
        virtual = {"lib/board.sh", "lib/virt.sh"}
        self.assertEqual(replaced, {"first_master": virtual, "tidy": virtual})

    def test_parts_of_the_code(self):
        for name, part in {
            "iommu::bridge::callbacks::resolver::of_xlate::<sun50i::Sun50iIommu>": "iommu::bridge",
            "<iommu::table::Table<sun50i::format::Sun50iFormat>>::map_run": "iommu::table",
            "<sun50i::Sun50iIommu as iommu::driver::ops::Operations>::attach": "sun50i",
            "<&mut kernel::fmt::Adapter<&iommu::x::Y> as core::fmt::Write>::write_str": "kernel",
            "core::ptr::drop_in_place::<iommu::object::fault::Faults>": "core",
            "init_module": "C",
        }.items():
            self.assertEqual(code_size.part_of(name), part)

    def test_each_list_is_used(self):
        text = (paths.BOARD / "boots.toml").read_text()
        lists = [name for kind in ("stories", "modules") for name in tomllib.loads(text)[kind]]
        self.assertTrue(lists)
        self.assertEqual([name for name in lists if f'"@{name}"' not in text], [])


KINDS = """
[kind.sun50i]
socs = ["h6", "h616"]
rust = "rust_sun50i_iommu"
c = "c_sun50i"
built_in = "sun50i_iommu_driver_init"

[kind.dart]
socs = ["t8103"]
rust = "rust_apple_dart"
c = "c_apple_dart"
module = "apple_dart"

[stories]
some = ["map", "@more"]
more = ["remap", "leaves:failed"]

[modules]
two = ["board_qemu", "pl330"]

"""


class TableFormat(unittest.TestCase):
    """Tests of groups, lists and defaults in a table of boots."""

    def load(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(KINDS + text)
            file.flush()
            return {one["name"]: one for one in table.load_table(file.name)}

    def group(self, keys, boots):
        return self.load(f"[[group]]\n{keys}\n[group.boots]\n{boots}\n")

    def refused(self, keys, boots, what):
        with self.assertRaisesRegex(Failure, what):
            self.group(keys, boots)

    def test_defaults(self):
        boot = self.group("", 'a = ["map"]')["a"]
        self.assertEqual((boot["image"], boot["driver"], boot["kind"]), ("release", "rust", "sun50i"))
        self.assertEqual((boot["modules"], boot["in"], boot["stories"]), ([], ["check"], ["map"]))
        self.assertNotIn("dtb", boot)

    def test_own_keys_replace_those_of_the_group(self):
        boots = self.group('image = "debug"\nstories = ["map"]', 'a = {}\nb = { image = "release-smp" }\nc = ["remap"]')
        self.assertEqual([boots[name]["image"] for name in "abc"], ["debug", "release-smp", "debug"])
        self.assertEqual([boots[name]["stories"] for name in "abc"], [["map"], ["map"], ["remap"]])

    def test_a_boot_for_each_value(self):
        boots = self.group('soc = ["h6", "t8103"]\ndriver = ["c", "rust"]', '"{soc}-{driver}" = { dtb = "{soc}-bare", stories = ["map"] }')
        self.assertEqual(list(boots), ["h6-c", "h6-rust", "t8103-c", "t8103-rust"])
        boot = boots["t8103-c"]
        self.assertEqual((boot["dtb"], boot["driver"], boot["kind"]), ("t8103-bare", "c", "dart"))
        self.assertEqual(boot["drivers"]["c"], "c_apple_dart")
        self.assertEqual(boot["modules"], ["board", "board_client"])

    def test_devicetree_of_the_soc(self):
        self.assertEqual(self.group('soc = "h616"', 'a = ["map"]')["a"]["dtb"], "h616")

    def test_lists_of_stories(self):
        boot = self.group("", 'a = ["boot", "@some"]')["a"]
        self.assertEqual(boot["stories"], ["boot", "map", "remap", "leaves:failed"])

    def test_a_boot_for_each_story(self):
        boots = self.group('soc = ["h6", "h616"]', '"a-{soc}-{story}" = ["map", "@more"]')
        self.assertEqual([boot["stories"] for boot in boots.values()], [["map"], ["remap"], ["leaves:failed"]] * 2)
        self.assertEqual(list(boots)[:3], ["a-h6-map", "a-h6-remap", "a-h6-leaves-failed"])

    def test_lists_of_modules(self):
        self.assertEqual(self.group("", 'a = { modules = ["@two"], stories = ["map"] }')["a"]["modules"], ["board_qemu", "pl330"])

    def test_checks(self):
        boots = self.group('image = "arm64"\nargs = "quiet"\ndriver = "c"\nstories = ["map"]', "a = {}\nb = { checks = true }")
        self.assertEqual(boots["a"]["args"], "dma_debug=off quiet")
        self.assertRegex(boots["b"]["args"], "^dma_debug_entries=.* page_poison=1 .* quiet$")

    def test_arm64_has_the_c_driver(self):
        keys = 'image = "arm64"\nargs = "quiet"\nmodules = ["board_qemu"]\nstories = ["boot"]'
        boots = self.group(keys, '"{soc}-{driver}" = { soc = ["h6", "t8103"], driver = ["c", "rust"] }')
        self.assertEqual(boots["h6-rust"]["args"], "initcall_blacklist=sun50i_iommu_driver_init dma_debug=off quiet")
        self.assertEqual([boots[name]["args"] for name in ("h6-c", "t8103-rust", "t8103-c")], ["dma_debug=off quiet"] * 3)
        self.assertEqual(boots["t8103-c"]["modules"], ["board_qemu", "apple_dart"])
        self.assertEqual([name for name in boots if not boots[name].get("load_driver", True)], ["h6-c", "t8103-c"])

    def test_refused(self):
        self.refused("ncpu = 1", 'a = ["map"]', "boot a has unknown keys: ncpu")
        self.refused("", 'a = { stories = ["map"], name = "b", mem = "1G" }\nb = ["map"]', "boot a has unknown keys: name")
        self.refused('soc = ["h6", "h616"]', 'a = ["map"]', "two boots are called a")
        self.refused("", "a = {}", "boot a has no stories")
        self.refused("", 'a = ["@other"]', "boot a: there is no list @other")
        self.refused("", 'a = ["mapp:1"]', "boot a: there is no story mapp:1")
        self.refused('soc = "h5"', 'a = ["map"]', "boot a names an unknown soc")
        self.refused('image = "fast"', 'a = ["map"]', "boot a names an unknown image")
        self.refused('driver = "go"', 'a = ["map"]', "boot a names an unknown driver")
        self.refused("", 'a = { stories = ["map"], expect = { remap = "failed: x" } }', "boot a cannot expect remap")
        with self.assertRaisesRegex(Failure, "unknown tables: groups"):
            self.load("[[groups]]\n")


if __name__ == "__main__":
    unittest.main()
