// SPDX-License-Identifier: GPL-2.0

//! The slow path of mapping: a slot gets a table.

use kernel::{
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sync::{
        atomic::Relaxed,
        barrier::{
            dma_mb,
            Write, //
        }, //
    },
};

use super::{
    entries,
    state,
    Format,
    Piece,
    Sizes,
    Table, //
};

use crate::{
    gfp::Gfp,
    pages::Block,
    walker::{
        self,
        WalkerDevice, //
    },
};

impl<F: Format, W: WalkerDevice> Table<F, W> {
    /// Installs a table with `piece` mapped in it. `false`: somebody else was faster with theirs.
    #[cold]
    pub(super) fn install(&self, piece: Piece, entry: u32, gfp: Gfp) -> Result<bool> {
        self.body
            .walker
            .with_bound(|dev| self.install_bound(dev, piece, entry, gfp))
            .ok_or(ENODEV)?
    }

    fn install_bound(
        &self,
        dev: &Device<Bound>,
        piece: Piece,
        entry: u32,
        gfp: Gfp,
    ) -> Result<bool> {
        let block = self.body.pool.alloc(gfp)?;
        let virt = block.as_ptr();
        let place = self.place_of(virt.addr().get()).ok_or(ERANGE)?;
        let paddr = walker::paddr_of(virt);
        // The linear mapping moves all memory by the same distance. Cleaning goes by this.
        if paddr != self.paddr_of(place) {
            return Err(ERANGE);
        }
        let word = F::dir_entry(paddr).ok_or(ERANGE)?;

        virt.as_ptr().expose_provenance();
        // SAFETY: `place` is that of `block`, which is not freed in this scope.
        let table = unsafe { self.table_at(place) };
        entries::fill(&table[piece.start..][..piece.pages], entry, F::STEP);

        // Cleans the whole table as well.
        // SAFETY: the block is freed below only after its mapping was given back; once published it is
        // the type invariants that say so.
        unsafe { walker::map(dev, virt, Sizes::<F>::TABLE) }?;

        let published = self.publish(piece, place, word);
        if published != Ok(true) {
            // SAFETY: mapped above, and not published, so nobody else gives it back.
            unsafe { walker::unmap(dev, virt, Sizes::<F>::TABLE) };
            return published;
        }
        // INVARIANT: the slot owns the block now.
        Block::into_addr(block);
        Ok(true)
    }

    fn publish(&self, piece: Piece, place: i32, word: u32) -> Result<bool> {
        let slot = &self.body.slots[piece.index];
        let directory = &self.dir()[piece.index..][..1];

        let _guard = self.body.lock.lock();
        if self.body.walker.is_leaving() {
            return Err(ENODEV);
        }
        if !slot.is_absent() {
            return Ok(false);
        }
        // INVARIANT: the place is that of a block which the caller hands to this slot, mapped for the
        // walker; the walker is not leaving, and the lock is held.
        slot.place().set(place);
        // The walker must not find the table before what is in it.
        dma_mb(Write);
        entries::write(&directory[0], word);
        // SAFETY: the lock is held, and the walker is not even leaving.
        unsafe { self.clean_words(directory) };
        self.body.tables.add(1usize, Relaxed);
        slot.publish(piece.pages, state::FRESH);
        Ok(true)
    }
}
