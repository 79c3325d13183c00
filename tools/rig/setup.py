# SPDX-License-Identifier: GPL-2.0
"""Sets up the toolchain and builds kernels and modules, by the scripts that do."""

import contextlib
import os
import subprocess
import sys

from rig import paths
from rig.progress import Failure, timed
from rig.processes import in_parallel
from rig.images import IMAGES, arch, is_emulated, is_packaged, kernel_override


# Seconds after which a set-up script is ended.
SETUP_LIMIT = 2700


def setup_command(*command, **environment):
    """Runs one of the set-up scripts; they report their own failures."""
    with timed("set-up: " + " ".join(command).removeprefix("setup-").replace("-", " ", 1)):
        run_setup(command, environment)


def run_setup(command, environment):
    words = [str(paths.TOP / "scripts" / command[0]), *command[1:]]
    process = subprocess.Popen(words, cwd=paths.TOP, env={**os.environ, **environment})
    try:
        status = process.wait(timeout=SETUP_LIMIT)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()
        raise Failure(f"scripts/{command[0]} was not done after {SETUP_LIMIT // 60} minutes", f"see {paths.LOGS}") from None
    except KeyboardInterrupt:
        # The script has been interrupted as well, and reports that.
        process.wait()
        raise
    if status:
        sys.exit(status if status > 0 else 1)


def prepare(images, missing=None):
    """Sets up the toolchain, the kernel source, and the kernel and the modules of each image.

    Modules are built in parallel with the kernel of the next image, whose Rust part uses one CPU.
    With `missing`, a dictionary, a failure of an arm64 image does not end the command. It is
    stored there as {IMAGE: why}, so that the UML board's tests can run.
    """
    images = sorted(images, key=IMAGES.index)
    if missing is None:
        missing = {}
        optional = ()
    else:
        optional = [image for image in images if is_emulated(image)]

    @contextlib.contextmanager
    def needed_by(these):
        try:
            yield
        except (Failure, SystemExit) as error:
            if not set(these) <= set(optional):
                raise
            for image in these:
                # A script that has failed has printed the reason.
                missing.setdefault(image, error.what if isinstance(error, Failure) else "see above")

    setup_command("setup-toolchain")
    if not all(kernel_override(image) for image in images):
        setup_command("setup-kernel-source")

    if emulated := [image for image in images if is_emulated(image)]:
        with needed_by(emulated):
            setup_command("setup-qemu")
            for name in sorted({arch(image) for image in emulated}):
                setup_command("setup-busybox", name)

    def kernels():
        for image in images:
            if image not in missing:
                with needed_by([image]):
                    setup_command("build-kernel", image)
            if image not in missing:
                yield image

    def modules(image):
        with needed_by([image]):
            build_modules(image)

    in_parallel(modules, kernels())


def build_modules(image):
    """Builds the checkout's modules, and kernel tests that are no part of a kernel's build or package."""
    setup_command("build-modules", image)
    if arch(image) == "arm64" and not is_packaged(image):
        setup_command("setup-dma-map-benchmark", image)
    if is_packaged(image):
        place = {"MODULES_SOURCE": str(paths.TOP / "tools/debian"), "MODULES_DIR": str(paths.OUT / image / "tools")}
        setup_command("build-modules", image, LABEL=f"{image}-tools", **place)
