// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "view/output.h"
#include "common/cleanup.h"

/* Exit status of a shell that did not find the program. */
#define STATUS_NOT_FOUND 127
#define DEFAULT_PAGER \
	"for pager in less more; do command -v $pager >/dev/null && exec $pager; done; exit 127"

int output_open(struct output *ret_output)
{
	*ret_output = (struct output){0};
	ret_output->stream = open_memstream(&ret_output->text, &ret_output->size);
	return ret_output->stream ? 0 : -ENOMEM;
}

void output_close(struct output *output)
{
	if (output->stream)
		fclose(output->stream);
	free(output->text);
	*output = (struct output){0};
}

static bool is_long(const struct output *output, const struct screen *screen)
{
	size_t lines = 0;

	for (size_t i = 0; i < output->size; i++)
		lines += output->text[i] == '\n';
	/* One line is left for the prompt. */
	return lines >= screen->rows;
}

int output_write(const char *text, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDOUT_FILENO, text, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		size -= (size_t)written;
	}
	return 0;
}

static bool pager_is_wanted(const struct output *output, const struct screen *screen)
{
	const char *pager = getenv("PAGER");

	if (!screen->tty || !is_long(output, screen))
		return false;
	return !pager || (*pager != '\0' && strcmp(pager, "cat") != 0);
}

/* Returns false when no pager could be run and nothing was shown. */
static bool show_in_pager(const struct output *output)
{
	const char *pager = getenv("PAGER");
	void (*old_handler)(int);
	FILE *input;
	int status;

	setenv("LESS", "FRSXMK", 0);
	/* Whoever may run cellctl through sudo is not thereby given a shell. */
	setenv("LESSSECURE", "1", 1);
	input = popen(pager ? pager : DEFAULT_PAGER, "w");
	if (!input)
		return false;

	/* Leaving the pager before the end is no error, and ^C is the pager's. */
	old_handler = signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	fwrite(output->text, 1, output->size, input);
	status = pclose(input);
	signal(SIGPIPE, old_handler);
	signal(SIGINT, SIG_DFL);
	return !(WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NOT_FOUND);
}

int output_show(struct output *output, const struct screen *screen, bool pager)
{
	int r = 0;

	if (fflush(output->stream) != 0)
		return -errno;
	if (!pager || !pager_is_wanted(output, screen) || !show_in_pager(output))
		r = output_write(output->text, output->size);
	rewind(output->stream);
	return r;
}
