// SPDX-License-Identifier: GPL-2.0-only
#include "driver/failure.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define TEXT_MAX 192

static const char *const reason_names[FAILURE_REASON_COUNT] = {
	[FAILURE_NONE] = "cell",
	[FAILURE_MEMORY_READ] = "memory-read",
	[FAILURE_MEMORY_WRITE] = "memory-write",
	[FAILURE_MEMORY_EXECUTE] = "memory-execute",
	[FAILURE_PORT_READ] = "port-read",
	[FAILURE_PORT_WRITE] = "port-write",
	[FAILURE_MSR_READ] = "msr-read",
	[FAILURE_MSR_WRITE] = "msr-write",
	[FAILURE_TRIPLE_FAULT] = "triple-fault",
	[FAILURE_APIC] = "apic",
	[FAILURE_CONTROL_REGISTER] = "control-register",
	[FAILURE_INSTRUCTION] = "instruction",
	[FAILURE_UNHANDLED_EXIT] = "unhandled-exit",
	[FAILURE_KILLED] = "killed",
};

const char *failure_reason_name(uint32_t reason)
{
	return reason < FAILURE_REASON_COUNT ? reason_names[reason] : "unknown";
}

/* "4 bytes ", or nothing where the size is not known. */
static const char *size_text(const struct failure_record *record, char *buffer, size_t size)
{
	buffer[0] = '\0';
	if (record->size == 1)
		snprintf(buffer, size, "1 byte ");
	else if (record->size)
		snprintf(buffer, size, "%" PRIu32 " bytes ", record->size);
	return buffer;
}

/* Exceptions of the x86, by vector; NULL where the vector is none. */
static const char *exception_name(uint32_t vector)
{
	static const char *const names[32] = {
		[0] = "divide error",
		[1] = "debug exception",
		[2] = "NMI",
		[3] = "breakpoint",
		[4] = "overflow",
		[5] = "bound range exceeded",
		[6] = "invalid opcode",
		[7] = "device not available",
		[8] = "double fault",
		[10] = "invalid TSS",
		[11] = "segment not present",
		[12] = "stack fault",
		[13] = "general protection",
		[14] = "page fault",
		[16] = "x87 error",
		[17] = "alignment check",
		[18] = "machine check",
		[19] = "SIMD error",
		[21] = "control protection",
	};

	return vector < ARRAY_SIZE(names) ? names[vector] : NULL;
}

static void describe_triple_fault(const struct failure_record *record, char *text, size_t size)
{
	const char *name = exception_name(record->vector);

	if (record->vector == FAILURE_VECTOR_NONE)
		snprintf(text, size, "ran into a triple fault");
	else if (record->vector == 14)
		snprintf(text, size,
			 "ran into a triple fault that began with a page fault at 0x%" PRIx64,
			 record->address);
	else if (name)
		snprintf(text, size, "ran into a triple fault that began with: %s", name);
	else
		snprintf(text, size, "ran into a triple fault that began with exception %" PRIu32,
			 record->vector);
}

static void describe_instruction(const struct failure_record *record, char *text, size_t size)
{
	size_t length = record->instruction_len;
	size_t used;

	used = (size_t)snprintf(text, size, "executed an instruction that no cell may execute");
	if (length > sizeof(record->instruction))
		length = sizeof(record->instruction);
	if (length)
		used += (size_t)snprintf(text + used, size - used, ", bytes");
	for (size_t i = 0; i < length && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, " %02x", record->instruction[i]);
}

static void describe_deed(const struct failure_record *record, char *text, size_t size)
{
	char bytes[32];

	size_text(record, bytes, sizeof(bytes));
	switch (record->reason) {
	case FAILURE_NONE:
		snprintf(text, size, "set its state to failed");
		break;
	case FAILURE_MEMORY_READ:
		snprintf(text, size,
			 "read %sat guest address 0x%" PRIx64 ", which is not its memory", bytes,
			 record->address);
		break;
	case FAILURE_MEMORY_WRITE:
		snprintf(text, size,
			 "wrote %sat guest address 0x%" PRIx64 ", which is not its memory", bytes,
			 record->address);
		break;
	case FAILURE_MEMORY_EXECUTE:
		snprintf(text, size,
			 "executed code at guest address 0x%" PRIx64 ", which is not its memory",
			 record->address);
		break;
	case FAILURE_PORT_READ:
		snprintf(text, size, "read %sfrom I/O port 0x%" PRIx64 ", which is not its own",
			 bytes, record->address);
		break;
	case FAILURE_PORT_WRITE:
		snprintf(text, size, "wrote %sto I/O port 0x%" PRIx64 ", which is not its own",
			 bytes, record->address);
		break;
	case FAILURE_MSR_READ:
		snprintf(text, size, "read MSR 0x%" PRIx64 ", which cells may not",
			 record->address);
		break;
	case FAILURE_MSR_WRITE:
		snprintf(text, size,
			 "wrote 0x%" PRIx64 " to MSR 0x%" PRIx64 ", which cells may not",
			 record->value, record->address);
		break;
	case FAILURE_TRIPLE_FAULT:
		describe_triple_fault(record, text, size);
		break;
	case FAILURE_APIC:
		snprintf(text, size,
			 "wrote 0x%" PRIx64 " to APIC register 0x%" PRIx64 ", which cells may not",
			 record->value, record->address);
		break;
	case FAILURE_CONTROL_REGISTER:
		snprintf(text, size, "changed control register CR%" PRIu64 " as cells may not",
			 record->address);
		break;
	case FAILURE_INSTRUCTION:
		describe_instruction(record, text, size);
		break;
	case FAILURE_UNHANDLED_EXIT:
		snprintf(text, size,
			 "did what the hypervisor does not handle, exit code 0x%" PRIx64,
			 record->exit_code);
		break;
	case FAILURE_KILLED:
		snprintf(text, size, "was killed");
		break;
	default:
		snprintf(text, size, "reason %" PRIu32 ", which this version does not know",
			 record->reason);
		break;
	}
}

char *failure_describe(const struct failure_record *record, const char *because)
{
	char deed[TEXT_MAX];
	char *text;
	int r;

	if (record->reason == FAILURE_KILLED && because)
		snprintf(deed, sizeof(deed), "%s", because);
	else
		describe_deed(record, deed, sizeof(deed));
	/* A cell that gave up by itself left no CPU state. */
	if (record->reason == FAILURE_NONE)
		return strdup(deed);
	r = asprintf(&text, "%s (rip 0x%" PRIx64 ", CPU %" PRIu32 ")", deed, record->rip,
		     record->cpu);
	return r < 0 ? NULL : text;
}

struct field_list {
	char **fields;
	unsigned int count;
};

static void add_field(struct field_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_field(struct field_list *list, const char *format, ...)
{
	va_list args;

	if (list->count == FAILURE_MAX_FIELDS)
		return;
	va_start(args, format);
	if (vasprintf(&list->fields[list->count], format, args) >= 0)
		list->count++;
	va_end(args);
}

unsigned int failure_fields(const struct failure_record *record, char *fields[FAILURE_MAX_FIELDS])
{
	struct field_list list = {.fields = fields};

	add_field(&list, "REASON=%s", failure_reason_name(record->reason));
	if (record->reason == FAILURE_NONE)
		return list.count;
	add_field(&list, "CPU=%" PRIu32, record->cpu);
	add_field(&list, "RIP=0x%" PRIx64, record->rip);
	add_field(&list, "CR3=0x%" PRIx64, record->cr3);
	add_field(&list, "ADDRESS=0x%" PRIx64, record->address);
	add_field(&list, "VALUE=0x%" PRIx64, record->value);
	if (record->size)
		add_field(&list, "SIZE=%" PRIu32, record->size);
	if (record->vector != FAILURE_VECTOR_NONE)
		add_field(&list, "VECTOR=%" PRIu32, record->vector);
	add_field(&list, "EXIT_CODE=0x%" PRIx64, record->exit_code);
	add_field(&list, "EXIT_INFO=0x%" PRIx64 " 0x%" PRIx64, record->exit_info1,
		  record->exit_info2);
	return list.count;
}
