// SPDX-License-Identifier: GPL-2.0-only
/* The test runner: which tests, in which flavours, how many at a time, and what came out. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/runner/run.h"

struct job {
	struct spec *spec;
	enum flavour flavour;
	char dir[300]; /* relative to the top */
	int out;       /* what it prints, in memory */
	pid_t pid;
	double started;
	bool too_long;
};

struct run {
	struct spec *specs;
	int nr_specs;
	struct job *jobs;
	int nr_jobs;
	const char *pattern, *flavours, *build, *bin, *must_run, *between;
	int parallel, timeout_s;
	bool keep, loud, foreign;
	int counts[3]; /* passed, failed, skipped */
};

static bool listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; *p; p += strcspn(p, " ,"), p += strspn(p, " ,"))
		if (!strncmp(p, word, n) && strchr(" ,", p[n]))
			return true;
	return false;
}

static void set_field(struct spec *s, const char *key, const char *v)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} texts[] = {
		{ "about", s->about, sizeof(s->about) },
		{ "ids", s->ids, sizeof(s->ids) },
		{ "opts", s->opts, sizeof(s->opts) },
		{ "dump_opts", s->dump_opts, sizeof(s->dump_opts) },
		{ "flavours", s->flavours, sizeof(s->flavours) },
		{ "refused", s->refused, sizeof(s->refused) },
		{ "between", s->between, sizeof(s->between) },
		{ "restore_opts", s->restore_opts, sizeof(s->restore_opts) },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(key, texts[i].key))
			snprintf(texts[i].to, texts[i].size, "%s", v);
	if (!strcmp(key, "root"))
		s->root = *v == '1';
	if (!strcmp(key, "busy"))
		s->busy = *v == '1';
	if (!strcmp(key, "solo"))
		s->solo = *v == '1';
	if (!strcmp(key, "fault"))
		s->fault = atoi(v);
}

static int ask_test(struct spec *s)
{
	char cmd[600], line[1024], *eq;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "./%s info", s->path);
	f = popen(cmd, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		eq = strchr(line, '=');
		if (eq) {
			*eq = '\0';
			set_field(s, line, eq + 1);
		}
	}
	return f && pclose(f) == 0 ? 0 : -1;
}

static bool wanted(const struct run *r, const char *name)
{
	char copy[1024], *save = NULL;

	if (!r->pattern || !*r->pattern)
		return true;
	snprintf(copy, sizeof(copy), "%s", r->pattern);
	for (char *p = strtok_r(copy, " ,", &save); p; p = strtok_r(NULL, " ,", &save))
		if (!fnmatch(p, name, 0))
			return true;
	return false;
}

static void add_test(struct run *r, const char *path, bool unit)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct spec *s = &r->specs[r->nr_specs];

	memset(s, 0, sizeof(*s));
	snprintf(s->path, sizeof(s->path), "%s", path);
	snprintf(s->name, sizeof(s->name), "%s", base);
	s->unit = unit;
	if (strchr(s->name, '.'))
		*strchr(s->name, '.') = '\0';
	if (!wanted(r, s->name))
		return;
	if (!unit && ask_test(s)) {
		printf("FAIL %s: %s cannot be asked what it is\n", s->name, path);
		r->counts[1]++;
		return;
	}
	r->nr_specs++;
}

static void add_job(struct run *r, struct spec *s, enum flavour f)
{
	struct job *j = &r->jobs[r->nr_jobs++];

	*j = (struct job){ .spec = s, .flavour = f };
	if (s->unit || f == F_PLAIN)
		snprintf(j->dir, sizeof(j->dir), "%s/test/%s.dir", r->build, s->name);
	else
		snprintf(j->dir, sizeof(j->dir), "%s/test/%s.%s.dir", r->build, s->name, flavour_names[f]);
}

/* With a fault a test is one of the tools' ways, not of the state: fewer flavours will do. */
static bool makes_sense(const struct spec *s, enum flavour f)
{
	if (f == F_BARE)
		return true;
	if (s->flavours[0] && !listed(s->flavours, flavour_names[f]))
		return false;
	/* A tree that cannot be dumped has nothing to come back from. */
	if (s->refused[0] && f != F_PLAIN && f != F_NS_TOOL)
		return false;
	return !s->fault || f == F_PLAIN || f == F_SIBLING || f == F_LEAVE_RUNNING;
}

static void plan(struct run *r)
{
	for (int solo = 0; solo < 2; solo++)
		for (int i = 0; i < r->nr_specs; i++) {
			struct spec *s = &r->specs[i];

			if (s->solo != solo)
				continue;
			if (s->unit) {
				add_job(r, s, F_PLAIN);
				continue;
			}
			for (enum flavour f = 0; f < F_COUNT; f++) {
				if (listed(r->flavours, flavour_names[f]) && makes_sense(s, f))
					add_job(r, s, f);
			}
		}
}

static int shell(const char *fmt, const char *dir)
{
	char cmd[700];

	snprintf(cmd, sizeof(cmd), fmt, dir);
	return system(cmd);
}

/* In the test's own namespaces. */
static void run_inside(struct run *r, struct job *j)
{
	struct setup setup = {
		.top = "/mnt/src", .build = r->build, .bin = r->bin, .between = r->between, .foreign = r->foreign
	};
	char dir[400];
	enum verdict v;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("CR_TOP", setup.top, 1);
	snprintf(dir, sizeof(dir), "%s/%s", setup.top, r->bin);
	setenv("CR_BIN", dir, 1);
	snprintf(dir, sizeof(dir), "%s/%s", setup.top, r->build);
	setenv("CR_BUILD", dir, 1);
	env_enter(".", j->flavour == F_NS_TOOL && !j->spec->unit);
	snprintf(dir, sizeof(dir), "%s/%s", setup.top, j->dir);
	if (chdir(dir)) {
		perror(dir);
		_exit(BROKEN);
	}
	v = flow_run(&setup, j->spec, j->flavour);
	fflush(stdout);
	_exit(v);
}

/* Has the directory for itself: another runner may be at work in this tree. */
static void keep_job(struct run *r, struct job *j)
{
	int in = open("/dev/null", O_RDONLY), lock, status;
	char path[400];
	pid_t pid;

	dup2(in, STDIN_FILENO);
	dup2(j->out, STDOUT_FILENO);
	dup2(j->out, STDERR_FILENO);
	/* Whatever our caller had open is none of the subject's business. */
	close_range(STDERR_FILENO + 1, ~0u, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(022);
	snprintf(path, sizeof(path), "%s.lock", j->dir);
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (lock < 0 || flock(lock, LOCK_EX) || shell("rm -rf '%1$s' && mkdir -p '%1$s'", j->dir)) {
		perror(j->dir);
		_exit(BROKEN);
	}
	pid = fork();
	if (!pid)
		run_inside(r, j);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		_exit(BROKEN);
	/* What passed is of no more interest, and pages are big. */
	if (!WEXITSTATUS(status) && !r->keep)
		shell("rm -rf '%s'", j->dir);
	_exit(WEXITSTATUS(status));
}

static void start_job(struct run *r, struct job *j)
{
	j->out = memfd_create("result", MFD_CLOEXEC);
	fflush(stdout);
	j->started = clock_s();
	j->pid = fork();
	if (!j->pid)
		keep_job(r, j);
}

static bool must_run(const struct run *r, const char *name)
{
	FILE *f = r->must_run ? fopen(r->must_run, "re") : NULL;
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, " \t\n#")] = '\0';
		found = line[0] && !fnmatch(line, name, 0);
	}
	if (f)
		fclose(f);
	return found;
}

static void print_out(const struct job *j, bool all)
{
	FILE *f = fdopen(dup(j->out), "r");
	char line[1024];

	if (f)
		rewind(f);
	while (f && fgets(line, sizeof(line), f))
		printf("%s%s", all ? "     | " : "     ", line);
	if (f)
		fclose(f);
}

static void finish_job(struct run *r, struct job *j, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN;
	const char *word = "ok  ";

	if (code == SKIPPED && must_run(r, j->spec->name)) {
		printf("     %s must not be skipped here (CR_MUST_RUN)\n", j->spec->name);
		code = FAILED;
	}
	if (j->too_long || (code && code != SKIPPED))
		word = "FAIL";
	else if (code)
		word = "skip";
	printf("%s %s%s%s (%.2f s) %s%s\n", word, j->spec->name, j->spec->unit ? "" : " ",
	       j->spec->unit ? "" : flavour_names[j->flavour], clock_s() - j->started, j->spec->ids,
	       code == BROKEN && !j->too_long ? " [the test itself is broken]" : "");
	if (j->too_long)
		printf("     it took more than %d s and was killed\n", r->timeout_s);
	r->counts[*word == 'o' ? 0 : *word == 'F' ? 1 : 2]++;
	if (*word != 'o')
		print_out(j, *word == 'F');
	fflush(stdout);
	j->pid = 0;
	close(j->out);
}

static void reap_jobs(struct run *r, int *running)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	if (pid <= 0) {
		usleep(5000);
		for (int i = 0; i < r->nr_jobs; i++) {
			struct job *j = &r->jobs[i];
			int limit = j->spec->unit || j->flavour == F_CYCLES ? 5 * r->timeout_s : r->timeout_s;

			if (j->pid <= 0 || clock_s() - j->started < limit || j->too_long)
				continue;
			j->too_long = true;
			kill(j->pid, SIGKILL); /* its init dies with it, and all else with init */
		}
		return;
	}
	for (int i = 0; i < r->nr_jobs; i++)
		if (r->jobs[i].pid == pid) {
			finish_job(r, &r->jobs[i], status);
			--*running;
		}
}

static void run_all(struct run *r)
{
	int next = 0, running = 0;
	bool alone = false;

	while (next < r->nr_jobs || running) {
		bool solo = next < r->nr_jobs && r->jobs[next].spec->solo;

		if (next < r->nr_jobs && running < (alone || (solo && running) ? 0 : r->parallel)) {
			alone = solo;
			start_job(r, &r->jobs[next++]);
			running++;
			continue;
		}
		reap_jobs(r, &running);
		if (!running)
			alone = false;
	}
}

static int usage(void)
{
	fprintf(stderr,
		"usage: run [-j N] [-T PATTERN] [-F FLAVOURS] [-B BUILD] [-b BINDIR] [-t SECONDS] [-x COMMAND] [-o] [-k] "
		"TEST... [-u UNIT]...\n");
	return 2;
}

/* Tests are about what they set themselves: what whoever called us had ignored (nohup, a job in the background) or been nice with is undone. */
static void undo_inheritance(void)
{
	struct {
		void *handler;
		unsigned long flags, restorer, mask;
	} by_default = { 0 };

	/* The kernel's call: the C library keeps two signals for itself, which may be ignored as well. */
	for (int sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, &by_default, NULL, sizeof(by_default.mask));
	setpriority(PRIO_PROCESS, 0, 0);
}

int main(int argc, char **argv)
{
	struct run r = { .parallel = sysconf(_SC_NPROCESSORS_ONLN),
			 .timeout_s = 60,
			 .flavours = "plain",
			 .build = "build",
			 .must_run = getenv("CR_MUST_RUN") };
	char bin[300] = "";
	int c;

	r.specs = calloc(argc + 1, sizeof(*r.specs));
	r.jobs = calloc((argc + 1) * F_COUNT, sizeof(*r.jobs));
	setvbuf(stdout, NULL, _IOLBF, 0);
	undo_inheritance();
	/* "-" keeps the order: a test is a word of its own, -u goes before a unit test. */
	while ((c = getopt(argc, argv, "-j:T:F:B:b:t:x:oku:")) != -1)
		switch (c) {
		case 'j':
			r.parallel = atoi(optarg) > 0 ? atoi(optarg) : 1;
			break;
		case 'T':
			r.pattern = optarg;
			break;
		case 'F':
			r.flavours = optarg;
			break;
		case 'B':
			r.build = optarg;
			break;
		case 'b':
			snprintf(bin, sizeof(bin), "%s", optarg);
			break;
		case 't':
			r.timeout_s = atoi(optarg);
			break;
		case 'x':
			r.between = optarg;
			break;
		case 'o':
			r.foreign = true;
			break;
		case 'k':
			r.keep = true;
			break;
		case 'u':
			add_test(&r, optarg, true);
			break;
		case 1:
			add_test(&r, optarg, false);
			break;
		default:
			return usage();
		}
	if (!bin[0])
		snprintf(bin, sizeof(bin), "%s/bin", r.build);
	r.bin = bin;
	r.timeout_s *= slowness();
	plan(&r);
	huge_reserve();
	run_all(&r);
	printf("%d passed, %d failed, %d skipped\n", r.counts[0], r.counts[1], r.counts[2]);
	return r.counts[1] || r.counts[0] + r.counts[2] == 0;
}
