// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CPUID says to root and to cells: on a processor that says all, where what is taken away
 * shows, and one that says nothing, where what is added does.
 */
#include <stdlib.h>

#include "arch/x86/exit/exit.h"
#include "arch/x86/logic/apic_rights.h"
#include "plant_cell.h"

#include "tests/lib/tap.h"

enum reg { EAX, EBX, ECX, EDX, REGS };

struct answer {
	uint32_t regs[REGS];
};

static struct answer ask(unsigned int cpu_id, uint32_t leaf, uint32_t subleaf)
{
	struct cpu *cpu = cpu_by_id(cpu_id);
	struct guest_gprs *gprs = cpu_gprs(cpu);
	struct answer answer = {0};

	gprs->rax = 0xabcd000000000000 | leaf;
	gprs->rcx = 0xabcd000000000000 | subleaf;
	gprs->rbx = gprs->rdx = 0xabcd000000000000;
	/* Anything else than what an answer must be is told as one that no processor gives. */
	if (exit_cpuid(cpu) != VERDICT_NEXT ||
	    (gprs->rax | gprs->rbx | gprs->rcx | gprs->rdx) >> 32)
		return (struct answer){{0xbad, 0xbad, 0xbad, 0xbad}};
	answer.regs[EAX] = gprs->rax;
	answer.regs[EBX] = gprs->rbx;
	answer.regs[ECX] = gprs->rcx;
	answer.regs[EDX] = gprs->rdx;
	return answer;
}

#define ALL (~0u)

/* What a guest is told, by a processor that says all there is, and by one that says nothing. */
struct expected {
	uint32_t leaf, subleaf, of_all[REGS], of_none[REGS];
};

#define AT(the_leaf, the_subleaf) .leaf = (the_leaf), .subleaf = (the_subleaf)

static const struct expected for_root[] = {
	{AT(1, 0), .of_all = {ALL, ALL, ~(1u << 27), ALL}, .of_none = {0, 0, 1u << 31}},
	{AT(1, 1), .of_all = {ALL, ALL, ~(1u << 27), ALL}, .of_none = {0, 0, 1u << 31}},
	{AT(7, 0), .of_all = {ALL, ALL, ~(1u << 4), ALL}},
	{AT(7, 1), .of_all = {ALL, ALL, ALL, ALL}},
};

/* APM vol. 3, appendix E; what Intel's processors have there is in the SDM, vol. 2, CPUID. */
static const struct expected for_cell[] = {
	{AT(1, 0), .of_all = {ALL, 0xff01ffff, 0xf7da3203, 0x0f8bbb7f},
	 .of_none = {0, 1u << 16, 1u << 31}},
	{AT(4, 2), .of_all = {0x3fff, ALL, ALL, ALL}},
	{AT(5, 0)},
	{AT(6, 0), .of_all = {4}},
	{AT(7, 0), .of_all = {1, 0xfdbf2ff9, 0x1a415f4f, 0x0fc0411c}},
	{AT(7, 1), .of_all = {0x30}},
	{AT(7, 2)},
	{AT(0xa, 0)},
	{AT(0xb, 1)},
	{AT(0xd, 0), .of_all = {ALL, ALL, ALL, ALL}},
	{AT(0xd, 1), .of_all = {0xf, ALL}},
	{AT(0xd, 2), .of_all = {ALL, ALL, ALL, ALL}},
	{AT(0xf, 0)},
	{AT(0x10, 1)},
	{AT(0x12, 0)},
	{AT(0x14, 0)},
	{AT(0x1c, 0)},
	{AT(0x1f, 0)},
	{AT(0x80000001, 0), .of_all = {ALL, ALL, 0x002109f1, 0xefd3bb7f}},
	{AT(0x80000007, 0), .of_all = {0, 0, 0, 1u << 8}},
	{AT(0x80000008, 0), .of_all = {ALL, 0x751ff215, 0, ALL}},
	{AT(0x8000000a, 0)},
	{AT(0x8000001b, 0)},
	{AT(0x8000001c, 0)},
	{AT(0x8000001d, 3)},
	{AT(0x8000001e, 0)},
	{AT(0x8000001f, 0)},
	{AT(0x80000020, 1)},
	{AT(0x80000021, 0), .of_all = {0xc4f, ALL}},
	{AT(0x80000022, 0)},
	{AT(0x80000023, 0)},
	{AT(0x80000026, 1)},
};

static bool has(const struct expected *rows, size_t size, uint32_t leaf)
{
	for (size_t n = 0; n < size; n++) {
		if (rows[n].leaf == leaf)
			return true;
	}
	return false;
}

static void test_rows(struct tap *tap, unsigned int cpu, const struct expected *rows, size_t size)
{
	struct answer of_all, of_none;

	for (size_t n = 0; n < size; n++) {
		machine.cpuid_bits = ALL;
		of_all = ask(cpu, rows[n].leaf, rows[n].subleaf);
		machine.cpuid_bits = 0;
		of_none = ask(cpu, rows[n].leaf, rows[n].subleaf);
		tap_ok(tap,
		       memcmp(of_all.regs, rows[n].of_all, sizeof(of_all)) == 0 &&
			       memcmp(of_none.regs, rows[n].of_none, sizeof(of_none)) == 0,
		       "%s, leaf 0x%x, %u", cpu ? "a cell" : "root", rows[n].leaf, rows[n].subleaf);
	}
}

/* Promises of registers and instructions that stop a cell or fault in it. */
static const struct {
	uint32_t leaf;
	enum reg reg;
	unsigned int bit;
	const char *name;
} broken_promises[] = {
	{1, ECX, 3, "MONITOR"},
	{1, EDX, 7, "machine check exceptions"},
	{1, EDX, 14, "machine check registers"},
	{1, EDX, 28, "more than one CPU in the package"},
	{7, ECX, 7, "shadow stacks"},
	{7, EBX, 15, "resource control"},
	{0x80000001, ECX, 2, "SVM"},
	{0x80000001, ECX, 10, "instruction sampling"},
	{0x80000001, ECX, 12, "SKINIT"},
	{0x80000001, ECX, 22, "topology"},
	{0x80000001, ECX, 23, "performance counters"},
	{0x80000007, EBX, 3, "scalable machine check registers"},
	{0x80000008, EBX, 3, "INVLPGB"},
	{0x80000008, EBX, 27, "performance control"},
	{0x8000001f, EAX, 0, "memory encryption"},
};

static void test_promises(struct tap *tap)
{
	machine.cpuid_bits = ALL;
	for (size_t n = 0; n < sizeof(broken_promises) / sizeof(*broken_promises); n++) {
		struct answer answer = ask(PLANT_CPU, broken_promises[n].leaf, 0);

		tap_ok(tap, !(answer.regs[broken_promises[n].reg] & 1u << broken_promises[n].bit),
		       "a cell is not promised %s", broken_promises[n].name);
	}
}

static unsigned int count_wrong(unsigned int cpu, uint32_t first, uint32_t last,
				const struct expected *rows, size_t size)
{
	unsigned int wrong = 0;
	struct answer answer;

	for (uint32_t leaf = first; leaf <= last; leaf++) {
		for (uint32_t subleaf = 0; subleaf < 3; subleaf++) {
			answer = ask(cpu, leaf, subleaf);
			for (enum reg reg = EAX; reg < REGS && !has(rows, size, leaf); reg++)
				wrong += answer.regs[reg] != machine.cpuid_bits;
			wrong +=
				machine.cpuid_asked[0] != leaf || machine.cpuid_asked[1] != subleaf;
		}
	}
	return wrong;
}

static void test_rest(struct tap *tap)
{
	/* The last range has the same lower bits as leaves that are changed. */
	static const uint32_t ranges[][2] = {
		{0, 0x140},
		{0x40000002, 0x40000080},
		{0x80000000, 0x80000140},
		{0xc0000000, 0xc0000040},
		{0x01000000, 0x01000040},
		{0x80000fc0, 0x80001040},
	};
	static const uint32_t bits[] = {ALL, 0, 0xa5a5a5a5};
	unsigned int root = 0, cell = 0;

	for (unsigned int n = 0; n < 3; n++) {
		machine.cpuid_bits = bits[n];
		for (size_t r = 0; r < sizeof(ranges) / sizeof(*ranges); r++) {
			root += count_wrong(0, ranges[r][0], ranges[r][1], for_root,
					    sizeof(for_root) / sizeof(*for_root));
			cell += count_wrong(PLANT_CPU, ranges[r][0], ranges[r][1], for_cell,
					    sizeof(for_cell) / sizeof(*for_cell));
		}
	}
	tap_is_u64(tap, root, 0, "all else root is told as the processor says it");
	tap_is_u64(tap, cell, 0, "and a cell as well");
}

static void test_own_bits(struct tap *tap)
{
	machine.cpuid_bits = 0;
	for (unsigned int n = 0; n < MACHINE_CPUS; n++)
		machine.cpus[n].regs[VCPU_CR4] = 1u << 18 | 1u << 22; /* OSXSAVE, PKE */
	tap_ok(tap,
	       (ask(0, 1, 0).regs[ECX] & 1u << 27) && (ask(PLANT_CPU, 1, 0).regs[ECX] & 1u << 27),
	       "OSXSAVE follows the guest's CR4, not the hypervisor's");
	tap_ok(tap, ask(0, 7, 0).regs[ECX] == 1u << 4 && ask(PLANT_CPU, 7, 0).regs[ECX] == 1u << 4,
	       "so does OSPKE");
	tap_is_u64(tap, ask(0, 7, 1).regs[ECX], 0, "in its own subleaf only");
}

static void test_signature(struct tap *tap)
{
	static const unsigned int callers[] = {0, PLANT_CPU};
	struct answer base, features;

	machine.cpuid_bits = ~0u;
	for (unsigned int n = 0; n < 2; n++) {
		base = ask(callers[n], 0x40000000, 0);
		features = ask(callers[n], 0x40000001, 0);
		tap_ok(tap,
		       base.regs[EAX] == 0x40000001 &&
			       memcmp(&base.regs[EBX], "Jailhouse\0\0\0", 12) == 0,
		       "%s finds the signature of the cell ABI", n ? "a cell" : "root");
		tap_ok(tap,
		       !(features.regs[EAX] | features.regs[EBX] | features.regs[ECX] |
			 features.regs[EDX]),
		       "and no features, whatever the processor has there");
	}
}

#define X2APIC (1u << 21)

/* The mode that the machine is in, decided when the hypervisor opens. */
static void open_machine(struct tap *tap, bool x2)
{
	apic_x2 = x2;
	machine_open(NULL);
	machine.cpuid_bits = ALL;
	if (!tap_is_u64(tap, machine_create(&plant), 0, "a cell to ask is created"))
		exit(tap_done(tap));
	tap_is_u64(tap, ask(PLANT_CPU, 1, 0).regs[ECX] & X2APIC, x2 ? X2APIC : 0,
		   "it is told whether the APIC is in x2APIC mode");
}

int main(void)
{
	struct tap tap = {0};

	open_machine(&tap, true);
	open_machine(&tap, false);
	test_rows(&tap, 0, for_root, sizeof(for_root) / sizeof(*for_root));
	test_rows(&tap, PLANT_CPU, for_cell, sizeof(for_cell) / sizeof(*for_cell));
	test_promises(&tap);
	test_rest(&tap);
	test_own_bits(&tap);
	test_signature(&tap);
	return tap_done(&tap);
}
