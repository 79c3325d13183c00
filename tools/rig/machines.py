# SPDX-License-Identifier: GPL-2.0
"""Compiles the devicetrees of real machines with a DART or the SMMU of a Tegra, from the
kernel's source, changes them for the board, and makes a boot for each."""

import hashlib
import json
import pathlib
import re

from rig import fdt, paths
from rig.devicetree import compile_sources
from rig.files import write_atomically
from rig.images import kernel_source
from rig.processes import run_script
from rig.progress import Failure, Living

# By vendor: the directories of its trees in the kernel's source, and a pattern in each tree, or in a
# file that it includes, whose IOMMU has a model.
TREES = {"apple": ["arch/arm64/boot/dts/apple"], "nvidia": ["arch/arm64/boot/dts/nvidia", "arch/arm/boot/dts/nvidia"]}
# Trees that are also swept with an overlay of Documentation/.
OVERLAYS = {"tegra210-p3450-0000": "tegra210-smmu"}
NEEDLES = {"apple": r'-dart"', "nvidia": r'"nvidia,tegra(30|114|124|132|210)-mc"'}


def with_includes(source, paths, seen):
    """The text of a file and of all files that it may include: {file: text}."""
    if source not in seen:
        seen[source] = source.read_text()
        for name in re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', seen[source], re.M):
            found = next((path / name for path in [source.parent, *paths] if (path / name).exists()), None)
            if found:
                with_includes(found, paths, seen)
    return seen


def vendor_sources(origin, vendor):
    """A vendor's trees of the kernel's makefiles whose IOMMU has a model, some with an overlay:
    {name: (file, overlay or None, hash of the sources)}."""
    includes = [origin / "scripts/dtc/include-prefixes"]
    tool = pathlib.Path(__file__).read_bytes() + pathlib.Path(fdt.__file__).read_bytes()
    sources = {}
    for where in (origin / trees for trees in TREES[vendor]):
        for name in re.findall(r"([\w+-]+)\.dtb\b", (where / "Makefile").read_text()):
            source = where / f"{name}.dts"
            # A tree that is merged from others has no source.
            if not source.exists():
                continue
            texts = with_includes(source, includes, {})
            if any(re.search(NEEDLES[vendor], text) for text in texts.values()):
                content = "\0".join(texts[path] for path in sorted(texts)).encode()
                sources[name] = (source, None, hashlib.sha256(tool + content).hexdigest())
    for name in OVERLAYS.keys() & sources.keys():
        source, _, key = sources[name]
        overlay = paths.TOP / "Documentation" / f"{OVERLAYS[name]}.dtso"
        sources[f"{name}-overlay"] = (source, overlay, hashlib.sha256(key.encode() + overlay.read_bytes()).hexdigest())
    return sources


def compile_upstream(image, trees):
    """Compiles devicetrees as the kernel's makefiles do, and applies their overlays: (file, overlay or None, result) of each."""
    compile_sources(image, [(source, None, result, "-q") for source, _, result in trees])
    for _, overlay, result in trees:
        if overlay:
            applied = result.with_suffix(".dtbo")
            compile_sources(image, [(overlay, None, applied, "-q")])
            run_script('fdtoverlay -i "$1" -o "$1.tmp" "$2" && mv "$1.tmp" "$1" && rm "$2"', result, applied)


def vendor_devicetrees(image, vendor):
    """Makes out/dtb/VENDOR, and returns the counts of each tree: {name: counts}.

    Returns None if the kernel's source has no such trees.
    """
    origin = kernel_source(image)
    if not all((origin / trees / "Makefile").exists() for trees in TREES[vendor]):
        return None
    target = paths.OUT / "dtb" / vendor
    target.mkdir(parents=True, exist_ok=True)
    sources = vendor_sources(origin, vendor)
    index = target / "index.json"
    known = json.loads(index.read_text()) if index.exists() else {}
    known = {name: known.get(name) for name in sources if (target / f"{name}.dtb").exists()}
    stale = [name for name, (*_, key) in sources.items() if not known.get(name) or known[name]["key"] != key]
    if stale:
        living = Living(f"devicetrees of {len(stale)} real machines")
        compile_upstream(image, [(*sources[name][:2], target / f"{name}.upstream") for name in stale])
    for name in stale:
        upstream = target / f"{name}.upstream"
        write_atomically(target / f"{name}.dtb", fdt.prepare(upstream.read_bytes()))
        known[name] = {"key": sources[name][2], "counts": fdt.count(upstream.read_bytes())}
        upstream.unlink()
    if stale:
        living.done("ok")
    write_atomically(index, json.dumps(known, indent=1) + "\n")
    return {name: known[name]["counts"] for name in sources}


def is_many(boot):
    """Whether a boot stands for one with each tree of a vendor."""
    return (boot.get("dtb") or "").endswith("/*")


def each(boots):
    """The boots, with a boot for "VENDOR/*" replaced by one for each tree."""
    result = []
    for boot in boots:
        if not is_many(boot):
            result.append(boot)
            continue
        vendor = boot["dtb"].removesuffix("/*")
        trees = vendor_devicetrees(boot["image"], vendor)
        if trees is None:
            result.append({**boot, "skip": f"the kernel's source has not all of {', '.join(TREES[vendor])}"})
            continue
        if not trees:
            raise Failure(f"no devicetree of {', '.join(TREES[vendor])} names an IOMMU")
        for name, counts in trees.items():
            want = ",".join(f"{what}={number}" for what, number in counts.items())
            own = {"name": f"{boot['name']}-{name}", "dtb": f"{vendor}/{name}", "trees": boot["name"]}
            result.append({**boot, **own, "args": f"{boot.get('args', '')} sweep_want={want}"})
    return result
