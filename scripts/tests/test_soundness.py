# SPDX-License-Identifier: GPL-2.0
"""Tests of compile-fail and check-soundness: no compiler, no boot."""

import json
import pathlib
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS.parent / "tools"))
from rig.commands import check_soundness, compile_fail  # noqa: E402

SOURCE = "fn a() {}\nGfp(0) //~ ERROR private fields\nb! {\n    c\n}\n"


def error(text, line, name="case.rs", through=None):
    """An error as rustc prints it; `through` is the line of the macro call it comes from."""
    span = {"file_name": f"/x/{name}", "line_start": line, "line_end": line, "label": None, "expansion": None}
    if through:
        span["expansion"] = {"span": {**span, "file_name": "/x/case.rs", "line_start": through, "line_end": through}}
    return json.dumps({"level": "error", "message": text, "code": None, "spans": [span], "children": []}) + "\n"


class CompileFail(unittest.TestCase):
    """Tests of the judgement of a case."""

    def setUp(self):
        self.judge = compile_fail.judge
        self.case = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "case.rs"
        self.case.write_text(SOURCE)

    def test_the_error_at_its_line(self):
        self.assertIsNone(self.judge(self.case, 1, error("has private fields", 2)))

    def test_the_error_through_a_macro(self):
        self.assertIsNone(self.judge(self.case, 1, error("has private fields", 99, "mod.rs", through=2)))

    def test_builds(self):
        self.assertEqual(self.judge(self.case, 0, ""), "builds")

    def test_wrong_line(self):
        self.assertIn("another error", self.judge(self.case, 1, error("has private fields", 1)))

    def test_wrong_text(self):
        self.assertIn("another error", self.judge(self.case, 1, error("mismatched types", 2)))

    def test_one_error_too_many(self):
        output = error("has private fields", 2) + error("mismatched types", 4)
        self.assertIn("mismatched types", self.judge(self.case, 1, output))

    def test_compiler_did_not_run(self):
        self.assertIn("no error", self.judge(self.case, 127, "rustc: not found"))

    def test_control_must_build(self):
        self.case.write_text("fn a() {}\n")
        self.assertIsNone(self.judge(self.case, 0, ""))
        self.assertIn("does not build", self.judge(self.case, 1, error("mismatched types", 1)))


class CheckSoundness(unittest.TestCase):
    """Tests of the check that the test of a name has run."""

    def ran(self, kind, name, *tests):
        rows = [{"name": test, "result": result} for test, result in tests]
        return check_soundness.ran(kind, name, rows)

    def test_story(self):
        self.assertIsNone(self.ran("story", "gone", ("debug-h6 gone", "ok")))
        self.assertIsNone(self.ran("story", "gone", ("debug-h6 gone:with", "ok"), ("release gone", "skipped")))
        self.assertEqual(self.ran("story", "gone", ("a gone", "ok"), ("b gone", "failed")), "failed")
        self.assertEqual(self.ran("story", "gone", ("a gone-masters", "ok")), "did not run")
        self.assertEqual(self.ran("story", "gone", ("a gone", "skipped")), "was skipped")

    def test_case(self):
        self.assertIsNone(self.ran("case", "control", ("compile-fail control", "ok")))
        self.assertEqual(self.ran("case", "control", ("board control", "ok")), "did not run")

    def test_kunit(self):
        tests = (("kunit KUnit gate.enters", "ok"), ("a KUnit gate.closes", "failed"), ("a KUnit gate.is_odd.by two", "ok"))
        self.assertIsNone(self.ran("kunit", "gate.enters", *tests))
        self.assertIsNone(self.ran("kunit", "gate.is_odd", *tests))
        self.assertEqual(self.ran("kunit", "gate.closes", *tests), "failed")
        for name in ("gate.opens", "gate.enter", "gate.is"):
            self.assertEqual(self.ran("kunit", name, *tests), "did not run")

    def test_every_trap_has_names(self):
        table = check_soundness.rows()
        self.assertEqual(sorted(table), list(range(1, check_soundness.TRAPS + 1)))
        self.assertTrue(all(table.values()))


if __name__ == "__main__":
    unittest.main()
