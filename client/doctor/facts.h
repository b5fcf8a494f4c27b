/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel tells of a machine, below a directory: "" is this machine, tests bring others. Of
 * a machine that is not this one the instructions' answers are files as well: /dev/cpu/N/msr and
 * cpuid.
 */
#ifndef CLIENT_FACTS_H
#define CLIENT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

struct facts {
	const char *root;
	char *cpuinfo; /* these two are "" where they cannot be read */
	char *cmdline;
	char release[65]; /* of the kernel, as its directories are named */
	char version[65]; /* the numbers that it begins with: without what its builder called it */
	char hypervisor[13]; /* that Linux runs under, by CPUID; "": none */
	bool on;	     /* our own hypervisor is open */
	struct json_object *findings;
	const char *check; /* that looks */
	bool unfit;
};

/* Returns 0 or -ENOMEM. */
int facts_read(const char *root, struct facts *ret);
void facts_done(struct facts *facts);

/* What the path is below the root, to be freed; NULL without memory. */
char *facts_path(const struct facts *facts, const char *path, ...)
	__attribute__((format(printf, 2, 3)));

/* A file's text, to be freed; NULL, with errno, where it cannot be read. */
char *facts_text(const struct facts *facts, const char *path, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether the file has the word: between blanks and the like, all of it. */
bool facts_has(const struct facts *facts, const char *path, const char *word);

bool facts_exists(const struct facts *facts, const char *path);

/* Whether Linux uses the processor's feature; has the word on its command line. */
bool facts_flag(const struct facts *facts, const char *flag);
bool facts_option(const struct facts *facts, const char *word);

/* Whether an option of it ("name=") has the item in its list, which has commas between them. */
bool facts_option_has(const struct facts *facts, const char *option, const char *item);

/* The bits that a model-specific register has on any CPU. Returns 0 or a negative errno. */
int facts_msr(const struct facts *facts, uint32_t number, uint64_t *ret);

/* EAX, EBX, ECX, EDX; zeros where it cannot be told. */
void facts_cpuid(const struct facts *facts, uint32_t leaf, uint32_t ret[4]);

#endif /* CLIENT_FACTS_H */
