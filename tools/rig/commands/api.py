# SPDX-License-Identifier: GPL-2.0
"""The public interface of the base crate, one line for each item.

  scripts/api IMAGE           fails if rust/api.txt is not up to date
  scripts/api IMAGE --write   renews it

rust/api.txt lists each item that a driver can name or reach: functions, types with
their public fields, traits with their methods, implementations, macros, and items
that a driver cannot name, but reaches by a signature or a supertrait ("unnamed").
Hidden items are included.  "auto" marks Send and Sync where the compiler derives them.
A line has the path of an item and its head in the source, or the macro that makes it.

Safe code in a driver may use all items in any order, any number of times, from any
context.  Check what this allows for a new line (mem::forget, mem::swap, clones, a wrong
implementation) before you renew the file.  Text after "  ## " is a note on why the item
is sound, and is kept when the file is renewed.

The list is that of a build without KUnit.
"""

import difflib
import json
import pathlib
import re
import tempfile

from rig import cli, crates, paths
from rig.files import tail
from rig.images import kernel_dir, modules_dir
from rig.processes import run_logged
from rig.progress import Failure


LIST = paths.TOP / "rust" / "api.txt"
NOTE = "  ## "
KUNIT = "CONFIG_RUST_IOMMU_KUNIT_TEST"
# How the source of an item begins. That of an item that a macro makes is the call of the macro.
START = re.compile(r'(pub(\([^)]*\))? )?((default|const|unsafe|async|extern "C") )*(fn|impl|struct|enum|union|trait|const|type|static)\b')
# The rest of the source behind the head of an item.
BODY = dict.fromkeys(("constant", "assoc_const", "static"), r" = .*") | {"struct": r" ?[({].*", "assoc_type": "$", "type_alias": "$"}


def document(image):
    """rustdoc's description of the crate, private items included."""
    modules, kernel = modules_dir(image), kernel_dir(image)
    found = [crate for crate in crates.find(modules) if crate.name == "iommu"]
    if not found:
        raise Failure(f"{modules} holds no base crate", "run make")
    with tempfile.TemporaryDirectory(prefix=".api-", dir=modules) as scratch:
        command = found[0].command("rustdoc", kernel, "iommu")
        if KUNIT in command:
            at = command.index(KUNIT)
            del command[at - 1:at + 1]
        command += ["-Zunstable-options", "--output-format", "json", "--document-private-items"]
        command += ["--document-hidden-items", "-Arustdoc::all", "--output", scratch, found[0].root]
        log = paths.LOGS / "api.log"
        status, _ = run_logged("api", command, log, cwd=modules, env={"BIND": f"{kernel}"})
        if status:
            raise Failure(f"rustdoc fails, see {log}", "\n".join(tail(log)))
        return json.loads((pathlib.Path(scratch) / "iommu.json").read_text())


class Writer:
    """Turns the items into lines."""

    def __init__(self, doc, folder):
        self.index, self.paths, self.folder = doc["index"], doc["paths"], folder
        self.lines, self.done, self.reached, self.uses = set(), set(), {}, []
        root = self.item(doc["root"])
        self.module(root, root["name"])
        # An item has the name by which the crate's documentation calls it, and is in the prelude as well.
        for name, value in sorted(self.uses, key=lambda use: "::prelude::" in use[0]):
            used = self.item(value["id"])
            if not used or used["id"] in self.done:
                self.lines.add(f"{name}: use {value['source']}")
            elif "module" in used["inner"]:
                self.module(used, name)
            else:
                self.named(used, name)
        while todo := [key for key in self.reached if key not in self.done]:
            for key in todo:
                self.named(self.item(key), "::".join(self.paths[str(key)]["path"]), "unnamed ")

    def item(self, key):
        return self.index.get(str(key))

    def items(self, keys):
        return filter(None, map(self.item, keys))

    def is_ours(self, key):
        """Whether an item is the base crate's, and not that of another crate."""
        return self.item(key) and self.paths.get(str(key), {}).get("crate_id") == 0

    def reach(self, value):
        """Notes the items of the crate that a part of an item names."""
        if isinstance(value, dict):
            if "id" in value and self.is_ours(value["id"]):
                self.reached[value["id"]] = True
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                self.reach(part)

    def source(self, item):
        (first, start), (last, end) = item["span"]["begin"], item["span"]["end"]
        lines = (self.folder / item["span"]["filename"]).read_text().splitlines()[first - 1:last]
        lines[-1] = lines[-1][:end]
        lines[0] = lines[0][start:]
        return " ".join(" ".join(re.sub("//.*", "", line) for line in lines).split())

    def head(self, item):
        """The source of an item without its body, or the call of the macro that makes the item."""
        text = self.source(item)
        if not START.match(text):
            return f"made by {text}"
        return re.sub(BODY.get(next(iter(item["inner"])), r" ?\{.*"), "", text).rstrip(" ,;")

    def module(self, module, path):
        self.done.add(module["id"])
        for child in self.items(module["inner"]["module"]["items"]):
            if child["visibility"] != "public":
                continue
            if use := child["inner"].get("use"):
                if use["is_glob"] and self.item(use["id"]):
                    self.module(self.item(use["id"]), path)
                else:
                    self.uses.append((f"{path}::{'*' if use['is_glob'] else use['name']}", use))
            elif "module" in child["inner"]:
                self.module(child, f"{path}::{child['name']}")
            else:
                self.named(child, f"{path}::{child['name']}")

    def named(self, item, path, mark=""):
        """Adds an item with all that belongs to it."""
        self.done.add(item["id"])
        kind, value = next(iter(item["inner"].items()))
        if kind in ("macro", "module"):
            self.lines.add(f"{path}: {mark}{kind}")
            return
        self.lines.add(f"{path}: {mark}{self.head(item)}")
        self.reach({name: part for name, part in value.items() if name not in ("impls", "implementations")})
        for child in self.items(value.get("items", [])):
            default = " { .. }" if child["inner"].get("function", {}).get("has_body") else ""
            self.lines.add(f"{path}::{child['name']}: {self.head(child)}{default}")
            self.reach(child["inner"])
        for variant in self.items(value.get("variants", [])):
            self.lines.add(f"{path}::{variant['name']}: variant {self.source(variant)}")
        parts = value.get("kind", "unit")
        for field in self.items([] if parts == "unit" else parts["tuple"] if "tuple" in parts else parts["plain"]["fields"]):
            if field["visibility"] == "public":
                self.lines.add(f"{path}.{field['name']}: {self.source(field)}")
                self.reach(field["inner"])
        for impl in self.items(value.get("impls", [])):
            self.impl(impl, path)
        for impl in self.items(value.get("implementations", [])):
            # Types of the crate list their implementations themselves.
            type_ = impl["inner"]["impl"]["for"].get("resolved_path")
            if not type_ or not self.is_ours(type_["id"]):
                self.impl(impl, path)

    def impl(self, item, path):
        value = item["inner"]["impl"]
        trait = value["trait"]
        # Drivers can call methods of a private trait of the crate only through a bound.
        known = trait and self.is_ours(trait["id"])
        if value["blanket_impl"] or (known and self.item(trait["id"])["visibility"] != "public"):
            return
        name = trait and (trait.get("name") or trait["path"]).split("::")[-1]
        if value["is_synthetic"]:
            if name in ("Send", "Sync"):
                self.lines.add(f"{path}: auto {'!' if value['is_negative'] else ''}{name}")
            return
        head = self.head(item)
        is_made = head.startswith("made by ")
        if trait:
            self.lines.add(f"{path}: " + (f"impl {name}, {head}" if is_made else head))
            self.reach([trait, value["for"], value["generics"]])
        # Methods of a trait of the crate are listed with the trait; those of derives are left out.
        for child in [] if trait and (known or is_made) else self.items(value["items"]):
            if trait or child["visibility"] == "public":
                self.lines.add(f"{path}::{child['name']}: " + (head if is_made else f"{head} {{ {self.head(child)} }}"))
                self.reach(child["inner"])


def read():
    """The lines of the file, each with its note."""
    lines = LIST.read_text().splitlines() if LIST.exists() else []
    return {line: note for line, _, note in (text.partition(NOTE) for text in lines if text and not text.startswith("# "))}


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("image", nargs="?", default="release")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()

    old, new = read(), sorted(Writer(document(options.image), modules_dir(options.image)).lines)
    if options.write:
        head = [
            "# SPDX-License-Identifier: GPL-2.0",
            "# What drivers can name or reach of the base crate. Written by scripts/api, which says more.",
            "# Text behind ## says why a safe item is sound; keep it, and add to it.",
        ]
        rows = [line + (NOTE + old[line] if old.get(line) else "") for line in new]
        LIST.write_text("\n".join(head + rows) + "\n")
        return 0
    changes = [line for line in difflib.unified_diff(list(old), new, lineterm="", n=0) if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    for line in changes:
        print(line)
    if changes:
        print(f"{LIST.relative_to(paths.TOP)} is not up to date: read what is new as scripts/api says, then run\n"
              f"  scripts/api {options.image} --write")
    return 1 if changes else 0
