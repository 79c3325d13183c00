# SPDX-License-Identifier: GPL-2.0
"""The arm64 board: QEMU's virt machine with the device of tools/qemu."""

import pathlib

import rig

MACHINE = "virt,gic-version=3"
CPU = "cortex-a53"


def recorded(name):
    """The path that a set-up script has recorded in out/NAME."""
    try:
        lines = (rig.OUT / name).read_text().splitlines()
    except OSError as error:
        raise rig.Failure(f"out/{name} is missing", f"run scripts/setup-{name}") from error
    return pathlib.Path(dict(line.split("=", 1) for line in lines)[name.upper().replace("-", "_")])


def busybox():
    return recorded("busybox")


# An instruction takes a nanosecond of the guest, and no input comes from outside.
INSTRUCTIONS = ["-machine", "dtb-randomness=off", "-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]

# Kinds of the device that have the PCI functions behind the IOMMU as well.
WITH_PCI = ("t8103",)
DISK_MIB = 32


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
    return [
        *("-machine", MACHINE, "-cpu", CPU, "-smp", str(ncpus), "-m", memory),
        *(INSTRUCTIONS if boot.get("icount") else []),
        *("-device", f"iommu-board,kind={kind(boot)}"),
        *("-serial", console, "-serial", channel),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
    ]


# Arguments: QEMU's arguments file, kernel's source, overlay's source, result.
DEVICETREE = """
cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp -I "$1/include" -I "$1/scripts/dtc/include-prefixes" "$2" |
	dtc -I dts -O dtb -o "$4.dtbo" -
fdtoverlay -i "$3" -o "$4" "$4.dtbo"
"""


def devicetree(boot, kernel, memory, ncpus):
    """Makes the machine's own devicetree with the overlay of the board's device applied."""
    source = rig.BOARD / "dts/virt" / (boot["dtb"] + ".dtso")
    if not source.exists():
        raise rig.Failure(f"boot {boot['name']}: there is no devicetree {source}")
    where = rig.OUT / boot["image"]
    base, result = where / f"{boot['name']}-base.dtb", where / f"{boot['name']}.dtb"
    command = [recorded("qemu"), *machine(boot, memory, ncpus)]
    command[command.index(MACHINE)] += f",dumpdtb={base}"
    status, _ = rig.run_logged("devicetree", command, rig.LOGS / f"{boot['name']}-dtb.log")
    if status or not base.exists():
        raise rig.Failure("QEMU gives no devicetree", *rig.tail(rig.LOGS / f"{boot['name']}-dtb.log"))
    origin = (kernel / "source").resolve() if (kernel / "source").exists() else kernel
    rig.in_toolchain(
        ["bash", "-o", "pipefail", "-ec", DEVICETREE, "dtc", origin, source, base, result], bind=f"{kernel} {origin}"
    )
    return result


def command(boot, kernel, initramfs, channel, words, memory, ncpus, scratch):
    """The command that boots the image: console on standard output, results to the file descriptor."""
    return [
        str(recorded("qemu")),
        *machine(boot, memory, ncpus, "stdio", f"file:/dev/fd/{channel}"),
        *media(boot, pathlib.Path(scratch)),
        *("-kernel", str(kernel / "arch/arm64/boot/Image"), "-initrd", str(initramfs)),
        *("-dtb", str(devicetree(boot, kernel, memory, ncpus))),
        *("-append", " ".join(["console=ttyAMA0", "channel=/dev/ttyAMA1", *words])),
    ]
