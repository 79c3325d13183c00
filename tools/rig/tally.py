# SPDX-License-Identifier: GPL-2.0
"""Counts tests that passed, failed or were skipped."""

import json

from rig import paths
from rig.files import write_atomically
from rig.progress import TIMES, details, done_line


class Tally:
    """The tests of a run of `command`, in order."""

    def __init__(self, command="check"):
        self.command = command
        self.rows = []

    def add(self, name, result, why=()):
        """Adds a test: ok, failed or skipped."""
        self.rows.append({"name": name, "result": result, "why": list(why)})

    def step(self, what, rows, seconds=0.0, more=()):
        """Adds the tests of a step, (name, result, why) each, and prints its line, and what failed."""
        for row in rows:
            self.add(*row)
        failed = [f"{name}: {line}" for name, result, why in rows if result == "failed" for line in why or ["failed"]]
        done_line("FAILED" if failed else "ok", what, seconds)
        if failed:
            details([*failed, *more])

    def those(self, result):
        return [row for row in self.rows if row["result"] == result]

    def line(self):
        passed, failed, skipped = (len(self.those(result)) for result in ("ok", "failed", "skipped"))
        return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")

    def save(self):
        data = {
            "passed": len(self.those("ok")),
            "failed": len(self.those("failed")),
            "skipped": len(self.those("skipped")),
            "seconds": {step: round(seconds, 1) for step, seconds in TIMES},
            "tests": self.rows,
        }
        write_atomically(paths.RESULTS / f"{self.command}.json", json.dumps(data, indent=1) + "\n")

    def close(self, hints=()):
        """Saves and prints the results, with hints if a test has failed; returns the exit status."""
        self.save()
        if slow := [f"  {step:<59} {seconds:6.1f} s" for step, seconds in TIMES if seconds >= 1]:
            print("time, of steps of a second and more; some run beside others", *slow, sep="\n")
        for result in ("skipped", "failed"):
            for row in self.those(result):
                print(f"  {result}: {': '.join([row['name'], '; '.join(row['why'])]).removesuffix(': ')}")
        for hint in hints if self.those("failed") else ():
            print(f"  {hint}")
        print(self.line(), flush=True)
        return 1 if self.those("failed") or not self.those("ok") else 0
