# SPDX-License-Identifier: GPL-2.0
"""rustdoc IMAGE: writes the documentation of every crate of the image's module
build to out/doc, with the flags that it was compiled with.  A crate that others
depend on has its public items documented, any other crate all items.  A warning is an
error."""

import os
import shutil
import sys

from rig import crates, paths
from rig.files import tail
from rig.images import kernel_dir, modules_dir
from rig.processes import run_logged
from rig.progress import Failure, details, done_line


def main():
    image = sys.argv[1] if len(sys.argv) > 1 else "release"
    modules = modules_dir(image)
    kernel = kernel_dir(image)
    target = paths.OUT / "doc"
    shutil.rmtree(target, ignore_errors=True)
    failed = False
    found = crates.find(modules)
    if not found:
        raise Failure(f"{modules} holds no Rust crate", "run make")
    used = {name for crate in found for name in crate.externs}
    for crate in found:
        log = paths.LOGS / f"rustdoc-{crate.name}.log"
        command = [*crate.command("rustdoc", kernel, crate.name), "-Dwarnings"]
        if crate.name not in used:
            # Private items are documented then, so links to them are valid.
            command += ["--document-private-items", "-Arustdoc::private_intra_doc_links"]
        command += ["--output", target, crate.root]
        status, seconds = run_logged(
            f"rustdoc {crate.name}", command, log, cwd=modules, env={"BIND": f"{kernel} {os.environ.get('BIND', '')}"}
        )
        done_line("FAILED" if status else "ok", f"rustdoc {crate.name}", seconds)
        if status:
            failed = True
            details([*tail(log), f"log: {log}"])
    print(f"  documentation: {target}/{found[0].name}/index.html")
    return 1 if failed else 0
