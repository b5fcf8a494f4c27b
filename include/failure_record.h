/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept of a cell's (or a vCPU's) end: why, where, and the state of the CPU. Written by the
 * hypervisor into memory that root can read, handed on unchanged by the module, decoded by the
 * daemon. Of a cell that failed by itself the module makes one of its last words, if it has any.
 */
#ifndef FAILURE_RECORD_H
#define FAILURE_RECORD_H

#include "arch_failure_record.h"
#include "cell_abi.h"
#include "words.h"

/*
 * Why, in one word for programs and for the hypervisor's console, and what people are told that the
 * cell did. In that, {address}, {value} and {exit} stand for what the record has; {bytes} for "4
 * bytes " or nothing, {exception} for the exception, {fault} for it with its address, {instruction}
 * for the bytes of it, {stack} for the value in decimal, {message} for the message. Reasons that
 * only one architecture has stand between those that every one begins with and all others.
 */
#define FAILURE_REASONS(X)                                                                   \
	X(FAILURE_NONE, "cell", "set its state to failed")                                   \
	/* address = guest-physical, nothing there for this cell */                          \
	X(FAILURE_MEMORY_READ, "memory-read",                                                \
	  "read {bytes}at guest address {address}, which is not its memory")                 \
	X(FAILURE_MEMORY_WRITE, "memory-write",                                              \
	  "wrote {bytes}at guest address {address}, which is not its memory")                \
	X(FAILURE_MEMORY_EXECUTE, "memory-execute",                                          \
	  "executed code at guest address {address}, which is not its memory")               \
	FAILURE_REASONS_ARCH(X)                                                              \
	/* one that no cell may execute or that could not be decoded */                      \
	X(FAILURE_INSTRUCTION, "instruction",                                                \
	  "executed an instruction that no cell may execute{instruction}")                   \
	X(FAILURE_UNHANDLED_EXIT, "unhandled-exit",                                          \
	  "did what the hypervisor does not handle, exit code {exit}")                       \
	/* on root's order */                                                                \
	X(FAILURE_KILLED, "killed", "was killed")                                            \
	/* cpu = the one that did not answer in time */                                      \
	X(FAILURE_CPU_LOST, "cpu-lost", "has a CPU that does not answer the hypervisor")     \
	/* vector, registers = of the hypervisor's own fault, address = what it was for */   \
	X(FAILURE_HYPERVISOR_EXCEPTION, "hypervisor-exception",                              \
	  "met a fault of the hypervisor itself: {exception}, address {address}")            \
	/* address = where, value = status, both as the processor says */                    \
	X(FAILURE_MACHINE_CHECK, "machine-check",                                            \
	  "met an error of the machine, not its own: status {value}, address {address}")     \
	/* These three are the cell's own word (last words in cell_abi.h): no state of a CPU \
	 * but the instruction's address. vector; address = of a page fault */               \
	X(FAILURE_EXCEPTION, "exception", "caused an exception: {fault}")                    \
	/* address = what did not fit any more, value = bytes of that stack */               \
	X(FAILURE_STACK_OVERFLOW, "stack-overflow",                                          \
	  "had a stack overflow at {address}, in a stack of {stack} bytes")                  \
	/* message = what its program says; nothing else is valid */                         \
	X(FAILURE_MESSAGE, "message", "gave up: {message}")

enum failure_reason { FAILURE_REASONS(WORD_SYMBOL) FAILURE_REASON_COUNT };

/* Records cross from the hypervisor to the daemon: to give a reason another number is to give
 * CELLVISOR_ABI_VERSION another. */
_Static_assert(FAILURE_NONE == 0, "numbers of the reasons");
_Static_assert(FAILURE_MEMORY_EXECUTE == 3, "numbers of the reasons");

#define FAILURE_VECTOR_NONE 0xffffffffu

/* After a shutdown the processor does not promise what it says of the guest's registers. */
#define FAILURE_STATE_UNDEFINED 1u

struct failure_record {
	uint32_t reason; /* enum failure_reason */
	uint32_t cpu;	 /* physical CPU number as Linux counts */
	uint64_t clock;	 /* when: the processor's own count */
	uint64_t address;
	uint64_t value;
	uint32_t size;	    /* bytes of the access; 0 where it does not apply */
	uint32_t vector;    /* of the exception, else FAILURE_VECTOR_NONE */
	uint64_t exit_code; /* as the processor reported it */
	uint64_t exit_info1;
	uint64_t exit_info2;
	FAILURE_REGISTERS_ARCH
	uint32_t instruction_len; /* valid bytes in instruction, 0 if they could not be read */
	uint32_t flags;		  /* FAILURE_STATE_UNDEFINED */
	uint8_t instruction[16];
	char message[COMM_LAST_WORDS_TEXT]; /* the cell's, any bytes; ends with the first 0 */
};

#endif /* FAILURE_RECORD_H */
