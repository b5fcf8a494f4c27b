/* SPDX-License-Identifier: BSD-2-Clause */
/* What C++ has under another name, for the contracts that programs in cells include. */
#ifndef STATIC_ASSERT_H
#define STATIC_ASSERT_H

#if defined(__cplusplus) && !defined(_Static_assert)
#define _Static_assert static_assert
#endif

#endif /* STATIC_ASSERT_H */
