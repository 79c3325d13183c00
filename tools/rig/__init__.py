# SPDX-License-Identifier: GPL-2.0
"""The rig builds the parts of a boot, boots it, and judges its results.  Python's standard
library only.  Its commands, in commands/, are run as scripts/NAME.

  table         tools/board/boots.toml: the boots
  boot          one boot, from its entry in the table to its report
  guest         its command line; uml and qemu are the two boards
  images        kernels, and the modules built for them; setup builds both
  initramfs     the initial file system
  devicetree    the devicetrees of the board; machines and fdt: those of real machines
  host          the tests that are no boots of the table
  results       what a boot has reported; kunit: its KUnit cases; tally: all results of a run
  cost, charts  numbers and charts of the benchmark
  leaks         numbers of leaked references
  processes     commands: logged, in parallel, with the toolchain
  progress, paths, files, cli, crates
"""
