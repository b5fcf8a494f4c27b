/* SPDX-License-Identifier: GPL-2.0-only */
/* Of the VMCB, for assembly; pinned against its layout in exit.c. */
#ifndef SVM_OFFSETS_H
#define SVM_OFFSETS_H

#define VMCB_INTERRUPT_SHADOW 0x068
#define VMCB_NEXT_RIP	      0x0c8
#define VMCB_RFLAGS	      0x570
#define VMCB_RIP	      0x578
#define VMCB_RAX	      0x5f8

#endif /* SVM_OFFSETS_H */
