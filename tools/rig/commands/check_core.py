# SPDX-License-Identifier: GPL-2.0
"""Checks the series patches/core on the kernel that it is for (Documentation/rfc/instance.rst).

  scripts/check-core    compares the numbers of lines that the document states with those of the
                        patches; builds all IOMMU drivers at each patch, and with the other shapes,
                        without a warning (W=1); runs the KUnit suites of the series on UML, where the
                        named cases must fail if a fix is left out, an instance is wrong or the
                        draft is applied
  scripts/check-core --only REGEX    the steps whose name matches

A build is not repeated as long as the patched files and the compilers stay the same. The last line is
"N passed, N failed".
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

from rig import cli, paths
from rig.commands.check_patches import warning
from rig.files import lacking, linked_copy, tail, write_atomically
from rig.images import recorded
from rig.processes import run_logged, toolchain
from rig.progress import Failure, details, done_line
from rig.setup import setup_command

WORK = paths.OUT / "check-core"
CORE = paths.TOP / "patches" / "core"
DOCUMENT = paths.TOP / "Documentation/rfc/instance.rst"
SERIES = {patch.name[:4]: patch for patch in sorted(CORE.glob("*.patch"))}
LAST = max(SERIES)
CPUS = len(os.sched_getaffinity(0))

# States of the kernel's files: the state that each begins with, and the arguments of git apply, or a
# file, a text in it and the text that replaces it.
STATES = {name: (before, [patch]) for before, (name, patch) in zip(["base", *SERIES], SERIES.items())}
STATES |= {
    "helper": ("0004", [CORE / "alternatives/helper.patch"]),
    "library": ("0004", [CORE / "alternatives/library.patch"]),
    "draft": (LAST, [CORE / "alternatives/draft.patch"]),
    **{f"without {name}": (LAST, ["-R", "--exclude=*/test/*", SERIES[name]]) for name in ("0001", "0002", "0003")},
    "of_xlate in the first round": (LAST, "drivers/iommu/of_iommu.c", "\tif (!xlate)\n\t\treturn 0;\n", ""),
    "of_xlate gets the first instance": (
        *(LAST, "drivers/iommu/of_iommu.c", "->of_xlate(dev, iommu,"),
        "->of_xlate(dev, iommu_from_fwnode(dev_iommu_fwspec_get(dev)->iommu_fwnode),",
    ),
    "probe_device gets the last instance": (
        *(LAST, "drivers/iommu/iommu.c", "fwspec ? iommu_dev : NULL"),
        "fwspec ? list_last_entry(&iommu_device_list, struct iommu_device, list) : NULL",
    ),
    "probe_device gets any instance": (LAST, "drivers/iommu/iommu.c", "fwspec ? iommu_dev : NULL", "iommu_dev"),
}

# The builds: ARCH= of the kernel's build, options beside those below, and targets.
ALL = ("drivers/iommu/", "drivers/base/core.o", "drivers/base/test/")
BUILDS = {
    "arm64": ("arm64", {}, (*ALL, "drivers/xen/grant-dma-iommu.o")),
    "arm": ("arm", {}, ALL),
    "um": ("um", {}, ALL),
    "x86": ("x86_64", {}, ("drivers/iommu/amd/", "drivers/iommu/intel/")),
    "s390": ("s390", {}, ("drivers/iommu/s390-iommu.o",)),
    "pSeries": ("powerpc", {}, ("arch/powerpc/kernel/iommu.o",)),
    "e500": ("powerpc", {"PPC64": "n", "PPC_85xx": "y"}, ("drivers/iommu/fsl_pamu_domain.o",)),
}
# allyesconfig with these, so that the builds have all drivers, and no instrumentation.
OPTIONS = {
    "RUST": "n", "WERROR": "n", "CPU_BIG_ENDIAN": "n", "DEBUG_INFO_NONE": "y", "LTO_NONE": "y", "RANDSTRUCT_NONE": "y",
    "KASAN": "n", "KCSAN": "n", "KCOV": "n", "MODVERSIONS": "n",
}

# A driver is chosen for IOMMU_API only.
KUNIT = "".join(
    f"CONFIG_{name}=y\n"
    for name in (
        "KUNIT", "COMPILE_TEST", "PCI", "VIRTIO_UML", "UML_PCI_OVER_VIRTIO", "OF", "OF_OVERLAY", "IOMMU_SUPPORT",
        "SUN50I_IOMMU", "OF_IOMMU_KUNIT_TEST", "DM_KUNIT_TEST",
    )
) + "# CONFIG_WERROR is not set\n"
# The cases that probe a device behind two instances.
PROBED = ("of_iommu.test_two_instances", "of_iommu.test_second_deferred")
# The cases that fail in a state.
FAILING = {
    LAST: (),
    "draft": ("of_iommu.test_released_once", *PROBED, "of_iommu.test_unregister_while_probing"),
    "without 0001": ("of_iommu.test_unregister_while_probing",),
    "without 0002": ("device-link.deferred_consumer",),
    "without 0003": ("of_iommu.test_bad_device",),
    "of_xlate in the first round": PROBED,
    "of_xlate gets the first instance": PROBED,
    "probe_device gets the last instance": (*PROBED, "of_iommu.test_unregister_while_probing"),
    "probe_device gets any instance": ("of_iommu.test_bad_device",),
}


def changed(*patches):
    return sorted({file for patch in patches for file in re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(), re.M)})


FILES = changed(*SERIES.values(), *(CORE / "alternatives").glob("*.patch"))


def folder(state):
    return WORK / "states" / state.replace(" ", "-")


def make_states(source):
    """Makes a folder for each state, with the files that any patch changes."""
    shutil.rmtree(WORK / "states", ignore_errors=True)
    for file in FILES:
        if (source / file).exists():
            (folder("base") / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / file, folder("base") / file)
    for state, (before, *change) in STATES.items():
        shutil.copytree(folder(before), folder(state))
        if len(change) == 1:
            environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(WORK)}
            result = subprocess.run(["git", "apply", *change[0]], cwd=folder(state), env=environment, capture_output=True, text=True, check=False)
            if result.returncode:
                raise Failure(f"{state} does not apply", *result.stderr.splitlines())
        else:
            file, old, new = change
            text = (folder(state) / file).read_text()
            if text.count(old) != 1:
                raise Failure(f"{state}: {file} has this {text.count(old)} times: {old}")
            (folder(state) / file).write_text(text.replace(old, new))


def differences(before, after):
    """{file: (lines added, lines removed)}"""
    command = ["git", "diff", "--no-index", "--no-renames", "--diff-algorithm=myers", "--numstat", "-z", folder(before), folder(after)]
    words = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\0")
    found = {}
    for counts, _, name in zip(words[::3], words[1::3], words[2::3]):
        added, removed = counts.split()
        found[str(pathlib.Path("/", name).relative_to(folder(after)))] = (int(added), int(removed))
    return found


def lines(before, after, files=FILES):
    """The lines that differ in these files, as the document writes them."""
    counts = [count for file, count in differences(before, after).items() if file in files]
    return "+{} -{}".format(*map(sum, zip(*counts)))


def numbers():
    """What the document must say."""
    for before, (name, patch) in zip(["base", *SERIES], SERIES.items()):
        title = re.search(r"^Subject: \[PATCH\] (.*(?:\n .*)*)", patch.read_text(), re.M)[1].replace("\n", "")
        yield f"* - {int(name)} - {title} - {lines(before, name)}"
    shapes = [("0003", shape) for shape in ("0014", "helper", "library")]
    series, helper, library = (differences(*shape) for shape in shapes)
    three = {file for file in helper if file in library and re.search(r"sun50i|dart|smmu", file)}
    core = (helper.keys() | library.keys()) - three
    for title, files in (("Core", core), ("The three drivers", three)):
        yield " - ".join([f"* - {title}", *(lines(*shape, files) for shape in (shapes[0], shapes[2], shapes[1]))])
    yield f"* - Drivers to change - {len(series.keys() - core)};"
    added, removed = map(sum, zip(*series.values()))
    yield f"The sum of patches 4 to 14 is +{added} -{removed} in {len(series)} files: {removed - added} fewer lines."
    yield f"It removes code: {removed - added} lines,"


def switch(tree, state):
    """Brings the kernel's copy to a state. Unchanged files keep their time."""
    if not tree.exists():
        linked_copy(recorded("kernel-source"), tree)
    for file in FILES:
        target, new = tree / file, folder(state) / file
        if not new.exists():
            target.unlink(missing_ok=True)
        elif not target.exists() or target.read_bytes() != new.read_bytes():
            # Replaces the file, which is the source's as well.
            write_atomically(target, new.read_bytes())


def record(tree, state, name):
    """The file with what a build has built, if it has passed."""
    files = {file: (folder(state) / file).read_text() for file in FILES if (folder(state) / file).exists()}
    arch, options, targets = BUILDS[name]
    inputs = [toolchain()["TOOLCHAIN_ID"], tree.name, arch, OPTIONS, options, targets, files]
    return WORK / "passed" / hashlib.sha256(repr(inputs).encode()).hexdigest()


def build(tree, state, name):
    """Builds a state for an architecture. Returns the lines that are wrong."""
    arch, options, targets = BUILDS[name]
    # The other drivers do not build without the operation that this shape removes.
    if state == "library":
        targets = [file.replace(".c", ".o") for file in changed(CORE / "alternatives/library.patch") if file.endswith(".c")]
    passed = record(tree, state, name)
    if passed.exists():
        return []
    switch(tree, state)
    wanted = WORK / name / "wanted.config"
    write_atomically(wanted, "".join(f"CONFIG_{option}={value}\n" for option, value in {**OPTIONS, **options}.items()))
    log = paths.LOGS / f"check-core-{name}.log"
    make = [paths.IN_TOOLCHAIN, "make", "-C", tree, f"ARCH={arch}", "LLVM=1", f"O={WORK / name}", "W=1", f"-j{CPUS}"]
    for words in ([f"KCONFIG_ALLCONFIG={wanted}", "allyesconfig"], targets):
        status, _ = run_logged(f"{state}: {name}", [*make, *words], log)
        wrong = [match[0].replace("\n", " ") for match in warning(FILES).finditer(log.read_text(errors="replace"))]
        if status and not wrong:
            wrong = tail(log)
        if wrong:
            # The next run must compile everything again, to show the warnings again.
            shutil.rmtree(WORK / name / "drivers", ignore_errors=True)
            return [f"{name}: {line}" for line in wrong[:10]]
    write_atomically(passed, "".join(f"{file}\n" for file in FILES if (WORK / name / file).with_suffix(".o").exists()))
    return []


def built(tree, state):
    return [line for name in (["arm64"] if state == "library" else BUILDS) for line in build(tree, state, name)]


def unbuilt(tree):
    """The files of the whole series that no architecture has built."""
    records = [record(tree, LAST, name) for name in BUILDS]
    found = {file for passed in records if passed.exists() for file in passed.read_text().splitlines()}
    return [f"not built: {file}" for file in FILES if file.endswith(".c") and (folder(LAST) / file).exists() and file not in found]


def cases(group):
    """(suite, case, result) of each case in the report of kunit.py."""
    for case in group["test_cases"]:
        yield group["name"], case["name"], case["status"]
    for part in group["sub_groups"]:
        yield from cases(part)


def kunit(tree, state):
    """Runs the suites with the kernel's own command. Returns the cases that are not as expected."""
    switch(tree, state)
    wanted, report = WORK / "kunit/wanted.config", WORK / "kunit/report.json"
    write_atomically(wanted, KUNIT)
    report.unlink(missing_ok=True)
    log = paths.LOGS / "check-core-kunit.log"
    command = [paths.IN_TOOLCHAIN, "python3", "-B", tree / "tools/testing/kunit/kunit.py", "run", "--make_options=LLVM=1", f"--jobs={CPUS}"]
    run_logged(f"KUnit: {state}", [*command, f"--build_dir={WORK / 'kunit'}", f"--kunitconfig={wanted}", f"--json={report}"], log)
    if not report.exists():
        return tail(log)
    results = {f"{suite}.{case}": status for suite, case, status in cases(json.loads(report.read_text()))}
    wrong = [f"{name} is not there" for name in sorted(set().union(*FAILING.values()) - results.keys())]
    for name, status in results.items():
        if (status != "PASS") != (name in FAILING[state]):
            wrong.append(f"{name}: {status}")
    return wrong


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--only", type=re.compile, default=re.compile(""), metavar="REGEX")
    options = parser.parse_args()
    setup_command("setup-toolchain")
    setup_command("setup-kernel-source")
    source = recorded("kernel-source")
    make_states(source)
    tree = WORK / source.name
    results = []

    def step(name, work, *arguments):
        """Runs a step, which returns the lines that are wrong."""
        if not options.only.search(name):
            return
        start = time.monotonic()
        wrong = work(*arguments)
        done_line("FAILED" if wrong else "ok", name[:52], time.monotonic() - start)
        details(wrong)
        results.append(not wrong)

    step("numbers", lambda: [f"{DOCUMENT.name} does not say: {phrase}" for phrase in lacking(DOCUMENT, numbers())])
    for state in [*SERIES, "helper", "library"]:
        step(f"build: {state}", built, tree, state)
    step("build: all files", unbuilt, tree)
    for state in FAILING:
        step(f"KUnit: {state}", kunit, tree, state)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return not results or not all(results)
