# SPDX-License-Identifier: GPL-2.0
"""Tests of the fuzzers' host side: no boot."""

import pathlib
import sys
import unittest
import unittest.mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from fuzz import mutate, run, sequence, tree  # noqa: E402 (in the folder that was just added)
from fuzz.reference import FAMILIES, Node, Reference  # noqa: E402
from fuzz.shrink import shrink  # noqa: E402

# A board's nodes, as tree.nodes_of() reads them.
NODES = [
    tree.Node("node0", "/soc", "iommu@30f0000", {
        "compatible": ["allwinner,sun50i-h6-iommu"], "reg": [0x30F0000, 0x10000], "interrupts": [0, 57, 4],
        "clocks": ["&ccu", 51], "resets": ["&ccu", 15], "#iommu-cells": [1],
    }),
    tree.Node("node1", "/soc", "dma-master@2000000", {
        "compatible": ["iommu-board,dma-master"], "reg": [0x2000000, 0x1000], "iommus": ["&node0", 4],
    }),
]  # fmt: skip


def fails_with(*wanted):
    """A predicate for shrink(): fails if all of these are in the list. Counts its calls."""

    def first_failing(candidates):
        first_failing.calls += 1
        return next((at for at, items in enumerate(candidates) if set(wanted) <= set(items)), None)

    first_failing.calls = 0
    return first_failing


class Shrink(unittest.TestCase):
    def test_one_step(self):
        self.assertEqual(shrink(range(40), fails_with(17)), [17])

    def test_two_steps_far_apart(self):
        self.assertEqual(shrink(range(40), fails_with(3, 38)), [3, 38])

    def test_order_is_kept(self):
        self.assertEqual(shrink([5, 1, 9, 2], fails_with(9, 5)), [5, 9])

    def test_all_are_needed(self):
        self.assertEqual(shrink(range(5), fails_with(*range(5))), list(range(5)))

    def test_few_boots(self):
        predicate = fails_with(20)
        shrink(range(64), predicate)
        self.assertLess(predicate.calls, 12)


class Sequences(unittest.TestCase):
    def test_same_seed_same_sequence(self):
        for family in FAMILIES:
            one, two, other = (sequence.story(family, [sequence.generate(seed, family)], []) for seed in ("7", "7", "8"))
            self.assertEqual(one, two)
            self.assertNotEqual(one, other)

    def test_any_part_is_a_sequence(self):
        for family in FAMILIES:
            steps = sequence.generate("part", family)
            for at in range(len(steps)):
                text, _ = sequence.story(family, [steps[:at] + steps[at + 1 :]], [])
                self.assertTrue(text.endswith("probe_end\n"))

    def test_everything_is_undone(self):
        for family in FAMILIES:
            for seed in range(20):
                model = Reference(FAMILIES[family])
                for call, arguments in sequence.generate(str(seed), family):
                    if call != "probe":
                        getattr(model, call)(*arguments)
                model.end()
                self.assertTrue(model.loaded)
                self.assertFalse(model.applied or model.groups or model.domains or any(model.stuck))


class Outcomes(unittest.TestCase):
    """What Documentation/sun50i.rst and apple-dart.rst say, in the reference model."""

    def model(self, family, *calls):
        model = Reference(FAMILIES[family])
        for call, *arguments in calls:
            self.assertIsNotNone(getattr(model, "do_" + call)(*arguments), call)
        return model

    def test_sun50i(self):
        begin = ("apply", "codec"), ("alloc", 0, "1c0e000"), ("gattach", "1c0e000", 0), ("map", 0, 0x40000000, 2, 1, "r")
        model = self.model("h6", *begin)
        self.assertEqual(model.outcome(0, 3, 0x40000000, False), ("$p2 translated", False))
        # A write, another page, a physical address.
        self.assertEqual(model.outcome(0, 3, 0x40000000, True), ("denied", False))
        self.assertEqual(model.outcome(0, 3, 0x40001000, False), ("denied", False))
        self.assertEqual(model.outcome(0, 3, "p2", False), ("denied", False))
        # The second port of the video engine, a port that no node names, another instance.
        self.assertEqual(model.outcome(0, 1, 0x40000000, False), ("$p2 translated", False))
        self.assertEqual(model.outcome(0, 4, "p2", False), ("denied", False))
        self.assertEqual(model.outcome(1, 4, "p2", False), ("$p2 passed", False))
        # The port of a removed master is denied, until the driver is loaded again.
        model.do_remove("codec")
        self.assertEqual(model.outcome(0, 3, "p2", False), ("denied", False))
        model.do_free(0)
        model.do_unload()
        self.assertEqual(model.outcome(0, 3, "p2", False), ("$p2 passed", False))

    def test_dart(self):
        begin = ("apply", "pair"), ("alloc", 0, "2001000"), ("gattach", "2001000", 0), ("map", 0, 0x40000000, 2, 1, "rw")
        model = self.model("t8103", *begin)
        self.assertEqual(model.outcome(0, 2, 0x40000000, True), ("$p2 translated", False))
        # The other master has a group of its own; a stream that no node names is denied.
        self.assertEqual(model.outcome(0, 3, "p2", False), ("$p2 passed", False))
        self.assertEqual(model.outcome(0, 7, "p2", False), ("denied", False))
        model.do_remove("pair")
        self.assertEqual(model.outcome(0, 3, "p2", False), ("denied", False))

    def test_tegra(self):
        model = self.model("t210", ("apply", "codec"), ("alloc", 0, "1c0e000"), ("gattach", "1c0e000", 0), ("map", 0, 0x40000000, 2, 1, "r"))
        self.assertEqual(model.outcome(0, 2, 0x40000000, False), ("$p2 translated", False))
        self.assertEqual(model.outcome(0, 2, "p2", False), ("denied", False))
        # A swgroup that no node names passes. That of a removed master is denied, also without a driver.
        self.assertEqual(model.outcome(0, 4, "p2", False), ("$p2 passed", False))
        model.do_remove("codec")
        model.do_free(0)
        for call in (), ("unload",), ("load",):
            if call:
                self.assertIsNotNone(getattr(model, "do_" + call[0])(*call[1:]))
            self.assertEqual(model.outcome(0, 2, "p2", False), ("denied", False))
            self.assertEqual(model.outcome(0, 4, "p2", False), ("$p2 passed", False))
        self.assertIn("hw_forget 0", model.end())
        # The display controllers are one group, whose masters may not share swgroups with others.
        for family, host in (("t30", 12), ("t114", 8), ("t124", 6), ("t210", 6)):
            model = self.model(family, ("apply", "codec"), ("apply", "host"))
            self.assertEqual(model.masters["1c00000"].ids, [(0, host)])
            display, dc, mixed = (Node("master", name, ids) for name, ids in (("a", [(0, 2)]), ("b", [(0, 1)]), ("c", [(0, 1), (0, host)])))
            self.assertIs(model.group_of(dc), model.group_of(display))
            self.assertIs(model.group_of(dc), model.groups["1c0e000"])
            self.assertIsNone(model.group_of(mixed))

    def test_stuck(self):
        begin = ("apply", "codec"), ("alloc", 0, "1c0e000"), ("gattach", "1c0e000", 0), ("map", 0, 0x40000000, 0, 2, "rw")
        for family in ("h6", "t8103"):
            model = self.model(family, *begin, ("stick", 0), ("unmap", 0, 0x40000000, 1))
            self.assertEqual(model.outcome(0, 3, 0x40000000, False), ("denied", False))
            self.assertEqual(model.outcome(0, 3, 0x40001000, False), ("$p1 translated", True))
            self.assertTrue(model.do_map(0, 0x40100000, 0, 1, "r")[0].startswith("refuses"))
            model.do_unstick(0)
            self.assertEqual(model.outcome(0, 3, 0x40001000, False), ("$p1 translated", True))
            model.do_map(0, 0x40100000, 0, 1, "r")
            self.assertEqual(model.outcome(0, 3, 0x40001000, False), ("$p1 translated", False))

    def test_removed_while_stuck(self):
        """A master that leaves a sun50i changes the rules of all; on a DART only its streams are invalidated."""
        for family, overlays, doubt in (("h6", ("masters", "codec-g2"), True), ("t8103", ("pair", "codec"), False)):
            model = self.model(family, *(("apply", name) for name in overlays))
            master, port = next((node.address, node.ids[0][1]) for node in model.applied[overlays[0]] if node.ids)
            for call in ("alloc", 0, master), ("gattach", master, 0), ("map", 0, 0x40000000, 2, 1, "rw"), ("stick", 0), ("remove", overlays[1]):
                self.assertIsNotNone(getattr(model, "do_" + call[0])(*call[1:]), call)
            self.assertEqual(model.outcome(0, port, 0x40000000, False), ("$p2 translated", doubt))


class Trees(unittest.TestCase):
    def setUp(self):
        for target, result in ((mutate.tree, NODES), (mutate, ["h6-all"])):
            name = "nodes_of" if target is mutate.tree else "bases"
            self.enterContext(unittest.mock.patch.object(target, name, lambda _, result=result: tree.copied(result)))

    def test_same_seed_same_tree(self):
        texts = [mutate.story("h6", [mutate.generate(seed, "h6")], []) for seed in ("7", "7", "8")]
        self.assertEqual(texts[0], texts[1])
        self.assertNotEqual(texts[0], texts[2])

    def checks(self, *changes):
        return mutate.checks(mutate.Tree("h6", "h6-all", list(changes)))

    def test_good_tree(self):
        self.assertEqual(
            self.checks(),
            ["tree_iommu 1030f0000.iommu good", 'tree_master 102000000.dma-master good "0:4" "0:0 0:2 0:3 0:5"'],
        )

    def test_bad_cells(self):
        bad = self.checks(("set_value", ("node0", "#iommu-cells", [2])))
        self.assertIn("102000000.dma-master bad", bad[1])
        # The core ignores entries from the first malformed one on.
        self.assertIn('102000000.dma-master any "0:4"', self.checks(("add_cells", ("node1", "iommus", ["&gic", 0])))[1])
        self.assertIn("102000000.dma-master bad", self.checks(("set_cell", ("node1", "iommus", 0, "&gic")))[1])
        # The number of a reference may be that of any port, also for the other masters.
        lines = self.checks(("repeat_node", ("node1", "again0")), ("set_cell", ("again0", "iommus", 1, "&gic")))
        self.assertIn('"0:4" ""', lines[1])


class Same(unittest.TestCase):
    def test_numbers_do_not_count(self):
        one = "wanted: 0 3 w 0x400fe000 denied, was: 0 3 w 0x400fe000 0x021e8000 translated"
        two = "wanted: 0 1 r 0x40000000 denied, was: 0 1 r 0x40000000 0x021e9000 translated"
        other = "wanted: 0 1 r 0x40000000 0x021e9000 translated, was: 0 1 r 0x40000000 denied"
        self.assertTrue(run.same([one], [two]))
        self.assertFalse(run.same([one], [other]))


class Run(unittest.TestCase):
    """The loop, with a board on which each story that has the input 13 fails."""

    def test_failures_are_found_among_many(self):
        module = unittest.mock.Mock(WHAT="inputs")
        module.generate = lambda seed, name: int(seed.split("/")[-1])
        module.story = lambda name, items, about, own=None: (" ".join(map(str, items)), {})
        target = run.Target(module, "h6", "h6-bare")
        boots = []

        def boot(stories, overlays):
            boots.append(len(stories))
            results, broken = {}, False
            for name, text in stories.items():
                # After a failure nothing can be believed.
                broken |= "13" in text.split()
                results[name] = ["it broke"] if broken else None
            return results

        target.boot = boot
        self.assertEqual(run.batch(target, list(range(40))), [(13, ["it broke"])])
        self.assertEqual(target.done, 40)


if __name__ == "__main__":
    unittest.main()
