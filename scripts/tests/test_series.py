# SPDX-License-Identifier: GPL-2.0
"""Tests for tools/series: how a file of this tree becomes one of the kernel."""

import pathlib
import re
import sys
import tomllib
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from rig import paths  # noqa: E402 (in the folder that was just added)
from rig.commands.check_patches import warning  # noqa: E402
from rig.commands.patches import needed  # noqa: E402
from series.source import KUNIT, Mapping, document, helpers, outline, rehomed, with_modules, without  # noqa: E402

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

    def test_modules_that_move_elsewhere(self):
        homes = {"clk": "clk::switch", "pm": "pm"}
        text = rehomed("use iommu::{\n    clk::{\n        Clock, // a\n        B,\n    },\n    domain::D,\n    pm, //\n};\n", homes)
        self.assertEqual(re.sub(r"\s+", " ", text), "use kernel::clk::switch::{ Clock, B, }; use kernel::pm; use iommu::{domain::D, // }; ")
        self.assertEqual(rehomed("crate::pm::get(x); iommu::clks; kernel::clk::Clk", homes), "kernel::pm::get(x); iommu::clks; kernel::clk::Clk")
        kept = "use crate::{\n    domain::D,\n    fault, //\n};\n"
        self.assertEqual(rehomed(kept, homes), kept)

    def test_document(self):
        entry = {"title": "T", "text": "Text.", "from": "Documentation/apple-dart.rst", "sections": ["Differences from the C driver"]}
        self.assertTrue(document(entry).startswith(".. SPDX-License-Identifier: GPL-2.0\n\n=\nT\n=\n\nText.\n\nDifferences from the C driver\n====="))
        self.assertIn("\nFindings ", document(entry))
        self.assertNotIn("\nFindings ", document(entry | {"omit": "^Findings"}))
        with self.assertRaises(KeyError):
            document(entry | {"sections": ["None"]})

    def test_series_that_are_needed(self):
        table = {"series": [{"name": "a"}, {"name": "b"}, {"name": "c", "needs": ["a"]}, {"name": "d", "needs": ["c"]}]}
        self.assertEqual(needed(table, "d"), ["a", "c"])
        self.assertEqual(needed(table, "b"), [])

    def test_outline(self):
        self.assertEqual(outline("//! Doc.\n\nuse x;\n\npub mod a;\nfn f() {}\n"), "//! Doc.\n\npub mod a;\n")

    def test_helpers(self):
        text = helpers(["rust/helpers.c"], {"try_module_get", "init_delayed_work"}, {"headers": ["linux/a.h"], "option": "CONFIG_A"})
        self.assertIn("__rust_helper bool rust_helper_try_module_get(struct module *module)\n{\n\treturn try_module_get(module);\n}\n", text)
        self.assertIn("rust_helper_init_delayed_work(", text)
        self.assertNotIn("rust_helper_module_put", text)
        self.assertTrue(text.startswith("// SPDX-License-Identifier: GPL-2.0\n\n#include <linux/a.h>\n\n#ifdef CONFIG_A\n"))

    def test_helper_with_a_private_header(self):
        name = "iommu_dma_get_resv_regions"
        text = helpers(["rust/helpers.c"], {name}, {"headers": [], "private": {name: "../../a.h"}})
        self.assertIn('\n\n#include "../../a.h"\n\n__rust_helper', text)
        self.assertNotIn("#ifdef", text)
        self.assertNotIn("a.h", helpers(["rust/helpers.c"], {"module_put"}, {"private": {name: "../../a.h"}}))

    def test_every_helper_is_found(self):
        names = set()
        for file in ("rust/helpers.c", "rust/table/helpers.c"):
            for line in (paths.TOP / file).read_text().splitlines():
                if "rust_iommu_helper_" in line and not line.startswith(("\t", " ", "EXPORT", "/")) and not line.endswith(";"):
                    names.add(line.split("rust_iommu_helper_")[1].split("(")[0])
        text = helpers(["rust/helpers.c", "rust/table/helpers.c"], names, {})
        for name in names:
            self.assertIn(f"rust_helper_{name}(", text)

    def test_warnings_of_files_of_the_series(self):
        found = warning(["rust/kernel/pm.rs", "rust/helpers/reset.c"])
        self.assertTrue(found.search("warning: unused\n   --> ../rust/kernel/pm.rs:3:1\n"))
        self.assertTrue(found.search("../rust/helpers/reset.c:3:1: warning: x\n"))
        self.assertFalse(found.search("warning: unused\n   --> ../rust/kernel/lib.rs:3:1\n"))
        self.assertFalse(found.search("../rust/helpers/pm.c:3:1: warning: x\n"))

    def test_paths(self):
        mapping = Mapping(tomllib.loads((paths.TOP / "patches/rust/series.toml").read_text()))
        self.assertEqual(mapping.path("rust/iommu.rs"), "rust/kernel/iommu/mod.rs")
        self.assertEqual(mapping.path("rust/support/gate.rs"), "rust/kernel/iommu/support/gate.rs")
        self.assertEqual(mapping.path("rust/support/clk.rs"), "rust/kernel/clk/switch.rs")
        self.assertTrue(mapping.is_rehomed("rust/support/pm/callbacks.rs"))
        self.assertFalse(mapping.is_rehomed("rust/support/gate.rs"))
        self.assertEqual(mapping.path("drivers/iommu/sun50i/regs.rs"), "drivers/iommu/sun50i/regs.rs")


if __name__ == "__main__":
    unittest.main()
