// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hypervisor answers a cell that asks: by CPUID, and by hypercalls, of which nearly all
 * are root's. The cell has one CPU.
 *
 * Parameters:
 *   cpu=N          the cell's CPU, as the hypervisor counts
 *   foreign-cpu=N  one of another cell
 *   cell=N         the id of another cell
 *   no-console     the cell has none: the state says whether writing to it was refused
 */
#include "arch/x86/x86.h"
#include "report.h"

#define UNKNOWN_HYPERCALL 99
#define UNKNOWN_INFO	  77
#define BEYOND_ALL_CPUS	  100000

static void check_cpuid(void)
{
	uint32_t eax, ebx, ecx, edx;

	cpuid(CELL_CPUID_BASE, &eax, &ebx, &ecx, &edx);
	is(eax, CELL_CPUID_BASE + 1, "the highest leaf of the hypervisor");
	is(ebx == CELL_CPUID_EBX && ecx == CELL_CPUID_ECX && edx == CELL_CPUID_EDX, 1,
	   "the signature");
	cpuid(CELL_CPUID_BASE + 1, &eax, &ebx, &ecx, &edx);
	is(eax | ebx | ecx | edx, 0, "its features: none");
	cpuid(1, &eax, &ebx, &ecx, &edx);
	is(!!(ecx & CPUID_1_ECX_HYPERVISOR), 1, "there is a hypervisor");
	is(ecx & CPUID_1_ECX_MONITOR, 0, "no MONITOR");
	is(!!(ecx & CPUID_1_ECX_X2APIC), !!(rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC),
	   "x2APIC where the APIC is in that mode");
	cpuid(0x80000001, &eax, &ebx, &ecx, &edx);
	is(ecx & CPUID_8000_0001_ECX_SVM, 0, "no SVM");
}

static void check_root_only(int64_t cell)
{
	static const struct {
		enum cell_hypercall code;
		const char *name;
	} calls[] = {
		{HC_DISABLE, "closing the hypervisor is refused"},
		{HC_CELL_CREATE, "making a cell is refused"},
		{HC_CELL_START, "starting a cell is refused"},
		{HC_CELL_SET_LOADABLE, "opening a cell's memory is refused"},
		{HC_CELL_DESTROY, "destroying a cell is refused"},
		{HC_CELL_GET_STATE, "another cell's state is refused"},
		{HC_CV_CELL_SHUTDOWN, "shutting a cell down is refused"},
		{HC_CV_CELL_KILL, "killing a cell is refused"},
	};

	for (unsigned int n = 0; n < sizeof(calls) / sizeof(calls[0]); n++)
		is(hypercall(calls[n].code, cell, 0), -EPERM, calls[n].name);
}

static void check_information(int64_t own, int64_t foreign)
{
	is(hypercall(HC_HYPERVISOR_GET_INFO, HV_INFO_NUM_CELLS, 0), 3, "how many cells there are");
	is(hypercall(HC_HYPERVISOR_GET_INFO, HV_INFO_MEM_POOL_USED, 0) > 0, 1, "the pool's use");
	is(hypercall(HC_HYPERVISOR_GET_INFO, UNKNOWN_INFO, 0), -EINVAL, "unknown information");
	is(hypercall(HC_CPU_GET_INFO, own, CPU_INFO_STATE), CPU_INFO_RUNNING, "the own CPU runs");
	is(hypercall(HC_CPU_GET_INFO, own, CPU_INFO_STAT_BASE) > 0, 1, "it has had exits");
	is(hypercall(HC_CPU_GET_INFO, own, CPU_INFO_STAT_BASE + 500), -EINVAL, "unknown counter");
	is(hypercall(HC_CPU_GET_INFO, foreign, CPU_INFO_STATE), -EPERM, "foreign CPUs are refused");
	is(hypercall(HC_CPU_GET_INFO, 0, CPU_INFO_STATE), -EPERM, "Linux' CPUs are refused");
	is(hypercall(HC_CPU_GET_INFO, BEYOND_ALL_CPUS, CPU_INFO_STATE), -EINVAL, "no such CPU");
	is(hypercall(UNKNOWN_HYPERCALL, 0, 0), -ENOSYS, "an unknown hypercall");
}

void inmate_main(void)
{
	static const char *const names[] = {"cpu", "foreign-cpu", "cell", "no-console", NULL};
	int64_t own, foreign, cell;

	params_require_known(names);
	if (param_bool_or_fail("no-console", false)) {
		if (hypercall(HC_CONSOLE_PUTC, '!', 0) != -EPERM)
			inmate_fail("a cell without a console may write to one");
		inmate_shut_down();
	}
	own = param_int_or_fail("cpu", 2, 0, 255);
	foreign = param_int_or_fail("foreign-cpu", 3, 0, 255);
	cell = param_int_or_fail("cell", 1, 0, INT32_MAX);
	check_cpuid();
	check_root_only(cell);
	check_information(own, foreign);
	report_end();
}
