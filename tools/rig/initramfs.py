# SPDX-License-Identifier: GPL-2.0
"""Makes the initial file system of an image."""

import functools
import json
import lzma
import os
import pathlib
import re
import shutil

from rig import paths
from rig.devicetree import compile_devicetrees
from rig.files import write_atomically
from rig.images import arch, is_emulated, is_packaged, kernel_dir, kernel_release, modules_dir, recorded
from rig.processes import run_script, toolchain
from rig.progress import Failure
from rig.table import read_table, stories


def find_busybox(image):
    if is_emulated(image):
        return recorded(f"busybox-{arch(image)}")
    root = toolchain()["TOOLCHAIN_ROOT"]
    for path in (f"{root}/usr/bin/busybox", f"{root}/bin/busybox"):
        if root and os.path.exists(path):
            return pathlib.Path(path)
    path = shutil.which("busybox")
    if not path:
        raise Failure("there is no busybox", "install busybox-static")
    return pathlib.Path(path)


def programs(image):
    """The programs in /bin: {name: file}."""
    found = {"busybox": find_busybox(image)}
    if arch(image) == "arm64" and not is_packaged(image):
        found["dma_map_benchmark"] = recorded("dma-map-benchmark")
    return found


def needed(installed, names):
    """Modules of a kernel's package, with their dependencies: {path below lib/modules/REL: file}."""
    there = {path.name.split(".")[0].replace("-", "_"): path for path in installed.glob("kernel/**/*.ko*")}
    files, todo = {}, list(names)
    while todo:
        name = todo.pop().replace("-", "_")
        path = there.get(name)
        if not path:
            raise Failure(f"Debian's kernel has no module {name}", "boots.toml names it, under [debian]")
        files[str(path.relative_to(installed)).removesuffix(".xz")] = path
        depends = re.search(rb"(?:^|\0)depends=([^\0]*)\0", module_data(path))
        todo += [other for other in depends[1].decode().split(",") if other] if depends else []
    return files


def module_data(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def module_files(image, ours=None):
    """The kernel's and the checkout's modules: {path below lib/modules/REL: file}."""
    kernel = kernel_dir(image)
    files = {}
    if is_packaged(image):
        files = needed((kernel / "installed").resolve(), read_table()["debian"]["modules"])
    order = kernel / "modules.order"
    if order.exists():
        for line in order.read_text().splitlines():
            built = kernel / (line.removesuffix(".o").removesuffix(".ko") + ".ko")
            if built.exists():
                files["kernel/" + str(built.relative_to(kernel))] = built
    for folder in (ours or modules_dir(image), paths.OUT / image / "tools"):
        order = folder / "modules.order"
        for line in order.read_text().splitlines() if order.exists() else ():
            name = line.removesuffix(".o").removesuffix(".ko") + ".ko"
            built = folder / name if not os.path.isabs(name) else pathlib.Path(name)
            if built.exists():
                files["updates/" + str(built.relative_to(folder))] = built
    return files


# Arguments: the folder, the kernel's release, the program that strips, and the archive.
# All kernels have /dev/console in an archive of their own; init mounts the rest of /dev.
PACK = """
find "$1" -name "*.ko" -print0 | xargs -0 -r "$3" --strip-debug
depmod -b "$1" "$2"
cd "$1"
find . | sort | cpio --quiet -o -H newc -R 0:0 >"$4.tmp"
mv "$4.tmp" "$4"
"""


def contents(image, ours):
    """The files of the archive, in order: {name: file}."""
    kernel = kernel_dir(image)
    modules = f"lib/modules/{kernel_release(image)}"
    origin = kernel / "installed" if is_packaged(image) else kernel
    files = {"init": paths.BOARD / "init"}
    files |= {f"bin/{name}": path for name, path in programs(image).items()}
    files |= {f"stories/{name}.sh": path for name, path in stories().items()}
    files |= {f"stories/lib/{path.name}": path for path in sorted((paths.BOARD / "stories/lib").iterdir())}
    files |= {f"{'dtbs' if path.suffix == '.dtb' else 'overlays'}/{path.name}": path for path in compile_devicetrees(image)}
    files |= {f"{modules}/{path}": source for path, source in module_files(image, ours).items()}
    lists = ("modules.order", "modules.builtin", "modules.builtin.modinfo")
    return files | {f"{modules}/{name}": origin / name for name in lists if (origin / name).exists()}


@functools.cache
def make_initramfs(image, ours=None, name=None):
    """Makes out/IMAGE/initramfs.cpio, with the modules in the folder `ours`, if its contents have
    changed; returns its path. All boots of a command have the same, whatever changes meanwhile."""
    target = paths.OUT / image / (name or "initramfs.cpio")
    files = contents(image, ours)
    # The names of the files are compared as well as their times: files are added and removed.
    inputs = [*files.items(), ("", pathlib.Path(__file__))]
    state = json.dumps([[name, str(path), path.stat().st_mtime_ns, path.stat().st_size] for name, path in inputs])
    stamp = target.with_name(target.name + ".inputs")
    if target.exists() and stamp.exists() and stamp.read_text() == state:
        return target

    staging = target.with_name(target.name + ".staging")
    shutil.rmtree(staging, ignore_errors=True)
    for folder in ("dev", "proc", "sys", "tmp", "run", "results", "root"):
        (staging / folder).mkdir(parents=True)
    for name, path in files.items():
        copy = staging / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(module_data(path))
        copy.chmod(0o755 if name == "init" or name.startswith("bin/") else 0o644)
    llvm = os.environ.get("LLVM", "1")
    strip = "llvm-strip" + (llvm if llvm.startswith("-") else "")
    if is_packaged(image):
        # A package's modules are stripped, and stripping again would remove their signatures.
        strip = "true"
    run_script(PACK, staging, kernel_release(image), strip, target)
    write_atomically(stamp, state)
    shutil.rmtree(staging)
    return target
