# SPDX-License-Identifier: GPL-2.0
"""Runs generic_pt's own KUnit suites on the page table of sun50i as a format of generic_pt.

  scripts/alternatives    builds patches/alternatives/generic-pt-sun50i.patch as two modules, the
                          format and its suites, and boots the image release with them

It also prints the code lines of sun50i's page table in generic_pt and in this tree, and the
instructions of their callbacks on arm64, counted as "make bench ARCH=arm64" does. The last line is "N
passed, N failed, N skipped".
"""

import os
import pathlib
import re
import shutil
import subprocess

from rig import cli, cost, paths
from rig.files import tail
from rig.images import kernel_dir, modules_dir, recorded
from rig.initramfs import find_busybox, make_initramfs
from rig.kunit import parse_kunit
from rig.processes import run_logged, run_script
from rig.progress import Failure, details, done_line
from rig.setup import prepare, setup_command
from rig.table import load_table
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

# The image whose instructions are counted. CONFIG_DEBUG_GENERIC_PT is off in these modules.
COUNTED, COUNTED_MODULES = "arm64", ("iommu_sun50i", "board_table_cost")
COUNTED_FILES = ("samples.h", "table_cost.c")
COUNTED_KBUILD = f"""\
obj-m += iommu_sun50i.o board_table_cost.o
iommu_sun50i-y := {GENERIC}/fmt/iommu_sun50i.o
board_table_cost-y := table_cost.o
ccflags-y += -include $(src)/{HEADERS}/common.h -include $(src)/{HEADERS}/iommu.h -I$(src)/drivers/iommu
"""
# The columns: names of the side and of the sync in the rows of table_cost.c, and the title.
SIDES = (("generic", "", "generic_pt"), ("rust", "", "Rust"), ("cleaned", "_all", "generic_pt"), ("rust", "_all", "Rust"))
RUNS = {("", 4096): "4 KiB", ("", 65536): "64 KiB", ("", 1 << 20): "1 MiB, in two tables", ("_table", 1 << 20): "1 MiB, a whole table"}


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


def counted_modules(source):
    """Builds the format and the module that measures it; returns a folder with these and the checkout's modules."""
    tree, folder = WORK / COUNTED, WORK / "modules"
    shutil.copytree(source, tree)
    for name in COUNTED_FILES:
        shutil.copy(paths.BOARD / name, tree)
    (tree / "Kbuild").write_text(COUNTED_KBUILD)
    make = [paths.IN_TOOLCHAIN, "make", "-C", kernel_dir(COUNTED), "ARCH=arm64", "LLVM=1", "W=1", f"M={tree}", "modules"]
    logged("sun50i's format in generic_pt, to be counted", make, paths.LOGS / "alternatives-counted.log")
    shutil.copytree(modules_dir(COUNTED), folder, symlinks=True)
    for name in COUNTED_MODULES:
        shutil.copy(tree / f"{name}.ko", folder)
    with open(folder / "modules.order", "a") as order:
        order.writelines(f"{name}.o\n" for name in COUNTED_MODULES)
    return folder


def instructions(source):
    """Counts the instructions; returns {(row, size): number}, and lines on differences."""
    boots = [boot for boot in load_table() if "alternatives" in boot["in"]]
    initramfs = make_initramfs(COUNTED, counted_modules(source), "alternatives.cpio")
    costs, remarks, well = cost.measure(boots, initramfs)
    if not well:
        raise Failure("there are no instructions", f"see {paths.LOGS / 'cost-table.log'}")
    return {row: median for found in costs.values() for row, (median, _) in found.items()}, remarks


def print_instructions(found, remarks):
    print(f"\n{'arm64, instructions a call':<34} {'entries only':>21} {'with cleaning':>21}")
    print(f"{'':34}" + "".join(f" {title:>10}" for _, _, title in SIDES))
    for call in ("map", "unmap"):
        for (place, size), what in RUNS.items():
            words = [found[f"{side}_{call}{sync}{place}", size] for side, sync, _ in SIDES]
            print(f"{f'{call}, {what}':<34}" + "".join(f" {word:>10}" for word in words))
    print(f"{'iova_to_phys':<34}" + "".join(f" {found[f'{side}_find', 4096]:>10}" for side, _, _ in SIDES[:2]))
    print("Rust cleans in iotlb_sync_map and iotlb_sync, with the instance's lock; generic_pt takes no lock. Neither")
    print("invalidates hardware. generic_pt frees a table that is unmapped as a whole, and a map makes a new one.")
    for line in remarks or ["Two boots gave the same numbers."]:
        print(line)


def main():
    cli.parser(__doc__).parse_args()
    for script in (["setup-toolchain"], ["setup-kernel-source"], ["build-kernel", IMAGE]):
        setup_command(*script)
    prepare({COUNTED})
    tree = source()
    counts = instructions(tree)
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
    print_instructions(*counts)
    results = [result for _, result in cases]
    print(f"\n{results.count('ok')} passed, {len(wrong)} failed, {results.count('skipped')} skipped")
    return bool(wrong)
