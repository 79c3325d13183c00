// SPDX-License-Identifier: GPL-2.0

//! Output of a model for a board: line by line, without a buffer.

use core::fmt::Arguments;

/// Takes one line of text, without its end.
pub type Line<'a> = &'a mut dyn FnMut(Arguments<'_>);

/// The number of masters, streams and the like that are always shown. Further ones are shown only
/// if their value is not 0.
pub(crate) const ALWAYS: usize = 16;
