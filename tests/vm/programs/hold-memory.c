// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has all free memory but KEEP KiB, then gives back seven pages of each eight. What is left are
 * pages that cannot move, everywhere: a pipe's, taken by the kernel for itself. Prints "holding",
 * and has them until its input ends.
 *
 * usage: hold-memory KEEP
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PAGE	  4096
#define PIPES	  8 /* that are filled together, a page each in turn */
#define PIPE_SIZE (1 << 20)
#define MAX_SETS  1000

static int pipes[MAX_SETS][PIPES][2];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* KiB, or 0. */
static unsigned long free_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemFree: %lu", &kib) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kib;
}

static void open_set(int (*set)[2])
{
	for (unsigned int n = 0; n < PIPES; n++) {
		if (pipe2(set[n], O_CLOEXEC | O_NONBLOCK) < 0)
			die("pipe");
		if (fcntl(set[n][1], F_SETPIPE_SZ, PIPE_SIZE) < 0)
			die("F_SETPIPE_SZ");
	}
}

/* false: there is no more to be had. */
static bool fill_set(int (*set)[2], unsigned long keep)
{
	static const char page[PAGE] = "held";

	open_set(set);
	for (unsigned int filled = 0; filled < PIPE_SIZE / PAGE; filled++) {
		if (filled % 16 == 0 && free_memory() < keep)
			return false;
		for (unsigned int n = 0; n < PIPES; n++) {
			if (write(set[n][1], page, PAGE) != PAGE)
				die("write");
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	const struct rlimit files = {2 * PIPES * MAX_SETS + 100, 2 * PIPES * MAX_SETS + 100};
	unsigned long keep = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned int sets = 0;
	char end;

	if (!keep) {
		fprintf(stderr, "usage: hold-memory KEEP\n");
		return 2;
	}
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		die("RLIMIT_NOFILE");
	while (sets < MAX_SETS && fill_set(pipes[sets++], keep))
		;
	for (unsigned int n = 0; n < sets * PIPES; n++) {
		if (n % PIPES == 0)
			continue;
		close(pipes[n / PIPES][n % PIPES][0]);
		close(pipes[n / PIPES][n % PIPES][1]);
	}
	puts("holding");
	fflush(stdout);
	while (read(STDIN_FILENO, &end, 1) > 0)
		;
	return 0;
}
