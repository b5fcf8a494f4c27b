// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmi IMAGE TRAPS [virtual]: NMIs of a guest one after the other, on a processor that does not see
 * to it itself, and on one that does.
 */
#include <string.h>

#include "core/cpu.h"
#include "image_abi.h"
#include "sim_guest.h"
#include "tests/lib/tap.h"

enum { ROOT, OTHER };

#define EXCEPTION(vector) (VMEXIT_EXCP_BASE + (vector))
#define INJECTED_NMI	  (2u | EVENT_TYPE_NMI | EVENT_VALID)
#define TF		  0x100u
#define RF		  0x10000u
#define DR6_STEP	  (1u << 14)
#define V_NMI		  (1u << 11)
#define V_NMI_ON	  (1u << 26)
#define HANDLER		  0x7000
#define IRET_AT		  0x7010
#define ELSEWHERE	  0x9000

static struct vmcb *vmcb;

static bool injected(void)
{
	return (uint32_t)vmcb->event_injection == INJECTED_NMI;
}

static bool leaves(uint64_t code, uint64_t rip)
{
	vmcb->rip = rip;
	return sim_exit(ROOT, code, 0, 0);
}

/* One that is the guest's own. */
static bool nmi_at(uint64_t rip)
{
	sim.cpu[ROOT].nmi_pending = true;
	return leaves(VMEXIT_NMI, rip);
}

static bool watches_iret(void)
{
	return vmcb->intercept_misc1 & VMCB_IRET;
}

static bool steps(void)
{
	return (vmcb->rflags & TF) && (vmcb->rflags & RF) && (vmcb->intercept_exceptions & 2);
}

/* The IRET is over; the flags are what it popped. */
static bool stepped(uint64_t rip, uint64_t flags)
{
	vmcb->rflags = flags | 2;
	vmcb->dr6 |= DR6_STEP;
	return leaves(EXCEPTION(1), rip);
}

static void test_one(struct tap *tap)
{
	tap_ok(tap, !watches_iret(), "without an NMI no IRET exits");
	nmi_at(ELSEWHERE);
	tap_ok(tap, injected() && watches_iret(), "an NMI is injected at once");
	leaves(VMEXIT_CPUID, HANDLER);
	leaves(VMEXIT_IRET, IRET_AT);
	tap_ok(tap, !injected() && !watches_iret() && !steps(), "its IRET is seen, and no other");
}

static void test_second_waits(struct tap *tap)
{
	nmi_at(ELSEWHERE);
	nmi_at(HANDLER);
	tap_ok(tap, !injected(), "a second one waits");
	nmi_at(HANDLER + 2);
	leaves(VMEXIT_CPUID, HANDLER + 4);
	tap_ok(tap, !injected(), "whatever else exits");
	leaves(VMEXIT_IRET, IRET_AT);
	tap_ok(tap, !injected() && steps(), "also at the IRET, which is stepped");
	stepped(ELSEWHERE, 0);
	tap_ok(tap,
	       injected() && watches_iret() && !(vmcb->dr6 & DR6_STEP) &&
		       !(vmcb->intercept_exceptions & 2) && !(vmcb->rflags & TF),
	       "after it the second is injected, and of the step nothing is left");
	leaves(VMEXIT_IRET, IRET_AT);
	leaves(VMEXIT_CPUID, ELSEWHERE);
	tap_ok(tap, !injected() && !steps(), "a third was the same as the second, as on hardware");
}

static void test_iret(struct tap *tap)
{
	nmi_at(ELSEWHERE);
	leaves(VMEXIT_IRET, IRET_AT);
	nmi_at(IRET_AT);
	tap_ok(tap, !injected() && steps(), "one that comes at the IRET waits for it");
	stepped(ELSEWHERE, 0);
	tap_ok(tap, injected(), "and comes after it");
	leaves(VMEXIT_IRET, IRET_AT);
	nmi_at(ELSEWHERE);
	tap_ok(tap, injected() && !steps(), "one that comes after the IRET does not wait");
	nmi_at(HANDLER);
	vmcb->rflags |= TF;
	leaves(VMEXIT_IRET, IRET_AT);
	stepped(ELSEWHERE, 0);
	tap_ok(tap, vmcb->dr6 & DR6_STEP, "a handler that is single-stepped gets its own step");
	/* The NMI waits for that step to be delivered. */
	leaves(VMEXIT_CPUID, ELSEWHERE + 2);
	tap_ok(tap, injected() || watches_iret(), "and the NMI behind it");
	leaves(VMEXIT_IRET, IRET_AT);
	leaves(VMEXIT_CPUID, ELSEWHERE);
}

/* An exception is being injected when the NMI comes. */
static void test_window(struct tap *tap)
{
	const struct image_header *header = (const struct image_header *)IMAGE_BASE;
	unsigned int kicks = sim.cpu[ROOT].kicks;

	sim.cpu[ROOT].reg[SIM_RCX] = 0xc0010117; /* refused: #GP */
	*(uint32_t *)(IMAGE_BASE + header->core_size + ROOT * CPU_BLOCK_SIZE) |= PENDING_NMI;
	leaves(VMEXIT_MSR, ELSEWHERE);
	tap_ok(tap, sim.cpu[ROOT].kicks == kicks + 1,
	       "where an exception goes first, an exit is asked for behind it");
	tap_ok(tap, injected(), "and brings the NMI");
	leaves(VMEXIT_IRET, IRET_AT);
	leaves(VMEXIT_CPUID, ELSEWHERE);
}

/* What the processor has reserved in the control block is 0 (APM vol. 2, appendix B). */
static void test_reserved(struct tap *tap)
{
	const uint8_t *bytes = (const uint8_t *)vmcb;
	unsigned int used = 0;

	for (size_t n = 0xe0; n < 0x3e0; n++)
		used += bytes[n] != 0;
	tap_is_u64(tap, used, 0, "nothing is kept where the processor may look");
}

static void test_init(struct tap *tap)
{
	sim.cpu[ROOT].init_pending = true;
	tap_ok(tap,
	       leaves(VMEXIT_INIT, ELSEWHERE) && sim.cpu[ROOT].state == SIM_GUEST && !injected() &&
		       vmcb->rip == ELSEWHERE,
	       "an INIT from outside leaves the guest as it is");
	tap_ok(tap, sim.cpu[ROOT].redirected == 1, "it is taken, redirected, in the hypervisor");
}

static void test_virtual(struct tap *tap)
{
	tap_ok(tap, vmcb->virtual_interrupt & V_NMI_ON, "the processor sees to NMIs");
	nmi_at(ELSEWHERE);
	tap_ok(tap, (vmcb->virtual_interrupt & V_NMI) && !injected() && !watches_iret(),
	       "an NMI is handed to it");
	vmcb->virtual_interrupt &= ~(uint64_t)V_NMI;
	nmi_at(HANDLER);
	tap_ok(tap, (vmcb->virtual_interrupt & V_NMI) && !injected(), "so is the next");
}

int main(int argc, char **argv)
{
	struct tap tap = {0};

	sim_virtual_nmi = argc > 3 && strcmp(argv[3], "virtual") == 0;
	sim_open(argv[1], argv[2], 2);
	sim_long_mode(ROOT, 0);
	vmcb = sim_vmcb(ROOT);
	if (sim_virtual_nmi) {
		test_virtual(&tap);
		return tap_done(&tap);
	}
	test_one(&tap);
	test_second_waits(&tap);
	test_iret(&tap);
	test_window(&tap);
	test_reserved(&tap);
	test_init(&tap);
	return tap_done(&tap);
}
