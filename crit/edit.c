// SPDX-License-Identifier: GPL-2.0-only
/* crit edit: an image in an editor. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/log.h"
#include "crit/change.h"
#include "libimg/json.h"

struct edit {
	struct change change;
	char *json; /* path of the temporary file */
	bool force;
};

static const char *editor(void)
{
	const char *name = getenv("VISUAL");

	if (!name || !*name)
		name = getenv("EDITOR");
	return name && *name ? name : "vi";
}

/* The file gets the image's name, so that an editor knows what it is. */
static int write_json(struct edit *x, struct err *e)
{
	const char *dir = getenv("TMPDIR");
	_cleanup_close_ int in = -1, out = -1;

	if (asprintf(&x->json, "%s/crit-XXXXXX-%s.json", dir && *dir ? dir : "/tmp", x->change.image) < 0) {
		x->json = NULL;
		return err_nomem(e, x->change.image);
	}
	out = mkostemps(x->json, (int)(strlen(x->change.image) + strlen("-.json")), O_CLOEXEC);
	if (out < 0) {
		err_set(e, errno, "cannot create %s", x->json);
		free(take_ptr(x->json));
		return -1;
	}
	in = crit_open_input(x->change.path, e);
	if (in < 0 || img_decode(in, x->change.path, out, x->json, IMG_JSON_PRETTY, e))
		return -1;
	/* The last line ends as editors would end it. */
	return write(out, "\n", 1) == 1 ? 0 : err_set(e, errno, "cannot write %s", x->json);
}

/* $EDITOR may have arguments of its own, so the shell takes it apart, as everywhere. */
static int run_editor(const struct edit *x, struct err *e)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
	_cleanup_free_ char *script = NULL;
	pid_t pid;
	int status;

	if (asprintf(&script, "%s \"$1\"", editor()) < 0) {
		script = NULL;
		return err_nomem(e, "the editor");
	}
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	pid = fork();
	if (pid == 0) {
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGQUIT, &quit, NULL);
		execl("/bin/sh", "sh", "-c", script, "sh", x->json, NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	if (pid < 0)
		return err_set(e, errno, "cannot start the editor \"%s\"", editor());
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		err_set(e, 0, "the editor \"%s\" failed; nothing was changed", editor());
		return err_hint(e, "VISUAL or EDITOR in the environment says which one is used");
	}
	return 0;
}

/* Encodes and verifies. Returns 1 when nothing was changed. */
static int take_json(struct edit *x, struct err *e)
{
	_cleanup_close_ int in = crit_open_input(x->json, e);
	int same;

	if (in < 0 || change_restart(&x->change, e) || img_encode(in, x->json, x->change.out.fd, x->change.path, e))
		return -1;
	same = change_is_none(&x->change, e);
	return same ? same : change_verify(&x->change, x->force, e);
}

/* Asks whether to edit again; no without a terminal. */
static bool again(const struct err *e)
{
	char answer[16];

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	log_err(e);
	fprintf(stderr, "Edit again? [Y/n] ");
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return answer[0] != 'n' && answer[0] != 'N';
}

static int edit_until_good(struct edit *x, struct err *e)
{
	for (;;) {
		int rc = run_editor(x, e);

		if (rc) {
			unlink(x->json);
			return -1;
		}
		rc = take_json(x, e);
		if (rc >= 0) {
			unlink(x->json);
			return rc ? 0 : change_commit(&x->change, e);
		}
		if (!again(e))
			return err_hint(e, "what was edited is in %s%s", x->json,
					x->force ? "" : "; --force takes what is not right");
	}
}

static int edit(const char *dir, const char *image, bool force, struct err *e)
{
	struct edit x = { .force = force };
	int ret = change_begin(&x.change, dir, image, e);

	if (!ret) {
		ret = write_json(&x, e);
		if (ret && x.json)
			unlink(x.json);
	}
	if (!ret)
		ret = edit_until_good(&x, e);
	free(x.json);
	change_end(&x.change);
	return ret ? CRIT_FAILED : CRIT_OK;
}

static int edit_run(const struct crit_verb *self, int argc, char **argv, struct err *e)
{
	bool force = false;
	int status;

	if (crit_flag(self, argc, argv, &force, &status, e))
		return status;
	if (optind + 2 != argc)
		return crit_usage(e, "edit: give a directory and the name of an image in it");
	return edit(argv[optind], argv[optind + 1], force, e);
}

static const struct option options[] = {
	{ "force", no_argument, NULL, 'f' },
	{ 0 },
};

const struct crit_verb verb_edit = {
	.name = "edit",
	.summary = "change an image in an editor",
	.usage = "edit [--force] DIR IMAGE\n"
		 "Shows an image as \"crit decode --pretty\" does in the editor that VISUAL or EDITOR names, by\n"
		 "default vi. What was edited is encoded, the checkpoint is verified with it (see \"crit verify\"),\n"
		 "and only then it takes the place of the image. Without changes nothing happens.\n\n"
		 "      --force  take it even if the checkpoint is not right with it\n"
		 "  -h, --help   this text\n",
	.options = options,
	.run = edit_run,
};
