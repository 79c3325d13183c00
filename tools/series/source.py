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
GROUP = re.compile(r"^(?:#\[[^\n]*\]\n)*(?:pub )?use (?:self::)?([a-z]\w*)::(?:(\w+|\*);|\{([^}]*)\};)\n", re.M)


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


class Mapping:
    """The paths and the replacements of series.toml."""

    def __init__(self, table):
        self.moves = [(move["from"], move["to"]) for move in table["move"]]
        self.rules = [(rule["in"], re.compile(rule["from"], re.M), rule["to"]) for rule in table["replace"]]

    def path(self, name):
        """The path in the kernel of a file of this tree."""
        for old, new in self.moves:
            if name.startswith(old):
                return new + name[len(old) :]
        return name

    @staticmethod
    def source(name, tests):
        text = (paths.TOP / name).read_text()
        text = without(text, OTHER_CORE)
        return text if tests else without(text, KUNIT)

    def text(self, name, tests):
        text = self.source(name, tests)
        for where, pattern, replacement in self.rules:
            if name.startswith(where):
                text = pattern.sub(replacement, text)
        return text


HELPER = re.compile(r"^(?P<type>[\w ]+?[ *]+)rust_iommu_helper_(?P<name>\w+)(?P<arguments>\((?:[^()]|\([^()]*\))*\))\n\{\n(?P<body>.*?)^\}\n", re.M | re.S)


def helpers(files, wanted):
    """The C helpers of these names, as a file of rust/helpers/."""
    includes, functions = set(), []
    for name in files:
        text = (paths.TOP / name).read_text()
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
    parts = ["// SPDX-License-Identifier: GPL-2.0\n", *sorted(includes), "\n#ifdef CONFIG_RUST_IOMMU\n", "\n".join(functions), "#endif\n"]
    return "\n".join(parts)
