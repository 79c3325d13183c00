// SPDX-License-Identifier: GPL-2.0

//! A burst of a master, done piece by piece: as far as one translation goes at a time.

use crate::{
    Denied,
    Memory, //
};

/// Where the next bytes of a burst go.
pub(crate) struct Piece {
    /// Physical address of the first.
    pub(crate) pa: u64,
    /// How many, at least one.
    pub(crate) len: usize,
}

/// Reads from `va` on. `translate` is asked for each piece, with the number of bytes that are left.
///
/// # Errors
///
/// Those of `translate`, and [`Denied::Bus`] where there is no memory. Pieces before the failing one
/// have been done.
pub(crate) fn read(
    mem: &mut dyn Memory,
    mut va: u64,
    buf: &mut [u8],
    mut translate: impl FnMut(&mut dyn Memory, u64, usize) -> Result<Piece, Denied>,
) -> Result<(), Denied> {
    let mut rest = buf;

    while !rest.is_empty() {
        let piece = translate(mem, va, rest.len())?;
        let (now, later) = rest.split_at_mut(piece.len);

        if !mem.read(piece.pa, now) {
            return Err(Denied::Bus);
        }
        va = va.wrapping_add(piece.len as u64);
        rest = later;
    }
    Ok(())
}

/// Writes from `va` on, otherwise like [`read`].
pub(crate) fn write(
    mem: &mut dyn Memory,
    mut va: u64,
    buf: &[u8],
    mut translate: impl FnMut(&mut dyn Memory, u64, usize) -> Result<Piece, Denied>,
) -> Result<(), Denied> {
    let mut rest = buf;

    while !rest.is_empty() {
        let piece = translate(mem, va, rest.len())?;
        let (now, later) = rest.split_at(piece.len);

        if !mem.write(piece.pa, now) {
            return Err(Denied::Bus);
        }
        va = va.wrapping_add(piece.len as u64);
        rest = later;
    }
    Ok(())
}
