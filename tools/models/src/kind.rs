// SPDX-License-Identifier: GPL-2.0

//! Closed sets of things that are counted apart and named in what a board shows.

use core::convert::Infallible;

/// One of a few kinds: of causes, of reasons.
pub trait Kind: Copy + 'static {
    /// All of them, by index.
    const ALL: &'static [Self];

    /// Its place in [`Kind::ALL`].
    fn index(self) -> usize;

    /// What a board calls it.
    fn name(self) -> &'static str;
}

/// For hardware that knows no such thing.
impl Kind for Infallible {
    const ALL: &'static [Self] = &[];

    fn index(self) -> usize {
        match self {}
    }

    fn name(self) -> &'static str {
        match self {}
    }
}

/// Declares an enum whose values are [`Kind`]s.
macro_rules! kinds {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$kind_meta:meta])* $kind:ident => $text:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$kind_meta])* $kind,)*
        }

        impl $crate::Kind for $name {
            const ALL: &'static [Self] = &[$(Self::$kind,)*];

            fn index(self) -> usize {
                self as usize
            }

            fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $text,)*
                }
            }
        }
    };
}

pub(crate) use kinds;
