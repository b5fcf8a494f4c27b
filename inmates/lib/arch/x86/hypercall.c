// SPDX-License-Identifier: BSD-2-Clause
/* Calls into the hypervisor. */
#include "arch/x86/cpu.h"

enum call_instruction { CALL_NONE, CALL_VMCALL, CALL_VMMCALL };

static enum call_instruction instruction;

void hypercall_setup(void)
{
	uint32_t eax, ebx, ecx, edx;

	cpuid(1, &eax, &ebx, &ecx, &edx);
	if (!(ecx & CPUID_1_ECX_HYPERVISOR))
		return;
	cpuid(CELL_CPUID_BASE, &eax, &ebx, &ecx, &edx);
	if (ebx != CELL_CPUID_EBX || ecx != CELL_CPUID_ECX || edx != CELL_CPUID_EDX)
		return;
	cpuid(0, &eax, &ebx, &ecx, &edx);
	/* "Auth"enticAMD, "Hygo"nGenuine */
	if (ebx == 0x68747541 || ebx == 0x6f677948)
		instruction = CALL_VMMCALL;
	else
		instruction = CALL_VMCALL;
}

int hypercall(enum cell_hypercall code, uint64_t argument1, uint64_t argument2)
{
	int result = code;

	if (instruction == CALL_VMMCALL)
		asm volatile("vmmcall" : "+a"(result) : "D"(argument1), "S"(argument2) : "memory");
	else if (instruction == CALL_VMCALL)
		asm volatile("vmcall" : "+a"(result) : "D"(argument1), "S"(argument2) : "memory");
	else
		return -ENOSYS;
	return result;
}
