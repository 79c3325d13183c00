# SPDX-License-Identifier: GPL-2.0
"""Checks the patch series that scripts/patches has made, on the kernel that they are for.

  scripts/check-patches            each patch: builds for UML and arm64 without a warning
                                   (W=1, CLIPPY=1), and passes checkpatch.pl --strict;
                                   the last patch of a series also with the drivers built
                                   in, and without the abstractions
  scripts/check-patches --arch um  for one architecture
  scripts/check-patches --last     only the last patch of each series
  scripts/check-patches --series NAME   one series
  scripts/check-patches --step REGEX    only the builds whose name matches
  scripts/check-patches --stdin    only checkpatch.pl, for the patch on standard input

Warnings of checkpatch.pl that have a reason are named in patches/rust/series.toml. The last
line is "N passed, N failed".
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

from rig import cli, paths
from rig.commands.patches import TABLE, WORK, git
from rig.files import tail, write_atomically
from rig.images import kernel_dir, recorded
from rig.processes import run_logged
from rig.progress import Failure, details, done_line
from rig.setup import setup_command

CHECK = paths.OUT / "check-patches"
# The image whose configuration a build begins with, and what is added.
BASES = {"um": "release", "arm64": "arm64"}
DRIVERS = ("SUN50I_IOMMU_RUST", "APPLE_DART_RUST", "TEGRA_SMMU_RUST")
OPTIONS = {
    "RUST_IOMMU": "y", "RUST_IOMMU_KUNIT_TEST": "y", **dict.fromkeys(DRIVERS, "m"),
    "SUN50I_IOMMU": "n", "APPLE_DART": "n", "TEGRA_IOMMU_SMMU": "n",
}
TARGETS = ("rust/kernel.o", "drivers/iommu/")
# Further builds of the last patch of a series: architectures, options that the
# configuration must have, targets.
LAST = {
    "built in": (("um", "arm64"), {**OPTIONS, **dict.fromkeys(DRIVERS, "y")}, TARGETS),
    "off": (("um", "arm64"), dict.fromkeys(OPTIONS, "n"), TARGETS),
}


def warning(changed):
    """Matches a warning of rustc, clippy or clang about one of these files."""
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
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)


def build(tree, arch, name, changed, options, targets=TARGETS):
    """Builds what the patches touch, with these options. Returns the lines that are wrong."""
    folder = tree.with_name(f"{tree.name}-{arch}")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = "".join(f"CONFIG_{option}={value}\n" for option, value in options.items())
    make = [str(paths.IN_TOOLCHAIN), "make", "-C", str(tree), f"ARCH={arch}", "LLVM=1", f"O={folder}", "W=1", "CLIPPY=1", f"-j{len(os.sched_getaffinity(0))}"]
    config = (kernel_dir(BASES[arch]) / ".config").read_text()
    config = re.sub(rf"^.*CONFIG_(?:{'|'.join(options)})[ =].*\n", "", config, flags=re.M)
    # Each patch has options of its own.
    write_atomically(folder / ".config", config + wanted)
    log = paths.LOGS / f"patches-{arch}.log"
    status, seconds = run_logged(f"{arch}: {name}", [*make, "olddefconfig", *targets], log)
    text = log.read_text(errors="replace")
    wrong = [match[0].replace("\n", " ") for match in warning(changed).finditer(text)]
    if status and not wrong:
        wrong = tail(log)
    done_line("FAILED" if wrong else "ok", f"{arch}: {name}"[:52], seconds)
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
        new = CHECK / "new"
        shutil.rmtree(new, ignore_errors=True)
        CHECK.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", "--reflink=auto", source, new], check=True)
        new.rename(tree)
    passed = failed = 0
    commits = git("rev-list", "--reverse", "base..patches").split()
    changed = git("diff", "--name-only", "base", "patches").split()
    for n, series in enumerate(table["series"], 1):
        count = len(series["patch"])
        mine, commits = commits[:count], commits[count:]
        files = sorted((WORK / f"{n}-{series['name']}").glob("*.patch"))[1:]
        for number, (patch, revision, file) in enumerate(zip(series["patch"], mine, files, strict=True), 1):
            if options.series not in (None, series["name"]) or number < (count if options.last else options.first):
                continue
            name = f"{series['name']} {number}/{count}"
            patched(tree, revision, changed)
            steps = {"modules": (tuple(BASES), OPTIONS, TARGETS), **(LAST if number == count else {})}
            results = [
                build(tree, arch, f"{name}, {step}", changed, *rest)
                for step, (arches, *rest) in steps.items()
                for arch in arches
                if arch in (options.arch or BASES) and options.step.search(step)
            ]
            wrong = style(tree, file, waivers)
            done_line("FAILED" if wrong else "ok", f"checkpatch: {name}", 0)
            details(wrong[:10])
            results.append(wrong)
            failed += sum(map(bool, results))
            passed += sum(not result for result in results)
    print(f"{passed} passed, {failed} failed")
    return failed > 0
