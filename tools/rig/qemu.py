# SPDX-License-Identifier: GPL-2.0
"""The boards for arm64 and arm: QEMU's virt machine with the device of tools/qemu."""

import pathlib

from rig import paths
from rig.devicetree import compile_sources
from rig.files import tail
from rig.images import arch, kernel_file, recorded
from rig.processes import in_toolchain, run_logged
from rig.progress import Failure
from rig.table import knobs

# A 32-bit CPU of this kind has no LPAE in our kernel, so the machine has nothing above 4 GiB.
MACHINES = {"arm64": ("virt,gic-version=3", "cortex-a53"), "arm": ("virt,gic-version=2,highmem=off", "cortex-a15")}
# An instruction takes a nanosecond of the guest, and no input comes from outside.
INSTRUCTIONS = ["-machine", "dtb-randomness=off", "-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]

# Kinds of the device that have the PCI functions behind the IOMMU as well.
WITH_PCI = ("t8103", "t124", "t132", "t210")
# QEMU's SD card takes and gives byte by byte, so a larger file system takes more of the host's time.
DISK_MIB = 8


def disk(path):
    """Makes an empty, sparse disk for the boot; returns the options of -drive."""
    with open(path, "wb") as stream:
        stream.truncate(DISK_MIB << 20)
    return f"file={path},format=raw"


def kind(boot):
    """The kind of the board's device: the first part of the name of the devicetree."""
    return boot["dtb"].split("-")[0]


def media(boot, scratch):
    """Arguments for the disks, and for a wire between the network cards."""
    words = ["-drive", "if=none,id=sd," + disk(scratch / "sd.img")]
    if not boot.get("icount"):
        words += ["-nic", "hubport,hubid=0", "-nic", "hubport,hubid=0"]
    if kind(boot) in WITH_PCI:
        words += ["-drive", "if=none,id=nvme," + disk(scratch / "nvme.img")]
        words += ["-device", "nvme,drive=nvme,serial=iommu-board,addr=01.0"]
    return words


def machine(boot, memory, ncpus, console="null", channel="null"):
    """Arguments for the machine: the same to dump its devicetree and to boot."""
    name, cpu = MACHINES[arch(boot["image"])]
    settings = ":".join(f"{name}={value}" for name, value in knobs(boot).items())
    return [
        *("-machine", name, "-cpu", cpu, "-smp", str(ncpus), "-m", memory),
        *("-accel", "tcg,thread=multi" if boot.get("threads") else "tcg,thread=single"),
        *(INSTRUCTIONS if boot.get("icount") else []),
        *("-device", f"iommu-board,kind={kind(boot)},knobs={settings}"),
        *("-serial", console, "-serial", channel),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
    ]


def devicetree(boot, memory, ncpus):
    """Makes the machine's own devicetree with the overlay of the board's device applied."""
    source = paths.BOARD / "dts/virt" / (boot["dtb"] + ".dtso")
    if not source.exists():
        raise Failure(f"boot {boot['name']}: there is no devicetree {source}")
    base, overlay, result = (paths.OUT / boot["image"] / f"{boot['name']}{end}" for end in ("-base.dtb", ".dtbo", ".dtb"))
    command = [recorded("qemu"), *machine(boot, memory, ncpus), "-machine", f"dumpdtb={base}"]
    log = paths.LOGS / f"{boot['name']}-dtb.log"
    status, _ = run_logged("devicetree", command, log)
    if status or not base.exists():
        raise Failure("QEMU gives no devicetree", *tail(log))
    compile_sources(boot["image"], [(source, None, overlay, "")])
    in_toolchain(["fdtoverlay", "-i", base, "-o", result, overlay])
    return result


def command(boot, initramfs, _results, channel, words, memory, ncpus, scratch):
    """The command that boots the image: console on standard output, results to the file descriptor."""
    return [
        str(recorded("qemu")),
        *machine(boot, memory, ncpus, "stdio", f"file:/dev/fd/{channel}"),
        *media(boot, pathlib.Path(scratch)),
        *("-kernel", str(kernel_file(boot["image"])), "-initrd", str(initramfs)),
        *("-dtb", str(devicetree(boot, memory, ncpus))),
        *("-append", " ".join(["console=ttyAMA0", "channel=/dev/ttyAMA1", *words])),
    ]
