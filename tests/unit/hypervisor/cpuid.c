// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CPUID says to root and to cells: against a processor that says all, where what is taken away
 * shows, and one that says nothing, where what is added does.
 */
#include "arch/x86/exit/exit.h"
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

/* Where a guest is told something else than what the processor says (APM vol. 3, appendix E). */
struct change {
	uint32_t leaf, subleaf;
	enum reg reg;
	uint32_t cleared, set;
	bool root;
	const char *name;
};

static const struct change changes[] = {
	{1, 0, ECX, 1u << 27, 1u << 31, true, "root runs under a hypervisor, without OSXSAVE"},
	{1, 0, ECX, 1u << 27 | 1u << 21 | 1u << 3, 1u << 31, false,
	 "a cell has no x2APIC and no MONITOR"},
	{7, 0, ECX, 1u << 4, 0, true, "root has not turned protection keys on"},
	{7, 0, ECX, 1u << 4, 0, false, "nor has a cell"},
	{0x80000001, 0, ECX, 1u << 2, 0, false, "a cell has no SVM"},
	{0x8000000a, 0, EAX, ~0u, 0, false, "nor what SVM would have: revision"},
	{0x8000000a, 0, EBX, ~0u, 0, false, "address space ids"},
	{0x8000000a, 0, ECX, ~0u, 0, false, "what is reserved"},
	{0x8000000a, 0, EDX, ~0u, 0, false, "features"},
	{0x80000008, 0, EBX, 1u << 3, 0, false, "a cell cannot flush everybody's translations"},
};

#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static uint32_t expected(bool root, uint32_t leaf, uint32_t subleaf, enum reg reg)
{
	for (unsigned int n = 0; n < CHANGES; n++) {
		if (changes[n].root == root && changes[n].leaf == leaf && changes[n].reg == reg &&
		    (leaf != 7 || changes[n].subleaf == subleaf))
			return (machine.cpuid_bits & ~changes[n].cleared) | changes[n].set;
	}
	return machine.cpuid_bits;
}

static void test_changes(struct tap *tap)
{
	for (unsigned int n = 0; n < CHANGES; n++) {
		const struct change *change = &changes[n];
		unsigned int cpu = change->root ? 0 : PLANT_CPU;
		uint32_t of_all, of_none;

		machine.cpuid_bits = ~0u;
		of_all = ask(cpu, change->leaf, change->subleaf).regs[change->reg];
		machine.cpuid_bits = 0;
		of_none = ask(cpu, change->leaf, change->subleaf).regs[change->reg];
		tap_ok(tap, of_all == (~change->cleared | change->set) && of_none == change->set,
		       "%s", change->name);
	}
}

static unsigned int count_wrong(bool root, uint32_t first, uint32_t last)
{
	unsigned int wrong = 0;
	struct answer answer;

	for (uint32_t leaf = first; leaf <= last; leaf++) {
		for (uint32_t subleaf = 0; subleaf < 3; subleaf++) {
			answer = ask(root ? 0 : PLANT_CPU, leaf, subleaf);
			for (enum reg reg = EAX; reg < REGS; reg++)
				wrong += answer.regs[reg] != expected(root, leaf, subleaf, reg);
			wrong +=
				machine.cpuid_asked[0] != leaf || machine.cpuid_asked[1] != subleaf;
		}
	}
	return wrong;
}

static void test_rest(struct tap *tap)
{
	static const uint32_t bits[] = {~0u, 0, 0xa5a5a5a5};
	unsigned int root = 0, cell = 0;

	for (unsigned int n = 0; n < 3; n++) {
		machine.cpuid_bits = bits[n];
		root += count_wrong(true, 0, 0x40) + count_wrong(true, 0x80000000, 0x80000040);
		cell += count_wrong(false, 0, 0x40) + count_wrong(false, 0x80000000, 0x80000040);
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

int main(void)
{
	struct tap tap = {0};

	machine_open(NULL);
	if (!tap_is_u64(&tap, machine_create(&plant), 0, "a cell to ask is created"))
		return tap_done(&tap);
	test_changes(&tap);
	test_rest(&tap);
	test_own_bits(&tap);
	test_signature(&tap);
	return tap_done(&tap);
}
