# SPDX-License-Identifier: GPL-2.0
"""Sequences of calls, at random, and the stories that make them.

A sequence is a list of steps: calls of the reference model with their arguments, and
accesses. The outcomes come from the model when the story is written. So any part of a
sequence is a sequence, too: a call that has become impossible is left out.
"""

import random

from fuzz.reference import FAMILIES, PAGE, PAGES, SLOTS, Reference

# The first pages, the borders of a table of sun50i (1 MiB), and the end of the addresses.
POOL = [0x40000000 + n * PAGE for n in range(4)] + [0x400FE000, 0x400FF000, 0x40100000, 0x40101000, 0x7FFFF000, 0x80000000, 0xFFFFE000]

# The calls, and how often each is made.
WEIGHTS = {
    "apply": 9, "remove": 5, "alloc": 6, "free": 2, "map": 16, "unmap": 10, "phys": 1, "domain": 2,
    "gattach": 9, "attach": 3, "replace": 7, "detach": 7, "block": 4, "unblock": 4, "stick": 5, "unstick": 5,
    "unload": 2, "load": 5, "sleep": 3, "failing": 2, "knob": 2,
}  # fmt: skip

KNOBS = {
    "sun50i": [
        ("refetch", (0, 1)), ("direct_mapped", (0, 1)), ("busy_seed", (0, 1, 7)), ("denied_walks", (0, 1)),
        ("cached_rules", (0, 1)), ("pair_fill", (0, 1)), ("end_inclusive", (0, 1)),
    ],
    "dart": [
        ("refetch", (0, 1)), ("direct_mapped", (0, 1)), ("busy_seed", (0, 1, 7)), ("line_by_flag", (0, 1)),
        ("cache_no_ttbr", (0, 1)), ("line_fill", (0, 1)), ("negative", (0, 1)),
    ],
    "tegra": [
        ("refetch", (0, 1)), ("direct_mapped", (0, 1)), ("busy_seed", (0, 1, 7)), ("posted", (0, 1, 3)),
        ("line_fill", (0, 1)), ("negative", (0, 1)), ("latch", (0, 1)),
    ],
}  # fmt: skip


WHAT = "sequences"

# A call is ("do_NAME", arguments of the method of Reference); an access is
# ("probe", (instance, port, address, whether it writes)).


def draw(rng, model, call):
    """Arguments of a call that make sense in most states."""
    masters = list(model.clients & set(model.groups)) or [None]
    masters.sort(key=str)
    master, d, i = rng.choice(masters), rng.randrange(SLOTS), rng.randrange(2)
    if call == "apply":
        return (rng.choice(sorted(model.family.overlays)),)
    if call == "remove":
        return (rng.choice(sorted(model.applied) or [None]),)
    if call == "free":
        return (d,)
    if call == "alloc":
        return d, master
    if call == "map":
        if model.domains:
            d = rng.choice(sorted(model.domains))
        return d, rng.choice(POOL), rng.randrange(PAGES), rng.choice((1, 1, 1, 2, 4)), rng.choice(("rw", "rw", "r", "w"))
    if call == "unmap":
        if model.domains and rng.random() < 0.8:
            d = rng.choice(sorted(model.domains))
            pages = sorted(model.domains[d].pages)
            return d, rng.choice(pages or POOL), rng.choice((1, 1, 1, 2, 4))
        return d, rng.choice(POOL), rng.choice((1, 1, 2, 4))
    if call == "phys":
        return d, rng.choice(POOL)
    if call in ("gattach", "attach", "replace"):
        if model.domains:
            d = rng.choice(sorted(model.domains))
        return master, d
    if call in ("detach", "block", "unblock", "domain"):
        return (master,)
    if call in ("stick", "unstick"):
        used = sorted({i for domain in model.domains.values() for i, _ in domain.behind})
        return (rng.choice(used or [i]),)
    if call == "knob":
        name, values = rng.choice(KNOBS[model.family.kind])
        return i, name, rng.choice(values)
    return ()


def choose(rng, model):
    """A call that is possible now: (call, arguments)."""
    names, weights = list(WEIGHTS), list(WEIGHTS.values())
    while True:
        call = rng.choices(names, weights)[0]
        # Accesses after an unmap that is not invalidated matter most.
        if any(model.stuck) and rng.random() < 0.25:
            call = "unmap"
        if call == "failing":
            call, failing = rng.choice(("gattach", "block", "load")), rng.choice(("fail_clock", "fail_reset"))
            arguments = (*draw(rng, model, call), failing)
        else:
            arguments = draw(rng, model, call)
        if None not in arguments:
            yield call, arguments


def watched(rng, model, d, step_pages):
    """Accesses to make after a step: of ports that are named, and of some that are not.

    If the step has changed pages of domain d, most accesses are of these, through its ports.
    """
    translated = sorted(model.used(d)) if d is not None else []
    named = [(i, port) for i in (0, 1) for port in sorted(model.ports[i])]
    named += [(i, second) for i in (0, 1) for second, first in model.family.second.items() if first in model.ports[i]]
    pages = sorted({address for domain in model.domains.values() for address in domain.pages})
    accesses = []
    for _ in range(rng.choice((2, 4, 6, 8))):
        if translated and rng.random() < 0.7:
            i, port = rng.choice(translated)
        elif named and rng.random() < 0.8:
            i, port = rng.choice(named)
        else:
            i, port = rng.choice((0, 0, 1)), rng.choice(model.family.ports)
        chance = rng.random()
        if chance < 0.25:
            address = f"p{rng.randrange(PAGES)}"
        elif step_pages and chance < 0.65:
            address = rng.choice(step_pages)
        elif pages and chance < 0.9:
            address = rng.choice(pages)
        else:
            address = rng.choice(POOL)
        accesses.append((i, port, address, rng.random() < 0.4))
    return sorted(accesses, key=lambda access: access[0])


def generate(seed, family, can_sleep=False):
    """The steps of one sequence."""
    rng = random.Random(seed)
    model = Reference(FAMILIES[family], can_sleep)
    steps = []
    length = rng.choice((10, 20, 30, 50))
    for call, arguments in choose(rng, model):
        recent, d = [], None
        if call in ("map", "unmap"):
            d = arguments[0]
            count = arguments[3] if call == "map" else arguments[2]
            recent = [arguments[1] + n * PAGE for n in range(count) if arguments[1] + n * PAGE < 1 << 32]
        made = getattr(model, "do_" + call)(*arguments)
        if made is None:
            continue
        # Most calls that the core refuses for their arguments show nothing.
        if made[0].startswith(("refuses", "fails", "refute")) and not any(model.stuck) and rng.random() < 0.85:
            continue
        steps.append(("do_" + call, arguments))
        steps += [("probe", access) for access in watched(rng, model, d, recent)]
        length -= 1
        if not length:
            return steps


LOG = 60  # accesses that the log of a model holds


def lines(family, steps, can_sleep=False):
    """The commands of the story."""
    model = Reference(FAMILIES[family], can_sleep)
    result, open_accesses = [], [0, 0]

    def compare():
        if any(open_accesses):
            result.append("probed")
            open_accesses[:] = [0, 0]

    for call, arguments in steps:
        if call == "probe":
            if open_accesses[arguments[0]] == LOG:
                compare()
            open_accesses[arguments[0]] += 1
            result.append(model.probe(*arguments))
        else:
            result += getattr(model, call)(*arguments) or []
    compare()
    return result + model.end()


def story(family, sequences, about, own=None, can_sleep=False):
    """A story that makes these sequences, each of which ends in the state of the beginning.

    Returns the text, and the overlays that it needs besides those of the board: none.
    """
    head = ["# SPDX-License-Identifier: GPL-2.0", "# shellcheck shell=busybox", *(f"# {line}" for line in about), "", ". /stories/lib/probe.sh"]
    # Two instances may be bound at the same time; the core warns then, for any driver.
    if any(call == "do_load" for steps in sequences for call, _ in steps):
        head.append("allow_splat 'WARNING: drivers/iommu/iommu.c:[0-9]+ at __iommu_probe_device'")
    if can_sleep:
        head.append("can_sleep platform")
    body = [line for steps in sequences for line in lines(family, steps, can_sleep)]
    return "\n".join([*head, "probe_start", *body, "probe_end", ""]), {}


def parts(steps):
    """What can be removed from a sequence."""
    return steps


def whole(_steps, rest):
    """The sequence with some of its parts."""
    return rest


def sources(_family, _steps, _name):
    """Files that a story needs, besides itself: none."""
    return {}
