# SPDX-License-Identifier: GPL-2.0
"""The cost of calls in instructions: the part of the benchmark that does not depend on
the machine.  The arm64 board runs with -icount: one instruction is one tick of the
guest's clock, and nothing is random.  Each driver has a boot of its own, which runs
twice, and both runs must give the same numbers."""

from rig import charts
from rig.boot import run_and_print


# Rust/C to reach, by kind, case and size.
GOALS = {
    ("sun50i", "dma_single", 4096): 0.9,
    ("sun50i", "unmap", 4096): 0.9,
    ("sun50i", "dma_sg", 1 << 20): 0.4,
    ("sun50i", "fault", 16): 1.0,
    ("dart", "dma_single", 4096): 1.0,
    ("dart", "unmap", 4096): 1.0,
    ("dart", "dma_sg", 1 << 20): 1.0,
    ("dart", "fault", 16): 1.0,
    ("tegra", "dma_single", 4096): 0.9,
    ("tegra", "dma_single", 1 << 20): 0.1,
    ("tegra", "dma_single", 4 << 20): 0.1,
    ("tegra", "dma_sg", 1 << 20): 0.3,
    ("tegra", "mmio", 4096): 1.0,
    ("tegra", "mmio", 4 << 20): 0.02,
}
NAMES = {
    "map": "iommu_map",
    "unmap": "iommu_unmap",
    "dma_map_single": "dma_map_single",
    "dma_unmap_single": "dma_unmap_single",
    "dma_single": "both of these",
    "dma_map_sg": "dma_map_sg",
    "dma_unmap_sg": "dma_unmap_sg",
    "dma_sg": "both of these",
    "dma_map_sg64": "dma_map_sg, in 64 KiB",
    "dma_unmap_sg64": "dma_unmap_sg, in 64 KiB",
    "dma_sg64": "both of these",
    "copy": "copy by a DMA engine",
    "copy_and_fault": "copy that faults",
    "fault": "the fault of that",
    "mmio": "register accesses of both",
}
SIZES = {16: "16 B", 4096: "4 KiB", 65536: "64 KiB", 1 << 20: "1 MiB", 4 << 20: "4 MiB"}


def measure(boots, initramfs=None):
    """Runs each boot twice; returns ({(kind, driver): {(case, size): (median, total)}}, lines on differences, all passed)."""
    costs, remarks, well = {}, [], True
    for boot in boots:
        runs = []
        for _ in range(2):
            report = run_and_print(boot, initramfs=initramfs)
            if not report.ok:
                return costs, remarks, False
            runs.append(read(report.data))
        differ = [case for case in runs[0] if runs[0][case] != runs[1].get(case)]
        for case, size in differ:
            one, other = (run.get((case, size)) for run in runs)
            remarks.append(f"{boot['name']}: {case} {size}: the two boots differ: {one} and {other}")
        if not runs[0]:
            remarks.append(f"{boot['name']}: no numbers")
            well = False
        costs[boot["kind"], boot["driver"]] = runs[0]
    return costs, remarks, well


def read(data):
    """Parses the data of the story: NAME_SIZE and NAME_SIZE_total."""
    result = {}
    for key, value in data.items():
        name, _, size = key.rpartition("_")
        if size.isdigit() and f"{key}_total" in data:
            result[name, int(size)] = (value, data[f"{key}_total"])
    if ("copy", 16) in result and ("copy_and_fault", 16) in result:
        result["fault", 16] = tuple(b - a for a, b in zip(result["copy", 16], result["copy_and_fault", 16]))
    return result


def make_rows(costs):
    rows = []
    for kind in dict.fromkeys(kind for kind, _ in costs):
        c, rust = (costs.get((kind, driver), {}) for driver in ("c", "rust"))
        for case, size in c:
            if (case, size) not in rust:
                continue
            row = {"kind": kind, "case": case, "size": size, "c": c[case, size][0], "rust": rust[case, size][0]}
            row["ratio"] = row["rust"] / row["c"] if row["c"] else None
            if (kind, case, size) in GOALS:
                row["goal"] = GOALS[kind, case, size]
            rows.append(row)
    return rows


def evaluate(rows, remarks):
    """Prints the table; returns a line for each missed goal."""
    print(f"\n{'arm64, instructions a call':<34} {'':>7} {'C':>9} {'Rust':>9} {'Rust/C':>7} {'goal':>5}")
    missed = []
    for row in rows:
        what = f"{row['kind']}: {NAMES[row['case']]}"
        goal = f"{row['goal']:.2f}" if "goal" in row else ""
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.3f}"
        print(f"{what:<34} {SIZES[row['size']]:>7} {row['c']:>9} {row['rust']:>9} {ratio:>7} {goal:>5}")
        if "goal" in row and row["ratio"] > row["goal"]:
            missed.append(f"arm64: {what} {SIZES[row['size']]}: Rust/C {ratio}, to reach {goal}")
    print("Medians, by -icount: the IOMMU's own work costs nothing, an access to a register one instruction.")
    for line in remarks:
        print(line)
    if not remarks:
        print("Each driver was booted twice, and every sample was equal to the instruction.")
    return missed


BARS = [
    ("map", 4096),
    ("unmap", 4096),
    ("map", 1 << 20),
    ("unmap", 1 << 20),
    ("dma_single", 4096),
    ("dma_single", 65536),
    ("dma_sg", 65536),
    ("dma_sg", 1 << 20),
    ("dma_sg64", 1 << 20),
    ("fault", 16),
]
COLOURS = {"sun50i": "#33658a", "dart": "#b5622b", "tegra": "#5b8c3e"}


def chart(rows):
    found = {(row["kind"], row["case"], row["size"]): row for row in rows}
    return charts.bars(
        "arm64: instructions of the Rust driver, C driver = 1",
        [(kind, COLOURS[kind], kind) for kind in dict.fromkeys(row["kind"] for row in rows)],
        [([case, SIZES[size]], (case, size)) for case, size in BARS],
        lambda kind, column: found.get((kind, *column)),
    )
