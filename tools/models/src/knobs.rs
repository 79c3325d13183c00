// SPDX-License-Identifier: GPL-2.0

//! Knobs: properties of the hardware that a test may change, also by name.

/// A value of a knob.
pub(crate) trait Setting: Copy {
    /// The setting with the number `value`.
    fn from_number(value: u32) -> Option<Self>;

    /// The setting's number.
    fn number(self) -> u32;
}

impl Setting for bool {
    fn from_number(value: u32) -> Option<Self> {
        Some(value != 0)
    }

    fn number(self) -> u32 {
        self.into()
    }
}

impl Setting for u32 {
    fn from_number(value: u32) -> Option<Self> {
        Some(value)
    }

    fn number(self) -> u32 {
        self
    }
}

/// Declares a struct of knobs.
macro_rules! knobs {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$knob_meta:meta])* $knob:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name {
            $($(#[$knob_meta])* pub $knob: $type,)*
        }

        impl $name {
            /// Sets the knob `name`; false if there is none, or if it has no such setting.
            pub fn set(&mut self, name: &str, value: u32) -> bool {
                match name {
                    $(stringify!($knob) => {
                        match <$type as $crate::knobs::Setting>::from_number(value) {
                            Some(setting) => self.$knob = setting,
                            None => return false,
                        }
                    })*
                    _ => return false,
                }
                true
            }

            /// Shows each knob as a line `name value`.
            pub fn show(&self, line: $crate::Line<'_>) {
                $(line(format_args!(
                    "{} {}",
                    stringify!($knob),
                    $crate::knobs::Setting::number(self.$knob)
                ));)*
            }
        }
    };
}

/// Declares an enum of a knob's settings; a board writes and reads their numbers.
macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$setting_meta:meta])* $setting:ident = $number:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$setting_meta])* $setting = $number,)*
        }

        impl $crate::knobs::Setting for $name {
            fn from_number(value: u32) -> Option<Self> {
                match value {
                    $($number => Some(Self::$setting),)*
                    _ => None,
                }
            }

            fn number(self) -> u32 {
                self as u32
            }
        }
    };
}

pub(crate) use knobs;
pub(crate) use settings;
