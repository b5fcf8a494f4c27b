/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where Linux' and the hypervisor's address spaces meet: this page is mapped at the same address in both. GIF is
 * clear while the CPU is between the worlds, so that not even an NMI comes (APM vol. 2, 15.17).
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>
#include <asm/ibt.h>
#include <asm/nospec-branch.h>

	.text
	.balign	512
	.globl trampoline_start
trampoline_start:
	/* Its address is taken to map it, nobody goes there. */
	ANNOTATE_NOENDBR

	.macro	save_linux
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	pushfq
	mov	%ds, %eax
	push	%rax
	mov	%es, %eax
	push	%rax
	.endm

	.macro	restore_linux
	pop	%rcx
	mov	%ecx, %es
	pop	%rcx
	mov	%ecx, %ds
	popfq
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	RET
	.endm

/* int trampoline_enter(u64 hv_cr3, u64 entry, u32 cpu); interrupts are off, EFER.SVME is set */
SYM_FUNC_START(trampoline_enter)
	save_linux
	mov	%rdi, %rax
	mov	%rsi, %r8
	mov	%edx, %ecx
	mov	%cr3, %rdi
	mov	%rsp, %rsi
	lea	1f(%rip), %rdx
	clgi
	mov	%rax, %cr3
	/* To the image, whose address no guest and no user has a say in. */
	ANNOTATE_RETPOLINE_SAFE
	jmp	*%r8
	/* As guest with RAX = 0, or natively through trampoline_leave with an error. */
1:	ENDBR
	restore_linux
SYM_FUNC_END(trampoline_enter)
/* Goes on elsewhere with its frame, and comes back to the label. */
STACK_FRAME_NON_STANDARD trampoline_enter
/* A breakpoint between the worlds would find no table to go by. */
_ASM_NOKPROBE(trampoline_enter)

/* int trampoline_disable(void): 0 natively, an error still as guest */
SYM_FUNC_START(trampoline_disable)
	save_linux
	xor	%eax, %eax
	vmmcall
	restore_linux
SYM_FUNC_END(trampoline_disable)
_ASM_NOKPROBE(trampoline_disable)

/* From the hypervisor: RDI CR3, RSI RSP, RDX address, RAX result. */
SYM_FUNC_START(trampoline_leave)
	mov	%rdi, %cr3
	mov	%rsi, %rsp
	stgi
	ANNOTATE_RETPOLINE_SAFE
	jmp	*%rdx
SYM_FUNC_END(trampoline_leave)
STACK_FRAME_NON_STANDARD trampoline_leave
_ASM_NOKPROBE(trampoline_leave)

	.globl trampoline_end
trampoline_end:
	ANNOTATE_NOENDBR
	int3
