// SPDX-License-Identifier: GPL-2.0-only
#include "cellvisor.h"

int cellvisor_hypercall(u32 code, u64 arg1, u64 arg2)
{
	u64 result = code;

	asm volatile("vmmcall" : "+a"(result) : "D"(arg1), "S"(arg2) : "memory");
	return (int)result;
}
