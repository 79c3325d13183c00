# SPDX-License-Identifier: GPL-2.0
"""Makes the patch series against the kernel, from this tree and patches/rust/series.toml.

  scripts/patches              out/patches/N-SERIES/*.patch, with a cover letter, and what
                               get_maintainer.pl says about each patch (maintainers)
  scripts/patches --onto DIR   the same on the commit of a kernel's repository, which is then
                               named as the base-commit
  scripts/patches --publish    tag this version in this repository: patches/vN/SERIES. The next
                               version has a range-diff with it in its cover letter

A series is based on those before it in the file. Nobody is named as the author of a patch or
has signed it off: the cover letter has the place where the sender does that. Prints each patch
with its number of lines. Fails if a file, or the KUnit code of a file, is in no patch.
out/patches/tree has a branch N-SERIES for each, which b4 prep --enroll can take over.
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
from series.source import KUNIT, Mapping, document, helpers, outline, with_modules

TABLE = paths.TOP / "patches" / "rust" / "series.toml"
WORK = paths.OUT / "patches"
# Files that only list modules: they come with the first of these.
LISTINGS = {"bridge", "core_gaps", "driver", "object", "support"}
# The kernel's only file beside these. rustfmt reads the modules that a file declares.
NEIGHBOUR = "rust/kernel/iommu/pgtable.rs"
OVERVIEW = "rust/kernel/iommu/mod.rs"
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
        self.helper_files, self.helpers = table["helpers"], table["helper"]
        self.source = source
        self.known = tree_files()
        self.present, self.tested, self.edits, self.documents, self.dropped = {}, set(), [], [], set()

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
            if name.startswith("rust/") and not self.mapping.is_rehomed(name):
                self.present["rust/iommu.rs"] = True
                top = name.split("/")[1]
                if top in LISTINGS:
                    self.present[f"rust/{top}.rs"] = True
        self.tested |= set(self.matching(patch.get("tests", ())))
        self.edits += patch.get("edit", [])
        self.documents += patch.get("document", [])
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
        result |= {entry["file"]: document(entry) for entry in self.documents}
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
        called, imported = {}, set()
        for name in self.present:
            if name.startswith("rust/") and name != "rust/iommu.rs":
                text = self.mapping.source(name, name in self.tested)
                kind = next(kind for kind in self.helpers if name.startswith(kind["in"]))
                names = set(re.findall(r"rust_iommu_helper_(\w+)", text))
                called.setdefault(kind["file"], (kind, set()))[1].update(names)
                if inside(self.mapping.path(name)) != "table/ffi" and not self.mapping.is_rehomed(name):
                    imported |= set(re.findall(r"(?<!ffi::)rust_iommu_helper_(\w+)", text))
        theirs = "\n".join(file.read_text() for file in (self.source / "rust/helpers").glob("*.c"))
        for path, (kind, names) in called.items():
            if own := {name for name in names if f"rust_helper_{name}(" not in theirs}:
                result[path] = helpers(self.helper_files, own, kind)
        if imported:
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


# The command that "b4 prep --check" runs for each patch of a branch.
B4 = f"""\
[b4]
prep-perpatch-check-cmd = {paths.TOP}/scripts/check-patches --stdin
"""


def start(source, names, onto):
    """Makes a repository of these files whose HEAD, also called base, is the kernel without patches."""
    (WORK / "tree").mkdir(parents=True)
    known = [name for name in names if (source / name).exists()]
    if onto:
        subprocess.run(["git", "clone", "-q", "--shared", "--no-checkout", onto, WORK / "tree"], check=True)
        git("sparse-checkout", "set", "--no-cone", "--stdin", input="".join(f"/{name}\n" for name in names))
        git("checkout", "-q", "-B", "patches", "HEAD")
    else:
        git("init", "-q", "-b", "patches")
        write({name: (source / name).read_text() for name in known})
        commit(f"Linux {source.name.removeprefix('linux-')}")
    for name in known:
        if (WORK / "tree" / name).read_text() != (source / name).read_text():
            raise Failure(f"{onto} has another {name} than {source.name}", "check out that release")
    git("tag", "base")
    (WORK / "tree/.git/info/exclude").write_text(".b4-config\n")
    (WORK / "tree/.b4-config").write_text(B4)


def make(table, source, onto):
    """Makes a repository with one commit for each patch."""
    shutil.rmtree(WORK, ignore_errors=True)
    state, states = Series(table, source), []
    for series in table["series"]:
        for patch in series["patch"]:
            state.add(patch)
            states.append((patch, state.files()))
    for what, names in (("", state.missing()), ("the KUnit code of ", state.untested())):
        if names:
            raise Failure(f"no patch has {what}{', '.join(names)}", f"add it to {TABLE.relative_to(paths.TOP)}")
    paths_changed = {path for _, files in states for path in files} | {NEIGHBOUR}
    start(source, sorted(paths_changed), onto)
    config = source / ".rustfmt.toml"
    before = {}
    for patch, files in states:
        new = {path: text for path, text in files.items() if before.get(path) != text}
        before = files
        write(new)
        # Not those that the kernel has: rustfmt would look for the modules that they declare.
        rust = [WORK / "tree" / path for path in new if path.endswith(".rs") and (path == OVERVIEW or not (source / path).exists())]
        if rust:
            in_toolchain(["rustfmt", "--edition", "2021", "--config-path", config, *rust], bind=f"{source}")
        commit(f"{patch['subject']}\n\n{wrapped(patch['body'])}\n")


def wrapped(text):
    """The paragraphs of a text in lines of a commit's length."""
    return "\n\n".join(textwrap.fill(part, 72) for part in text.strip().split("\n\n"))


def lines(revision):
    """The lines that a commit adds and removes."""
    numbers = git("show", "--numstat", "--format=", revision)
    return sum(int(word) for line in numbers.splitlines() for word in line.split("\t")[:2] if word.isdigit())


def identity(revision):
    """The ID of a patch, which does not depend on its base."""
    shown = git("show", revision)
    result = subprocess.run(["git", "patch-id", "--stable"], input=shown, capture_output=True, text=True, check=True)
    return result.stdout.split()[0]


def needed(table, name):
    """The series that a series cannot be built without, also indirectly, in the order of the table."""
    found = {name}
    for series in reversed(table["series"]):
        if series["name"] in found:
            found |= set(series.get("needs", ()))
    return [series["name"] for series in table["series"] if series["name"] in found - {name}]


def published(name):
    """The number, the base and the last commit of the last version that was published."""
    listed = git("ls-remote", str(paths.TOP), f"refs/tags/patches/v*/{name}")
    versions = [int(version) for version in re.findall(r"patches/v(\d+)/", listed)]
    if not versions:
        return 0, None, None
    revisions = []
    for reference in (f"{name}.base", name):
        git("fetch", "-q", str(paths.TOP), f"refs/tags/patches/v{max(versions)}/{reference}")
        revisions.append(git("rev-parse", "FETCH_HEAD").strip())
    return max(versions), *revisions


def publish(name, version, base, last):
    """Makes tags in this repository, with which later versions are compared."""
    for reference, revision in ((f"{name}.base", base), (name, last)):
        git("push", "-q", str(paths.TOP), f"{revision}:refs/tags/patches/v{version}/{reference}")


def maintainers(source, folder):
    """Writes what get_maintainer.pl says about each patch."""
    result = []
    for patch in sorted(folder.glob("*.patch"))[1:]:
        command = ["perl", "scripts/get_maintainer.pl", "--no-git", "--no-git-fallback", str(patch)]
        found = subprocess.run(command, cwd=source, capture_output=True, text=True, check=True)
        result.append(f"{patch.name}\n" + "".join(f"  {line}\n" for line in found.stdout.splitlines()))
    (folder / "maintainers").write_text("\n".join(result))


def cover(table, series, facts, comparison):
    """The text of a cover letter."""
    parts = [wrapped(series["cover"])]
    if others := needed(table, series["name"]):
        parts.append(wrapped(f"This series needs those of {', '.join(others)}. The IDs of their patches are at the end."))
    if series.get("changes"):
        parts.append(f"Changes:\n{series['changes'].strip()}")
    if comparison:
        parts.append(f"git range-diff with the version before:\n\n{comparison.rstrip()}")
    return "\n\n".join([*parts, wrapped(" ".join(table["sender"].split())), facts])


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--onto", type=pathlib.Path, metavar="DIR", help="a git repository whose HEAD is the kernel that the patches are for")
    parser.add_argument("--publish", action="store_true", help="tag this version as one that was sent")
    options = parser.parse_args()
    table = tomllib.loads(TABLE.read_text())
    source = pathlib.Path(recorded("kernel-source"))
    make(table, source, options.onto)
    last = git("rev-parse", "base").strip()
    base = f"base-commit: {last}" if options.onto else f"The base is Linux {source.name.removeprefix('linux-')}."
    commits = git("rev-list", "--reverse", f"{last}..HEAD").split()
    identities = {}
    for n, series in enumerate(table["series"], 1):
        name, count = f"{n}-{series['name']}", len(series["patch"])
        mine, commits = commits[:count], commits[count:]
        print(f"{name}: {series['title']}")
        for patch, revision in zip(series["patch"], mine, strict=True):
            number = lines(revision)
            print(f"  {number:5} {patch['subject']}" + (f"  (more than {LIMIT} lines)" if number > LIMIT else ""))
        identities[series["name"]] = [identity(revision) for revision in mine]
        before = [f"prerequisite-patch-id: {one}" for other in needed(table, series["name"]) for one in identities[other]]
        version, old_base, old_last = published(series["name"])
        comparison = git("range-diff", "--no-color", f"{old_base}..{old_last}", f"{last}..{mine[-1]}") if version else ""
        folder = WORK / name
        git("format-patch", "-q", "--cover-letter", "--no-signature", "--subject-prefix=RFC PATCH", *(["-v", str(version + 1)] if version else []), "-o", str(folder), f"{last}..{mine[-1]}")
        letter = next(folder.glob("*0000-cover-letter.patch"))
        text = letter.read_text().replace("*** SUBJECT HERE ***", series["title"])
        letter.write_text(text.replace("*** BLURB HERE ***", cover(table, series, "\n".join([base, *before]), comparison)))
        maintainers(source, folder)
        git("branch", "-f", name, mine[-1])
        if options.publish:
            publish(series["name"], version + 1, last, mine[-1])
        last = mine[-1]
    print(f"\n{WORK.relative_to(paths.TOP)}/*/*.patch")
    return 0
