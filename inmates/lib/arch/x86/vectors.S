/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the processor arrives for each of the 256 vectors: 16 bytes of code a vector. */
#include "arch/x86/x86.h"

/* Legacy area, header, upper halves of the YMM registers (APM vol. 2, 11.4.3). */
#define STATE_HEADER	512
#define STATE_SIZE	(STATE_HEADER + 64 + 256)
#define STATE_PARTS	(XCR0_X87 | XCR0_SSE | XCR0_AVX)

	.section .text.vectors, "ax"
	.balign	16
	.globl vector_entries
vector_entries:
	vector = 0
	.rept	256
	.balign	16
	has_error_code = 0
	.if	vector < 32
	has_error_code = (VECTORS_WITH_ERROR >> vector) & 1
	.endif
	.if	!has_error_code
	pushq	$0
	.endif
	pushq	$vector
	.if	(vector > 31) || (vector == VECTOR_NMI)
	jmp	interrupt_entry
	.else
	jmp	exception_entry
	.endif
	vector = vector + 1
	.endr

#define REGISTERS rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
#define REGISTERS_BACKWARDS r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax

	.macro	push_registers
	cld
	.irp	register, REGISTERS
	pushq	%\register
	.endr
	.endm

	.balign	16
exception_entry:
	push_registers
	movq	%rsp, %rdi
	andq	$~15, %rsp
	call	exception_report	/* does not return */

/*
 * The interrupted code may be in the middle of a calculation, and the handler may calculate: store
 * the whole x87 and SSE state, AVX's where that is on, and give the handler a fresh one.
 */
	.balign	16
interrupt_entry:
	push_registers
	movq	%rsp, %rbx
	movq	%rsp, %rdi
	subq	$STATE_SIZE, %rsp
	andq	$~63, %rsp
	cmpb	$0, %gs:CPU_AVX
	jne	with_avx
	fxsave64 (%rsp)
	fninit
	ldmxcsr	default_mxcsr
	call	interrupt_dispatch
	fxrstor64 (%rsp)
return:
	movq	%rbx, %rsp
	.irp	register, REGISTERS_BACKWARDS
	popq	%\register
	.endr
	addq	$16, %rsp		/* vector, error code */
	iretq

with_avx:
	/* XSAVE leaves most of the header alone, XRSTOR wants it to be zero. */
	xorl	%eax, %eax
	.irp	word, 0, 8, 16, 24, 32, 40, 48, 56
	movq	%rax, STATE_HEADER + \word(%rsp)
	.endr
	movl	$STATE_PARTS, %eax
	xorl	%edx, %edx
	xsave64	(%rsp)
	fninit
	ldmxcsr	default_mxcsr
	vzeroupper
	call	interrupt_dispatch
	movl	$STATE_PARTS, %eax
	xorl	%edx, %edx
	xrstor64 (%rsp)
	jmp	return

	.section .rodata
	.balign	4
default_mxcsr:
	.long	MXCSR_RESET

	.section .note.GNU-stack, "", @progbits
