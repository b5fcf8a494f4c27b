/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vector 2 leads to while storm.c counts: nothing of Linux', whose own entry hides an NMI that comes in the handler
 * of the one before. Frames lie one above the other on the stack that is in use. An NMI that has interrupted any
 * instruction of this text, the IRET included, came too early.
 */
#include <linux/linkage.h>

	.text
SYM_CODE_START(storm_entry)
	push	%rax
	push	%rcx
	mov	16(%rsp), %rax
	lea	storm_entry(%rip), %rcx
	sub	%rcx, %rax
	/* It began after the last of these was sent. */
	mov	storm_sent(%rip), %rcx
	mov	%rcx, storm_seen(%rip)
	cmp	$(.Lend - storm_entry), %rax
	jb	.Learly
	incq	storm_taken(%rip)
	/* The control: one within. */
	cmpl	$0, storm_nest(%rip)
	je	1f
	int	$2
	/* Long enough for others to come; PAUSE, so that they come where an emulator has one thread for all. */
1:	mov	storm_pauses(%rip), %ecx
2:	pause
	dec	%ecx
	jg	2b
	jmp	.Lout
.Learly:
	mov	%rax, storm_early_at(%rip)
	incq	storm_early(%rip)
.Lout:	pop	%rcx
	pop	%rax
	iretq
.Lend:
SYM_CODE_END(storm_entry)

	.section .note.GNU-stack, "", @progbits
