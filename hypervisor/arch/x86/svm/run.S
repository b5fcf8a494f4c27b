/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inner loop. VMRUN saves and restores the host's RSP and flags, so the stack pointer stands in the register block
 * at the top of the CPU block while the guest runs; RAX travels in the VMCB. FS, GS, TR, LDTR and the syscall registers
 * are never used by the hypervisor: the guest's stay loaded (APM vol. 2, 15.5.1 leaves them to VMLOAD/VMSAVE).
 */
#include "arch/x86/processor.h"
#include "arch/x86/setup/offsets.h"
#include "arch/x86/svm/offsets.h"

/* Where a member of struct cpu is, seen from the register block. */
#define IN_CPU(offset) ((offset) - (CPU_BLOCK_BYTES - GPRS_BYTES))

	.text
	.globl svm_run_loop
svm_run_loop:
	lea	-IN_CPU(0)(%rdi), %rsp
1:	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rax
	pop	%rbx
	pop	%rdx
	pop	%rcx
	vmrun	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	sub	$8, %rsp
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	lea	IN_CPU(0)(%rsp), %rdi
	call	svm_exit
	/* Most exits end here: the instruction is done, nothing is pending, nobody single-steps. */
	mov	IN_CPU(CPU_PENDING)(%rsp), %ecx
	or	%eax, %ecx
	jnz	2f
	mov	IN_CPU(CPU_CONTROL)(%rsp), %rdx
	mov	VMCB_NEXT_RIP(%rdx), %rcx
	test	%rcx, %rcx
	jz	2f
	testl	$(RFLAGS_TF | RFLAGS_RF), VMCB_RFLAGS(%rdx)
	jnz	2f
	mov	%rcx, VMCB_RIP(%rdx)
	movq	$0, VMCB_INTERRUPT_SHADOW(%rdx)
	mov	GPRS_RAX(%rsp), %rax
	mov	%rax, VMCB_RAX(%rdx)
	jmp	1b
2:	lea	IN_CPU(0)(%rsp), %rdi
	mov	%eax, %esi
	call	svm_resume
	jmp	1b

	.section .note.GNU-stack, "", @progbits
