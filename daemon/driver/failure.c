// SPDX-License-Identifier: GPL-2.0-only
#include "driver/failure.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#define VECTOR_PAGE_FAULT 14

#define DEED_ENTRY(symbol, word, deed) [symbol] = deed,

static const char *const words[] = {FAILURE_REASONS(WORD_ENTRY)};
static const char *const deeds[] = {FAILURE_REASONS(DEED_ENTRY)};

const char *failure_reason_name(uint32_t reason)
{
	return reason < FAILURE_REASON_COUNT ? words[reason] : "unknown";
}

/* Told by the cell, which does not know its physical CPU; there was no exit. */
static bool is_own_word(const struct failure_record *record)
{
	return record->reason == FAILURE_EXCEPTION || record->reason == FAILURE_STACK_OVERFLOW;
}

/*
 * A cell that gave up by itself left no state of a CPU, or what it says of it; of one that was
 * killed none may be known.
 */
static bool tells_place(const struct failure_record *record)
{
	if (record->reason == FAILURE_KILLED)
		return record->rip != 0;
	return record->reason != FAILURE_NONE && record->reason != FAILURE_MESSAGE;
}

static void tell_address(FILE *out, const struct failure_record *record)
{
	fprintf(out, "0x%" PRIx64, record->address);
}

static void tell_value(FILE *out, const struct failure_record *record)
{
	fprintf(out, "0x%" PRIx64, record->value);
}

static void tell_stack(FILE *out, const struct failure_record *record)
{
	fprintf(out, "%" PRIu64, record->value);
}

static void tell_exit(FILE *out, const struct failure_record *record)
{
	fprintf(out, "0x%" PRIx64, record->exit_code);
}

/* Nothing where the size is not known. */
static void tell_bytes(FILE *out, const struct failure_record *record)
{
	if (record->size)
		fprintf(out, "%" PRIu32 " byte%s ", record->size, record->size == 1 ? "" : "s");
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

static void tell_exception(FILE *out, const struct failure_record *record)
{
	const char *name = exception_name(record->vector);

	if (name)
		fputs(name, out);
	else
		fprintf(out, "exception %" PRIu32, record->vector);
}

static void tell_fault(FILE *out, const struct failure_record *record)
{
	tell_exception(out, record);
	if (record->vector == VECTOR_PAGE_FAULT)
		fprintf(out, " at 0x%" PRIx64, record->address);
}

static void tell_first(FILE *out, const struct failure_record *record)
{
	if (record->vector == FAILURE_VECTOR_NONE)
		return;
	fputs(" that began with", out);
	if (record->vector == VECTOR_PAGE_FAULT)
		fputs(" a ", out);
	else
		fputs(exception_name(record->vector) ? ": " : " ", out);
	tell_fault(out, record);
}

static void tell_instruction(FILE *out, const struct failure_record *record)
{
	size_t length = record->instruction_len;

	if (length > sizeof(record->instruction))
		length = sizeof(record->instruction);
	if (length)
		fputs(", bytes", out);
	for (size_t i = 0; i < length; i++)
		fprintf(out, " %02x", record->instruction[i]);
}

/* The cell may have written anything. */
static void tell_message(FILE *out, const struct failure_record *record)
{
	for (size_t n = 0; n < sizeof(record->message) && record->message[n]; n++) {
		const unsigned char c = record->message[n];

		fputc(c >= 0x20 && c < 0x7f ? c : '?', out);
	}
}

/* What stands in braces in a deed (failure_record.h). */
static const struct {
	const char *name;
	void (*tell)(FILE *out, const struct failure_record *record);
} parts[] = {
	{"{address}", tell_address},	 {"{value}", tell_value},
	{"{exit}", tell_exit},		 {"{bytes}", tell_bytes},
	{"{first}", tell_first},	 {"{instruction}", tell_instruction},
	{"{exception}", tell_exception}, {"{fault}", tell_fault},
	{"{stack}", tell_stack},	 {"{message}", tell_message},
};

/* Returns what follows the part that text begins with; without one, what follows its first byte. */
static const char *tell_part(FILE *out, const struct failure_record *record, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t length = strlen(parts[i].name);

		if (strncmp(text, parts[i].name, length) == 0) {
			parts[i].tell(out, record);
			return text + length;
		}
	}
	fputc(*text, out);
	return text + 1;
}

static void tell_deed(FILE *out, const struct failure_record *record)
{
	if (record->reason >= FAILURE_REASON_COUNT) {
		fprintf(out, "reason %" PRIu32 ", which this version does not know",
			record->reason);
		return;
	}
	for (const char *text = deeds[record->reason]; *text;)
		text = tell_part(out, record, text);
}

char *failure_describe(const struct failure_record *record, const char *because)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (record->reason == FAILURE_KILLED && because)
		fputs(because, out);
	else
		tell_deed(out, record);
	if (is_own_word(record))
		fprintf(out, " (rip 0x%" PRIx64 ")", record->rip);
	else if (record->reason == FAILURE_CPU_LOST)
		fprintf(out, " (CPU %" PRIu32 ")", record->cpu);
	else if (tells_place(record))
		fprintf(out, " (rip 0x%" PRIx64 ", CPU %" PRIu32 ")", record->rip, record->cpu);
	return memstream_end(out, &text);
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
	const bool own_word = is_own_word(record);

	add_field(&list, "REASON=%s", failure_reason_name(record->reason));
	if (!tells_place(record))
		return list.count;
	if (!own_word)
		add_field(&list, "CPU=%" PRIu32, record->cpu);
	add_field(&list, "RIP=0x%" PRIx64, record->rip);
	if (!own_word)
		add_field(&list, "CR3=0x%" PRIx64, record->cr3);
	add_field(&list, "ADDRESS=0x%" PRIx64, record->address);
	add_field(&list, "VALUE=0x%" PRIx64, record->value);
	if (record->size)
		add_field(&list, "SIZE=%" PRIu32, record->size);
	if (record->vector != FAILURE_VECTOR_NONE)
		add_field(&list, "VECTOR=%" PRIu32, record->vector);
	if (own_word)
		return list.count;
	add_field(&list, "EXIT_CODE=0x%" PRIx64, record->exit_code);
	add_field(&list, "EXIT_INFO=0x%" PRIx64 " 0x%" PRIx64, record->exit_info1,
		  record->exit_info2);
	if (record->flags & FAILURE_STATE_UNDEFINED)
		add_field(&list, "REGISTERS=undefined");
	return list.count;
}

unsigned int failure_registers(const struct failure_record *record,
			       struct failure_register ret_registers[FAILURE_MAX_REGISTERS])
{
	static const char *const names[FAILURE_GPR_COUNT] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
	};
	const struct failure_register others[] = {
		{"rip", record->rip},	{"rflags", record->rflags}, {"cr0", record->cr0},
		{"cr2", record->cr2},	{"cr3", record->cr3},	    {"cr4", record->cr4},
		{"efer", record->efer}, {"cs", record->cs},	    {"cs-base", record->cs_base},
		{"ss", record->ss},	{"ds", record->ds},	    {"es", record->es},
	};
	unsigned int count = 0;

	if (!tells_place(record) || is_own_word(record))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ret_registers[count++] = (struct failure_register){names[i], record->gpr[i]};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		ret_registers[count++] = others[i];
	return count;
}
