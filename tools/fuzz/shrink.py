# SPDX-License-Identifier: GPL-2.0
"""Delta debugging: the smallest part of a list that still fails."""


def shrink(items, first_failing, at_once=8):
    """Removes items while the rest fails.

    first_failing(lists) gets some shorter lists, at most `at_once`, and returns the index
    of the first one that fails, or None. So the caller can try several in one boot. Parts
    of half the list are tried first, then smaller ones, until no single item can go.
    """
    items = list(items)
    size = max(1, len(items) // 2)
    while items:
        rests = []
        for start in range(0, len(items), size):
            rests.append(items[:start] + items[start + size :])
        # The end is tried first, since steps after the failure do not matter.
        rests.reverse()
        for at in range(0, len(rests), at_once):
            batch = rests[at : at + at_once]
            found = first_failing(batch)
            if found is not None:
                items = batch[found]
                size = max(1, min(size, len(items) // 2))
                break
        else:
            if size == 1:
                return items
            size = max(1, size // 2)
    return items
