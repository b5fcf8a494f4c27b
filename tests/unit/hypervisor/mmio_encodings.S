/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions as the assembler encodes them, with what the decoder must say of each. The text is
 * what describe() in mmio_decode.c makes of a decoded instruction:
 *
 *	access operation memory-bytes [-> or <- operand] [zero|sign] [segment]
 */
#define CASE(bits, expected, ...)                                              \
	.text; .code##bits; 1: __VA_ARGS__; 2: .code64;                        \
	.section .rodata.str, "a"; 3: .asciz #__VA_ARGS__; 4: .asciz expected; \
	.section .data.rel.ro, "aw"; .quad 1b, 2b, 3b, 4b, bits; .text;

	.section .data.rel.ro, "aw"
	.balign 8
	.global mmio_encodings
mmio_encodings:

/* Plain moves, all widths and registers. */
CASE(64, "write mov m1 <- al", mov %al, (%rbx))
CASE(64, "write mov m1 <- ah", mov %ah, (%rbx))
CASE(64, "write mov m1 <- bh", mov %bh, 0x10(%rbx))
CASE(64, "write mov m1 <- ch", mov %ch, 0x10(%rbx, %rcx, 4))
CASE(64, "write mov m1 <- dh", mov %dh, 0x12345678(%rbx))
CASE(64, "write mov m1 <- spl", mov %spl, (%rbx))
CASE(64, "write mov m1 <- bpl", mov %bpl, (%rbx))
CASE(64, "write mov m1 <- sil", mov %sil, (%rbx))
CASE(64, "write mov m1 <- dil", mov %dil, (%rbx))
CASE(64, "write mov m1 <- r8b", mov %r8b, (%rbx))
CASE(64, "write mov m1 <- r15b", mov %r15b, (%rbx))
CASE(64, "write mov m1 <- bl", mov %bl, (%r9))
CASE(64, "write mov m2 <- ax", mov %ax, (%rbx))
CASE(64, "write mov m2 <- r12w", mov %r12w, (%rbx))
CASE(64, "write mov m4 <- eax", mov %eax, (%rbx))
CASE(64, "write mov m4 <- esp", mov %esp, (%rbx))
CASE(64, "write mov m4 <- r13d", mov %r13d, (%rbx))
CASE(64, "write mov m8 <- rax", mov %rax, (%rbx))
CASE(64, "write mov m8 <- rdi", mov %rdi, (%rbx))
CASE(64, "write mov m8 <- r15", mov %r15, (%r15))
CASE(64, "read mov m1 -> al", mov (%rbx), %al)
CASE(64, "read mov m1 -> dh", mov (%rbx), %dh)
CASE(64, "read mov m1 -> sil", mov (%rbx), %sil)
CASE(64, "read mov m1 -> r11b", mov (%rbx), %r11b)
CASE(64, "read mov m2 -> cx", mov (%rbx), %cx)
CASE(64, "read mov m4 -> ecx", mov (%rbx), %ecx)
CASE(64, "read mov m4 -> r8d", mov (%rbx), %r8d)
CASE(64, "read mov m8 -> rcx", mov (%rbx), %rcx)
CASE(64, "read mov m8 -> rsp", mov (%rbx), %rsp)
CASE(64, "read mov m8 -> r14", mov (%r12), %r14)

/* Addressing of 64-bit mode. */
CASE(64, "read mov m4 -> eax", mov (%rsp), %eax)
CASE(64, "read mov m4 -> eax", mov (%r12), %eax)
CASE(64, "read mov m4 -> eax", mov (%rbp), %eax)
CASE(64, "read mov m4 -> eax", mov (%r13), %eax)
CASE(64, "read mov m4 -> eax", mov 0x300(%rip), %eax)
CASE(64, "read mov m4 -> eax", mov 0xfee00, %eax)
CASE(64, "read mov m4 -> eax", mov 0x7f(%rsp, %rbp, 2), %eax)
CASE(64, "read mov m4 -> eax", mov -0x80(%rax), %eax)
CASE(64, "read mov m4 -> eax", mov 0x80(%rax), %eax)
CASE(64, "read mov m4 -> eax", mov 0x20(, %rcx, 8), %eax)
CASE(64, "read mov m4 -> eax", mov 0x20(%rbp, %r12, 8), %eax)
CASE(64, "read mov m4 -> eax", mov (%r13, %r13), %eax)
CASE(64, "read mov m4 -> eax", mov (%ebx), %eax)
CASE(64, "read mov m4 -> eax", mov 0x1000(%esp, %eax), %eax)
CASE(64, "read mov m4 -> r9d", mov 0x300(%eip), %r9d)
CASE(64, "write mov m4 <- 305419896", movl $0x12345678, 0x20(%rip))

/* Addresses behind the opcode. */
CASE(64, "read mov m1 -> al", movabs 0x1122334455667788, %al)
CASE(64, "read mov m4 -> eax", movabs 0xfee00020, %eax)
CASE(64, "read mov m8 -> rax", movabs 0xfee00020, %rax)
CASE(64, "write mov m1 <- al", movabs %al, 0xfee00020)
CASE(64, "write mov m2 <- ax", movabs %ax, 0xfee00020)
CASE(64, "write mov m8 <- rax", movabs %rax, 0xfee00020)
CASE(64, "write mov m4 <- eax", addr32 movabs %eax, 0xfee00020)
CASE(32, "read mov m4 -> eax", mov 0xfee00020, %eax)
CASE(32, "write mov m1 <- al", mov %al, 0xfee00020)
CASE(32, "write mov m2 <- ax", addr16 mov %ax, 0x1234)
CASE(16, "read mov m2 -> ax", mov 0x1234, %ax)
CASE(16, "write mov m4 <- eax", addr32 mov %eax, 0xfee00020)

/* Immediates. */
CASE(64, "write mov m1 <- 127", movb $0x7f, (%rax))
CASE(64, "write mov m1 <- -1", movb $-1, (%rax))
CASE(64, "write mov m2 <- -32768", movw $0x8000, (%rax))
CASE(64, "write mov m2 <- 4660", movw $0x1234, 0x8(%rax))
CASE(64, "write mov m4 <- 1", movl $1, 0xb0(%rax))
CASE(64, "write mov m4 <- -2147483648", movl $0x80000000, (%rax, %rax))
CASE(64, "write mov m8 <- -2", movq $-2, (%rax))
CASE(64, "write mov m8 <- 2147483647", movq $0x7fffffff, 0x1000(%r12))
CASE(32, "write mov m4 <- 49152", movl $0xc000, 0xfee00300)
CASE(32, "write mov m2 <- 4660", movw $0x1234, (%eax))
CASE(16, "write mov m2 <- 4660", movw $0x1234, (%bx))
CASE(16, "write mov m4 <- 4660", movl $0x1234, 4(%bx, %si))
CASE(16, "write mov m1 <- 18", movb $0x12, 0x4000)

/* Narrow reads into wide registers. */
CASE(64, "read mov m1 -> eax zero", movzbl (%rbx), %eax)
CASE(64, "read mov m1 -> ax zero", movzbw (%rbx), %ax)
CASE(64, "read mov m1 -> r9 zero", movzbq (%rbx), %r9)
CASE(64, "read mov m2 -> esi zero", movzwl (%rbx), %esi)
CASE(64, "read mov m2 -> rsi zero", movzwq (%rbx), %rsi)
CASE(64, "read mov m1 -> edi sign", movsbl (%rbx), %edi)
CASE(64, "read mov m1 -> di sign", movsbw (%rbx), %di)
CASE(64, "read mov m1 -> rdi sign", movsbq 0x40(%rbx), %rdi)
CASE(64, "read mov m2 -> ebp sign", movswl (%rbx), %ebp)
CASE(64, "read mov m2 -> r10 sign", movswq (%rbx), %r10)
CASE(64, "read mov m4 -> rax sign", movslq (%rbx), %rax)
CASE(64, "read mov m4 -> r15 sign", movslq 0x20(%rip), %r15)
CASE(32, "read mov m1 -> esp zero", movzbl (%ebx), %esp)
CASE(32, "read mov m2 -> eax sign", movswl (%ebx), %eax)
CASE(16, "read mov m1 -> si zero", movzbw (%di), %si)
CASE(16, "read mov m2 -> esi zero", movzwl (%di), %esi)

/* Operations, every form of every one. */
#define ALU(op)                                                                \
CASE(64, "update " #op " m1 <- cl", op %cl, (%rbx))                         \
CASE(64, "update " #op " m1 <- ch", op %ch, (%rbx))                         \
CASE(64, "update " #op " m4 <- ecx", op %ecx, 8(%rbx))                      \
CASE(64, "update " #op " m8 <- r9", op %r9, (%rbx))                         \
CASE(64, "update " #op " m2 <- cx", op %cx, (%rbx))                         \
CASE(64, "read " #op " m1 -> r8b", op (%rbx), %r8b)                         \
CASE(64, "read " #op " m4 -> edx", op (%rbx), %edx)                         \
CASE(64, "read " #op " m8 -> rdx", op 0x100(%rbx), %rdx)                    \
CASE(64, "update " #op " m1 <- -128", op##b $0x80, (%rbx))                  \
CASE(64, "update " #op " m4 <- -1", op##l $-1, (%rbx))                      \
CASE(64, "update " #op " m4 <- 4096", op##l $0x1000, (%rbx))                \
CASE(64, "update " #op " m8 <- -4096", op##q $-4096, 0x10(%rip))            \
CASE(64, "update " #op " m2 <- 4096", op##w $0x1000, (%rbx))                \
CASE(64, "update " #op " m2 <- -16", op##w $-16, (%rbx))                    \
CASE(64, "update " #op " m4 <- ecx", lock op %ecx, (%rbx))             \
CASE(64, "update " #op " m8 <- 1", lock op##q $1, 0x80(%rbx))          \
CASE(32, "update " #op " m4 <- ecx", op %ecx, (%ebx))                       \
CASE(32, "read " #op " m2 -> cx", op (%ebx), %cx)                           \
CASE(32, "update " #op " m4 <- 1048576", op##l $0x100000, 0xfee00300)       \
CASE(16, "update " #op " m2 <- cx", op %cx, (%bp))                          \
CASE(16, "update " #op " m2 <- 4096", op##w $0x1000, 0x10(%bp, %di))        \
CASE(64, "refused", op %ecx, %edx)                                           \
CASE(64, "refused", op $0x12345, %eax)                                       \
CASE(64, "refused", op $1, %al)                                              \
CASE(64, "refused", op $1, %ebx)

ALU(add)
ALU(or)
ALU(and)
ALU(sub)
ALU(xor)

CASE(64, "compare cmp m1 <- cl", cmp %cl, (%rbx))
CASE(64, "compare cmp m8 <- rcx", cmp %rcx, (%rbx))
CASE(64, "compare cmp m4 -> ecx", cmp (%rbx), %ecx)
CASE(64, "compare cmp m1 -> ah", cmp (%rbx), %ah)
CASE(64, "compare cmp m1 <- 15", cmpb $15, (%rbx))
CASE(64, "compare cmp m4 <- 15", cmpl $15, (%rbx))
CASE(64, "compare cmp m8 <- 305419896", cmpq $0x12345678, (%rbx))
CASE(32, "compare cmp m4 <- 65536", cmpl $0x10000, 0x300(%ebx))
CASE(16, "compare cmp m2 <- -1", cmpw $-1, (%si))
CASE(64, "compare test m1 <- dl", test %dl, (%rbx))
CASE(64, "compare test m4 <- r8d", test %r8d, (%rbx))
CASE(64, "compare test m1 <- -128", testb $0x80, (%rbx))
CASE(64, "compare test m4 <- 4096", testl $0x1000, 0x300(%rbx))
CASE(64, "compare test m8 <- -2", testq $-2, (%rbx))
CASE(32, "compare test m4 <- 4096", testl $0x1000, 0xfee00300)
CASE(16, "compare test m2 <- 4096", testw $0x1000, (%bx))
CASE(64, "update xchg m1 <- al", xchg %al, (%rbx))
CASE(64, "update xchg m1 <- bh", xchg %bh, (%rbx))
CASE(64, "update xchg m4 <- eax", xchg %eax, (%rbx))
CASE(64, "update xchg m8 <- r8", lock xchg %r8, (%rbx))
CASE(32, "update xchg m4 <- eax", xchg %eax, 0xfee000b0)

/* Prefixes. */
CASE(64, "read mov m4 -> eax segment", mov %fs:(%rbx), %eax)
CASE(64, "read mov m4 -> eax segment", mov %gs:0x10, %eax)
CASE(64, "read mov m4 -> eax", ds mov (%rbx), %eax)
CASE(32, "read mov m4 -> eax segment", mov %es:(%ebx), %eax)
CASE(32, "read mov m4 -> eax segment", mov %ss:(%ebx), %eax)
CASE(32, "read mov m2 -> ax segment", mov %fs:(%bx), %ax)
CASE(16, "read mov m4 -> eax segment", mov %cs:(%ebx), %eax)
CASE(16, "write mov m1 <- al segment", mov %al, %gs:(%si))

/* Addressing of 16- and 32-bit code. */
CASE(16, "read mov m2 -> dx", mov (%bx, %si), %dx)
CASE(16, "read mov m2 -> dx", mov 0x12(%bp), %dx)
CASE(16, "read mov m2 -> dx", mov 0x1234(%bp, %si), %dx)
CASE(16, "read mov m2 -> dx", mov 0x1234, %dx)
CASE(16, "read mov m1 -> dl", mov 0x12345678(%ebp), %dl)
CASE(16, "read mov m2 -> dx", mov (%esp, %eax, 4), %dx)
CASE(16, "read mov m4 -> edx", mov 0x10(%ebx), %edx)
CASE(32, "read mov m4 -> edx", mov (%ebp), %edx)
CASE(32, "read mov m4 -> edx", mov 0x1000, %edx)
CASE(32, "read mov m4 -> edx", mov 4(%esp), %edx)
CASE(32, "read mov m4 -> edx", mov 0x1000(, %eax, 4), %edx)
CASE(32, "read mov m4 -> edx", mov (%bx, %si), %edx)
CASE(32, "read mov m4 -> edx", addr16 mov 0x1234, %edx)
CASE(32, "write mov m1 <- bh", mov %bh, (%edi))

/* Two prefixes about the same: REX.W wins, and only right before the opcode. */
CASE(64, "write mov m8 <- rax", data16 rex.w mov %eax, (%rbx))
CASE(64, "write mov m4 <- eax", rex.w; ds; mov %eax, (%rbx))

/* The longest that the processor takes, and one byte more. */
CASE(64, "write mov m8 <- 1", ds; ds; ds; ds; ds; ds; ds; movq $1, 0x11(%rbx))
CASE(64, "refused", ds; ds; ds; ds; ds; ds; ds; ds; movq $1, 0x11(%rbx))
CASE(64, "write mov m4 <- eax", ds; ds; ds; ds; ds; ds; ds; ds; ds; ds; ds; ds; ds; mov %eax, (%rbx))
CASE(64, "refused", ds; ds; ds; ds; ds; ds; ds; ds; ds; ds; ds; ds; ds; ds; mov %eax, (%rbx))

/* LOCK where the processor refuses it. */
CASE(64, "refused", lock; mov %eax, (%rbx))
CASE(64, "refused", lock; add (%rbx), %eax)
CASE(64, "refused", lock; cmp %eax, (%rbx))

/* Registers only. */
CASE(64, "refused", mov %eax, %ebx)
CASE(64, "refused", xchg %ecx, %ebx)
CASE(64, "refused", movzbl %al, %ebx)
CASE(64, "refused", incl %ebx)
CASE(64, "refused", testl $1, %ebx)

/* Not covered. */
CASE(64, "refused", adc %ecx, (%rbx))
CASE(64, "refused", adc (%rbx), %edx)
CASE(64, "refused", adcl $-1, (%rbx))
CASE(64, "refused", lock adcb $1, (%rbx))
CASE(32, "refused", adcw $0x1000, (%ebx))
CASE(64, "refused", sbb %ecx, (%rbx))
CASE(64, "refused", sbb (%rbx), %edx)
CASE(64, "refused", sbbl $-1, (%rbx))
CASE(64, "refused", lock sbbb $1, (%rbx))
CASE(32, "refused", sbbw $0x1000, (%ebx))
CASE(64, "refused", .byte 0xc7, 0x0b, 1, 0, 0, 0)
CASE(64, "refused", .byte 0xf6, 0x13, 1)
CASE(64, "refused", incb (%rbx))
CASE(64, "refused", lock incl 0x10(%rbx))
CASE(64, "refused", incq (%rbx))
CASE(64, "refused", decb (%rbx))
CASE(64, "refused", decw (%rbx))
CASE(32, "refused", decl (%esp))
CASE(16, "refused", incw (%bx, %di))
CASE(64, "refused", notb (%rbx))
CASE(64, "refused", notq (%rbx))
CASE(64, "refused", negl (%rbx))
CASE(64, "refused", lock negb (%rbx))
CASE(64, "refused", movaps (%rbx), %xmm0)
CASE(64, "refused", movq %xmm0, (%rbx))
CASE(64, "refused", vmovdqu (%rbx), %ymm1)
CASE(64, "refused", cmpxchg %eax, (%rbx))
CASE(64, "refused", push (%rbx))
CASE(64, "refused", pop (%rbx))
CASE(64, "refused", call *(%rbx))
CASE(64, "refused", jmp *(%rbx))
CASE(64, "refused", mull (%rbx))
CASE(64, "refused", idivl (%rbx))
CASE(64, "refused", shll (%rbx))
CASE(64, "refused", in %dx, %al)
CASE(64, "refused", hlt)
CASE(64, "refused", cpuid)
CASE(64, "refused", vmmcall)
CASE(64, "refused", movntdq %xmm0, (%rbx))
CASE(64, "refused", fildl (%rbx))
CASE(64, "refused", btl %eax, (%rbx))
CASE(64, "refused", lock btsl $31, (%rbx))
CASE(64, "refused", movnti %edx, (%rbx))
CASE(32, "refused", .byte 0x82, 0x03, 0x01)
CASE(64, "refused", popcnt (%rbx), %eax)
CASE(32, "refused", lds (%ebx), %eax)
CASE(32, "refused", arpl %ax, (%ebx))
CASE(32, "refused", inc %eax)
CASE(32, "refused", pusha)

	.section .data.rel.ro, "aw"
	.quad 0, 0, 0, 0, 0

	.section .note.GNU-stack, "", @progbits
