# SPDX-License-Identifier: GPL-2.0
"""Runs commands: logged, in parallel, with the toolchain."""

import concurrent.futures
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time

from rig import paths
from rig.files import APPENDED_LINES
from rig.progress import Failure, Living

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """Runs in a child: the kernel kills it when this process ends, even by a signal."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def free_memory():
    """Bytes of memory that the machine has left."""
    available = re.search(r"^MemAvailable: +(\d+) kB", pathlib.Path("/proc/meminfo").read_text(), re.M)
    return int(available[1]) << 10 if available else 0


def at_a_time():
    """The number of boots that this machine runs at once: each uses up to one CPU, and up to 1.5 GiB.

    Two for each CPU: the boots that start first, because they take longest, sleep most of their time.
    """
    return max(1, min(2 * len(os.sched_getaffinity(0)), free_memory() // (3 << 29), 8))


def shortages():
    """Each thing that this machine is short of. Tests may fail because of that."""
    cpus, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    if load > 5 * cpus:
        yield f"{load:.0f} processes at once for {cpus} CPUs"
    if free_memory() < 1 << 30:
        yield f"{free_memory() >> 20} MiB of memory left"
    if (free := shutil.disk_usage(paths.TOP).free) < 1 << 30:
        yield f"{free >> 20} MiB left on the disk of {paths.TOP}"


# Set when the command is to end: each running step then kills its processes.
STOPPING = threading.Event()


def in_parallel(work, items):
    """Calls work(item) for each item, at_a_time() in parallel; returns the results in order."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=at_a_time()) as pool:
        try:
            futures = [pool.submit(work, item) for item in items]
            return [future.result() for future in futures]
        except BaseException:
            STOPPING.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def kill_group(process):
    """Kills a step with all processes that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run_logged(what, command, log, timeout=3600, cwd=paths.TOP, env=None):
    """Runs a command with its output in a log; returns (status, seconds)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    living = Living(what)
    with open(log, "wb") as stream:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            while True:
                try:
                    status = process.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    if STOPPING.is_set():
                        raise KeyboardInterrupt from None
                    living.tick()
                    if time.monotonic() - living.start > timeout:
                        stream.write(f"\ntimed out after {timeout} s\n".encode())
                        status = -1
                        break
        finally:
            kill_group(process)
    if living.tty:
        print("\r\033[K", end="")
    return status, time.monotonic() - living.start


def in_toolchain(command, **keywords):
    """Runs a short command with the toolchain and returns its output."""
    env = {**os.environ, "BIND": " ".join([keywords.pop("bind", ""), os.environ.get("BIND", "")])}
    result = subprocess.run(
        [str(paths.IN_TOOLCHAIN)] + [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=env,
        cwd=paths.TOP,
        check=False,
        **keywords,
    )
    if result.returncode:
        output = (result.stdout + result.stderr).decode(errors="replace")
        raise Failure(f"{command[0]} ended with status {result.returncode}", *output.splitlines()[-APPENDED_LINES:])
    return result.stdout


def run_script(script, *arguments, bind=""):
    """Runs a shell script with the toolchain, and returns its output."""
    return in_toolchain(["bash", "-o", "pipefail", "-ec", script, "script", *arguments], bind=bind)


def toolchain():
    """The record of setup-toolchain."""
    try:
        lines = (paths.OUT / "toolchain").read_text().splitlines()
    except OSError as error:
        raise Failure("no toolchain is set up", "run scripts/setup-toolchain") from error
    return dict(line.split("=", 1) for line in lines)
