# SPDX-License-Identifier: GPL-2.0
"""Checks whether a kernel can load the modules: prints a line for each thing that
they need, with the remedy where it is missing.

  scripts/check-kernel KDIR       a configured kernel build, or the headers of one
                                  (/lib/modules/$(uname -r)/build)

Exit status: 0 if nothing is missing, else 1.
"""

import os
import pathlib
import re
import subprocess
import sys

from rig import cli, paths
from rig.images import read_config

# Paths of the running system.
SECURITY = pathlib.Path("/sys/kernel/security")
MODULES = pathlib.Path("/lib/modules")

# Without these the modules do not build, load or bind.
NEEDED = {
    "CONFIG_MODULES": "set it: modules cannot be loaded at all",
    "CONFIG_RUST": "run \"make rustavailable\" in the kernel to see why, and set it",
    "CONFIG_IOMMU_SUPPORT": "set it: the IOMMU core",
    "CONFIG_IOMMU_API": "set any IOMMU driver that selects it, for instance ARM_SMMU",
    "CONFIG_OF": "set it: instances and masters come from the devicetree",
    "CONFIG_OF_IOMMU": "set OF and IOMMU_API, it follows from them",
    "CONFIG_COMMON_CLK": "set it: the clock of the instance",
    "CONFIG_RESET_CONTROLLER": "set it: the reset of the instance",
    "CONFIG_PM": "set it: the instance sleeps when nobody needs it",
}

# Optional: the features that are missing without.
WANTED = {
    "CONFIG_MODULE_UNLOAD": "the modules cannot be removed again",
    "CONFIG_DEBUG_FS": "no live translations and registers under /sys/kernel/debug",
    "CONFIG_KUNIT": "no KUnit suites",
    "CONFIG_IOMMU_IO_PGTABLE_DART": "no driver for Apple's DART (CONFIG_APPLE_DART=m brings it along)",
}

# C drivers that claim the same devices: symbol, module, init function.
RIVALS = {
    "CONFIG_SUN50I_IOMMU": ("sun50i", "sun50i_iommu", "sun50i_iommu_driver_init"),
    "CONFIG_APPLE_DART": ("apple-dart", "apple_dart", "apple_dart_driver_init"),
}

# Exported C functions, as samples of those that the modules call, and the option that
# enables each.
EXPORTS = {
    "iommu_device_register": "IOMMU_API",
    "iommu_device_sysfs_add": "IOMMU_API",
    "iommu_fwspec_add_ids": "IOMMU_API",
    "iommu_alloc_pages_node_sz": "IOMMU_API",
    "iommu_group_ref_get": "IOMMU_API",
    "dev_iommu_priv_set": "IOMMU_API",
    "of_find_node_opts_by_path": "OF",
    "clk_bulk_get_all": "COMMON_CLK",
    "__reset_control_get": "RESET_CONTROLLER",
    "dma_map_page_attrs": "HAS_DMA",
    "pm_runtime_enable": "PM",
}

# A kernel release of Debian: version, suite, flavour.
DEBIAN = re.compile(r"(\d+(?:\.\d+)*)\+(deb\d[^-]*)-(.+)")


class Verdict:
    def __init__(self):
        self.bad = 0

    def ok(self, text):
        print(f"  ok       {text}")

    def missing(self, text, remedy):
        self.bad += 1
        print(f"  missing  {text}: {remedy}")

    def note(self, text, remedy):
        print(f"  note     {text}: {remedy}")


def first_line(*command):
    """The first line that a command prints, if there is such a command."""
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=False, cwd=paths.TOP).stdout
    except OSError:
        return ""
    return output.strip().partition("\n")[0]


def toolchain(config):
    """The command prefix that runs a tool with the toolchain that make would choose: the host's
    own if its rustc is the kernel's, else the one that setup-toolchain has recorded."""
    recorded = [str(paths.IN_TOOLCHAIN)]
    kind = os.environ.get("TOOLCHAIN")
    if os.environ.get("TOOLCHAIN_FOR"):
        return recorded
    if kind == "host" or not (paths.TOP / "out/toolchain").exists():
        return []
    if kind != "root" and first_line("rustc", "--version") == config.get("CONFIG_RUSTC_VERSION_TEXT"):
        return []
    return recorded


def version_text(tools, program):
    """The first line of --version of a tool that builds the modules."""
    override = "CHECK_KERNEL_" + {"rustc": "RUSTC", "llvm-link": "LLVM_LINK"}.get(re.sub(r"-\d+$", "", program), "CC")
    if override in os.environ:
        return os.environ[override]
    return first_line(*tools, program, "--version")


def source_trees(kernel):
    """Pairs: the file of a build directory that names its source, and the source."""
    if (kernel / "source").is_symlink():
        yield "the link source", kernel / "source"
    if (kernel / "Makefile").exists():
        text = (kernel / "Makefile").read_text(errors="replace")
        for path in re.findall(r"^include\s+(/\S+)/Makefile$", text, re.M):
            yield "Makefile", pathlib.Path(path)


def kernel_version(kernel):
    release = kernel / "include/config/kernel.release"
    if release.exists():
        return release.read_text().strip()
    for tree in (kernel, *(tree for _, tree in source_trees(kernel))):
        makefile = tree / "Makefile"
        if makefile.exists():
            found = re.findall(r"^(?:VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)", makefile.read_text(), re.M)
            if len(found) == 3:
                return ".".join(found)
    return None


def check_version(verdict, kernel):
    pins = (paths.TOP / "scripts/pins").read_text()
    series = re.search(r"KERNEL_RELEASE:-(\d+\.\d+)", pins)[1]
    version = kernel_version(kernel)
    if not version:
        verdict.missing("version", 'it does not say what kernel it is: run "make modules_prepare" there')
    elif not re.match(re.escape(series) + r"(\D|$)", version):
        verdict.missing(f"Linux {series} (this is {version})", f"name a kernel of the {series} series")
    else:
        verdict.ok(f"version {version}")


def check_config(verdict, config):
    for symbol, remedy in NEEDED.items():
        if config.get(symbol) == "y":
            verdict.ok(symbol)
        else:
            verdict.missing(symbol, remedy)
    for symbol, loss in WANTED.items():
        if config.get(symbol) not in ("y", "m"):
            verdict.note(f"{symbol} is not set", loss)
    if config.get("CONFIG_MODVERSIONS") == "y" and config.get("CONFIG_GENDWARFKSYMS") != "y":
        verdict.missing("CONFIG_GENDWARFKSYMS", "set it, or unset MODVERSIONS: without it Rust symbols have no versions")
    if config.get("CONFIG_TRIM_UNUSED_KSYMS") == "y":
        verdict.note("CONFIG_TRIM_UNUSED_KSYMS is set", "exports that the kernel itself does not need are gone; unset it")
    if config.get("CONFIG_ARCH_APPLE") == config.get("CONFIG_ARM64_4K_PAGES") == "y":
        verdict.note(
            "CONFIG_ARCH_APPLE with pages of 4 KiB",
            "DARTs with pages of 16 KiB translate nothing there; set ARM64_16K_PAGES",
        )


def lockdown():
    """The lockdown mode of the running kernel: none, integrity or confidentiality."""
    try:
        return re.search(r"\[(\w+)\]", (SECURITY / "lockdown").read_text())[1]
    except (OSError, TypeError):
        return "none"


def check_signatures(verdict, kernel, config):
    why = None
    for symbol in ("CONFIG_MODULE_SIG_FORCE", "CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY", "CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY"):
        if config.get(symbol) == "y":
            why = f"{symbol} is set"
    if kernel_version(kernel) == os.uname().release and lockdown() != "none":
        why = f"the running kernel is locked down for {lockdown()}"
    remedy = (
        "only modules signed by a key that the kernel trusts load: MODULE_SIGN_KEY=FILE MODULE_SIGN_CERT=FILE has make"
        " sign them; \"mokutil --import\" enrols the certificate"
    )
    if os.environ.get("MODULE_SIGN_KEY") and os.environ.get("MODULE_SIGN_CERT"):
        if (kernel / "scripts/sign-file").exists():
            verdict.ok("MODULE_SIGN_KEY signs the modules")
        else:
            verdict.missing("scripts/sign-file, which signs the modules", "set MODULE_SIG and build the kernel, or leave MODULE_SIGN_KEY out")
    elif why:
        verdict.missing(f"signatures ({why})", remedy)
    elif config.get("CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT") == "y":
        verdict.note("CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT is set, and Secure Boot locks the kernel down", remedy)


def check_debian(verdict, kernel):
    def key(match):
        return [int(number) for number in re.findall(r"\d+", f"{match[1]} {match[2]}")]

    ours = DEBIAN.fullmatch(kernel_version(kernel) or "")
    if not ours:
        return
    remedy = "each needs modules of its own, built with its headers (make deb KERNEL_RELEASE= makes a package)"
    others = [other for path in MODULES.glob("*") if (other := DEBIAN.fullmatch(path.name)) and other[3] == ours[3]]
    newest = max([ours, *others], key=key)
    if key(newest) > key(ours):
        verdict.note(f"this is for Linux {ours[0]}, and Linux {newest[0]} is installed", remedy)
    else:
        verdict.note(f"Debian's security updates of Linux {ours[0]} have another release name", remedy)


def check_source(verdict, kernel):
    if not (kernel / "Makefile").exists():
        verdict.missing("Makefile", f'run "make O={kernel} modules_prepare" in the source of the kernel')
    for what, tree in source_trees(kernel):
        if not (tree / "Makefile").exists():
            verdict.missing(
                f"the kernel's source ({what} names {os.path.realpath(tree)}, which is gone)",
                f'put it back, or run "make O={kernel} modules_prepare" in another of the same release',
            )


def check_toolchain(verdict, config, tools):
    wanted = config.get("CONFIG_RUSTC_VERSION_TEXT")
    have = version_text(tools, "rustc")
    if not wanted:
        verdict.missing("CONFIG_RUSTC_VERSION_TEXT", "the kernel was configured without rustc: configure it with one")
    elif have == wanted:
        verdict.ok(have)
    else:
        verdict.missing(
            f'the same rustc (the kernel\'s is "{wanted}", here is "{have or "none"}")',
            "TOOLCHAIN=host or TOOLCHAIN=root chooses another, or rebuild the kernel with this one",
        )
    wanted = config.get("CONFIG_CC_VERSION_TEXT", "")
    if config.get("CONFIG_CC_IS_CLANG") == "y":
        llvm = os.environ.get("LLVM", "")
        program = "clang" + (llvm if llvm.startswith("-") else "")
        remedy = "install it, or name another: LLVM=-NN"
    else:
        program = (wanted.split() or ["gcc"])[0]
        remedy = "install it"
    have = version_text(tools, program)
    if not have:
        verdict.missing(f"{program}, which built the kernel", remedy)
    elif have == wanted:
        verdict.ok(have)
    else:
        verdict.note(f'the kernel\'s C compiler is "{wanted}", here is "{have}"', "C parts may warn or not build; rather use the same")


def crates_of(kernel):
    """The crates that modules are compiled against, and the procedural macros: all that the
    kernel's rust/Makefile builds, and all with a file in rust/."""
    crates, macros = {"kernel"}, set()
    for tree in (kernel, *(tree for _, tree in source_trees(kernel))):
        if (tree / "rust/Makefile").exists():
            text = (tree / "rust/Makefile").read_text(errors="replace")
            crates |= set(re.findall(r"^\$\(obj\)/(\w+)\.o: \$\(\w+\)/\S+\.rs\b", text, re.M))
            macros |= set(re.findall(r"procmacro-name,(\w+)\)$", text, re.M))
    crates |= {path.stem.removeprefix("lib") for path in (kernel / "rust").glob("lib*.rmeta")}
    for record in (kernel / "rust").glob(".*.o.cmd"):
        crates |= set(re.findall(r"--emit=metadata=\S*/lib(\w+)\.rmeta", record.read_text(errors="replace")))
    macros |= {path.stem.removeprefix("lib") for path in (kernel / "rust").glob("lib*.so")}
    return sorted(crates - {"doctests_kernel_generated"}), sorted(macros)


def machine(path):
    """The ELF class and machine of a file, or None."""
    with open(path, "rb") as file:
        header = file.read(20)
    return header[:6] + header[18:] if header[:4] == b"\x7fELF" else None


def check_macros(verdict, kernel, macros):
    """Checks the procedural macros. rustc loads them, so they must be for the machine that it runs on."""
    prepare = 'run "make modules_prepare" in a build directory of the kernel on this machine'
    paths = [kernel / f"rust/lib{name}.so" for name in macros]
    lacking = [path.name for path in paths if not (path.exists() and path.stat().st_size)]
    foreign = [path.name for path in paths if path.name not in lacking and machine(path) != machine(sys.executable)]
    if not macros:
        verdict.missing("procedural macros (rust/lib*.so)", prepare)
    if lacking:
        verdict.missing(f"procedural macros ({', '.join(lacking)})", prepare)
    if foreign:
        verdict.missing(f"procedural macros for this machine ({', '.join(foreign)} are for another)", prepare)
    if macros and not lacking and not foreign:
        verdict.ok("procedural macros")


def check_inlining(verdict, kernel, config, tools):
    """Checks the bitcode of the C helpers, which RUST_INLINE_HELPERS links with each Rust object."""
    if config.get("CONFIG_RUST_INLINE_HELPERS") != "y":
        return
    bitcode = kernel / "rust/helpers/helpers_module.bc"
    llvm = os.environ.get("LLVM", "")
    linker = "llvm-link" + (llvm if llvm.startswith("-") else "")
    if not (bitcode.exists() and bitcode.stat().st_size):
        verdict.missing(f"rust/helpers/{bitcode.name} (CONFIG_RUST_INLINE_HELPERS is set)", 'run "make modules_prepare" there, or unset it')
    if not version_text(tools, linker):
        verdict.missing(f"{linker} (CONFIG_RUST_INLINE_HELPERS is set)", "install LLVM of rustc's version, or name it: LLVM=-NN")


def check_metadata(verdict, kernel):
    crates, macros = crates_of(kernel)
    files = [kernel / f"rust/lib{crate}.rmeta" for crate in crates]
    lacking = [str(path.relative_to(kernel)) for path in files if not (path.exists() and path.stat().st_size)]
    if lacking:
        verdict.missing(
            f"Rust metadata ({', '.join(lacking)})",
            'run "make modules_prepare" in a build directory with the source, .config, Module.symvers and rustc of the kernel',
        )
    else:
        verdict.ok(f"Rust metadata ({len(crates)} crates)")
    check_macros(verdict, kernel, macros)
    symvers = kernel / "Module.symvers"
    if not symvers.exists():
        verdict.missing("Module.symvers", 'build the kernel ("make"), or take the file from its headers package')
        return
    lines = symvers.read_text(errors="replace").splitlines()
    exported = {fields[1] for fields in (line.split("\t") for line in lines) if len(fields) > 3}
    if not any(name.startswith("_R") for name in exported):
        verdict.missing("exported Rust symbols", "Module.symvers is that of a kernel without Rust: take that of this kernel")
    absent = [name for name in EXPORTS if name not in exported and name + "_noprof" not in exported]
    for name in absent:
        verdict.missing(f"the export {name}", f"Module.symvers is of a kernel without {EXPORTS[name]}: set that and rebuild")
    if not absent:
        verdict.ok("exports")


def check_rivals(verdict, config):
    for symbol, (driver, module, init) in RIVALS.items():
        state = config.get(symbol)
        if state == "y" and config.get("CONFIG_KALLSYMS") != "y":
            verdict.missing(f"a device that is free ({symbol}=y, the C driver claims it)", f"unset {symbol}, or set KALLSYMS and use initcall_blacklist={init}")
        elif state == "y":
            verdict.note(
                f"{symbol}=y, the C driver claims the device",
                f"boot with initcall_blacklist={init} to use rust_{module}.ko",
            )
        elif state == "m":
            verdict.note(
                f"{symbol}=m, the C driver may claim the device",
                f"write \"blacklist {module.replace('_', '-')}\" to a file of /etc/modprobe.d/, or load rust_{module}.ko first",
            )
        else:
            verdict.ok(f"no C driver for {driver}")


def check_tegra(verdict, config):
    """Names the devices that the driver for Tegra's SMMU can bind to: Documentation/tegra.rst."""
    if config.get("CONFIG_ARCH_TEGRA") != "y":
        return
    own_node = "rust_tegra_smmu.ko needs a node of its own in the devicetree, which works with any kernel"
    if config.get("CONFIG_TEGRA_MC") != "y":
        verdict.note("CONFIG_TEGRA_MC is not set, nothing binds the memory controller", f"{own_node}; or set it")
    elif config.get("CONFIG_TEGRA_IOMMU_SMMU") == "y":
        verdict.note("CONFIG_TEGRA_IOMMU_SMMU=y, the C driver serves masters of the memory controller", f"{own_node}; or unset it")
    else:
        verdict.ok("Tegra's SMMU as a part of the memory controller, or with a node of its own")


def no_build(kernel):
    """The reason why a directory is no configured kernel build, and the remedy."""
    if not kernel.is_dir():
        return "no such directory: name a kernel build, or install the headers of the kernel"
    if (kernel / "Kconfig").exists():
        return "a kernel source that is not configured: configure and build it, or name its build directory"
    return "no configured kernel build: name one, or install the headers of the kernel"


def main(arguments=None):
    parser = cli.parser(__doc__)
    parser.add_argument("kdir", nargs="?", default=f"/lib/modules/{os.uname().release}/build")
    kernel = pathlib.Path(parser.parse_args(arguments).kdir)
    verdict = Verdict()

    if not (kernel / ".config").exists():
        verdict.missing(f"{kernel}/.config", no_build(kernel))
        return 1
    config = read_config(kernel / ".config")
    check_version(verdict, kernel)
    check_debian(verdict, kernel)
    check_source(verdict, kernel)
    check_config(verdict, config)
    check_signatures(verdict, kernel, config)
    tools = toolchain(config)
    check_toolchain(verdict, config, tools)
    check_metadata(verdict, kernel)
    check_inlining(verdict, kernel, config, tools)
    check_rivals(verdict, config)
    check_tegra(verdict, config)
    if verdict.bad:
        print(f"{kernel} cannot take the modules: {verdict.bad} {'things are' if verdict.bad > 1 else 'thing is'} missing")
        return 1
    print(f"{kernel} can take the modules")
    return 0
