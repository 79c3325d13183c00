# SPDX-License-Identifier: GPL-2.0
"""The size of the drivers' machine code for arm64: a part of the benchmark."""

import collections
import re

from rig import paths
from rig.images import kernel_dir
from rig.processes import in_toolchain
from rig.setup import setup_command

IMAGE = "arm64"
# Rust driver: the object of the C driver in the kernel's build.
DRIVERS = {
    "rust_sun50i_iommu": "sun50i-iommu.o",
    "rust_apple_dart": "apple-dart.o",
    "rust_tegra_smmu": "tegra-smmu.o",
}
CRATE = "rust_iommu"
# Text to reach: of a driver, relative to C, and of the crate in bytes.
RATIO, BYTES = 3.0, 40 << 10


def size(path):
    """Bytes of the sections of an object that have code."""
    rows = re.findall(r"^(\S+) +(\d+) ", in_toolchain(["llvm-size", "-A", path]).decode(), re.M)
    return sum(int(number) for name, number in rows if re.search(r"\bl?text\b", name))


def parts(path):
    """The bytes of functions, by the part of the source that has them: {part: bytes}, largest first."""
    found = collections.Counter()
    symbols = in_toolchain(["llvm-nm", "--print-size", "--demangle", path]).decode()
    for number, name in re.findall(r"^[0-9a-f]+ ([0-9a-f]+) [tTwW] (.*)", symbols, re.M):
        found[part_of(name)] += int(number, 16)
    return dict(found.most_common())


def part_of(name):
    """The crate of a function, with the module for functions of the crate iommu. The core's trait
    implementations and generic functions count where the outermost name is."""
    path = re.match(r"[<&(\[]*(?:mut )?([\w:]+)", name)
    words = path[1].split("::") if path else [name]
    if len(words) == 1:
        return "C"
    return "::".join(words[:2]) if words[0] == "iommu" else words[0]


def measure():
    """Builds the modules without KUnit; returns {module: {"bytes", "parts", "c"}}."""
    folder = paths.OUT / IMAGE / "plain"
    setup_command("build-modules", IMAGE, "CONFIG_RUST_IOMMU_KUNIT_TEST=n", MODULES_DIR=str(folder), LABEL=f"{IMAGE}-plain")
    files = {path.stem: path for path in folder.rglob("*.ko")}
    result = {}
    for name in (CRATE, *DRIVERS):
        result[name] = {"bytes": size(files[name]), "parts": parts(files[name])}
        if name in DRIVERS:
            result[name]["c"] = size(kernel_dir(IMAGE) / "drivers/iommu" / DRIVERS[name])
    return result


def evaluate(measured):
    """Prints the table; returns a line for each missed goal."""
    missed = []
    print(f"\n{'arm64, text without tests, bytes':<34} {'C':>7} {'Rust':>7} {'Rust/C':>7} {'goal':>5}")
    for name, row in measured.items():
        ratio = f"{row['bytes'] / row['c']:.2f}" if "c" in row else "-"
        goal = f"{RATIO:.2f}" if "c" in row else BYTES
        print(f"{name:<34} {row.get('c', '-'):>7} {row['bytes']:>7} {ratio:>7} {goal:>5}")
        for part, number in row["parts"].items():
            print(f"    {part:<30} {'':>7} {number:>7}")
        if row["bytes"] > (RATIO * row["c"] if "c" in row else BYTES):
            missed.append(f"arm64: text of {name}: {row['bytes']} bytes, C {row.get('c', '-')}, to reach {goal}")
    return missed
