/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WRITE_TEXT_H
#define WRITE_TEXT_H

#include <sys/types.h>

/* However many calls of write() it takes. Returns 0 or negative errno. */
int write_all(int fd, const char *bytes, size_t length);

/*
 * Makes text the content of a file, by way of FILE.new beside it: who reads the file finds all of
 * the old or all of the new, also when this is interrupted. Returns 0, -ENOMEM or another negative
 * errno; then the file is as it was.
 */
int write_text(const char *file, const char *text, mode_t mode);

/* The same, and it is on the disk before it has the name. */
int write_text_to_last(const char *file, const char *text, mode_t mode);

#endif /* WRITE_TEXT_H */
