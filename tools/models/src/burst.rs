// SPDX-License-Identifier: GPL-2.0

//! Bursts of a master. A burst is split into pieces, each within one translation. The address
//! space has 64 bits and an end: a burst that reaches beyond it fails there.

use crate::{
    Denied,
    Memory, //
};

/// The next bytes of a burst after translation.
pub(crate) struct Piece {
    /// Physical address of the first byte.
    pub(crate) pa: u64,
    /// Number of bytes, at least one.
    pub(crate) len: usize,
}

/// Reads from `va` on. Calls `translate` for each piece, with the number of bytes that are left.
///
/// # Errors
///
/// Those of `translate`, and [`Denied::Bus`] where there is no memory or no address. Pieces before
/// the failing one have been done.
pub(crate) fn read(
    mem: &mut dyn Memory,
    va: u64,
    buf: &mut [u8],
    mut translate: impl FnMut(&mut dyn Memory, u64, usize) -> Result<Piece, Denied>,
) -> Result<(), Denied> {
    let mut rest = buf;
    let mut next = Some(va);

    while !rest.is_empty() {
        let va = next.ok_or(Denied::Bus)?;
        let piece = translate(mem, va, rest.len())?;
        let (now, later) = rest.split_at_mut(piece.len);

        if !mem.read(piece.pa, now) {
            return Err(Denied::Bus);
        }
        next = va.checked_add(piece.len as u64);
        rest = later;
    }
    Ok(())
}

/// Writes from `va` on, otherwise like [`read`].
pub(crate) fn write(
    mem: &mut dyn Memory,
    va: u64,
    buf: &[u8],
    mut translate: impl FnMut(&mut dyn Memory, u64, usize) -> Result<Piece, Denied>,
) -> Result<(), Denied> {
    let mut rest = buf;
    let mut next = Some(va);

    while !rest.is_empty() {
        let va = next.ok_or(Denied::Bus)?;
        let piece = translate(mem, va, rest.len())?;
        let (now, later) = rest.split_at(piece.len);

        if !mem.write(piece.pa, now) {
            return Err(Denied::Bus);
        }
        next = va.checked_add(piece.len as u64);
        rest = later;
    }
    Ok(())
}
