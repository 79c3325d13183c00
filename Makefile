# SPDX-License-Identifier: GPL-2.0
# The commands of this project; "make help" describes them.  The kernel's build
# reads Kbuild instead of this file.

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
export KDIR KSRC LLVM TOOLCHAIN INSTALL_MOD_PATH RUST_LIB_SRC MODULE_SIGN_KEY MODULE_SIGN_CERT KERNEL_RELEASE DEBIAN_MIRROR V

# Modules for the kernel build of KDIR= are built in out/custom/modules, others in
# out/release/modules, for the board's release image. KDIR=debian-arm64 is no path:
# it stands for Debian's kernel, which scripts/setup-debian-kernel prepares.
PRESET := $(filter debian-%,$(KDIR))
ifneq ($(PRESET),)
override KDIR :=
endif
IMAGE := $(or $(PRESET),$(if $(KDIR),custom,release))
CACHE := $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/rust-iommu

# Options of Kbuild from the command line or the environment.
OPTIONS := $(foreach name,RUST_SUN50I_IOMMU RUST_APPLE_DART RUST_TEGRA_SMMU RUST_IOMMU_KUNIT_TEST,\
	$(if $(CONFIG_$(name)),CONFIG_$(name)=$(CONFIG_$(name))))

# ARCH= selects the board, um or arm64; both by default. The kernel's build has a
# variable of the same name, which the scripts set by the image, so it must not
# inherit this one.
BOARD_ARCH := $(ARCH)
unexport ARCH
MAKEOVERRIDES := $(filter-out ARCH=%,$(MAKEOVERRIDES))
arch := $(if $(BOARD_ARCH),--arch '$(BOARD_ARCH)')

.PHONY: all
all: prepare
	@scripts/build-modules $(IMAGE) $(OPTIONS)
	@echo "  modules: out/$(IMAGE)/modules"

.PHONY: prepare
prepare:
ifeq ($(IMAGE),custom)
	@scripts/build-kernel custom
	@scripts/setup-toolchain custom
else
	@scripts/setup-toolchain
	@scripts/setup-kernel-source
	@scripts/build-kernel $(IMAGE)
endif

.PHONY: board check kunit fuzz bench lint mutants soak tegra-part arm core patches check-patches
.PHONY: rebasing alternatives
.PHONY: flaky modversions newest
board:
	@scripts/board $(arch)

check:
	@scripts/check $(arch) $(if $(DEBUG),--debug) $(if $(PRESET),--list debian) $(if $(ONLY),--only '$(ONLY)')

kunit:
	@scripts/check --kunit $(arch) $(if $(ONLY),--only '$(ONLY)')

fuzz:
	@scripts/fuzz $(if $(SEED),--seed '$(SEED)') --seconds $(or $(SECONDS),60)

bench:
	@scripts/bench $(arch)

lint:
	@scripts/lint

mutants:
	@scripts/mutants $(if $(ONLY),--only '$(ONLY)')

soak:
	@scripts/check --list soak

tegra-part:
	@scripts/check --list tegra-part

arm:
	@scripts/check --list arm

core:
	@scripts/check-core
	@scripts/check --list core

patches:
	@scripts/setup-toolchain
	@scripts/setup-kernel-source
	@scripts/patches $(if $(ONTO),--onto '$(ONTO)')

check-patches: patches
	@scripts/check-patches
	@scripts/check --list series

rebasing: patches
	@scripts/rebasing

alternatives:
	@scripts/alternatives

flaky:
	@scripts/flaky $(if $(ONLY),--only '$(ONLY)') $(if $(REPEAT),--repeat '$(REPEAT)')

# This leaves the newest toolchain recorded in out/. Each other command sets up its
# own again.
newest:
	@TOOLCHAIN=newest scripts/check --kunit --image release

modversions:
	@scripts/modversions

# Installs the modules that make has built. It may run as root, with another cache, so
# it neither builds nor sets up a toolchain.
.PHONY: modules_install
modules_install:
	@scripts/install-modules $(IMAGE)

# Always for Debian's kernel; KDIR= is ignored.
.PHONY: deb
deb:
	@$(MAKE) all KDIR=debian-arm64
	@scripts/deb debian-arm64

.PHONY: check-kernel
check-kernel: $(if $(PRESET),prepare)
	@$(if $(PRESET),TOOLCHAIN_FOR=$(PRESET)) scripts/check-kernel $(if $(PRESET),out/$(PRESET)/kernel,$(if $(KDIR),'$(KDIR)'))

.PHONY: rust-analyzer rustdoc
rust-analyzer: all
	@scripts/rust-analyzer $(IMAGE)

rustdoc: all
	@scripts/rustdoc $(IMAGE)

.PHONY: fmt
fmt:
	@scripts/setup-toolchain
	@$(if $(KDIR),:,scripts/setup-kernel-source)
	@scripts/fmt

.PHONY: clean distclean
clean:
	rm -rf out rust-project.json

distclean: clean
	@scripts/distclean

.PHONY: help
help:
	@echo "make                  build the modules (KDIR=: a configured kernel build of your own,"
	@echo "                      or debian-arm64: Debian's kernel, from its package)"
	@echo "make board            prepare everything, boot the board, show a running translation"
	@echo "                      (ARCH=arm64: QEMU's, with masters that have drivers of their own)"
	@echo "make check            run the tests (ONLY=REGEX: those whose name matches,"
	@echo "                      ARCH=um or arm64: those of one board,"
	@echo "                      ARCH=arm64 DEBUG=1: the latter with lockdep, a quarter of an hour,"
	@echo "                      KDIR=debian-arm64: with Debian's kernel)"
	@echo "make kunit            run the KUnit suites"
	@echo "make fuzz             give the drivers generated sequences of calls and devicetrees for a minute"
	@echo "                      (SECONDS=N, SEED=SEED: the inputs of that seed)"
	@echo "make soak             load and unbind the masters of the arm64 board for sixty rounds"
	@echo "make flaky            boot many times on a busy machine, and list what does not pass"
	@echo "                      every time (ONLY=REGEX, REPEAT=N)"
	@echo "make mutants          remove one duty of the code at a time, and see that a test fails (ONLY=REGEX)"
	@echo "make modversions      see that a kernel with MODVERSIONS refuses a driver of another crate"
	@echo "make tegra-part       run Tegra's driver as a part of the kernel's memory controller, in a"
	@echo "                      kernel of its own"
	@echo "make arm              run Tegra's drivers in a kernel for 32-bit ARM"
	@echo "make core             build each patch of patches/core, with which the core passes the instance to"
	@echo "                      of_xlate and probe_device; run tests with the C and Rust drivers in a kernel"
	@echo "                      with the series, and show the references that each driver leaks"
	@echo "make patches          make the patch series against the kernel: out/patches/ (ONTO=: on the"
	@echo "                      commit of that repository of the kernel)"
	@echo "make check-patches    build each patch for both architectures, and run the last one's drivers"
	@echo "make rebasing         apply the patches to Linux 7.2, and list what does not apply or build there"
	@echo "make alternatives     run generic_pt's suites on sun50i's page table as a format of generic_pt,"
	@echo "                      and compare its lines and instructions with the page table of this tree"
	@echo "make newest           run the KUnit suites, kernel and modules built by the newest rustc and clang"
	@echo "                      that Debian has for its stable release"
	@echo "make bench            measure Rust against C"
	@echo "make modules_install  install the modules that make has built (INSTALL_MOD_PATH=: below"
	@echo "                      that directory)"
	@echo "make deb              make a package of them for Debian's arm64 kernel"
	@echo "make check-kernel     say whether the kernel KDIR= can take the modules"
	@echo "make rust-analyzer    write rust-project.json for all crates"
	@echo "make rustdoc          write the documentation of the crates to out/doc"
	@echo "make fmt              format the Rust sources"
	@echo "make lint             rustfmt, clippy, sparse, checkpatch, shellcheck, and rules of this tree"
	@echo "make clean            remove what was built in the checkout (out/)"
	@echo "make distclean        also remove the cache: toolchain, kernel source and builds"
	@echo
	@echo "Overrides: KDIR= KSRC= KERNEL_RELEASE= MODULE_SIGN_KEY= MODULE_SIGN_CERT= LLVM=-NN TOOLCHAIN=host|root|newest DEBIAN_MIRROR= JOBS=   Cache: $(CACHE)"
