# SPDX-License-Identifier: GPL-2.0
"""Collects the findings in the kernel's C drivers: 24 in sun50i, from 26 on in
apple-dart, and from 35 on in tegra-smmu.  Their stories, in tools/board/stories/findings, have left the behaviour of
the C and the Rust driver in out/results/boots.  This writes it to out/results/findings.json, and prints
a line for each finding.

Fails if a finding was not run with both drivers, unless its row has the reason why
it cannot be shown."""

import json
import re

from rig import cli, paths
from rig.files import write_atomically
from rig.table import load_table


# Number: the story, the function of the C driver (of sun50i without sun50i_iommu_), the finding.
FINDINGS = {
    1: ("read-only-lost", "enable", "the rules of two access classes are written to the same register one after the other: read-only is lost"),
    2: ("seventh-master-missed", "enable, flush_all_tlb, IOMMU_INT_MASK", "six masters are assumed, the H616 has seven"),
    3: ("attach-error-lost", "attach_device", "what attaching fails with is dropped, and the new domain counts as attached"),
    4: ("never-turned-off", "domain_alloc_paging, attach_device, identity_attach", "detaching never reaches a count of zero: the hardware stays on"),
    5: ("freed-domain-in-use", "identity_attach, domain_free", "a freed domain stays the current one, and the hardware walks freed memory"),
    6: ("detach-empties", "detach_domain", "letting go of a domain empties it although it lives, and leaves no current domain at all"),
    7: ("tables-leaked", "domain_free", "the tables of the second level are never freed"),
    8: ("switch-while-on", "attach_device", "from domain to domain the clock is enabled once more and the directory replaced under running translation"),
    9: ("unattached-map-dies", "map, iotlb_sync_map, dte_get_page_table", "mapping before the first attach dereferences NULL"),
    10: ("map-wraps", "map", "one page per call, and addresses beyond 32 bits wrap to low ones"),
    11: ("unmap-wraps", "unmap", "one page per call, and addresses beyond 32 bits wrap to low ones"),
    12: ("clean-per-entry", "table_flush", "one cache clean per entry, and a new table is cleaned twice"),
    13: ("stale-after-map", "zap_range", "mapping invalidates pages behind the range, but neither its middle nor its last page"),
    14: ("unmap-flushes-all", "iotlb_sync", "each unmap flushes everything of everybody"),
    15: ("stuck-flush-ignored", "zap_iova, zap_ptw_cache, flush_all_tlb", "an invalidation that does not end is only warned of: memory is given back while it can be reached"),
    16: ("faults-dropped", "irq", "one cause per interrupt is reported and all are cleared; a line in the log for every fault; the owner is told with the lock held"),
    17: ("master-minus-one", "handle_pt_irq", "a fault of no master, or of the last one, is blamed on master -1, whose lane is not reset"),
    18: ("fault-blames-iommu", "report_fault", "faults are reported against the IOMMU's device, not the master"),
    19: ("masters-before-irq", "probe", "masters are let in before the interrupt is there"),
    20: ("no-deferral", "probe", "no deferral, no later instances, no module"),
    21: ("unchecked-master", "of_xlate", "master numbers are never checked"),
    22: ("unclocked-access", "flush_iotlb_all", "registers are touched while the clock is off"),
    23: (None, "alloc_page_table", "with bouncing forced, the hardware gets a copy of a table that is never updated"),
    24: ("lost-in-sleep", "-", "no system sleep: registers that are lost stay lost"),
    # Of apple-dart.
    26: ("unchecked-stream", "apple_dart_of_xlate", "a stream number of the devicetree is a bit's index, whatever it is"),
    27: ("switch-while-streaming", "apple_dart_setup_translation", "streams go on while their tables change, and what is cached is dropped last"),
    28: ("stuck-attach-ignored", "apple_dart_setup_translation", "a TLB that does not answer is attached all the same"),
    29: ("stuck-unmap-ignored", "apple_dart_iotlb_sync", "a TLB that does not answer keeps what was unmapped, for the device to use"),
    30: ("fault-not-reported", "apple_dart_t8020_irq", "faults are told to nobody but the log, which does not know a write"),
    31: ("deferral-leaks", "apple_dart_of_xlate", "what it has allocated is lost when a later instance is not there yet or fails"),
    32: (None, "apple_dart_t8020_irq, apple_dart_t8110_irq", "on a shared line, registers of a block without power are read"),
    33: ("used-after-remove", "apple_dart_remove, apple_dart_mod_streams", "when the other one of a master's instances goes, its registers and memory go on being used"),
    34: ("shared-stream-refused", "apple_dart_device_group", "a master that shares one of its streams is refused, and inside registration with it everybody"),
    # Of tegra-smmu.
    35: ("flush-per-page", "tegra_smmu_set_pte", "four register accesses, and a cache clean, for each page of a map or an unmap"),
    36: ("high-rewritten", "smmu_flush_ptc", "the upper bits of the address of a flush are written each time, and are always 0"),
    37: (None, "smmu_flush_ptc", "the two writes of a flush are ordered by a lock of the domain, not of the hardware"),
    38: ("swgroup-written-twice", "tegra_smmu_probe_device, tegra_smmu_configure", "each swgroup of the devicetree is translated a second time: a master has all of its swgroups twice"),
    39: ("replaced-keeps-asid", "tegra_smmu_attach_dev", "a domain that another one replaces keeps its ASID for ever"),
    40: ("unknown-swgroup-passes", "tegra_smmu_of_xlate, tegra_smmu_enable", "a swgroup that does not exist can be attached, and its master is not translated"),
    41: ("client-enable-lost", "tegra_smmu_enable, tegra_smmu_disable", "TRANSLATION_ENABLE, which masters share, is read and written without a lock"),
    42: ("directory-leaked", "tegra_smmu_domain_free, tegra_smmu_as_unprepare", "the directory and tables are never freed, and stay the root of an ASID that is free"),
    43: ("detached-dies", "__tegra_smmu_map, __tegra_smmu_unmap, tegra_smmu_iova_to_phys", "a domain that is not attached has no hardware, which is dereferenced"),
    44: (None, "tegra_smmu_attach_dev", "its error path would let masters pass that had another domain"),
    45: ("left-on-taken", "tegra_smmu_probe, tegra_smmu_identity_attach", "a swgroup that firmware has left enabled counts as identity, and joins the first domain of any other master"),
    46: (None, "tegra_smmu_as_prepare", "one line of a new directory is dropped from the PTC, of 64"),
    47: ("frame-unchecked", "__tegra_smmu_map", "addresses beyond the width of an entry wrap, or change its rights"),
    48: ("page-overwritten", "__tegra_smmu_map", "a page that is mapped is overwritten"),
    49: (None, "tegra_smmu_iova_to_phys", "without the lock, under which tables are freed"),
    50: ("group-leaked", "tegra_smmu_device_group", "the data of a group belongs to the memory controller's device, which is never unbound"),
    51: (None, "tegra_smmu_of_xlate, tegra_smmu_find", "the data of any device that a devicetree names is taken for that of a memory controller"),
    52: (None, "tegra_smmu_ahb_enable", "the AHB, whose driver comes later, is never told that the SMMU is on"),
    53: ("sleep-opens", "-", "no system sleep: masters pass untranslated after it"),
    54: ("removed-stays-on", "-", "no blocked domain: a master that is removed stays in its domain, which is freed"),
}

NOT_SHOWABLE = {
    23: "user-mode Linux has no software bounce buffers (CONFIG_SWIOTLB), so nothing can force them; "
    "the Rust crate refuses table memory that would be walked elsewhere (rust/walker.rs)",
    32: "this driver's blocks lose power in system sleep only, between the phases in which no handler runs; what "
    "showed it are kernels with runtime PM for them. The Rust handler asks for the power first "
    "(drivers/iommu/apple-dart/engine.rs)",
    37: "the upper bits are 0 on a board whose tables are below 4 GiB, so a mixture of two flushes is one of them",
    44: "only the first swgroup of a master can fail, and then there is nothing to undo",
    46: "by finding 42 the page of a directory was never one before",
    49: "the window is some instructions, and the kernel with KASAN is that of user-mode Linux",
    51: "the core calls the driver only for the node of its own instance, which is a memory controller",
    52: "the AHB is on Tegra30 and Tegra114, whose C driver is not built for arm64",
}


def crashed(boot, table):
    """The lines of the crash, if the kernel died as the table of boots expects, or None."""
    entry = next((entry for entry in table if entry["name"] == boot), {})
    log = paths.LOGS / f"{boot}.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    panic = re.search(r"Kernel panic - not syncing: .*", text)
    where = re.search(f".*(?:{entry['crash']}).*", text) if entry.get("crash") else None
    if not (panic and where):
        return None
    return re.sub(r"^\[ *[\d.]+\](\[ *[TC]\d+\])? ", "", where[0]).strip() + "; " + panic[0]


def observations(folder):
    """The results that stories have left in the reports of their boots."""
    for path in sorted(folder.glob("*/report.json")):
        data = json.loads(path.read_text())["data"]
        yield from ((path.parent.name, data[key]) for key in sorted(data) if key.startswith("finding-"))


def collect():
    """{(number, driver): the observed behaviour, in words}"""
    try:
        tests = json.loads((paths.RESULTS / "check.json").read_text())["tests"]
    except (OSError, ValueError, KeyError):
        tests = []
    # A test is called "BOOT STORY" or "BOOT STORY:ARGUMENT".
    failed = {tuple(test["name"].partition(":")[0].split(" ")) for test in tests if test["result"] == "failed"}
    table = load_table()
    boots = {boot["name"] for boot in table}
    seen = {}
    for boot, data in observations(paths.RESULTS / "boots"):
        number = data["number"]
        if boot not in boots:
            continue
        if (boot, FINDINGS[number][0]) in failed:
            continue
        words = [f"{what}: {value}" for what, value in data["saw"]]
        if data["crash"]:
            death = crashed(boot, table)
            if not death:
                continue
            words.append(death)
        if data["image"] != "release":
            words = [f"({data['image']} image) {word}" for word in words]
        known = seen.setdefault((number, data["driver"]), [])
        known += [word for word in words if word not in known]
    return seen


def judge():
    """Writes findings.json; returns its rows."""
    seen = collect()
    rows = []
    for number, (story, where, what) in FINDINGS.items():
        sides = {driver: seen.get((number, driver)) for driver in ("c", "rust")}
        if all(sides.values()):
            status, result = "shown", "shown with the C driver, absent from the Rust driver"
        elif number in NOT_SHOWABLE:
            status, result = "not showable", f"not showable: {NOT_SHOWABLE[number]}"
        else:
            status, result = "missing", "MISSING: " + ", ".join(driver for driver, side in sides.items() if not side)
        text = {driver: "; ".join(side) if side else None for driver, side in sides.items()}
        rows.append({"number": number, "story": story, "where": where, "what": what, **text, "status": status, "result": result})
    write_atomically(paths.RESULTS / "findings.json", json.dumps(rows, indent=1) + "\n")
    return rows


def main():
    cli.parser(__doc__).parse_args()
    rows = judge()
    for row in rows:
        print(f"  {row['number']:2}  {row['story'] or '-':<24} {row['result']}")
    return 1 if any(row["status"] == "missing" for row in rows) else 0
