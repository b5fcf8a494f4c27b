/* SPDX-License-Identifier: GPL-2.0-only */
#define IMAGE_BASE 0x8000000000ull
