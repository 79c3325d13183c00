# SPDX-License-Identifier: GPL-2.0
"""Reads the kernel's KUnit results from a console."""

import re
import subprocess
import sys

KTAP = re.compile(r"(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )?(.*)")


def ktap_blocks(console):
    """The kernel's own KTAP blocks in a console log, without time stamps."""
    blocks, block = [], None
    for raw in console.splitlines():
        stamped = re.match(r"\[ *\d+\.\d+\]", raw)
        text = KTAP.match(raw)[1]
        if not stamped:
            continue
        if text == "KTAP version 1":
            if block is not None:
                blocks.append(block)
            block = [raw]
        elif block is not None:
            block.append(raw)
            if text == "1..0":
                # Every suite was filtered out.
                block = None
                continue
            # The line that closes a block stands at its left margin.
            if re.match(r"(not )?ok \d+ ", text):
                plan = next((m for m in (re.match(r"1\.\.(\d+)", KTAP.match(x)[1]) for x in block) if m), None)
                done = sum(1 for x in block if re.match(r"(not )?ok \d+ ", KTAP.match(x)[1]))
                if plan and done >= int(plan[1]):
                    blocks.append(block)
                    block = None
    if block is not None:
        blocks.append(block)
    return blocks


def parse_kunit(console, source):
    """Reads the KUnit results of a console with the kernel's own kunit.py."""
    total = {"passed": 0, "failed": 0, "skipped": 0, "output": "", "names": []}
    for block in ktap_blocks(console):
        result = subprocess.run(
            [sys.executable, "-B", str(source / "tools/testing/kunit/kunit.py"), "parse"],
            input="\n".join(block) + "\n",
            capture_output=True,
            text=True,
            check=False,
            cwd=source,
        )
        output = re.sub(r"\033\[[0-9;]*m", "", result.stdout + result.stderr)
        total["output"] += output
        match = re.search(r"Ran (\d+) tests: (.*)", output)
        counts = dict(re.findall(r"(\w+): (\d+)", match[2])) if match else {}
        passed, skipped = int(counts.get("passed", 0)), int(counts.get("skipped", 0))
        failed = int(counts.get("failed", 0)) + int(counts.get("crashed", 0)) + int(counts.get("errors", 0))
        if result.returncode and not failed:
            failed = 1
        total["passed"] += passed
        total["failed"] += failed
        total["skipped"] += skipped
        total["names"] += re.findall(r"\[(?:FAILED|CRASHED)\] (\S+)", output)
    return total
