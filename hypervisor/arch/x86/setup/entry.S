/* SPDX-License-Identifier: GPL-2.0-only */
#include "arch/x86/processor.h"
#include "arch/x86/setup/offsets.h"

	.text
/*
 * From the trampoline (arch_image_abi.h): RDI CR3, RSI RSP, RDX resume address, ECX CPU id. There is no stack yet.
 * Linux' CR4 still applies: where it tracks indirect branches they must end here (SDM vol. 1, 18.3).
 */
	.globl arch_entry
arch_entry:
	endbr64
	mov	$cpu_blocks, %eax
	mov	%ecx, %r8d
	imul	$CPU_BLOCK_BYTES, %ecx, %ecx
	add	%rcx, %rax
	lea	(CPU_BLOCK_BYTES - GPRS_BYTES)(%rax), %rsp
	mov	%rdx, %rcx
	mov	%rsi, %rdx
	mov	%rdi, %rsi
	mov	%rax, %rdi
	cld
	call	setup_enter
	ud2

/* void setup_load_segments(const struct table_pointer *gdtr, const struct table_pointer *idtr) */
	.globl setup_load_segments
setup_load_segments:
	lgdt	(%rdi)
	lidt	(%rsi)
	mov	$0x18, %eax
	mov	%eax, %ss
	pop	%rax
	push	$0x10
	push	%rax
	lretq

/* An NMI has done its work by ending the guest's run; that it was taken has to be known. */
	.globl nmi_stub
nmi_stub:
	push	%rax
	mov	%rsp, %rax
	and	$-CPU_BLOCK_BYTES, %rax
	lock orl $NMI_TAKEN_BIT, CPU_PENDING(%rax)
	pop	%rax
	iretq

/* A redirected INIT, with an error code (APM vol. 2, 15.28): dropped; or a leftover interrupt of this vector. */
	.globl init_stub
init_stub:
	cmpq	$SELECTOR_CODE, 8(%rsp)
	je	interrupt_stub
	add	$8, %rsp
	iretq

/* A leftover interrupt of the CPU's last owner, taken only to get rid of it. */
	.globl interrupt_stub
interrupt_stub:
	push	$0
	push	$EXCEPTIONS
	jmp	exception_common

/* bool msr_try_read(uint32_t msr, uint64_t *ret_value): false where the processor raises #GP, see exception_common. */
	.globl msr_try_read
msr_try_read:
	mov	%edi, %ecx
read_tried:
	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, (%rsi)
	mov	$1, %eax
	ret

/* bool msr_try_write(uint32_t msr, uint64_t value): the same. */
	.globl msr_try_write
msr_try_write:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
write_tried:
	wrmsr
	mov	$1, %eax
	ret

try_failed:
	xor	%eax, %eax
	ret

/* One stub for each exception: makes the frames alike and tells the vector. */
	.macro	exception number has_error
	.balign	16
	.if	\has_error == 0
	push	$0
	.endif
	push	$\number
	jmp	exception_common
	.endm

	.balign	16
	.globl exception_stubs
exception_stubs:
	.set	vector, 0
	.rept	EXCEPTIONS
	.if	(VECTORS_WITH_ERROR >> vector) & 1
	exception vector 1
	.else
	exception vector 0
	.endif
	.set	vector, vector + 1
	.endr

exception_common:
	cmpl	$VECTOR_GP, (%rsp)
	jne	2f
	cmpq	$read_tried, 16(%rsp)
	je	1f
	cmpq	$write_tried, 16(%rsp)
	jne	2f
1:	movq	$try_failed, 16(%rsp)
	add	$16, %rsp
	iretq
	/* struct exception_frame; 16 words with what the processor pushed, so the stack is aligned. */
2:
	.irp	register, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
	push	%\register
	.endr
	mov	%rsp, %rdi
	call	setup_host_exception
	.irp	register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
	pop	%\register
	.endr
	add	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
