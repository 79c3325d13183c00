// SPDX-License-Identifier: GPL-2.0

//! The loops over the entries of one table.
//!
//! Entries are read by hardware and, if callers break the rule of disjoint ranges, written by
//! several CPUs at once. So they are atomics. Nothing is ordered by them, and no more than a plain
//! load and store is wanted of them; [`core::sync::atomic`] compiles to just that in a loop, where
//! the kernel's own atomics are a function call each.
//!
//! Words are little-endian in memory. An empty entry is zero.

use core::sync::atomic::{
    AtomicU32,
    Ordering::Relaxed, //
};

/// Entries handled at once. Their checks do not wait for each other's branches, and the loop is
/// written out, since kernels are also built for size.
const CHUNK: usize = 8;

/// Splits off as many whole chunks as there are.
#[inline(always)]
fn chunks(entries: &[AtomicU32]) -> (impl Iterator<Item = &[AtomicU32; CHUNK]>, &[AtomicU32]) {
    let chunks = entries.chunks_exact(CHUNK);
    let rest = chunks.remainder();
    (chunks.filter_map(|chunk| chunk.first_chunk()), rest)
}

#[inline(always)]
pub(super) fn read(entry: &AtomicU32) -> u32 {
    u32::from_le(entry.load(Relaxed))
}

#[inline(always)]
pub(super) fn write(entry: &AtomicU32, value: u32) {
    entry.store(value.to_le(), Relaxed);
}

#[inline(always)]
fn is_set(entry: &AtomicU32) -> bool {
    entry.load(Relaxed) != 0
}

/// Writes `first`, `first + step`, ... and ends before an entry that is not empty. Returns how many
/// were written.
#[inline(always)]
pub(super) fn fill(entries: &[AtomicU32], first: u32, step: u32) -> usize {
    let mut next = first;
    let mut done = 0;

    let (chunks, rest) = chunks(entries);
    for chunk in chunks {
        let [a, b, c, d, e, f, g, h] = chunk;
        let left = a.load(Relaxed) | b.load(Relaxed) | c.load(Relaxed) | d.load(Relaxed);
        let right = e.load(Relaxed) | f.load(Relaxed) | g.load(Relaxed) | h.load(Relaxed);
        if left | right != 0 {
            return done + fill_slowly(chunk, next, step);
        }
        write(a, next);
        write(b, next.wrapping_add(step));
        write(c, next.wrapping_add(step.wrapping_mul(2)));
        write(d, next.wrapping_add(step.wrapping_mul(3)));
        write(e, next.wrapping_add(step.wrapping_mul(4)));
        write(f, next.wrapping_add(step.wrapping_mul(5)));
        write(g, next.wrapping_add(step.wrapping_mul(6)));
        write(h, next.wrapping_add(step.wrapping_mul(7)));
        next = next.wrapping_add(step.wrapping_mul(8));
        done += CHUNK;
    }
    done + fill_slowly(rest, next, step)
}

/// Writes an entry that is empty. `false`: it is not.
#[inline(always)]
pub(super) fn fill_one(entry: &AtomicU32, value: u32) -> bool {
    let free = !is_set(entry);
    if free {
        write(entry, value);
    }
    free
}

/// Empties an entry. `false`: it is empty.
#[inline(always)]
pub(super) fn clear_one(entry: &AtomicU32) -> bool {
    let used = is_set(entry);
    if used {
        write(entry, 0);
    }
    used
}

#[inline(always)]
fn fill_slowly(entries: &[AtomicU32], mut next: u32, step: u32) -> usize {
    let mut done = 0;
    for entry in entries {
        if is_set(entry) {
            break;
        }
        write(entry, next);
        next = next.wrapping_add(step);
        done += 1;
    }
    done
}

/// Empties entries and ends before one that already is. Returns how many were emptied.
#[inline(always)]
pub(super) fn clear(entries: &[AtomicU32]) -> usize {
    let mut done = 0;

    let (chunks, rest) = chunks(entries);
    for chunk in chunks {
        let [a, b, c, d, e, f, g, h] = chunk;
        // No short circuit: eight loads, then as many stores.
        let left = is_set(a) & is_set(b) & is_set(c) & is_set(d);
        let right = is_set(e) & is_set(f) & is_set(g) & is_set(h);
        if !(left & right) {
            return done + clear_slowly(chunk);
        }
        write(a, 0);
        write(b, 0);
        write(c, 0);
        write(d, 0);
        write(e, 0);
        write(f, 0);
        write(g, 0);
        write(h, 0);
        done += CHUNK;
    }
    done + clear_slowly(rest)
}

#[inline(always)]
fn clear_slowly(entries: &[AtomicU32]) -> usize {
    let mut done = 0;
    for entry in entries {
        if !is_set(entry) {
            break;
        }
        write(entry, 0);
        done += 1;
    }
    done
}

/// Number of entries that are not empty.
pub(super) fn count(entries: &[AtomicU32]) -> usize {
    entries.iter().filter(|e| is_set(e)).count()
}
