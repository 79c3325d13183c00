# SPDX-License-Identifier: GPL-2.0
"""Applies the patches to another kernel, and lists per file what does not apply or build there.

  scripts/rebasing    to the newest other release that Debian offered when Documentation/rebasing.rst
                      was written; that page has the result
  scripts/rebasing --release 7.2.13 --package linux-source-7.2 --suite sid

It takes the series that scripts/patches has made, and patches/core. A part that does not apply is
put where patch(1) finds the best place, or left out. The kernel crate and the drivers of the series are
then built for User-mode Linux. The exit status is 0 if everything applies and builds.
"""

import collections
import os
import pathlib
import re
import shutil
import subprocess

from rig import cli, paths
from rig.commands.check_patches import Build, run
from rig.commands.patches import WORK as PATCHES, git
from rig.files import linked_copy
from rig.images import recorded
from rig.progress import Failure
from rig.setup import setup_command

WORK = paths.OUT / "rebasing"
CORE = paths.TOP / "patches" / "core"
# An error of rustc or clang, and its file.
ERROR = re.compile(r"^(error[^:\n]*: [^\n]*)\n +--> [./]*([^\n:]+):\d|^[./]*([^\s:]+):\d+:\d+: ((?:fatal )?error: [^\n]*)", re.M)


def copy(source):
    """A copy of the source, whose files git apply replaces."""
    tree = WORK / source.name
    shutil.rmtree(tree, ignore_errors=True)
    linked_copy(source, tree)
    return tree


def apply(tree, patch):
    """Applies what applies. Returns the files of which a part does not."""
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(WORK)}
    result = subprocess.run(["git", "apply", "--reject", patch], cwd=tree, env=environment, capture_output=True, text=True, check=False)
    failed = re.findall(r"^error: (?:patch failed: )?(\S+?):(?:\d+| No such file)", result.stderr, re.M)
    if result.returncode and not failed:
        raise Failure(f"{patch} does not apply", *result.stderr.splitlines()[-5:])
    for file in set(failed):
        if (left := tree / f"{file}.rej").exists():
            subprocess.run(["patch", "-s", "--fuzz=3", "--no-backup-if-mismatch", "-r-", file, left], cwd=tree, capture_output=True, check=False)
            left.unlink()
    return sorted(set(failed))


def compare(title, source, patches):
    """Prints the files that differ too much, and how many patches apply. Returns the tree, and whether all do."""
    tree, rejected, whole = copy(source), collections.defaultdict(list), 0
    for patch in patches:
        files = apply(tree, patch)
        whole += not files
        for file in files:
            rejected[file].append(f"{patch.parent.name}/{patch.name[:4]}")
    print(f"\n{title}: {whole} of {len(patches)} patches apply")
    for file, names in sorted(rejected.items()):
        print(f"  {file}: not {', '.join(names)}")
    return tree, not rejected


def errors(tree):
    """Builds the series, and prints the errors of each file. Returns whether there are none."""
    changed = git("diff", "--name-only", "base", "patches").split()
    if not run(Build("um"), tree.name, "modules", tree, changed, "rebasing"):
        return True
    found = collections.defaultdict(collections.Counter)
    for message, file, c_file, c_message in ERROR.findall((paths.LOGS / "patches-rebasing.log").read_text(errors="replace")):
        found[(file or c_file).partition(f"/{tree.name}/")[2] or file or c_file][(message or c_message).strip()] += 1
    for file, messages in sorted(found.items()):
        print(f"  {file}:")
        for message, count in messages.most_common():
            print(f"    {message}" + (f" ({count} times)" if count > 1 else ""))
    return False


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--release", default="7.2.13")
    parser.add_argument("--package", default="linux-source-7.2")
    parser.add_argument("--suite", default="sid")
    options = parser.parse_args()
    setup_command("setup-toolchain")
    setup_command("setup-kernel-source", KERNEL_RELEASE=options.release, KERNEL_PACKAGE=options.package, KERNEL_SUITE=options.suite)
    source = pathlib.Path(recorded("kernel-source"))
    # Other commands use the pinned one.
    setup_command("setup-kernel-source")
    setup_command("build-kernel", "release")
    series = [patch for patch in sorted(PATCHES.glob("[0-9]*-*/*.patch")) if not patch.name.endswith("cover-letter.patch")]
    if not series:
        raise Failure("there are no patches", "run scripts/patches")
    tree, applies = compare("the series", source, series)
    builds = errors(tree)
    return not (compare("patches/core", source, sorted(CORE.glob("*.patch")))[1] and applies and builds)
