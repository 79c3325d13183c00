# SPDX-License-Identifier: GPL-2.0
"""Tests of fdt.py: python3 -m unittest discover scripts/tests"""

import pathlib
import struct
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from rig import fdt  # noqa: E402


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def build(root):
    """The blob of a tree of dicts: properties are bytes, nodes are dicts."""
    names = bytearray()

    def node(name, content):
        data = struct.pack(">I", fdt.BEGIN_NODE) + padded(name.encode() + b"\0")
        for key, value in content.items():
            if isinstance(value, dict):
                data += node(key, value)
                continue
            data += padded(struct.pack(">3I", fdt.PROP, len(value), len(names)) + value)
            names.extend(key.encode() + b"\0")
        return data + struct.pack(">I", fdt.END_NODE)

    structure = node("", root) + struct.pack(">I", fdt.END)
    return struct.pack(">10I", 0xD00DFEED, 0, 40, 40 + len(structure), 0, 17, 16, 0, len(names), len(structure)) + structure + bytes(names)


def cells(*numbers):
    return struct.pack(f">{len(numbers)}I", *numbers)


def dart(phandle, **more):
    name = b"apple,t6020-dart\0apple,t8110-dart\0"
    return {"compatible": name, "phandle": cells(phandle), "#iommu-cells": cells(1), **more}


TREE = {
    "memory": {"device_type": b"memory\0", "reg": cells(8, 0, 2, 0)},
    "soc": {
        "nonposted-mmio": b"",
        "iommu@1": dart(1),
        "iommu@2": dart(2, status=b"disabled\0"),
        "usb": {"iommus": cells(1, 0, 2, 1)},
        "display": {"status": b"disabled\0", "iommus": cells(2, 0)},
        "serial": {"status": b"disabled\0"},
        "pcie": {"iommu-map": cells(0x100, 1, 1, 1, 0x200, 2, 1, 2), "iommu-map-mask": cells(0xFF00)},
    },
}


class Fdt(unittest.TestCase):
    def test_count(self):
        wanted = {"iommus": 2, "disabled": 1, "masters": 2, "streams": 3, "maps": 1, "entries": 2, "functions": 512}
        self.assertEqual(fdt.count(build(TREE)), wanted)

    def test_no_mask(self):
        tree = {"iommu": dart(7), "pcie": {"iommu-map": cells(0x100, 7, 0, 0x20)}}
        self.assertEqual(fdt.count(build(tree))["functions"], 0x20)

    def test_prepare(self):
        before = {node.path: node for node in fdt.read(build(TREE))}
        after = {node.path: node for node in fdt.read(fdt.prepare(build(TREE)))}
        self.assertEqual(before.keys(), after.keys())
        changed = {}
        for path, node in before.items():
            for name in node.props.keys() | after[path].props.keys():
                if node.props.get(name) != after[path].props.get(name):
                    changed[path, name] = after[path].props.get(name)
        self.assertEqual(
            changed,
            {
                ("/memory", "device_type"): None,
                ("/soc", "nonposted-mmio"): None,
                ("/soc/iommu@2", "status"): b"okay\0",
                ("/soc/display", "status"): b"okay\0",
            },
        )

    def test_tegra(self):
        controller = {"compatible": b"nvidia,tegra210-mc\0", "phandle": cells(1), "#iommu-cells": cells(1)}
        tree = {"mc": {**controller, "reg": cells(0, 0x70019000, 0, 0x1000)}, "vic": {"iommus": cells(1, 22)}}
        counts = fdt.count(build(tree))
        self.assertEqual((counts["iommus"], counts["masters"], counts["streams"]), (1, 1, 1))
        self.assertEqual(fdt.prepare(build(tree)), build(tree))
        tree["smmu"] = {**controller, "compatible": b"nvidia,tegra210-smmu\0", "phandle": cells(2)}
        self.assertEqual(fdt.count(build(tree))["iommus"], 2)


if __name__ == "__main__":
    unittest.main()
