# SPDX-License-Identifier: GPL-2.0
"""The demonstration: prepares everything, boots the board, and prints the guest's
report.  The same as data: out/results/board.json.

  scripts/board                   the UML board
  scripts/board --arch arm64      QEMU's, with masters that have drivers of their own
"""

import json

from rig import cli, paths
from rig.boot import run_and_print
from rig.files import write_atomically
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
    reports = []
    for boot in boots:
        print("board")

        def show(line):
            if line.startswith("# demo"):
                print("  | " + line[7:], flush=True)

        reports.append(run_and_print(boot, show))
    data = [
        {
            "boot": report.boot["name"],
            "ok": report.ok,
            "seconds": round(report.seconds, 2),
            "stories": report.stories,
            "data": report.data,
            "lines": report.demo,
        }
        for report in reports
    ]
    write_atomically(paths.RESULTS / "board.json", json.dumps(data, indent=1) + "\n")
    return 0 if reports and all(report.ok for report in reports) else 1
