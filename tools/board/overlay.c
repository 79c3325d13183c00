// SPDX-License-Identifier: GPL-2.0
/*
 * Devicetree overlays through debugfs. A blob written to overlay/apply is applied
 * by the write that completes it, which returns the error. overlay/last then
 * reads the changeset's number. A write to overlay/again applies the same blob
 * once more, which saves a story's loop a process. overlay/remove takes a
 * number, "last" or "all". overlay/moves counts each start and each end of an
 * apply or a remove: it is odd while one is in progress.
 */
#include <linux/libfdt.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "board.h"

#define MAX_BLOB	SZ_64K
#define MAX_OVERLAYS	16

static DEFINE_MUTEX(lock);
static int applied[MAX_OVERLAYS];
static unsigned int nr_applied;
static int last;
static atomic_t moves;

struct blob {
	size_t len;
	u8 data[MAX_BLOB];
};

static struct blob kept;	/* the last one that was applied */

static int apply_open(struct inode *inode, struct file *file)
{
	file->private_data = kvzalloc_obj(struct blob);
	return file->private_data ? 0 : -ENOMEM;
}

static int apply_kept(void)
{
	int id = 0, ret;

	if (!kept.len)
		return -ENOENT;
	if (nr_applied == MAX_OVERLAYS)
		return -ENOSPC;
	ret = of_overlay_fdt_apply(kept.data, kept.len, &id, NULL);
	if (ret) {
		/* A partly applied changeset has a number and can be removed. */
		if (id)
			of_overlay_remove(&id);
		last = ret;
		return ret;
	}
	applied[nr_applied++] = id;
	last = id;
	return 0;
}

/* Applies @blob, or the previous blob again if it is NULL. */
static int apply(const struct blob *blob)
{
	int ret;

	mutex_lock(&lock);
	atomic_inc(&moves);
	if (blob)
		kept = *blob;
	ret = apply_kept();
	atomic_inc(&moves);
	mutex_unlock(&lock);
	return ret;
}

static ssize_t apply_write(struct file *file, const char __user *buf, size_t len,
			   loff_t *pos)
{
	struct blob *blob = file->private_data;
	__be32 head[2];
	int ret = 0;

	if (len > MAX_BLOB - blob->len)
		return -EFBIG;
	if (copy_from_user(blob->data + blob->len, buf, len))
		return -EFAULT;
	blob->len += len;
	if (blob->len < sizeof(head))
		return len;
	memcpy(head, blob->data, sizeof(head));
	if (be32_to_cpu(head[0]) != FDT_MAGIC || blob->len > be32_to_cpu(head[1]))
		return -EINVAL;
	if (blob->len == be32_to_cpu(head[1])) {
		ret = apply(blob);
		blob->len = 0;
	}
	return ret ?: len;
}

static int apply_release(struct inode *inode, struct file *file)
{
	kvfree(file->private_data);
	return 0;
}

static const struct file_operations apply_fops = {
	.owner = THIS_MODULE,
	.open = apply_open,
	.write = apply_write,
	.release = apply_release,
};

static int again_set(void *data, u64 value)
{
	return apply(NULL);
}
DEFINE_DEBUGFS_ATTRIBUTE(again_fops, NULL, again_set, "%llu\n");

static int remove_at(unsigned int i)
{
	int ret = of_overlay_remove(&applied[i]);

	if (ret)
		return ret;
	nr_applied--;
	memmove(&applied[i], &applied[i + 1], (nr_applied - i) * sizeof(applied[0]));
	return 0;
}

static int remove_by_name(const char *name)
{
	unsigned int i;
	int id, ret;

	if (!strcmp(name, "all")) {
		while (nr_applied) {
			ret = remove_at(nr_applied - 1);
			if (ret)
				return ret;
		}
		return 0;
	}
	if (!strcmp(name, "last"))
		return nr_applied ? remove_at(nr_applied - 1) : -ENOENT;
	ret = kstrtoint(name, 0, &id);
	if (ret)
		return ret;
	for (i = 0; i < nr_applied; i++)
		if (applied[i] == id)
			return remove_at(i);
	return -ENOENT;
}

static ssize_t remove_write(struct file *file, const char __user *buf, size_t len,
			    loff_t *pos)
{
	char name[16];
	int ret;

	if (len >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, buf, len))
		return -EFAULT;
	name[len] = 0;
	mutex_lock(&lock);
	atomic_inc(&moves);
	ret = remove_by_name(strim(name));
	atomic_inc(&moves);
	mutex_unlock(&lock);
	return ret ?: len;
}

static const struct file_operations remove_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = remove_write,
};

static int last_show(struct seq_file *s, void *unused)
{
	seq_printf(s, "%d\n", last);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(last);

int board_overlay_init(struct dentry *root)
{
	struct dentry *dir = debugfs_create_dir("overlay", root);

	debugfs_create_file("apply", 0200, dir, NULL, &apply_fops);
	debugfs_create_file("again", 0200, dir, NULL, &again_fops);
	debugfs_create_file("remove", 0200, dir, NULL, &remove_fops);
	debugfs_create_atomic_t("moves", 0400, dir, &moves);
	debugfs_create_file("last", 0400, dir, NULL, &last_fops);
	return 0;
}
