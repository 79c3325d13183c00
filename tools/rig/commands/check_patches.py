# SPDX-License-Identifier: GPL-2.0
"""Checks the patch series that scripts/patches has made, on the kernel that they are for.

  scripts/check-patches            each patch: builds without a warning (W=1, CLIPPY=1), for UML
                                   as a whole kernel whose KUnit suites pass, for arm64 as modules;
                                   and passes checkpatch.pl --strict. The last patch of a series
                                   builds in other configurations as well (LAST), with rustdoc
                                   and with sparse
  scripts/check-patches --arch um  for one architecture
  scripts/check-patches --last     only the last patch of each series
  scripts/check-patches --series NAME   one series
  scripts/check-patches --step REGEX    only the builds whose name matches
  scripts/check-patches --again         also what has passed before
  scripts/check-patches --stdin    only checkpatch.pl, for the patch on standard input

A build that has passed is not repeated until the patched files, its configuration or the
toolchain are others. Warnings of checkpatch.pl that have a reason are named in
patches/rust/series.toml. The last line is "N passed, N failed".
"""

import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
import typing

from rig import cli, paths
from rig.commands.patches import TABLE, WORK, git
from rig.files import linked_copy, tail, write_atomically
from rig.images import kernel_dir, read_config, recorded
from rig.kunit import parse_kunit
from rig.processes import in_parallel, run_logged, toolchain
from rig.progress import Failure, details, done_line
from rig.setup import setup_command

CHECK = paths.OUT / "check-patches"
PASSED = CHECK / "passed"
# The image whose configuration a build begins with.
BASES = {"um": "release", "arm64": "arm64"}
DRIVERS = ("SUN50I_IOMMU_RUST", "APPLE_DART_RUST", "TEGRA_SMMU_RUST")
SUITES = ("RUST_KUNIT_TESTS", *(f"RUST_{name}_KUNIT_TEST" for name in ("CLK", "RESET", "DEVICE", "PM", "IOMMU")))
# What is added to the configuration. The series have some of the options only from a patch on.
OPTIONS = {
    "RUST_IOMMU": "y", **dict.fromkeys(SUITES, "y"), **dict.fromkeys(DRIVERS, "m"),
    "SUN50I_IOMMU": "n", "APPLE_DART": "n", "TEGRA_IOMMU_SMMU": "n",
}
BUILT_IN = OPTIONS | dict.fromkeys(DRIVERS, "y")


class Build(typing.NamedTuple):
    """A build of a patch. All are made outside of the source (O=)."""

    arch: str
    options: dict = OPTIONS
    # The configuration, if it is not an image's.
    config: str = ""
    targets: tuple = ("rust/kernel.o", "drivers/iommu/")
    # Whether the kernel boots.
    kunit: bool = False


EACH = {
    # The kernels of UML have no SMP, those of arm64 always have.
    "KUnit": [Build("um", BUILT_IN | {"IOMMU_IO_PGTABLE_ARMV7S": "y"}, targets=("all",), kunit=True)],
    "modules": [Build("arm64")],
}
# Further builds of the last patch of a series.
LAST = {
    "modules": [Build("um")],
    "built in": [Build("arm64", BUILT_IN)],
    "off": [Build(arch, dict.fromkeys(OPTIONS, "n")) for arch in BASES],
    # arm64 selects it.
    "without PM": [Build("um", OPTIONS | {"PM": "n", "SUSPEND": "n", "HIBERNATION": "n"})],
    # UML's default has 32 bits.
    "allnoconfig": [Build("um", {"RUST": "y", "64BIT": "y"}, "allnoconfig", ("rust/kernel.o", "drivers/"))],
    # Without what Rust excludes, or what makes a build long.
    "allmodconfig": [
        Build(
            "arm64",
            # The suites need KUNIT=y.
            OPTIONS | dict.fromkeys(SUITES, "n")
            | {"RUST": "y", "MODVERSIONS": "n", "RANDSTRUCT_NONE": "y", "DEBUG_INFO_NONE": "y", "KASAN": "n", "LTO_NONE": "y", "WERROR": "n"},
            "allmodconfig",
        )
    ],
    "rustdoc": [Build("um", targets=("rustdoc",))],
    "sparse": [Build("um", targets=("C=2", "rust/helpers/helpers.o", "drivers/iommu/rust_iommu.o"))],
}
# The kernel declares no helper: their callers are in Rust.
UNDECLARED = re.compile(r"symbol 'rust_helper_\w+' was not declared")
SUITE = re.compile(r"kunit_tests\((\w+)\)\]")


def warning(changed):
    """Matches a warning of rustc, clippy, rustdoc, clang or sparse about one of these files."""
    names = "|".join(map(re.escape, sorted(changed)))
    return re.compile(rf"^(?:warning|error)[^\n]*\n +--> [^\n]*(?:{names}):[^\n]*|^[^\n]*(?:{names}):\d[^\n]*(?:warning|error):[^\n]*", re.M)


def patched(tree, revision, changed):
    """Brings the kernel's copy to the state of a patch. Unchanged files keep their time."""
    present = set(git("ls-tree", "-r", "--name-only", revision, "--", *changed).split())
    for path in changed:
        target = tree / path
        if path not in present:
            # A file of a later patch, from a run before.
            target.unlink(missing_ok=True)
            continue
        text = git("show", f"{revision}:{path}")
        if not target.exists() or target.read_text() != text:
            # Replaces the file, which may be the source's as well.
            write_atomically(target, text)


def configuration(build, folder):
    """Writes the configuration that a build begins with. Returns the target that completes it."""
    wanted = "".join(f"CONFIG_{option}={value}\n" for option, value in build.options.items())
    if build.config:
        write_atomically(folder / "wanted.config", wanted)
        return [f"KCONFIG_ALLCONFIG={folder / 'wanted.config'}", build.config]
    config = (kernel_dir(BASES[build.arch]) / ".config").read_text()
    config = re.sub(rf"^.*CONFIG_(?:{'|'.join(build.options)})[ =].*\n", "", config, flags=re.M)
    write_atomically(folder / ".config", config + wanted)
    return ["olddefconfig"]


def refused(build, folder, tree):
    """The options that are not as a step wants them. Options of later patches are in no Kconfig yet."""
    config = read_config(folder / ".config")
    here = "".join((tree / path).read_text() for path in ("drivers/iommu/Kconfig", "rust/kernel/Kconfig.test"))
    wanted = {name: value for name, value in build.options.items() if name not in OPTIONS or f"config {name}\n" in here}
    return [f"CONFIG_{name} is not {value}" for name, value in wanted.items() if config.get(f"CONFIG_{name}", "n") != value]


def failed_cases(tree, folder, changed, log):
    """Boots a kernel of UML. Returns the cases that failed, and the suites of the patches that have no result."""
    words = ["mem=512M", "kunit_shutdown=poweroff", "con=null", "con0=fd:0,fd:1"]
    run_logged("KUnit", [folder / "linux", *words], log, timeout=300)
    cases, _ = parse_kunit(log.read_text(errors="replace"), tree)
    sources = [tree / path for path in changed if path.endswith(".rs") and (tree / path).exists()]
    suites = {suite for source in sources for suite in SUITE.findall(source.read_text())}
    missing = suites - {name.split(".")[0] for name, _ in cases}
    if not cases:
        return ["no KUnit case ran"]
    return [name for name, result in cases if result == "failed"] + [f"{suite} has no result" for suite in sorted(missing)]


def key(build, tree, revision):
    """Changes with all that a build depends on."""
    base = "" if build.config else (kernel_dir(BASES[build.arch]) / ".config").read_text()
    parts = (build, tree.name, git("rev-parse", f"{revision}^{{tree}}"), base, toolchain())
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def run(build, name, step, tree, changed, slug=None):
    """Builds what the patches touch, in a folder of this name. Returns the lines that are wrong."""
    what = f"{build.arch}: {name}, {step}"
    slug = slug or f"{build.arch}-{step.replace(' ', '-')}"
    folder = CHECK / slug
    folder.mkdir(parents=True, exist_ok=True)
    make = [paths.IN_TOOLCHAIN, "make", "-C", tree, f"ARCH={build.arch}", "LLVM=1", f"O={folder}", "W=1", "CLIPPY=1", f"-j{len(os.sched_getaffinity(0))}"]
    log = paths.LOGS / f"patches-{slug}.log"
    status, seconds = run_logged(what, [*make, *configuration(build, folder), *build.targets], log)
    text = log.read_text(errors="replace")
    wrong = [match[0].replace("\n", " ") for match in warning(changed).finditer(text) if not UNDECLARED.search(match[0])]
    wrong += refused(build, folder, tree)
    if status and not wrong:
        wrong = tail(log)
    if wrong:
        # make would not compile a file again that only has a warning.
        for path in filter(pathlib.Path.exists, (tree / path for path in changed)):
            os.utime(path)
    if build.kunit and not wrong:
        wrong = failed_cases(tree, folder, changed, paths.LOGS / f"patches-{slug}-boot.log")
    done_line("FAILED" if wrong else "ok", what[:52], seconds)
    details(wrong[:10])
    return wrong


def style(tree, patch, waivers):
    """The lines of checkpatch.pl about a patch, without those that have a reason."""
    command = ["perl", str(tree / "scripts/checkpatch.pl"), "--strict", "--terse", "--show-types", "--no-summary", f"--root={tree}", str(patch)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wrong = []
    # 1: it has said something.
    if result.returncode not in (0, 1):
        wrong += [f"checkpatch.pl ended with status {result.returncode}", *result.stderr.splitlines()]
    for line in result.stdout.splitlines():
        kind = re.search(r"(?:ERROR|WARNING|CHECK):(\w+):", line)
        if kind and kind[1] not in waivers:
            wrong.append(line.removeprefix(f"{patch}:"))
    return wrong


def style_of_input(tree, waivers):
    """The same for the patch on standard input, as b4 passes it."""
    with tempfile.NamedTemporaryFile(suffix=".patch") as file:
        file.write(sys.stdin.buffer.read())
        file.flush()
        return style(tree, pathlib.Path(file.name), waivers)


def main():
    table = tomllib.loads(TABLE.read_text())
    parser = cli.parser(__doc__)
    parser.add_argument("--arch", choices=sorted(BASES), action="append")
    parser.add_argument("--last", action="store_true")
    parser.add_argument("--series", choices=[series["name"] for series in table["series"]])
    parser.add_argument("--from", dest="first", type=int, default=1, metavar="N", help="begin with patch N of each series")
    parser.add_argument("--step", type=re.compile, default=re.compile(""), metavar="REGEX")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--stdin", action="store_true")
    options = parser.parse_args()
    waivers = {waiver["type"] for waiver in table.get("waiver", ())}
    if options.stdin:
        wrong = style_of_input(pathlib.Path(recorded("kernel-source")), waivers)
        print("\n".join(wrong))
        return bool(wrong)
    if not (WORK / "tree").exists():
        raise Failure("there are no patches", "run scripts/patches")
    for arch in options.arch or BASES:
        setup_command("build-kernel", BASES[arch])
    source = pathlib.Path(recorded("kernel-source"))
    tree = CHECK / source.name
    if not tree.exists():
        linked_copy(source, tree)
    PASSED.mkdir(exist_ok=True)
    arches = options.arch or list(BASES)
    results = []
    commits = git("rev-list", "--reverse", "base..patches").split()
    changed = git("diff", "--name-only", "base", "patches").split()
    for n, series in enumerate(table["series"], 1):
        count = len(series["patch"])
        mine, commits = commits[:count], commits[count:]
        files = sorted((WORK / f"{n}-{series['name']}").glob("*.patch"))[1:]
        for number, (revision, file) in enumerate(zip(mine, files, strict=True), 1):
            if options.series not in (None, series["name"]) or number < (count if options.last else options.first):
                continue
            name = f"{series['name']} {number}/{count}"
            patched(tree, revision, changed)
            steps = [*EACH.items(), *(LAST.items() if number == count else ())]
            wanted = [(build, step) for step, builds in steps for build in builds if options.step.search(step)]

            def of(arch):
                done = []
                for build, step in wanted:
                    if build.arch == arch:
                        record = PASSED / key(build, tree, revision)
                        before = record.exists() and not options.again
                        done.append(not before and run(build, name, step, tree, changed))
                        if before:
                            done_line("ok", f"{arch}: {name}, {step}, as before", 0)
                        elif not done[-1]:
                            record.touch()
                return done

            results += [wrong for done in in_parallel(of, arches) for wrong in done]
            wrong = style(tree, file, waivers)
            done_line("FAILED" if wrong else "ok", f"checkpatch: {name}", 0)
            details(wrong[:10])
            results.append(wrong)
    failed = sum(map(bool, results))
    passed = len(results) - failed
    print(f"{passed} passed, {failed} failed")
    return failed > 0
