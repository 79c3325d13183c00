// SPDX-License-Identifier: GPL-2.0

//! The device context of a bus callback is kept after the callback.

#[macro_use]
mod skeleton;

use skeleton::*;

hardware!(engine);

struct Kept<'bound> {
    pdev: &'bound platform::Device<Core<'bound>>,
}

fn probe<'bound>(pdev: &'bound platform::Device<Core<'_>>) -> impl PinInit<Kept<'bound>> + 'bound {
    Kept { pdev } //~ ERROR explicit lifetime required in the type of `pdev`
}
