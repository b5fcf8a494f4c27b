// SPDX-License-Identifier: GPL-2.0-only
/*
 * step IMAGE TRAPS: how a guest goes on behind an instruction that was done for it: traps and flags
 * as the processor's manual has them, whatever prefixes it had and whether its length is told.
 */
#include <stdlib.h>

#include "arch/x86/msr.h"
#include "arch/x86/processor.h"
#include "cell_abi.h"
#include "sim_guest.h"
#include "tests/lib/tap.h"

#define ROOT	   0 /* by CPU */
#define DEBUG_TRAP (EVENT_VALID | EVENT_TYPE_EXCEPTION | VECTOR_DB)

static void at_instruction(const char *code, unsigned int size, uint64_t flags)
{
	sim_write_code(ROOT, 0, code, size);
	sim.cpu[ROOT].reg[SIM_RCX] = MSR_PAT;	      /* where it is an MSR that is read */
	sim_vmcb(ROOT)->rax = HC_HYPERVISOR_GET_INFO; /* or any leaf */
	sim_vmcb(ROOT)->rflags = 2 | flags;
	sim_vmcb(ROOT)->dr6 = DR6_RESET;
}

/* An instruction that exits, and where it left the guest. */
static uint64_t step(uint64_t exit_code, const char *code, unsigned int size, uint64_t flags)
{
	at_instruction(code, size, flags);
	return sim_exit(ROOT, exit_code, 0, 0) ? sim_vmcb(ROOT)->rip - SIM_CODE_AT : 0;
}

/* Of what is done elsewhere than by the next instruction's address, which these exits may lack. */
static void test_step_over_devices(struct tap *tap, const char *how)
{
	static const struct {
		const char *name, *code;
		unsigned int size;
		uint64_t exit_code, info1, info2;
	} devices[] = {
		{"a port that is nobody's", "\xec", 1, VMEXIT_IOIO, 0x60 << 16 | 0x11,
		 SIM_CODE_AT + 1},
		{"memory that is nobody's", "\x8b\x07", 2, VMEXIT_NPF, 4, SIM_HV_START},
		{"the APIC's page", "\x89\x87\xb0\0\0", 6, VMEXIT_NPF, 6, SIM_APIC + 0xb0},
	};
	struct vmcb *vmcb = sim_vmcb(ROOT);

	sim.cpu[ROOT].reg[SIM_RDI] = SIM_APIC;
	for (size_t n = 0; n < sizeof(devices) / sizeof(*devices); n++) {
		for (unsigned int flags = 0; flags <= RFLAGS_TF; flags += RFLAGS_TF) {
			uint64_t event = flags ? DEBUG_TRAP : 0;

			at_instruction(devices[n].code, devices[n].size, flags | RFLAGS_RF);
			vmcb->interrupt_shadow = 1;
			sim_exit(ROOT, devices[n].exit_code, devices[n].info1, devices[n].info2);
			tap_ok(tap,
			       vmcb->rip == SIM_CODE_AT + devices[n].size &&
				       vmcb->event_injection == event &&
				       !!(vmcb->dr6 & DR6_BS) == !!flags &&
				       !(vmcb->rflags & RFLAGS_RF) && !vmcb->interrupt_shadow,
			       "%s over %s%s", flags ? "a single step" : "no trap", devices[n].name,
			       how);
		}
	}
}

static void test_single_step(struct tap *tap)
{
	struct vmcb *vmcb = sim_vmcb(ROOT);

	for (int assists = 1; assists >= 0; assists--) {
		const char *how = assists ? "" : ", length not told";

		sim_assists = assists;
		tap_ok(tap,
		       step(VMEXIT_CPUID, "\x0f\xa2", 2, 0) == 2 && !vmcb->event_injection &&
			       vmcb->dr6 == DR6_RESET,
		       "CPUID raises nothing%s", how);
		tap_ok(tap,
		       step(VMEXIT_CPUID, "\x0f\xa2", 2, RFLAGS_TF) == 2 &&
			       vmcb->event_injection == DEBUG_TRAP &&
			       vmcb->dr6 == (DR6_RESET | DR6_BS),
		       "a single step over CPUID ends behind it%s", how);
		tap_ok(tap,
		       step(VMEXIT_VMMCALL, "\x0f\x01\xd9", 3, RFLAGS_TF) == 3 &&
			       vmcb->event_injection == DEBUG_TRAP,
		       "over a hypercall as well%s", how);
		tap_ok(tap,
		       step(VMEXIT_CPUID, "\x0f\xa2", 2, RFLAGS_RF) == 2 &&
			       !(vmcb->rflags & RFLAGS_RF),
		       "the resume flag is gone after an instruction%s", how);
		*sim_msr(&sim.cpu[ROOT], MSR_DEBUGCTL) = DEBUGCTL_BTF;
		tap_ok(tap,
		       step(VMEXIT_CPUID, "\x0f\xa2", 2, RFLAGS_TF) == 2 && !vmcb->event_injection,
		       "who steps from branch to branch is not stopped by it%s", how);
		*sim_msr(&sim.cpu[ROOT], MSR_DEBUGCTL) = 0;
		test_step_over_devices(tap, how);
	}
	vmcb->interrupt_shadow = 1;
	step(VMEXIT_CPUID, "\x0f\xa2", 2, 0);
	tap_is_u64(tap, vmcb->interrupt_shadow, 0, "the shadow of STI covers one instruction");
	sim_assists = true;
	vmcb->interrupt_shadow = 1;
	step(VMEXIT_CPUID, "\x0f\xa2", 2, 0);
	tap_is_u64(tap, vmcb->interrupt_shadow, 0, "where the next one is told, too");
}

static void test_prefixes(struct tap *tap)
{
	static const struct {
		uint64_t exit_code;
		const char *code;
		unsigned int size;
		const char *name;
	} forms[] = {
		{VMEXIT_CPUID, "\x0f\xa2", 2, "cpuid"},
		{VMEXIT_CPUID, "\x66\x0f\xa2", 3, "data16 cpuid"},
		{VMEXIT_CPUID, "\x48\x0f\xa2", 3, "rex.w cpuid"},
		{VMEXIT_VMMCALL, "\x0f\x01\xd9", 3, "vmmcall"},
		{VMEXIT_VMMCALL, "\xf3\x0f\x01\xd9", 4, "rep vmmcall"},
		{VMEXIT_MSR, "\x2e\x66\xf2\x0f\x32", 5, "cs data16 repne rdmsr"},
		{VMEXIT_WBINVD, "\xf3\x0f\x09", 3, "wbnoinvd"},
		{VMEXIT_INVD, "\x0f\x08", 2, "invd"},
	};

	for (int assists = 1; assists >= 0; assists--) {
		sim_assists = assists;
		for (size_t n = 0; n < sizeof(forms) / sizeof(*forms); n++) {
			/* From one program's tables to another's: as with other addresses. */
			sim_vmcb(ROOT)->cr3 ^= 8;
			tap_is_u64(tap, step(forms[n].exit_code, forms[n].code, forms[n].size, 0),
				   forms[n].size, "%s is stepped over%s", forms[n].name,
				   assists ? "" : ", length not told");
			tap_is_u64(tap, step(forms[n].exit_code, forms[n].code, forms[n].size, 0),
				   forms[n].size, "and once more");
		}
	}
	sim_assists = true;
}

int main(int argc, char **argv)
{
	struct tap tap = {0};
	char *console;

	sim_open(argv[1], argv[2], 1);
	sim_long_mode(ROOT, 0);
	test_single_step(&tap);
	test_prefixes(&tap);
	console = sim_console();
	tap_ok(&tap, strstr(console, "exception") == NULL, "the hypervisor had no exception");
	free(console);
	return tap_done(&tap);
}
