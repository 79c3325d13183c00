# SPDX-License-Identifier: GPL-2.0
"""Compiles the devicetrees of the boards."""

from rig import paths
from rig.images import kernel_dir, kernel_source
from rig.processes import run_script


def devicetree_sources():
    """(source, header or None, result) of each devicetree and overlay of the board.

    For a KIND that has a folder dts/socs/KIND, KIND*.dts and overlays/KIND-*.dtso are built for
    each SoC of the folder, with the header of the SoC. The result has the name of the SoC in
    place of the kind's.
    """
    where = paths.BOARD / "dts"
    socs = {folder.name: sorted(folder.glob("*.h")) for folder in where.glob("socs/*")}
    for source in sorted(where.glob("*.dts")) + sorted(where.glob("overlays/*.dtso")):
        ending = ".dtb" if source.suffix == ".dts" else ".dtbo"
        kind = source.stem.split("-")[0]
        if kind in socs:
            for soc in socs[kind]:
                yield source, soc, paths.OUT / "dtb" / (soc.stem + source.stem.removeprefix(kind) + ending)
        else:
            yield source, None, paths.OUT / "dtb" / (source.stem + ending)


# Arguments: the kernel's source, a folder for includes, then options of dtc, source, header and
# result of each.
COMPILE = """
kernel=$1 includes=$2
shift 2
while [ $# != 0 ]; do
	cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp ${3:+-include "$3"} -I "$includes" -I "${2%/*}" \
		-I "$kernel/include" -I "$kernel/scripts/dtc/include-prefixes" "$2" |
		dtc $1 -i "${2%/*}" -I dts -O dtb -o "$4.tmp" -
	mv "$4.tmp" "$4"
	shift 4
done
"""


def compile_sources(image, items):
    """Compiles devicetrees and overlays: (source, header or None, result, options of dtc) of each."""
    kernel, source = kernel_dir(image), kernel_source(image)
    words = [word for path, header, result, options in items for word in (options, path, header or "", result)]
    run_script(COMPILE, source, paths.BOARD / "dts", *words, bind=f"{kernel} {source}")


def compile_devicetrees(image):
    """Compiles tools/board/dts; returns the dtb and dtbo files."""
    where = paths.BOARD / "dts"
    (paths.OUT / "dtb").mkdir(parents=True, exist_ok=True)
    changed = max(path.stat().st_mtime for path in [*where.rglob("*.dtsi"), *where.rglob("*.h")])
    results, todo = [], []
    for source, soc, result in devicetree_sources():
        results.append(result)
        if not result.exists() or result.stat().st_mtime < max(changed, source.stat().st_mtime):
            # An overlay with symbols of its own would leak them when it is removed.
            todo.append((source, soc, result, "-@" if source.suffix == ".dts" else ""))
    if todo:
        compile_sources(image, todo)
    return results
