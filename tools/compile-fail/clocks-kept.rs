// SPDX-License-Identifier: GPL-2.0

//! Clocks that outlive the binding of their device. The clock framework keeps pointers to the
//! device's name, and to the clocks' names in its devicetree node.

#[macro_use]
mod skeleton;

use iommu::clk::{Clock, Clocks};
use skeleton::*;

fn keep_all<'bound>(dev: &'bound Device<Bound>) -> Result<KBox<dyn Send + Sync + 'static>> {
    let clocks = Clocks::get_all(dev)?;

    Ok(KBox::new(clocks, GFP_KERNEL)?) //~ ERROR lifetime may not live long enough
}

fn keep_one<'bound>(dev: &'bound Device<Bound>) -> Result<KBox<dyn Send + Sync + 'static>> {
    let clock = Clock::get(dev, None)?;

    Ok(KBox::new(clock, GFP_KERNEL)?) //~ ERROR lifetime may not live long enough
}
