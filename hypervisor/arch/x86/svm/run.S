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
1:
	.irp	register, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rax, rbx, rdx, rcx
	pop	%\register
	.endr
	vmrun	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	sub	$8, %rsp
	.irp	register, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	push	%\register
	.endr
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
	movq	$0, VMCB_NEXT_RIP(%rdx)
	movq	$0, VMCB_INTERRUPT_SHADOW(%rdx)
	mov	GPRS_RAX(%rsp), %rax
	mov	%rax, VMCB_RAX(%rdx)
	jmp	1b
2:	lea	IN_CPU(0)(%rsp), %rdi
	mov	%eax, %esi
	call	svm_resume
	jmp	1b

	.section .note.GNU-stack, "", @progbits
