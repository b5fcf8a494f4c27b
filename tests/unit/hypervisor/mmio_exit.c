// SPDX-License-Identifier: GPL-2.0-only
/* Trapped accesses, from the instruction's bytes to the device: the APIC's page, windows, what they
 * leave to root, the test device, refusals. */
#include <errno.h>

#include "arch/x86/asm.h"
#include "arch/x86/exit/exit.h"
#include "arch/x86/setup/setup.h"
#include "cell/cell.h"
#include "core/page_pool.h"
#include "window_cell.h"

#include "tests/lib/tap.h"

#define ATTR_64 0x0a9b
#define ATTR_32 0x0c9b
#define ATTR_16 0x009b

#define FLAG_CARRY 0x01ull
#define FLAG_ZERO  0x40ull

static struct cpu *open_machine(unsigned int cpu)
{
	machine_open(NULL);
	if (machine_create(&plan) < 0)
		machine_give_up("the cell cannot be made");
	cpu_by_id(CPU)->state = CPU_RUNNING;
	for (unsigned int n = 0; n < MACHINE_CPUS; n++)
		machine.cpus[n].regs[VCPU_CS_ATTRIBUTES] = ATTR_64;
	return cpu_by_id(cpu);
}

/* As if the instruction had touched this address. */
static enum verdict touch(struct cpu *cpu, const char *code, uint64_t guest_phys, bool write)
{
	struct fake_cpu *fake = fake_cpu_of(cpu);

	memset(fake->code, 0x90, sizeof(fake->code));
	memcpy(fake->code, code, strlen(code) < 2 ? 2 : strlen(code));
	fake->regs[VCPU_RIP] = 0;
	fake->regs[VCPU_NEXT_RIP] = 0;
	return machine_next(cpu, exit_memory(cpu, guest_phys, write, false, fake->delivering));
}

#define LOAD	"\x8b\x07"     /* mov (%rdi), %eax */
#define STORE	"\x89\x07"     /* mov %eax, (%rdi) */
#define LOAD8	"\x8a\x07"     /* mov (%rdi), %al */
#define STORE8	"\x88\x07"     /* mov %al, (%rdi) */
#define LOAD16	"\x66\x8b\x07" /* mov (%rdi), %ax */
#define STORE16 "\x66\x89\x07" /* mov %ax, (%rdi) */
#define LOAD64	"\x48\x8b\x07" /* mov (%rdi), %rax */
#define STORE64 "\x48\x89\x07" /* mov %rax, (%rdi) */
#define OR	"\x09\x07"     /* or %eax, (%rdi) */

static uint32_t *device32(uint64_t offset)
{
	return (uint32_t *)(machine.device + offset);
}

static volatile uint32_t *apic(unsigned int offset)
{
	return (volatile uint32_t *)(APIC_VIRT + offset);
}

static void test_apic(struct tap *tap)
{
	struct cpu *cpu = open_machine(CPU);
	uint64_t *rax = &cpu_gprs(cpu)->rax;
	uint32_t before = cpu->exits[EXITS_X86_XAPIC];

	*rax = 0x1234567890abcdef;
	tap_ok(tap,
	       touch(cpu, STORE, APIC_PAGE + 0x80, true) == VERDICT_HANDLED &&
		       *apic(0x80) == 0x90abcdef && machine.cpus[CPU].regs[VCPU_RIP] == 2,
	       "a write to the APIC's page reaches its register");
	touch(cpu, "\xc7\x07\x78\x56\x34\x92", APIC_PAGE + 0x380, true);
	tap_ok(tap, *apic(0x380) == 0x92345678 && machine.cpus[CPU].regs[VCPU_RIP] == 6,
	       "so does an immediate");
	*apic(0x320) = 0x10000;
	*rax = 0x20;
	touch(cpu, OR, APIC_PAGE + 0x320, true);
	tap_is_u64(tap, *apic(0x320), 0x10020, "an OR reads and writes");
	*rax = 2u << 8;
	tap_ok(tap,
	       touch(cpu, STORE, APIC_PAGE + 0x300, true) == VERDICT_FAULT &&
		       cpu->failure.reason == FAILURE_APIC && machine.cpus[CPU].regs[VCPU_RIP] == 0,
	       "what the APIC's code refuses stops the cell");
	tap_ok(tap,
	       touch(cpu, STORE8, APIC_PAGE + 0x80, true) == VERDICT_FAULT &&
		       cpu->failure.reason == FAILURE_INSTRUCTION,
	       "a byte is no access to it");
	tap_ok(tap, touch(cpu, STORE, APIC_PAGE + 0x82, true) == VERDICT_FAULT,
	       "nor is one that is not aligned");
	tap_is_u64(tap, cpu->exits[EXITS_X86_XAPIC] - before, 6, "each is counted as the APIC's");
	tap_is_u64(tap, cpu->exits[EXITS_MMIO], 0, "and as nothing else");
}

/* What was decoded is remembered, and taken for nothing else. */
static void test_remembered(struct tap *tap)
{
	struct cpu *cpu = open_machine(CPU);
	uint64_t *rax = &cpu_gprs(cpu)->rax;
	const char *rex_then_store = "\x41\x89\x07"; /* 32-bit code: inc %ecx first */

	*rax = 0x11;
	touch(cpu, STORE, APIC_PAGE + 0x80, true);
	*rax = 0x22;
	touch(cpu, STORE, APIC_PAGE + 0x80, true);
	tap_is_u64(tap, *apic(0x80), 0x22,
		   "the same instruction writes what the register has then");
	touch(cpu, "\x89\x0f", APIC_PAGE + 0x80, true);
	tap_is_u64(tap, *apic(0x80), (uint32_t)cpu_gprs(cpu)->rcx, "another one another register");
	touch(cpu, "\xc7\x07\x01\x02\x03\x04", APIC_PAGE + 0x380, true);
	touch(cpu, "\xc7\x07\x01\x02\x03\x05", APIC_PAGE + 0x380, true);
	tap_is_u64(tap, *apic(0x380), 0x05030201, "another immediate is another instruction");
	cpu_gprs(cpu)->r8 = 0x33;
	tap_ok(tap, touch(cpu, rex_then_store, APIC_PAGE + 0x80, true) == VERDICT_HANDLED,
	       "an instruction of 64-bit code");
	machine.cpus[CPU].regs[VCPU_CS_ATTRIBUTES] = ATTR_32;
	tap_is_u64(tap, touch(cpu, rex_then_store, APIC_PAGE + 0x80, true), VERDICT_FAULT,
		   "of which the bytes are none in 32-bit code");
	machine.cpus[CPU].regs[VCPU_CS_ATTRIBUTES] = ATTR_64;
	touch(cpu, "\xc7\x07\x01\x02\x03\x05", APIC_PAGE + 0x380, true);
	machine.cpus[CPU].told = 3;
	tap_is_u64(tap, touch(cpu, "\xc7\x07\x01\x02\x03\x05", APIC_PAGE + 0x380, true),
		   VERDICT_FAULT, "bytes that are not told do not count");
	machine.cpus[CPU].told = INSTRUCTION_MAX;
}

static void test_widths(struct tap *tap)
{
	static const struct {
		const char *code;
		uint64_t offset;
		bool allowed;
		const char *what;
	} cases[] = {
		{LOAD, 0, true, "a listed width"},
		{STORE, 0, true, "a listed width, written"},
		{STORE8, 5, true, "another listed width"},
		{LOAD16, 0, false, "a width that is not listed"},
		{STORE64, 8, false, "another one"},
		{LOAD, 0xd, false, "an access across the end"},
		{LOAD, 2, false, "an access that is not aligned"},
		{LOAD, 0x10, false, "an access behind the end"},
		{LOAD, 0x1e, false, "an access into the next region"},
		{LOAD16, 0x20, true, "any width where none is listed"},
		{STORE64, 0x28, true, "the widest"},
		{STORE64, 0x21, true, "one that is not aligned where that is allowed"},
		{LOAD64, 0x29, false, "which does not make it longer"},
		{LOAD, 0x30, true, "a read of what can be read"},
		{STORE, 0x30, false, "a write of it"},
		{OR, 0x30, false, "both in one"},
		{STORE, 0x38, true, "a write of what can be written"},
		{LOAD, 0x38, false, "a read of it"},
		{OR, 0x38, false, "both in one"},
		{"\xa4", 0x20, false, "a string instruction"},
	};
	struct cpu *cpu = open_machine(CPU);

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		bool write = cases[n].code[0] == '\x89' || cases[n].code[1] == '\x89' ||
			     cases[n].code[0] == '\x88' || cases[n].code[0] == '\x09';
		uint8_t before[0x40];
		enum verdict verdict;

		memset(machine.device, 0x11, 0x40);
		cpu_gprs(cpu)->rax = 0x8877665544332211ull ^ ~0ull;
		memcpy(before, machine.device, sizeof(before));
		machine.device_accesses = 0;
		verdict = touch(cpu, cases[n].code, WINDOW + cases[n].offset, write);
		tap_ok(tap,
		       verdict == (cases[n].allowed ? VERDICT_HANDLED : VERDICT_FAULT) &&
			       (machine.device_accesses != 0) == cases[n].allowed &&
			       (memcmp(before, machine.device, sizeof(before)) != 0) ==
				       (write && cases[n].allowed),
		       "%s is %s", cases[n].what, cases[n].allowed ? "done" : "refused");
	}
}

/* Root's other bytes of the page. */
static void test_rest(struct tap *tap)
{
	struct cpu *cpu = open_machine(0);
	uint64_t *rax = &cpu_gprs(cpu)->rax;

	tap_ok(tap,
	       !machine_lookup(&root_cell, DEVICE) && machine_lookup(&root_cell, DEVICE + 0x1000),
	       "root has not the page any more of which a cell has some bytes");
	*device32(0) = *device32(0x10) = *device32(0xffc) = 0x12345678;
	touch(cpu, LOAD, DEVICE + 0x10, false);
	tap_is_u64(tap, *rax, 0x12345678, "it reads what is left of it");
	*device32(0x100) = 0x11223344, *device32(0x104) = 0x55667788;
	touch(cpu, LOAD, DEVICE + 0x102, false);
	tap_is_u64(tap, *rax, 0x77881122, "aligned or not, as before");
	*rax = 0x55;
	touch(cpu, STORE16, DEVICE + 0x1e, true);
	touch(cpu, STORE, DEVICE + 0xffc, true);
	tap_ok(tap, *device32(0x1c) == 0x550000 && *device32(0xffc) == 0x55, "and writes it");
	tap_is_u64(tap, public_area.root_violations, 0, "which is no refusal");
	touch(cpu, LOAD, DEVICE, false);
	tap_is_u64(tap, *rax, 0xffffffff, "the cell's bytes read as ones");
	*rax = 0x77;
	touch(cpu, STORE, DEVICE, true);
	touch(cpu, STORE, DEVICE + 0xd, true);
	touch(cpu, STORE, DEVICE + 0x1e, true);
	touch(cpu, STORE64, DEVICE + 0x3c, true);
	tap_ok(tap, *device32(0) == 0x12345678 && *device32(0x20) == 0 && *device32(0x3c) == 0,
	       "writes to them are lost, those that touch them in part as a whole");
	tap_is_u64(tap, public_area.root_violations, 5, "and counted");
	machine_destroy(1);
	tap_ok(tap, machine_lookup(&root_cell, DEVICE) && !io_find(root_cell.io[IO_MEMORY], DEVICE),
	       "when the cell has gone root has the page again");
}

/* A window of two pages is two mappings. */
static void test_two_pages(struct tap *tap)
{
	static const struct blob_memory over = {DEVICE + 0x2f00, DEVICE + 0x2f00, 0x200,
						RW | BLOB_MEM_IO | BLOB_MEM_IO_UNALIGNED};
	const struct cell_plan other = {
		.name = "other", .id = 2, .cpus = 1 << 2, .memory = &over, .num_memory = 1};
	struct cpu *cpu;

	open_machine(0);
	if (machine_create(&other) < 0)
		machine_give_up("the cell cannot be made");
	cpu = cpu_by_id(2);
	cpu->state = CPU_RUNNING;
	cpu_gprs(cpu)->rax = ~0ull;
	for (unsigned int offset = 0xffd; offset < 0x1000; offset++)
		tap_ok(tap,
		       touch(cpu, STORE, DEVICE + 0x2000 + offset, true) == VERDICT_FAULT &&
			       machine.device_accesses == 0 && *device32(0x2ffc) == 0 &&
			       *device32(0x3000) == 0,
		       "an access to a window at 0x%x leaves the page and is refused", offset);
	touch(cpu, STORE, DEVICE + 0x2ffc, true);
	tap_ok(tap, *device32(0x2ffc) == 0xffffffff && *device32(0x3000) == 0,
	       "the last one of the page is done");
	cpu_gprs(cpu)->rdi = DEVICE + 0x3000;
	touch(cpu, STORE, DEVICE + 0x3000, true);
	tap_is_u64(tap, *device32(0x3000), 0xffffffff, "so is the first one of the next");
}

/* Two cells and root in one page. */
static void test_neighbours(struct tap *tap)
{
	static const struct blob_memory others[] = {
		{0x500000, 0, 0x1000, RWX},
		{DEVICE + 0x800, DEVICE + 0x800, 0x900, RW | BLOB_MEM_IO},
	};
	static const struct cell_plan other = {
		.name = "other",
		.id = 2,
		.cpus = 1 << 2,
		.memory = others,
		.num_memory = 2,
	};
	struct cpu *cpu = open_machine(0);
	uint64_t *rax = &cpu_gprs(cpu)->rax;

	tap_is_u64(tap, machine_create(&other), 0, "another cell has other bytes of the page");
	*device32(0x40) = *device32(0x800) = *device32(0x1100) = 0xabcd;
	*rax = 0;
	touch(cpu, LOAD, DEVICE + 0x40, false);
	tap_is_u64(tap, *rax, 0xabcd, "root reads what neither has");
	touch(cpu, LOAD, DEVICE + 0x800, false);
	tap_is_u64(tap, *rax, 0xffffffff, "not what the second one has");
	touch(cpu, LOAD, DEVICE + 0x1100, false);
	tap_is_u64(tap, *rax, 0xabcd, "and what is behind it in its last page");
	machine_destroy(1);
	tap_ok(tap, !machine_lookup(&root_cell, DEVICE),
	       "one of them goes: the page stays divided");
	*device32(0) = 0x99;
	touch(cpu, LOAD, DEVICE, false);
	tap_is_u64(tap, *rax, 0x99, "its bytes are root's again");
	touch(cpu, LOAD, DEVICE + 0x900, false);
	tap_is_u64(tap, *rax, 0xffffffff, "those of the other one are not");
	machine_destroy(2);
	tap_ok(tap,
	       machine_lookup(&root_cell, DEVICE) && machine_lookup(&root_cell, DEVICE + 0x1000) &&
		       root_cell.io[IO_MEMORY]->count == 1,
	       "the other one goes: root has both pages as before");
}

/* What root keeps as well divides no page. */
static void test_shared_bytes(struct tap *tap)
{
	static const struct blob_memory shared = {DEVICE + 0x5100, DEVICE + 0x5100, 8,
						  RW | BLOB_MEM_IO | BLOB_MEM_ROOTSHARED};
	static const struct blob_memory own = {DEVICE + 0x5200, DEVICE + 0x5200, 8,
					       RW | BLOB_MEM_IO};
	const struct cell_plan first = {
		.name = "first", .id = 2, .cpus = 1 << 2, .memory = &shared, .num_memory = 1};
	const struct cell_plan second = {
		.name = "second", .id = 3, .cpus = 1 << 1, .memory = &own, .num_memory = 1};

	open_machine(0);
	tap_ok(tap, machine_create(&first) == 0 && machine_lookup(&root_cell, DEVICE + 0x5000),
	       "root has the page of which a cell shares some bytes");
	tap_ok(tap, machine_create(&second) == 0 && !machine_lookup(&root_cell, DEVICE + 0x5000),
	       "until another one has some for itself");
	machine_destroy(3);
	tap_ok(tap, machine_lookup(&root_cell, DEVICE + 0x5000) != 0,
	       "and when that has gone, whoever shares the rest");
}

/* The processor reports the first byte that is not mapped. */
static void test_edge(struct tap *tap)
{
	static const struct {
		const char *code;
		uint64_t rdi, rcx;
		bool allowed;
	} cases[] = {
		{LOAD, WINDOW, 0, true},
		{LOAD, WINDOW - 2, 0, false},
		{LOAD, WINDOW - 1, 0, false},
		{LOAD8, WINDOW, 0, true},
		{"\x8b\x47\x10", WINDOW - 0x10, 0, true}, /* 0x10(%rdi) */
		{"\x8b\x47\x10", WINDOW - 0x11, 0, false},
		{"\x8b\x47\xf8", WINDOW + 8, 0, true},	  /* -8(%rdi) */
		{"\x8b\x04\x8f", WINDOW - 0x20, 8, true}, /* (%rdi,%rcx,4) */
		{"\x8b\x04\x8f", WINDOW - 0x20, 7, false},
		{"\x8b\x87\xfe\x0f\x01\x01", WINDOW - 0x1000fff, 0, false}, /* far (%rdi) */
		{"\x8b\x04\x25\x01\x80\x01\x01", 0, 0, false},		    /* absolute */
		{"\x64\x8b\x07", WINDOW, 0, false},			    /* %fs: unknown */
		{"\x8b\x05\xfa\x7f\x01\x01", 0, 0, true},		    /* from %rip */
		{"\x8b\x05\xfb\x7f\x01\x01", 0, 0, false},
	};
	struct cpu *cpu = open_machine(CPU);

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		enum verdict verdict;

		cpu_gprs(cpu)->rdi = cases[n].rdi;
		cpu_gprs(cpu)->rcx = cases[n].rcx;
		*device32(0) = 0x01020304;
		verdict = touch(cpu, cases[n].code, WINDOW, false);
		tap_ok(tap, verdict == (cases[n].allowed ? VERDICT_HANDLED : VERDICT_FAULT),
		       "access %u at a page's start is %s", n,
		       cases[n].allowed ? "done" : "refused: it began in the page before");
	}
}

/* Segments outside 64-bit mode may begin anywhere. */
static void test_edge_of_segments(struct tap *tap)
{
	static const struct {
		const char *code;
		uint64_t ds, ss, rsp;
		bool allowed;
	} cases[] = {
		{"\x66\xa1\x10\x20", WINDOW - 0x2010, 0, 0, true}, /* mov 0x2010, %eax */
		{"\x66\xa1\x10\x20", WINDOW - 0x2011, 0, 0, false},
		{"\x66\xa1\x01\x20", WINDOW - 0x2001, 0, 0, true},
		{"\x66\xa1\x01\x20", WINDOW - 0x2002, 0, 0, false},
		{"\x66\x8b\x46\x10", 0, WINDOW - 0x30, 0x20, true}, /* mov 0x10(%bp), %eax */
		{"\x66\x8b\x46\x10", WINDOW - 0x30, 0, 0x20, false},
		{"\x66\x67\x8b\x04\x24", 0, WINDOW - 0x20, 0x20, true}, /* mov (%esp), %eax */
		{"\x66\x36\xa1\x10\x20", 0, WINDOW - 0x2010, 0, false}, /* %ss: not asked */
	};
	struct cpu *cpu = open_machine(CPU);
	uint64_t *regs = machine.cpus[CPU].regs;

	regs[VCPU_CS_ATTRIBUTES] = ATTR_16;
	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		regs[VCPU_DS_BASE] = cases[n].ds;
		regs[VCPU_SS_BASE] = cases[n].ss;
		cpu_gprs(cpu)->rbp = cases[n].rsp;
		regs[VCPU_RSP] = cases[n].rsp;
		tap_ok(tap,
		       touch(cpu, cases[n].code, WINDOW + 0x20, false) == VERDICT_HANDLED &&
			       touch(cpu, cases[n].code, WINDOW, false) ==
				       (cases[n].allowed ? VERDICT_HANDLED : VERDICT_FAULT),
		       "access %u of 16-bit code at a page's start is %s", n,
		       cases[n].allowed ? "done" : "refused");
	}
}

static void test_device_forms(struct tap *tap)
{
	struct cpu *cpu = open_machine(CPU);
	struct guest_gprs *gprs = cpu_gprs(cpu);
	uint8_t *comm = (uint8_t *)cell_by_id(1)->comm;
	uint64_t page = COMM + PAGE_SIZE;

	gprs->rdi = page;
	gprs->rax = 0x1122334455667788;
	gprs->rbx = 0xaabb;
	touch(cpu, STORE64, page + 0x800, true);
	tap_is_u64(tap, *(uint64_t *)(comm + 0x800), 0x1122334455667788,
		   "the test device writes the communication region");
	touch(cpu, "\x88\x3f", page + 0x801, true); /* mov %bh, (%rdi) */
	tap_is_u64(tap, *(uint64_t *)(comm + 0x800), 0x112233445566aa88,
		   "upper bytes of registers");
	touch(cpu, "\x0f\xbe\x07", page + 0x801, false); /* movsbl */
	tap_is_u64(tap, gprs->rax, 0xffffffaa, "sign-extended");
	touch(cpu, "\x48\x0f\xb7\x07", page + 0x800, false); /* movzwq */
	tap_is_u64(tap, gprs->rax, 0xaa88, "zero-extended");
	gprs->rax = 5;
	touch(cpu, "\x87\x07", page + 0x804, true); /* xchg */
	tap_ok(tap, gprs->rax == 0x11223344 && *(uint32_t *)(comm + 0x804) == 5, "exchanged");
	touch(cpu, "\x83\x07\xff", page + 0x804, true); /* addl $-1 */
	tap_is_u64(tap, *(uint32_t *)(comm + 0x804), 4, "added to");
	machine.cpus[CPU].regs[VCPU_RFLAGS] = RFLAGS_FIXED;
	touch(cpu, "\x83\x07\xfc", page + 0x804, true); /* addl $-4: zero, and a carry */
	tap_is_u64(tap,
		   machine.cpus[CPU].regs[VCPU_RFLAGS] & (FLAG_ZERO | FLAG_CARRY | RFLAGS_FIXED),
		   FLAG_ZERO | FLAG_CARRY | RFLAGS_FIXED, "which the flags tell");
	touch(cpu, "\x83\x07\x04", page + 0x804, true);
	tap_is_u64(tap, machine.cpus[CPU].regs[VCPU_RFLAGS] & (FLAG_ZERO | FLAG_CARRY), 0,
		   "as they do of the next one");
	touch(cpu, "\xf7\x07\x04", page + 0x804, false); /* testl $4: an immediate with zeros */
	tap_ok(tap,
	       touch(cpu, LOAD, page, false) == VERDICT_HANDLED &&
		       memcmp(&gprs->rax, COMM_REGION_MAGIC, 4) == 0,
	       "its first word is the region's");
	tap_ok(tap, touch(cpu, LOAD64, page + 0xffc, false) == VERDICT_FAULT,
	       "an access does not leave the page");
	touch(cpu, STORE, page + 0xffc, true);
	tap_is_u64(tap, *(uint32_t *)(comm + 0xffc), (uint32_t)gprs->rax, "the last word is in it");
}

/* Where nothing is. */
static void test_refusals(struct tap *tap)
{
	struct cpu *cpu = open_machine(0);
	struct fake_cpu *fake = &machine.cpus[0];
	uint64_t *rax = &cpu_gprs(cpu)->rax;

	*rax = 0;
	tap_ok(tap,
	       touch(cpu, LOAD16, 0x400000, false) == VERDICT_HANDLED && *rax == 0xffff &&
		       fake->regs[VCPU_RIP] == 3,
	       "root reads ones where a cell's memory is");
	tap_ok(tap, touch(cpu, "\xa4", 0x400000, false) == VERDICT_GP && fake->regs[VCPU_RIP] == 0,
	       "of a string instruction nothing is done");
	tap_ok(tap, exit_memory(cpu, 0x400000, false, true, false) == VERDICT_UD,
	       "there is no instruction to execute");
	tap_ok(tap, exit_memory(cpu, 0x400000, false, false, true) == VERDICT_GP,
	       "its own page tables cannot be there");
	cpu = cpu_by_id(CPU);
	*rax = 0;
	cpu_gprs(cpu)->rax = 0x42;
	tap_ok(tap,
	       touch(cpu, STORE8, 0x900000, true) == VERDICT_FAULT &&
		       cpu->failure.reason == FAILURE_MEMORY_WRITE && cpu->failure.value == 0x42 &&
		       cpu->failure.size == 1 && cpu->failure.address == 0x900000,
	       "a cell is stopped for it, and the record has what it would have written");
	tap_ok(tap,
	       exit_memory(cpu, WINDOW, false, true, false) == VERDICT_FAULT &&
		       cpu->failure.reason == FAILURE_MEMORY_EXECUTE,
	       "nobody executes device registers");
}

/* An event that cannot be delivered, since its stack or table is not there any more. */
static void test_delivery(struct tap *tap)
{
	struct cpu *cpu = open_machine(0);
	struct fake_cpu *fake = &machine.cpus[0];

	fake->delivering = true;
	tap_ok(tap, touch(cpu, STORE, 0x400000, true) == VERDICT_GP && fake->regs[VCPU_RIP] == 0,
	       "a fault in the delivery of an event is no access of the instruction there");
	cpu_gprs(cpu_by_id(CPU))->rax = 1;
	machine.cpus[CPU].delivering = true;
	tap_ok(tap,
	       touch(cpu_by_id(CPU), STORE, WINDOW, true) == VERDICT_FAULT && *device32(0) == 0,
	       "and reaches no device");
}

int main(void)
{
	struct tap tap = {0};

	test_apic(&tap);
	test_remembered(&tap);
	test_widths(&tap);
	test_rest(&tap);
	test_two_pages(&tap);
	test_neighbours(&tap);
	test_shared_bytes(&tap);
	test_edge(&tap);
	test_edge_of_segments(&tap);
	test_device_forms(&tap);
	test_refusals(&tap);
	test_delivery(&tap);
	return tap_done(&tap);
}
