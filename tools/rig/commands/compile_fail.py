# SPDX-License-Identifier: GPL-2.0
"""Compiles drivers that must not build, and checks their errors.

  scripts/compile-fail IMAGE            against the modules in out/IMAGE/modules
  scripts/compile-fail IMAGE CASE...    some cases of tools/compile-fail

Each case is compiled with the flags of the sun50i driver, against the metadata of
the base crate and of the kernel that the crate was built for.  In a case

  code  //~ ERROR text

means that rustc must report an error with `text` in it at that line; with `//~^`
it is the line above.  rustc must report all such errors, and no others.  A case
without such a comment must build: a complete driver, the one of
Documentation/writing-a-driver.rst, and outlines of drivers to come (demands-*).

Prints a line per case, "ok NAME" or "not ok NAME: why"; the exit status is 0 if all
were ok.
"""

import concurrent.futures
import json
import os
import re
import subprocess
import tempfile

from rig import cli, crates, paths
from rig.images import kernel_dir, modules_dir
from rig.progress import Failure

CASES = paths.TOP / "tools" / "compile-fail"
EXPECTED = re.compile(r"//~(\^*) ERROR (.*?)\s*$")


def lines_of(message, source):
    """The lines of the case that an error is about, seen through macros."""
    lines = set()
    for span in message["spans"]:
        while span:
            if os.path.basename(span["file_name"]) == source.name:
                lines.update(range(span["line_start"], span["line_end"] + 1))
            expansion = span.get("expansion")
            span = expansion["span"] if expansion else None
    return lines


def text_of(message):
    """The text of an error, with its notes."""
    code = (message.get("code") or {}).get("code", "")
    parts = [f"[{code}]", message["message"]]
    parts += [span["label"] for span in message["spans"] if span.get("label")]
    parts += [child["message"] for child in message["children"]]
    return "\n".join(parts)


def judge(source, status, output):
    """The difference between the expected and the actual result of a case, or None."""
    expected = {}
    for number, line in enumerate(source.read_text().splitlines(), 1):
        found = EXPECTED.search(line)
        if found:
            expected.setdefault(number - len(found.group(1)), []).append(found.group(2))

    errors = []
    for line in output.splitlines():
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if message.get("level", "").startswith("error") and not message["message"].startswith("aborting due to"):
            errors.append(message)

    if not expected:
        if status == 0:
            return None
        return "does not build: " + (errors[0]["message"] if errors else output.strip()[-300:])
    if status == 0:
        return "builds"

    missing = {(number, text) for number, texts in expected.items() for text in texts}
    for message in errors:
        said = text_of(message)
        met = {
            (number, text)
            for number in lines_of(message, source)
            for text in expected.get(number, ())
            if text in said
        }
        if not met:
            return f"another error: {said.splitlines()[0]} {message['message']} (lines {sorted(lines_of(message, source))})"
        missing -= met
    if missing:
        return "; ".join(f'line {number}: no error "{text}"' for number, text in sorted(missing))
    return None


def run(source, modules, driver, kernel):
    with tempfile.TemporaryDirectory(prefix=".compile-fail-", dir=modules) as scratch:
        command = driver.command("rustc", kernel, source.stem.replace("-", "_"))
        command += ["--crate-type", "rlib", "--error-format=json", f"--emit=metadata={scratch}/case.rmeta", source]
        done = subprocess.run(command, cwd=modules, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return judge(source, done.returncode, done.stderr)


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("image")
    parser.add_argument("case", nargs="*")
    options = parser.parse_args()

    modules, kernel = modules_dir(options.image).resolve(), kernel_dir(options.image).resolve()
    driver = next((crate for crate in crates.find(modules) if crate.name == "sun50i"), None)
    if not driver:
        raise Failure(f"{modules} has no driver of sun50i", "build the modules first")
    # The toolchain must be able to read a kernel outside the cache and modules outside the checkout.
    os.environ["BIND"] = f"{os.environ.get('BIND', '')} {kernel} {modules}"

    sources = sorted(CASES.glob("*.rs"))
    if options.case:
        sources = [source for source in sources if source.stem in options.case]
        if len(sources) != len(set(options.case)):
            raise Failure("no such case", f"see {CASES}")
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = [(source, pool.submit(run, source, modules, driver, kernel)) for source in sources]
        for source, result in results:
            why = result.result()
            failed += why is not None
            print(f"ok {source.stem}" if why is None else f"not ok {source.stem}: {why}", flush=True)
    return 1 if failed or not sources else 0
