/* SPDX-License-Identifier: GPL-2.0-only */
/* Which way a branch goes on paths that are counted by the instruction. */
#ifndef COMPILER_H
#define COMPILER_H

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

#endif /* COMPILER_H */
