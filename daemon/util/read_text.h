/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef READ_TEXT_H
#define READ_TEXT_H

#include <stddef.h>

/*
 * Reads what is left behind a descriptor's position, but no more than max bytes, into memory of the
 * caller, with a zero behind its end. Returns 0, -ENOMEM or the errno of read().
 */
int read_text(int fd, size_t max, char **ret_text, size_t *ret_length);

/*
 * Reads the first line of a file of the kernel's, without its end, into size bytes. directory as of
 * openat(). Returns 0 or negative errno.
 */
int read_line(int directory, const char *name, char *buffer, size_t size);

#endif /* READ_TEXT_H */
