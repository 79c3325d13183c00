# SPDX-License-Identifier: GPL-2.0
"""The folders of the checkout."""

import pathlib

TOP = pathlib.Path(__file__).resolve().parents[2]
OUT = TOP / "out"
LOGS = OUT / "logs"
RESULTS = OUT / "results"
BOARD = TOP / "tools" / "board"
IN_TOOLCHAIN = TOP / "scripts" / "run-in-toolchain"
