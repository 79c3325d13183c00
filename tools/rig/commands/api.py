# SPDX-License-Identifier: GPL-2.0
"""The public interface of the base crate, one line for each item.

  scripts/api IMAGE           fails if rust/api.txt is not up to date
  scripts/api IMAGE --write   renews it

rust/api.txt lists each item that a driver can name or reach: functions, types with
their public fields, traits with their methods, implementations, macros, and items
that a driver cannot name, but reaches by a signature or a supertrait ("unnamed").
Hidden items are included.  "auto" marks Send and Sync where the compiler derives them.

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
DERIVED = {"Clone", "Copy", "Debug", "Eq", "PartialEq", "StructuralPartialEq", "HasPinData", "Drop", "PinnedDrop"}
KUNIT = "CONFIG_RUST_IOMMU_KUNIT_TEST"


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


def only(thing):
    """The key and the value of an enum, as serde writes it."""
    return (thing, None) if isinstance(thing, str) else next(iter(thing.items()))


class Writer:
    """Turns the items into lines."""

    def __init__(self, doc):
        self.index, self.paths = doc["index"], doc["paths"]
        self.lines, self.done, self.reached, self.uses = set(), set(), {}, []
        root = self.item(doc["root"])
        self.module(root, root["name"])
        # An item has the name by which the crate's documentation calls it, and is in the prelude as well.
        for name, value in sorted(self.uses, key=lambda use: "::prelude::" in use[0]):
            if (used := self.item(value["id"])) and str(value["id"]) not in self.done:
                (self.module if only(used["inner"])[0] == "module" else self.named)(used, name)
            else:
                self.add(f"use {name} = {value['source']}")
        while todo := [key for key in self.reached if key not in self.done]:
            for key in todo:
                self.named(self.item(key), "::".join(self.paths[key]["path"]), "unnamed ")

    def item(self, key):
        return self.index.get(str(key))

    # Types

    def path(self, thing):
        key, name = str(thing["id"]), thing.get("name") or thing.get("path")
        known = self.paths.get(key)
        if known and known["crate_id"] == 0 and self.item(key):
            self.reached[key] = True
        # Paths are as in the source, where they may be relative.
        return name.split("::")[-1] + self.args(thing.get("args"))

    def args(self, args):
        if not args:
            return ""
        kind, value = only(args)
        if kind == "parenthesized":
            text = "(" + ", ".join(map(self.type, value["inputs"])) + ")"
            return text + (f" -> {self.type(value['output'])}" if value["output"] else "")
        if kind != "angle_bracketed":
            return "(..)"
        parts = [self.arg(arg) for arg in value["args"]]
        for constraint in value["constraints"]:
            how, what = only(constraint["binding"])
            end = f" = {self.term(what)}" if how == "equality" else f": {self.bounds(what)}"
            parts.append(constraint["name"] + self.args(constraint["args"]) + end)
        return "<" + ", ".join(parts) + ">" if parts else ""

    def arg(self, arg):
        kind, value = only(arg)
        if kind == "lifetime":
            return value
        return {"type": self.type, "const": self.const}.get(kind, lambda _: "_")(value)

    def term(self, term):
        kind, value = only(term)
        return self.type(value) if kind == "type" else self.const(value)

    @staticmethod
    def const(value):
        return value["value"] or value["expr"]

    def type(self, type_):
        kind, value = only(type_)
        return getattr(self, "type_" + kind)(value)

    def type_resolved_path(self, value):
        return self.path(value)

    def type_dyn_trait(self, value):
        parts = [self.binder(part["generic_params"]) + self.path(part["trait"]) for part in value["traits"]]
        return "dyn " + " + ".join(parts + ([value["lifetime"]] if value["lifetime"] else []))

    def type_generic(self, value):
        return value

    type_primitive = type_generic

    def type_function_pointer(self, value):
        return self.binder(value["generic_params"]) + self.header(value["header"]) + "fn" + self.signature(value["sig"])

    def type_tuple(self, value):
        return "(" + ", ".join(map(self.type, value)) + ("," if len(value) == 1 else "") + ")"

    def type_slice(self, value):
        return f"[{self.type(value)}]"

    def type_array(self, value):
        return f"[{self.type(value['type'])}; {value['len']}]"

    def type_impl_trait(self, value):
        return "impl " + self.bounds(value)

    def type_infer(self, _value):
        return "_"

    def type_raw_pointer(self, value):
        return ("*mut " if value["is_mutable"] else "*const ") + self.type(value["type"])

    def type_borrowed_ref(self, value):
        lifetime = value["lifetime"] + " " if value["lifetime"] else ""
        return "&" + lifetime + ("mut " if value["is_mutable"] else "") + self.type(value["type"])

    def type_qualified_path(self, value):
        trait = value["trait"]
        name = value["name"] + self.args(value["args"])
        if not trait or not (trait.get("name") or trait.get("path")):
            return f"{self.type(value['self_type'])}::{name}"
        return f"<{self.type(value['self_type'])} as {self.path(trait)}>::{name}"

    # Generics

    def bound(self, bound):
        kind, value = only(bound)
        if kind == "outlives":
            return value
        if kind == "use":
            return "use<" + ", ".join(arg if isinstance(arg, str) else only(arg)[1] for arg in value) + ">"
        mark = {"maybe": "?", "maybe_const": "~const "}.get(value["modifier"], "")
        return mark + self.binder(value["generic_params"]) + self.path(value["trait"])

    def bounds(self, bounds):
        return " + ".join(map(self.bound, bounds))

    def binder(self, params):
        return "for<" + ", ".join(param["name"] for param in params) + "> " if params else ""

    def param(self, param):
        kind, value = only(param["kind"])
        name = param["name"]
        if kind == "lifetime":
            return name + (": " + " + ".join(value["outlives"]) if value["outlives"] else "")
        if kind == "const":
            return f"const {name}: {self.type(value['type'])}" + (f" = {value['default']}" if value["default"] else "")
        if value["is_synthetic"]:
            return None
        text = name + (": " + self.bounds(value["bounds"]) if value["bounds"] else "")
        return text + (f" = {self.type(value['default'])}" if value["default"] else "")

    def generics(self, generics):
        """The parameters, and the where clause."""
        params = [text for param in generics["params"] if (text := self.param(param))]
        where = []
        for predicate in generics["where_predicates"]:
            kind, value = only(predicate)
            if kind == "bound_predicate":
                where.append(f"{self.binder(value['generic_params'])}{self.type(value['type'])}: {self.bounds(value['bounds'])}")
            elif kind == "lifetime_predicate":
                where.append(f"{value['lifetime']}: {' + '.join(value['outlives'])}")
            else:
                where.append(f"{self.type(value['lhs'])} = {self.term(value['rhs'])}")
        return f"<{', '.join(params)}>" if params else "", f" where {', '.join(where)}" if where else ""

    @staticmethod
    def header(header):
        abi = only(header["abi"])[0]
        parts = [("const ", header["is_const"]), ("async ", header["is_async"]), ("unsafe ", header["is_unsafe"])]
        return "".join(text for text, wanted in parts if wanted) + ("" if abi == "Rust" else f'extern "{abi}" ')

    def signature(self, sig):
        inputs = []
        for name, type_ in sig["inputs"]:
            text = self.type(type_)
            inputs.append({"Self": "self", "&Self": "&self", "&mut Self": "&mut self"}.get(text, f"self: {text}") if name == "self" else text)
        output = f" -> {self.type(sig['output'])}" if sig["output"] else ""
        return f"({', '.join(inputs)}){output}"

    # Items

    def add(self, text):
        self.lines.add(" ".join(text.split()))

    def module(self, module, path):
        self.done.add(str(module["id"]))
        for key in only(module["inner"])[1]["items"]:
            if (child := self.item(key)) and child["visibility"] == "public":
                kind, value = only(child["inner"])
                used = self.item(value["id"]) if kind == "use" else None
                if used and value["is_glob"]:
                    self.module(used, path)
                elif kind == "use":
                    self.uses.append((f"{path}::{'*' if value['is_glob'] else value['name']}", value))
                elif kind == "module":
                    self.module(child, f"{path}::{child['name']}")
                else:
                    self.named(child, f"{path}::{child['name']}")

    def named(self, item, path, mark=""):
        self.done.add(str(item["id"]))
        kind, value = only(item["inner"])
        getattr(self, "item_" + kind, self.item_other)(value, path, mark)

    def item_other(self, value, path, mark):
        raise Failure(f"{path} is an item of a kind that scripts/api does not know", "teach it")

    def item_macro(self, _value, path, mark):
        self.add(f"{mark}macro {path}!")

    def item_module(self, _value, path, mark):
        self.add(f"{mark}mod {path}")

    def item_function(self, value, path, mark):
        params, where = self.generics(value["generics"])
        default = " { .. }" if mark == "trait " and value["has_body"] else ""
        mark = "" if mark == "trait " else mark
        self.add(f"{mark}{self.header(value['header'])}fn {path}{params}{self.signature(value['sig'])}{where}{default}")

    def item_constant(self, value, path, mark):
        self.add(f"{mark}const {path}: {self.type(value['type'])}")

    def item_static(self, value, path, mark):
        self.add(f"{mark}static {'mut ' if value['is_mutable'] else ''}{path}: {self.type(value['type'])}")

    def item_assoc_const(self, value, path, _mark):
        self.add(f"const {path}: {self.type(value['type'])}")

    def item_assoc_type(self, value, path, _mark):
        params, where = self.generics(value["generics"])
        bounds = f": {self.bounds(value['bounds'])}" if value["bounds"] else ""
        self.add(f"type {path}{params}{bounds}" + (f" = {self.type(value['type'])}" if value["type"] else "") + where)

    def item_type_alias(self, value, path, mark):
        params, where = self.generics(value["generics"])
        self.add(f"{mark}type {path}{params} = {self.type(value['type'])}{where}")

    def item_struct(self, value, path, mark):
        params, where = self.generics(value["generics"])
        kind, fields = only(value["kind"])
        ids = fields["fields"] if kind == "plain" else [key for key in fields or [] if key is not None]
        self.add(f"{mark}struct {path}{params}{where}")
        self.fields(ids, path)
        self.impls(value["impls"], path)

    def item_union(self, value, path, mark):
        self.add(f"{mark}union {path}")
        self.fields(value["fields"], path)
        self.impls(value["impls"], path)

    def item_enum(self, value, path, mark):
        params, where = self.generics(value["generics"])
        self.add(f"{mark}enum {path}{params}{where}")
        for key in value["variants"]:
            variant = self.item(key)
            kind, fields = only(only(variant["inner"])[1]["kind"])
            ids = fields["fields"] if kind == "struct" else [key for key in fields or [] if key is not None]
            self.add(f"variant {path}::{variant['name']}")
            self.fields(ids, f"{path}::{variant['name']}", True)
        self.impls(value["impls"], path)

    def fields(self, ids, path, inherited=False):
        for key in ids:
            field = self.item(key)
            if field and (inherited or field["visibility"] == "public"):
                self.add(f"field {path}.{field['name']}: {self.type(only(field['inner'])[1])}")

    def item_trait(self, value, path, mark):
        params, where = self.generics(value["generics"])
        bounds = f": {self.bounds(value['bounds'])}" if value["bounds"] else ""
        self.add(f"{mark}{'unsafe ' if value['is_unsafe'] else ''}trait {path}{params}{bounds}{where}")
        for key in value["items"]:
            child = self.item(key)
            kind, inner = only(child["inner"])
            getattr(self, "item_" + kind)(inner, f"{path}::{child['name']}", "trait ")
        for key in value["implementations"]:
            # Types of the crate list their implementations themselves.
            what, inner = only(only(self.item(key)["inner"])[1]["for"])
            if what != "resolved_path" or self.paths.get(str(inner["id"]), {}).get("crate_id") != 0:
                self.impl(self.item(key), path)

    def impls(self, keys, path):
        for key in keys:
            if self.item(key):
                self.impl(self.item(key), path)

    def impl(self, item, path):
        value = only(item["inner"])[1]
        trait = value["trait"]
        # Drivers can call methods of a private trait of the crate only through a bound.
        known = trait and self.paths.get(str(trait["id"]), {}).get("crate_id") == 0 and self.item(trait["id"])
        if value["blanket_impl"] or (known and known["visibility"] != "public"):
            return
        if not trait:
            # The block may be for some parameters of the type only.
            owner = self.type(value["for"])
            for param in value["generics"]["params"]:
                if text := self.param(param):
                    owner = re.sub(rf"(?<![\w']){re.escape(param['name'])}\b", text.replace("\\", r"\\"), owner, count=1)
            for key in value["items"]:
                child = self.item(key)
                if child["visibility"] == "public":
                    kind, inner = only(child["inner"])
                    getattr(self, "item_" + kind)(inner, f"{path.rpartition('::')[0]}::{owner}::{child['name']}", "")
            return
        name = (trait.get("name") or trait.get("path")).split("::")[-1]
        if value["is_synthetic"]:
            if name in ("Send", "Sync"):
                self.add(f"auto impl {'!' if value['is_negative'] else ''}{name} for {path}")
            return
        params, where = self.generics(value["generics"])
        head = f"impl{params} {'!' if value['is_negative'] else ''}{self.path(trait)} for {self.type(value['for'])}"
        self.add(f"{head}{where}")
        # Methods of a trait of the crate are listed with the trait; those of derives are left out.
        if known or name in DERIVED:
            return
        for key in value["items"]:
            child = self.item(key)
            kind, inner = only(child["inner"])
            getattr(self, "item_" + kind)(inner, f"<{self.type(value['for'])} as {name}>::{child['name']}", "")


def read():
    """The lines of the file, each with its note."""
    lines = LIST.read_text().splitlines() if LIST.exists() else []
    return {line: note for line, _, note in (text.partition(NOTE) for text in lines if text and not text.startswith("# "))}


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("image", nargs="?", default="release")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()

    old, new = read(), sorted(Writer(document(options.image)).lines)
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
