# SPDX-License-Identifier: GPL-2.0
"""The references of an IOMMU's device that its driver leaks: the table and the chart of the boots
leaks-SOC-FORM, which run the story references."""

import json

from rig import charts, paths
from rig.files import lacking, write_atomically

# The forms of a driver: the end of the boot's name, and what the table says.
FORMS = {
    "leaky": "C before the fixes",
    "c": "C after the fixes",
    "core-c": "C, core passes the instance",
    "rust": "Rust",
    "core-rust": "Rust, core passes the instance",
}
COLOURS = ("#b5622b", "#33658a", "#5b8c3e", "#8c3e7a", "#777777")
# What is done in each round: the name in the results, and what the table says.
ROUNDS = {"deferred": "deferred", "added": "added, removed", "bound": "unbound, bound"}
KINDS = {"h6": "sun50i", "t8103": "apple-dart"}
DOCUMENT = paths.TOP / "Documentation/rfc/instance.rst"


def read(soc, form):
    """The numbers of a boot, or None if it was not run or has failed."""
    try:
        report = json.loads((paths.RESULTS / "boots" / f"leaks-{soc}-{form}" / "report.json").read_text())
    except OSError:
        return None
    return report["data"].get("leaks") if report["ok"] else None


def errors(form, numbers):
    """The fixed forms leak nothing. The first leaks a reference at least each time that of_xlate is called."""
    if not numbers:
        return ["not run"]
    found = []
    for name in ROUNDS:
        rounds, last = len(numbers[name]), numbers[name][-1]
        leaks = form == "leaky" and name != "bound"
        if last < rounds if leaks else last != 0:
            found.append(f"{name}: {last} references after {rounds} rounds")
    # C before the series loses what apple-dart has allocated for a master that is deferred.
    if form in ("core-c", "rust", "core-rust") and numbers["objects"]:
        found.append(f"{numbers['objects']} objects are left after deferrals")
    return found


def table(rows):
    """The lines of the table."""
    count = max((len(numbers["deferred"]) for numbers in rows.values() if numbers), default=0)
    yield f"references of the IOMMU's device that are left after {count} rounds in which a master is"
    yield f"  {'':<12}{'':<32}" + "".join(f"{what:>16}" for what in ROUNDS.values()) + f"{'objects left':>16}"
    for (soc, form), numbers in rows.items():
        cells = [numbers[name][-1] for name in ROUNDS] + [numbers["objects"]] if numbers else ["?"] * 4
        yield f"  {KINDS[soc]:<12}{FORMS[form]:<32}" + "".join(f"{cell:>16}" for cell in cells)


def stated(rows):
    """What the document must say of the C drivers. errors() checks those in Rust."""
    for soc, kind in KINDS.items():
        forms = [rows[soc, form] for form in ("leaky", "c", "core-c")]
        count = len(forms[0]["deferred"])
        yield f"left after {count} rounds"
        cells = [[numbers[name][-1] for numbers in forms] for name in ("deferred", "added")]
        # Each round leaves one, adding the master some more.
        cells.append([f"{count}+" if numbers["objects"] >= count else numbers["objects"] for numbers in forms])
        columns = (" / ".join(map(str, cell)) for cell in cells)
        yield " - ".join([f"* - C {kind} before the fixes / after / with the series", *columns])


def note(tally):
    """Prints the table, writes the chart to out/results/leaks.svg and the numbers to leaks.json."""
    rows = {(soc, form): read(soc, form) for soc in KINDS for form in FORMS}
    results = [(f"leaks {soc} {form}", errors(form, numbers)) for (soc, form), numbers in rows.items()]
    if all(rows.values()):
        results.append((f"leaks {DOCUMENT.name}", [f"{DOCUMENT.name} does not say: {phrase}" for phrase in lacking(DOCUMENT, stated(rows))]))
    drawn = [
        charts.lines(
            f"{kind}: references of the IOMMU's device, by rounds in which a master is deferred",
            [
                (what, colour, (rows[soc, form] or {}).get("deferred", []))
                for (form, what), colour in zip(FORMS.items(), COLOURS)
            ],
        )
        for soc, kind in KINDS.items()
    ]
    data = [{"soc": soc, "form": form, "numbers": numbers} for (soc, form), numbers in rows.items()]
    write_atomically(paths.RESULTS / "leaks.svg", charts.svg(drawn))
    write_atomically(paths.RESULTS / "leaks.json", json.dumps(data, indent=1) + "\n")
    for line in table(rows):
        print(line)
    tally.step("leaked references", [(name, "failed" if why else "ok", why) for name, why in results])
