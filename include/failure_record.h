/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept of a cell's (or a vCPU's) end: why, where, and the state of the CPU. Written by the
 * hypervisor into memory that root can read, handed on unchanged by the module, decoded by the
 * daemon.
 */
#ifndef FAILURE_RECORD_H
#define FAILURE_RECORD_H

#include "cell_abi.h"
#include "words.h"

/*
 * Why, in one word for programs and for the hypervisor's console, and what people are told that the
 * cell did. In that, {address}, {value} and {exit} stand for what the record has; {bytes} for "4
 * bytes " or nothing, {first} for the exception that a triple fault began with, {exception} for
 * the exception by itself, {instruction} for the bytes at RIP.
 */
#define FAILURE_REASONS(X)                                                                       \
	X(FAILURE_NONE, "cell", "set its state to failed")                                       \
	/* address = guest-physical, nothing there for this cell */                              \
	X(FAILURE_MEMORY_READ, "memory-read",                                                    \
	  "read {bytes}at guest address {address}, which is not its memory")                     \
	X(FAILURE_MEMORY_WRITE, "memory-write",                                                  \
	  "wrote {bytes}at guest address {address}, which is not its memory")                    \
	X(FAILURE_MEMORY_EXECUTE, "memory-execute",                                              \
	  "executed code at guest address {address}, which is not its memory")                   \
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
	X(FAILURE_APIC, "apic", "wrote {value} to APIC register {address}, which cells may not") \
	/* one that no cell may execute or that could not be decoded */                          \
	X(FAILURE_INSTRUCTION, "instruction",                                                    \
	  "executed an instruction that no cell may execute{instruction}")                       \
	X(FAILURE_UNHANDLED_EXIT, "unhandled-exit",                                              \
	  "did what the hypervisor does not handle, exit code {exit}")                           \
	/* on root's order */                                                                    \
	X(FAILURE_KILLED, "killed", "was killed")                                                \
	/* cpu = the one that did not answer in time */                                          \
	X(FAILURE_CPU_LOST, "cpu-lost", "has a CPU that does not answer the hypervisor")         \
	/* vector, rip = of the hypervisor's own fault, address = CR2 */                         \
	X(FAILURE_HYPERVISOR_EXCEPTION, "hypervisor-exception",                                  \
	  "met a fault of the hypervisor itself: {exception}, address {address}")                \
	/* address = where, as the bank says, value = the bank's status */                       \
	X(FAILURE_MACHINE_CHECK, "machine-check",                                                \
	  "met an error of the machine, not its own: status {value}, address {address}")

enum failure_reason { FAILURE_REASONS(WORD_SYMBOL) FAILURE_REASON_COUNT };

/* Records cross from the hypervisor to the daemon: to give a reason another number is to give
 * CELLVISOR_ABI_VERSION another. */
_Static_assert(FAILURE_KILLED == 12, "numbers of the reasons");
_Static_assert(FAILURE_MACHINE_CHECK == 15, "numbers of the reasons");

#define FAILURE_VECTOR_NONE 0xffffffffu

/* After a shutdown the processor does not promise what it says of the guest's registers. */
#define FAILURE_STATE_UNDEFINED 1u

/* Indices into failure_record.gpr: the encoding order of x86-64 instructions. */
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

struct failure_record {
	uint32_t reason; /* enum failure_reason */
	uint32_t cpu;	 /* physical CPU number as Linux counts */
	uint64_t tsc;
	uint64_t address;
	uint64_t value;
	uint32_t size;	    /* bytes of the access; 0 where it does not apply */
	uint32_t vector;    /* first exception of a triple fault, else FAILURE_VECTOR_NONE */
	uint64_t exit_code; /* as the processor reported it */
	uint64_t exit_info1;
	uint64_t exit_info2;
	uint64_t gpr[FAILURE_GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;
	uint64_t cr0;
	uint64_t cr2;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;
	uint64_t cs_base;
	uint16_t cs;
	uint16_t ss;
	uint16_t ds;
	uint16_t es;
	uint32_t instruction_len; /* valid bytes in instruction, 0 if they could not be read */
	uint32_t flags;		  /* FAILURE_STATE_UNDEFINED */
	uint8_t instruction[16];
};

_Static_assert(sizeof(struct failure_record) == 288, "failure record layout");
_Static_assert(offsetof(struct failure_record, gpr) == 64, "failure record layout");
_Static_assert(offsetof(struct failure_record, rip) == 192, "failure record layout");

#endif /* FAILURE_RECORD_H */
