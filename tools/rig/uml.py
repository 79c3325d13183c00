# SPDX-License-Identifier: GPL-2.0
"""The UML board."""

import os

from rig import paths
from rig.images import kernel_config, kernel_file


def command(boot, initramfs, results, channel, words, memory, ncpus, scratch):
    """The command that boots the image: console on standard output, results to the file descriptor."""
    arguments = [
        str(kernel_file(boot["image"])),
        f"mem={memory}",
        f"initrd={initramfs}",
        "con=null",
        "con0=fd:0,fd:1",
        "ssl=null",
        f"ssl0=null,fd:{channel}",
        f"uml_dir={scratch}/",
        "umid=board",
        "seccomp=on",
        f"results_dir={results}",
    ]
    if kernel_config(boot["image"]).get("CONFIG_SMP") == "y":
        arguments.append(f"ncpus={ncpus}")
    if boot.get("dtb"):
        arguments.append(f"dtb={paths.OUT / 'dtb' / (boot['dtb'] + '.dtb')}")
    return arguments + words


def environment(memory):
    """The guest's environment: its memory is a file in /dev/shm, or in TMPDIR if that is too small."""
    size = int(memory[:-1]) * {"M": 1 << 20, "G": 1 << 30}[memory[-1]]
    try:
        shm = os.statvfs("/dev/shm")
        if shm.f_bavail * shm.f_frsize >= size:
            return os.environ
    except OSError:
        pass
    return {**os.environ, "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
