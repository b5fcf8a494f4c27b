/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's image, as a part of the module: one file to install, and one signature over both. */
	.section .rodata, "a"
	.balign	4096
	.globl image_data
image_data:
	.incbin	CELLVISOR_IMAGE
	.globl image_data_end
image_data_end:

	.section .note.GNU-stack, "", @progbits
