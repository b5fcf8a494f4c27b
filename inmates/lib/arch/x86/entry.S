/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From real mode at 0:0 to 64-bit C. All CPUs of a cell start here at once after a reset. The one
 * that comes first goes on, the others halt until it starts them anew by INIT and start-up IPI.
 */
#include "arch/x86/apic.h"
#include "arch/x86/x86.h"

#define MAPPED_GIB	4
/* The piece of 2 MiB with the local APIC. */
#define APIC_ENTRY	(APIC_PHYS / LARGE_PAGE_SIZE)

	.section .boot, "awx"
	.code16
	/* A program may have one of its own, which goes on at the other name. */
	.weak inmate_entry
	.globl runtime_entry
inmate_entry:
runtime_entry:
	cli
	cld
	cmpl	$0, smp_starting
	jne	start
	movl	$1, %eax
	lock xaddl %eax, cpus_arrived
	testl	%eax, %eax
	jz	start
loser:
	hlt
	jmp	loser

start:
	lgdtl	%cs:boot_gdt_pointer
	movl	%cr0, %eax
	orb	$CR0_PE, %al
	movl	%eax, %cr0
	ljmpl	$SEGMENT_CODE32, $protected_mode

	.code32
protected_mode:
	movl	$SEGMENT_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	cmpl	$0, smp_starting
	jne	enable_paging

	/* Memory may hold what an earlier run left. The stacks and page tables are in there. */
	movl	$bss_start, %edi
	movl	$bss_size, %ecx
	shrl	$2, %ecx
	rep stosl

	movl	$page_directory_pointers, %eax
	orl	$(PTE_PRESENT | PTE_WRITE), %eax
	movl	%eax, page_map
	movl	$page_directories, %eax
	orl	$(PTE_PRESENT | PTE_WRITE), %eax
	movl	$page_directory_pointers, %edi
	movl	$MAPPED_GIB, %ecx
1:	movl	%eax, (%edi)
	addl	$PAGE_BYTES, %eax
	addl	$8, %edi
	loop	1b
	movl	$(PTE_PRESENT | PTE_WRITE | PTE_LARGE), %eax
	movl	$page_directories, %edi
	movl	$(MAPPED_GIB * 512), %ecx
2:	movl	%eax, (%edi)
	addl	$LARGE_PAGE_SIZE, %eax
	addl	$8, %edi
	loop	2b
	orl	$(PTE_PCD | PTE_PWT), page_directories + APIC_ENTRY * 8

enable_paging:
	movl	$(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
	movl	%eax, %cr4
	movl	$page_map, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	andl	$~(CR0_EM | CR0_TS), %eax
	orl	$(CR0_PG | CR0_NE | CR0_MP), %eax
	movl	%eax, %cr0
	ljmpl	$SEGMENT_CODE64, $long_mode

	.code64
long_mode:
	movl	$1, %edi
	lock xaddl %edi, cpus_started
	cmpl	$MAX_CPUS, %edi
	jae	no_place
	imull	$inmate_cpu_stacks_size, %edi, %eax
	leaq	inmate_program_stack_top(%rax), %rsp
	fninit
	pushq	$MXCSR_RESET
	ldmxcsr	(%rsp)
	addq	$8, %rsp
	call	cpu_start
no_place:
	cli
	hlt
	jmp	no_place

	.balign	8
boot_gdt:
	.quad	0
	.quad	DESCRIPTOR_CODE32
	.quad	DESCRIPTOR_DATA
	.quad	DESCRIPTOR_CODE64
boot_gdt_pointer:
	.word	. - boot_gdt - 1
	.long	boot_gdt

	/* Here, where 16-bit code reaches them. */
	.balign	4
	.globl smp_starting, cpus_arrived
smp_starting:
	.long	0
cpus_arrived:
	.long	0

	.section .command_line, "aw"
	.globl inmate_command_line
inmate_command_line:
	.skip	256

	.section .bss
	.balign	PAGE_BYTES
	.globl page_map
page_map:
	.skip	PAGE_BYTES
page_directory_pointers:
	.skip	PAGE_BYTES
page_directories:
	.skip	MAPPED_GIB * PAGE_BYTES
cpus_started:
	.skip	4

	/*
	 * What --defsym changes (inmate.h): RAM of the cell at 0; the stack of the program on each
	 * CPU; whether AVX is on.
	 */
	.macro	option name, value
	.weak	\name
	.set	\name, \value
	.endm
	option	inmate_ram_size, 0x100000
	option	inmate_stack_size, 0x4000
	option	inmate_avx, 0

	.section .note.GNU-stack, "", @progbits
