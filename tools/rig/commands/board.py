# SPDX-License-Identifier: GPL-2.0
"""The demonstration: prepares everything, boots the board, and prints the guest's
report.  The same as data: out/results/boots/BOOT/report.json.

  scripts/board                   the UML board
  scripts/board --arch arm64      QEMU's, with masters that have drivers of their own
"""

from rig import cli
from rig.boot import run_and_print
from rig.images import ARCHES, arch
from rig.setup import prepare
from rig.table import load_table


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--arch", choices=ARCHES, default="um")
    wanted = parser.parse_args().arch
    boots = [boot for boot in load_table() if "demo" in boot["in"] and arch(boot["image"]) == wanted]
    print("set-up")
    prepare({boot["image"] for boot in boots})
    print("board")
    reports = [run_and_print(boot, show) for boot in boots]
    return 0 if reports and all(report.ok for report in reports) else 1


def show(line):
    if line.startswith("# demo"):
        print("  | " + line[7:], flush=True)
