# SPDX-License-Identifier: GPL-2.0
"""Compiles the devicetrees of real machines with a DART, from the kernel's source,
changes them for the board, and makes a boot for each."""

import hashlib
import json
import pathlib
import re

from rig import fdt, paths
from rig.devicetree import compile_sources
from rig.files import write_atomically
from rig.images import kernel_source
from rig.progress import Failure, Living

APPLE = "arch/arm64/boot/dts/apple"


def with_includes(source, paths, seen):
    """The text of a file and of all files that it may include: {file: text}."""
    if source not in seen:
        seen[source] = source.read_text()
        for name in re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', seen[source], re.M):
            found = next((path / name for path in [source.parent, *paths] if (path / name).exists()), None)
            if found:
                with_includes(found, paths, seen)
    return seen


def apple_sources(origin):
    """Apple's trees of the kernel's makefile that may name a DART: {name: hash of the sources}."""
    where = origin / APPLE
    paths = [origin / "scripts/dtc/include-prefixes"]
    tool = pathlib.Path(__file__).read_bytes() + pathlib.Path(fdt.__file__).read_bytes()
    sources = {}
    for name in re.findall(r"([\w-]+)\.dtb\b", (where / "Makefile").read_text()):
        texts = with_includes(where / f"{name}.dts", paths, {})
        if any('-dart"' in text for text in texts.values()):
            content = "\0".join(texts[path] for path in sorted(texts)).encode()
            sources[name] = hashlib.sha256(tool + content).hexdigest()
    return sources


def apple_devicetrees(image):
    """Makes out/dtb/apple, and returns the counts of each tree: {name: counts}.

    Returns None if the kernel's source has no such trees.
    """
    origin = kernel_source(image)
    if not (origin / APPLE / "Makefile").exists():
        return None
    target = paths.OUT / "dtb" / "apple"
    target.mkdir(parents=True, exist_ok=True)
    sources = apple_sources(origin)
    index = target / "index.json"
    known = json.loads(index.read_text()) if index.exists() else {}
    known = {name: known.get(name) for name in sources if (target / f"{name}.dtb").exists()}
    stale = [name for name, key in sources.items() if not known.get(name) or known[name]["key"] != key]
    if stale:
        living = Living(f"devicetrees of {len(stale)} real machines")
        compile_sources(image, [(origin / APPLE / f"{name}.dts", None, target / f"{name}.upstream", "-q") for name in stale])
    for name in stale:
        upstream = target / f"{name}.upstream"
        write_atomically(target / f"{name}.dtb", fdt.prepare(upstream.read_bytes()))
        known[name] = {"key": sources[name], "counts": fdt.count(upstream.read_bytes())}
        upstream.unlink()
    if stale:
        living.done("ok")
    write_atomically(index, json.dumps(known, indent=1) + "\n")
    return {name: known[name]["counts"] for name in sources}


def each(boots):
    """The boots, with a boot for "apple/*" replaced by one for each tree."""
    result = []
    for boot in boots:
        if boot.get("dtb") != "apple/*":
            result.append(boot)
            continue
        trees = apple_devicetrees(boot["image"])
        if trees is None:
            result.append({**boot, "skip": f"the kernel's source has no {APPLE}"})
            continue
        if not trees:
            raise Failure(f"no devicetree of {APPLE} names a DART")
        for name, counts in trees.items():
            want = ",".join(f"{what}={number}" for what, number in counts.items())
            own = {"name": f"{boot['name']}-{name}", "dtb": f"apple/{name}", "trees": boot["name"]}
            result.append({**boot, **own, "args": f"{boot.get('args', '')} sweep_want={want}"})
    return result
