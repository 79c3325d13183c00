// SPDX-License-Identifier: GPL-2.0

//! Clocks kept for longer than their device is bound: their names lie in its devicetree node.

#[macro_use]
mod skeleton;

use iommu::clk::Clocks;
use skeleton::*;

fn keep<'bound>(dev: &'bound Device<Bound>) -> Result<KBox<dyn Send + Sync + 'static>> {
    let clocks = Clocks::get_all(dev)?;

    Ok(KBox::new(clocks, GFP_KERNEL)?) //~ ERROR lifetime may not live long enough
}
