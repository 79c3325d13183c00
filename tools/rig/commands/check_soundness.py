# SPDX-License-Identifier: GPL-2.0
"""Checks that the tests which Documentation/soundness.rst names exist.

  scripts/check-soundness                 each case, story and KUnit case exists
  scripts/check-soundness --ran RESULTS   and has run and passed: RESULTS is the
                                          check.json of a run

Each trap from 1 to 23 must have a row, and each row a name.
"""

import json
import pathlib
import re

from rig import cli, paths
from rig.table import load_table, stories


DOCUMENT = paths.TOP / "Documentation" / "soundness.rst"
TRAPS = 24
NAME = re.compile(r"``(case|story|kunit):([a-z0-9_.:-]+)``")


def rows():
    """The traps of the table, each with its names."""
    text = DOCUMENT.read_text()
    table = text[text.index(".. list-table::"):text.index("Gaps of the core\n=")]
    found = {}
    for part in re.split(r"^   \* - ", table, flags=re.M)[1:]:
        number = part.splitlines()[0].strip()
        if number.isdigit():
            # The names are in the last column.
            found[int(number)] = NAME.findall(part.split("\n     - ")[-1])
    return found


def kunit_sources():
    """The suites of the sources, each with its file and its cases."""
    cases = {}
    shared = set()
    for source in sorted((paths.TOP / "rust").rglob("*.rs")) + sorted((paths.TOP / "drivers").rglob("*.rs")):
        text = source.read_text()
        for suite in re.findall(r"kunit_tests\((\w+)\)", text):
            cases.setdefault(suite, set()).update(re.findall(r"#\[test\](?:\s*#\[[^\n]*\])*\s*fn (\w+)", text))
        for suite in re.findall(r"^(?:\w+::)*table_suite!\((\w+),", text, re.M):
            cases.setdefault(suite, set())
            shared.add(suite)
    suite_file = paths.TOP / "rust" / "table" / "kunit.rs"
    if shared and suite_file.exists():
        common = set(re.findall(r"fn (\w+)\(\)", suite_file.read_text()))
        for suite in shared:
            cases[suite] |= common
    return cases


def scheduled_stories():
    """The stories that boots of `make check` run."""
    boots = [boot for boot in load_table() if "check" in boot["in"]]
    return {story.partition(":")[0] for boot in boots for story in boot["stories"]}


def exists(kind, name, suites, scheduled):
    """The error if the sources lack the test of a name, or None."""
    if kind == "case":
        return None if (paths.TOP / "tools/compile-fail" / f"{name}.rs").exists() else "no such case in tools/compile-fail"
    if kind == "story":
        story = name.partition(":")[0]
        if story not in stories():
            return "no such story in tools/board/stories"
        return None if story in scheduled else "no boot of make check runs it"
    suite, _, case = name.partition(".")
    if suite not in suites:
        return "no such KUnit suite"
    return None if case in suites[suite] else "no such case in the suite"


def fits(kind, name, test):
    """Whether a test of a run is that of a name."""
    words = test["name"].split(" ", 2)
    if kind == "case":
        return words == ["compile-fail", name]
    if kind == "kunit":
        # "BOOT KUnit SUITE.CASE", or with a parameter's name
        return words[1:2] == ["KUnit"] and (words[2] + ".").startswith(name + ".")
    # "BOOT STORY"; soundness.rst may leave out the story's argument.
    return len(words) == 2 and name in (words[1], words[1].partition(":")[0])


def ran(kind, name, tests):
    """The error if the test of a name did not run and pass, or None."""
    outcome = {test["result"] for test in tests if fits(kind, name, test)}
    good, bad = "ok" in outcome, outcome - {"ok", "skipped"}
    if bad:
        return "failed"
    if not good:
        return "was skipped" if outcome else "did not run"
    return None


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--ran", type=pathlib.Path, metavar="RESULTS")
    options = parser.parse_args()

    table = rows()
    tests = json.loads(options.ran.read_text())["tests"] if options.ran else None
    wrong = errors(table, tests)
    for line in wrong:
        print(line)
    print(f"soundness: {len(table)} traps, {sum(map(len, table.values()))} names, {len(wrong)} wrong")
    return 1 if wrong else 0


def errors(table, tests):
    """A line for each name without a test, and for each case without a name.

    With the rows of a run's `tests`, each test must also have run and passed.
    """
    wrong = []
    for number in range(1, TRAPS + 1):
        if not table.get(number):
            wrong.append(f"trap {number}: no row, or no name in it")
    suites, scheduled = kunit_sources(), scheduled_stories()
    for number, listed in sorted(table.items()):
        for kind, name in listed:
            why = exists(kind, name, suites, scheduled)
            if not why and tests is not None:
                why = ran(kind, name, tests)
            if why:
                wrong.append(f"trap {number}: {kind}:{name}: {why}")
    # A case that no row names may have been forgotten.
    mentioned = {name for listed in table.values() for kind, name in listed if kind == "case"}
    for source in sorted((paths.TOP / "tools/compile-fail").glob("*.rs")):
        if source.stem not in mentioned:
            wrong.append(f"case:{source.stem}: not in the table")
    return wrong
