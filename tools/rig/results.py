# SPDX-License-Identifier: GPL-2.0
"""The results of a boot, as the guest's init sends them."""

import json
import re
import time

from rig import paths
from rig.files import APPENDED_LINES, tail
from rig.table import knobs


class Report:
    """The results of a boot."""

    def __init__(self, boot):
        self.boot = boot
        self.stories = []  # dicts: name, result (ok, failed, skipped), why [..], seconds
        self.demo = []
        self.data = {}
        self.kunit = []  # name and result of each case
        self.problem = None  # the failure of the boot as a whole
        self.seconds = 0.0
        self.log = paths.LOGS / (boot["name"] + ".log")

    @property
    def failed_cases(self):
        return [name for name, result in self.kunit if result == "failed"]

    @property
    def failures(self):
        """A line for each failure."""
        lines = [self.problem] if self.problem else []
        for story in self.stories:
            if story["result"] == "failed":
                lines += [f"{story['name']}: {why}" for why in story["why"] or ["failed"]]
        return lines + [f"KUnit: {name}" for name in self.failed_cases]

    @property
    def ok(self):
        return not self.failures


class Reader:
    """Follows the results channel line by line."""

    def __init__(self, report, on_line=None):
        self.report = report
        self.on_line = on_line
        self.current = None
        self.started = time.monotonic()
        self.why = []
        self.ended = False
        self.unnamed = []

    def line(self, text):
        if self.on_line:
            self.on_line(text)
        if text.startswith("# begin "):
            self.current, self.why, self.started = text[8:].strip(), [], time.monotonic()
        elif text.startswith("# demo"):
            self.report.demo.append(text[7:])
        elif match := re.match(r"# data (\S+) (.*)", text):
            key, value = match.groups()
            try:
                self.report.data[key] = json.loads(value)
            except ValueError:
                self.report.data[key] = value
        elif text == "# end":
            self.ended = True
        elif match := re.match(r"# (FAILED: .*)", text):
            (self.why if self.current else self.unnamed).append(match[1].removeprefix("FAILED: "))
        elif match := re.match(r"(not )?ok (\d+) (\S+)(?: # SKIP ?(.*))?$", text):
            failed, _, name, skip = match.groups()
            result = "failed" if failed else "skipped" if skip is not None else "ok"
            why = [skip] if skip else self.why
            seconds = round(time.monotonic() - self.started, 2) if self.current else 0
            self.report.stories.append({"name": name, "result": result, "why": why, "seconds": seconds})
            self.current = None


def describe_failure(report, lines=APPENDED_LINES):
    """Lines that describe the failure of a boot for a person."""
    result = report.failures
    if seed := report.boot.get("dtb") and knobs(report.boot)["busy_seed"]:
        result.append(f"the models' commands took random times: BUSY_SEED={seed} scripts/boot {report.boot['name']}")
    result.append(f"the last lines of its console ({report.log}):")
    result += ["    " + line for line in tail(report.log, lines)]
    return result
