# SPDX-License-Identifier: GPL-2.0
"""Tests for tools/series: how a file of this tree becomes one of the kernel."""

import pathlib
import sys
import tomllib
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from rig import paths  # noqa: E402 (in the folder that was just added)
from series.source import KUNIT, Mapping, helpers, outline, with_modules, without  # noqa: E402

CODE = """\
//! Doc.

use crate::a;

/// Kept.
fn kept(text: &str) -> bool {
    #[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
    if text == "}" {
        return true;
    }
    // a comment with }
    text.is_empty()
}

/// Gone, with its text.
#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]
#[kunit_tests(suite)]
mod tests {
    fn one() {}
}
"""

LIST = """\
pub(crate) mod a;
#[cfg(CONFIG_X)]
mod b;

use a::{one, Two};
use b::three;
"""

ROOT = """\
mod support;

pub use support::{
    clk,
    pm,
    reset, //
};
"""


class SeriesTest(unittest.TestCase):
    def test_kunit_code_goes(self):
        text = without(CODE, KUNIT)
        self.assertNotIn("KUNIT", text)
        self.assertNotIn("Gone", text)
        self.assertNotIn("tests", text)
        self.assertIn("    // a comment with }\n    text.is_empty()\n}\n", text)

    def test_an_item_without_an_end_is_an_error(self):
        with self.assertRaises(ValueError):
            without("#[cfg(CONFIG_RUST_IOMMU_KUNIT_TEST)]\nfn open() {\n", KUNIT)

    def test_modules_that_are_not_there(self):
        self.assertEqual(with_modules(LIST, "x", {"x/a"}), "pub(crate) mod a;\n\nuse a::{one, Two};\n")
        self.assertEqual(with_modules(LIST, "x", {"x/a", "x/b"}), LIST)

    def test_names_that_the_root_exports(self):
        self.assertEqual(with_modules(ROOT, "", {"support", "support/pm"}), "mod support;\n\npub use support::pm;\n")
        self.assertEqual(
            with_modules(ROOT, "", {"support", "support/pm", "support/clk"}), "mod support;\n\npub use support::{\n    clk,\n    pm, //\n};\n"
        )
        self.assertEqual(with_modules(ROOT, "", {"support"}), "mod support;\n\n")

    def test_outline(self):
        self.assertEqual(outline("//! Doc.\n\nuse x;\n\npub mod a;\nfn f() {}\n"), "//! Doc.\n\npub mod a;\n")

    def test_helpers(self):
        text = helpers(["rust/helpers.c"], {"try_module_get", "init_delayed_work"})
        self.assertIn("__rust_helper bool rust_helper_try_module_get(struct module *module)\n{\n\treturn try_module_get(module);\n}\n", text)
        self.assertIn("rust_helper_init_delayed_work(", text)
        self.assertNotIn("rust_helper_module_put", text)

    def test_every_helper_is_found(self):
        names = set()
        for file in ("rust/helpers.c", "rust/table/helpers.c"):
            for line in (paths.TOP / file).read_text().splitlines():
                if "rust_iommu_helper_" in line and not line.startswith(("\t", " ", "EXPORT", "/")) and not line.endswith(";"):
                    names.add(line.split("rust_iommu_helper_")[1].split("(")[0])
        text = helpers(["rust/helpers.c", "rust/table/helpers.c"], names)
        for name in names:
            self.assertIn(f"rust_helper_{name}(", text)

    def test_paths(self):
        mapping = Mapping(tomllib.loads((paths.TOP / "patches/rust/series.toml").read_text()))
        self.assertEqual(mapping.path("rust/iommu.rs"), "rust/kernel/iommu/mod.rs")
        self.assertEqual(mapping.path("rust/support/clk.rs"), "rust/kernel/iommu/support/clk.rs")
        self.assertEqual(mapping.path("drivers/iommu/sun50i/regs.rs"), "drivers/iommu/sun50i/regs.rs")


if __name__ == "__main__":
    unittest.main()
