// SPDX-License-Identifier: GPL-2.0
/*
 * Shows whether the kernel has the gaps that rust/core_gaps works around: each insertion
 * makes one happen with devices of its own, and "shows" says what came of it. With the
 * series patches/core the gaps must not show.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/string.h>

static char *gap;
module_param(gap, charp, 0444);
MODULE_PARM_DESC(gap, "unregister, link, replay");

static char shows[64];
module_param_string(shows, shows, sizeof(shows), 0444);
MODULE_PARM_DESC(shows, "what was seen");

static struct platform_device *device(const char *name)
{
	return platform_device_register_simple(name, PLATFORM_DEVID_NONE, NULL, 0);
}

#ifdef IOMMU_CORE_PASSES_INSTANCE
#define PROBE_DEVICE_ARGS struct device *dev, struct iommu_device *unused
#else
#define PROBE_DEVICE_ARGS struct device *dev
#endif

/* An IOMMU whose driver keeps the core waiting in probe_device. */

static struct iommu_device instance;
static DECLARE_COMPLETION(probing);
static DECLARE_COMPLETION(go_on);
static DECLARE_COMPLETION(unregistered);

static int attach(struct iommu_domain *domain, struct device *dev, struct iommu_domain *old)
{
	return 0;
}

static const struct iommu_domain_ops identity_ops = { .attach_dev = attach };
static struct iommu_domain identity = { .type = IOMMU_DOMAIN_IDENTITY, .ops = &identity_ops };

static struct iommu_device *probe_device(PROBE_DEVICE_ARGS)
{
	complete(&probing);
	wait_for_completion(&go_on);
	return &instance;
}

static const struct iommu_ops ops = {
	.probe_device = probe_device,
	.device_group = generic_device_group,
	.identity_domain = &identity,
	.default_domain = &identity,
	.owner = THIS_MODULE,
};

static int add_master(void *master)
{
	int ret = platform_device_add(master);

	/* If that has failed, nothing was probed. */
	complete(&probing);
	return ret;
}

static int unregister(void *unused)
{
	iommu_device_unregister(&instance);
	complete(&unregistered);
	return 0;
}

/* Whether the task waits for a lock: it does not run for half a second. */
static bool waits(struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < 25; i++) {
		if (!(READ_ONCE(task->__state) & TASK_UNINTERRUPTIBLE))
			return false;
		msleep(20);
	}
	return true;
}

/* The instance is unregistered while a probe has found it. */
static int race(struct platform_device *master)
{
	struct task_struct *prober, *unbinder;
	bool early;

	prober = kthread_create(add_master, master, "gap-probe");
	if (IS_ERR(prober))
		return PTR_ERR(prober);
	unbinder = kthread_create(unregister, NULL, "gap-unregister");
	if (IS_ERR(unbinder)) {
		kthread_stop(prober);
		return PTR_ERR(unbinder);
	}
	get_task_struct(prober);
	get_task_struct(unbinder);

	wake_up_process(prober);
	wait_for_completion(&probing);
	wake_up_process(unbinder);
	while (!completion_done(&unregistered) && !waits(unbinder))
		msleep(20);
	early = completion_done(&unregistered);
	complete(&go_on);
	kthread_stop_put(prober);
	kthread_stop_put(unbinder);

	snprintf(shows, sizeof(shows), "unregistered %s the probe, the master is in %s",
		 early ? "during" : "after",
		 device_iommu_mapped(&master->dev) ? "a group" : "no group");
	if (device_is_registered(&master->dev))
		platform_device_del(master);
	return 0;
}

static int unregister_gap(void)
{
	struct platform_device_info info = { .name = "gap-iommu", .id = PLATFORM_DEVID_NONE };
	struct platform_device *hardware, *master;
	int ret;

	info.fwnode = fwnode_create_software_node(NULL, NULL);
	if (IS_ERR(info.fwnode))
		return PTR_ERR(info.fwnode);
	hardware = platform_device_register_full(&info);
	ret = PTR_ERR_OR_ZERO(hardware);
	if (ret)
		goto err_node;
	master = platform_device_alloc("gap-master", PLATFORM_DEVID_NONE);
	ret = -ENOMEM;
	if (!master)
		goto err_hardware;

	ret = iommu_device_sysfs_add(&instance, &hardware->dev, NULL, "gap");
	if (ret)
		goto err_master;
	ret = iommu_device_register(&instance, &ops, &hardware->dev);
	if (ret)
		goto err_sysfs;
	/* Lockdep would miss the probe lock, which modules cannot take. */
	ret = iommu_fwspec_init(&master->dev, info.fwnode);
	if (!ret)
		ret = race(master);
	if (!completion_done(&unregistered))
		iommu_device_unregister(&instance);
err_sysfs:
	iommu_device_sysfs_remove(&instance);
err_master:
	platform_device_put(master);
err_hardware:
	platform_device_unregister(hardware);
err_node:
	fwnode_remove_software_node(info.fwnode);
	return ret;
}

/* An IOMMU without a firmware node, which the core offers all devices without one of theirs. */

static struct iommu_device *probe_one_of_two(PROBE_DEVICE_ARGS)
{
	if (!strcmp(dev_name(dev), "gap-bad"))
		return ERR_PTR(-EINVAL);
	return strcmp(dev_name(dev), "gap-good") ? ERR_PTR(-ENODEV) : &instance;
}

static const struct iommu_ops replay_ops = {
	.probe_device = probe_one_of_two,
	.device_group = generic_device_group,
	.identity_domain = &identity,
	.default_domain = &identity,
	.owner = THIS_MODULE,
};

static int replay_gap(void)
{
	struct platform_device *bad, *good;
	int ret;

	bad = device("gap-bad");
	if (IS_ERR(bad))
		return PTR_ERR(bad);
	good = device("gap-good");
	ret = PTR_ERR_OR_ZERO(good);
	if (ret)
		goto err_bad;
	ret = iommu_device_sysfs_add(&instance, NULL, NULL, "gap");
	if (ret)
		goto err_good;

	ret = iommu_device_register(&instance, &replay_ops, NULL);
	snprintf(shows, sizeof(shows), "registering ends with %d, the good master is in %s",
		 ret, device_iommu_mapped(&good->dev) ? "a group" : "no group");
	if (!ret)
		iommu_device_unregister(&instance);
	ret = 0;
	iommu_device_sysfs_remove(&instance);
err_good:
	platform_device_unregister(good);
err_bad:
	platform_device_unregister(bad);
	return ret;
}

/* A link to a device whose probe was deferred. */

static int probe(struct platform_device *pdev)
{
	return 0;
}

static struct platform_driver supplier_driver = {
	.probe = probe,
	.driver.name = "gap-supplier",
};

static struct platform_driver consumer_driver = {
	.probe = probe,
	.driver.name = "gap-consumer",
};

static int link_gap(void)
{
	struct platform_device *missing, *supplier, *consumer;
	struct device_link *link;
	int ret;

	missing = device("gap-missing");
	if (IS_ERR(missing))
		return PTR_ERR(missing);
	supplier = device("gap-supplier");
	ret = PTR_ERR_OR_ZERO(supplier);
	if (ret)
		goto err_missing;
	consumer = device("gap-consumer");
	ret = PTR_ERR_OR_ZERO(consumer);
	if (ret)
		goto err_supplier;
	ret = platform_driver_register(&supplier_driver);
	if (ret)
		goto err_consumer;

	ret = -ENODEV;
	if (!device_link_add(&consumer->dev, &missing->dev, DL_FLAG_AUTOREMOVE_SUPPLIER))
		goto err_driver;
	/* The probe is deferred, since this supplier has no driver. */
	ret = platform_driver_register(&consumer_driver);
	if (ret)
		goto err_driver;
	link = device_link_add(&consumer->dev, &supplier->dev, DL_FLAG_AUTOREMOVE_SUPPLIER);
	ret = link ? 0 : -ENODEV;
	if (link)
		snprintf(shows, sizeof(shows), "the deferred consumer %s",
			 link->status == DL_STATE_CONSUMER_PROBE ? "is probing" :
			 link->status == DL_STATE_AVAILABLE ? "is not probing" : "?");
	/* Its links go with it, before a driver of theirs is unbound. */
	platform_device_unregister(consumer);
	platform_driver_unregister(&consumer_driver);
	platform_driver_unregister(&supplier_driver);
	goto err_supplier;

err_driver:
	platform_driver_unregister(&supplier_driver);
err_consumer:
	platform_device_unregister(consumer);
err_supplier:
	platform_device_unregister(supplier);
err_missing:
	platform_device_unregister(missing);
	return ret;
}

static int __init gaps_init(void)
{
	if (gap && !strcmp(gap, "unregister"))
		return unregister_gap();
	if (gap && !strcmp(gap, "link"))
		return link_gap();
	if (gap && !strcmp(gap, "replay"))
		return replay_gap();
	return -EINVAL;
}
module_init(gaps_init);

static void __exit gaps_exit(void)
{
}
module_exit(gaps_exit);

MODULE_DESCRIPTION("Gaps of the core, made to happen");
MODULE_LICENSE("GPL");
