// SPDX-License-Identifier: GPL-2.0

//! The debugfs files of instances, masters and domains: `/sys/kernel/debug/rust_iommu/`.
//!
//! One directory per instance, named after its device:
//!
//! - `registers`: the registers, as the driver prints them.
//! - `masters`: each master with its streams, its domain and its number of faults.
//! - `domains`: each address space made for this instance, with its live translations.
//! - `selftest`: reading it runs the driver's own test of translation.
//!
//! Reading is safe at any time: a list's lock or a gate keeps the shown objects in place while they
//! are read, and the files are removed before the instance is freed.

use kernel::{
    debugfs::{
        Dir,
        Scope, //
    },
    prelude::*,
    sync::{
        Arc,
        SetOnce, //
    },
};

use crate::{
    domain_base::Domain,
    fault::Name,
    instance::Instance,
    instances::InstanceSet,
    master_base::{
        Attached,
        MasterBase, //
    },
    prelude::*, //
};

/// The directory of all instances. It is never removed, as the crate stays loaded.
static ROOT: SetOnce<Dir> = SetOnce::new();

/// Makes the directory of all instances.
pub(crate) fn init() {
    ROOT.populate(Dir::new(c"rust_iommu"));
}

/// The files of one instance, removed on drop.
pub(crate) type InstanceDir = Scope<Arc<Instance>>;

/// Makes the files of an instance of driver `T`.
///
/// # Safety
///
/// The instance's device is bound, and the files are removed before it is unbound.
pub(crate) unsafe fn create<T: Operations>(
    instance: &Arc<Instance>,
) -> Result<Pin<KBox<InstanceDir>>> {
    let root = ROOT.as_ref().ok_or(ENODEV)?;
    let data = instance.clone();
    // SAFETY: by the safety requirement.
    let dev = unsafe { instance.dev() };

    KBox::pin_init(
        root.scope(Ok::<_, Error>(data), dev.name(), |data, dir| {
            dir.read_callback_file(c"registers", data, &show_registers::<T>);
            dir.read_callback_file(c"masters", data, &show_masters);
            dir.read_callback_file(c"domains", data, &show_domains);
            dir.read_callback_file(c"selftest", data, &show_selftest::<T>);
        }),
        GFP_KERNEL,
    )
}

fn show_registers<T: Operations>(
    instance: &Arc<Instance>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let Some(_guard) = instance.gate().enter() else {
        return f.write_str("gone\n");
    };
    // SAFETY: the files of an instance of `T`; the gate is held.
    let iommu = unsafe { Live::<T>::new(instance) };
    T::Debug::show_registers(&mut iommu.lock(), f)
}

fn show_selftest<T: Operations>(
    instance: &Arc<Instance>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let result = (|| {
        let mut instances = KVec::new();
        instances.push(instance.clone(), GFP_KERNEL)?;
        // SAFETY: the files of an instance of `T`.
        let instances = unsafe { InstanceSet::<T>::new(instances) }?;
        let iommus = instances.enter();
        if !iommus.is_complete() {
            return Err(ENODEV);
        }
        T::Debug::selftest(&iommus, Gfp::KERNEL, f)
    })();

    match result {
        Ok(()) => f.write_str("passed\n"),
        Err(e) => writeln!(f, "failed: {e:?}"),
    }
}

fn show_masters(instance: &Arc<Instance>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut result = Ok(());

    instance.masters.for_each(|master| {
        result = result.and_then(|()| show_master(instance, master, f));
    });
    result
}

fn show_master(
    instance: &Instance,
    master: &MasterBase,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    f.write_fmt(fmt!("{}: streams", Name(master.dev())))?;
    instance
        .masters
        .streams_of(master, |id| write!(f, " {id}"))?;
    f.write_str(", ")?;
    master.with_attached(|attached| match attached {
        Attached::Nothing => f.write_str("not attached"),
        Attached::Identity => f.write_str("identity"),
        Attached::Blocked => f.write_str("blocked"),
        Attached::Paging(domain) => write!(f, "domain {}", domain.id()),
    })?;
    writeln!(f, ", {} faults", master.faults())
}

fn show_domains(instance: &Arc<Instance>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut result = Ok(());

    instance.for_each_domain(|domain| {
        result = result.and_then(|()| show_domain(domain, f));
    });
    result
}

fn show_domain(domain: &Domain, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (tables, bytes) = domain.table_usage();
    let mut result = writeln!(
        f,
        "domain {}: {tables} tables, {bytes} bytes of tables",
        domain.id()
    );

    domain.translations(&mut |t| {
        result = result.and_then(|()| {
            f.write_fmt(fmt!(
                "  {:#010x}-{:#010x} -> {:#010x} {} {}\n",
                t.iova,
                t.iova.wrapping_add(t.size.wrapping_sub(1)),
                t.paddr,
                t.prot,
                Size(t.size)
            ))
        });
    });
    result
}

/// A number of bytes in the largest unit that divides it.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
            if self.0 & ((1 << shift) - 1) == 0 {
                return write!(f, "{} {unit}", self.0 >> shift);
            }
        }
        write!(f, "{} B", self.0)
    }
}
