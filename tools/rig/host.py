# SPDX-License-Identifier: GPL-2.0
"""The steps of "make check" that are no boots of the table; "fuzz" boots the UML board.

Each is a command, and a function that reads its tests from the status and the log: (name,
result, why) of each. A step without tests, or with a status and no failed test, has failed.
"""

import json
import re
import sys

from rig import paths
from rig.files import tail
from rig.images import kernel_release
from rig.processes import in_toolchain, run_logged
from rig.progress import Failure, timed
from rig.tally import Tally

# The drivers: directory and module.
DRIVERS = {"sun50i": "rust_sun50i_iommu", "apple-dart": "rust_apple_dart", "tegra-smmu": "rust_tegra_smmu"}
INSTALLED = paths.OUT / "release" / "installed"


def cargo_tests(folder):
    """A reader for cargo test."""

    def read(_status, text):
        for name, result in re.findall(r"^test (.+?) \.\.\. (ok|FAILED|ignored.*)$", text, re.M):
            kind = {"ok": "ok", "FAILED": "failed"}.get(result, "skipped")
            yield f"{folder} {name}", kind, [] if kind == "ok" else [result]

    return read


def scripts(_status, text):
    for name, result in re.findall(r"^(\w+ \(.*?\))(?:\n.*?)? \.\.\. (ok|FAIL|ERROR|skipped.*)$", text, re.M):
        kind = {"ok": "ok", "FAIL": "failed", "ERROR": "failed"}.get(result, "skipped")
        yield f"scripts {name}", kind, [] if kind == "ok" else [result]


def compile_fail(_status, text):
    for bad, name, why in re.findall(r"^(not )?ok (\S+?)(?:: (.*))?$", text, re.M):
        yield f"compile-fail {name}", "failed" if bad else "ok", [why] if bad else []


def rustdoc(_status, text):
    for result, name in re.findall(r"^  (ok|FAILED) +rustdoc (\S+)", text, re.M):
        yield f"rustdoc {name}", "ok" if result == "ok" else "failed", []


def api(status, _text):
    yield "api", "failed" if status else "ok", []


def our_alias(driver):
    """The modaliases of the devicetree nodes that a driver binds to."""
    text = (paths.TOP / "drivers/iommu" / driver / f"{driver.replace('-', '_')}.rs").read_text()
    names = re.findall(r'DeviceId::new\(c"([^"]+)"\)', text)
    return [f"of:NiommuT(null)C{name}" for name in names]


def installed(status, _text):
    """modprobe must find the drivers by the modaliases of the nodes."""
    if status:
        return
    aliases = {alias: module for driver, module in DRIVERS.items() for alias in our_alias(driver)}
    why = [f"{module} names no devicetree node" for module in set(DRIVERS.values()) - set(aliases.values())]
    for alias, module in aliases.items():
        try:
            output = in_toolchain(["modprobe", "-d", INSTALLED, "-S", kernel_release("release"), "--show-depends", alias]).decode()
        except Failure as failure:
            why.append(f"{alias}: {failure.what}: {' '.join(failure.remedy)}")
            continue
        modules = re.findall(r"^insmod \S*/(\w+)\.ko", output, re.M)
        if modules != ["rust_iommu", module]:
            why.append(f"{alias}: modprobe would load {', '.join(modules) or 'nothing'}")
    yield "modules_install", "failed" if why else "ok", why


def analyzer(status, _text):
    """rust-project.json must have every crate and its edges."""
    if status:
        return
    listed = json.loads((paths.TOP / "rust-project.json").read_text())["crates"]
    names = [crate["display_name"] for crate in listed]
    edges = {crate["display_name"]: {names[dep["crate"]] for dep in crate["deps"]} for crate in listed}
    why = []
    for name, wanted in (
        ("iommu", {"core", "kernel", "bindings"}),
        ("sun50i", {"core", "kernel", "iommu"}),
        ("apple_dart", {"core", "kernel", "iommu"}),
        ("tegra_smmu", {"core", "kernel", "iommu"}),
        ("shim", {"core", "iommu_models"}),
        ("iommu_models", {"core"}),
    ):
        if name not in edges:
            why.append(f"the crate {name} is not listed")
        elif lacking := wanted - edges[name]:
            why.append(f"the crate {name} has no edge to {', '.join(sorted(lacking))}")
    yield "rust-analyzer", "failed" if why else "ok", why


def fuzz(_status, text):
    for summary, failures in re.findall(r"^(\d+ trees, .*: (\d+) failed)$", text, re.M):
        yield "fuzz, seed " + re.search(r"seed (\w+)", summary)[1], "failed" if int(failures) else "ok", [summary] if int(failures) else []


def script(name, *arguments):
    return [paths.TOP / "scripts" / name, *arguments]


def cargo(folder, *arguments):
    manifest = paths.TOP / "tools" / folder / "Cargo.toml"
    return [paths.IN_TOOLCHAIN, "cargo", "test", "--offline", "--release", "--manifest-path", manifest, *arguments]


# The suites of the page table count the memory of all tables, so they run one by one; then all
# interleavings of two CPUs.
TABLE = f"""{paths.TOP}/scripts/setup-crates
"$@" -- --test-threads=1
"$@" --features=loom -- --test-threads=1"""
UNITTEST = [sys.executable, "-B", "-m", "unittest", "discover", "-v", "-s", paths.TOP / "scripts/tests"]
INSTALL = ["bash", "-c", 'rm -rf "$INSTALL_MOD_PATH" && "$@"', "install", *script("install-modules", "release")]

# Eighty inputs of a fixed seed and eighty of a fresh one, about two minutes. The time is not limited.
FUZZ = ["bash", "-c", '"$@" --seed 1; fixed=$?; "$@" && exit $fixed', "fuzz", *script("fuzz", "--no-build", "--count", "80")]

# The text of the line, the command, its environment, the reader, and whether the step needs the
# release image's modules.
STEPS = {
    "models": ("models ({} tests)", cargo("models"), {"CARGO_TARGET_DIR": str(paths.OUT / "models")}, cargo_tests("models"), False),
    "table": (
        *("the page table ({} tests)", ["bash", "-ec", TABLE, "table", *cargo("table", "--locked", "--lib")]),
        *({"CARGO_TARGET_DIR": str(paths.OUT / "table")}, cargo_tests("table"), False),
    ),
    "scripts": ("scripts ({} tests)", UNITTEST, {}, scripts, False),
    "compile-fail": ("compile-fail ({} cases)", script("compile-fail", "release"), {}, compile_fail, True),
    "modules_install": ("modprobe finds what was installed", INSTALL, {"INSTALL_MOD_PATH": str(INSTALLED)}, installed, True),
    "rust-analyzer": ("rust-project.json has all crates", script("rust-analyzer", "release"), {}, analyzer, True),
    "rustdoc": ("rustdoc without warnings ({} crates)", script("rustdoc", "release"), {}, rustdoc, True),
    "fuzz": ("generated calls and devicetrees ({} seeds)", FUZZ, {}, fuzz, True),
    "api": ("rust/api.txt is up to date", script("api", "release"), {}, api, True),
}


def needs_modules(name):
    return STEPS[name][-1]


def run(name):
    """Runs one step, in parallel with others; returns its tally."""
    what, command, environment, read, _ = STEPS[name]
    log = paths.LOGS / f"host-{name}.log"
    tally = Tally()
    with timed(f"host: {name}"):
        status, seconds = run_logged(f"host: {name}", command, log, env=environment)
        rows = [
            (test, result, why or ([f"see {log}"] if result == "failed" else []))
            for test, result, why in read(status, log.read_text(errors="replace"))
        ]
        if not rows or (status and not any(result == "failed" for _, result, _ in rows)):
            rows.append((name, "failed", [f"status {status}, and {len(rows)} tests: see {log}"]))
        passed = sum(result == "ok" for _, result, _ in rows)
        tally.step("host: " + what.format(passed), rows, seconds, tail(log))
    return tally
