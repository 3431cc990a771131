// SPDX-License-Identifier: GPL-2.0-only
/* BPF maps, a hash and a frozen array: name, sizes, flags and all elements; two descriptors of one map. */
#include <linux/bpf.h>

#include "test/crtest.h"

#define ENTRIES 10

static int hash, array, again;
static struct bpf_map_info before[2];

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int create(int type, uint32_t flags, const char *name)
{
	union bpf_attr attr = {
		.map_type = type, .key_size = 4, .value_size = 4, .max_entries = ENTRIES, .map_flags = flags
	};
	int fd;

	strcpy(attr.map_name, name);
	fd = bpf(BPF_MAP_CREATE, &attr);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		skip("no BPF maps here: %s", strerror(errno));
	return must(fd);
}

static int update(int fd, int key, int value)
{
	union bpf_attr attr = { .map_fd = fd };

	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&value;
	return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

static int lookup(int fd, int key)
{
	union bpf_attr attr = { .map_fd = fd };
	int value = -1;

	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&value;
	return bpf(BPF_MAP_LOOKUP_ELEM, &attr) ? -1 : value;
}

static struct bpf_map_info info_of(int fd)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { .info = { .bpf_fd = fd, .info_len = sizeof(info), .info = (uintptr_t)&info } };

	must(bpf(BPF_OBJ_GET_INFO_BY_FD, &attr));
	return info;
}

static void arrange(void)
{
	union bpf_attr attr = { 0 };

	hash = create(BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE, "a_hash");
	array = create(BPF_MAP_TYPE_ARRAY, BPF_F_NUMA_NODE, "an_array");
	for (int i = 0; i < ENTRIES; i++) {
		must(update(hash, 100 * i, i + 7));
		must(update(array, i, i + 3));
	}
	attr.map_fd = array;
	must(bpf(BPF_MAP_FREEZE, &attr));
	before[0] = info_of(hash);
	before[1] = info_of(array);
	attr = (union bpf_attr){ .map_id = before[0].id, .open_flags = BPF_F_WRONLY };
	again = must(bpf(BPF_MAP_GET_FD_BY_ID, &attr));
}

static void same(int fd, const struct bpf_map_info *was, const char *frozen)
{
	struct bpf_map_info now = info_of(fd);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	check_str(proc_field(path, "frozen"), frozen);
	now.id = was->id;
	check_mem(&now, was, sizeof(now));
}

static void verify(void)
{
	same(hash, &before[0], "0");
	same(array, &before[1], "1");
	for (int i = 0; i < ENTRIES; i++) {
		check_eq(lookup(hash, 100 * i), i + 7);
		check_eq(lookup(array, i), i + 3);
	}
	check_eq(lookup(hash, 55), -1);
	check_fails(update(hash, 55, 1), E2BIG);
	check_fails(update(array, 1, 1), EPERM);
	check_eq(update(again, 100, 999), 0);
	check_eq(lookup(hash, 100), 999);
	check_eq(lookup(again, 100), -1); /* for writing only */
}

CRTEST(.about = "BPF maps", .ids = "EV-16", .root = true, .arrange = arrange, .verify = verify)
