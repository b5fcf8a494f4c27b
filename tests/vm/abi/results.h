/* SPDX-License-Identifier: GPL-2.0-only */
/* What cases say: "ok WHAT", or "not ok WHAT: WHY"; and memory that is not there yet. */
#ifndef RESULTS_H
#define RESULTS_H

void is(const char *what, const char *got, const char *expected);
/* An ioctl's result. */
void gives(const char *what, int result, int expected);

/* A page that the kernel waits for until fill_page(). */
void *missing_page(int *ret_faults);
void fill_page(int faults, void *page);

#endif /* RESULTS_H */
