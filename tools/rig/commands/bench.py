# SPDX-License-Identifier: GPL-2.0
"""Measures the Rust drivers against the C drivers, the two of a kind in one boot.

  scripts/bench               build, boot, measure, report
  scripts/bench --no-build    with what is built
  scripts/bench --arch ARCH   one board's part: um (times), arm64 (instructions)

Writes out/results/bench.json and out/results/bench.svg and prints a table.
Times are measured in two boots.  In the second boot the drivers have exchanged their
instances; the change of a median is the noise.  The command fails if a boot fails, or
if a case did not map or unmap as it should.  A slow driver is no failure.
"""

import json
import pathlib
import statistics

from rig import charts, cli, code_size, cost, paths
from rig.boot import run_and_print
from rig.files import write_atomically
from rig.images import ARCHES, arch, is_emulated
from rig.progress import Failure
from rig.setup import prepare
from rig.table import load_table


SIZES = {
    4096: "4 KiB",
    16384: "16 KiB",
    65536: "64 KiB",
    1 << 20: "1 MiB",
    4 << 20: "4 MiB",
    64 << 20: "64 MiB",
}


class Kind:
    """The measurements of a kind of hardware, and their targets."""

    def __init__(self, order, targets, columns, remark):
        self.order = order
        # Rust/C to reach: of a case a tuple by size, or one number for all sizes.
        self.targets = targets
        # Columns of the table of counts: title, width, and name of the counter.
        self.columns = columns
        self.remark = remark

    def target(self, case, size):
        values = self.targets.get(case.partition(":")[0])
        if not isinstance(values, tuple):
            return values
        return values[self.order.index(size)] if size in self.order else None


KINDS = {
    "sun50i": Kind(
        order=(4096, 65536, 1 << 20, 4 << 20, 64 << 20),
        targets={
            "whole_map": (1.0, 0.8, 0.17, 0.12, 0.08),
            "whole_unmap": (1.0, 0.3, 0.09, 0.08, 0.07),
            "table_map": (1.0, 0.25, 0.08, 0.08, 0.08),
            "table_unmap": (1.0, 0.17, 0.08, 0.08, 0.08),
        },
        columns=[
            ("reads", 5, "mmio_reads"),
            ("writes", 6, "mmio_writes"),
            ("evicted", 7, "evicted_of_others"),
            ("cleans", 6, "cleans"),
            ("bytes", 7, "clean_bytes"),
        ],
        remark="Reads and writes of registers; evicted: cache entries that another master had, dropped without\n"
        "need (16 of its pages were cached before); cleans of the CPU's caches and bytes of them (debug image).",
    ),
    # The kernel's library writes the tables of both drivers: the rest must not be slower.
    "dart": Kind(
        order=(16384, 65536, 1 << 20, 4 << 20, 64 << 20),
        targets=dict.fromkeys(("whole_map", "whole_unmap", "flush", "attach", "replace"), 1.0),
        columns=[("reads", 5, "mmio_reads"), ("writes", 6, "mmio_writes"), ("flushes", 7, "flushes")],
        remark="Reads and writes of registers, and commands to drop what is cached: one for all streams of an\n"
        "instance, however much is unmapped. The several streams are four; two instances count together.",
    ),
}
COUNTS = (
    "mmio_reads",
    "mmio_writes",
    "flushes",
    "tlb_invalidations",
    "ptw_invalidations",
    "evicted_of_others",
    "cleans",
    "clean_bytes",
)
NAMES = {
    "whole_map": "iommu_map",
    "whole_unmap": "iommu_unmap",
    "table_map": "map, table work alone",
    "table_unmap": "unmap, table work alone",
    "sg_map": "iommu_map_sg, 4 KiB pieces",
    "sg_unmap": "iommu_unmap of that",
    "fault": "fault handler",
    "flush": "flush of a domain",
    "attach": "attach, from identity",
    "detach": "detach, to identity",
    "replace": "attach, from paging",
    "threads_1": "map + unmap, 1 thread",
    "threads_2": "map + unmap, 2 threads",
}
# The text for the suffix of a case, for masters with several streams.
PAIRS = {"": "", "streams": ", several streams", "two": ", two instances"}


def label(case):
    name, _, pair = case.partition(":")
    return NAMES.get(name, name) + PAIRS[pair]


def label_width(rows):
    return max(26, *(len(label(row["case"])) for row in rows))


def accesses(count):
    return count["mmio_reads"] + count["mmio_writes"]


class Numbers:
    """The numbers that one boot has measured."""

    def __init__(self, path):
        self.samples, self.failed, self.counts, self.tables = {}, {}, {}, {}
        for line in pathlib.Path(path).read_text().splitlines():
            kind, *words = line.split()
            if kind == "samples":
                case, size, who, *values = words
                self.samples[case, int(size), who] = [int(v) / 1000 for v in values]
            elif kind == "failed":
                self.failed[words[0], int(words[1]), words[2]] = " ".join(words[3:])
            elif kind == "count":
                op, size, who, *values = words
                self.counts[op, int(size), who] = dict(zip(COUNTS, map(int, values)))
            elif kind == "tables":
                self.tables[words[1]] = int(words[2])

    def median(self, case, size, who):
        values = self.samples.get((case, size, who))
        return statistics.median(values) if values else None

    def quartiles(self, case, size, who):
        return quartiles(self.samples.get((case, size, who)))

    def ratios(self, case, size):
        """Rust/C of each round.  A round is C, Rust, Rust, C, so each driver has two samples in it."""
        c, rust = (self.samples.get((case, size, who), []) for who in ("c", "rust"))
        return [(rust[i] + rust[i + 1]) / (c[i] + c[i + 1]) for i in range(0, min(len(c), len(rust)) - 1, 2)]

    def counted(self, case, size, who):
        """The counts of hardware operations in one call of a case, or None."""
        name, *pair = case.split(":")
        op = {"whole_map": "map", "whole_unmap": "unmap", "sg_map": "sg", "sg_unmap": "unmap"}.get(name, name)
        return self.counts.get((":".join([op, *pair]), size, who))


def quartiles(values):
    if not values:
        return None
    values = sorted(values)
    return [values[len(values) // 4], values[3 * len(values) // 4]]


def make_rows(driver, plain, swapped, counts=None):
    rows = []
    for case, size in dict.fromkeys((case, size) for case, size, _ in [*plain.samples, *plain.failed]):
        row = {"driver": driver, "case": case, "size": size}
        for who in ("c", "rust"):
            row[who] = plain.median(case, size, who)
            row[f"{who}_spread"] = plain.quartiles(case, size, who)
            if (case, size, who) in plain.failed:
                row[f"{who}_failed"] = plain.failed[case, size, who]
            if count := plain.counted(case, size, who):
                row[f"{who}_counts"] = count
                # These are counted in another boot, with an image that cleans.
                cleans = [name for name in ("cleans", "clean_bytes") if name in count]
                count |= dict.fromkeys(cleans)
                if other := counts and counts.counted(case, size, who):
                    count |= {name: other[name] for name in cleans}
            row[f"{who}_swapped"] = swapped.median(case, size, who) if swapped else None
            if row[who] and row[f"{who}_swapped"]:
                row[f"{who}_noise"] = row[f"{who}_swapped"] / row[who] - 1
        row["unit"] = "ns/page" if case.startswith(("whole_", "table_", "sg_")) else "ns"
        # Ratios are taken in each round, since the speed of the machine changes between rounds.
        ratios = plain.ratios(case, size)
        row["ratio"] = statistics.median(ratios) if ratios else None
        row["ratio_spread"] = quartiles(ratios)
        ratios = swapped.ratios(case, size) if swapped else []
        row["ratio_swapped"] = statistics.median(ratios) if ratios else None
        if row["ratio"] and row["ratio_swapped"]:
            row["ratio_noise"] = row["ratio_swapped"] / row["ratio"] - 1
        for yard in ("floor", "generic_pt"):
            if value := plain.median(case, size, yard):
                row[yard] = value
        if target := KINDS[driver].target(case, size):
            row["goal"] = target
        rows.append(row)
    return rows


def number(value, width=9):
    if value is None:
        return "-".rjust(width)
    digits = 2 if value < 100 else 1 if value < 10000 else 0
    return f"{value:{width}.{digits}f}"


def percent(value):
    return "     -" if value is None else f"{100 * value:+5.1f}%"


def spread(row, who):
    """Half the distance of the quartiles, relative to the median."""
    if not row[who]:
        return "  -"
    low, high = row["ratio_spread" if who == "ratio" else f"{who}_spread"]
    return f"{100 * (high - low) / 2 / row[who]:2.0f}%"


def print_table(driver, rows):
    width = label_width(rows)
    print(
        f"\n{driver + ': case':<{width}} {'run':>6} {'C':>9} {'±':>3} {'Rust':>9} {'±':>3} {'Rust/C':>7} {'±':>3} {'goal':>5}"
        f" {'noise: C':>8} {'Rust':>6} {'ratio':>6} {'floor':>6} {'gen_pt':>6}"
    )
    for row in rows:
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.3f}"
        target = f"{row['goal']:.2f}" if "goal" in row else ""
        print(
            f"{label(row['case']):<{width}} {SIZES.get(row['size'], ''):>6}"
            f" {number(row['c'])} {spread(row, 'c')} {number(row['rust'])} {spread(row, 'rust')}"
            f" {ratio:>7} {spread(row, 'ratio')} {target:>5}"
            f" {percent(row.get('c_noise')):>8} {percent(row.get('rust_noise'))} {percent(row.get('ratio_noise'))}"
            f" {number(row.get('floor'), 6)} {number(row.get('generic_pt'), 6)}"
        )
        for who in ("c", "rust"):
            if f"{who}_failed" in row:
                print(f"    {who}: no number: {row[f'{who}_failed']}")
    print("Medians, ns a page for map and unmap, else ns a call; Rust/C round by round; ±: half the distance of the")
    print("quartiles. Noise: by how much the medians of a boot with the instances exchanged differ.")


def print_counts(driver, rows):
    columns = KINDS[driver].columns
    width = label_width(rows)
    head = " ".join(title.rjust(places) for title, places, _ in columns)
    print(f"\n{driver + ': one call':<{width}} {'':>7}  {'C'.ljust(len(head))}  Rust")
    print(f"{'':<{width}} {'':>7}  {head}  {head}")
    for row in rows:
        if "c_counts" not in row or "rust_counts" not in row:
            continue
        text = [
            " ".join(("-" if c[name] is None else str(c[name])).rjust(places) for _, places, name in columns)
            for c in (row["c_counts"], row["rust_counts"])
        ]
        print(f"{label(row['case']):<{width}} {SIZES.get(row['size'], ''):>7}  {text[0]}  {text[1]}")
    print(KINDS[driver].remark)


def findings(driver, rows, plain):
    """The targets that were missed."""
    lines = []
    for row in rows:
        where = f"{driver}: {label(row['case'])} {SIZES.get(row['size'], '')}".strip()
        if row["ratio"] is None:
            lines.append(f"{where}: no ratio")
            continue
        if "goal" in row and row["ratio"] > row["goal"]:
            lines.append(f"{where}: Rust/C {row['ratio']:.3f}, to reach {row['goal']:.2f}")
        elif row["case"] == "sg_map" and row["ratio"] > 1:
            lines.append(f"{where}: Rust/C {row['ratio']:.3f}, to be no slower than C")
        if row["case"].startswith("table_") and row["size"] >= 1 << 20 and row["rust"]:
            if row.get("floor") and row["rust"] > 1.5 * row["floor"]:
                lines.append(f"{where}: {row['rust'] / row['floor']:.2f} of the floor, to be within 1.5")
            if row.get("generic_pt") and row["rust"] > row["generic_pt"]:
                lines.append(f"{where}: behind generic_pt")
    if driver == "dart":
        return lines + dart_accesses(rows)
    for size in KINDS[driver].order:
        totals = {}
        for who in ("c", "rust"):
            both = [plain.counts.get((op, size, who)) for op in ("map", "unmap")]
            if all(both):
                totals[who] = sum(map(accesses, both))
        if len(totals) == 2 and totals["rust"] > totals["c"]:
            lines.append(f"{driver}: map plus unmap {SIZES[size]}: {totals['rust']} register accesses, C {totals['c']}")
    return lines


def dart_accesses(rows):
    """Calls with more register accesses than C's, or with more than one flush for each instance."""
    lines = []
    for row in rows:
        if "c_counts" not in row or "rust_counts" not in row:
            continue
        where = f"dart: {label(row['case'])} {SIZES.get(row['size'], '')}".rstrip()
        rust, c = (accesses(row[f"{who}_counts"]) for who in ("rust", "c"))
        if rust > c:
            lines.append(f"{where}: {rust} register accesses, C {c}")
        instances = 2 if row["case"].endswith(":two") else 1
        if row["rust_counts"]["flushes"] > instances:
            lines.append(f"{where}: {row['rust_counts']['flushes']} flushes for {instances} of the instances")
    return lines


def chart(driver, rows):
    """A chart of the times of one kind of hardware."""
    colours = {"whole_map": "#33658a", "whole_unmap": "#86bbd8", "table_map": "#b5622b", "table_unmap": "#f0b67f"}
    by_case = {(row["case"], row["size"]): row for row in rows if row["driver"] == driver}
    return charts.bars(
        f"{driver}: time of the Rust driver, C driver = 1",
        [(NAMES[case], colour, case) for case, colour in colours.items()],
        [([SIZES[size]], size) for size in KINDS[driver].order],
        lambda case, size: by_case.get((case, size)),
        "run of one call; red: what is to be reached; lower is faster",
    )


def boot(boots):
    """Runs the boots; returns {kind: {argument of the story: numbers}}, and whether all passed."""
    numbers, well = {}, True
    for one in boots:
        driver, which = one["kind"], one["stories"][0].partition(":")[2]
        well = run_and_print(one).ok and well
        path = paths.RESULTS / "boots" / one["name"] / "bench.txt"
        if path.exists():
            numbers.setdefault(driver, {})[which] = Numbers(path)
    return numbers, well


def evaluate(driver, numbers):
    """Prints the results of one kind; returns its rows, and its other results."""
    if "plain" not in numbers:
        raise Failure(f"the benchmark of {driver} left no numbers", "see the log of its boot in out/logs")
    plain, swapped = numbers["plain"], numbers.get("swapped")
    rows = make_rows(driver, plain, swapped, numbers.get("counts"))
    if "threads" in numbers:
        rows += make_rows(driver, numbers["threads"], None)

    print_table(driver, rows)
    print_counts(driver, rows)
    print(f"\ntables of a 64 MiB run, with the directory: {plain.tables} bytes")
    return rows, {"table_bytes": plain.tables, "not_reached": findings(driver, rows, plain)}


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--arch", choices=ARCHES)
    options = parser.parse_args()

    boots = [one for one in load_table() if "bench" in one["in"] and options.arch in (None, arch(one["image"]))]
    if not options.no_build:
        prepare({one["image"] for one in boots} | {"release"})
    on_um = [one for one in boots if not is_emulated(one["image"])]
    numbers, well = boot(on_um)
    costs, remarks, measured = cost.measure([one for one in boots if one not in on_um])
    well = well and measured
    if not numbers and not costs:
        raise Failure("there are no numbers", "see the logs of the boots in out/logs")
    rows, kinds = [], {}
    for driver, measured in numbers.items():
        more, kinds[driver] = evaluate(driver, measured)
        rows += more
    missed = [line for told in kinds.values() for line in told["not_reached"]]
    instructions = cost.make_rows(costs)
    code = {}
    if instructions:
        missed += cost.evaluate(instructions, remarks)
        code = code_size.measure()
        missed += code_size.evaluate(code)
    print(f"\nnot reached: {len(missed)}")
    for line in missed:
        print("  " + line)
    data = {"rows": rows, "kinds": kinds, "instructions": instructions, "code": code}
    write_atomically(paths.RESULTS / "bench.json", json.dumps(data, indent=1) + "\n")
    drawn = [chart(driver, rows) for driver in dict.fromkeys(row["driver"] for row in rows)]
    drawn += [cost.chart(instructions)] if instructions else []
    write_atomically(paths.RESULTS / "bench.svg", charts.svg(drawn))
    print(f"\n  {paths.RESULTS / 'bench.json'}, {paths.RESULTS / 'bench.svg'}")
    failed = [row for row in rows if "c_failed" in row or "rust_failed" in row]
    return 0 if well and not failed else 1
