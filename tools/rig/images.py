# SPDX-License-Identifier: GPL-2.0
"""The images, which are kernels and the modules built for them."""

import functools
import os
import pathlib

from rig import paths
from rig.progress import Failure

# {image: its architecture}, see the file.
ROWS = {
    row[0]: row[1] for line in (paths.BOARD / "images").read_text().splitlines() if (row := line.partition("#")[0].split())
}
IMAGES = tuple(ROWS)
# The boards that ARCH= selects. That of arm has a command of its own.
ARCHES = ("um", "arm64")


def arch(image):
    """The architecture of an image, which selects its board."""
    return ROWS[image]


def is_emulated(image):
    """Whether the image runs on a board of QEMU's, not in user mode."""
    return arch(image) != "um"


def is_packaged(image):
    """Whether the kernel is from a distribution's package, with installed modules."""
    return image.startswith("debian-")


def kernel_override(image):
    name = "KDIR_" + image.replace("-", "_")
    return os.environ.get(name) or (os.environ.get("KDIR") if image == "release" else None)


def kernel_dir(image):
    try:
        return (paths.OUT / image / "kernel").resolve(strict=True)
    except OSError as error:
        raise Failure(f"image {image} has no kernel", f"run scripts/build-kernel {image}") from error


def kernel_source(image):
    """The source that the kernel of an image was built from."""
    kernel = kernel_dir(image)
    # A kernel that was built in its source has no link to it.
    return (kernel / "source").resolve() if (kernel / "source").exists() else kernel


def kernel_release(image):
    """The release of the kernel, which names the folder of its modules."""
    return (kernel_dir(image) / "include/config/kernel.release").read_text().strip()


def modules_dir(image):
    """The folder of the modules that were built for an image."""
    return paths.OUT / image / "modules"


def recorded(name):
    """The path that a set-up script has recorded in out/NAME."""
    try:
        lines = (paths.OUT / name).read_text().splitlines()
    except OSError as error:
        raise Failure(f"out/{name} is missing", f"run scripts/setup-{name}") from error
    return pathlib.Path(dict(line.split("=", 1) for line in lines)[name.upper().replace("-", "_")])


def read_config(path):
    """The options of a kernel's .config: {CONFIG_NAME: value}."""
    lines = (line.partition("=") for line in path.read_text(errors="replace").splitlines() if line.startswith("CONFIG_"))
    return {name: value.strip('"') for name, _, value in lines}


@functools.cache
def kernel_config(image):
    return read_config(kernel_dir(image) / ".config")


def kernel_file(image):
    """The file that is booted."""
    return kernel_dir(image) / {"um": "linux", "arm64": "arch/arm64/boot/Image", "arm": "arch/arm/boot/zImage"}[arch(image)]
