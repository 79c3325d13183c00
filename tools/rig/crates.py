# SPDX-License-Identifier: GPL-2.0
"""Finds the Rust crates of a finished module build.  The kernel's build has recorded
the command and the sources of each Rust object."""

import pathlib
import re
import shlex

from rig import paths

# Flags that select the output of rustc; rustdoc has its own.
WITH_VALUE = {"--out-dir", "--crate-type"}
BARE = ("--emit=", "-Clto", "-Cembed-bitcode", "-Zfunction-sections", "-Zbinary_dep_depinfo", "-Zllvm_module_flag", "-Copt-level")
BARE += ("-Cdebuginfo", "-Ccodegen-units", "-Cdebug-assertions", "-Coverflow-checks", "-Wclippy", "-Aclippy")


class Crate:
    """One crate: name, root file, flags of rustc, crates it depends on."""

    def __init__(self, obj, command, source):
        words = shlex.split(command)
        while "=" in words[0]:
            words.pop(0)
        self.root = pathlib.Path(source)
        self.flags = words[1:]
        self.name = self._value("--crate-name") or self.root.stem
        if self.root.name == "lib.rs":
            self.name = pathlib.Path(obj).stem
        self.externs = [
            value.split("=")[0] for flag, value in zip(self.flags, self.flags[1:]) if flag == "--extern"
        ]

    def command(self, tool, kernel, name):
        """A command of rustc or rustdoc with the flags that both accept, for a crate of this name."""
        # The kernel uses unstable language features, which its Makefile allows with this variable.
        result = [paths.IN_TOOLCHAIN, "env", "RUSTC_BOOTSTRAP=1", f"OBJTREE={kernel}", "RUST_MODFILE=doc", tool, "--crate-name", name]
        skip = False
        for flag in self.flags:
            if skip:
                skip = False
            elif flag in WITH_VALUE:
                skip = True
            elif flag != str(self.root) and not flag.startswith(BARE):
                result.append(flag)
        return result

    def _value(self, flag):
        if flag in self.flags:
            return self.flags[self.flags.index(flag) + 1]
        return None


def find(modules):
    """All crates of a build directory, base crates first."""
    crates = []
    for path in sorted(pathlib.Path(modules).rglob(".*.o.cmd")):
        text = path.read_text(errors="replace")
        match = re.match(r"savedcmd_(\S+) := (.*)", text)
        source = re.search(r"^source_\S+ := (\S+\.rs)$", text, re.M)
        if match and source:
            crates.append(Crate(match[1], match[2], source[1]))
    names = {crate.name for crate in crates}
    return sorted(crates, key=lambda crate: (len(names & set(crate.externs)), crate.name))
