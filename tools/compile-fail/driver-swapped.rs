// SPDX-License-Identifier: GPL-2.0

//! A guard of one driver is used as that of another. The two types are a sub- and a supertype, but
//! implement `Hardware` differently.

#![allow(coherence_leak_check)]

#[macro_use]
mod skeleton;

use core::marker::PhantomData;
use iommu::access::InstanceRef;
use skeleton::*;

struct Tag<F>(PhantomData<F>);

type Real = Tag<for<'a> fn(&'a ())>;
type Other = Tag<fn(&'static ())>;

kernel::of_device_table!(
    OF_TABLE,
    (),
    [(of::DeviceId::new(c"test,compile-fail"), ())]
);
hardware!(types);

impl Hardware for Real {
    instance!(all);
}

impl Hardware for Other {
    instance!(all);
}

fn live<'a>(live: Live<'a, Real>) -> Live<'a, Other> {
    live //~ ERROR mismatched types
}

fn reference(reference: InstanceRef<Real>) -> InstanceRef<Other> {
    reference //~ ERROR mismatched types
}

fn instances<'a>(iommus: Instances<'a, Real>) -> Instances<'a, Other> {
    iommus //~ ERROR mismatched types
}

fn engines<'a>(engines: Engines<'a, Real>) -> Engines<'a, Other> {
    engines //~ ERROR mismatched types
}
