/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers shared with assembly; pinned against the C layout in setup.c. */
#ifndef OFFSETS_H
#define OFFSETS_H

#define CPU_BLOCK_BYTES 32768
#define GPRS_BYTES	128
#define GPRS_RAX	120
#define CPU_PENDING	0
#define CPU_CONTROL	8
#define SELECTOR_CODE	0x10
#define NMI_TAKEN_BIT	(1 << 11)
#define EXCEPTIONS	19 /* up to #MC; as a vector, an interrupt */

#endif /* OFFSETS_H */
