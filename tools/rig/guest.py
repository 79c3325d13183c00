# SPDX-License-Identifier: GPL-2.0
"""The command that boots a guest of either board."""

from rig import qemu, uml
from rig.images import is_emulated, kernel_config
from rig.table import knobs


def command_line(boot, initramfs, results, channel, scratch):
    """The command: the console is its standard output, results go to the file descriptor."""
    config = kernel_config(boot["image"])
    kasan = config.get("CONFIG_KASAN") == "y"
    ncpus = boot.get("ncpus", 2 if config.get("CONFIG_SMP") == "y" else 1)
    memory = boot.get("mem", "1G" if kasan else "512M")
    board = qemu if is_emulated(boot["image"]) else uml
    return board.command(boot, initramfs, results, channel, kernel_words(boot, kasan, ncpus), memory, ncpus, scratch)


def kernel_words(boot, kasan, ncpus):
    """Kernel arguments for both boards; the kernel passes those that it does not know to init."""
    driver = boot["driver"]
    arguments = [
        "rdinit=/init",
        "log_buf_len=8M",
        "panic=-1",
        f"image={boot['image']}",
        f"driver={driver}",
        f"driver_module={boot['drivers'].get(driver, '')}",
        f"load_driver={int(boot.get('load_driver', True))}",
        f"modules={','.join(boot['modules'])}",
        f"stories={','.join(boot['stories'])}",
    ]
    # QEMU sets those of its board.
    if not is_emulated(boot["image"]):
        arguments.append("knobs=" + ",".join(f"{name}={value}" for name, value in knobs(boot).items()))
    leaks = boot.get("kmemleak", False)
    if leaks:
        # It turns off the allocator's sheaves, which keep pointers to objects that are handed out.
        arguments.append("slab_debug=U")
    elif not kasan and {"check", "core"} & set(boot["in"]):
        # The stories' leak oracle needs the allocator's record of each object; boots that
        # measure time do without.
        arguments.append("slab_debug=U,kmalloc-*")
    # "ncpus" itself does not reach init.
    arguments.append(f"board_cpus={ncpus}")
    arguments.append(f"kunit.filter_glob={boot.get('kunit') or 'none'}")
    if boot.get("dtb"):
        arguments.append(f"devicetree={boot['dtb']}")
    if leaks:
        arguments.append("leak_scan=on")
    else:
        arguments.append("kmemleak=off")
    # On a slow machine the default of ten seconds may pass before the driver is loaded.
    arguments.append("deferred_probe_timeout=600")
    # On a slow machine a CPU of the guest may have to wait for one of the host.
    arguments.append("rcupdate.rcu_cpu_stall_timeout=60")
    # follow() waits for a line on the console before it wakes a suspended machine.
    arguments.append("no_console_suspend")
    return arguments + boot.get("args", "").split()
