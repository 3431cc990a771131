// SPDX-License-Identifier: GPL-2.0-only
/* The life of one test: start, dump, restore, compare, ask the subject itself, look for what was left behind. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/runner/run.h"

#define TOOL_TIMEOUT_S 50
#define TEST_UID       18943
#define TEST_GID       58467
#define MAX_ARGS       64

/* Numbers of base/fault.def. */
#define FIRST_MILD_FAULT 127
#define FAULT_ABORT	 136

const char *const flavour_names[F_COUNT] = {
	[F_BARE] = "bare",	 [F_PLAIN] = "plain",	[F_LEAVE_RUNNING] = "leave-running",
	[F_STOPPED] = "stopped", [F_CYCLES] = "cycles", [F_SIBLING] = "sibling",
	[F_NS_TOOL] = "ns-tool",
};

struct flow {
	const struct setup *setup;
	const struct spec *spec;
	enum flavour flavour;
	pid_t root;
	pid_t caller; /* sibling: the process that is the restored root's parent; else 0 */
	char dump[600], restore[600], crit[600], program[700], cwd[512];
	char img[64];	 /* images of the current cycle */
	int want_signal; /* by which the tool has to die; 0: none */
	struct left left;
};

struct args {
	char *argv[MAX_ARGS];
	int n;
	char words[1024]; /* what argv of split option strings points into */
	size_t used;
};

static void arg(struct args *a, const char *word)
{
	size_t n = strlen(word) + 1;

	if (a->n >= MAX_ARGS - 1 || a->used + n > sizeof(a->words))
		return;
	a->argv[a->n++] = memcpy(a->words + a->used, word, n);
	a->argv[a->n] = NULL;
	a->used += n;
}

static void args_split(struct args *a, const char *text)
{
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		arg(a, w);
}

/* Order of options must not matter: each test has its own. Options come in pairs here, so rotate by pairs. */
static void args_rotate(struct args *a, const char *name)
{
	int pairs = (a->n - 1) / 2;
	unsigned int by = 0;

	while (*name)
		by = by * 31 + (unsigned char)*name++;
	for (by %= pairs; by; by--) {
		char *first = a->argv[1], *second = a->argv[2];

		memmove(a->argv + 1, a->argv + 3, (2 * pairs - 2) * sizeof(*a->argv));
		a->argv[2 * pairs - 1] = first;
		a->argv[2 * pairs] = second;
	}
}

static int tool_failed(const struct flow *f, const char *what, int status, bool want_failure)
{
	if (status == -1)
		printf("%s did not end within %d s\n", what, TOOL_TIMEOUT_S * slowness());
	else if (f->want_signal && want_failure && !(WIFSIGNALED(status) && WTERMSIG(status) == f->want_signal))
		printf("%s ended with wait status %#x, not by signal %d\n", what, status, f->want_signal);
	else if (WIFSIGNALED(status) && !f->want_signal)
		printf("%s was killed by signal %d\n", what, WTERMSIG(status));
	else if (!want_failure && WEXITSTATUS(status))
		printf("%s failed with exit status %d\n", what, WEXITSTATUS(status));
	else if (want_failure && !f->want_signal && !WEXITSTATUS(status))
		printf("%s succeeded, but had to refuse\n", what);
	else
		return 0;
	return -1;
}

static int run_dump(struct flow *f, bool want_failure)
{
	struct args a = { .n = 0 };
	char pid[16], timeout[16];

	snprintf(pid, sizeof(pid), "%d", f->root);
	snprintf(timeout, sizeof(timeout), "%d", 10 * slowness());
	if (mkdir(f->img, 0700)) {
		perror(f->img);
		return -1;
	}
	arg(&a, f->dump);
	arg(&a, "--tree");
	arg(&a, pid);
	arg(&a, "--images-dir");
	arg(&a, f->img);
	arg(&a, "--log-file");
	arg(&a, "dump.log");
	arg(&a, "--verbosity=4");
	arg(&a, "--no-default-config");
	arg(&a, "--timeout");
	arg(&a, timeout);
	args_rotate(&a, f->spec->name);
	args_split(&a, f->spec->opts);
	args_split(&a, f->spec->dump_opts);
	if (f->flavour == F_LEAVE_RUNNING)
		arg(&a, "--leave-running");
	if (f->flavour == F_STOPPED)
		arg(&a, "--leave-stopped");
	return tool_failed(f, "cr-dump", run_wait(a.argv, "dump.err", TOOL_TIMEOUT_S), want_failure);
}

/* The caller of a sibling restore: becomes the root's parent, waits for it and tells its status by its own. */
static void be_caller(struct args *a, int done)
{
	int status = run_wait(a->argv, "restore.err", TOOL_TIMEOUT_S);
	pid_t root = -1;
	FILE *f;

	if (write(done, &status, sizeof(status)) != sizeof(status) || status)
		_exit(BROKEN);
	f = fopen("restored.pid", "re");
	if (!f || fscanf(f, "%d", &root) != 1)
		_exit(BROKEN);
	if (waitpid(root, &status, __WALL) != root) {
		printf("the restored root is no child of the tool's caller: %s\n", strerror(errno));
		fflush(stdout);
		_exit(FAILED);
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN);
}

static int run_as_sibling(struct flow *f, struct args *a)
{
	int done[2], status = -1;

	if (pipe(done))
		return -1;
	fflush(stdout);
	f->caller = fork();
	if (!f->caller) {
		close(done[0]);
		be_caller(a, done[1]);
	}
	close(done[1]);
	if (read(done[0], &status, sizeof(status)) != sizeof(status))
		status = -1;
	close(done[0]);
	return status;
}

static int check_pidfile(struct flow *f)
{
	FILE *file = fopen("restored.pid", "re");
	int pid = -1, n = file ? fscanf(file, "%d", &pid) : 0;

	if (file)
		fclose(file);
	if (n == 1 && pid == f->root)
		return 0;
	printf("the pidfile of cr-restore says %d, not %d\n", pid, f->root);
	return -1;
}

static int run_restore(struct flow *f, bool want_failure)
{
	struct args a = { .n = 0 };
	char pidfile[600];
	int status;

	unlink("restored.pid");
	snprintf(pidfile, sizeof(pidfile), "%s/restored.pid", f->cwd);
	arg(&a, f->restore);
	arg(&a, "--images-dir");
	arg(&a, f->img);
	arg(&a, "--restore-detached");
	arg(&a, "--no-default-config");
	arg(&a, "--log-file");
	arg(&a, "restore.log");
	arg(&a, "--pidfile");
	arg(&a, pidfile);
	arg(&a, "--verbosity=4");
	args_rotate(&a, f->spec->name);
	args_split(&a, f->spec->opts);
	args_split(&a, f->spec->restore_opts);
	if (f->flavour == F_SIBLING)
		arg(&a, "--restore-sibling");
	if (f->flavour == F_STOPPED)
		arg(&a, "--leave-stopped");
	status = f->flavour == F_SIBLING ? run_as_sibling(f, &a) : run_wait(a.argv, "restore.err", TOOL_TIMEOUT_S);
	if (tool_failed(f, "cr-restore", status, want_failure))
		return -1;
	return want_failure ? 0 : check_pidfile(f);
}

static pid_t *except(struct flow *f)
{
	return f->caller ? &f->caller : NULL;
}

static int state_save(struct flow *f, const char *name)
{
	return state_write(name, f->root, except(f), f->spec->busy);
}

/* Tasks may still be on their way to sleep: the state counts once it no longer changes. */
static int state_settle(struct flow *f)
{
	if (state_save(f, "state.before"))
		return -1;
	for (int i = 0; i < 100 && !f->spec->busy; i++) {
		usleep(5000);
		if (state_save(f, "state.again"))
			return -1;
		if (files_same("state.before", "state.again"))
			return unlink("state.again");
		rename("state.again", "state.before");
	}
	return 0;
}

/* So may restored ones: only a difference that stays is one. */
static int state_compare(struct flow *f, const char *when)
{
	char name[64];

	if (f->setup->foreign)
		return 0;
	snprintf(name, sizeof(name), "state.%s", when);
	for (int i = 0; i < 30; i++) {
		if (state_save(f, name))
			return -1;
		if (files_same("state.before", name))
			return 0;
		usleep(i * 3000);
	}
	run_system("diff", "-U0", "state.before", name);
	printf("what is visible from outside has changed\n");
	return -1;
}

static int check_gone(struct flow *f)
{
	int status;

	if (reap_until(0, &status, 30) && !pids_count(NULL))
		return 0;
	printf("after the dump the tree is not gone\n");
	return -1;
}

static void kill_one(pid_t pid, void *sig)
{
	kill(pid, *(int *)sig);
}

static int check_stopped(struct flow *f, const char *tool)
{
	char why[128];

	if (pids_all_stopped(except(f), why, sizeof(why)))
		return 0;
	printf("after %s --leave-stopped %s\n", tool, why);
	return -1;
}

static int check_images(struct flow *f)
{
	if (f->setup->foreign)
		return 0;
	if (!images_stats_true(f->img))
		return -1;
	return images_verify(f->img, f->crit) && images_round_trip(f->img, f->crit) ? 0 : -1;
}

/* --- faults ------------------------------------------------------------------------------------------------- */

/* The odd ones below 127 are those of cr-dump. */
static bool strikes(const struct flow *f, bool restore)
{
	return f->spec->fault && f->spec->fault < FIRST_MILD_FAULT && f->spec->fault % 2 == !restore;
}

static void set_fault(const struct flow *f)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", f->spec->fault);
	setenv("CRIU_FAULT", number, 1);
}

/* The tree does not notice; the dump that comes next has to succeed at once. */
static int failing_dump(struct flow *f)
{
	int ret;

	snprintf(f->img, sizeof(f->img), "img.fault");
	set_fault(f);
	ret = run_dump(f, true);
	unsetenv("CRIU_FAULT");
	return ret;
}

static int failing_restore(struct flow *f)
{
	int status, ret;

	set_fault(f);
	ret = run_restore(f, true);
	unsetenv("CRIU_FAULT");
	if (f->caller)
		reap_until(f->caller, &status, 5);
	f->caller = 0;
	if (ret)
		return -1;
	/* All are dead when the tool ends; some of them may be ours to wait for. Links for the restore are still needed. */
	if (reap_until(0, &status, 0) && !pids_count(NULL)) {
		reap_forget();
		return !strstr(f->spec->opts, "link-remap") && left_new_names(&f->left) ? -1 : 0;
	}
	run_system("sh", "-c", "grep -H '^State' /proc/[0-9]*/status", NULL);
	printf("cr-restore failed as it had to, and left processes behind\n");
	return -1;
}

/* --- the middle --------------------------------------------------------------------------------------------- */

static int cycle(struct flow *f, int nr)
{
	int sigkill = SIGKILL, sigcont = SIGCONT;

	if (!nr && strikes(f, false) && failing_dump(f))
		return -1;
	snprintf(f->img, sizeof(f->img), nr ? "img.%d" : "img", nr);
	if (run_dump(f, false))
		return -1;
	if (f->flavour == F_LEAVE_RUNNING)
		return check_images(f) || state_compare(f, "after") ? -1 : 0;
	if (f->flavour == F_STOPPED) {
		if (check_stopped(f, "cr-dump"))
			return -1;
		pids_each(NULL, kill_one, &sigkill);
	}
	if (check_gone(f) || check_images(f))
		return -1;
	if ((f->spec->between[0] && run_system("sh", "-c", f->spec->between, NULL)) ||
	    (f->setup->between && run_system("sh", "-c", f->setup->between, NULL))) {
		printf("the command between dump and restore failed\n");
		return -1;
	}
	reap_forget();
	if (!nr && strikes(f, true) && failing_restore(f))
		return -1;
	if (run_restore(f, false))
		return -1;
	if (f->flavour == F_STOPPED) {
		if (check_stopped(f, "cr-restore"))
			return -1;
		pids_each(NULL, kill_one, &sigcont);
		usleep(20000);
	}
	return state_compare(f, "after");
}

static bool file_has(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	char line[4096];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, text);
	if (file)
		fclose(file);
	return found;
}

/* Every object that cannot be saved is named, the tree is as before, and what was written cannot be restored. */
static int refusal(struct flow *f)
{
	char names[512], *save = NULL;
	int before = pids_count(NULL), bad = 0;

	snprintf(f->img, sizeof(f->img), "img");
	snprintf(names, sizeof(names), "%s", f->spec->refused);
	f->want_signal = f->spec->fault == FAULT_ABORT ? SIGABRT : 0;
	if (run_dump(f, true))
		return -1;
	f->want_signal = 0;
	for (char *n = strtok_r(names, "|", &save); n; n = strtok_r(NULL, "|", &save)) {
		if (file_has("dump.err", n))
			continue;
		printf("cr-dump refused without naming \"%s\" on stderr\n", n);
		bad = -1;
	}
	if (state_compare(f, "after"))
		return -1;
	if (run_restore(f, true) || pids_count(NULL) != before) {
		printf("the images of a refused dump were not refused by cr-restore\n");
		return -1;
	}
	return bad;
}

static int cycles(struct flow *f)
{
	if (f->flavour == F_BARE)
		return 0;
	if (f->spec->fault >= FIRST_MILD_FAULT)
		set_fault(f);
	if (f->spec->refused[0])
		return refusal(f);
	for (int i = 0; i < (f->flavour == F_CYCLES ? 3 : 1); i++)
		if (cycle(f, i))
			return -1;
	return 0;
}

/* The last line of the subject's log decides; a reason to skip stands there too. */
static bool log_ends_with(const char *path, const char *want, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool any = false;

	line[0] = '\0';
	while (file && fgets(line, size, file))
		any = true;
	if (file)
		fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return any && !strncmp(line, want, strlen(want));
}

static enum verdict start(struct flow *f)
{
	/* Odd arguments, for /proc/PID/cmdline. */
	char *argv[] = { f->program, "start", "two words", "", "\xc3\xbc\n", NULL };
	int status = run_wait(argv, "start.err", 60);
	char line[512];
	FILE *file;

	if (status == -1 || !WIFEXITED(status)) {
		printf("the test does not start (status %#x)\n", status);
		return BROKEN;
	}
	if (WEXITSTATUS(status) == SKIPPED) {
		log_ends_with("log.unfinished", "SKIP", line, sizeof(line));
		printf("%s\n", line);
	}
	if (WEXITSTATUS(status))
		return WEXITSTATUS(status);
	file = fopen("pid", "re");
	if (!file || fscanf(file, "%d", &f->root) != 1)
		return BROKEN;
	fclose(file);
	return PASSED;
}

static enum verdict finish(struct flow *f)
{
	pid_t waited = f->caller ? f->caller : f->root;
	char line[512];
	int status;

	kill(f->root, SIGTERM);
	if (!reap_until(waited, &status, 40)) {
		printf("the subject did not end after SIGTERM\n");
		return FAILED;
	}
	if (WIFSIGNALED(status)) {
		printf("the subject was killed by signal %d\n", WTERMSIG(status));
		return FAILED;
	}
	if (WEXITSTATUS(status))
		return WEXITSTATUS(status);
	if (!log_ends_with("log", "PASS", line, sizeof(line))) {
		printf("the subject's log does not end with PASS\n");
		return FAILED;
	}
	return PASSED;
}

static void tail(const char *path, int lines)
{
	char n[16];

	if (access(path, R_OK))
		return;
	printf("--- the end of %s:\n", path);
	snprintf(n, sizeof(n), "-n%d", lines);
	run_system("tail", n, path, NULL);
}

static void tell(struct flow *f)
{
	char path[128];

	tail("start.err", 5);
	tail("log.unfinished", 5);
	tail("log", 5);
	tail("dump.err", 10);
	snprintf(path, sizeof(path), "%s/dump.log", f->img);
	tail(path, 15);
	tail("restore.err", 10);
	snprintf(path, sizeof(path), "%s/restore.log", f->img);
	tail(path, 15);
}

static enum verdict unit_run(struct flow *f)
{
	char *argv[] = { f->program, NULL };
	int status;
	char line[512];

	status = run_wait(argv, "out", 300);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
		log_ends_with("out", "", line, sizeof(line));
		printf("%s\n", line);
		return SKIPPED;
	}
	if (!status)
		return PASSED;
	tail("out", 40);
	return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

static enum verdict subject_run(struct flow *f)
{
	enum verdict v = start(f);

	if (v == SKIPPED)
		return v;
	if (v == PASSED && state_settle(f))
		v = BROKEN;
	left_names(&f->left);
	if (v == PASSED && cycles(f))
		v = FAILED;
	/* A busy subject makes files itself. */
	if (v == PASSED && !f->spec->busy && !f->setup->between && !f->setup->foreign && left_new_names(&f->left))
		v = FAILED;
	if (v == PASSED)
		v = finish(f);
	if (v == PASSED && left_behind(&f->left))
		v = FAILED;
	if (v != PASSED)
		tell(f);
	return v;
}

enum verdict flow_run(const struct setup *setup, const struct spec *spec, enum flavour flavour)
{
	struct flow f = { .setup = setup, .spec = spec, .flavour = flavour };

	snprintf(f.dump, sizeof(f.dump), "%s/%s/cr-dump", setup->top, setup->bin);
	snprintf(f.restore, sizeof(f.restore), "%s/%s/cr-restore", setup->top, setup->bin);
	snprintf(f.crit, sizeof(f.crit), "%s/%s/crit", setup->top, setup->bin);
	snprintf(f.program, sizeof(f.program), "%s/%s", setup->top, spec->path);
	if (!getcwd(f.cwd, sizeof(f.cwd)))
		return BROKEN;
	left_begin(&f.left);
	if (!spec->unit && !spec->root && chown(".", TEST_UID, TEST_GID)) {
		perror("chown of the test's directory");
		return BROKEN;
	}
	return spec->unit ? unit_run(&f) : subject_run(&f);
}
