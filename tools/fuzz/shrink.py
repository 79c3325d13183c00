# SPDX-License-Identifier: GPL-2.0
"""Delta debugging: the smallest part of a list that still fails."""


def shrink(items, first_failing, at_once=8):
    """Removes items while the rest fails.

    first_failing(lists) gets some shorter lists, at most `at_once`, and returns the index
    of the first one that fails, or None. So the caller can try several in one boot. Parts
    of half the list are tried first, then smaller ones, until no single item can go. Each
    pass begins at the end, since steps after the failure do not matter.
    """
    items = list(items)
    size = max(1, len(items) // 2)
    while items:
        before, end = len(items), len(items)
        while end > 0:
            starts = [max(0, end - size * (n + 1)) for n in range(at_once) if end - size * n > 0]
            ends = [end, *starts]
            found = first_failing([items[:start] + items[stop:] for start, stop in zip(starts, ends)])
            end = starts[-1] if found is None else starts[found]
            if found is not None:
                items = items[: starts[found]] + items[ends[found] :]
        if size == 1 and len(items) == before:
            break
        size = max(1, size // 2)
    return items
