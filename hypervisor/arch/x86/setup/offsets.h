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

/* mapping.h */
#define APIC_EOI_VIRT 0x802000b0
#define APIC_EOI_MSR  0x80b

#endif /* OFFSETS_H */
