# SPDX-License-Identifier: GPL-2.0
"""Checks module versions: a driver that was built against a crate with another layout is refused.

  scripts/modversions              boots a kernel of its own, with CONFIG_MODVERSIONS
  scripts/modversions --on IMAGE   compares versions without a boot, for an image's kernel that has
                                   no versions: Kbuild treats it as one that has them, and uses
                                   gendwarfksyms of the kernel's source

The crate is built twice, with one driver: unchanged, and with another alignment of one type.
The last line is "N passed, N failed".
"""

import pathlib
import re
import shutil

from rig import cli, paths
from rig.boot import run_boot
from rig.files import tail, write_atomically
from rig.images import IMAGES, is_packaged, kernel_dir, kernel_source, modules_dir
from rig.initramfs import make_initramfs
from rig.processes import in_toolchain, run_logged
from rig.progress import Failure, done_line
from rig.results import describe_failure
from rig.setup import prepare, setup_command
from rig.table import load_table
from rig.tally import Tally


IMAGE = "arm64-modversions"
WORK = paths.OUT / "modversions"
# The type, and an attribute that changes its layout without a change to its users.
FILE, TYPE, LAYOUT = "rust/object/instance.rs", "pub(crate) struct Instance {", "#[repr(align(128))]\n"
CRATE, DRIVER = "rust_iommu", "rust_sun50i_iommu"


def other_source():
    """A copy of the checkout's sources with the other layout. An unchanged file keeps its time."""
    tree = WORK / "source"
    wanted = {pathlib.Path("Kbuild")}
    for folder in ("include", "rust", "drivers", "tools/board", "tools/models/src"):
        wanted |= {path.relative_to(paths.TOP) for path in (paths.TOP / folder).rglob("*") if path.is_file()}
    for path in [path for path in tree.rglob("*") if path.is_file()]:
        if path.relative_to(tree) not in wanted:
            path.unlink()
    for name in wanted:
        data = (paths.TOP / name).read_bytes()
        if str(name) == FILE:
            if data.count(TYPE.encode()) != 1:
                raise Failure(f"{FILE} has no line \"{TYPE}\"", "name another type in tools/rig/commands/modversions.py")
            data = data.replace(TYPE.encode(), (LAYOUT + TYPE).encode())
        target = tree / name
        if not target.exists() or target.read_bytes() != data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return tree


def stand_in(image):
    """Arguments of make that turn on versions for the kernel of the image, and build one driver."""
    setup_command("setup-libdw")
    libdw = (paths.OUT / "libdw").read_text().strip().removeprefix("LIBDW=")
    flags = [f"-I{libdw}/usr/include", f"-L{libdw}/lib"] if libdw else []
    kernel = kernel_dir(image)
    source = kernel_source(image)
    tool = WORK / "gendwarfksyms"
    tool.parent.mkdir(parents=True, exist_ok=True)
    files = sorted((source / "scripts/gendwarfksyms").glob("*.c"))
    in_toolchain(
        ["cc", "-O2", *flags, f"-I{source}/scripts/include", "-o", tool, *files, "-ldw", "-lelf", "-lz"],
        bind=f"{kernel} {source}",
    )
    # Only a kernel with versions exports module_layout.
    layout = WORK / "layout.symvers"
    write_atomically(layout, "0x00000000\tmodule_layout\tvmlinux\tEXPORT_SYMBOL_GPL\t\n")
    return [
        *("CONFIG_RUST_APPLE_DART=n", "CONFIG_RUST_TEGRA_SMMU=n", "CONFIG_RUST_IOMMU_KUNIT_TEST=n"),
        *("CONFIG_MODVERSIONS=y", "CONFIG_GENDWARFKSYMS=y", "CONFIG_EXTENDED_MODVERSIONS=y"),
        *("KRUSTFLAGS=-Cdebuginfo=2", "KCFLAGS=-g", f"gendwarfksyms={tool}", f"KBUILD_EXTRA_SYMBOLS={layout}"),
    ]


def build(image, name, source, arguments, targets="modules"):
    """Builds the modules of a source in a directory of their own."""
    log = paths.LOGS / f"modversions-{name}-build.log"
    modules = WORK / image / name
    places = {"MODULES_SOURCE": str(source), "MODULES_DIR": str(modules), "LABEL": f"{image}-versions-{name}"}
    command = [paths.TOP / "scripts/build-modules", image, *arguments]
    status, seconds = run_logged(f"modules, {name}", command, log, env={**places, "TARGETS": targets})
    if status:
        raise Failure(f"the modules do not build ({name})", *tail(log), f"log: {log}")
    done_line("ok", f"modules, {name}", seconds)
    return modules


def exported(modules):
    """The versions of the crate's exports, by name."""
    fields = (line.split("\t") for line in (modules / "Module.symvers").read_text().splitlines())
    return {name: int(crc, 16) for crc, name, module, *_ in fields if module.split("/")[-1] == CRATE}


def expected(modules):
    """The versions that the driver expects of its imports, by name."""
    text = (modules / f"{DRIVER}.mod.c").read_text()
    crcs = re.search(r"__version_ext_crcs\[\].*?\{(.*?)\};", text, re.S)[1]
    names = re.search(r"__version_ext_names\[\].*?=(.*?);", text, re.S)[1]
    return dict(zip(re.findall(r'"(\w+)(?:\\0)?"', names), (int(crc, 16) for crc in re.findall(r"0x\w+", crcs)), strict=True))


def by_versions(one, other):
    """(title, error or "") of each test."""
    ours, theirs, wanted = exported(one), exported(other), expected(one)
    common = ours.keys() & wanted.keys()
    lacking = sorted(name for name in ours if not ours[name])
    yield "every export has a version", ", ".join(lacking)
    kinds = len(set(ours.values()))
    # Functions with the same signature have the same version.
    yield "exports of other types have other versions", "" if 4 * kinds > len(ours) else f"{kinds} versions of {len(ours)} exports"
    wrong = sorted(name for name in common if wanted[name] != ours[name])
    yield "the driver wants the versions of its crate", ", ".join(wrong) or ("" if common else "it imports nothing from it")
    refused = [name for name in common if wanted[name] != theirs.get(name)]
    yield "a crate with another layout has other versions", "" if refused else f"{len(common)} imports, all with the same version"


def mixed(one, other):
    """A copy of the first modules with the crate of the second."""
    folder = WORK / IMAGE / "mixed"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(one, folder, symlinks=True)
    shutil.copyfile(other / f"{CRATE}.ko", folder / f"{CRATE}.ko")
    return folder


def boot(name, modules):
    """Boots with these modules; returns the report and the console."""
    table = {boot["name"]: boot for boot in load_table()}
    boot = {**table["arm64-h6"], "name": f"modversions-{name}", "image": IMAGE, "stories": ["boot"]}
    initramfs = make_initramfs(IMAGE, modules, f"modversions-{name}.cpio")
    report = run_boot(boot, initramfs=initramfs)
    return report, report.log.read_text(errors="replace")


def by_boots(one, other):
    report, console = boot("one", one)
    yield "a driver with its own crate is inserted", "" if report.ok else "; ".join(describe_failure(report))
    report, console = boot("mixed", mixed(one, other))
    line = re.search(rf"{DRIVER}: disagrees about version of symbol \w+", console)
    why = "" if line and not report.ok else f"the boot {'passed' if report.ok else 'failed'}, see {report.log}"
    yield "a driver with a crate of another layout is refused", why


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--on", choices=[image for image in IMAGES if not is_packaged(image)], metavar="IMAGE")
    options = parser.parse_args()
    if options.on:
        arguments, targets = stand_in(options.on), f"{CRATE}.ko {DRIVER}.ko"
        one = build(options.on, "one", paths.TOP, arguments, targets)
        results = list(by_versions(one, build(options.on, "other", other_source(), arguments, targets)))
    else:
        prepare([IMAGE])
        one, other = modules_dir(IMAGE), build(IMAGE, "other", other_source(), [])
        results = [*by_versions(one, other), *by_boots(one, other)]
    tally = Tally("modversions")
    for what, why in results:
        tally.step(what, [(what, "failed" if why else "ok", [why] if why else [])])
    return tally.close()
