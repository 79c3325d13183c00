// SPDX-License-Identifier: GPL-2.0
// Adds the instance to of_xlate and probe_device of all IOMMU drivers:
//   spatch --sp-file instance.cocci -D op_of_xlate --in-place FILE...
//   spatch --sp-file instance.cocci -D op_probe_device --in-place FILE...
// It does not see operations that a macro defines (s390-iommu.c).

virtual op_of_xlate
virtual op_probe_device

@xlate depends on op_of_xlate@
identifier ops, fn;
@@
struct iommu_ops ops = {
	.of_xlate = fn,
};

@depends on op_of_xlate@
identifier xlate.fn, dev, args;
@@
fn(struct device *dev,
+  struct iommu_device *instance,
   const struct of_phandle_args *args)
{ ... }

@probe depends on op_probe_device@
identifier ops, fn;
@@
struct iommu_ops ops = {
	.probe_device = fn,
};

@depends on op_probe_device@
identifier probe.fn, dev;
@@
fn(struct device *dev
+  , struct iommu_device *instance
  )
{ ... }
