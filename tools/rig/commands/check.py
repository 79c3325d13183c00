# SPDX-License-Identifier: GPL-2.0
"""Runs the tests and counts them.

  scripts/check                   all tests
  scripts/check --only REGEX      the boots and steps whose name matches
  scripts/check --kunit           KUnit suites alone
  scripts/check --image IMAGE     boots of that image (may be repeated)
  scripts/check --arch ARCH       boots of one board: um, arm64
  scripts/check --arch arm64 --debug    in the image with lockdep

The last line is "N passed, N failed" (", N skipped"); the exit status is 0 if tests
passed and none failed.  The same as data: out/results/check.json.
"""

import functools
import json
import re

from rig import cli, host, leaks, paths
from rig.boot import RUN, run_boot, seconds_expected
from rig.commands import check_soundness, findings
from rig.files import write_atomically
from rig.images import ARCHES, IMAGES, arch
from rig.initramfs import make_initramfs
from rig.machines import each, is_many
from rig.processes import in_parallel, shortages, toolchain
from rig.progress import TIMES, Living, details, done_line, timed
from rig.results import describe_failure
from rig.setup import prepare
from rig.table import load_table
from rig.tally import Tally


def note_soundness(tally):
    """All tests that Documentation/soundness.rst names must exist and have run. Last, in a full run only."""
    why = check_soundness.errors(check_soundness.rows(), tally.rows)
    tally.step("every claim of soundness.rst has its test", [("soundness", "failed" if why else "ok", why)])


def note_findings(tally):
    """The boots must have shown the findings in the C drivers. In a full run only."""
    tally.save()  # the results of the stories
    kinds = {"shown": "ok", "not showable": "skipped", "missing": "failed"}
    found = findings.judge()
    rows = [(f"finding {row['number']:02}", kinds[row["status"]], [row["result"]]) for row in found]
    rows = [(name, kind, [] if kind == "ok" else why) for name, kind, why in rows]
    tally.step(f"{sum(kind == 'ok' for _, kind, _ in rows)} of {len(rows)} findings, C and Rust", rows)


def run_all(tally, steps, boots, kunit_only):
    """Runs the steps, and beside them the boots, the longest first; results are in the order of the tables."""

    def run(boot):
        living = Living(f"boot {boot['name']}")
        report = run_boot(boot, on_wait=living.tick)
        what = f"boot {boot['name']}: " + ", ".join(contents(report, kunit_only))
        living.done("ok" if report.ok else "FAILED", what)
        if not report.ok:
            details(describe_failure(report))
        return report

    todo = []
    for boot in boots:
        if boot.get("skip"):
            done_line("skip", f"boot {boot['name']}", 0.0)
        else:
            todo.append(boot)
    # Also the one that the fuzzers use, beside the boots.
    for image in {boot["image"] for boot in todo} | {"release" for step in steps if step == "fuzz"}:
        make_initramfs(image)
    todo.sort(key=lambda boot: -seconds_expected(boot))
    jobs = [functools.partial(host.run, step) for step in steps] + [functools.partial(run, boot) for boot in todo]
    results = in_parallel(lambda job: job(), jobs)
    for part in results[: len(steps)]:
        tally.rows += part.rows
    reports = {report.boot["name"]: report for report in results[len(steps) :]}
    for image in IMAGES:
        seconds = [report.seconds for report in reports.values() if report.boot["image"] == image]
        if seconds:
            TIMES.append((f"boots of {image}, {len(seconds)}, added up", sum(seconds)))
    for boot in boots:
        if boot.get("skip"):
            for story in boot["stories"]:
                tally.add(f"{boot['name']} {story}", "skipped", [boot["skip"]])
        else:
            count(tally, boot["name"], reports[boot["name"]], kunit_only)


def sweep(tally, boots):
    """Sums the results of the boots with real machines' devicetrees; none may be missing."""
    rows, total = {}, {}
    for boot in boots:
        tree = boot["dtb"]
        try:
            report = json.loads((paths.RESULTS / "boots" / boot["name"] / "report.json").read_text())
        except OSError:
            report = {"ok": False, "data": {}}
        rows[tree] = report["data"] if report["ok"] else None
        for what, number in (rows[tree] or {}).items():
            total[what] = total.get(what, 0) + number
    why = [f"{tree}: not gone through" for tree, row in rows.items() if not row]
    if not rows or not total.get("iommus") or not total.get("masters"):
        why.append("there is nothing in these trees")
    write_atomically(paths.RESULTS / "sweep.json", json.dumps({"trees": rows, "total": total}, indent=1) + "\n")
    numbers = ", ".join(f"{number} {what}" for what, number in total.items())
    tally.step(f"sweep: {len(rows)} trees, {numbers}", [("sweep", "failed" if why else "ok", why)])


def contents(report, kunit_only):
    """The contents of a boot, for its line."""
    if not kunit_only:
        yield f"{sum(story['result'] == 'ok' for story in report.stories)} stories"
    if report.kunit:
        yield f"{sum(result == 'ok' for _, result in report.kunit)} KUnit cases"


def count(tally, name, report, kunit_only):
    """Adds the results of one boot: each story is a test, and each KUnit case."""
    failed = 0
    if not kunit_only:
        for story in report.stories:
            failed += story["result"] == "failed"
            tally.add(f"{name} {story['name']}", story["result"], story["why"])
    for case, result in report.kunit:
        tally.add(f"{name} KUnit {case}", result, [] if result == "ok" else ["see the log of the boot"])
    # A boot that failed outside its stories must count as failed.
    if report.problem and not failed:
        tally.add(f"{name} boot", "failed", [report.problem])


# Values of "in" in boots.toml besides demo and bench, with the command that runs them.
LISTS = {
    "check": "make check",
    "soak": "too long for every day: make soak",
    "core": "takes a kernel of its own: make core",
    "tegra-part": "takes a kernel of its own: make tegra-part",
    "arm": "takes a kernel of its own: make arm",
    "series": "takes a kernel of its own: make check-patches",
    "alternatives": "no driver uses the format that it measures: make alternatives",
    "debian": "too long for every day: make check KDIR=debian-arm64",
}

# Tests that are no boots of the table, and need a kernel of their own.
OTHERS = {"modversions": "make modversions", "newest": "make newest"}


def not_run(tally, options):
    """Lists the boots that other commands run as skipped, with the command."""
    if options.list != "check" or options.kunit or options.image or options.only:
        return
    for boot in load_table():
        for other in set(boot["in"]) & set(LISTS) - {"check"}:
            if "check" not in boot["in"] and options.arch in (None, arch(boot["image"])):
                for story in boot["stories"]:
                    tally.add(f"{boot['name']} {story}", "skipped", [LISTS[other]])
    for name, command in OTHERS.items():
        tally.add(name, "skipped", [f"takes a kernel of its own: {command}"])


def hints(tally, names):
    """What to do about failed tests of these steps and boots, and whether the machine is likely the cause."""
    failed = {row["name"].split()[0].rstrip(",") for row in tally.those("failed")}
    if failed := [name for name in names if name in failed]:
        yield f"look closer: make check ONLY='^({'|'.join(failed)})$'"
    if short := "; ".join(shortages()):
        yield f"the machine may be the cause: {short}"
    else:
        yield "the machine is hardly the cause: it has CPUs, memory and disk space left"
    yield f"logs: {paths.LOGS}/host-STEP.log, {paths.LOGS}/failed/{RUN}/BOOT/console.log"


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--image", action="append", choices=IMAGES)
    parser.add_argument("--arch", choices=ARCHES)
    parser.add_argument("--debug", action="store_true", help="in the image arm64-debug, which has lockdep")
    parser.add_argument("--kunit", action="store_true")
    parser.add_argument("--list", choices=LISTS, default="check", help="boots that are not for every day, alone")
    parser.add_argument("--no-build", action="store_true", help="build nothing")
    options = parser.parse_args()
    wanted = re.compile(options.only)

    if options.debug and options.arch != "arm64":
        parser.error("--debug is for --arch arm64")
    boots = []
    for boot in load_table():
        if options.debug and boot["image"] == "arm64":
            boot["image"] = "arm64-debug"
        if options.image and boot["image"] not in options.image:
            continue
        if options.arch and arch(boot["image"]) != options.arch:
            continue
        if options.kunit and not boot.get("kunit"):
            continue
        # A boot for each tree is expanded below, when the kernel's source is there.
        many = is_many(boot) and boot["name"] in options.only
        if (options.list in boot["in"] or options.kunit) and (many or wanted.search(boot["name"])):
            boots.append(boot)
    # Steps that are no boots of the table are run with all tests, and with all tests of the UML board.
    whole = not options.kunit and options.list == "check" and not options.image and options.arch in (None, "um")
    steps = [step for step in host.STEPS if wanted.search(step)] if whole else []
    images = {boot["image"] for boot in boots if not boot.get("skip")} | {"release" for step in steps if host.needs_modules(step)}
    tally, missing = Tally(), {}

    print("set-up")
    if options.no_build:
        toolchain()
    else:
        prepare(images, missing)
    print("tests")
    for image, why in missing.items():
        tally.step(f"set-up of {image}", [(f"set-up of {image}", "failed", [why])])
    boots = [boot for boot in each(boots) if wanted.search(boot["name"])]
    for boot in boots:
        if boot["image"] in missing:
            boot["skip"] = f"{boot['image']} is not set up"
    with timed(f"{len(steps)} steps and {len(boots)} boots"):
        run_all(tally, steps, boots, options.kunit)
    if of_trees := [boot for boot in boots if boot.get("trees")]:
        sweep(tally, of_trees)
    if options.list == "core" and not options.only:
        leaks.note(tally)
    not_run(tally, options)
    if whole and not options.only:
        note_findings(tally)
        note_soundness(tally)
    return tally.close(hints(tally, [*steps, *(boot["name"] for boot in boots)]))
