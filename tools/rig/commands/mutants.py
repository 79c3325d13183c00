# SPDX-License-Identifier: GPL-2.0
"""Removes one duty of the driver or the crate at a time, and checks that a story
fails.

  scripts/mutants                every patch of tools/mutants/
  scripts/mutants --only REGEX   those whose name matches
  scripts/mutants --no-build     kernels and modules of the checkout are built already

Each patch starts with these lines:

  Duty: the duty that the patch removes
  Boot: a boot of tools/board/boots.toml, for the devicetree and the like
  Image: another image than that of the boot
  Story: the one story that must fail, NAME or NAME:ARGUMENT
  Symptom: a regular expression, which must match one of the story's failure lines
  With: another patch that is applied, too; it lifts a limit for the same story

The story "kunit" is the KUnit suites of the boot, whose failure lines are the names of
the failed cases. Or the patch lifts a limit, to test the code behind it:

  Lifts: the limit
  Boot:, Image:, Story: the same; the story must pass with the patch

The patch is applied to a private copy of the checkout, whose modules are built
and booted; there are as many copies as the machine runs boots at once. A mutant
is caught if its story fails with its symptom, and passes without the patch. The mutant
has failed if its patch does not apply or build, or if the kernel dies or hangs.
A story that passed in the last "make check" is not run without the patch again, unless
a source has changed since.

The last line is "N passed, N failed". The same as data: out/results/mutants.json.
"""

import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import time

from rig import cli, paths
from rig.boot import keep_log, run_boot
from rig.images import IMAGES
from rig.initramfs import make_initramfs
from rig.processes import at_a_time, in_parallel, run_logged
from rig.progress import Failure, Living, done_line
from rig.setup import prepare
from rig.table import load_table
from rig.tally import Tally


PATCHES = paths.TOP / "tools" / "mutants"
WORK = paths.OUT / "mutants"
# The sources of the modules. A patch may change those of MUTABLE.
MUTABLE = ("rust", "drivers", "include")
SOURCES = ("Kbuild", *MUTABLE, "tools/board", "tools/models/src")


class Mutant:
    """One patch and its header."""

    def __init__(self, path, boots, drivers):
        self.path = path
        self.name = path.stem
        text = path.read_text()
        self.header = dict(re.findall(r"^(\w+): *(.+?) *$", text.split("\n--- ", 1)[0], re.M))
        self.lifts = "Lifts" in self.header
        for key in ("Lifts", "Boot", "Story") if self.lifts else ("Duty", "Boot", "Story", "Symptom"):
            if key not in self.header:
                raise Failure(f"{path.name}: the header has no line {key}:")
        unknown = set(self.header) - {"Duty", "Lifts", "Boot", "Image", "Story", "Symptom", "With"}
        if unknown:
            raise Failure(f"{path.name}: unknown header lines: {', '.join(sorted(unknown))}")
        if self.header["Boot"] not in boots:
            raise Failure(f"{path.name}: boots.toml has no boot {self.header['Boot']}")
        self.boot = boots[self.header["Boot"]]
        self.image = self.header.get("Image", self.boot["image"])
        self.story = self.header["Story"]
        self.baseline = (self.image, self.boot["name"], self.story)
        self.symptom = re.compile(self.header.get("Symptom", ""))
        self.patches = [path]
        # With a limit lifted, the story cannot run without patches. It passes with the lifting patch alone,
        # which is checked as well.
        self.has_baseline = not self.lifts and "With" not in self.header
        if lift := self.header.get("With"):
            self.patches.insert(0, path.with_name(lift + ".patch"))
            if f"\nStory: {self.story}\n" not in self.patches[0].read_text():
                raise Failure(f"{path.name}: {lift} is not for {self.story}")
        self.files = re.findall(r"^\+\+\+ b/(\S+)", text, re.M)
        for name in self.files:
            if not name.startswith(tuple(folder + "/" for folder in MUTABLE)):
                raise Failure(f"{path.name}: changes {name}, which is neither driver nor crate")
        # Build only the driver of the boot, and suites only to run them.
        others = {name for name in drivers if name != self.boot["drivers"]["rust"]}
        self.options = [f"CONFIG_{name.upper()}=n" for name in sorted(others)]
        if self.story != "kunit":
            self.options.append("CONFIG_RUST_IOMMU_KUNIT_TEST=n")
        # Those with suites are first: the copies have the objects of the checkout, which has suites. Patches
        # of the crate are last: they take a build of the crate and of what depends on it.
        crate = any(not name.startswith("drivers/") for name in self.files)
        self.order = (IMAGES.index(self.image), self.story != "kunit", crate, self.name)


def read_mutants():
    """All mutants, in the order in which they are tried."""
    boots = {boot["name"]: boot for boot in load_table()}
    drivers = {boot["drivers"]["rust"] for boot in boots.values()}
    return sorted((Mutant(path, boots, drivers) for path in PATCHES.glob("*.patch")), key=lambda mutant: mutant.order)


# --- the private copies ------------------------------------------------------


def source_files():
    for source in SOURCES:
        path = paths.TOP / source
        if path.is_file():
            yield pathlib.Path(source)
        else:
            yield from (file.relative_to(paths.TOP) for file in path.rglob("*") if file.is_file())


class Copy:
    """A copy of the checkout, and modules built from it."""

    def __init__(self, number):
        self.number = number
        self.folder = WORK / str(number)
        self.tree = self.folder / "tree"

    def modules(self, image):
        return self.folder / image

    def restore(self):
        """Makes the copy equal to the checkout.

        make builds by the times of the files. A new file keeps the time of its original, so
        that the objects from the checkout are not built again. A file that a patch had
        changed gets a new time.
        """
        wanted = set(source_files())
        for file in wanted:
            source, target = paths.TOP / file, self.tree / file
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
            elif source.read_bytes() != target.read_bytes():
                target.write_bytes(source.read_bytes())
        for file in [file for file in self.tree.rglob("*") if file.is_file()]:
            if file.relative_to(self.tree) not in wanted:
                file.unlink()

    def seed(self, image):
        """Takes the objects of the checkout from the cache; returns the error, or None."""
        if self.modules(image).exists():
            return None
        self.restore()
        return self.build(image, f"seed-{image}-{self.number}")

    def apply(self, mutant):
        # git must not look for the checkout's repository.
        result = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", *map(str, mutant.patches)],
            cwd=self.tree,
            env={**os.environ, "GIT_DIR": str(WORK / "none"), "GIT_CEILING_DIRECTORIES": str(WORK)},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            return "does not apply: " + "; ".join(result.stderr.split("\n")).strip("; ")
        return None

    def build(self, image, name, options=(), **environment):
        """Builds the modules; returns the error, or None."""
        log = paths.LOGS / f"mutant-{name}-build.log"
        environment |= {"MODULES_SOURCE": str(self.tree), "MODULES_DIR": str(self.modules(image))}
        environment["LABEL"] = f"{image}-mutant-{self.number}"
        command = [paths.TOP / "scripts/build-modules", image, *options]
        status, _ = run_logged(f"build {name}", command, log, env=environment)
        return f"does not build, see {log}" if status else None


# --- boots -------------------------------------------------------------------


def boot_of(mutant, name):
    """The mutant's boot with its story alone, and without the checks of the table's boot."""
    boot = {**mutant.boot, "name": name, "image": mutant.image, "stories": [mutant.story], "kmemleak": False}
    if mutant.story == "kunit":
        boot["stories"] = ["boot"]
    else:
        boot.pop("kunit", None)
    # A mutant that hangs is not caught; end it soon.
    boot["silence"] = 120
    # The table's "expect" is for its own stories.
    boot.pop("expect", None)
    return boot


def outcomes(report):
    """The stories of a boot: {name: (result, failure lines)}."""
    found = {story["name"]: (story["result"], story["why"]) for story in report.stories}
    if report.kunit:
        found["kunit"] = ("failed" if report.failed_cases else "ok", report.failed_cases)
    return found


def baselines(mutants, passed):
    """Runs the stories without any patch: {(image, boot, story): the failure}.

    Stories that have passed already, in boots of the table, are not run again.
    """
    known, todo = {}, {}
    for mutant in (mutant for mutant in mutants if mutant.has_baseline):
        if mutant.image == mutant.boot["image"] and f"{mutant.boot['name']} {mutant.story}" in passed:
            known[mutant.baseline] = None
        else:
            todo[mutant.baseline] = mutant

    def work(mutant):
        living = Living(f"without a mutant: {' '.join(mutant.baseline)}")
        report = run_boot(boot_of(mutant, f"mutant-none-{mutant.name}"), on_wait=living.tick)
        result, why = outcomes(report).get(mutant.story, ("failed", ["did not run"]))
        living.done("ok" if result == "ok" else "FAILED")
        return None if result == "ok" else "; ".join(why) or result

    # Debug boots take longest, so they start first.
    order = sorted(todo.values(), key=lambda mutant: not mutant.image.startswith("debug"))
    for image in {mutant.image for mutant in order}:
        make_initramfs(image)
    return known | dict(zip([mutant.baseline for mutant in order], in_parallel(work, order)))


def judge(mutant, report):
    """The error if the story did not end as the mutant demands, or None."""
    if report.problem:
        # Misuse of the hardware is also checked when the driver is loaded, before the story.
        is_oracle = report.problem.startswith("oracle: ")
        seen = is_oracle and not mutant.lifts and mutant.symptom.search(report.problem)
        return None if seen else f"the boot went wrong: {report.problem}"
    result, why = outcomes(report).get(mutant.story, ("skipped", []))
    if result == "skipped":
        return "the story did not run"
    if mutant.lifts:
        return None if result == "ok" else f"{mutant.story} failed: " + "; ".join(why[:3])
    if result == "ok":
        return f"{mutant.story} passed: nobody noticed"
    if not any(mutant.symptom.search(line) for line in why):
        return f"{mutant.story} failed, but not by its symptom: " + "; ".join(why[:3])
    return None


def try_mutant(copy, mutant):
    """Builds a mutant and boots it; returns the error, or None if the mutant was caught."""
    problem = copy.seed(mutant.image)
    copy.restore()
    # No later build needs the objects of a mutant.
    problem = problem or copy.apply(mutant) or copy.build(mutant.image, mutant.name, mutant.options, KEEP="ko")
    if problem:
        return problem
    initramfs = make_initramfs(mutant.image, copy.modules(mutant.image), f"mutant-{mutant.name}.cpio")
    boot = boot_of(mutant, f"mutant-{mutant.name}")
    try:
        # The boot of a caught mutant fails, and its log need not be kept.
        report = run_boot(boot, initramfs=initramfs, keep=False)
        problem = judge(mutant, report)
        if problem:
            keep_log(report)
        return problem
    finally:
        for path in (initramfs, initramfs.with_name(initramfs.name + ".inputs")):
            path.unlink(missing_ok=True)


def run(mutants, passed=()):
    """Tries the mutants in order, as many at a time as there are copies; returns a row for each.

    Stories that have `passed` already, "BOOT STORY" each, do not run without a patch.
    """
    known = baselines(mutants, passed)
    copies = queue.SimpleQueue()
    for number in range(at_a_time()):
        copies.put(Copy(number))

    def work(mutant):
        start = time.monotonic()
        problem = known[mutant.baseline] if mutant.has_baseline else None
        if problem:
            problem = f"fails without the patch, too: {problem}"
        else:
            copy = copies.get()
            try:
                problem = try_mutant(copy, mutant)
            finally:
                copies.put(copy)
        done_line("FAILED" if problem else "passed" if mutant.lifts else "caught", f"{mutant.name} ({mutant.story})", time.monotonic() - start)
        if problem:
            print(f"         {problem}", flush=True)
        return {"name": mutant.name, "problem": problem}

    return in_parallel(work, mutants)


def passed_in_check():
    """The stories that passed in the last "make check", "BOOT STORY" each, if it ran with these sources."""
    results = paths.RESULTS / "check.json"
    try:
        if results.stat().st_mtime < max((paths.TOP / file).stat().st_mtime for file in source_files()):
            return []
        return [test["name"] for test in json.loads(results.read_text())["tests"] if test["result"] == "ok"]
    except (OSError, ValueError):
        return []


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--no-build", action="store_true", help="kernels and modules of the checkout are built already")
    options = parser.parse_args()

    mutants = [mutant for mutant in read_mutants() if re.search(options.only, mutant.name)]
    if not options.no_build:
        prepare({mutant.image for mutant in mutants})
    tally = Tally("mutants")
    for row in run(mutants, passed_in_check()):
        tally.add(f"mutant {row['name']}", "failed" if row["problem"] else "ok", [row["problem"]] if row["problem"] else [])
    return tally.close()
