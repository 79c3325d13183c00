# SPDX-License-Identifier: GPL-2.0
"""Gives the drivers generated inputs: sequences of calls, and devicetrees."""
