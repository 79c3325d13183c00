# SPDX-License-Identifier: GPL-2.0
"""Reads tools/board/boots.toml, the table of boots.

Keys of a boot, or of its group, in tools/board/boots.toml:

soc          the hardware, of [kind]; default: none. Its kind selects the two drivers.
dtb          name of a devicetree of the board, see rig/devicetree.py; default: {soc}.
             "apple/*" and "nvidia/*" stand for each devicetree of the kernel's source that
             names a DART, or the SMMU of a Tegra: a boot each, NAME-TREE
driver       rust (default), c, none
image        a name of tools/board/images; default: release
stories      NAME or NAME:ARGUMENT, from tools/board/stories/, or @LIST, of [stories]. If the name of
             the boot has {story}, there is a boot for each, named by it
load_driver  whether init loads the driver before the first story (default true)
modules      modules that init loads before that, or @LIST, of [modules] (default: those of the UML
             board, with a devicetree)
args         more arguments for the kernel
checks       true: in QEMU, check DMA mappings (dma_debug), and freed memory; default false
knobs        {KNOB: NUMBER}: knobs of all IOMMU models, set before the driver is loaded; the default
             of busy_seed is a number made from the boot's name, or of the environment's BUSY_SEED
ncpus        CPUs; default: 2, in a kernel without SMP 1
threads      true: QEMU runs the CPUs at the same time, in a thread of the host each; default: in one
             thread, where a CPU that waits for another one lets it run
mem          guest memory (default 512M, with KASAN 1G)
silence      seconds without output after which the boot counts as hung (default 300); a
             boot that prints may take up to an hour
in           the commands that run it: check (default), demo, bench, soak, core,
             tegra-part, arm, alternatives, debian
crash        a regular expression: the boot passes only if the kernel dies and
             the console matches
console      regular expressions, each of which the console must match once the boot has
             ended; the last story fails otherwise
expect       {STORY = "RESULT: REGEX"}: stories that must not pass, and must have a reason
             that matches; RESULT is failed or skipped
kunit        a glob: the KUnit suites that run at insmod; their cases count as tests
             (default: none, not even the kernel's own suites)
icount       true: QEMU counts instructions instead of time, and nothing is random
skip         the reason why the boot is not run: its stories count as skipped
kmemleak     true: look for leaks, also once at the end; default false, since that is slow

load_table() adds to each boot "name", unique and also the name of its log, out/logs/NAME.log;
"kind", a name of [kind]; and "drivers", its table in [kind]."""

import itertools
import os
import re
import tomllib
import zlib

from rig import paths
from rig.progress import Failure
from rig.images import IMAGES, is_emulated

# The keys that are described above.
KEYS = set(re.findall(r"^(\w+) {2,}", __doc__, re.M))
# Keys of which a list makes a boot for each of its values.
AXES = ("soc", "driver", "image")
# Arguments of the kernel for boots of QEMU with and without checks. They slow a boot.
CHECKS = {True: "dma_debug_entries=65536 page_poison=1 iommu.debug_pagealloc=1", False: "dma_debug=off"}


def stories():
    """The stories: {name: file}. Their folders are for people; names are unique without them."""
    found = {}
    for path in sorted((paths.BOARD / "stories").rglob("*.sh")):
        if path.parent.name == "lib":
            continue
        if path.stem in found:
            raise Failure(f"two stories are called {path.stem}", str(found[path.stem]), str(path))
        found[path.stem] = path
    return found


def read_table(path=None):
    with open(path or paths.BOARD / "boots.toml", "rb") as stream:
        return tomllib.load(stream)


def load_table(path=None):
    """The boots of the table, with all values that follow from others."""
    table = read_table(path)
    if unknown := set(table) - {"kind", "debian", "stories", "modules", "group"}:
        raise Failure(f"boots.toml has unknown tables: {', '.join(sorted(unknown))}")
    boots, there = {}, stories()
    for group in table["group"]:
        for name, line in group.pop("boots").items():
            for boot in expand(name, group | (line if isinstance(line, dict) else {"stories": line}), table):
                if boot["name"] in boots:
                    raise Failure(f"boots.toml: two boots are called {boot['name']}")
                boots[boot["name"]] = complete(boot, table, there)
    return list(boots.values())


def expand(name, keys, table):
    """A boot for each combination of the values of the AXES, and for each story if the name has it."""
    if unknown := set(keys) - KEYS:
        raise Failure(f"boots.toml: boot {name} has unknown keys: {', '.join(sorted(unknown))}")
    keys |= {key: list(flat(keys[key], table.get(key, {}), name)) for key in ("stories", "modules") if key in keys}
    if not keys.get("stories"):
        raise Failure(f"boots.toml: boot {name} has no stories")
    values = {axis: keys[axis] if isinstance(keys.get(axis), list) else [keys.get(axis)] for axis in AXES}
    values["stories"] = [[story] for story in keys["stories"]] if "{story}" in name else [keys["stories"]]
    for choice in itertools.product(*values.values()):
        own = {axis: value for axis, value in zip(values, choice) if value is not None}
        words = own | {"story": re.sub(r"\W+", "-", own["stories"][0])}

        def fill(text):
            return re.sub(r"\{(\w+)\}", lambda match: words.get(match[1], match[0]), text)

        boot = {**keys, **own, "name": fill(name)}
        if "soc" in own:
            boot["dtb"] = fill(keys.get("dtb", "{soc}"))
        yield boot


def complete(boot, table, there):
    """Checks a boot, whose stories must be among those there, and adds the values that follow from others."""
    where = f"boots.toml: boot {boot['name']}"
    if boot.setdefault("image", "release") not in IMAGES:
        raise Failure(f"{where} names an unknown image")
    if boot.setdefault("driver", "rust") not in ("rust", "c", "none"):
        raise Failure(f"{where} names an unknown driver")
    kinds = {soc: kind for kind, row in table["kind"].items() for soc in row["socs"]}
    if boot.setdefault("soc", "h6") not in kinds:
        raise Failure(f"{where} names an unknown soc")
    boot["kind"] = kinds[boot.pop("soc")]
    boot["drivers"] = table["kind"][boot["kind"]]
    boot.setdefault("modules", ["board", "board_client"] if boot.get("dtb") else [])
    boot.setdefault("in", ["check"])
    for story in boot["stories"]:
        if story.split(":")[0] not in there:
            raise Failure(f"{where}: there is no story {story}")
    for story, result in boot.get("expect", {}).items():
        if story not in boot["stories"] or not result.startswith(("failed: ", "skipped: ")):
            raise Failure(f"{where} cannot expect {story} to end as '{result}'")
    if is_emulated(boot["image"]):
        boot["args"] = f"{CHECKS[boot.get('checks', False)]} {boot.get('args', '')}".strip()
        use_kernels_driver(boot)
    return boot


def flat(entries, lists, name):
    """The stories or modules of a boot, with the lists among them replaced by theirs."""
    for entry in entries:
        if not entry.startswith("@"):
            yield entry
        elif entry[1:] in lists:
            yield from flat(lists[entry[1:]], lists, name)
        else:
            raise Failure(f"boots.toml: boot {name}: there is no list {entry}")


def use_kernels_driver(boot):
    """On the arm64 board the C driver is the kernel's own. Our driver needs it out of the way."""
    built_in, module = (boot["drivers"].get(key) for key in ("built_in", "module"))
    if boot["driver"] == "c":
        boot["load_driver"] = False
        boot["modules"] = boot["modules"] + ([module] if module else [])
    elif built_in:
        boot["args"] = f"initcall_blacklist={built_in} {boot['args']}"


def knobs(boot):
    """The knobs of the IOMMU models: {name: number}. Commands take no time in boots that measure."""
    measures = boot.get("icount") or "bench" in boot["in"]
    seed = 0 if measures else int(os.environ.get("BUSY_SEED") or 1 + zlib.crc32(boot["name"].encode()) % 999999)
    return {"busy_seed": seed, **boot.get("knobs", {})}
