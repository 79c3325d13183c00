# SPDX-License-Identifier: GPL-2.0
"""How a file of this tree becomes a file of the kernel: its path, and its text."""

import re

from rig import paths



def guard(option):
    """The attribute that guards an item by an option, with the item's documentation."""
    return re.compile(rf"(?:^[ \t]*///[^\n]*\n)*^[ \t]*#\[cfg\({option}\)\]\n", re.M)


KUNIT = guard("CONFIG_RUST_IOMMU_KUNIT_TEST")
# The other form of what a kernel with patches/core calls.
OTHER_CORE = guard("IOMMU_CORE_PASSES_INSTANCE")
PAIRS = {"{": "}", "(": ")", "[": "]"}
LISTED = re.compile(r"^(?:[ \t]*#\[[^\n]*\]\n)*[ \t]*(?:pub(?:\(crate\))? )?mod (\w+);\n", re.M)
GROUP = re.compile(r"^(?:#\[[^\n]*\]\n)*(?:pub(?:\(crate\))? )?use (?:self::)?([a-z]\w*)::(?:(\w+|\*);|\{([^}]*)\};)\n", re.M)


def end_of_item(text, at):
    """The end of the item, field or statement that begins at `at`: behind its block, `;` or `,`."""
    open_pairs = []
    while at < len(text):
        if text.startswith("//", at):
            at = text.index("\n", at)
        elif text[at] == '"':
            at = re.compile(r'"(?:[^"\\]|\\.)*"', re.S).match(text, at).end() - 1
        elif text[at] in PAIRS:
            open_pairs.append(PAIRS[text[at]])
        elif open_pairs and text[at] == open_pairs[-1]:
            open_pairs.pop()
            if not open_pairs and text[at] == "}":
                return at + 1
        elif not open_pairs and text[at] in ";,":
            return at + 1
        at += 1
    raise ValueError("an item does not end")


def without(text, attribute):
    """The text without the items that an attribute guards. What this leaves between items is for rustfmt."""
    while match := attribute.search(text):
        end = end_of_item(text, match.end())
        text = text[: match.start()] + text[text.index("\n", end) + 1 :]
    return text


def with_modules(text, folder, present):
    """The text without declarations and re-exports of modules that are not in `present` yet."""

    def here(name):
        return f"{folder}/{name}".lstrip("/") in present

    def listed(match):
        return match[0] if here(match[1]) else ""

    def group(match):
        if match[2] == "*":
            return match[0] if here(match[1]) else ""
        # A name from a folder that only lists is a module, too.
        names = [match[2]] if match[2] else re.findall(r"\w+", match[3].replace("//", ""))
        kept = [name for name in names if here(f"{match[1]}/{name}")] if folder == "" else names if here(match[1]) else []
        if kept == names:
            return match[0]
        if not kept:
            return ""
        start = match[0][: match[0].rindex("::") + 2]
        return start + (f"{kept[0]};\n" if len(kept) == 1 else "{\n" + "".join(f"    {name},\n" for name in kept[:-1]) + f"    {kept[-1]}, //\n}};\n")

    declared = set(LISTED.findall(text))
    text = GROUP.sub(lambda match: group(match) if match[1] in declared else match[0], text)
    return LISTED.sub(listed, text)


def outline(text):
    """The text's own documentation and the modules that it declares."""
    head = re.match(r"(?://[^\n]*\n|\n)*", text)[0]
    return head + "".join(match[0] for match in LISTED.finditer(text))


def parts(text):
    """The items of a list in braces, without comments."""
    items, depth, start = [], 0, 0
    text = re.sub(r"//[^\n]*", "", text)
    for at, char in enumerate(text + ","):
        depth += (char in PAIRS) - (char in PAIRS.values())
        if char == "," and depth == 0:
            items.append(text[start:at].strip())
            start = at + 1
    return [item for item in items if item]


IMPORT = re.compile(r"^( *)use (crate|iommu)::\{(.*?)^\1\};\n", re.M | re.S)


def rehomed(text, homes):
    """The text with the modules in `homes` named by their place in the kernel crate."""

    def separate(match):
        indent, root, items = match[1], match[2], parts(match[3])
        away = [item for item in items if re.match(r"\w+", item)[0] in homes]
        if not away:
            return match[0]
        lines = [f"{indent}use {root}::{item};\n" for item in away]
        if stay := [item for item in items if item not in away]:
            lines.append(f"{indent}use {root}::{{{', '.join(stay)}, //\n}};\n")
        return "".join(lines)

    text = IMPORT.sub(separate, text)
    names = "|".join(homes)
    return re.sub(rf"(?<![:\w])(?:crate|iommu)::({names})\b", lambda match: f"kernel::{homes[match[1]]}", text)


class Mapping:
    """The paths and the replacements of series.toml."""

    def __init__(self, table):
        self.moves = [(move["from"], move["to"]) for move in table["move"]]
        self.homes = table["homes"]
        self.rules = [(rule["in"], re.compile(rule["from"], re.M), rule["to"]) for rule in table["replace"]]

    def path(self, name):
        """The path in the kernel of a file of this tree."""
        for old, new in self.moves:
            if name.startswith(old):
                return new + name[len(old) :]
        return name

    def is_rehomed(self, name):
        """Whether a file of rust/ becomes one outside rust/kernel/iommu/."""
        return not self.path(name).startswith("rust/kernel/iommu/")

    @staticmethod
    def source(name, tests):
        text = (paths.TOP / name).read_text()
        text = without(text, OTHER_CORE)
        return text if tests else without(text, KUNIT)

    def text(self, name, tests):
        homes = self.homes
        if name.startswith("rust/") and self.is_rehomed(name):
            homes = homes | {"bindings": "bindings"}
        text = rehomed(self.source(name, tests), homes)
        for where, pattern, replacement in self.rules:
            if name.startswith(tuple(where) if isinstance(where, list) else where):
                text = pattern.sub(replacement, text)
        return text


HEADING = re.compile(r"^([^\n]+)\n=+\n", re.M)


def document(entry):
    """A document of the kernel, made of sections of one of this tree."""
    parts = HEADING.split((paths.TOP / entry["from"]).read_text())
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    frame = "=" * len(entry["title"])
    result = [f".. SPDX-License-Identifier: GPL-2.0\n\n{frame}\n{entry['title']}\n{frame}\n\n{entry['text'].strip()}\n"]
    for title in entry["sections"]:
        kept = [part for part in sections[title].strip().split("\n\n") if not re.search(entry.get("omit", "$^"), part)]
        result.append(f"{title}\n{'=' * len(title)}\n\n" + "\n\n".join(kept) + "\n")
    return "\n".join(result)


HELPER = re.compile(r"^(?P<type>[\w ]+?[ *]+)rust_iommu_helper_(?P<name>\w+)(?P<arguments>\((?:[^()]|\([^()]*\))*\))\n\{\n(?P<body>.*?)^\}\n", re.M | re.S)


def helpers(files, wanted, kind):
    """The C helpers of these names, as a file of rust/helpers/ with the headers and the option of its kind.

    A function that a header of the kernel's source declares is called without an #ifdef.
    """
    includes, functions = {f"#include <{header}>" for header in kind.get("headers", ())}, []
    for name in files:
        text = (paths.TOP / name).read_text()
        if "headers" not in kind:
            includes |= set(re.findall(r"#include <[^>]+>", text)) - {"#include <linux/export.h>"}
        for match in HELPER.finditer(text):
            if match["name"] in wanted:
                head = f"__rust_helper {match['type']}rust_helper_{match['name']}"
                # Lines of arguments go on below the first one.
                column = len(head) + 1
                arguments = match["arguments"]
                if len(head + arguments) > 100:
                    arguments = ",\n".join(arguments.rsplit(", ", 1))
                arguments = re.sub(r"\n\s*", "\n" + "\t" * (column // 8) + " " * (column % 8), arguments)
                functions.append(f"{head}{arguments}\n{{\n{match['body']}}}\n")
    body = "\n".join(functions)
    private = [f'#include "{header}"' for name, header in kind.get("private", {}).items() if name in wanted]
    if private:
        body = re.sub(r"^#(?:ifdef|endif).*\n", "", body, flags=re.M)
    if "option" in kind:
        body = f"#ifdef {kind['option']}\n\n{body}\n#endif\n"
    return "\n".join(["// SPDX-License-Identifier: GPL-2.0\n", *sorted(includes), "", *private, *([""] if private else []), body])
