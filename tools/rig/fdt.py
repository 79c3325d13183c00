# SPDX-License-Identifier: GPL-2.0
"""Reads flattened devicetrees, counts the IOMMUs and masters in them, and changes
those of real machines so that the board can boot with them."""

import re
import struct

BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9

# The property of an IOMMU, and those that refer to one.
OF_IOMMUS = ("#iommu-cells", "iommus", "iommu-map")


class Node:
    def __init__(self, name, parent):
        self.path = (parent.path.rstrip("/") + "/" + name) if parent else "/"
        self.parent = parent
        self.props = {}
        # Offset of the token of each property.
        self.places = {}

    def cells(self, name):
        """The cells of a property, as numbers."""
        data = self.props.get(name, b"")
        return struct.unpack(f">{len(data) // 4}I", data)

    def strings(self, name):
        return self.props.get(name, b"").decode().split("\0")[:-1]

    @property
    def disabled(self):
        return bool(self.strings("status")) and self.strings("status")[0] not in ("okay", "ok")


def read(blob):
    """The nodes of a tree, in order."""
    magic, _, structure, names = struct.unpack_from(">4I", blob)
    if magic != 0xD00DFEED:
        raise ValueError("no devicetree")
    nodes, current, at = [], None, structure
    while True:
        place = at
        (token,) = struct.unpack_from(">I", blob, at)
        at += 4
        if token == BEGIN_NODE:
            end = blob.index(b"\0", at)
            current = Node(blob[at:end].decode(), current)
            nodes.append(current)
            at = end + 4 & ~3
        elif token == END_NODE:
            current = current.parent
        elif token == PROP:
            length, name = struct.unpack_from(">2I", blob, at)
            name = blob[names + name : blob.index(b"\0", names + name)].decode()
            current.props[name] = bytes(blob[at + 8 : at + 8 + length])
            current.places[name] = place
            at += 8 + length + 3 & ~3
        elif token == END:
            return nodes
        elif token != NOP:
            raise ValueError(f"token {token} at {place:#x}")


def is_dart(node):
    return any(name.startswith("apple,") and name.endswith("-dart") for name in node.strings("compatible"))


def is_smmu(node):
    """Whether it is the memory controller of a Tegra, with an SMMU, or an SMMU with a node of its own."""
    return "#iommu-cells" in node.props and any(re.fullmatch(r"nvidia,tegra\d+-(mc|smmu)", name) for name in node.strings("compatible"))


def count(blob):
    """The counts that the story "sweep" must find."""
    nodes = read(blob)
    by_phandle = {node.cells("phandle")[0]: node for node in nodes if node.cells("phandle")}
    counts = {"iommus": 0, "disabled": 0, "masters": 0, "streams": 0, "maps": 0, "entries": 0, "functions": 0}
    for node in nodes:
        if is_dart(node) or is_smmu(node):
            counts["iommus"] += 1
            counts["disabled"] += node.disabled
        if rest := node.cells("iommus"):
            counts["masters"] += 1
            while rest:
                rest = rest[1 + by_phandle[rest[0]].cells("#iommu-cells")[0] :]
                counts["streams"] += 1
        if rest := node.cells("iommu-map"):
            mask = (node.cells("iommu-map-mask") or (0xFFFFFFFF,))[0]
            named = set()
            counts["maps"] += 1
            while rest:
                named.update(range(rest[0], rest[0] + rest[2 + by_phandle[rest[1]].cells("#iommu-cells")[0]]))
                rest = rest[3 + by_phandle[rest[1]].cells("#iommu-cells")[0] :]
                counts["entries"] += 1
            counts["functions"] += sum(rid & mask in named for rid in range(0x10000))
    return counts


def prepare(blob):
    """A copy of the tree that the board can boot with.

    Memory nodes lose their device_type, since user-mode Linux has its own memory.
    nonposted-mmio is removed, since user-mode Linux has no ioremap_np(). IOMMUs and
    masters that the machine has disabled are enabled.
    """
    result = bytearray(blob)

    def blank(start, end):
        result[start:end] = struct.pack(">I", NOP) * ((end - start) // 4)

    for node in read(blob):
        gone = ["device_type"] if node.strings("device_type") == ["memory"] else []
        for name in [*gone, *node.props.keys() & {"nonposted-mmio"}]:
            place = node.places[name]
            blank(place, place + 12 + len(node.props[name]) + 3 & ~3)
        if node.disabled and any(name in node.props for name in OF_IOMMUS):
            place, length = node.places["status"], len(node.props["status"])
            struct.pack_into(">I", result, place + 4, len(b"okay\0"))
            result[place + 12 : place + 20] = b"okay\0\0\0\0"
            blank(place + 20, place + 12 + length + 3 & ~3)
    return bytes(result)
