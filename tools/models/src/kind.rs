// SPDX-License-Identifier: GPL-2.0

//! Sets of kinds, such as causes, that are counted separately and have names for a board's output.

use core::convert::Infallible;

/// A kind out of a closed set, of causes or of reasons.
pub trait Kind: Copy + 'static {
    /// All kinds, by index.
    const ALL: &'static [Self];

    /// Its place in [`Kind::ALL`].
    fn index(self) -> usize;

    /// Its name in a board's output.
    fn name(self) -> &'static str;
}

/// For hardware without any kind of the set.
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
