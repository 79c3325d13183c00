// SPDX-License-Identifier: GPL-2.0

//! Counters of a model, their names, and which of them count misuse.

use core::marker::PhantomData;

use crate::{
    show::{
        Line,
        ALWAYS, //
    },
    Kind, //
};

/// A counter, or a group of counters, as a field of another group.
pub(crate) trait Part: Copy {
    /// All counters 0.
    const ZERO: Self;

    /// The sum of the counters of misuse.
    fn misuse(&self) -> u64 {
        0
    }

    /// Takes over the counters of misuse from `old`.
    fn keep_misuse(&mut self, _old: &Self) {}

    /// Shows each counter of misuse that is not 0 as a line `name value`.
    fn tell_misuse(&self, _line: Line<'_>) {}

    /// Shows each counter as a line `name value`. `name` is the name of the field.
    fn tell(&self, name: &str, line: Line<'_>);
}

/// Declares a struct of counters in three sections: misuse by a driver, other events, and groups of
/// counters.
macro_rules! counters {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            misuse {
                $($(#[$bad_meta:meta])* $bad:ident,)*
            }
            events {
                $($(#[$event_meta:meta])* $event:ident,)*
            }
            parts {
                $($(#[$part_meta:meta])* $part:ident: $type:ty,)*
            }
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name {
            $($(#[$bad_meta])* pub $bad: u64,)*
            $($(#[$event_meta])* pub $event: u64,)*
            $($(#[$part_meta])* pub $part: $type,)*
        }

        impl $crate::counters::Part for $name {
            const ZERO: Self = Self {
                $($bad: 0,)*
                $($event: 0,)*
                $($part: <$type as $crate::counters::Part>::ZERO,)*
            };

            fn misuse(&self) -> u64 {
                0 $(+ self.$bad)* $(+ $crate::counters::Part::misuse(&self.$part))*
            }

            fn keep_misuse(&mut self, old: &Self) {
                $(self.$bad = old.$bad;)*
                $($crate::counters::Part::keep_misuse(&mut self.$part, &old.$part);)*
            }

            fn tell_misuse(&self, line: $crate::Line<'_>) {
                $(if self.$bad != 0 {
                    line(format_args!("{} {}", stringify!($bad), self.$bad));
                })*
                $($crate::counters::Part::tell_misuse(&self.$part, line);)*
            }

            fn tell(&self, _name: &str, line: $crate::Line<'_>) {
                $($crate::counters::Part::tell(&self.$part, stringify!($part), line);)*
                $(line(format_args!("{} {}", stringify!($bad), self.$bad));)*
                $(line(format_args!("{} {}", stringify!($event), self.$event));)*
            }
        }
    };
}

/// Declares the counters of a model. Adds the methods for a board to [`counters`].
macro_rules! model_counters {
    ($(#[$meta:meta])* pub struct $name:ident { $($body:tt)* }) => {
        $crate::counters::counters! {
            $(#[$meta])*
            pub struct $name { $($body)* }
        }

        impl $name {
            pub(super) const fn new() -> Self {
                <Self as $crate::counters::Part>::ZERO
            }

            /// Sets all counters but those of misuse to 0.
            pub fn clear(&mut self) {
                let old = core::mem::replace(self, Self::new());

                $crate::counters::Part::keep_misuse(self, &old);
            }

            /// Shows each counter of misuse that is not 0 as a line `name value`.
            pub fn show_misuse(&self, line: $crate::Line<'_>) {
                $crate::counters::Part::tell_misuse(self, line);
            }

            /// Sum of all counters of misuse.
            pub fn errors(&self) -> u64 {
                $crate::counters::Part::misuse(self)
            }

            /// Shows each counter as a line `name value`, and last `errors`.
            pub fn show(&self, line: $crate::Line<'_>) {
                $crate::counters::Part::tell(self, "", line);
                line(format_args!("errors {}", self.errors()));
            }
        }
    };
}

pub(crate) use counters;
pub(crate) use model_counters;

counters! {
    /// Accesses to registers.
    pub struct Registers {
        misuse {
            /// Accesses while the clock was off.
            gated_accesses,
            /// Accesses to registers that this version does not have.
            undefined,
            /// Accesses that were not aligned to a word.
            misaligned,
            /// Writes to read-only registers.
            readonly_writes,
            /// Writes that set bits without a meaning.
            reserved_bits,
            /// Commands started while the one before was busy, and writes to the registers with the
            /// address or range of a busy command.
            command_while_busy,
        }
        events {
            /// Reads.
            mmio_reads,
            /// Writes.
            mmio_writes,
        }
        parts {}
    }
}

impl Registers {
    /// The register at `off` according to `decode`.
    pub(crate) fn decode<R>(
        &mut self,
        off: u32,
        decode: impl FnOnce(u32) -> Option<R>,
    ) -> Option<R> {
        if off % 4 != 0 {
            self.misaligned += 1;
            return None;
        }

        let reg = decode(off);
        if reg.is_none() {
            self.undefined += 1;
        }
        reg
    }

    /// The bits of `val` that a register accepts, or `None` if it is read-only.
    pub(crate) fn taken(&mut self, val: u32, writable: Option<u32>) -> Option<u32> {
        let Some(writable) = writable else {
            self.readonly_writes += 1;
            return None;
        };

        if val & !writable != 0 {
            self.reserved_bits += 1;
        }
        Some(val & writable)
    }
}

/// A count for each kind.
#[derive(Clone, Copy, Debug)]
pub struct Tally<K, const N: usize> {
    counts: [u64; N],
    kind: PhantomData<K>,
}

impl<K: Kind, const N: usize> Tally<K, N> {
    /// The count of `kind`.
    pub fn of(&self, kind: K) -> u64 {
        self.counts[kind.index()]
    }

    /// The sum over all kinds.
    pub fn sum(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub(crate) fn add(&mut self, kind: K) {
        self.counts[kind.index()] += 1;
    }
}

impl<K: Kind, const N: usize> Part for Tally<K, N> {
    const ZERO: Self = {
        assert!(K::ALL.len() == N);
        Self {
            counts: [0; N],
            kind: PhantomData,
        }
    };

    fn tell(&self, name: &str, line: Line<'_>) {
        for &kind in K::ALL {
            line(format_args!("{name}_{} {}", kind.name(), self.of(kind)));
        }
    }
}

/// Cache entries that commands dropped, by the owner they were read for.
#[derive(Clone, Copy, Debug)]
pub struct Dropped<const OWNERS: usize> {
    /// Dropped by all commands.
    pub total: [u64; OWNERS],
    /// Dropped by the last command.
    pub last: [u32; OWNERS],
}

impl<const OWNERS: usize> Dropped<OWNERS> {
    /// Entries of other owners than `owner` that commands dropped.
    pub fn of_others(&self, owner: u32) -> u64 {
        let own = self.total.get(owner as usize).copied().unwrap_or(0);

        self.total.iter().sum::<u64>() - own
    }

    /// Entries of other owners than `owner` that the last command dropped.
    pub fn last_of_others(&self, owner: u32) -> u32 {
        let own = self.last.get(owner as usize).copied().unwrap_or(0);

        self.last.iter().sum::<u32>() - own
    }

    /// Starts the count of a new command.
    pub(crate) fn begin(&mut self) {
        self.last.fill(0);
    }

    /// Counts `n` entries of `owner` that the command dropped.
    pub(crate) fn count(&mut self, owner: usize, n: u32) {
        self.last[owner] += n;
        self.total[owner] += u64::from(n);
    }

    /// Counts the entries that a new command dropped, for each owner.
    pub(crate) fn add(&mut self, dropped: &[u32; OWNERS]) {
        self.begin();
        for (owner, &n) in dropped.iter().enumerate() {
            self.count(owner, n);
        }
    }
}

impl<const OWNERS: usize> Part for Dropped<OWNERS> {
    const ZERO: Self = Self {
        total: [0; OWNERS],
        last: [0; OWNERS],
    };

    fn tell(&self, name: &str, line: Line<'_>) {
        let total: u64 = self.total.iter().sum();
        let last: u32 = self.last.iter().sum();

        for (owner, (&own, &own_last)) in self.total.iter().zip(&self.last).enumerate() {
            if owner < ALWAYS || own != 0 {
                line(format_args!("{name}_{owner} {own}"));
                line(format_args!("{name}_not_{owner} {}", total - own));
                line(format_args!("last_{name}_not_{owner} {}", last - own_last));
            }
        }
    }
}
