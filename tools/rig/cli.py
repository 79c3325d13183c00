# SPDX-License-Identifier: GPL-2.0
"""What all commands of scripts/ have: the parser of arguments, and the end."""

import argparse
import sys

from rig.progress import Failure


def parser(text):
    """A parser whose help is the text of a module."""
    return argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)


def run(main):
    """Ends the process with the status of main(), or with a failure and its remedy."""
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"\nfailed: {failure.what}", file=sys.stderr)
        for line in failure.remedy:
            print(f"  {line}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
