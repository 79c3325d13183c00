# SPDX-License-Identifier: GPL-2.0
"""Runs one boot of tools/board/boots.toml; options change parts of it.

  scripts/boot release-boot              the boot of this name
  scripts/boot release-boot -s map       the same with other stories
  scripts/boot sweep-t8103               for "VENDOR/*": the trees whose boots' names begin so
  scripts/boot -l                        lists the boots
"""

import signal

from rig import cli
from rig.boot import run_boot
from rig.images import IMAGES
from rig.machines import each, is_many
from rig.progress import Failure, done_line
from rig.setup import prepare
from rig.table import load_table


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("name", nargs="?", help="a boot of the table")
    parser.add_argument("-l", "--list", action="store_true", help="list the boots")
    parser.add_argument("-i", "--image", choices=IMAGES, help="another image")
    parser.add_argument("-s", "--stories", help="other stories, with commas between them")
    parser.add_argument("-d", "--driver", choices=("rust", "c", "none"), help="another driver")
    parser.add_argument("-t", "--dtb", help="another devicetree")
    parser.add_argument("-a", "--args", default="", help="more kernel arguments")
    parser.add_argument("-n", "--no-build", action="store_true", help="build nothing")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the results channel as it comes")
    options = parser.parse_args()

    boots = {boot["name"]: boot for boot in load_table()}
    if options.list or not options.name:
        # End silently if the reader of the pipe does.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        for boot in boots.values():
            print(f"{boot['name']:<24} {boot['image']:<12} {boot['driver']:<5} {' '.join(boot['stories'])}")
        return 0
    many = (name for name in boots if is_many(boots[name]) and options.name.startswith(name + "-"))
    name = options.name if options.name in boots else next(many, None)
    if not name:
        raise Failure(f"boots.toml has no boot {options.name}", "scripts/boot -l lists them")
    boot = dict(boots[name])
    for key in ("image", "driver", "dtb"):
        if getattr(options, key):
            boot[key] = getattr(options, key)
    if options.stories:
        boot["stories"] = options.stories.split(",")
    boot["args"] = boot.get("args", "") + " " + options.args
    if not options.no_build:
        prepare([boot["image"]])
    boots = [one for one in each([boot]) if one["name"].startswith(options.name)]
    if not boots:
        raise Failure(f"there is no tree for {options.name}")
    return max([run(one, options) for one in boots])


def run(boot, options):
    report = run_boot(boot, on_line=print if options.verbose else None)
    for story in report.stories:
        done_line(story["result"], story["name"], story["seconds"])
        for why in story["why"]:
            print(f"         {why}")
    for name, result in report.kunit:
        done_line(result, f"KUnit {name}", 0.0)
    done_line("ok" if report.ok else "FAILED", f"boot {boot['name']}: {report.log}", report.seconds)
    if report.problem:
        print("  " + report.problem)
    return 0 if report.ok else 1
