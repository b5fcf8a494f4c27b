// SPDX-License-Identifier: GPL-2.0-only
#include "driver/failure.h"
#include "tests/lib/tap.h"

/* Every sentence that an administrator may read, with the record that makes it. */
static const struct {
	struct failure_record record;
	const char *reason;
	const char *text;
} cases[] = {
	{{.reason = FAILURE_NONE}, "cell", "set its state to failed"},
	{{.reason = FAILURE_MEMORY_WRITE, .address = 0xdead000, .size = 4, .rip = 0x1234, .cpu = 2},
	 "memory-write",
	 "wrote 4 bytes at guest address 0xdead000, which is not its memory (rip 0x1234, CPU 2)"},
	{{.reason = FAILURE_MEMORY_READ, .address = 0x200000, .size = 1, .rip = 0x10, .cpu = 3},
	 "memory-read",
	 "read 1 byte at guest address 0x200000, which is not its memory (rip 0x10, CPU 3)"},
	{{.reason = FAILURE_MEMORY_READ, .address = 0x200000},
	 "memory-read",
	 "read at guest address 0x200000, which is not its memory (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_MEMORY_EXECUTE, .address = 0x300000, .rip = 0x300000},
	 "memory-execute",
	 "executed code at guest address 0x300000, which is not its memory (rip 0x300000, CPU 0)"},
	{{.reason = FAILURE_PORT_READ, .address = 0x3f8, .size = 1},
	 "port-read",
	 "read 1 byte from I/O port 0x3f8, which is not its own (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_PORT_WRITE, .address = 0xcf9, .size = 2},
	 "port-write",
	 "wrote 2 bytes to I/O port 0xcf9, which is not its own (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_MSR_READ, .address = 0xc0000080},
	 "msr-read",
	 "read MSR 0xc0000080, which cells may not (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_MSR_WRITE, .address = 0x1b, .value = 0xfee00900},
	 "msr-write",
	 "wrote 0xfee00900 to MSR 0x1b, which cells may not (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_TRIPLE_FAULT, .vector = 14, .address = 0x8},
	 "triple-fault",
	 "ran into a triple fault that began with a page fault at 0x8 (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_TRIPLE_FAULT, .vector = 6},
	 "triple-fault",
	 "ran into a triple fault that began with: invalid opcode (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_TRIPLE_FAULT, .vector = 200},
	 "triple-fault",
	 "ran into a triple fault that began with exception 200 (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_TRIPLE_FAULT, .vector = FAILURE_VECTOR_NONE},
	 "triple-fault",
	 "ran into a triple fault (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_APIC, .address = 0x300, .value = 0x4500},
	 "apic",
	 "wrote 0x4500 to APIC register 0x300, which cells may not (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_INSTRUCTION, .instruction_len = 3, .instruction = {0x0f, 0x01, 0xd8}},
	 "instruction",
	 "executed an instruction that no cell may execute, bytes 0f 01 d8 (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_UNHANDLED_EXIT, .exit_code = 0x7b},
	 "unhandled-exit",
	 "did what the hypervisor does not handle, exit code 0x7b (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_KILLED}, "killed", "was killed"},
	{{.reason = FAILURE_CPU_LOST, .cpu = 3},
	 "cpu-lost",
	 "has a CPU that does not answer the hypervisor (CPU 3)"},
	{{.reason = FAILURE_HYPERVISOR_EXCEPTION, .vector = 6, .rip = 0x40001000, .cpu = 3},
	 "hypervisor-exception",
	 "met a fault of the hypervisor itself: invalid opcode, address 0x0 (rip 0x40001000, CPU "
	 "3)"},
	{{.reason = FAILURE_HYPERVISOR_EXCEPTION, .vector = 30},
	 "hypervisor-exception",
	 "met a fault of the hypervisor itself: exception 30, address 0x0 (rip 0x0, CPU 0)"},
	{{.reason = FAILURE_MACHINE_CHECK, .value = 0xb200000000070005, .address = 0x1234},
	 "machine-check",
	 "met an error of the machine, not its own: status 0xb200000000070005, address 0x1234 "
	 "(rip 0x0, CPU 0)"},
	{{.reason = FAILURE_EXCEPTION, .vector = 14, .address = 0x140000000, .rip = 0x1200},
	 "exception",
	 "caused an exception: page fault at 0x140000000 (rip 0x1200)"},
	{{.reason = FAILURE_EXCEPTION, .vector = 0, .rip = 0x1200},
	 "exception",
	 "caused an exception: divide error (rip 0x1200)"},
	{{.reason = FAILURE_EXCEPTION, .vector = 0xfffffff},
	 "exception",
	 "caused an exception: exception 268435455 (rip 0x0)"},
	{{.reason = FAILURE_STACK_OVERFLOW, .address = 0x5ff8, .value = 16384, .rip = 0x1300},
	 "stack-overflow",
	 "had a stack overflow at 0x5ff8, in a stack of 16384 bytes (rip 0x1300)"},
	{{.reason = FAILURE_MESSAGE, .message = "link: no peer"},
	 "message",
	 "gave up: link: no peer"},
	{{.reason = FAILURE_MESSAGE, .message = "\033[2J\n\xc3\xa4\x7f"},
	 "message",
	 "gave up: ?[2J????"},
	{{.reason = FAILURE_MESSAGE}, "message", "gave up: "},
	{{.reason = 4711},
	 "unknown",
	 "reason 4711, which this version does not know (rip 0x0, CPU 0)"},
};

static void test_sentences(struct tap *tap)
{
	bool seen[FAILURE_REASON_COUNT] = {false};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *text = failure_describe(&cases[i].record, NULL);

		tap_is_str(tap, text, cases[i].text, "%s is told", cases[i].reason);
		tap_is_str(tap, failure_reason_name(cases[i].record.reason), cases[i].reason,
			   "%s has its word", cases[i].reason);
		if (cases[i].record.reason < FAILURE_REASON_COUNT)
			seen[cases[i].record.reason] = true;
	}
	for (size_t i = 0; i < FAILURE_REASON_COUNT; i++)
		tap_ok(tap, seen[i], "reason %zu has a case here", i);
}

static void test_because(struct tap *tap)
{
	const struct failure_record killed = {.reason = FAILURE_KILLED},
				    fault = {.reason = FAILURE_MSR_READ, .address = 0x1b};
	_cleanup_(freep) char *told = failure_describe(&killed, "was killed at dawn");
	_cleanup_(freep) char *other = failure_describe(&fault, "was killed at dawn");

	tap_is_str(tap, told, "was killed at dawn", "why it was killed is told");
	tap_is_str(tap, other, "read MSR 0x1b, which cells may not (rip 0x0, CPU 0)",
		   "a fault that came first is told");
}

static void test_absurd_records(struct tap *tap)
{
	struct failure_record record;

	memset(&record, 0xff, sizeof(record));
	for (uint32_t reason = 0; reason < FAILURE_REASON_COUNT + 2; reason++) {
		_cleanup_(freep) char *text = NULL;
		char *fields[FAILURE_MAX_FIELDS];
		unsigned int count;

		record.reason = reason;
		text = failure_describe(&record, NULL);
		count = failure_fields(&record, fields);
		tap_ok(tap, text && count >= 1 && count <= FAILURE_MAX_FIELDS,
		       "a record of ones with reason %u is told", reason);
		for (unsigned int i = 0; i < count; i++)
			free(fields[i]);
	}
}

static void fields_are(struct tap *tap, const struct failure_record *record,
		       const char *const expected[], unsigned int expected_count)
{
	char *fields[FAILURE_MAX_FIELDS];
	unsigned int count = failure_fields(record, fields);

	tap_is_u64(tap, count, expected_count, "number of journal fields");
	for (unsigned int i = 0; i < count; i++) {
		tap_is_str(tap, fields[i], i < expected_count ? expected[i] : "",
			   "journal field %u", i);
		free(fields[i]);
	}
}

static void test_fields(struct tap *tap)
{
	static const char *const expected[] = {
		"REASON=memory-write",	   "CPU=2",	"RIP=0x1234", "CR3=0x5000",
		"ADDRESS=0xdead000",	   "VALUE=0x7", "SIZE=4",     "EXIT_CODE=0x400",
		"EXIT_INFO=0x6 0xdead000",
	};
	/* A cell does not know the physical CPU, and there was no exit. */
	static const char *const own_word[] = {
		"REASON=stack-overflow", "RIP=0x1300", "ADDRESS=0x5ff8",
		"VALUE=0x4000",		 "VECTOR=14",
	};
	static const char *const message[] = {"REASON=message"};
	const struct failure_record gave_up = {.reason = FAILURE_MESSAGE, .message = "so"};
	const struct failure_record overflow = {
		.reason = FAILURE_STACK_OVERFLOW,
		.address = 0x5ff8,
		.value = 0x4000,
		.vector = 14,
		.rip = 0x1300,
	};
	const struct failure_record record = {
		.reason = FAILURE_MEMORY_WRITE,
		.cpu = 2,
		.address = 0xdead000,
		.value = 7,
		.size = 4,
		.vector = FAILURE_VECTOR_NONE,
		.exit_code = 0x400,
		.exit_info1 = 6,
		.exit_info2 = 0xdead000,
		.rip = 0x1234,
		.cr3 = 0x5000,
	};

	fields_are(tap, &record, expected, ARRAY_SIZE(expected));
	fields_are(tap, &overflow, own_word, ARRAY_SIZE(own_word));
	fields_are(tap, &gave_up, message, ARRAY_SIZE(message));
}

int main(void)
{
	struct tap tap = {0};

	test_sentences(&tap);
	test_because(&tap);
	test_absurd_records(&tap);
	test_fields(&tap);
	return tap_done(&tap);
}
