// SPDX-License-Identifier: GPL-2.0-only
/*
 * Children that are confined by profiles of a policy namespace of AppArmor, alone and stacked on another one, of a namespace in that one, and by
 * one that was loaded from outside. All of them are gone before the restore, and there again, confining, after it; one that fails leaves none.
 */
#include "test/crtest.h"

#define APPARMOR "/sys/kernel/security/apparmor"
#define ATTR	 "/proc/thread-self/attr/apparmor/current"
#define SPACE	 APPARMOR "/policy/namespaces/crkit-space"
#define INNER	 SPACE "/namespaces/inner"
#define RULES(h) \
	" flags=(attach_disconnected) { file, capability, network, signal, unix, ptrace, deny /etc/hostname r, " h "}"
#define HAT    "^hat { file, }"
#define BINARY "/sbin/apparmor_parser --skip-cache --skip-kernel-load --stdout >binary && cat binary >"

static const struct load {
	const char *profile, *command;
} loads[] = {
	{ "profile crkit-one" RULES(HAT) "profile crkit-two" RULES(""),
	  "mkdir " SPACE " && " BINARY SPACE "/.replace" },
	{ "profile crkit-three" RULES(""), "mkdir " INNER " && " BINARY INNER "/.replace" },
	{ "profile :crkit-space:crkit-four" RULES(""), "/sbin/apparmor_parser --skip-cache --replace" },
};

static const char *const changes[] = { ":crkit-space:crkit-one", "&:crkit-space:crkit-two",
				       ":crkit-space:crkit-one//hat",
				       ":crkit-space://crkit-one//&:crkit-space://crkit-four",
				       ":crkit-space//inner:crkit-three" };

#ifndef LOADS /* another test does with fewer */
#define LOADS 3
#define COUNT 5
#define FAILED \
	" && ! CRIU_FAULT=6 $CR_BIN/cr-restore -D img -d -o failed.log && rm img/failed.log && [ ! -e " SPACE " ]"
#endif

static struct task *children[COUNT];
static char labels[COUNT][256]; /* as the kernel shows them from outside */

static void check_confined(void)
{
	check_fails(open("/etc/hostname", O_RDONLY), EACCES);
	close(must(open("/etc/passwd", O_RDONLY)));
}

static void become_confined(void *arg)
{
	char change[256];
	int n = sprintf(change, "changeprofile %s", (const char *)arg), fd = must(open(ATTR, O_WRONLY));

	check_eq(must(write(fd, change, n)), n);
	close(fd);
	if (!strstr(arg, "hat"))
		check_confined();
}

static void still_confined(void *arg)
{
	if (!strstr(arg, "hat"))
		check_confined();
}

static void read_label(int i, char *label, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/attr/apparmor/current", task_pid(children[i]));
	label[read_file(path, label, size - 1)] = '\0';
}

static void load(const struct load *l)
{
	FILE *parser = popen(l->command, "w");

	if (!parser || fputs(l->profile, parser) < 0 || pclose(parser))
		skip("apparmor_parser cannot load a profile");
	unlink("binary");
}

static void arrange(void)
{
	if (access(ATTR, R_OK) || access(APPARMOR "/policy/namespaces", R_OK))
		skip("no AppArmor");
	if (access("/sbin/apparmor_parser", X_OK))
		skip("no apparmor_parser");
	rmdir(SPACE);
	for (size_t i = 0; i < LOADS; i++)
		load(&loads[i]);
	for (size_t i = 0; i < COUNT; i++) {
		children[i] = task_child(become_confined, still_confined, (void *)changes[i]);
		read_label(i, labels[i], sizeof(labels[i]));
	}
}

static void verify(void)
{
	char label[256];

	for (size_t i = 0; i < COUNT; i++) {
		read_label(i, label, sizeof(label));
		check_str(label, labels[i]);
		task_join(children[i]);
	}
	rmdir(SPACE);
}

CRTEST(.about = "policy namespaces of AppArmor", .ids = "CR-20", .arrange = arrange, .verify = verify, .root = true,
       .solo = true, .between = "rmdir " SPACE " && ! grep crkit-space " APPARMOR "/profiles" FAILED)
