// SPDX-License-Identifier: GPL-2.0

//! How a model tells a board what it has to show: line by line, without a buffer.

use core::fmt::Arguments;

/// Takes one line of text, without its end.
pub type Line<'a> = &'a mut dyn FnMut(Arguments<'_>);

/// Of masters, streams and the like, that many are shown in any case; of further ones only those
/// that have something to show.
pub(crate) const ALWAYS: usize = 16;
