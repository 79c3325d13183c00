// SPDX-License-Identifier: GPL-2.0

//! DART.

mod board;
mod caches;
mod commands;
mod faults;
#[path = "../common/lines.rs"]
mod lines;
mod locks;
mod masters;
mod modes;
mod power;
mod protection;
#[path = "../common/ram.rs"]
mod ram;
mod reference;
mod registers;
mod shown;
mod walk;
