/* SPDX-License-Identifier: BSD-2-Clause */
/* What is the x86's of a failure record; part of failure_record.h. */
#ifndef ARCH_FAILURE_RECORD_H
#define ARCH_FAILURE_RECORD_H

/* Reasons that only this processor has. {first} is the exception that a triple fault began with. */
#define FAILURE_REASONS_ARCH(X)                                                                  \
	/* address = port, size = 1, 2, 4 */                                                     \
	X(FAILURE_PORT_READ, "port-read",                                                        \
	  "read {bytes}from I/O port {address}, which is not its own")                           \
	X(FAILURE_PORT_WRITE, "port-write",                                                      \
	  "wrote {bytes}to I/O port {address}, which is not its own")                            \
	/* address = MSR number, value = what was to be written */                               \
	X(FAILURE_MSR_READ, "msr-read", "read MSR {address}, which cells may not")               \
	X(FAILURE_MSR_WRITE, "msr-write", "wrote {value} to MSR {address}, which cells may not") \
	/* vector = first exception, address = CR2 for a page fault */                           \
	X(FAILURE_TRIPLE_FAULT, "triple-fault", "ran into a triple fault{first}")                \
	/* address = register offset, value = what was written */                                \
	X(FAILURE_APIC, "apic", "wrote {value} to APIC register {address}, which cells may not")

/* Indices into gpr: the encoding order of instructions. */
enum failure_gpr {
	FAILURE_RAX,
	FAILURE_RCX,
	FAILURE_RDX,
	FAILURE_RBX,
	FAILURE_RSP,
	FAILURE_RBP,
	FAILURE_RSI,
	FAILURE_RDI,
	FAILURE_R8,
	FAILURE_R9,
	FAILURE_R10,
	FAILURE_R11,
	FAILURE_R12,
	FAILURE_R13,
	FAILURE_R14,
	FAILURE_R15,
	FAILURE_GPR_COUNT
};

/* The registers, as members of the record. */
#define FAILURE_REGISTERS_ARCH           \
	uint64_t gpr[FAILURE_GPR_COUNT]; \
	uint64_t rip;                    \
	uint64_t rflags;                 \
	uint64_t cr0;                    \
	uint64_t cr2;                    \
	uint64_t cr3;                    \
	uint64_t cr4;                    \
	uint64_t efer;                   \
	uint64_t cs_base;                \
	uint16_t cs;                     \
	uint16_t ss;                     \
	uint16_t ds;                     \
	uint16_t es;

#endif /* ARCH_FAILURE_RECORD_H */
