#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Runs a command of the rig.  The links to this file in scripts/ are the commands: the code
of scripts/NAME is in tools/rig/commands/NAME.py."""

import importlib
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
from rig import cli  # noqa: E402

cli.run(importlib.import_module("rig.commands." + pathlib.Path(sys.argv[0]).name.replace("-", "_")).main)
