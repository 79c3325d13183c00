// SPDX-License-Identifier: GPL-2.0

//! The interrupts of an instance.
//!
//! C header: [`include/linux/interrupt.h`](srctree/include/linux/interrupt.h)

use core::marker::PhantomData;

use kernel::{
    irq,
    prelude::*,
    sync::Arc, //
};

use crate::{
    instance::Instance,
    prelude::*,
    storm::Storm, //
};

/// An interrupt that is requested.
pub(super) struct Interrupt<T: Hardware>(Pin<KBox<irq::Registration<'static, Handler<T>>>>);

impl<T: Hardware> Interrupt<T> {
    /// Requests the lines that a driver handles. Faults may be reported before this returns.
    ///
    /// # Errors
    ///
    /// Those of `request_irq()`. Logs which line it was.
    ///
    /// # Safety
    ///
    /// `instance` is of driver `T`, and that of `pdev`. The result is dropped, not forgotten,
    /// before what the driver has made for the instance.
    pub(super) unsafe fn request_all(
        pdev: &'static platform::Device<Bound>,
        instance: &Arc<Instance>,
        requests: KVec<irq::IrqRequest<'static>>,
    ) -> Result<KVec<Self>> {
        let mut interrupts = KVec::with_capacity(requests.len(), GFP_KERNEL)?;

        for (index, request) in (0..).zip(requests) {
            // SAFETY: `Interrupt` stops it before the interrupt is freed.
            let storm = unsafe { Storm::new(request.irq()) };
            let instance = instance.clone();
            let handler = try_pin_init!(Handler::<T> {
                index,
                instance,
                storm <- storm,
                _driver: PhantomData,
            }? Error);
            // SAFETY: by the safety requirement.
            let irq = unsafe { irq::Registration::new(request, T::IRQ_FLAGS, T::NAME, handler) };
            let irq = KBox::pin_init(irq, GFP_KERNEL).inspect_err(|e| {
                dev_err!(
                    pdev.as_ref(),
                    "interrupt {} not available: {:?}\n",
                    index,
                    *e
                );
            })?;
            interrupts.push(Self(irq), GFP_KERNEL)?;
        }
        Ok(interrupts)
    }
}

impl<T: Hardware> Drop for Interrupt<T> {
    fn drop(&mut self) {
        // This must stop before the registration is dropped, which frees the interrupt.
        self.0.handler().storm.stop();
    }
}

/// Returns the lines that a driver handles.
///
/// # Errors
///
/// `EPROBE_DEFER` if the interrupt controller is not there yet, `ENXIO` if the devicetree has fewer
/// lines.
pub(super) fn requests(
    pdev: &'static platform::Device<Bound>,
    count: u32,
) -> Result<KVec<irq::IrqRequest<'static>>> {
    let mut requests = KVec::with_capacity(count as usize, GFP_KERNEL)?;

    for index in 0..count {
        requests.push(pdev.irq_by_index(index)?, GFP_KERNEL)?;
    }
    Ok(requests)
}

/// The handler of one line.
#[pin_data]
struct Handler<T: Hardware> {
    index: u32,
    instance: Arc<Instance>,
    #[pin]
    storm: Storm,
    _driver: PhantomData<fn(T) -> T>,
}

impl<T: Hardware> irq::Handler for Handler<T> {
    fn handle(&self) -> IrqReturn {
        // SAFETY: an instance of `T`. The registration is dropped before what the driver has made.
        let iommu = unsafe { Live::<T>::new(&self.instance) };
        // SAFETY: this is the interrupt handler.
        let faults = unsafe { Faults::new(&self.instance) };

        let ret = T::interrupt(iommu.lock(), self.index, &faults);
        if matches!(ret, IrqReturn::Handled) {
            self.storm.count();
        }
        ret
    }
}
