# SPDX-License-Identifier: GPL-2.0
"""rust-analyzer IMAGE: writes rust-project.json for all crates: the kernel's, as
described by its own script, and ours, each with the crates that it was compiled
against.  Paths inside the build root are replaced by those outside."""

import json
import os
import subprocess
import sys

from rig import crates, paths
from rig.files import tail, write_atomically
from rig.images import kernel_dir, modules_dir
from rig.processes import run_logged, toolchain
from rig.progress import Failure


def kernel_project(image, kernel):
    """The output of the kernel's own target, for the kernel's crates."""
    where = paths.OUT / image / "analyzer"
    where.mkdir(parents=True, exist_ok=True)
    # An empty external module: our crates are added below, with their edges.
    (where / "Kbuild").write_text("")
    arguments = subprocess.run(
        ["bash", "-c", f'. "{paths.TOP}/scripts/lib.sh"; kernel_make_args "{kernel}"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    log = paths.LOGS / "rust-analyzer.log"
    status, _ = run_logged(
        "rust-analyzer: kernel",
        [paths.IN_TOOLCHAIN, "make", "-s", "-C", kernel, *arguments, f"M={where}", f"MO={where}", "rust-analyzer"],
        log,
        env={"BIND": f"{kernel} {os.environ.get('BIND', '')}"},
    )
    if status:
        raise Failure("the kernel's rust-analyzer target failed", *tail(log), f"log: {log}")
    return json.loads((where / "rust-project.json").read_text())


def outside(value, root):
    """The value, with the paths inside the build root replaced by those outside."""
    if isinstance(value, dict):
        return {key: outside(item, root) for key, item in value.items()}
    if isinstance(value, list):
        return [outside(item, root) for item in value]
    if root and isinstance(value, str) and (value + "/").startswith("/usr/") and os.path.exists(root + value):
        return root + value
    return value


def absolute_paths(value):
    """All absolute paths of a description."""
    if isinstance(value, dict):
        for item in value.values():
            yield from absolute_paths(item)
    elif isinstance(value, list):
        for item in value:
            yield from absolute_paths(item)
    elif isinstance(value, str) and value.startswith("/"):
        yield value


def main():
    image = sys.argv[1] if len(sys.argv) > 1 else "release"
    kernel = kernel_dir(image)
    project = outside(kernel_project(image, kernel), toolchain()["TOOLCHAIN_ROOT"])
    listed = project["crates"]
    index = {crate["display_name"]: number for number, crate in enumerate(listed)}
    template = listed[index["kernel"]]
    found = crates.find(modules_dir(image))
    for crate in found:
        depends = [name for name in ("core", "ffi", "macros", "pin_init", "kernel", "bindings", "uapi") if name in index]
        depends += [name for name in crate.externs if name in index and name not in depends]
        cfg = [value for flag, value in zip(crate.flags, crate.flags[1:]) if flag == "--cfg"]
        index[crate.name] = len(listed)
        listed.append(
            {
                "display_name": crate.name,
                "root_module": str(crate.root.resolve()),
                "is_workspace_member": True,
                "is_proc_macro": False,
                "deps": [{"crate": index[name], "name": name} for name in depends],
                "cfg": sorted(set(template["cfg"]) | set(cfg)),
                "edition": template["edition"],
                "env": {"RUST_MODFILE": "This is only for rust-analyzer"},
            }
        )
    models = paths.TOP / "tools/models/src/lib.rs"
    if models.exists() and "iommu_models" not in index:
        listed.append(
            {
                "display_name": "iommu_models",
                "root_module": str(models),
                "is_workspace_member": True,
                "is_proc_macro": False,
                "deps": [{"crate": index["core"], "name": "core"}],
                "cfg": [],
                "edition": "2021",
                "env": {},
            }
        )
    missing = sorted({path for path in absolute_paths(project) if not os.path.exists(path)})
    for path in missing:
        print(f"  missing outside the build root: {path}")
    write_atomically(paths.TOP / "rust-project.json", json.dumps(project, indent=1) + "\n")
    print(f"  rust-project.json: {len(listed)} crates, of which {len(found)} are ours")
    return 1 if missing else 0
