# SPDX-License-Identifier: GPL-2.0
"""Reads the kernel's KUnit results from a console."""

import importlib
import io
import re
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


def cases_of(test, path=()):
    """(name, result) of each case: SUITE.CASE, or SUITE.CASE.PARAMETER."""
    if not test.subtests:
        result = {"SUCCESS": "ok", "SKIPPED": "skipped"}.get(test.status.name, "failed")
        if test.status.name != "NO_TESTS":
            yield ".".join(path), result
    for part in test.subtests:
        yield from cases_of(part, (*path, part.name or "missing"))


def parse_kunit(console, source):
    """Reads a console with the kernel's own parser; returns (name, result) of each case, and its report."""
    place = str(source / "tools/testing/kunit")
    if place not in sys.path:
        sys.path.append(place)
    kunit_parser, kunit_printer = (importlib.import_module(name) for name in ("kunit_parser", "kunit_printer"))
    cases, output = [], io.StringIO()
    for block in ktap_blocks(console):
        test = kunit_parser.parse_run_tests(block, kunit_printer.Printer(output=output))
        found = list(cases_of(test))
        if test.counts.errors and all(result != "failed" for _, result in found):
            found.append(("what the parser does not understand", "failed"))
        cases += found
    return cases, output.getvalue()
