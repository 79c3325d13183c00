# SPDX-License-Identifier: GPL-2.0
"""Makes the patch series against the kernel, from this tree and patches/rust/series.toml.

  scripts/patches    out/patches/N-SERIES/*.patch, with a cover letter

A series is based on those before it in the file. Nobody is named as the author of a patch or
has signed it off: the cover letter has the place where the sender does that. Prints each patch
with its number of lines. Fails if a file, or the KUnit code of a file, is in no patch.
"""

import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import textwrap
import tomllib

from rig import cli, paths
from rig.images import recorded
from rig.processes import in_toolchain
from rig.progress import Failure
from series.source import KUNIT, Mapping, helpers, outline, with_modules

TABLE = paths.TOP / "patches" / "rust" / "series.toml"
WORK = paths.OUT / "patches"
# Files that only list modules: they come with the first of these.
LISTINGS = {"bridge", "core_gaps", "driver", "object", "support"}
# The kernel's only file beside these. rustfmt reads the modules that a file declares.
NEIGHBOUR = "rust/kernel/iommu/pgtable.rs"
# Declarations of helpers, which the kernel's build generates.
NOT_SENT = {"rust/bindings.rs"}
AUTHOR = ("YOUR NAME", "you@example.org")
# Patches with more lines are marked.
LIMIT = 800


def tree_files():
    names = subprocess.run(["git", "ls-files", "rust", "drivers/iommu"], cwd=paths.TOP, capture_output=True, text=True, check=True)
    return names.stdout.split()


def inside(path):
    """The module of a file of the kernel, below that of the abstractions."""
    return path.removeprefix("rust/kernel/iommu/").removesuffix(".rs")


class Series:
    """The state of the kernel's files after each patch."""

    def __init__(self, table, source):
        self.mapping = Mapping(table)
        self.helper_files = table["helpers"]
        self.source = source
        self.known = tree_files()
        self.present, self.tested, self.edits, self.dropped = {}, set(), [], set()

    def matching(self, patterns):
        found = []
        for pattern in patterns:
            names = [name for name in self.known if fnmatch.fnmatchcase(name, pattern)]
            if not names:
                raise Failure(f"no file of the tree is {pattern}", f"correct {TABLE.relative_to(paths.TOP)}")
            found += names
        return found

    def add(self, patch):
        for name in patch.get("outline", ()):
            self.present[name] = False
        for name in self.matching(patch.get("files", ())):
            self.present[name] = True
            if name.startswith("rust/"):
                self.present["rust/iommu.rs"] = True
                top = name.split("/")[1]
                if top in LISTINGS:
                    self.present[f"rust/{top}.rs"] = True
        self.tested |= set(self.matching(patch.get("tests", ())))
        self.edits += patch.get("edit", [])
        self.dropped |= set(patch.get("drop", ()))

    def missing(self):
        """Files of the tree that no patch has."""
        return [name for name in self.known if name.endswith(".rs") and not self.present.get(name) and name not in NOT_SENT]

    def untested(self):
        """Files whose KUnit code no patch has."""
        return [name for name in self.present if name not in self.tested and KUNIT.search((paths.TOP / name).read_text())]

    def base(self, path):
        """The text of a file of the kernel without patches."""
        file = self.source / path
        return file.read_text() if file.exists() else None

    def files(self):
        """Returns {path: text} of all files of the kernel that have changed."""
        result = {}
        self.add_helpers(result)
        modules = {inside(path) for path in [*map(self.mapping.path, self.present), *result, NEIGHBOUR]}
        for name in self.present:
            text = self.mapping.text(name, name in self.tested)
            if not self.present[name]:
                text = outline(text)
            path = self.mapping.path(name)
            if name.startswith("rust/"):
                text = with_modules(text, "" if path.endswith("/mod.rs") else inside(path), modules)
            result[path] = text
        for edit in self.edits:
            if edit.get("name") in self.dropped:
                continue
            text = result.get(edit["file"], self.base(edit["file"]) or "")
            found = edit.get("before", edit.get("instead"))
            if found is None:
                text += edit["text"]
            elif text.count(found) == 1:
                text = text.replace(found, edit["text"] + (found if "before" in edit else ""))
            else:
                raise Failure(f"{edit['file']} has {text.count(found)} times: {found}", f"correct {TABLE.relative_to(paths.TOP)}")
            result[edit["file"]] = text
        return result

    def add_helpers(self, result):
        """Adds the C helpers that are called, and the module that names them."""
        called, imported = set(), set()
        for name in self.present:
            if name.startswith("rust/") and name != "rust/iommu.rs":
                text = self.mapping.source(name, name in self.tested)
                called |= set(re.findall(r"rust_iommu_helper_(\w+)", text))
                if name != "rust/table/ffi.rs":
                    imported |= set(re.findall(r"(?<!ffi::)rust_iommu_helper_(\w+)", text))
        if not called:
            return
        theirs = "\n".join(file.read_text() for file in (self.source / "rust/helpers").glob("*.c"))
        own = {name for name in called if f"rust_helper_{name}(" not in theirs}
        result["rust/helpers/iommu.c"] = helpers(self.helper_files, own)
        result["rust/kernel/iommu/bindings.rs"] = BINDINGS.format(names="".join(f"    {name},\n" for name in sorted(imported)))


BINDINGS = """\
// SPDX-License-Identifier: GPL-2.0

//! C functions that the abstractions of this directory call.

use crate::{{
    bindings::device,
    device::{{
        Device,
        DeviceContext, //
    }},
}};

pub(crate) use crate::bindings::{{
{names}}};

/// Returns the C side of a device in any context.
#[inline]
pub(crate) fn as_raw<Ctx: DeviceContext>(dev: &Device<Ctx>) -> *mut device {{
    dev.as_raw()
}}
"""


def git(*arguments, **keywords):
    name, address = AUTHOR
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    for who in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{who}_NAME": name, f"GIT_{who}_EMAIL": address, f"GIT_{who}_DATE": "2000-01-01T00:00:00Z"}
    return subprocess.run(["git", "-C", WORK / "tree", *arguments], env=environment, check=True, capture_output=True, text=True, **keywords).stdout


def write(files):
    for path, text in files.items():
        target = WORK / "tree" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def commit(message):
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-F", "-", input=message)


def make(table, source):
    """Makes a repository with one commit for each patch."""
    shutil.rmtree(WORK, ignore_errors=True)
    (WORK / "tree").mkdir(parents=True)
    git("init", "-q", "-b", "patches")
    state, states = Series(table, source), []
    for series in table["series"]:
        for patch in series["patch"]:
            state.add(patch)
            states.append((patch, state.files()))
    for what, names in (("", state.missing()), ("the KUnit code of ", state.untested())):
        if names:
            raise Failure(f"no patch has {what}{', '.join(names)}", f"add it to {TABLE.relative_to(paths.TOP)}")
    paths_changed = {path for _, files in states for path in files} | {NEIGHBOUR}
    write({path: text for path in sorted(paths_changed) if (text := state.base(path)) is not None})
    commit(f"Linux {source.name.removeprefix('linux-')}")
    config = source / ".rustfmt.toml"
    for patch, files in states:
        write(files)
        rust = [WORK / "tree" / path for path in files if path.endswith(".rs")]
        in_toolchain(["rustfmt", "--edition", "2021", "--config-path", config, *rust], bind=f"{source}")
        commit(f"{patch['subject']}\n\n{wrapped(patch['body'])}\n")


def wrapped(text):
    """The paragraphs of a text in lines of a commit's length."""
    return "\n\n".join(textwrap.fill(part, 72) for part in text.strip().split("\n\n"))


def lines(revision):
    """The lines that a commit adds and removes."""
    numbers = git("show", "--numstat", "--format=", revision)
    return sum(int(word) for line in numbers.splitlines() for word in line.split("\t")[:2] if word.isdigit())


def main():
    cli.parser(__doc__).parse_args()
    table = tomllib.loads(TABLE.read_text())
    source = pathlib.Path(recorded("kernel-source"))
    make(table, source)
    last = git("rev-list", "--reverse", "HEAD").split()[0]
    commits = git("rev-list", "--reverse", f"{last}..HEAD").split()
    for n, series in enumerate(table["series"], 1):
        name, count = f"{n}-{series['name']}", len(series["patch"])
        mine, commits = commits[:count], commits[count:]
        print(f"{name}: {series['title']}")
        for patch, revision in zip(series["patch"], mine, strict=True):
            number = lines(revision)
            print(f"  {number:5} {patch['subject']}" + (f"  (more than {LIMIT} lines)" if number > LIMIT else ""))
        folder = WORK / name
        git("format-patch", "-q", "--cover-letter", "--no-signature", "--subject-prefix=RFC PATCH", "-o", str(folder), f"{last}..{mine[-1]}")
        letter = folder / "0000-cover-letter.patch"
        text = letter.read_text().replace("*** SUBJECT HERE ***", series["title"])
        letter.write_text(text.replace("*** BLURB HERE ***", wrapped(series["cover"] + "\n" + table["sender"])))
        last = mine[-1]
    print(f"\n{WORK.relative_to(paths.TOP)}/*/*.patch")
    return 0
