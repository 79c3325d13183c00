# SPDX-License-Identifier: GPL-2.0
"""Boots with generated stories and overlays."""

import shutil

from rig import paths
from rig.boot import run_boot
from rig.files import write_atomically
from rig.initramfs import make_initramfs
from rig.processes import run_script
from rig.table import complete, read_table

DTS = paths.BOARD / "dts"
OUT = paths.OUT / "fuzz"

# Arguments: a folder with stories/ and overlays/, and the archive. Of each overlays/NAME.dtso that
# dtc takes, NAME.dtbo is made. dtc does not end if a number of cells is 0xffffffff.
PACK = """
cd "$1"
for source in overlays/*.dtso; do
	[ ! -e "$source" ] || timeout 20 dtc -q -f -I dts -O dtb -o "${source%.dtso}.dtbo" "$source" 2>/dev/null || rm -f "${source%.dtso}.dtbo"
done
find . -name '*.sh' -o -name '*.dtbo' | cpio --quiet -o -H newc -R 0:0 >"$2"
"""


def boot(name, soc, dtb, stories, overlays=(), image="release", on_wait=None):
    """Boots once with these stories and sources of overlays; returns {name of a story: the lines of its failure, or None}.

    The kernel unpacks the archives of an initramfs one after the other.
    """
    base = make_initramfs(image)
    folder, whole, own = OUT / name, OUT / f"{name}.cpio", OUT / f"{name}.own.cpio"
    shutil.rmtree(folder, ignore_errors=True)
    for story, text in stories.items():
        write_atomically(folder / "stories" / f"{story}.sh", text)
    for overlay, text in dict(overlays).items():
        write_atomically(folder / "overlays" / f"{overlay}.dtso", text)
    run_script(PACK, folder, own)
    write_atomically(whole, base.read_bytes() + own.read_bytes())
    row = {"name": name, "soc": soc, "image": image, "dtb": dtb, "stories": list(stories), "silence": 120}
    row = complete(row, read_table(), stories)
    try:
        report = run_boot(row, initramfs=whole, on_wait=on_wait, keep=False)
    finally:
        whole.unlink(missing_ok=True)
        own.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    results = {}
    for story in report.stories:
        bad = story["result"] != "ok"
        results[story["name"]] = (story["why"] or [report.problem or "failed"]) if bad else None
    for story in stories:
        results.setdefault(story, [report.problem or "no result"])
    if not any(results.values()):
        report.log.unlink(missing_ok=True)
        shutil.rmtree(paths.RESULTS / "boots" / name, ignore_errors=True)
    return results
