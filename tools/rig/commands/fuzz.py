# SPDX-License-Identifier: GPL-2.0
"""Gives the drivers generated inputs on the UML board: sequences of calls, and devicetrees.

  scripts/fuzz                     for a minute, with a fresh seed
  scripts/fuzz --seconds N         until so many seconds are over, when the boot that runs then has ended
  scripts/fuzz --count N           for so many inputs and the rest of their round, whatever time they take
  scripts/fuzz --seed SEED         the inputs of this seed
  scripts/fuzz --only KIND         sequences or trees
  scripts/fuzz --board NAME        those of one board
  scripts/fuzz --first N           begins with input N of each board
  scripts/fuzz --no-build          kernels and modules are built already

An input that fails is shortened, and out/fuzz/ gets a story that shows it. The last line
is "N trees, N sequences, seed SEED: N failed"; the exit status is 0 if none failed. The
same as data: out/results/fuzz.json.
"""

import json
import math
import random

from fuzz import mutate, run, sequence
from fuzz.reference import FAMILIES
from rig import cli, paths
from rig.devicetree import compile_devicetrees
from rig.files import write_atomically
from rig.images import IMAGES, is_emulated, kernel_config
from rig.progress import Failure, Living
from rig.setup import prepare


def all_targets(image):
    """Each board with each kind of inputs."""
    # Others do not show on the console when to wake them.
    sleeps = kernel_config(image).get("CONFIG_PM_SLEEP_DEBUG") == "y"
    options = {"can_sleep": True} if sleeps else {}
    for name in FAMILIES:
        yield run.Target(sequence, name, f"{name}-bare", image, **options)
    for name in mutate.KINDS:
        yield run.Target(mutate, name, f"{name}-none", image)


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", default=None)
    parser.add_argument("--only", choices=("sequences", "trees"))
    parser.add_argument("--board", help="a name as in the lines of failures")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--image", default="release", choices=[image for image in IMAGES if not is_emulated(image)])
    parser.add_argument("--no-build", action="store_true", help="build nothing")
    options = parser.parse_args()

    seed = options.seed or str(random.SystemRandom().randrange(1 << 32))
    if not options.no_build:
        prepare([options.image])
    compile_devicetrees(options.image)
    targets = [
        target
        for target in all_targets(options.image)
        if options.only in (None, target.module.WHAT) and options.board in (None, target.name)
    ]
    if not targets:
        raise Failure(f"there is no board {options.board} for {options.only or 'fuzzing'}")
    # So that a short run, which does not have a turn of each, leaves out others every time.
    random.Random(seed).shuffle(targets)
    print(f"fuzz: seed {seed}", flush=True)
    living = Living("fuzz")

    def tick():
        living.what = f"fuzz: {sum(target.done for target in targets)} inputs"
        living.tick()

    for target in targets:
        target.seed, target.next = seed, options.first
        target.tick = tick

    seconds = options.seconds or (math.inf if options.count else 60)
    failures = run.run(targets, seconds, lambda line: print(f"         {line}", flush=True), options.count)
    for failure in failures:
        print(f"         {failure.target.module.WHAT} {failure.number} of {failure.target.name}:", flush=True)
        for line in failure.why:
            print(f"           {line}", flush=True)
    done = {what: sum(target.done for target in targets if target.module.WHAT == what) for what in ("trees", "sequences")}
    line = f"{done['trees']} trees, {done['sequences']} sequences, seed {seed}: {len(failures)} failed"
    rows = [{"what": one.target.module.WHAT, "board": one.target.name, "number": one.number, "why": one.why} for one in failures]
    write_atomically(paths.RESULTS / "fuzz.json", json.dumps({**done, "seed": seed, "failed": rows}, indent=1) + "\n")
    print(line, flush=True)
    return 1 if failures or not any(done.values()) else 0
