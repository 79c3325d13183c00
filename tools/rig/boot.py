# SPDX-License-Identifier: GPL-2.0
"""Boots once: starts the guest, ends it if it hangs, and judges its results."""

import json
import os
import pathlib
import re
import resource
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from rig import paths
from rig.files import write_atomically
from rig.progress import Failure, details, done_line
from rig.processes import STOPPING, die_with_parent, kill_group
from rig.images import is_emulated, kernel_file, kernel_source
from rig.devicetree import devicetree_sources
from rig.initramfs import make_initramfs
from rig.results import Reader, Report, describe_failure
from rig.kunit import parse_kunit
from rig.uml import environment
from rig.guest import command_line


# The time of the user's command, which names the folder of its kept logs. Commands that it
# runs inherit it.
RUN = os.environ.setdefault("RIG_RUN", time.strftime("%Y-%m-%d-%H%M%S"))
KEPT_RUNS = 10
# Seconds without output after which a boot is hung, and seconds after which it is ended
# although it prints.
SILENCE = 300
LONGEST = 3600
# Seconds that a dead kernel gets for its stack traces: without output, and at most.
LAST_WORDS = (3, 30)


def kernel_died(console):
    return re.search(r"Kernel panic - not syncing|end Kernel panic|Segfault with no mm", console)


# Reports of the kernel after which it is dead or hangs.
FATAL = re.compile(
    r"^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? "
    r"(Kernel panic - not syncing.*|.*Segfault with no mm.*|Unable to handle kernel .*|Internal error: .*|Oops.*"
    r"|(?:rcu: )?INFO: rcu\S* (?:self-)?detected .*stall.*|.*BUG: soft lockup.*|.*[Hh]ard LOCKUP.*|INFO: task .* blocked for more than .*)"
)


def prepare_guest():
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def seconds_expected(boot):
    """The time of a boot: that of its last run, or a guess."""
    try:
        return json.loads((paths.RESULTS / "boots" / boot["name"] / "report.json").read_text())["seconds"]
    except (OSError, ValueError, KeyError):
        slow = is_emulated(boot["image"]) or boot["image"].startswith("debug")
        return (60 if slow else 6) * (1 + len(boot["stories"]))


class Watch:
    """Decides when to end a boot, by its output and the time."""

    def __init__(self, boot):
        self.silence = boot.get("silence", SILENCE)
        self.start = self.heard = time.monotonic()
        self.longest_silence = 0.0
        self.fatal = None  # the kernel's fatal report; fatal_at is its time
        self.fatal_at = 0.0

    def output(self):
        now = time.monotonic()
        self.longest_silence = max(self.longest_silence, now - self.heard)
        self.heard = now

    def console_line(self, text):
        if not self.fatal and (match := FATAL.match(text)):
            self.fatal, self.fatal_at = match[1], time.monotonic()

    def verdict(self):
        """The reason to end the boot now, or None."""
        now = time.monotonic()
        quiet, most = LAST_WORDS
        if self.fatal and (now - self.heard > quiet or now - self.fatal_at > most):
            return self.fatal
        if now - self.heard > self.silence:
            return f"hung: no output for {self.silence:.0f} s"
        if now - self.start > LONGEST:
            return f"not done after {LONGEST} s"
        return None


def follow(process, receive, console, boot, reader, on_wait=None):
    """Reads both channels of a running guest to their end; returns its Watch, and the failure or None."""
    watch = Watch(boot)
    wake_at = None
    with selectors.DefaultSelector() as selector:
        selector.register(receive, selectors.EVENT_READ, "results")
        selector.register(process.stdout.fileno(), selectors.EVENT_READ, "console")
        pending = {"results": b"", "console": b""}
        while selector.get_map():
            if STOPPING.is_set():
                raise KeyboardInterrupt
            if on_wait:
                on_wait()
            if problem := watch.verdict():
                return watch, problem
            if wake_at and time.monotonic() >= wake_at:
                os.kill(process.pid, signal.SIGUSR1)
                wake_at = None
            for key, _ in selector.select(0.2):
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fd)
                    continue
                watch.output()
                if key.data == "console":
                    console.write(data)
                    console.flush()
                *lines, pending[key.data] = (pending[key.data] + data).split(b"\n")
                for line in lines:
                    text = line.decode(errors="replace").rstrip("\r")
                    if key.data == "results":
                        reader.line(text)
                        continue
                    watch.console_line(text)
                    # The CPU is not idle yet, and would handle a signal at once, even with locks
                    # held. It sleeps until it is woken, so a late signal does no harm.
                    if "PM: suspend-to-idle" in text:
                        wake_at = time.monotonic() + 1.0
            if process.poll() is not None and not selector.select(0.1):
                break
    return watch, watch.fatal


def conclude(report, reader, boot, console):
    """Completes the report of a boot that has ended."""
    died = kernel_died(console)
    if boot.get("crash"):
        if not died:
            report.problem = report.problem or "the kernel was expected to die, and lived"
        elif not re.search(boot["crash"], console):
            report.problem = f"the kernel died, but not as expected ({boot['crash']})"
        else:
            report.problem = None
            report.stories.append({"name": "crash", "result": "ok", "why": [], "seconds": 0})
    else:
        if died and not report.problem:
            report.problem = "the kernel died: " + console[died.start() :].splitlines()[0]
        if not reader.ended and not report.problem:
            report.problem = "the boot ended before its stories did"
        # The story that was running has failed. Those after it have not run.
        seen = {story["name"] for story in report.stories}
        culprit = reader.current if reader.current not in seen else None
        for name in boot["stories"]:
            if name in seen:
                continue
            if name == culprit:
                row = {"name": name, "result": "failed", "why": [report.problem or "no result", *reader.why], "seconds": 0}
            else:
                why = f"not run: the boot ended in {culprit}" if culprit else f"not run: {report.problem or 'no result'}"
                row = {"name": name, "result": "skipped", "why": [why], "seconds": 0}
            report.stories.append(row)
        # The shell goes on after a command that does not exist, and a check may pass without it.
        if missing := re.search(r"^/init: (.*: not found)\r?$", console, re.M):
            report.problem = report.problem or f"a story runs a program that is not there: {missing[1]}"
        for regex in boot.get("console", []):
            if not re.search(regex, console):
                report.stories[-1]["result"] = "failed"
                report.stories[-1]["why"].append(f"not on the console: {regex}")
    for story in report.stories:
        if wanted := boot.get("expect", {}).get(story["name"]):
            result, _, regex = wanted.partition(": ")
            if story["result"] == result and any(re.search(regex, why) for why in story["why"]):
                story["result"], story["why"] = "ok", []
            else:
                why = [f"ended as {story['result']}, expected '{wanted}'", *story["why"]]
                story["result"], story["why"] = "failed", why
    if reader.unnamed and not report.problem:
        report.problem = "; ".join(reader.unnamed)


# Held while a thread moves the log and the results of a failed boot.
KEEPING = threading.Lock()


def run_and_print(boot, on_line=None, initramfs=None):
    """Boots once, and prints a line, and what failed; returns the report."""
    report = run_boot(boot, on_line, initramfs)
    done_line("ok" if report.ok else "FAILED", f"boot {boot['name']}", report.seconds)
    if not report.ok:
        details(describe_failure(report))
    return report


def keep_log(report):
    """Copies the log and the results of a boot to a folder that the next run does not overwrite."""
    with KEEPING:
        runs = paths.LOGS / "failed"
        kept = runs / RUN / report.boot["name"]
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(paths.RESULTS / "boots" / report.boot["name"], kept)
        report.log = pathlib.Path(shutil.copy2(report.log, kept / "console.log"))
        for old in sorted(runs.iterdir())[:-KEPT_RUNS]:
            shutil.rmtree(old, ignore_errors=True)


def run_boot(boot, on_line=None, initramfs=None, on_wait=None, keep=True):
    """Boots once and returns the report. It always returns, and leaves no process behind.

    With `keep`, the log of a boot that failed is kept.
    """
    report = Report(boot)
    kernel = kernel_file(boot["image"])
    if not kernel.exists():
        raise Failure(f"there is no kernel {kernel}")
    ours = {dtb.stem for _, _, dtb in devicetree_sources()}
    if boot.get("dtb") and not boot.get("trees") and not is_emulated(boot["image"]) and boot["dtb"] not in ours:
        raise Failure(f"boot {boot['name']}: there is no devicetree {boot['dtb']}")
    initramfs = initramfs or make_initramfs(boot["image"])
    results = paths.RESULTS / "boots" / boot["name"]
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    paths.LOGS.mkdir(parents=True, exist_ok=True)

    reader = Reader(report, on_line)
    scratch = tempfile.mkdtemp(prefix="board-")
    receive, channel = os.pipe()
    os.set_inheritable(channel, True)
    arguments = command_line(boot, initramfs, results, channel, scratch)
    console = open(report.log, "wb")
    console.write(("# " + " ".join(arguments) + "\n").encode())
    console.flush()
    start = time.monotonic()
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[channel],
        env=environment(next((word[4:] for word in arguments if word.startswith("mem=")), "0M")),
        start_new_session=True,
        cwd=scratch,
        preexec_fn=prepare_guest,
    )
    os.close(channel)
    try:
        watch, report.problem = follow(process, receive, console, boot, reader, on_wait)
    finally:
        kill_group(process)
        os.close(receive)
        process.stdout.close()
        process.stdin.close()
        console.close()
        shutil.rmtree(scratch, ignore_errors=True)
    report.seconds = time.monotonic() - start

    text = report.log.read_text(errors="replace")
    conclude(report, reader, boot, text)
    if boot.get("kunit"):
        report.kunit, output = parse_kunit(text, kernel_source(boot["image"]))
        write_atomically(results / "kunit.txt", output)
        if all(result == "skipped" for _, result in report.kunit):
            report.problem = report.problem or "no KUnit case ran"
    data = {"boot": boot["name"], "ok": report.ok, "problem": report.problem, "seconds": round(report.seconds, 2)}
    data["longest_silence"] = round(watch.longest_silence, 2)
    data |= {"stories": report.stories, "data": report.data, "lines": report.demo}
    write_atomically(results / "report.json", json.dumps(data, indent=1) + "\n")
    if keep and not report.ok:
        keep_log(report)
    return report
