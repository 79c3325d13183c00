# SPDX-License-Identifier: GPL-2.0
"""Runs generic_pt's own KUnit suites on the page table of sun50i as a format of generic_pt.

  scripts/alternatives    builds patches/alternatives/generic-pt-sun50i.patch as two modules, the
                          format and its suites, and boots the image release with them

It also prints the code lines of sun50i's page table in generic_pt and in this tree. The last line is
"N passed, N failed, N skipped".
"""

import os
import pathlib
import re
import shutil
import subprocess

from rig import cli, paths
from rig.files import tail
from rig.images import kernel_dir, recorded
from rig.initramfs import find_busybox
from rig.kunit import parse_kunit
from rig.processes import run_logged, run_script
from rig.progress import Failure, details, done_line
from rig.setup import setup_command
from series.source import KUNIT, without

WORK = paths.OUT / "alternatives"
PATCH = paths.TOP / "patches/alternatives/generic-pt-sun50i.patch"
IMAGE = "release"
MODULES = ("iommu_sun50i", "kunit_sun50i")
GENERIC, HEADERS = "drivers/iommu/generic_pt", "include/linux/generic_pt"
# The headers that the patch changes come first, so that the kernel's are skipped.
KBUILD = f"""\
flags := -include $(src)/{HEADERS}/common.h -include $(src)/{HEADERS}/iommu.h -DCONFIG_DEBUG_GENERIC_PT=1
fmt := {GENERIC}/fmt
obj-m += iommu_sun50i.o kunit_sun50i.o
iommu_sun50i-y := $(fmt)/iommu_sun50i.o
kunit_sun50i-y := $(fmt)/kunit_iommu_sun50i.o
CFLAGS_$(fmt)/iommu_sun50i.o := $(flags)
CFLAGS_$(fmt)/kunit_iommu_sun50i.o := $(flags) -DGENERIC_PT_KUNIT=1
$(obj)/$(fmt)/kunit_iommu_sun50i.o: $(src)/$(fmt)/iommu_sun50i.c FORCE
	$(call if_changed_rule,cc_o_c)
"""
INIT = """\
#!/bin/busybox sh
for module in iommu_sun50i kunit_sun50i; do
	/bin/busybox insmod /$module.ko
done
/bin/busybox poweroff -f
"""
# The parts of the page table of sun50i: in the kernel's source with the format, or in this tree.
LINES = (
    ("generic_pt: the format of sun50i", "source", [f"{GENERIC}/fmt/{name}" for name in ("sun50i.h", "defs_sun50i.h", "iommu_sun50i.c")]),
    ("generic_pt: what all formats share", "source", [f"{GENERIC}/{name}.h" for name in ("iommu_pt", "pt_common", "pt_defs", "pt_fmt_defaults", "pt_iter", "pt_log2")]),
    ("this tree: the format of sun50i", "tree", ["drivers/iommu/sun50i/format.rs"]),
    (
        "this tree: what all formats share",
        "tree",
        ["rust/table.rs", "rust/walker.rs", *(f"rust/table/{name}.rs" for name in ("body", "clean", "entries", "ffi", "format", "interface", "large", "pages", "slot", "walk"))],
    ),
)


def code_lines(text):
    """The number of lines that are neither empty nor comments, without KUnit code."""
    text = re.sub(r"/\*.*?\*/", "", without(text, KUNIT), flags=re.S)
    text = re.sub(r"^#if defined\(GENERIC_PT_KUNIT\)\n.*?^#endif\n", "", text, flags=re.M | re.S)
    return sum(bool(re.match(r"\s*(?!//)\S", line)) for line in text.splitlines())


def source():
    """The files of generic_pt with the format of sun50i."""
    pinned, tree = pathlib.Path(recorded("kernel-source")), WORK / "source"
    shutil.rmtree(WORK, ignore_errors=True)
    for folder in (GENERIC, HEADERS):
        shutil.copytree(pinned / folder, tree / folder)
    shutil.copy(pinned / "drivers/iommu/iommu-pages.h", tree / "drivers/iommu")
    subprocess.run(["git", "apply", PATCH], cwd=tree, env={**os.environ, "GIT_CEILING_DIRECTORIES": str(WORK)}, check=True)
    (tree / "Kbuild").write_text(KBUILD)
    return tree


def logged(title, command, log):
    status, seconds = run_logged(title, command, log)
    done_line("FAILED" if status else "ok", title, seconds)
    if status:
        raise Failure(title, *tail(log))


def boot(tree):
    """Boots the modules, and returns the console."""
    root = WORK / "root"
    for folder in ("bin", "dev"):
        (root / folder).mkdir(parents=True)
    shutil.copy(find_busybox(IMAGE), root / "bin/busybox")
    for module in MODULES:
        shutil.copy(tree / f"{module}.ko", root)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    run_script('cd "$1"; find . | sort | cpio --quiet -o -H newc -R 0:0 >"$2"', root, WORK / "initramfs.cpio")
    log = paths.LOGS / "alternatives-boot.log"
    words = ["mem=512M", f"initrd={WORK / 'initramfs.cpio'}", "rdinit=/init", "con=null", "con0=fd:0,fd:1"]
    logged("generic_pt's suites", [kernel_dir(IMAGE) / "linux", *words], log)
    return log.read_text(errors="replace")


def main():
    cli.parser(__doc__).parse_args()
    for script in (["setup-toolchain"], ["setup-kernel-source"], ["build-kernel", IMAGE]):
        setup_command(*script)
    tree = source()
    make = [paths.IN_TOOLCHAIN, "make", "-C", kernel_dir(IMAGE), "ARCH=um", "LLVM=1", "W=1", f"M={tree}", "modules"]
    logged("sun50i's format in generic_pt", make, paths.LOGS / "alternatives.log")
    console = boot(tree)
    cases, _ = parse_kunit(console, pathlib.Path(recorded("kernel-source")))
    cases = [(name, result) for name, result in cases if name.startswith("sun50i_")]
    wrong = [name for name, result in cases if result == "failed"]
    # A boot that ends early has no result for the suites that follow.
    wrong += [f"{suite} has no result" for suite in ("sun50i_fmt_test", "sun50i_iommu_test") if f"ok {1 + (suite != 'sun50i_fmt_test')} {suite}" not in console]
    details(wrong)
    print()
    for title, where, names in LINES:
        root = tree if where == "source" else paths.TOP
        print(f"{sum(code_lines((root / name).read_text()) for name in names):6} code lines: {title}")
    results = [result for _, result in cases]
    print(f"\n{results.count('ok')} passed, {len(wrong)} failed, {results.count('skipped')} skipped")
    return bool(wrong)
