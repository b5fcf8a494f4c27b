// SPDX-License-Identifier: GPL-2.0-only
/*
 * lost_cpu IMAGE TRAPS: a CPU stops, by a fault of the hypervisor or of Linux, and all others go
 * on. The image is the one with planted faults.
 */
#include <errno.h>
#include <stdlib.h>

#include "arch/x86/apic.h"
#include "arch/x86/msr.h"
#include "arch/x86/processor.h"
#include "arch/x86/svm.h"
#include "cell_abi.h"
#include "planted_faults.h"
#include "sim_cpu.h"
#include "sim_guest.h"
#include "tests/lib/tap.h"

enum { FIRST, SECOND, CELL, CPUS };

#define UNCORRECTED 0xb200000000070005ull /* VAL, UC */
#define NO_BANK	    0xc0002011u		  /* a status of machine checks */
#define VECTOR	    0x9a		  /* of the start-up IPI: a page */

static bool told(const char *text)
{
	char *console = sim_console();
	bool found = strstr(console, text) != NULL;

	free(console);
	return found;
}

static void write_apic(unsigned int cpu, uint32_t offset, uint32_t value)
{
	const uint8_t mov[8] = {0x89, 0x87, offset, offset >> 8, 0, 0}; /* mov %eax, offset(%rdi) */

	sim_vmcb(cpu)->rax = value;
	sim.cpu[cpu].reg[SIM_RDI] = SIM_APIC;
	sim_write_code(cpu, 0, mov, sizeof(mov));
	sim_exit(cpu, VMEXIT_NPF, 6, SIM_APIC + offset);
}

static void test_root_shutdown(struct tap *tap, bool machine_error)
{
	const struct vmcb *vmcb = sim_vmcb(SECOND);
	uint64_t events = sim_public()->events;
	const char *why = machine_error ? "an error of the machine" : "a triple fault";

	*sim_msr(&sim.cpu[SECOND], MSR_MC0_STATUS) = machine_error ? UNCORRECTED : 0;
	sim_exit(SECOND, VMEXIT_SHUTDOWN, 0, 0);
	*sim_msr(&sim.cpu[SECOND], MSR_MC0_STATUS) = 0;
	tap_is_u64(tap, sim_public()->events, events + 1, "that a CPU of root stops is an event");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_CPU_GET_INFO, SECOND, CPU_INFO_STATE),
		   CPU_INFO_FAILED, "a CPU of root that ran into %s has failed", why);
	write_apic(FIRST, APIC_ICR_HIGH, SECOND << 24);
	write_apic(FIRST, APIC_ICR_LOW, ICR_INIT | ICR_ASSERT);
	write_apic(FIRST, APIC_ICR_LOW, ICR_STARTUP | ICR_ASSERT | VECTOR);
	tap_ok(tap, vmcb->cs.base == VECTOR << 12 && vmcb->rip == 0,
	       "INIT and a start-up IPI make it run again");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_CPU_GET_INFO, SECOND, CPU_INFO_STATE),
		   CPU_INFO_RUNNING, "then it has not failed any more");
}

static bool is_missing(uint32_t msr)
{
	return msr == NO_BANK;
}

/* It is Linux' last way to reset the machine, unless a cell would be reset with it. */
static void test_triple_fault(struct tap *tap)
{
	tap_is_u64(tap, sim_start_cell(CELL), SIM_CELL_ID, "a cell runs");
	test_root_shutdown(tap, false);
	tap_ok(tap, sim.resets == 0 && sim.cpu[CELL].state == SIM_GUEST,
	       "where a cell runs, it goes on");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_CELL_DESTROY, SIM_CELL_ID, 0), -EINPROGRESS,
		   "it ends, and is still to be scrubbed");
	/* It would be refused again and again. */
	sim_write_code(SECOND, 0, "\x0f\x32", 2);
	sim.cpu[SECOND].reg[SIM_RCX] = NO_BANK;
	sim_msr_missing = is_missing;
	sim_exit(SECOND, VMEXIT_MSR, 0, 0);
	sim_msr_missing = NULL;
	tap_ok(tap, sim_vmcb(SECOND)->event_injection & EVENT_VALID,
	       "control: root is refused an MSR");
	sim_exit(SECOND, VMEXIT_SHUTDOWN, 0, 0);
	tap_is_u64(tap, sim.resets, 1, "where none runs, the machine is reset");
	tap_ok(tap, sim.write_backs > 0, "and what it said is in memory");
	tap_ok(tap, told("the machine is reset"), "and that is told");
	tap_ok(tap, !(*sim_msr(&sim.cpu[SECOND], MSR_VM_CR) & VM_CR_R_INIT),
	       "with INITs that are INITs");
}

static void test_cell_exception(struct tap *tap)
{
	const struct failure_record *failure;
	char line[100];

	tap_is_u64(tap, sim_start_cell(CELL), SIM_CELL_ID, "a cell is created and started");
	sim_hypercall(CELL, PLANTED_EXCEPTION, 0, 0);
	tap_ok(tap, sim.cpu[CELL].state == SIM_HALTED, "its CPU has a fault of the hypervisor");
	tap_ok(tap, told("hypervisor exception 6 on CPU 2"), "the console tells which and where");
	failure = sim_record() ? &sim_record()->failure : NULL;
	snprintf(line, sizeof(line), "rip 0x%lx", failure ? failure->rip : 0);
	tap_ok(tap,
	       failure && failure->reason == FAILURE_HYPERVISOR_EXCEPTION && failure->cpu == CELL &&
		       failure->vector == VECTOR_UD && failure->rip >= IMAGE_BASE && told(line) &&
		       !memcmp((const void *)failure->rip, "\x0f\x0b", 2),
	       "so does the record");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_CELL_GET_STATE, SIM_CELL_ID, 0), CELL_FAILED,
		   "the cell has failed");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_CELL_START, SIM_CELL_ID, 0), -EIO,
		   "it is not started again");
	tap_is_u64(tap, sim_destroy_cell(), 0, "but it can be destroyed");
	tap_is_u64(tap, sim_start_cell(CELL), -EIO, "no cell gets its CPU");
}

static void test_root_exception(struct tap *tap)
{
	sim_hypercall(SECOND, PLANTED_EXCEPTION, true, 0);
	tap_ok(tap, sim.cpu[SECOND].state == SIM_HALTED && told("hypervisor exception 6 on CPU 1"),
	       "a CPU of root has a fault of the hypervisor in the middle of an operation");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_CPU_GET_INFO, SECOND, CPU_INFO_STATE),
		   CPU_INFO_FAILED, "root reads that it has failed");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_HYPERVISOR_GET_INFO, HV_INFO_NUM_CELLS, 0), 1,
		   "another CPU of root is served");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_DISABLE, 0, 0), -EIO,
		   "the hypervisor does not close with it inside");
}

static void test_cell_beside(struct tap *tap)
{
	tap_is_u64(tap, sim_start_cell(CELL), SIM_CELL_ID,
		   "with a lost CPU of root a cell is created and started");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_CV_CELL_KILL, SIM_CELL_ID, 0), 0, "and killed");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_CELL_GET_STATE, SIM_CELL_ID, 0), CELL_FAILED,
		   "its state can be read");
	tap_is_u64(tap, sim_destroy_cell(), 0, "it is destroyed");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_HYPERVISOR_GET_INFO, HV_INFO_NUM_CELLS, 0), 1,
		   "and root is alone again");
	tap_is_u64(tap, sim_start_cell(CELL), SIM_CELL_ID, "another one can come");
}

/* In the middle of an operation that has stopped the others. */
static void test_suspended(struct tap *tap)
{
	sim_hypercall(SECOND, PLANTED_EXCEPTION, 1 | 2 << FIRST | 2 << CELL, 0);
	tap_ok(tap,
	       sim.cpu[SECOND].state == SIM_HALTED && sim.cpu[FIRST].state == SIM_GUEST &&
		       sim.cpu[CELL].state == SIM_GUEST,
	       "whom a CPU had suspended before its exception goes on");
	tap_is_u64(tap, sim_start_cell(CELL), SIM_CELL_ID, "and is suspended as before");
}

static bool raise_machine_check(unsigned long count)
{
	if (count < 5)
		return true;
	sim_deliver(&sim.cpu[CELL], VECTOR_MC, false, 0);
	return false;
}

/* Its vector is also one that a guest can have in service: it is none of its interrupts. */
static void test_machine_check(struct tap *tap)
{
	sim_start_cell(CELL);
	*sim_apic(CELL, APIC_ISR) = 1u << VECTOR_MC;
	sim_long_mode(CELL, SIM_CELL_MEMORY);
	sim_write_code(CELL, SIM_CELL_MEMORY, "\x0f\xa2", 2);
	sim_on_instruction = raise_machine_check;
	sim_measure(CELL, VMEXIT_CPUID, 0, 0);
	sim_on_instruction = NULL;
	tap_ok(tap, sim.cpu[CELL].state == SIM_HALTED && told("machine check, 18 on CPU 2"),
	       "an error of the machine in the hypervisor ends this CPU, whatever its APIC serves");
}

static unsigned int raised;

/* The second one while the first is told. */
static bool raise_twice(unsigned long count)
{
	if (count < (raised ? 900 : 5))
		return true;
	sim_deliver(&sim.cpu[CELL], VECTOR_MC, false, 0);
	return raised++ == 0;
}

static void test_second_exception(struct tap *tap)
{
	sim_start_cell(CELL);
	sim_long_mode(CELL, SIM_CELL_MEMORY);
	sim_write_code(CELL, SIM_CELL_MEMORY, "\x0f\xa2", 2);
	sim_on_instruction = raise_twice;
	sim_measure(CELL, VMEXIT_CPUID, 0, 0);
	sim_on_instruction = NULL;
	tap_ok(tap,
	       raised == 2 && sim.cpu[CELL].state == SIM_HALTED && told("machine check, ") &&
		       !told("cr2 0x"),
	       "what the telling of an exception raises is not told for ever");
	tap_is_u64(tap, sim_hypercall(FIRST, HC_CV_CELL_KILL, SIM_CELL_ID, 0), 0,
		   "and nobody waits for the console");
}

static void test_late_act(struct tap *tap)
{
	sim_hypercall(FIRST, PLANTED_DELAY, 700, 0);
	tap_is_u64(tap, sim_start_cell(CELL), SIM_CELL_ID,
		   "a CPU that is slow to park and to start is waited for");
	tap_ok(tap, (sim_vmcb(CELL)->cr0 & CR0_CD) && sim_vmcb(CELL)->rip == 0,
	       "it has had a reset, and is where the cell begins");
	sim_hypercall(FIRST, HC_CV_CELL_KILL, SIM_CELL_ID, 0);
	tap_is_u64(tap, sim_destroy_cell(), 0, "it goes back to root");
	sim_hypercall(FIRST, PLANTED_DELAY, 0, 0);
}

/* What a kick is sent with are the guest's own registers. */
static void test_command(struct tap *tap)
{
	const uint32_t mine = 0x5a000000;
	unsigned int kicks = sim.cpu[CELL].kicks;

	write_apic(FIRST, APIC_ICR_HIGH, mine);
	sim_start_cell(CELL);
	tap_ok(tap, sim.cpu[CELL].kicks > kicks && *sim_apic(FIRST, APIC_ICR_HIGH) == mine,
	       "behind kicks a guest reads its own destination");
	sim_hypercall(FIRST, HC_CV_CELL_KILL, SIM_CELL_ID, 0);
	sim_destroy_cell();
}

static void test_missing_page(struct tap *tap)
{
	unsigned int missing, errors = 0;
	long result;

	for (missing = 0; missing < 100; missing++) {
		sim_hypercall(FIRST, PLANTED_NO_PAGE, missing, 0);
		result = sim_start_cell(CELL);
		if (result != -ENOMEM)
			break;
		errors++;
	}
	sim_hypercall(FIRST, PLANTED_NO_PAGE, 0xffff, 0);
	tap_ok(tap, errors > 5 && errors == missing && result == SIM_CELL_ID,
	       "whichever page is missing, a create says so and the next one succeeds");
	sim_hypercall(FIRST, HC_CV_CELL_KILL, SIM_CELL_ID, 0);
	sim_destroy_cell();
}

/* One CPU does not come into the hypervisor. */
static void test_launch(struct tap *tap, char **argv)
{
	bool ended = sim_enter(argv[1], argv[2], CPUS, 1 << CELL);

	tap_ok(tap, ended && sim.cpu[FIRST].state == SIM_LEFT && sim.cpu[SECOND].state == SIM_LEFT,
	       "where a CPU does not come, the others go back");
	tap_ok(tap,
	       (int)sim.cpu[FIRST].reg[SIM_RAX] == -EIO &&
		       (int)sim.cpu[SECOND].reg[SIM_RAX] == -EIO,
	       "and say so");
	tap_ok(tap,
	       *sim_msr(&sim.cpu[FIRST], MSR_SPEC_CTRL) == SIM_SPEC_CTRL &&
		       *sim_msr(&sim.cpu[SECOND], MSR_SPEC_CTRL) == SIM_SPEC_CTRL,
	       "with the speculation control that Linux had");
	tap_ok(tap,
	       !((*sim_msr(&sim.cpu[FIRST], MSR_VM_CR) | *sim_msr(&sim.cpu[SECOND], MSR_VM_CR)) &
		 VM_CR_R_INIT),
	       "and INITs that are INITs");
}

static void open_machine(char **argv)
{
	memset(&sim, 0, sizeof(sim));
	sim_open(argv[1], argv[2], CPUS);
	sim_long_mode(FIRST, 0);
	sim_long_mode(SECOND, 0);
}

int main(int argc, char **argv)
{
	struct tap tap = {0};

	open_machine(argv);
	test_triple_fault(&tap);
	open_machine(argv);
	test_root_shutdown(&tap, true);
	test_missing_page(&tap);
	test_late_act(&tap);
	test_command(&tap);
	test_root_exception(&tap);
	test_cell_beside(&tap);
	open_machine(argv);
	test_suspended(&tap);
	open_machine(argv);
	test_machine_check(&tap);
	open_machine(argv);
	test_second_exception(&tap);
	open_machine(argv);
	test_cell_exception(&tap);
	memset(&sim, 0, sizeof(sim));
	test_launch(&tap, argv);
	return tap_done(&tap);
}
