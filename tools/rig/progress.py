# SPDX-License-Identifier: GPL-2.0
"""Progress lines, the time of each step, and failures."""

import contextlib
import sys
import time


class Failure(Exception):
    """An error that ends a command, with its remedy."""

    def __init__(self, what, *remedy):
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def done_line(status, what, seconds):
    print(f"  {status:<6} {what:<52} {seconds:6.1f} s", flush=True)


def details(lines):
    """Prints lines that belong to the line before."""
    for line in lines:
        print("    " + line, flush=True)


class Living:
    """Shows the progress of a step: on a terminal each second, else every 30 s."""

    def __init__(self, what):
        self.what = what
        self.start = time.monotonic()
        self.shown = self.start
        self.tty = sys.stdout.isatty()

    def tick(self):
        now = time.monotonic()
        if now - self.shown < (1 if self.tty else 30):
            return
        self.shown = now
        if self.tty:
            print(f"\r  {'...':<6} {self.what:<52} {now - self.start:6.0f} s ", end="", flush=True)
        else:
            done_line("...", self.what, now - self.start)

    def done(self, status, what=None):
        if self.tty:
            print("\r\033[K", end="")
        done_line(status, what or self.what, time.monotonic() - self.start)


# The time of each step: (step, seconds).
TIMES = []


@contextlib.contextmanager
def timed(step):
    start = time.monotonic()
    try:
        yield
    finally:
        TIMES.append((step, time.monotonic() - start))
