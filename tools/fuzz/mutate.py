# SPDX-License-Identifier: GPL-2.0
"""Mutated devicetrees, and the stories that apply them.

The nodes of a board's tree (its IOMMUs and their masters) are changed and added to a board
without IOMMU, by an overlay. The story knows the nodes that are as in the board's tree, so
they must work. For the other nodes it checks what must hold for any tree: a master that
the core puts behind an IOMMU reaches its pages through the ports that the tree names, and
no port passes untranslated that no node names. An IOMMU that is refused has one line in the
log, any other device at most one. When the overlay is removed, nothing is left.
"""

import itertools
import random

from fuzz import tree
from fuzz.reference import FAMILIES
from rig import paths

WHAT = "trees"
KINDS = {
    "h6": "sun50i", "h616": "sun50i", "t8103": "dart", "usb4": "dart", "t6000": "dart", "t8112": "dart", "t6020": "dart",
    "t30": "tegra", "t114": "tegra", "t124": "tegra", "t210": "tegra",
}  # fmt: skip
PORTS = {name: family.ports for name, family in FAMILIES.items()} | {"usb4": range(64)}  # the others have 16
# Boards whose masters can be in a paging domain on UML, and those that refuse masters.
PAGING, REFUSING = tuple(FAMILIES), ("usb4",)

# The registers of the models' instances. The first of a Tegra has those of the memory controller.
WINDOWS = (0x30F0000, 0x30E0000, 0x30D0000, 0x30C0000)
FIRST = {"t30": 0x7000F000, "t114": 0x70019000, "t124": 0x70019000, "t210": 0x70019000}
NUMBERS = (0, 1, 2, 3, 5, 6, 7, 8, 15, 16, 31, 32, 63, 64, 77, 255, 256, 0xFFFF, 0x10000, 0x10001, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
COMPATIBLES = (
    "allwinner,sun50i-h6-iommu", "allwinner,sun50i-h616-iommu", "apple,t8103-dart", "apple,t8103-usb4-dart",
    "apple,t6000-dart", "apple,t8110-dart", "apple,t6020-dart", "iommu-board,absent", "",
)  # fmt: skip


# The nodes that each driver binds to.
DRIVERS = {
    "sun50i": {"allwinner,sun50i-h6-iommu", "allwinner,sun50i-h616-iommu"},
    "dart": {"apple,t8103-dart", "apple,t8103-usb4-dart", "apple,t6000-dart", "apple,t8110-dart"},
    "tegra": {f"nvidia,tegra{soc}-smmu" for soc in (30, 114, 124, 132, 210)},
}
# The properties of an IOMMU that no other one may have as well, and the cells of the first entry.
OWN = {"reg": 1, "clocks": 2, "resets": 2, "interrupts": 3}


class Tree:
    """The tree of a board, and the changes that are made to it."""

    def __init__(self, name, base, changes):
        self.name = name
        self.base = base  # a devicetree of the board, without .dtb
        self.changes = changes

    def original(self):
        return tree.nodes_of(paths.OUT / "dtb" / f"{self.base}.dtb")

    def nodes(self):
        nodes = self.original()
        for change, arguments in self.changes:
            CHANGES[change](nodes, *arguments)
        for node in nodes:
            # of_device_make_bus_id() reads an address without a check of the length.
            reg = node.props.get("reg", [0])
            if len(reg) < (4 if isinstance(reg, bytes) else 1):
                del node.props["reg"]
        return nodes


# --- changes: each gets the nodes and its arguments, and does nothing if it cannot be made ---------


def at(nodes, label):
    return next((node for node in nodes if node.label == label), None)


def set_value(nodes, label, name, value):
    node = at(nodes, label)
    if node:
        node.props[name] = value


def set_cell(nodes, label, name, index, value):
    node = at(nodes, label)
    cells = node.props.get(name) if node else None
    if isinstance(cells, list) and index < len(cells):
        node.props[name] = [*cells[:index], value, *cells[index + 1 :]]


def drop_cell(nodes, label, name, index):
    node = at(nodes, label)
    cells = node.props.get(name) if node else None
    if isinstance(cells, list) and index < len(cells):
        node.props[name] = cells[:index] + cells[index + 1 :]


def add_cells(nodes, label, name, cells):
    node = at(nodes, label)
    if node and isinstance(node.props.get(name, []), list):
        node.props[name] = node.props.get(name, []) + cells


def drop_property(nodes, label, name):
    node = at(nodes, label)
    if node:
        node.props.pop(name, None)


def drop_node(nodes, label):
    if node := at(nodes, label):
        nodes.remove(node)


def repeat_node(nodes, label, name):
    if (node := at(nodes, label)) and not at(nodes, name):
        again = tree.copied([node])[0]
        again.label, again.name = name, f"{name}@{node.name.split('@')[-1]}"
        nodes.append(again)


def move_first(nodes, label):
    if node := at(nodes, label):
        nodes.remove(node)
        nodes.insert(0, node)


CHANGES = {
    function.__name__: function
    for function in (set_value, set_cell, drop_cell, add_cells, drop_property, drop_node, repeat_node, move_first)
}


def a_change(rng, nodes, kind_of_board):
    """A change of these nodes: its name, and its arguments."""
    node = rng.choice(nodes)
    labels = [f"&{other.label}" for other in nodes] + ["&gic"]
    number = rng.choice(NUMBERS)
    if rng.random() < 0.5 and not node.is_iommu:
        name = "iommus"
    else:
        name = rng.choice(sorted(node.props))
    value = node.props.get(name) or []
    length = len(value) if isinstance(value, list) else 1
    kind = rng.randrange(14)
    if kind < 4 and name in ("iommus", "clocks", "resets", "interrupts", "apple,dma-range", "#iommu-cells") and length:
        index = rng.randrange(length)
        is_reference = isinstance(value, list) and isinstance(value[index], str)
        return "set_cell", (node.label, name, index, rng.choice([*labels, number]) if is_reference else number)
    if kind == 4 and length:
        return "drop_cell", (node.label, name, rng.randrange(length))
    if kind == 5 and name not in tree.STRINGS:
        more = [rng.choice(labels), number] if name in tree.REFERENCES else [number]
        return "add_cells", (node.label, name, more)
    if kind == 6:
        return "drop_property", (node.label, name)
    if kind == 7:
        return "set_value", (node.label, name, bytes(rng.randrange(256) for _ in range(rng.choice((1, 2, 3, 5, 6, 7, 9)))))
    if kind == 8:
        return "set_value", (node.label, name, [])
    if kind == 9 and node.is_iommu:
        more = sorted(DRIVERS["tegra"]) if kind_of_board == "tegra" else []
        return "set_value", (node.label, "compatible", rng.sample([*COMPATIBLES, *more], rng.choice((1, 1, 2))))
    if kind == 10:
        return "set_value", (node.label, "status", [rng.choice(("disabled", "okay", "ok", "fail", "reserved", ""))])
    if kind == 11:
        if node.is_iommu and kind_of_board == "tegra":
            return "set_value", (node.label, "nvidia,memory-controller", rng.choice(([rng.choice(labels)], ["&mc"], [number], ["&mc", number])))
        if node.is_iommu:
            start = rng.choice(((0, 0), (0, 0x40000000), (0xF, 0), (0, 0xFFFFF000), (0xFFFFFFFF, 0xFFFFF000), (0, 0x123)))
            size = rng.choice(((0, 0x1000), (0, 0x10000000), (0, 0), (1, 0), (0, 0xFFFFF000), (0xFFFFFFFF, 0xFFFFFFFF)))
            return "set_value", (node.label, "apple,dma-range", [*start, *size][: rng.choice((4, 4, 4, 2, 3))])
        region = [rng.choice(labels), 0, rng.choice((0x40000000, 0xFFFFF000, 0, 0x123)), 0, rng.choice((0x1000, 0, 0xFFFFFFFF))]
        return "set_value", (node.label, rng.choice(("memory-region", "iommu-addresses")), region[: rng.choice((1, 5, 5, 3))])
    if kind == 12:
        what = rng.choice(("drop_node", "move_first", "repeat_node"))
        return what, (node.label, f"again{rng.randrange(3)}") if what == "repeat_node" else (node.label,)
    if kind == 13 and node.is_iommu:
        size = rng.choice((0, 0x100, 0x400, 0x1000, 0x4000, 0x10000, 0x100000, 0xFFFFFFFF))
        return "set_value", (node.label, "reg", [rng.choice((*WINDOWS, 0x3080000, 0xF0000000)), size])
    if node.is_iommu:
        # Not "iommus": sysfs has one name for an IOMMU's own directory and for the link to the IOMMU that it is behind.
        return "set_value", (node.label, "#iommu-cells", [number])
    return "add_cells", (node.label, "iommus", [rng.choice(labels), number])


def bases(name):
    """The devicetrees of a board that have masters."""
    found = sorted(path.stem for path in (paths.OUT / "dtb").glob(f"{name}*.dtb") if path.stem.split("-")[0] == name)
    # In those with "-part" the IOMMU is a node that the board without IOMMU has as well.
    return [stem for stem in found if not stem.endswith(("-none", "-bare")) and "-part" not in stem]


def generate(seed, name):
    """A mutated tree."""
    rng = random.Random(seed)
    result = Tree(name, rng.choice(bases(name)), [])
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4, 6))):
        if nodes := result.nodes():
            result.changes.append(a_change(rng, nodes, KINDS[name]))
    return result


# --- what must hold ----------------------------------------------------------------------------


def changed(one):
    """Labels of the nodes that are not as in the board's tree."""
    before = {node.label: node.props for node in one.original()}
    return {node.label for node in one.nodes() if before.get(node.label) != node.props}


def ids_of(node, iommus):
    """What `iommus` says: the (label of an IOMMU, port) that it names, and whether the master must have no group.

    The core takes entries until one is malformed. The second result is None if that depends
    on numbers that are not known here.
    """
    cells, found = node.props.get("iommus"), []
    if not isinstance(cells, list):
        return [], None
    while cells:
        iommu = iommus.get(cells[0][1:]) if isinstance(cells[0], str) else None
        count = iommu.props.get("#iommu-cells") if iommu else None
        if not iommu:
            return found, None if isinstance(cells[0], int) else not found
        if count != [1]:
            known = isinstance(count, list) and len(count) == 1 and isinstance(count[0], int)
            # The driver refuses another number of cells, but an entry that is too short ends the list.
            short = known and count[0] >= len(cells)
            if not known or count[0] > 16:
                return found, None
            return found, not found if short else True
        if len(cells) < 2:
            return found, not found
        if not isinstance(cells[1], int):
            return found, None
        found.append((iommu.label, cells[1]))
        cells = cells[2:]
    return found, not found


def checks(one):
    """The lines of the story for the nodes of a tree."""
    nodes, touched = one.nodes(), changed(one)
    iommus = {node.label: node for node in nodes if "#iommu-cells" in node.props}
    masters = [node for node in nodes if "iommus" in node.props and node.label not in iommus]
    kind = KINDS[one.name]
    ports = PORTS.get(one.name, range(16))
    windows = (FIRST.get(one.name, WINDOWS[0]), *WINDOWS[1:])
    before = {node.label: node for node in one.original()}
    # The model of each IOMMU, by the address of its registers. One of another kind than the tree
    # says need not work, and one without its interrupt stalls a master that has faulted.
    where = {
        label: windows.index(node.address)
        for label, node in iommus.items()
        if node.address in windows and label in before
        and all(before[label].props.get(name) == node.props.get(name) for name in ("compatible", "interrupts"))
    }
    # Either of two nodes that share a resource may be the one that works.
    shared = {node.label for node in iommus.values() for other in iommus.values() if node is not other and shares(node, other)}
    regs = [(node.props.get("reg") or [None])[:1] if isinstance(node.props.get("reg"), list) else None for node in nodes]
    good = {label for label in iommus if label not in touched and label in where and label not in shared}
    if kind == "tegra":
        # The driver claims no registers, so both work with the same ones.
        where = {label: window for label, window in where.items() if label not in shared}
    lines = []
    for label, node in iommus.items():
        compatible = node.props.get("compatible")
        offered = isinstance(compatible, list) and DRIVERS[kind] & set(compatible)
        lines.append(f"tree_iommu {node.device} {'good' if label in good else 'any' if offered else 'other'}")
    named = {}  # {model: ports that some node names}
    for node in nodes:
        cells = node.props.get("iommus")
        for last, cell in itertools.pairwise(cells if isinstance(cells, list) else ()):
            # The number of a port may be that of a reference, which is not known here.
            numbers = {cell} if isinstance(cell, int) else range(16) if isinstance(last, str) else ()
            for model in where.values():
                named.setdefault(model, set()).update(numbers)
    for node in masters:
        ids, refused = ids_of(node, iommus)
        unique = regs.count((node.props.get("reg") or [None])[:1] if isinstance(node.props.get("reg"), list) else None) == 1
        usable = refused is False and all(label in good and port in ports for label, port in ids)
        behind = {label for label, _ in ids}
        if one.name in REFUSING:
            usable = False
        if len(behind) > 1:
            usable = usable and kind == "dart" and masters_agree(masters, iommus)
        elif kind != "sun50i":
            usable = usable and masters_agree(masters, iommus)
        state = "good" if usable and unique and node.label not in touched else "bad" if refused else "any"
        pairs = " ".join(f"{where[label]}:{port}" for label, port in ids if label in where and port in ports)
        free = []
        for model in sorted({where[label] for label in behind if label in where}):
            taken = named.get(model, set()) | set(FAMILIES[one.name].second if one.name in FAMILIES else ())
            free += [f"{model}:{port}" for port in ports[:16] if port not in taken][:4]
        lines.append(f'tree_master {node.device} {state} "{pairs}" "{" ".join(free)}"')
    return lines


def shares(node, other):
    """Whether two IOMMUs have the same of something."""

    def first(which, name):
        value = which.props.get(name)
        return value[: OWN[name]] if isinstance(value, list) and value else None

    return any(first(node, name) and first(node, name) == first(other, name) for name in OWN)


def masters_agree(masters, iommus):
    """Whether masters that share a stream are behind the same DARTs, so that none is refused."""
    lists = [ids_of(node, iommus)[0] for node in masters]
    order = [list(dict.fromkeys(label for label, _ in ids)) for ids in lists]
    pairs = [(a, b) for a in range(len(lists)) for b in range(len(lists)) if a != b and set(lists[a]) & set(lists[b])]
    return all(order[a] == order[b] for a, b in pairs) and all(sum(a == one for one, _ in pairs) < 2 for a in range(len(lists)))


# Registers of an IOMMU whose clock or reset another node controls are accessed without them.
POWER = {"clocks", "resets", "reg", "#iommu-cells", "compatible"}


def story(name, trees, about, own=None):
    """A story that applies these trees, one after the other, and the sources of their overlays."""
    paging = "true" if name in PAGING else "false"
    lines, overlays = [], {}
    for one in trees:
        label = own or f"tree-{hash_of(one)}"
        overlays[f"{name}-{label}"] = tree.overlay(one.nodes(), describe(one))
        # Nothing works if dtc or the OF core does not take the overlay, and that is right.
        lines += [f"if tree {label}; then", *("\t" + line for line in checks(one)), "\ttree_end", "fi"]
    head = ["# SPDX-License-Identifier: GPL-2.0", "# shellcheck shell=busybox", *(f"# {line}" for line in about), "", ". /stories/lib/tree.sh"]
    head += ["# The reset controller warns about a line that two devices have for themselves.", "allow_splat 'WARNING: drivers/reset/core.c'"]
    head += ["# User-mode Linux warns about registers where the board has none.", "allow_splat 'WARNING: lib/logic_iomem.c'"]
    head += ["# Nodes at the same address have devices of the same name.", "allow_splat 'kobject_add_internal failed for [0-9a-f]+[.]'"]
    if any(len(arguments) > 1 and arguments[1] in POWER or change == "repeat_node" for one in trees for change, arguments in one.changes):
        head.append("oracle_ignore '_misuse_(gated|reset|unpowered)_accesses'")
    if any("compatible" in arguments for one in trees for _, arguments in one.changes):
        # Registers that hardware of another kind does not have are read.
        head.append("oracle_ignore '_misuse_'")
    return "\n".join([*head, f"tree_start {paging}", *lines, "probe_end", ""]), overlays


def hash_of(one):
    return f"{random.Random(repr((one.base, one.changes))).randrange(1 << 32):08x}"


def describe(one):
    return [f"{one.base}, with these changes:", *(f"{change} {', '.join(map(str, arguments))}" for change, arguments in one.changes)]


def parts(one):
    """What can be removed from a tree: its changes."""
    return one.changes


def whole(one, rest):
    return Tree(one.name, one.base, rest)


def sources(name, one, own):
    """Files that the story needs, besides itself."""
    return {f"{name}-{own}.dtso": tree.overlay(one.nodes(), describe(one))}

