# SPDX-License-Identifier: GPL-2.0
"""Devicetree nodes of the boards as data, and as the text of an overlay.

A property is a list of items: numbers and references ("&label") for cells, and strings.
Bytes are a property that is no list of cells.
"""

import copy
import struct

from rig import fdt

STRINGS = {"compatible", "status", "clock-names"}
# Where a reference stands in these properties: the number of cells that follow it.
REFERENCES = {"iommus": 1, "clocks": 1, "resets": 1, "interrupt-parent": 0, "nvidia,memory-controller": 0}


class Node:
    def __init__(self, label, parent, name, props):
        self.label = label
        self.parent = parent  # a path of the base tree
        self.name = name
        self.props = props

    @property
    def is_iommu(self):
        return "iommus" not in self.props

    @property
    def address(self):
        """The address of the registers on the bus of the SoC, as the board has it."""
        first = (self.props.get("reg") or [0])[0]
        return (first if isinstance(first, int) else 0) + (0x1000000 if "bus@" in self.parent else 0)

    @property
    def device(self):
        """The name of the node's platform device."""
        return f"{0x100000000 + self.address:x}.{self.name.split('@')[0]}" if self.props.get("reg") else self.name


def nodes_of(dtb):
    """The IOMMUs and the masters of a board's tree, IOMMUs first."""
    found = fdt.read(dtb.read_bytes())
    wanted = [node for node in found if "#iommu-cells" in node.props or "iommus" in node.props]
    wanted.sort(key=lambda node: "iommus" in node.props)
    labels = {node.path: f"node{at}" for at, node in enumerate(wanted)}
    symbols = next((node for node in found if node.path == "/__symbols__"), None)
    for name, path in symbols.props.items() if symbols else ():
        labels.setdefault(path.rstrip(b"\0").decode(), name)
    phandles = {node.cells("phandle")[0]: labels.get(node.path) for node in found if node.cells("phandle")}

    def items(name, data):
        if name in STRINGS:
            return data.decode().split("\0")[:-1]
        cells = list(struct.unpack(f">{len(data) // 4}I", data))
        step = REFERENCES.get(name)
        if step is not None:
            for at in range(0, len(cells), step + 1):
                # The display's clocks have no label in overlays of other trees; any clock will do.
                cells[at] = f"&{phandles.get(cells[at]) or 'ccu'}"
        return cells

    result = []
    for node in wanted:
        parent, name = node.path.rsplit("/", 1)
        props = {key: items(key, data) for key, data in node.props.items() if key not in ("phandle", "name", "interrupt-parent")}
        result.append(Node(labels[node.path], parent, name, props))
    return result


def text_of(value):
    if isinstance(value, bytes):
        return "[" + value.hex(" ") + "]"
    if not value:
        return None
    if any(isinstance(item, str) and not item.startswith("&") for item in value):
        return ", ".join(f'"{item}"' if isinstance(item, str) else f"<{item:#x}>" for item in value)
    return "<" + " ".join(item if isinstance(item, str) else f"{item:#x}" for item in value) + ">"


def overlay(nodes, about=()):
    """The source of an overlay that adds the nodes."""
    lines = ["// SPDX-License-Identifier: GPL-2.0", *(f"// {line}" for line in about), "/dts-v1/;", "/plugin/;"]
    for node in nodes:
        lines += ["", f"&{{{node.parent}}} {{", f"\t{node.label}: {node.name} {{"]
        for name, value in node.props.items():
            text = text_of(value)
            lines.append(f"\t\t{name} = {text};" if text else f"\t\t{name};")
        lines += ["\t};", "};"]
    return "\n".join(lines) + "\n"


def copied(nodes):
    return copy.deepcopy(nodes)
