# SPDX-License-Identifier: GPL-2.0
"""Makes the initial file system of an image."""

import json
import lzma
import os
import pathlib
import re
import shutil
import stat

from rig import paths
from rig.files import write_atomically
from rig.progress import Failure
from rig.processes import run_script, toolchain
from rig.images import is_arm64, is_packaged, kernel_dir, modules_dir, recorded
from rig.table import read_table, stories
from rig.devicetree import compile_devicetrees


class Archive:
    """A cpio archive in the kernel's "newc" format."""

    def __init__(self):
        self.parts = []
        self.inode = 0
        self.folders = set()

    def _entry(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        path = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1], len(path), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + path
        self.parts += [header, b"\0" * (-len(header) % 4), data, b"\0" * (-len(data) % 4)]

    def folder(self, name):
        for parent in [*reversed(pathlib.PurePosixPath(name).parents), pathlib.PurePosixPath(name)]:
            if str(parent) not in self.folders and str(parent) != ".":
                self.folders.add(str(parent))
                self._entry(str(parent), stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        self.folder(str(pathlib.PurePosixPath(name).parent))
        self._entry(name, stat.S_IFREG | mode, data)

    def device(self, name, major, minor):
        self.folder(str(pathlib.PurePosixPath(name).parent))
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def close(self):
        self._entry("TRAILER!!!", 0)
        return b"".join(self.parts)


def find_busybox(image):
    if is_arm64(image):
        return recorded("busybox")
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
    if is_arm64(image) and not is_packaged(image):
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


def make_initramfs(image, ours=None, name=None):
    """Makes out/IMAGE/initramfs.cpio, with the modules in the folder `ours`, if its contents have
    changed; returns its path."""
    target = paths.OUT / image / (name or "initramfs.cpio")
    kernel = kernel_dir(image)
    release = (kernel / "include/config/kernel.release").read_text().strip()
    modules = module_files(image, ours)
    devicetrees = compile_devicetrees(image)
    scripts = {f"stories/{name}.sh": path for name, path in stories().items()}
    scripts |= {f"stories/lib/{path.name}": path for path in sorted((paths.BOARD / "stories/lib").iterdir())}
    in_bin = programs(image)
    # The paths of the inputs are compared as well as their times: files are added and removed.
    inputs = [paths.BOARD / "init", *in_bin.values(), *scripts.values(), *modules.values(), *devicetrees, pathlib.Path(__file__)]
    state = json.dumps([[str(path), path.stat().st_mtime_ns, path.stat().st_size] for path in inputs] + [release])
    stamp = target.with_name(target.name + ".inputs")
    if target.exists() and stamp.exists() and stamp.read_text() == state:
        return target

    staging = target.with_name(target.name + ".staging")
    shutil.rmtree(staging, ignore_errors=True)
    base = staging / "lib/modules" / release
    base.mkdir(parents=True)
    for path, source in modules.items():
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).write_bytes(module_data(source))
    origin = kernel / "installed" if is_packaged(image) else kernel
    for extra in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        if (origin / extra).exists():
            shutil.copyfile(origin / extra, base / extra)
    llvm = os.environ.get("LLVM", "1")
    strip = "llvm-strip" + (llvm if llvm.startswith("-") else "")
    if is_packaged(image):
        # A package's modules are stripped, and stripping again would remove their signatures.
        strip = "true"
    strip_and_index = 'find "$1" -name "*.ko" -print0 | xargs -0 -r "$3" --strip-debug && depmod -b "$1" "$2"'
    run_script(strip_and_index, staging, release, strip)

    archive = Archive()
    for folder in ("proc", "sys", "tmp", "run", "results", "root"):
        archive.folder(folder)
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3)
    for program, path in in_bin.items():
        archive.file(f"bin/{program}", path.read_bytes(), 0o755)
    archive.file("init", (paths.BOARD / "init").read_bytes(), 0o755)
    for name, path in scripts.items():
        archive.file(name, path.read_bytes())
    for path in devicetrees:
        folder = "dtbs" if path.suffix == ".dtb" else "overlays"
        archive.file(f"{folder}/{path.name}", path.read_bytes())
    for path in sorted(base.rglob("*")):
        if path.is_file():
            archive.file(str(path.relative_to(staging)), path.read_bytes())
    write_atomically(target, archive.close())
    write_atomically(stamp, state)
    shutil.rmtree(staging)
    return target
