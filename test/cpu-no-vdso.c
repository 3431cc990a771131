// SPDX-License-Identifier: GPL-2.0-only
/* A stopped child that has unmapped its vDSO and the areas beside it has none afterwards. */
#include "test/crtest.h"

static pid_t child;

static bool has_kernel_areas(pid_t pid, bool unmap)
{
	static char text[1 << 16];
	unsigned long start, end;
	bool found = false;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	text[read_file(path, text, sizeof(text) - 1)] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strstr(line, "[vdso]") && !strstr(line, "[vvar"))
			continue;
		found = true;
		must(sscanf(line, "%lx-%lx", &start, &end));
		if (unmap)
			must(munmap((void *)start, end - start));
	}
	return found;
}

static void arrange(void)
{
	siginfo_t si;

	child = must(fork());
	if (!child) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		has_kernel_areas(getpid(), true);
		raise(SIGSTOP);
		syscall(SYS_exit_group, 5);
	}
	must(waitid(P_PID, child, &si, WSTOPPED | WNOWAIT));
	check(!has_kernel_areas(child, false));
}

static void verify(void)
{
	int status;

	check(has_kernel_areas(getpid(), false));
	check(!has_kernel_areas(child, false));
	check_eq(kill(child, SIGCONT), 0);
	check_eq(waitpid(child, &status, 0), child);
	check_eq(status, 5 << 8);
}

/* In the flavour `stopped` the runner itself sends SIGCONT to all. */
CRTEST(.about = "no vDSO", .ids = "CPU-13", .flavours = "plain leave-running cycles sibling ns-tool",
       .arrange = arrange, .verify = verify)
