// SPDX-License-Identifier: GPL-2.0-only
/*
 * exits IMAGE TRAPS: what exits do to a guest by the processor's manual, where no program in a
 * virtual machine gets to see it: exceptions in the delivery of others, errors of the machine,
 * write-back.
 */
#include <errno.h>
#include <stdlib.h>

#include "arch/x86/msr.h"
#include "arch/x86/processor.h"
#include "arch/x86/svm.h"
#include "cell_abi.h"
#include "planted_faults.h"
#include "sim_guest.h"
#include "tests/lib/tap.h"

enum owner { ROOT, CELL }; /* by CPU */

#define EXCEPTION(vector)  (EVENT_VALID | EVENT_TYPE_EXCEPTION | (vector))
#define WITH_ERROR(vector) (EXCEPTION(vector) | EVENT_HAS_ERROR)
#define INTERRUPT	   (EVENT_VALID | 0x30)
#define ATTR_LONG	   0x200
#define CR4_GLOBAL	   0x80
#define UNCORRECTED	   0xb600000000070005ull /* VAL, UC, ADDRV */
#define ADDRESS_VALID	   (1ull << 58)
#define CORRECTED	   0x9400000000070005ull

static void at_instruction(enum owner owner, const char *code, unsigned int size)
{
	sim_write_code(owner, owner == CELL ? SIM_CELL_MEMORY : 0, code, size);
	sim.cpu[owner].reg[SIM_RCX] = MSR_PAT; /* where it is an MSR that is read */
	sim_vmcb(owner)->rax = 0;
	sim_vmcb(owner)->rflags = 2;
	sim_vmcb(owner)->dr6 = DR6_RESET;
}

/* An instruction that exits, and where it left the guest. */
static uint64_t step(enum owner owner, uint64_t exit_code, const char *code, unsigned int size,
		     uint64_t flags)
{
	at_instruction(owner, code, size);
	sim_vmcb(owner)->rflags |= flags;
	if (!sim_exit(owner, exit_code, 0, 0))
		return 0;
	return sim_vmcb(owner)->rip - SIM_CODE_AT;
}

/* A write to the APIC's EOI by the instruction at RIP; how far that leads. */
static uint64_t write_apic(void)
{
	sim_vmcb(ROOT)->rip = SIM_CODE_AT;
	sim.cpu[ROOT].reg[SIM_RDI] = SIM_APIC;
	sim_exit(ROOT, VMEXIT_NPF, 0x100000007, SIM_APIC + 0xb0);
	return sim_vmcb(ROOT)->rip - SIM_CODE_AT;
}

static void test_instructions(struct tap *tap)
{
	uint64_t *entry = sim_memory(SIM_TABLES_AT + 0x4000 + (SIM_CODE_AT >> 12) * 8, 8);
	uint8_t *other = sim_memory(SIM_CODE_AT - 0x1000, 8);

	sim_assists = false;
	memcpy(other, "\x89\x47\xb0", 3); /* mov %eax, -80(%rdi) */
	at_instruction(ROOT, "\x89\x87\xb0\0\0", 6);
	tap_is_u64(tap, write_apic(), 6, "the instruction is read where the guest has it");
	tap_is_u64(tap, write_apic(), 6, "and once more");
	sim_write_code(ROOT, 0, "\x67\x89\x87\xb0\0\0", 7);
	tap_is_u64(tap, write_apic(), 7, "another one in its place is seen");
	*entry -= 0x1000;
	tap_is_u64(tap, write_apic(), 3, "another page in its place, too");
	*entry += 0x1000;
	tap_is_u64(tap, write_apic(), 7, "and the one before again");
	sim_assists = true;
	tap_is_u64(tap, write_apic(), 7, "the processor's own word for it counts");
	memcpy(sim.cpu[ROOT].code, other, 3);
	tap_is_u64(tap, write_apic(), 3, "whatever the memory says now");
}

static long ask(uint64_t code, uint64_t argument)
{
	at_instruction(ROOT, "\x0f\x01\xd9", 3);
	return sim_hypercall(ROOT, code, argument, 0);
}

static void test_arguments(struct tap *tap)
{
	const uint64_t wide = 1ull << 32 | HV_INFO_NUM_CELLS;
	struct vmcb *vmcb = sim_vmcb(ROOT);

	tap_ok(tap, ask(HC_HYPERVISOR_GET_INFO, HV_INFO_NUM_CELLS) > 0, "a hypercall is answered");
	tap_is_u64(tap, ask(HC_HYPERVISOR_GET_INFO, wide), -EINVAL, "all of its argument counts");
	tap_is_u64(tap, ask(HC_HYPERVISOR_GET_INFO, HV_INFO_NUM_CELLS + 1), -EINVAL,
		   "nothing is behind the last");
	vmcb->cs.attributes &= ~ATTR_LONG;
	tap_ok(tap, ask(HC_HYPERVISOR_GET_INFO, wide) > 0,
	       "in compatibility mode the lower half does");
	at_instruction(ROOT, "\x0f\x01\xd9", 3);
	tap_is_u64(tap,
		   sim_hypercall(ROOT, HC_CPU_GET_INFO, 1ull << 32 | ROOT,
				 1ull << 32 | CPU_INFO_STATE),
		   CPU_INFO_RUNNING, "of the second argument as well");
	vmcb->cs.attributes |= ATTR_LONG;
	at_instruction(ROOT, "\x0f\x01\xd9", 3);
	tap_is_u64(tap, sim_hypercall(ROOT, HC_CPU_GET_INFO, ROOT, 1ull << 32 | CPU_INFO_STATE),
		   -EINVAL, "and only there");
	vmcb->cpl = 3;
	tap_is_u64(tap, ask(HC_HYPERVISOR_GET_INFO, HV_INFO_NUM_CELLS), -EPERM,
		   "programs are not answered");
	tap_is_u64(tap, ask(0x7777, 0), -EPERM, "not even that there is no such call");
	vmcb->cpl = 0;
	tap_is_u64(tap, ask(0x7777, 0), -ENOSYS, "others are");
	for (uint32_t code = HC_CONSOLE_PUTC + 1; code < HC_CONSOLE_PUTC + 20; code++) {
		if (ask(code, 0) != -ENOSYS || ask(HC_CV_CELL_KILL + code, 0) != -ENOSYS)
			tap_is_u64(tap, code, 0, "a code that is not there is refused");
	}
	tap_is_u64(tap, ask(HC_CV_BASE, 0), -ENOSYS, "codes have an end at both sides");
	for (uint32_t code = PLANTED_EXCEPTION; code <= PLANTED_DELAY; code++)
		tap_is_u64(tap, ask(code, 1), -ENOSYS, "fault %u cannot be planted in a release",
			   code - PLANTED_EXCEPTION);
}

/* Root's tables of exceptions, or of pages, are not its memory (EXITINFO1: APM vol. 2, 15.25.6). */
static uint64_t deliver_nowhere(uint64_t event)
{
	at_instruction(ROOT, "\x8b\x07", 2); /* mov (%rdi), %eax: not what touches them */
	sim_event = event;
	sim_exit(ROOT, VMEXIT_NPF, 1ull << (event ? 32 : 33), SIM_HV_START);
	return sim_vmcb(ROOT)->event_injection;
}

static void test_delivery_of_root(struct tap *tap)
{
	char *console;

	tap_is_u64(tap, deliver_nowhere(0), WITH_ERROR(VECTOR_GP),
		   "tables that are not there: #GP");
	tap_is_u64(tap, deliver_nowhere(INTERRUPT), WITH_ERROR(VECTOR_GP),
		   "an interrupt that cannot be delivered becomes #GP");
	tap_is_u64(tap, deliver_nowhere(EXCEPTION(VECTOR_UD)), WITH_ERROR(VECTOR_GP), "#UD, too");
	tap_is_u64(tap, deliver_nowhere(WITH_ERROR(VECTOR_GP)), WITH_ERROR(VECTOR_DF),
		   "#GP becomes #DF");
	tap_is_u64(tap, deliver_nowhere(WITH_ERROR(VECTOR_PF)), WITH_ERROR(VECTOR_DF),
		   "so does #PF");
	console = sim_console();
	tap_ok(tap, !strstr(console, "CPU 0: stopped"), "so far nothing has been stopped");
	free(console);
	deliver_nowhere(WITH_ERROR(VECTOR_DF));
	console = sim_console();
	tap_ok(tap, strstr(console, "CPU 0: stopped: triple-fault"),
	       "after #DF comes the end of this CPU");
	free(console);
}

static void test_delivery_of_cell(struct tap *tap)
{
	static const struct {
		unsigned int first, second, then;
	} rules[] = {
		/* APM vol. 2, table 8-6. */
		{VECTOR_UD, VECTOR_GP, VECTOR_GP}, {VECTOR_DE, VECTOR_GP, VECTOR_DF},
		{VECTOR_GP, VECTOR_NP, VECTOR_DF}, {VECTOR_PF, VECTOR_GP, VECTOR_DF},
		{VECTOR_GP, VECTOR_DB, VECTOR_DB}, {VECTOR_PF, VECTOR_UD, VECTOR_UD},
		{VECTOR_TS, VECTOR_SS, VECTOR_DF}, {VECTOR_AC, VECTOR_SS, VECTOR_SS},
	};
	struct vmcb *vmcb = sim_vmcb(CELL);

	for (size_t n = 0; n < sizeof(rules) / sizeof(*rules); n++) {
		sim_event = EXCEPTION(rules[n].first);
		sim_exit(CELL, VMEXIT_EXCP_BASE + rules[n].second, 0, 0);
		tap_is_u64(tap, vmcb->event_injection & 0xff, rules[n].then,
			   "exception %u in the delivery of %u", rules[n].second, rules[n].first);
	}
}

/* A chain of exceptions is told by the one that it began with, whatever was there before. */
static void test_chain(struct tap *tap)
{
	at_instruction(CELL, "\x0f\x0b", 2);
	sim_exit(CELL, VMEXIT_EXCP_BASE + VECTOR_UD, 0, 0);
	sim_event = EXCEPTION(VECTOR_PF);
	sim_exit(CELL, VMEXIT_EXCP_BASE + VECTOR_GP, 0, 0);
	tap_is_u64(tap, sim_vmcb(CELL)->event_injection & 0xff, VECTOR_DF,
		   "#GP in the delivery of #PF is #DF");
	sim_event = WITH_ERROR(VECTOR_DF);
	sim_exit(CELL, VMEXIT_EXCP_BASE + VECTOR_GP, 0, 0);
	tap_ok(tap,
	       sim_record() && sim_record()->failure.reason == FAILURE_TRIPLE_FAULT &&
		       sim_record()->failure.vector == VECTOR_PF,
	       "and the end that follows is told as #PF's");
}

static bool restart_cell(void)
{
	if (sim_hypercall(ROOT, HC_CELL_START, SIM_CELL_ID, 0) != 0)
		return false;
	sim_long_mode(CELL, SIM_CELL_MEMORY);
	return true;
}

/* A guest's prefixes and exceptions are no next guest's. */
static void test_forgotten(struct tap *tap)
{
	sim_assists = false;
	step(CELL, VMEXIT_CPUID, "\x66\x0f\xa2", 3, 0);
	at_instruction(CELL, "\x0f\x0b", 2);
	sim_exit(CELL, VMEXIT_EXCP_BASE + VECTOR_UD, 0, 0);
	tap_ok(tap, restart_cell() && sim_vmcb(CELL)->tlb_control == TLB_CONTROL_FLUSH_ALL,
	       "a CPU that changes hands forgets translations");
	tap_is_u64(tap, step(CELL, VMEXIT_CPUID, "\x0f\xa2", 2, 0), 2,
		   "an instruction is as long as it is after a restart");
	tap_is_u64(tap, sim_vmcb(CELL)->tlb_control, TLB_CONTROL_NONE, "and no longer");
	sim_assists = true;
	at_instruction(CELL, "\x0f\x0b", 2);
	sim_exit(CELL, VMEXIT_SHUTDOWN, 0, 0);
	tap_is_u64(tap, sim_record() ? sim_record()->failure.vector : 0, VECTOR_PF,
		   "what was raised before it has not led to this end");
	restart_cell();
}

static bool failed(enum failure_reason reason, uint64_t status, uint64_t address, uint32_t flags)
{
	const struct public_cell *cell = sim_record();

	return cell && cell->failed && cell->failure.reason == reason &&
	       cell->failure.value == status && cell->failure.address == address &&
	       cell->failure.flags == flags;
}

static uint64_t *bank(struct sim_cpu *cpu, uint32_t first, unsigned int number)
{
	return sim_msr(cpu, first + 4 * number);
}

/* Of 64 banks the second half has its registers elsewhere. */
static bool is_no_bank(uint32_t msr)
{
	return msr >= 0x480 && msr < 0x500;
}

static void test_machine_check(struct tap *tap)
{
	struct sim_cpu *cpu = &sim.cpu[CELL];

	tap_ok(tap,
	       sim_vmcb(CELL)->intercept_exceptions >> VECTOR_MC & 1 &&
		       !(sim_vmcb(ROOT)->intercept_exceptions >> VECTOR_MC & 1),
	       "machine checks of a cell are the hypervisor's, root's are root's");
	*bank(cpu, MSR_MC0_STATUS, 0) = CORRECTED;
	*bank(cpu, MSR_MC0_STATUS, 2) = UNCORRECTED;
	*bank(cpu, MSR_MC0_ADDR, 2) = 0x12345000;
	*sim_msr(cpu, MSR_MCG_STATUS) = 7;
	sim_exit(CELL, VMEXIT_EXCP_BASE + VECTOR_MC, 0, 0);
	tap_ok(tap, failed(FAILURE_MACHINE_CHECK, UNCORRECTED, 0x12345000, 0),
	       "the record tells of the first error that was not corrected");
	tap_ok(tap,
	       *sim_msr(cpu, MSR_MCG_STATUS) == 0 && *bank(cpu, MSR_MC0_STATUS, 2) == UNCORRECTED,
	       "the next one is no shutdown, and Linux finds the bank as it was");
	tap_ok(tap, restart_cell(), "the cell starts again");
	sim_exit(CELL, VMEXIT_SHUTDOWN, 0, 0);
	tap_ok(tap, failed(FAILURE_MACHINE_CHECK, UNCORRECTED, 0x12345000, FAILURE_STATE_UNDEFINED),
	       "a shutdown for an error of the machine is no fault of the cell");
	tap_ok(tap, restart_cell(), "the cell starts once more");
	*bank(cpu, MSR_MC0_STATUS, 2) = UNCORRECTED & ~ADDRESS_VALID;
	sim_exit(CELL, VMEXIT_EXCP_BASE + VECTOR_MC, 0, 0);
	tap_ok(tap, failed(FAILURE_MACHINE_CHECK, UNCORRECTED & ~ADDRESS_VALID, 0, 0),
	       "an address that the bank does not vouch for is not told");
	tap_ok(tap, restart_cell(), "and once more");
	*bank(cpu, MSR_MC0_STATUS, 2) = 0;
	sim_exit(CELL, VMEXIT_SHUTDOWN, 0, 0);
	tap_ok(tap, failed(FAILURE_TRIPLE_FAULT, 0, 0, FAILURE_STATE_UNDEFINED),
	       "any other shutdown is, and its registers are not certain");
	tap_ok(tap, restart_cell(), "and a third time");
	*sim_msr(cpu, MSR_MCG_CAP) = 64;
	sim_msr_missing = is_no_bank;
	sim_exit(CELL, VMEXIT_SHUTDOWN, 0, 0);
	sim_msr_missing = NULL;
	tap_ok(tap, failed(FAILURE_TRIPLE_FAULT, 0, 0, FAILURE_STATE_UNDEFINED),
	       "also on a processor with more banks than there are numbers for");
	tap_ok(tap, restart_cell(), "whose cell starts again as well");
}

static long counter(enum exit_counter which)
{
	at_instruction(ROOT, "\x0f\x01\xd9", 3);
	return sim_hypercall(ROOT, HC_CPU_GET_INFO, ROOT, CPU_INFO_STAT_BASE + which);
}

static void test_counters(struct tap *tap)
{
	long total = counter(EXITS_TOTAL), cpuids = counter(EXITS_X86_CPUID),
	     hypercalls = counter(EXITS_HYPERCALL), apic = counter(EXITS_X86_XAPIC),
	     mmio = counter(EXITS_MMIO);

	step(ROOT, VMEXIT_CPUID, "\x0f\xa2", 2, 0);
	step(ROOT, VMEXIT_INVD, "\x0f\x08", 2, 0);
	at_instruction(ROOT, "\x89\x07", 2); /* mov %eax, (%rdi) */
	sim_exit(ROOT, VMEXIT_NPF, 6, SIM_APIC + 0x80);
	at_instruction(ROOT, "\x8b\x07", 2); /* mov (%rdi), %eax */
	sim_exit(ROOT, VMEXIT_NPF, 4, SIM_HV_START);
	tap_is_u64(tap, counter(EXITS_X86_CPUID), cpuids + 1, "an exit is counted by its kind");
	tap_is_u64(tap, counter(EXITS_X86_XAPIC), apic + 1, "the APIC's as such");
	tap_is_u64(tap, counter(EXITS_MMIO), mmio + 1, "other devices' as such");
	tap_is_u64(tap, counter(EXITS_HYPERCALL), hypercalls + 6, "with the calls that ask");
	/* Eight calls, four other exits, and the call itself. */
	tap_is_u64(tap, counter(EXITS_TOTAL), total + 13, "and once in all, whatever its kind");
}

static void test_write_back(struct tap *tap, bool alone)
{
	unsigned int all = sim.write_backs, kept = sim.write_backs_kept;

	step(ROOT, VMEXIT_WBINVD, "\x0f\x09", 2, 0);
	step(ROOT, VMEXIT_INVD, "\x0f\x08", 2, 0);
	tap_ok(tap,
	       (sim_vmcb(ROOT)->intercept_misc2 & VMCB_WBINVD) &&
		       sim.write_backs - all == (alone ? 2 : 0) &&
		       sim.write_backs_kept - kept == (alone ? 0 : 2),
	       "root's write-back %s",
	       alone ? "empties the caches while no cell has lines in them"
		     : "leaves the lines where they are");
	if (alone)
		return;
	all = sim.write_backs, kept = sim.write_backs_kept;
	step(CELL, VMEXIT_WBINVD, "\x0f\x09", 2, 0);
	step(CELL, VMEXIT_INVD, "\x0f\x08", 2, 0);
	tap_ok(tap, sim.write_backs == all && sim.write_backs_kept == kept,
	       "a cell's does nothing to anybody's");
}

/* Bytes of an access of before are not those of what exits now. */
static void test_old_bytes(struct tap *tap)
{
	sim_assists = true;
	at_instruction(ROOT, "\x8b\x07", 2);
	sim_exit(ROOT, VMEXIT_NPF, 4, SIM_HV_START);
	sim_assists = false;
	sim_vmcb(ROOT)->cr3 ^= 8;
	tap_is_u64(tap, step(ROOT, VMEXIT_CPUID, "\x2e\x66\x0f\xa2", 4, 0), 4,
		   "what the processor told of an access is no other instruction");
	sim_assists = true;
}

static void test_svm_instructions(struct tap *tap)
{
	static const uint64_t codes[] = {VMEXIT_VMRUN, VMEXIT_VMLOAD, VMEXIT_VMLOAD + 1, 0x84,
					 0x85,	       VMEXIT_SKINIT, VMEXIT_INVLPGA};
	unsigned int done = 0;

	for (enum owner owner = ROOT; owner <= CELL; owner++) {
		for (size_t n = 0; n < sizeof(codes) / sizeof(*codes); n++)
			done += step(owner, codes[n], "\x0f\x01\xdf", 3, 0) != 0 ||
				sim_vmcb(owner)->event_injection != EXCEPTION(VECTOR_UD);
	}
	tap_is_u64(tap, done, 0, "no guest has an instruction of the extension");
}

static void test_speculation_control(struct tap *tap)
{
	tap_ok(tap,
	       sim_vmcb(ROOT)->spec_ctrl == SIM_SPEC_CTRL &&
		       *sim_msr(&sim.cpu[ROOT], MSR_SPEC_CTRL) == 0,
	       "Linux' speculation control goes with it, and leaves the host's clear");
	tap_is_u64(tap, sim_vmcb(CELL)->spec_ctrl, 0, "a cell begins with its own clear");
	sim_vmcb(CELL)->spec_ctrl = 4;
	sim_hypercall(ROOT, HC_CV_CELL_KILL, SIM_CELL_ID, 0);
	tap_ok(tap, restart_cell() && sim_vmcb(CELL)->spec_ctrl == 0, "whoever had the CPU before");
}

/* Who ends a cell reads another CPU's guest; what it knows of its own stays true. */
static void test_kill(struct tap *tap)
{
	static const char code[] = "\xeb\xfe\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9b\x9c\x9d";
	uint64_t at[] = {SIM_CODE_AT, SIM_CODE_AT - 5};

	sim_assists = false;
	for (unsigned int n = 0; n < 2; n++) {
		at_instruction(ROOT, "\x89\x87\xb0\0\0", 6); /* mov %eax, 0xb0(%rdi) */
		tap_is_u64(tap, write_apic(), 6, "root's instruction is read from root's memory");
		/* The cell's own CPU has looked at that page before. */
		at_instruction(CELL, "\x89\x87\xb0\0\0", 6);
		sim.cpu[CELL].reg[SIM_RDI] = SIM_APIC;
		sim_exit(CELL, VMEXIT_NPF, 0x100000007, SIM_APIC + 0xb0);
		memcpy(sim_memory(SIM_CELL_MEMORY + at[n], 15), code, 15);
		sim_vmcb(CELL)->rip = at[n];
		sim_hypercall(ROOT, HC_CV_CELL_KILL, SIM_CELL_ID, 0);
		tap_ok(tap,
		       sim_record() && sim_record()->failure.rip == at[n] &&
			       !memcmp(sim_record()->failure.instruction, code, 15),
		       "a killed cell's instruction%s is recorded", n ? ", across two pages," : "");
		tap_is_u64(tap, write_apic(), 6, "and root's is root's afterwards");
		tap_ok(tap, restart_cell(), "the cell starts again");
	}
	sim_assists = true;
}

#define PAE_ROOT   0x20fe0ull /* the last of four entries ends with the page */
#define LAST_BYTES 8

/* Code at the end of a 32-bit address space goes on at its beginning. */
static void test_wrap(struct tap *tap)
{
	static const char code[] = "\xeb\xfe\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9b\x9c\x9d";
	uint64_t *tables = sim_memory(SIM_CELL_MEMORY + 0x20000, 0x8000);
	struct vmcb *vmcb = sim_vmcb(CELL);

	memset(tables, 0, 0x8000);
	tables[0xfe0 / 8 + 3] = 0x21001;
	tables[(0x1000 + 511 * 8) / 8] = 0x22007;
	tables[(0x2000 + 511 * 8) / 8] = 0x23007;
	tables[0xfe0 / 8] = 0x24001;
	tables[0x4000 / 8] = 0x25007;
	tables[0x5000 / 8] = 0x26007;
	memcpy((uint8_t *)tables + 0x4000 - LAST_BYTES, code, LAST_BYTES);
	memcpy((uint8_t *)tables + 0x6000, code + LAST_BYTES, 15 - LAST_BYTES);
	vmcb->efer &= ~(uint64_t)(EFER_LME | EFER_LMA);
	vmcb->cs.attributes = 0x0c9b;
	vmcb->cs.base = 0x1000;
	vmcb->cr3 = PAE_ROOT;
	vmcb->rip = 0xfffff000 - LAST_BYTES;
	sim_hypercall(ROOT, HC_CV_CELL_KILL, SIM_CELL_ID, 0);
	tap_ok(tap,
	       sim.cpu[ROOT].state == SIM_GUEST && sim_record() &&
		       sim_record()->failure.instruction_len == 15 &&
		       !memcmp(sim_record()->failure.instruction, code, 15),
	       "code across the end of a 32-bit address space is recorded");
	tap_ok(tap, restart_cell(), "and the cell starts again");
}

static void test_leaving(struct tap *tap)
{
	struct sim_cpu *cpu = &sim.cpu[ROOT];
	struct vmcb *vmcb = sim_vmcb(ROOT);

	sim_hypercall(ROOT, HC_CV_CELL_KILL, SIM_CELL_ID, 0);
	tap_is_u64(tap, sim_destroy_cell(), 0, "the cell is destroyed");
	vmcb->spec_ctrl = 3;
	vmcb->g_pat = 0x0007010600070106;
	vmcb->cr2 = 0x1234;
	vmcb->dr6 = DR6_RESET | 1;
	vmcb->dr7 = 0x401;
	vmcb->cr4 |= CR4_GLOBAL;
	sim_hypercall(ROOT, HC_DISABLE, 0, 0);
	tap_ok(tap, cpu->state == SIM_LEFT && *sim_msr(cpu, MSR_SPEC_CTRL) == 3,
	       "Linux goes on with its last speculation control");
	tap_ok(tap,
	       *sim_msr(cpu, MSR_PAT) == vmcb->g_pat && cpu->cr[2] == 0x1234 &&
		       cpu->dr[6] == (DR6_RESET | 1) && cpu->dr[7] == 0x401,
	       "with its memory types, breakpoints and last fault");
	tap_ok(tap,
	       cpu->reg[SIM_RDI] == vmcb->cr3 && cpu->reg[SIM_RSI] == vmcb->rsp &&
		       cpu->reg[SIM_RDX] == vmcb->rip,
	       "its tables, stack and place");
	tap_ok(tap, cpu->cr[0] == vmcb->cr0 && cpu->cr[4] == vmcb->cr4,
	       "with the features that it had turned on");
	tap_ok(tap,
	       *sim_msr(cpu, MSR_VM_HSAVE_PA) == 0 && !(*sim_msr(cpu, MSR_VM_CR) & VM_CR_R_INIT),
	       "nothing of the extension is set up any more");
}

int main(int argc, char **argv)
{
	struct tap tap = {0};
	char *console;

	sim_open(argv[1], argv[2], 2);
	sim_long_mode(ROOT, 0);
	test_write_back(&tap, true);
	tap_ok(&tap, sim_start_cell(CELL) == SIM_CELL_ID, "a cell is created and started");
	sim_long_mode(CELL, SIM_CELL_MEMORY);
	test_instructions(&tap);
	test_arguments(&tap);
	test_delivery_of_cell(&tap);
	test_chain(&tap);
	restart_cell();
	test_counters(&tap);
	test_write_back(&tap, false);
	test_forgotten(&tap);
	test_machine_check(&tap);
	test_old_bytes(&tap);
	test_svm_instructions(&tap);
	test_speculation_control(&tap);
	test_kill(&tap);
	test_wrap(&tap);
	console = sim_console();
	tap_ok(&tap, strstr(console, "exception") == NULL, "the hypervisor had no exception");
	free(console);
	if (argc > 3)
		test_leaving(&tap);
	else
		test_delivery_of_root(&tap);
	return tap_done(&tap);
}
