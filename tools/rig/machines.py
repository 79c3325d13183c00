# SPDX-License-Identifier: GPL-2.0
"""Compiles the devicetrees of real machines with a DART or the SMMU of a Tegra, from the
kernel's source, changes them for the board, and makes a boot for each."""

import pathlib
import re
import tempfile

from rig import fdt, paths
from rig.devicetree import compile_sources
from rig.files import write_atomically
from rig.images import kernel_source
from rig.processes import in_toolchain
from rig.progress import Failure, Living

# By vendor: the directories of its trees in the kernel's source.
TREES = {"apple": ["arch/arm64/boot/dts/apple"], "nvidia": ["arch/arm64/boot/dts/nvidia", "arch/arm/boot/dts/nvidia"]}
# IOMMUs that have a model.
MODELLED = re.compile(r"apple,.*-dart|nvidia,tegra(30|114|124|132|210)-mc")
# Trees that are also swept with an overlay of Documentation/.
OVERLAYS = {"tegra210-p3450-0000": "tegra210-smmu"}


def compile_upstream(image, sources, folder):
    """Compiles devicetrees as the kernel's makefiles do, some with an overlay as well; returns {name: tree}."""
    results = {name: folder / f"{name}.dtb" for name in sources}
    compile_sources(image, [(source, None, results[name], "-q") for name, source in sources.items()])
    for name in OVERLAYS.keys() & sources.keys():
        overlay, result = folder / f"{name}.dtbo", folder / f"{name}-overlay.dtb"
        compile_sources(image, [(paths.TOP / "Documentation" / f"{OVERLAYS[name]}.dtso", None, overlay, "-q")])
        in_toolchain(["fdtoverlay", "-i", results[name], "-o", result, overlay])
        results[f"{name}-overlay"] = result
    return {name: result.read_bytes() for name, result in results.items()}


def vendor_devicetrees(image, vendor):
    """Makes out/dtb/VENDOR of the trees whose IOMMU has a model, and returns the counts of each: {name: counts}.

    Returns None if the kernel's source has no such trees.
    """
    folders = [kernel_source(image) / trees for trees in TREES[vendor]]
    if not all((folder / "Makefile").exists() for folder in folders):
        return None
    sources = {}
    for folder in folders:
        for name in re.findall(r"([\w+-]+)\.dtb\b", (folder / "Makefile").read_text()):
            # A tree that is merged from others has no source.
            if (folder / f"{name}.dts").exists():
                sources[name] = folder / f"{name}.dts"
    living = Living(f"devicetrees of real machines: {vendor}")
    target = paths.OUT / "dtb" / vendor
    target.mkdir(parents=True, exist_ok=True)
    counts = {}
    with tempfile.TemporaryDirectory(prefix=".upstream-", dir=target) as scratch:
        for name, blob in compile_upstream(image, sources, pathlib.Path(scratch)).items():
            if any(MODELLED.fullmatch(text) for node in fdt.read(blob) for text in node.strings("compatible")):
                write_atomically(target / f"{name}.dtb", fdt.prepare(blob))
                counts[name] = fdt.count(blob)
    living.done("ok", f"devicetrees of {len(counts)} real machines: {vendor}")
    return counts


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
