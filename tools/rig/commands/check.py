# SPDX-License-Identifier: GPL-2.0
"""Runs the tests and counts them.

  scripts/check                   every test there is
  scripts/check --only REGEX      the boots and steps whose name matches
  scripts/check --kunit           KUnit suites alone
  scripts/check --image IMAGE     boots of that image (may be repeated)
  scripts/check --arch ARCH       boots of one board: um, arm64
  scripts/check --arch arm64 --debug    in the image with lockdep

The last line is "N passed, N failed" (", N skipped"); the exit status is 0 if tests
passed and none failed.  The same as data: out/results/check.json.
"""

import json
import re
import shutil
import subprocess
import sys

from rig import cli, paths
from rig.boot import run_boot, seconds_expected
from rig.files import tail, write_atomically
from rig.images import ARCHES, IMAGES, arch, kernel_dir
from rig.initramfs import make_initramfs
from rig.machines import each
from rig.processes import in_parallel, in_toolchain, run_logged, toolchain
from rig.progress import TIMES, Failure, Living, done_line, timed
from rig.results import describe_failure
from rig.setup import prepare
from rig.table import load_table


class Tally:
    """Counts tests that passed, failed or were skipped."""

    def __init__(self):
        self.passed = 0
        self.failures = []
        self.skips = []
        self.rows = []

    def add(self, name, result, why=()):
        self.rows.append({"name": name, "result": result, "why": list(why)})
        if result == "ok":
            self.passed += 1
        elif result == "skipped":
            self.skips.append((name, "; ".join(why)))
        else:
            self.failures.append((name, "; ".join(why)))

    def include(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.skips += other.skips
        self.rows += other.rows

    def line(self):
        text = f"{self.passed} passed, {len(self.failures)} failed"
        return text + (f", {len(self.skips)} skipped" if self.skips else "")

    def save(self):
        data = {
            "passed": self.passed,
            "failed": len(self.failures),
            "skipped": len(self.skips),
            "seconds": {step: round(seconds, 1) for step, seconds in TIMES},
            "tests": self.rows,
        }
        write_atomically(paths.RESULTS / "check.json", json.dumps(data, indent=1) + "\n")

    def close(self):
        self.save()
        print("time, of steps of a second and more; some run beside others")
        for step, seconds in TIMES:
            if seconds >= 1:
                print(f"  {step:<59} {seconds:6.1f} s")
        for title, rows in (("skipped", self.skips), ("failed", self.failures)):
            for name, why in rows:
                print(f"  {title}: {name}" + (f": {why}" if why else ""))
        print(self.line(), flush=True)
        return 1 if self.failures or not self.passed else 0


def failed_step(lines):
    for line in lines:
        print("    " + line)


def host_models(tally):
    """Runs cargo test of the hardware models."""
    manifest = paths.TOP / "tools/models/Cargo.toml"
    if not manifest.exists():
        return
    log = paths.LOGS / "models.log"
    command = [paths.IN_TOOLCHAIN, "cargo", "test", "--offline", "--release", "--manifest-path", manifest]
    status, seconds = run_logged("host: models", command, log, env={"CARGO_TARGET_DIR": str(paths.OUT / "models")})
    text = log.read_text(errors="replace")
    passed = failed = 0
    for name, result in re.findall(r"^test (.+?) \.\.\. (ok|FAILED|ignored.*)$", text, re.M):
        if result == "ok":
            passed += 1
            tally.add(f"models {name}", "ok")
        elif result == "FAILED":
            failed += 1
            tally.add(f"models {name}", "failed", [f"see {log}"])
        else:
            tally.add(f"models {name}", "skipped", ["ignored in the source"])
    if status and not failed:
        failed = 1
        tally.add("models", "failed", [f"cargo test ended with status {status}"])
    elif not passed and not failed:
        failed = 1
        tally.add("models", "failed", ["no test ran"])
    done_line("FAILED" if failed else "ok", f"host: models ({passed} tests)", seconds)
    if failed:
        failed_step(tail(log) + [f"log: {log}"])


def host_scripts(tally):
    """Runs the tests of the scripts."""
    tests = paths.TOP / "scripts/tests"
    if not tests.exists():
        return
    log = paths.LOGS / "scripts.log"
    command = [sys.executable, "-B", "-m", "unittest", "discover", "-v", "-s", tests]
    status, seconds = run_logged("host: scripts", command, log)
    passed = failed = 0
    for name, result in re.findall(r"^(\w+ \(.*?\))(?:\n.*?)? \.\.\. (ok|FAIL|ERROR|skipped.*)$", log.read_text(), re.M):
        if result == "ok":
            passed += 1
            tally.add(f"scripts {name}", "ok")
        elif result.startswith("skipped"):
            tally.add(f"scripts {name}", "skipped", [result])
        else:
            failed += 1
            tally.add(f"scripts {name}", "failed", [f"see {log}"])
    if (status and not failed) or not passed:
        failed += 1
        tally.add("scripts", "failed", [f"unittest ended with status {status}, see {log}"])
    done_line("FAILED" if failed else "ok", f"host: scripts ({passed} tests)", seconds)
    if failed:
        failed_step(tail(log) + [f"log: {log}"])


def compile_fail(tally):
    """Compiles the sources that must not build against the crate."""
    log = paths.LOGS / "compile-fail.log"
    status, seconds = run_logged("host: compile-fail", [paths.TOP / "scripts/compile-fail", "release"], log)
    rows = re.findall(r"^(not )?ok (\S+?)(?:: (.*))?$", log.read_text(errors="replace"), re.M)
    for bad, name, why in rows:
        tally.add(f"compile-fail {name}", "failed" if bad else "ok", [why] if bad else [])
    if not rows or (status and not any(bad for bad, _, _ in rows)):
        tally.add("compile-fail", "failed", [f"status {status}, see {log}"])
    done_line("FAILED" if status or not rows else "ok", f"host: compile-fail ({len(rows)} cases)", seconds)
    if status or not rows:
        failed_step(tail(log) + [f"log: {log}"])


# The drivers: directory and module.
DRIVERS = {"sun50i": "rust_sun50i_iommu", "apple-dart": "rust_apple_dart"}


def our_alias(driver):
    """The modaliases of the devicetree nodes that a driver binds to."""
    text = (paths.TOP / "drivers/iommu" / driver / f"{driver.replace('-', '_')}.rs").read_text()
    names = re.findall(r'DeviceId::new\(c"([^"]+)"\)', text)
    return [f"of:NiommuT(null)C{name}" for name in names]


def installed(tally):
    """make modules_install; modprobe must then find the drivers by the modaliases of the nodes."""
    log = paths.LOGS / "installed.log"
    root = paths.OUT / "release" / "installed"
    shutil.rmtree(root, ignore_errors=True)
    command = [paths.TOP / "scripts/install-modules", "release"]
    status, seconds = run_logged("host: modules_install", command, log, env={"INSTALL_MOD_PATH": str(root)})
    why = [f"status {status}, see {log}"] if status else []
    aliases = {alias: module for driver, module in DRIVERS.items() for alias in our_alias(driver)}
    for module in set(DRIVERS.values()) - set(aliases.values()):
        why.append(f"{module} names no devicetree node")
    release = (kernel_dir("release") / "include/config/kernel.release").read_text().strip()
    for alias, module in ([] if why else aliases.items()):
        try:
            output = in_toolchain(["modprobe", "-d", root, "-S", release, "--show-depends", alias]).decode()
        except Failure as failure:
            why.append(f"{alias}: {failure.what}: {' '.join(failure.remedy)}")
            continue
        modules = re.findall(r"^insmod \S*/(\w+)\.ko", output, re.M)
        if modules != ["rust_iommu", module]:
            why.append(f"{alias}: modprobe would load {', '.join(modules) or 'nothing'}")
    tally.add("modules_install", "failed" if why else "ok", why)
    done_line("FAILED" if why else "ok", f"host: modprobe finds what was installed ({len(aliases)} aliases)", seconds)
    failed_step(why)


def analyzer(tally):
    """rust-project.json must have every crate and its edges."""
    log = paths.LOGS / "analyzer.log"
    status, seconds = run_logged("host: rust-analyzer", [paths.TOP / "scripts/rust-analyzer", "release"], log)
    why = tail(log) if status else []
    if not status:
        listed = json.loads((paths.TOP / "rust-project.json").read_text())["crates"]
        names = [crate["display_name"] for crate in listed]
        edges = {crate["display_name"]: {names[dep["crate"]] for dep in crate["deps"]} for crate in listed}
        for name, wanted in (
            ("iommu", {"core", "kernel", "bindings"}),
            ("sun50i", {"core", "kernel", "iommu"}),
            ("apple_dart", {"core", "kernel", "iommu"}),
            ("shim", {"core", "iommu_models"}),
            ("iommu_models", {"core"}),
        ):
            if name not in edges:
                why.append(f"the crate {name} is not listed")
            elif lacking := wanted - edges[name]:
                why.append(f"the crate {name} has no edge to {', '.join(sorted(lacking))}")
    tally.add("rust-analyzer", "failed" if why else "ok", why)
    done_line("FAILED" if why else "ok", "host: rust-project.json has all crates", seconds)
    failed_step(why)


def rustdoc(tally):
    """The documentation must build without a warning."""
    log = paths.LOGS / "rustdoc.log"
    status, seconds = run_logged("host: rustdoc", [paths.TOP / "scripts/rustdoc", "release"], log)
    rows = re.findall(r"^  (ok|FAILED) +rustdoc (\S+)", log.read_text(errors="replace"), re.M)
    for result, name in rows:
        tally.add(f"rustdoc {name}", "ok" if result == "ok" else "failed", [] if result == "ok" else [f"see {log}"])
    if not rows or (status and all(result == "ok" for result, _ in rows)):
        tally.add("rustdoc", "failed", [f"status {status}, see {log}"])
    done_line("FAILED" if status or not rows else "ok", f"host: rustdoc without warnings ({len(rows)} crates)", seconds)
    if status or not rows:
        failed_step(tail(log) + [f"log: {log}"])


def api(tally):
    """rust/api.txt must list the public items of the base crate."""
    log = paths.LOGS / "api-check.log"
    status, seconds = run_logged("host: api", [paths.TOP / "scripts/api", "release"], log)
    tally.add("api", "failed" if status else "ok", [f"see {log}"] if status else [])
    done_line("FAILED" if status else "ok", "host: rust/api.txt is up to date", seconds)
    if status:
        failed_step(tail(log) + [f"log: {log}"])


def soundness(tally):
    """All tests that Documentation/soundness.rst names must exist and have run. Last, in a full run only."""
    done = subprocess.run(
        [paths.TOP / "scripts/check-soundness", "--ran", "-"],
        text=True,
        capture_output=True,
        input=json.dumps({"tests": tally.rows}),
    )
    why = (done.stdout + done.stderr).splitlines()
    tally.add("soundness", "failed" if done.returncode else "ok", why if done.returncode else [])
    done_line("FAILED" if done.returncode else "ok", "every claim of soundness.rst has its test", 0.0)
    if done.returncode:
        failed_step(why)


def findings(tally):
    """The boots must have shown the findings in the C drivers. In a full run only."""
    # scripts/findings reads the results of the stories.
    tally.save()
    where = paths.RESULTS / "findings.json"
    where.unlink(missing_ok=True)
    log = paths.LOGS / "findings.log"
    status, seconds = run_logged("findings", [paths.TOP / "scripts/findings"], log)
    rows = json.loads(where.read_text()) if where.exists() else []
    counts = {"ok": 0, "failed": 0, "skipped": 0}
    for row in rows:
        kind = {"shown": "ok", "not showable": "skipped", "missing": "failed"}[row["status"]]
        counts[kind] += 1
        tally.add(f"finding {row['number']:02}", kind, [] if kind == "ok" else [row["result"]])
    if not rows:
        tally.add("findings", "failed", [f"status {status}, see {log}"])
    bad = counts["failed"] or not rows
    done_line("FAILED" if bad else "ok", f"{counts['ok']} of {len(rows)} findings, C and Rust", seconds)
    if bad:
        failed_step(tail(log) + [f"log: {log}"])


def mutants(tally):
    """Each story must notice that its mutant lacks a duty. In a full run only."""
    where = paths.RESULTS / "mutants.json"
    where.unlink(missing_ok=True)
    passed = paths.RESULTS / "passed.json"
    write_atomically(passed, json.dumps([row["name"] for row in tally.rows if row["result"] == "ok"]) + "\n")
    command = [sys.executable, "-B", paths.TOP / "scripts/mutants", "--no-build", "--passed", passed]
    status = subprocess.run(command, check=False).returncode
    rows = json.loads(where.read_text()) if where.exists() else []
    for row in rows:
        tally.add(f"mutant {row['name']}", "failed" if row["problem"] else "ok", [row["problem"]] if row["problem"] else [])
    if not rows or (status and not any(row["problem"] for row in rows)):
        tally.add("mutants", "failed", [f"status {status}"])


def board(tally, boots, kunit_only):
    """Runs the boots, the longest first; results are in the order of the table."""

    def run(boot):
        living = Living(f"boot {boot['name']}")
        report = run_boot(boot, on_wait=living.tick)
        what = f"boot {boot['name']}: " + ", ".join(contents(report, kunit_only))
        living.done("ok" if report.ok else "FAILED", what)
        if not report.ok:
            failed_step(describe_failure(report))
        return report

    todo = []
    for boot in boots:
        if boot.get("skip"):
            done_line("skip", f"boot {boot['name']}", 0.0)
        else:
            todo.append(boot)
    for image in {boot["image"] for boot in todo}:
        make_initramfs(image)
    todo.sort(key=lambda boot: -seconds_expected(boot))
    reports = {report.boot["name"]: report for report in in_parallel(run, todo)}
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
        tree = boot["dtb"].removeprefix("apple/")
        try:
            report = json.loads((paths.RESULTS / "boots" / boot["name"] / "report.json").read_text())
        except OSError:
            report = {"ok": False, "data": {}}
        rows[tree] = report["data"] if report["ok"] else None
        for what, number in (rows[tree] or {}).items():
            total[what] = total.get(what, 0) + number
    why = [f"{tree}: not gone through" for tree, row in rows.items() if not row]
    if not rows or not total.get("darts") or not total.get("masters"):
        why.append("there is nothing in these trees")
    write_atomically(paths.RESULTS / "sweep.json", json.dumps({"trees": rows, "total": total}, indent=1) + "\n")
    tally.add("sweep", "failed" if why else "ok", why)
    numbers = ", ".join(f"{number} {what}" for what, number in total.items())
    done_line("FAILED" if why else "ok", f"sweep: {len(rows)} trees, {numbers}", 0.0)
    failed_step(why)


def contents(report, kunit_only):
    """The contents of a boot, for its line."""
    if not kunit_only:
        yield f"{sum(story['result'] == 'ok' for story in report.stories)} stories"
    if report.kunit:
        yield f"{report.kunit['passed']} KUnit cases"


def count(tally, name, report, kunit_only):
    """Adds the results of one boot: each story is a test, and each KUnit case."""
    failed = 0
    if not kunit_only:
        for story in report.stories:
            failed += story["result"] == "failed"
            tally.add(f"{name} {story['name']}", story["result"], story["why"])
    if report.kunit:
        for _ in range(report.kunit["passed"]):
            tally.add(f"{name} KUnit", "ok")
        for _ in range(report.kunit["skipped"]):
            tally.add(f"{name} KUnit", "skipped", ["by the suite, see the log"])
        for index in range(report.kunit["failed"]):
            names = report.kunit["names"]
            tally.add(f"{name} KUnit {names[index] if index < len(names) else ''}".strip(), "failed")
        (paths.LOGS / f"{name}.kunit.log").write_text(report.kunit["output"])
    # A boot that failed outside its stories must count as failed.
    if report.problem and not failed:
        tally.add(f"{name} boot", "failed", [report.problem])


# Steps without a boot: the function, and whether it needs the release image's modules.
HOST_STEPS = {
    "models": (host_models, False),
    "scripts": (host_scripts, False),
    "compile-fail": (compile_fail, True),
    "modules_install": (installed, True),
    "rust-analyzer": (analyzer, True),
    "rustdoc": (rustdoc, True),
    "api": (api, True),
}


def host_step(name):
    """Runs one step, in parallel with others; returns its tally."""
    tally = Tally()
    with timed(f"host: {name}"):
        HOST_STEPS[name][0](tally)
    return tally


# Values of "in" in boots.toml besides demo and bench, with the command that runs them.
LISTS = {
    "check": "make check",
    "soak": "too long for every day: make soak",
    "patched": "takes a kernel of its own: make patched",
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
        many = boot.get("dtb") == "apple/*" and boot["name"] in options.only
        if (options.list in boot["in"] or options.kunit) and (many or wanted.search(boot["name"])):
            boots.append(boot)
    # Steps without a boot are run with all tests, and with all tests of the UML board.
    whole = not options.kunit and options.list == "check" and not options.image and options.arch in (None, "um")
    host = [step for step in HOST_STEPS if wanted.search(step)] if whole else []
    needed = {boot["image"] for boot in boots if not boot.get("skip")} | ({"release"} if any(HOST_STEPS[step][1] for step in host) else set())
    images = [image for image in IMAGES if image in needed]
    tally, missing = Tally(), {}
    for stale in paths.LOGS.glob("*.kunit.log"):
        stale.unlink()

    print("set-up")
    if options.no_build:
        toolchain()
    else:
        prepare(images, missing)
    print("tests")
    for image, why in missing.items():
        tally.add(f"set-up of {image}", "failed", [why])
        done_line("FAILED", f"set-up of {image}: {why}", 0.0)
    for part in in_parallel(host_step, host):
        tally.include(part)
    boots = [boot for boot in each(boots) if wanted.search(boot["name"])]
    for boot in boots:
        if boot["image"] in missing:
            boot["skip"] = f"{boot['image']} is not set up"
    with timed(f"boots, all {len(boots)}"):
        board(tally, boots, options.kunit)
    if of_trees := [boot for boot in boots if boot.get("trees")]:
        sweep(tally, of_trees)
    not_run(tally, options)
    if whole and not options.only:
        findings(tally)
        with timed("mutants"):
            mutants(tally)
        soundness(tally)
    return tally.close()
