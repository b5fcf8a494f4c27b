/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is the x86's between the module and the image; part of image_abi.h. On every CPU the module
 * switches CR3 in a trampoline.
 *
 * Registers at entry (all CPUs at once, interrupts off, GIF clear on AMD, no stack):
 *   RDI Linux' CR3, RSI Linux' RSP, RDX address to resume at, ECX logical CPU id.
 * Linux goes on at RDX with that stack and RAX = 0 as guest, or, where something failed, natively
 * through trampoline_leave with RAX = negative error.
 *
 * Registers for trampoline_leave: RDI CR3 to load, RSI RSP, RDX address to jump to, RAX result.
 * Everything else that Linux must find back has been restored before.
 */
#ifndef ARCH_IMAGE_ABI_H
#define ARCH_IMAGE_ABI_H

#define IMAGE_BASE 0x40000000ull /* lower half: cannot meet the trampoline's address */

/* PML4, two each of PDPT and PD, one page table for the trampoline, the rest for IMAGE_MAX_SIZE in
 * 4K pages. */
#define IMAGE_BOOT_TABLES (1 + 2 + 2 + 1 + (IMAGE_MAX_SIZE >> 21))

#endif /* ARCH_IMAGE_ABI_H */
