# SPDX-License-Identifier: GPL-2.0
"""Makes patch series against the kernel from the files of this tree."""
