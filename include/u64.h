/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of 64 bits for C and for the assembler, which knows no suffixes. */
#ifndef U64_H
#define U64_H

#ifdef __ASSEMBLER__
#define U64(number) number
#else
#define U64(number) number##ull
#endif

#endif /* U64_H */
