# SPDX-License-Identifier: GPL-2.0
"""Runs boots many times on a machine that is kept busy, and lists those that did not
pass every time.

  scripts/flaky                  the boots of "make check", under twice as many busy
                                 loops as there are CPUs
  scripts/flaky --only REGEX     the boots whose name matches
  scripts/flaky --repeat N       each N times (default: 10 times on the arm64 board and for
                                 races, forced interleavings and failed allocations, else 3)
  scripts/flaky --no-build       kernels and modules are built already

A boot has passed if it passed every time.  The last line is "N passed, N failed".  The same
as data: out/results/flaky.json.  The logs of the boots that failed are in out/logs/failed/.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys

from rig import cli, paths
from rig.boot import run_boot
from rig.images import is_emulated
from rig.initramfs import make_initramfs
from rig.machines import each, is_many
from rig.processes import die_with_parent, in_parallel
from rig.progress import Failure, Living
from rig.setup import prepare
from rig.table import load_table
from rig.tally import Tally


# Names of boots and stories that depend on the timing of CPUs.
RACES = re.compile(
    r"force|fail-nth|race|concurrent|atomic-context|free-in-crate|fault-reentrancy|domain-outlives|failed-attach"
    r"|gone|goes|storm|found-on|busy|suspend|isolation|detector"
)


def repeats(boot):
    """How many times a boot has to pass."""
    return 10 if is_emulated(boot["image"]) or RACES.search(" ".join([boot["name"], *boot["stories"]])) else 3


@contextlib.contextmanager
def busy(loops):
    """Runs this many busy loops until the end of the block.

    The scheduler shares the CPUs out by session (CONFIG_SCHED_AUTOGROUP), and each boot has one of
    its own; so has each loop.
    """
    started = []
    try:
        for _ in range(loops):
            command = [sys.executable, "-c", "while True: pass"]
            started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent))
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def attempt(item):
    """Boots once; returns its name, failures and log. Other results of a boot that passed are removed."""
    boot, number = item
    # Several runs of a boot may run at the same time, so each has its own name.
    own = {**boot, "name": f"{boot['name']}.{number}"}
    living = Living(f"boot {own['name']}")
    report = run_boot(own, on_wait=living.tick)
    living.done("ok" if report.ok else "FAILED")
    for line in [] if report.ok else [*report.failures, f"log: {report.log}"]:
        print(f"         {line}", flush=True)
    (paths.LOGS / f"{own['name']}.log").unlink(missing_ok=True)
    shutil.rmtree(paths.RESULTS / "boots" / own["name"], ignore_errors=True)
    return boot["name"], report.failures, report.log


def count(tally, runs):
    """Adds each boot to the tally, with the failures of its runs."""
    for boot in dict.fromkeys(name for name, _, _ in runs):
        own = [(failures, log) for name, failures, log in runs if name == boot]
        failed = [f"{'; '.join(failures)} ({log})" for failures, log in own if failures]
        passed = f"passed {len(own) - len(failed)} of {len(own)} times"
        tally.add(boot, "failed" if failed else "ok", [passed, *failed] if failed else [])


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--repeat", type=int, metavar="N")
    parser.add_argument("--no-build", action="store_true", help="build nothing")
    options = parser.parse_args()

    boots = [boot for boot in load_table() if "check" in boot["in"] and not boot.get("skip")]
    # A boot for each tree is expanded below, when the kernel's source is there.
    many = [boot for boot in boots if is_many(boot)]
    boots = [boot for boot in boots if boot in many or re.search(options.only, boot["name"])]
    if not options.no_build:
        prepare({boot["image"] for boot in boots})
    boots = [boot for boot in each(boots) if re.search(options.only, boot["name"]) and not boot.get("skip")]
    if not boots:
        raise Failure("there is no such boot", "scripts/boot -l lists them")
    for image in {boot["image"] for boot in boots}:
        make_initramfs(image)

    most = {boot["name"]: options.repeat or repeats(boot) for boot in boots}
    items = [(boot, number) for number in range(1, max(most.values()) + 1) for boot in boots if number <= most[boot["name"]]]
    loops = 2 * len(os.sched_getaffinity(0))
    print(f"{len(items)} boots beside {loops} busy loops", flush=True)
    tally = Tally("flaky")
    with busy(loops):
        count(tally, in_parallel(attempt, items))
    return tally.close()
