# SPDX-License-Identifier: GPL-2.0
"""The reference model: the memory that each port of each IOMMU reaches.

It is written after Documentation/sun50i.rst, apple-dart.rst and tegra.rst, not after the drivers. A
call is a method do_NAME, which changes the model and returns the lines of a story that
make the call and check its result. A call that is not possible in the current state, or
that the core's API forbids, returns None and changes nothing.
"""

import re

from fuzz import board

PAGE = 0x1000
PAGES = 8  # of buffer 0, see lib/probe.sh

# Addresses of the instances, by the number of their model.
INSTANCES = ("30f0000", "30e0000")
SLOTS = 3  # domains

IDENTITY, BLOCKED = "identity", "blocked"


class Family:
    """A SoC with a kind of hardware, and the overlays that sequences apply. A port of Tegra is a swgroup."""

    def __init__(self, name, kind, ports, overlays, second=None, numbers=None, together=()):
        self.name = name
        self.kind = kind
        self.ports = ports
        self.second = second or {}  # {second port: first port} of one device
        self.numbers = numbers or {}  # of the ports that the overlays name
        self.together = set(together)  # ports whose masters are one group
        # Where the accesses go while no driver is bound to the instance.
        self.off = BLOCKED if kind == "dart" else IDENTITY
        self.overlays = {overlay: parse_overlay(self, overlay) for overlay in overlays}

    @property
    def has_power(self):
        """Whether the driver switches a clock and a reset; then all masters of an instance are one group, too."""
        return self.kind == "sun50i"

    @property
    def keeps_denying(self):
        """Whether a port stays denied without a driver, and ports pass that no node names."""
        return self.kind == "tegra"


class Node:
    """A node of an overlay: an instance, or a master with its (instance, port)."""

    def __init__(self, name, address, ids):
        self.device = f"{0x100000000 + int(address, 16):x}.{name}"
        self.address = address
        self.ids = ids

    @property
    def instance(self):
        return INSTANCES.index(self.address) if self.address in INSTANCES else None


NODE = re.compile(r"^\t(?:(\w+): )?([\w-]+)@([0-9a-f]+) \{\n(.*?)^\t\};", re.M | re.S)


def parse_overlay(family, name):
    """The nodes of an overlay of the board, in order."""
    prefix = family.name if family.kind == "sun50i" else family.kind
    found = NODE.findall((board.DTS / "overlays" / f"{prefix}-{name}.dtso").read_text())
    labels = {label: INSTANCES.index(address) for label, _, address, body in found if "#iommu-cells" in body}
    labels |= {"iommu": 0, "dart0": 0, "smmu": 0}

    def number(text):
        return family.numbers[text.removeprefix("TEGRA_SWGROUP_")] if text.startswith("TEGRA") else int(text)

    return [
        Node(node, address, [(labels[label], number(text)) for label, text in re.findall(r"<&(\w+) (\w+)>", body) if label in labels])
        for _, node, address, body in found
    ]


def tegra(name, ports, numbers, together):
    """A Tegra, with the numbers of the swgroups that its overlays name."""
    overlays = ("sharer", "codec", "masters", "host", "fourth", "wide", "instance-master", "instance-masters")
    names = ("DC", "DCB", "AVPC", "HDA", "HC", "PPCS", "VI")
    return Family(name, "tegra", ports, overlays, numbers=dict(zip(names, numbers)), together=together)


# The second port of the video engine: see sun50i.rst. Swgroups of Tegra that have clients, without
# the GPU's, which selects by an address bit whether it is translated.
FAMILIES = {
    "h6": Family("h6", "sun50i", range(6), ("sharer", "codec", "codec-g2", "masters", "wide", "instance-master", "instance-masters"), {1: 3}),
    "h616": Family("h616", "sun50i", range(7), ("sharer", "codec", "codec-g2", "masters", "wide", "instance-master", "instance-masters"), {2: 3}),
    "t8103": Family("t8103", "dart", range(16), ("sharer", "codec", "partner", "sharer-too", "pair", "wide", "instance-master", "instance-masters", "span")),
    "t30": tegra("t30", (*range(1, 16), 18), (1, 2, 8, 11, 12, 13, 6), (1, 2, 4, 9, 10)),
    "t114": tegra("t114", (*range(1, 12), *range(14, 18), 19), (1, 2, 5, 7, 8, 10, 14), (1, 2, 4, 6)),
    "t124": tegra("t124", (*range(1, 11), *range(13, 19), *range(20, 26)), (1, 2, 4, 5, 6, 8, 25), (1, 2, 24)),
    "t210": tegra("t210", (*range(1, 10), *range(11, 17), *range(18, 31)), (1, 2, 4, 5, 6, 8, 23), (1, 2)),
}


class Group:
    """Masters that the core attaches together."""

    def __init__(self):
        self.members = []
        self.domain = IDENTITY  # or BLOCKED, or the number of a paging domain
        self.holder = None  # the master whose client has attached it
        self.way = None  # the call that has: group, sole or handle


class Domain:
    def __init__(self, behind):
        self.behind = behind  # the instances that it was made for
        self.pages = {}  # {address: (page of the buffer, r, w or rw)}


class Reference:
    def __init__(self, family, can_sleep=False):
        self.family = family
        self.can_sleep = can_sleep
        self.loaded = True
        self.applied = {}  # {overlay: its nodes}
        self.masters = {}  # {address: Node}, in the order of their devices
        self.groups = {}  # {address: Group}, of masters that have one
        self.clients = set()  # addresses of masters with a driver
        self.domains = {}
        # Of each instance {port: domain of the port}; ports that no node has named are missing.
        self.ports = [{}, {}]
        self.bound = [True, False]
        self.generation = [0, 0]  # changes when an instance is bound
        self.stuck = [False, False]
        # Ports that are in doubt: an invalidation for them has failed, and none has succeeded since.
        self.doubt = [set(), set()]
        # sun50i: could not be powered to deny, so everything passes.
        self.hole = [False, False]
        self.turned = False  # a knob of a model was

    # --- outcomes ---------------------------------------------------------------

    def is_enabled(self, i):
        """sun50i: whether a port needs the hardware to translate or deny."""
        return any(state != IDENTITY for state in self.ports[i].values()) and not self.hole[i]

    def state(self, i, port):
        """The domain that the accesses of a port are in."""
        if self.family.keeps_denying:
            return self.ports[i].get(port, IDENTITY)
        if not self.bound[i] or (self.family.has_power and not self.is_enabled(i)):
            return self.family.off
        state = self.ports[i].get(port)
        if state is None and port in self.family.second:
            state = self.ports[i].get(self.family.second[port])
        return BLOCKED if state is None else state

    def outcome(self, i, port, address, write):
        """(the outcome of an access in the terms of lib/probe.sh, whether it may be denied instead).

        The address is a number, or "pN": the physical address of a page of the buffer.
        """
        state = self.state(i, port)
        shown = f"${address}" if isinstance(address, str) else f"{address:#010x}"
        if state == IDENTITY:
            return f"{shown} passed", False
        page = None if state == BLOCKED else self.domains[state].pages.get(address)
        if not page or ("w" if write else "r") not in page[1]:
            return "denied", False
        first = self.family.second.get(port, port) if port not in self.ports[i] else port
        return f"$p{page[0]} translated", first in self.doubt[i]

    def probe(self, i, port, address, write):
        """The line of a story that makes an access."""
        want, doubtful = self.outcome(i, port, address, write)
        at = f'"${address}"' if isinstance(address, str) else f"{address:#010x}"
        want = f'"{want}"' if " " in want else want
        return f"probe {i} {port} {'w' if write else 'r'} {at} {want}{' or-denied' if doubtful else ''}"

    # --- what the calls share ------------------------------------------------------

    def behind(self, master):
        """The instances of a master, in order, as those that exist now."""
        order = dict.fromkeys(i for i, _ in master.ids)
        return tuple((i, self.generation[i]) for i in order)

    def set_ports(self, master, state):
        """Puts the ports of a master into a domain; doubt ends, since nothing is cached of it."""
        for i, port in master.ids:
            self.ports[i][port] = state
            self.doubt[i].discard(port)
            self.hole[i] = False

    def set_group(self, group, state):
        group.domain = state
        for member in group.members:
            self.set_ports(member, state)

    def wants_power(self, i):
        """sun50i: whether the next domain that translates or denies has to power the hardware."""
        return self.family.has_power and not self.is_enabled(i)

    def used(self, d):
        """The (instance, port) that a domain is in force for."""
        return [(i, port) for i in (0, 1) if self.bound[i] for port, state in self.ports[i].items() if state == d]

    def changed(self, d):
        """The tables of a domain have changed; returns whether all of it could be invalidated."""
        whole = True
        for i, port in self.used(d):
            if self.stuck[i]:
                self.doubt[i].add(port)
                whole = False
            else:
                self.doubt[i].discard(port)
        return whole

    def group_of(self, master):
        """The group that a new master joins; None if it must be refused."""
        if self.family.has_power:
            return next((self.groups[a] for a, m in self.masters.items() if a in self.groups and m.ids[0][0] == master.ids[0][0]), Group())
        found, display = [], None
        for address, group in self.groups.items():
            other = self.masters[address]
            if set(other.ids) & set(master.ids):
                if self.behind(other) != self.behind(master):
                    return None
                if group not in found:
                    found.append(group)
            if self.is_together(other) and other.ids[0][0] == master.ids[0][0]:
                display = group
        if len(found) > 1:
            return None
        if self.is_together(master):
            display = display or Group()
            return display if found in ([], [display]) else None
        return found[0] if found else Group()

    def is_together(self, master):
        return any(port in self.family.together for _, port in master.ids)

    def may_join(self, nodes):
        """Whether masters can come now: no hardware that hangs, and no group that must stay as it is."""
        if any(self.stuck):
            return False
        for node in nodes:
            group = self.group_of(node) if node.ids else None
            if group and group.way == "sole":
                return False
        return True

    def join(self, master):
        """The core probes a master: its group's domain is attached, and its driver bound if it can be."""
        if not all(self.bound[i] for i, _ in master.ids):
            return [], False
        group = self.group_of(master)
        if group is None:
            self.clients.add(master.address)
            return [f'wait_for "{master.device}" 5 bound {master.device}', f'refute "{master.device} has a group" has_group {master.device}'], True
        owned = any(other.address in self.clients for other in group.members)
        group.members.append(master)
        self.groups[master.address] = group
        self.set_ports(master, group.domain)
        if owned and (group.domain != IDENTITY or group.way):
            # The core binds no driver to a device of a group that another driver uses.
            return [f'wait_for "{master.device} has its group" 5 has_group {master.device}'], True
        self.clients.add(master.address)
        return [f'wait_for "{master.device}" 5 usable {master.device}'], True

    def leave(self, address):
        """A master's device is removed."""
        group = self.groups.pop(address, None)
        if not group:
            self.clients.discard(address)
            return
        master = next(member for member in group.members if member.address == address)
        if group.holder == address and group.domain != BLOCKED:
            self.set_group(group, IDENTITY)
            group.holder = group.way = None
        self.clients.discard(address)
        group.members.remove(master)
        others = {pair for member in group.members for pair in member.ids}
        for i, port in master.ids:
            if (i, port) not in others:
                self.ports[i][port] = BLOCKED
                self.doubt[i].discard(port)
                self.hole[i] = False
                if self.stuck[i] and self.family.has_power:
                    # The rules have changed, which takes an invalidation of everything.
                    self.doubt[i] |= {other for other, state in self.ports[i].items() if state not in (IDENTITY, BLOCKED)}

    def bind(self, i):
        self.bound[i] = True
        self.generation[i] += 1
        self.forget(i)
        self.doubt[i] = set()
        self.hole[i] = False

    def unbind(self, i):
        self.bound[i] = False
        self.forget(i)
        self.doubt[i] = set()

    def forget(self, i):
        """All masters have been removed."""
        self.ports[i] = dict.fromkeys(self.ports[i], BLOCKED) if self.family.keeps_denying else {}

    # --- masters and instances ------------------------------------------------------

    def do_apply(self, name):
        nodes = self.family.overlays[name]
        taken = {node.address for other in self.applied.values() for node in other}
        if name in self.applied or taken & {node.address for node in nodes} or not self.may_join(nodes):
            return None
        lines = [f'check "overlay {name}" overlay_apply {name}', f'read -r over_{name.replace("-", "_")} <"$B/overlay/last"']
        self.applied[name] = nodes
        for node in nodes:
            if node.instance is not None and self.loaded:
                self.bind(node.instance)
                lines.append(f'wait_for "{node.device}" 5 bound {node.device}')
        for node in nodes:
            if node.ids:
                self.masters[node.address] = node
                lines += self.join(node)[0]
        return lines

    def do_remove(self, name):
        if name not in self.applied:
            return None
        nodes = self.applied[name]
        for node in nodes:
            group = self.groups.get(node.address)
            # The core warns if a driver is unbound from a group that was attached with a handle.
            if group and group.way == "handle" and (group.domain == BLOCKED or len(group.members) > 1):
                return None
            if group and group.way == "sole" and len(group.members) > 1:
                return None
        del self.applied[name]
        for node in nodes:
            if node.ids:
                self.leave(node.address)
                del self.masters[node.address]
        for node in nodes:
            if node.instance is not None and self.bound[node.instance]:
                self.unbind(node.instance)
        return [f'check "overlay {name} is removed" overlay_remove "$over_{name.replace("-", "_")}"']

    def do_unload(self):
        if not self.loaded:
            return None
        if self.groups or self.domains:
            return ['refute "the driver is removed" unload_driver 2>/dev/null']
        self.loaded = False
        for i in (0, 1):
            self.unbind(i)
        return ['check "the driver is removed" unload_driver']

    def do_load(self, failing=None):
        if self.loaded or any(self.stuck):
            return None
        if failing and (not self.family.has_power or len(self.present()) > 1):
            return None
        # The core may probe masters in any order, so none of them may depend on another one.
        masters = list(self.masters.values())
        if not self.order_is_free(masters):
            return None
        self.loaded = True
        lines = []
        if failing:
            lines.append(f'echo 1 >"$B/{failing}"')
        lines.append('check "the driver is inserted" load_driver')
        if failing:
            return [*lines, f'equal "{failing}" "$(cat "$B/{failing}")" 0']
        for i in self.present():
            self.bind(i)
        for master in masters:
            more, _ = self.join(master)
            lines += more
        return lines

    def order_is_free(self, masters):
        """Whether masters end in the same groups, however the core orders them."""
        if self.family.has_power:
            return True
        shares = {a.address: {b.address for b in masters if set(a.ids) & set(b.ids)} for a in masters}
        if any(self.is_together(a) != self.is_together(b) for a in masters for b in masters if b.address in shares[a.address]):
            return False
        alike = all(self.behind(a) == self.behind(b) for a in masters for b in masters if b.address in shares[a.address])
        return alike and all(shares[a] == shares[b] for a in shares for b in shares[a])

    def present(self):
        return [0] + [node.instance for nodes in self.applied.values() for node in nodes if node.instance]

    # --- domains ------------------------------------------------------------------------

    def client_of(self, address):
        return address in self.clients and address in self.groups

    def do_alloc(self, d, address):
        if d in self.domains or not self.client_of(address):
            return None
        self.domains[d] = Domain(self.behind(self.masters[address]))
        return [f"does {self.masters[address].device} alloc {d}"]

    def do_free(self, d):
        if d not in self.domains or any(group.domain == d for group in self.groups.values()):
            return None
        del self.domains[d]
        return [f"does - free {d}"]

    def do_map(self, d, address, page, count, prot):
        if d not in self.domains or page + count > PAGES:
            return None
        addresses = [address + n * PAGE for n in range(count)]
        pages = self.domains[d].pages
        if addresses[-1] >= 1 << 32 or any(a in pages for a in addresses):
            return None
        # A table cannot be added for hardware that is not there.
        if any(not self.bound[i] or self.generation[i] != generation for i, generation in self.domains[d].behind):
            return None
        command = f"- map {d} {address:#x} 0 {page * PAGE:#x} {count * PAGE:#x} {prot}"
        if not self.changed(d):
            return [f"refuses {command}"]
        for n, a in enumerate(addresses):
            pages[a] = (page + n, prot)
        return [f"does {command}"]

    def do_unmap(self, d, address, count):
        if d not in self.domains or address + count * PAGE > 1 << 32:
            return None
        pages = self.domains[d].pages
        mapped = [address + n * PAGE in pages for n in range(count)]
        # The library of DART's tables warns if a range is mapped in part.
        if self.family.kind == "dart" and mapped[0] and not all(mapped):
            return None
        done = 0
        while done < count and pages.pop(address + done * PAGE, None):
            done += 1
        if done:
            self.changed(d)
        return [f"says {done * PAGE} - unmap {d} {address:#x} {count * PAGE:#x}"]

    def do_phys(self, d, address):
        if d not in self.domains:
            return None
        page = self.domains[d].pages.get(address)
        at = f'"$(hex "$p{page[0]}")"' if page else "0x0"
        return [f"says {at} - phys {d} {address:#x}"]

    # --- attaches -------------------------------------------------------------------------

    def enter(self, group, master, d, call, failing=None):
        """An attach of a paging domain; returns its lines, and whether it succeeds."""
        word = f"{master.device} {call} {d}"
        if group.domain == d:
            # The core has nothing to do.
            return ([f"does {word}"], True) if not failing else (None, False)
        lines = [f'echo 1 >"$B/{failing}"'] if failing else []
        refused = self.behind(master) != self.domains[d].behind
        i = master.ids[0][0]
        if failing:
            if refused or not self.wants_power(i):
                return None, False
            return [*lines, f"refuses {word}", f'equal "{failing}" "$(cat "$B/{failing}")" 0'], False
        # Nothing has to be invalidated for ports that are in the domain already.
        ids = [pair for member in group.members for pair in member.ids]
        if refused or any(self.stuck[i] and (self.ports[i].get(port) != d or port in self.doubt[i]) for i, port in ids):
            return [f"refuses {word}"], False
        self.set_group(group, d)
        return [f"does {word}"], True

    def attach(self, address, d, call, way, failing=None):
        if not self.client_of(address) or d not in self.domains:
            return None
        group, master = self.groups[address], self.masters[address]
        if way == "handle":
            if group.holder not in (None, address):
                return None
        elif group.domain != IDENTITY:
            return [f"refuses {master.device} {call} {d}"] if not failing else None
        elif way == "sole" and len(group.members) > 1:
            return [f"fails -22 {master.device} {call} {d}"] if not failing else None
        lines, done = self.enter(group, master, d, call, failing)
        if done:
            group.holder, group.way = address, way
        return lines

    def do_attach(self, address, d):
        return self.attach(address, d, "attach", "sole")

    def do_gattach(self, address, d, failing=None):
        return self.attach(address, d, "gattach", "group", failing)

    def do_replace(self, address, d):
        return self.attach(address, d, "replace", "handle")

    def do_detach(self, address):
        group = self.groups.get(address)
        if not group or group.holder != address or group.domain in (IDENTITY, BLOCKED):
            return None
        call = {"sole": "detach", "group": "gdetach", "handle": "gdetach"}[group.way]
        if group.way == "sole" and len(group.members) > 1:
            return None
        lines = [f"does {self.masters[address].device} {call} {group.domain}"]
        self.set_group(group, IDENTITY)
        group.holder = group.way = None
        return lines

    def do_block(self, address, failing=None):
        if not self.client_of(address):
            return None
        group, master = self.groups[address], self.masters[address]
        if group.holder not in (None, address) or group.domain == BLOCKED:
            return None
        i = master.ids[0][0]
        # The driver tries again for the next master of the group.
        if failing and (not self.wants_power(i) or self.hole[i] or len(group.members) > 1):
            return None
        lines = [f"does {master.device} block"]
        if failing:
            lines = [f'echo 1 >"$B/{failing}"', *lines, f'equal "{failing}" "$(cat "$B/{failing}")" 0']
        elif self.hole[i]:
            return None
        self.set_group(group, BLOCKED)
        if failing:
            self.hole[i] = True
        group.holder, group.way = None, "handle"
        return lines

    def do_unblock(self, address):
        group = self.groups.get(address)
        if not group or not self.client_of(address) or group.domain != BLOCKED:
            return None
        self.set_group(group, IDENTITY)
        group.holder = group.way = None
        return [f"does {self.masters[address].device} unblock"]

    def do_domain(self, address):
        if not self.client_of(address):
            return None
        domain = self.groups[address].domain
        text = domain if domain in (IDENTITY, BLOCKED) else f'"paging {domain}"'
        return [f"says {text} {self.masters[address].device} domain"]

    # --- the hardware ------------------------------------------------------------------------

    def do_stick(self, i):
        # Flushes of a Tegra cannot hang.
        if self.stuck[i] or not self.bound[i] or self.family.kind == "tegra":
            return None
        self.stuck[i] = True
        return [f"hw_stick {i}"]

    def do_unstick(self, i):
        if not self.stuck[i]:
            return None
        self.stuck[i] = False
        return [f"hw_unstick {i}"]

    def do_sleep(self):
        if not self.can_sleep or any(self.stuck):
            return None
        for i in (0, 1):
            self.doubt[i].clear()
            # The hardware has lost its registers, and only a driver writes them again.
            if not self.bound[i]:
                self.ports[i].clear()
        return ["lose_once 3"]

    def do_knob(self, i, name, value):
        self.turned = True
        return [f"knob {i} {name} {value}"]

    # --- the end ---------------------------------------------------------------------------------

    def end(self):
        """The lines that return the machine to the state of the beginning."""
        lines = []
        for i in (0, 1):
            lines += self.do_unstick(i) or []
        for address in list(self.groups):
            if self.client_of(address):
                lines += self.do_unblock(address) or []
            lines += self.do_detach(address) or []
        for d in list(self.domains):
            lines += self.do_free(d)
        for name in list(self.applied):
            lines += self.do_remove(name)
        # The ports of removed masters are denied until the driver is loaded again, or for ever.
        lines += self.do_unload() or []
        if self.family.keeps_denying:
            lines += [f"hw_forget {i}" for i in (0, 1)]
            self.ports = [{}, {}]
        if self.turned:
            lines.append("probe_knobs")
        return [*lines, *self.do_load()]
