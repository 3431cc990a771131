// SPDX-License-Identifier: GPL-2.0-only
/* A child, and one thread of another one, that have changed to a profile of AppArmor: it is the current one, and forbids what it did. */
#include "test/crtest.h"

#define ATTR "/proc/thread-self/attr/apparmor/current"

#ifndef AFTERWARDS /* another test has another profile after the restore */
#define AFTERWARDS   "crkit-test"
#define RESTORE_OPTS NULL
#define FLAVOURS     NULL
#endif

#define RULES " flags=(attach_disconnected) {\nfile,\ncapability,\nnetwork,\nsignal,\nunix,\ndeny /etc/hostname r,\n}\n"

static const char profiles[] = "profile crkit-test" RULES "profile crkit-other" RULES;
static struct task *child, *thread;

static void check_confined(const char *profile)
{
	char label[256] = "";

	read_file(ATTR, label, sizeof(label) - 1);
	label[strcspn(label, " \n")] = '\0';
	check_str(label, profile);
	check_fails(open("/etc/hostname", O_RDONLY), EACCES);
	close(must(open("/etc/passwd", O_RDONLY)));
}

static void become_confined(void *arg)
{
	static const char change[] = "changeprofile crkit-test";
	int fd = must(open(ATTR, O_WRONLY));

	check_eq(must(write(fd, change, strlen(change))), strlen(change));
	close(fd);
	check_confined("crkit-test");
}

static void still_confined(void *arg)
{
	check_confined(AFTERWARDS);
}

static void arrange(void)
{
	FILE *parser;

	if (access(ATTR, R_OK) || access("/sys/kernel/security/apparmor/profiles", R_OK))
		skip("no AppArmor");
	if (access("/sbin/apparmor_parser", X_OK))
		skip("no apparmor_parser");
	parser = popen("/sbin/apparmor_parser --skip-cache --replace", "w");
	if (!parser || fputs(profiles, parser) < 0 || pclose(parser))
		skip("apparmor_parser cannot load a profile");
	child = task_child(become_confined, still_confined, NULL);
	thread = task_thread(become_confined, still_confined, NULL);
}

static void verify(void)
{
	char label[256] = "";

	read_file(ATTR, label, sizeof(label) - 1);
	check_str(label, "unconfined\n");
	task_join(child);
	task_join(thread);
}

CRTEST(.about = "profiles of AppArmor", .ids = "CR-19", .arrange = arrange, .verify = verify, .root = true,
       .restore_opts = RESTORE_OPTS, .flavours = FLAVOURS)
