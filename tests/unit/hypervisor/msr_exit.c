// SPDX-License-Identifier: GPL-2.0-only
/* Accesses to model-specific registers that exit: what a guest reads, and what its writes do. */
#include "arch/x86/asm.h"

#include <errno.h>

#include "arch/x86/exit/exit.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/svm.h"
#include "arch/x86/svm/svm.h"
#include "core/subsystem.h"
#include "plant_cell.h"

#include "tests/lib/tap.h"

static struct cpu *root_cpu, *cell_cpu;

static void open_cell(void)
{
	machine_open(NULL);
	if (machine_create(&plant) < 0)
		machine_give_up("the cell cannot be made");
	root_cpu = cpu_by_id(0);
	cell_cpu = cpu_by_id(PLANT_CPU);
}

static enum verdict access(struct cpu *cpu, bool write, uint32_t msr, uint64_t value)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);

	cpu->failure.reason = FAILURE_NONE;
	/* The upper halves count for nothing. */
	gprs->rcx = 0xabcd000000000000 | msr;
	gprs->rax = 0xabcd000000000000 | (uint32_t)value;
	gprs->rdx = 0xabcd000000000000 | value >> 32;
	return exit_msr(cpu, write);
}

static bool is_refused(struct cpu *cpu, bool write, uint32_t msr)
{
	return access(cpu, write, msr, 0x1200000034) == VERDICT_FAULT &&
	       cpu->failure.reason == (write ? FAILURE_MSR_WRITE : FAILURE_MSR_READ) &&
	       cpu->failure.address == msr && cpu->failure.size == 8 &&
	       cpu->failure.value == (write ? 0x1200000034 : 0);
}

static bool is_gp(struct cpu *cpu, bool write, uint32_t msr, uint64_t value)
{
	return access(cpu, write, msr, value) == VERDICT_GP;
}

static bool writes(struct cpu *cpu, uint32_t msr, uint64_t value)
{
	return access(cpu, true, msr, value) == VERDICT_NEXT;
}

static bool reads(struct cpu *cpu, uint32_t msr, uint64_t value)
{
	return access(cpu, false, msr, 0x5a5a5a5a5a5a5a5a) == VERDICT_NEXT &&
	       cpu_gprs(cpu)->rax == (uint32_t)value && cpu_gprs(cpu)->rdx == value >> 32;
}

static void test_policy(struct tap *tap)
{
	open_cell();
	tap_ok(tap, is_refused(cell_cpu, true, MSR_TSC) && is_refused(cell_cpu, true, MSR_HWCR),
	       "what a cell may not write stops it, with a record of it");
	tap_ok(tap, is_gp(cell_cpu, false, 0x1234, 0) && is_gp(cell_cpu, true, 0x1234, 0),
	       "what it has not raises #GP");
	tap_ok(tap,
	       is_refused(root_cpu, false, MSR_VM_HSAVE_PA) &&
		       is_refused(root_cpu, true, MSR_TOP_MEM),
	       "what root may not do is a fault as well");
	tap_ok(tap, is_gp(root_cpu, false, MSR_X2APIC_FIRST, 0), "an absent register raises #GP");
	machine.msr_writes = 0;
	tap_ok(tap,
	       writes(cell_cpu, MSR_MTRR_FIRST, 6) && writes(root_cpu, MSR_MTRR_DEF_TYPE, 6) &&
		       writes(root_cpu, MSR_PATCH_LOADER, 0x1000) && machine.msr_writes == 0,
	       "an ignored write is stepped over and reaches no register");
	tap_ok(tap, is_gp(root_cpu, false, 0x40000000, 0) && is_gp(root_cpu, true, 0x2000, 0),
	       "root finds no register outside the permission map that no row names");
	machine.msr_writes = 0;
	tap_ok(tap,
	       is_gp(root_cpu, true, 0x11, 0x1000) && is_gp(root_cpu, true, 0x12, 0x1001) &&
		       is_gp(root_cpu, true, 0x4b564d00, 0x1000) &&
		       is_gp(root_cpu, true, 0x4b564dff, 0x1001) && machine.msr_writes == 0,
	       "nor does it give a host that is KVM an address to write to");
	tap_ok(tap, is_gp(root_cpu, false, MSR_TSC, 0),
	       "an exit of what passes is refused, not a silent success");
}

static bool second_bank_is_missing(uint32_t msr)
{
	return msr >= 0xc0002010;
}

/* Scalable machine check banks: Linux panics where it cannot read them. */
static void test_native(struct tap *tap)
{
	open_cell();
	machine.msr_faults = second_bank_is_missing;
	tap_ok(tap, reads(root_cpu, 0xc0002001, 0), "root reads a machine check bank");
	tap_ok(tap,
	       writes(root_cpu, 0xc0002001, 0x8765432112345678) &&
		       reads(root_cpu, 0xc0002001, 0x8765432112345678),
	       "what it writes there it finds there");
	machine.msr_writes = 0;
	tap_ok(tap,
	       is_gp(root_cpu, false, 0xc0002011, 0) && is_gp(root_cpu, true, 0xc0002fff, 1) &&
		       machine.msr_writes == 0,
	       "a bank that the processor has not raises #GP");
	tap_ok(tap,
	       is_gp(cell_cpu, false, 0xc0002001, 0) && is_gp(cell_cpu, true, 0xc0002001, 1) &&
		       reads(root_cpu, 0xc0002001, 0x8765432112345678),
	       "a cell has none");
}

/* A cell that has no handler for the #GP ends by a triple fault: its record tells of the MSR. */
static void test_refusal_is_kept(struct tap *tap)
{
	struct fake_cpu *cell = fake_cpu_of(cell_cpu);

	open_cell();
	cell->regs[VCPU_RIP] = 0x7c00;
	is_gp(cell_cpu, false, 0x17a, 0);
	tap_ok(tap,
	       cell_cpu->arch.msr_refused.reason == FAILURE_MSR_READ &&
		       cell_cpu->arch.msr_refused.number == 0x17a &&
		       cell_cpu->arch.msr_refused.value == 0 &&
		       cell_cpu->arch.msr_refused.rip == 0x7c00,
	       "an MSR that was not read is kept in mind");
	is_gp(cell_cpu, true, 0x17b, 0x1234567887654321);
	tap_ok(tap,
	       cell_cpu->arch.msr_refused.reason == FAILURE_MSR_WRITE &&
		       cell_cpu->arch.msr_refused.number == 0x17b &&
		       cell_cpu->arch.msr_refused.value == 0x1234567887654321,
	       "one that was not written, too");
	is_gp(cell_cpu, false, MSR_X2APIC(APIC_EOI), 0);
	tap_ok(tap,
	       cell_cpu->arch.msr_refused.reason == FAILURE_MSR_READ &&
		       cell_cpu->arch.msr_refused.number == MSR_X2APIC(APIC_EOI),
	       "one of the APIC's as well");
	subsystems_cpu_reset(cell_cpu);
	tap_is_u64(tap, cell_cpu->arch.msr_refused.reason, FAILURE_NONE,
		   "the next owner knows nothing of it");
}

static void test_efer(struct tap *tap)
{
	struct fake_cpu *cell = fake_cpu_of(cell_cpu), *root = fake_cpu_of(root_cpu);

	open_cell();
	cell->regs[VCPU_EFER] = EFER_SVME;
	root->regs[VCPU_EFER] = EFER_LME | EFER_LMA | EFER_SCE | EFER_SVME;
	root->regs[VCPU_CR0] = CR0_PG;
	root_cpu->arch.linux_state.efer = 1ull << 21;
	tap_ok(tap, reads(cell_cpu, MSR_EFER, 0), "a cell does not see SVME");
	tap_ok(tap, writes(cell_cpu, MSR_EFER, EFER_LME | EFER_NXE | EFER_LMA),
	       "a cell may enter long mode");
	tap_is_u64(tap, cell->regs[VCPU_EFER], EFER_LME | EFER_NXE | EFER_SVME,
		   "LMA is the processor's to set");
	tap_ok(tap,
	       is_gp(cell_cpu, true, MSR_EFER, EFER_SVME) &&
		       is_gp(cell_cpu, true, MSR_EFER, EFER_LME | EFER_NXE | EFER_SVME),
	       "a cell cannot turn SVM on");
	tap_ok(tap,
	       writes(cell_cpu, MSR_EFER, EFER_LME | EFER_SCE) &&
		       cell->regs[VCPU_EFER] == (EFER_LME | EFER_SCE | EFER_SVME),
	       "nor off, whatever else it changes");
	tap_ok(tap, is_gp(cell_cpu, true, MSR_EFER, 1ull << 21), "nor set bits that are not known");
	tap_ok(tap, writes(root_cpu, MSR_EFER, EFER_LME | EFER_SVME | 1ull << 21),
	       "root may write back what it had");
	tap_is_u64(tap, root->regs[VCPU_EFER], EFER_LME | EFER_LMA | EFER_SVME | 1ull << 21,
		   "and SVM stays on");
	tap_ok(tap,
	       writes(root_cpu, MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE | 1ull << 21) &&
		       root->regs[VCPU_EFER] ==
			       (EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME | 1ull << 21),
	       "also where it leaves its bit out");
	tap_ok(tap, is_gp(root_cpu, true, MSR_EFER, 0), "LME does not change under paging");
	root->regs[VCPU_CR0] = 0;
	tap_ok(tap, writes(root_cpu, MSR_EFER, 0), "without paging it does");
}

static void test_caching(struct tap *tap)
{
	struct fake_cpu *cell = fake_cpu_of(cell_cpu);
	const uint64_t pat = 0x0106050401060504;
	unsigned int accepted = 0;

	open_cell();
	tap_ok(tap, writes(cell_cpu, MSR_PAT, pat) && cell->regs[VCPU_PAT] == 0,
	       "a cell's page attributes wait until its caching is on");
	tap_ok(tap, reads(cell_cpu, MSR_PAT, pat), "but read as written");
	tap_ok(tap, writes(cell_cpu, MSR_MTRR_DEF_TYPE, MTRR_DEF_TYPE_ENABLE | 6),
	       "a cell turns its caching on");
	tap_is_u64(tap, cell->regs[VCPU_PAT], pat, "then they count");
	tap_ok(tap, reads(cell_cpu, MSR_MTRR_DEF_TYPE, MTRR_DEF_TYPE_ENABLE | 6),
	       "the default type reads as written");
	writes(cell_cpu, MSR_MTRR_DEF_TYPE, 6);
	tap_is_u64(tap, cell->regs[VCPU_PAT], 0, "with its caching off again all is uncached");
	for (unsigned int type = 0; type < 256; type++) {
		for (unsigned int n = 0; n < 8; n++)
			accepted += access(cell_cpu, true, MSR_PAT, (uint64_t)type << (8 * n)) ==
				    VERDICT_NEXT;
	}
	tap_is_u64(tap, accepted, 6 * 8, "of 256 memory types six are none of reserved ones");
	tap_ok(tap, is_gp(cell_cpu, true, MSR_PAT, 2ull << 56), "a reserved type raises #GP");
}

static void test_others(struct tap *tap)
{
	open_cell();
	tap_ok(tap,
	       reads(cell_cpu, MSR_VM_CR, VM_CR_SVMDIS) &&
		       msr_policy(false, MSR_VM_CR, false) == MSR_CALL,
	       "SVM reads as disabled by the firmware in a cell");
	tap_ok(tap, msr_policy(true, MSR_VM_CR, false) == MSR_PASS,
	       "but not in Linux, which would forget it for all CPUs when one comes online");
	machine.msr_writes = 0;
	tap_ok(tap, writes(root_cpu, MSR_VM_HSAVE_PA, 0) && machine.msr_writes == 0,
	       "that Linux clears when it crashes what the hypervisor has there does nothing");
	wrmsr(0xc0010015, 0x49000011);
	tap_ok(tap, reads(cell_cpu, 0xc0010015, 1u << 24),
	       "of the core's settings a cell reads that its counter has one rate, and no others");
	tap_ok(tap,
	       reads(cell_cpu, MSR_APIC_BASE, 0xfee00900) &&
		       writes(cell_cpu, MSR_APIC_BASE, 0xfee00900),
	       "a cell's first CPU is the one it boots with; what is read may be written back");
	cell_cpu->cell->cpus.word[0] |= 1; /* one before it */
	tap_ok(tap,
	       reads(cell_cpu, MSR_APIC_BASE, 0xfee00800) &&
		       is_refused(cell_cpu, true, MSR_APIC_BASE) &&
		       access(cell_cpu, true, MSR_APIC_BASE, 0xfee00900) == VERDICT_FAULT,
	       "the others are not, and cannot become it");
	tap_ok(tap,
	       writes(root_cpu, MSR_APIC_BASE, rdmsr(MSR_APIC_BASE)) &&
		       is_refused(root_cpu, true, MSR_APIC_BASE),
	       "root's cannot be moved either");
}

static void test_reset(struct tap *tap)
{
	struct fake_cpu *cell = fake_cpu_of(cell_cpu);

	open_cell();
	writes(cell_cpu, MSR_PAT, 0x0101010101010101);
	writes(cell_cpu, MSR_MTRR_DEF_TYPE, MTRR_DEF_TYPE_ENABLE);
	subsystems_cpu_reset(cell_cpu);
	tap_ok(tap,
	       reads(cell_cpu, MSR_PAT, 0x0007040600070406) &&
		       reads(cell_cpu, MSR_MTRR_DEF_TYPE, 0),
	       "after a reset a cell reads what the manual says");
	tap_is_u64(tap, cell->regs[VCPU_PAT], 0, "its memory is uncached");
	subsystems_cpu_reset(root_cpu);
	tap_is_u64(tap, fake_cpu_of(root_cpu)->regs[VCPU_PAT], 0x0007040600070406,
		   "root's is not: the real registers are on");
	tap_ok(tap,
	       writes(root_cpu, MSR_PAT, 0x0407050600070106) &&
		       fake_cpu_of(root_cpu)->regs[VCPU_PAT] == 0x0407050600070106 &&
		       reads(root_cpu, MSR_PAT, 0x0407050600070106),
	       "what Linux writes then is what it has when the hypervisor goes");
}

/* Which accesses exit at all. */
static void test_maps(struct tap *tap)
{
	static uint8_t map[SVM_MSR_MAP_PAGES * PAGE_SIZE];

	open_cell();
	svm_msr_map_fill(map, true);
	tap_ok(tap, !memcmp(root_cell.arch.msr_map, map, sizeof(map)), "root has root's map");
	memset(map, 0, sizeof(map));
	svm_msr_map_fill(map, false);
	tap_ok(tap, !memcmp(cell_by_id(PLANT_ID)->arch.msr_map, map, sizeof(map)),
	       "a cell that of cells");
}

int main(void)
{
	struct tap tap = {0};

	test_maps(&tap);
	test_policy(&tap);
	test_native(&tap);
	test_refusal_is_kept(&tap);
	test_efer(&tap);
	test_caching(&tap);
	test_others(&tap);
	test_reset(&tap);
	return tap_done(&tap);
}
