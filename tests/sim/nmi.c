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
#define DB		  (1u << 1)
#define RF		  0x10000u
#define DR6_STEP	  (1u << 14)
#define V_NMI		  (1u << 11)
#define V_NMI_MASKED	  (1u << 12)
#define V_NMI_ON	  (1u << 26)
#define UNKNOWN_EXIT	  0x3ff
#define HANDLER		  0x7000
#define IRET_AT		  0x7010
#define ELSEWHERE	  0x9000
#define LVT_PERF	  0x340
#define LVT_NMI		  0x400
#define LVT_OFF		  0x10000
#define COUNTER_CTL(n)	  (0xc0010200 + 2 * (n))
#define COUNTER(n)	  (0xc0010201 + 2 * (n))
#define COUNTS		  0x530076ull /* cycles, in the kernel and outside, with an interrupt */
#define COUNTS_SILENTLY	  0x430076ull
#define NOT_YET		  (1ull << 47)
#define IBS_FETCH	  0xc0011030
#define IBS_FETCH_VALID	  (1ull << 49)
#define IBS_OP		  0xc0011033
#define IBS_OP_VALID	  (1ull << 18)

static struct vmcb *vmcb;

static struct cpu *root(void)
{
	const struct image_header *header = (const struct image_header *)IMAGE_BASE;

	return (struct cpu *)(IMAGE_BASE + header->core_size + ROOT * CPU_BLOCK_SIZE);
}

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
	vmcb->intercept_exceptions |= DB;
	nmi_at(HANDLER);
	leaves(VMEXIT_IRET, IRET_AT);
	stepped(ELSEWHERE, 0);
	tap_ok(tap, injected() && (vmcb->intercept_exceptions & DB),
	       "who has #DB intercepted anyway has it so after the step");
	vmcb->intercept_exceptions &= ~DB;
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
	nmi_at(ELSEWHERE);
	leaves(VMEXIT_IRET, IRET_AT);
	nmi_at(IRET_AT);
	vmcb->rflags = 2;
	leaves(VMEXIT_CPUID, HANDLER);
	tap_ok(tap, injected() && watches_iret() && !(vmcb->intercept_exceptions & 2),
	       "an IRET that faults is not waited for: no step comes of it");
	leaves(VMEXIT_IRET, IRET_AT);
	leaves(VMEXIT_CPUID, ELSEWHERE);
}

/* An exception is being injected when the NMI comes. */
static void test_window(struct tap *tap)
{
	unsigned int kicks = sim.cpu[ROOT].kicks;

	sim.cpu[ROOT].reg[SIM_RCX] = 0xc0010117; /* refused: #GP */
	root()->pending |= PENDING_NMI;
	leaves(VMEXIT_MSR, ELSEWHERE);
	tap_ok(tap, sim.cpu[ROOT].kicks == kicks + 1,
	       "where an exception goes first, an exit is asked for behind it");
	tap_ok(tap, injected(), "and brings the NMI");
	leaves(VMEXIT_IRET, IRET_AT);
	leaves(VMEXIT_CPUID, ELSEWHERE);
}

/* A kick ends the guest's run; whether the guest gets an NMI for it, from the handler on. */
static bool kicked(void)
{
	bool got;

	root()->arch.kick_pending = 1;
	nmi_at(ELSEWHERE);
	got = injected();
	if (got) {
		leaves(VMEXIT_IRET, IRET_AT);
		leaves(VMEXIT_CPUID, ELSEWHERE);
	}
	return got;
}

static void set_lvt(uint32_t value)
{
	static const uint8_t mov[] = {0x89, 0x87, LVT_PERF & 0xff, LVT_PERF >> 8, 0, 0};

	sim_write_code(ROOT, 0, mov, sizeof(mov));
	sim.cpu[ROOT].reg[SIM_RDI] = SIM_APIC;
	vmcb->rax = value;
	sim_exit(ROOT, VMEXIT_NPF, 0x100000007, SIM_APIC + LVT_PERF);
}

/* What a counter raises while a kick is on its way is one NMI with it. */
static void test_counters(struct tap *tap)
{
	struct sim_cpu *cpu = &sim.cpu[ROOT];
	unsigned int lost = 0, invented = 0;

	set_lvt(LVT_NMI);
	tap_ok(tap, !kicked(), "a kick is no NMI of the guest's");
	for (unsigned int n = 0; n < 6; n++) {
		*sim_msr(cpu, COUNTER_CTL(n)) = COUNTS;
		*sim_msr(cpu, COUNTER(n)) = NOT_YET | 5;
		invented += kicked();
		*sim_msr(cpu, COUNTER(n)) = 5;
		lost += !kicked();
		*sim_msr(cpu, COUNTER_CTL(n)) = COUNTS_SILENTLY;
		invented += kicked();
		*sim_msr(cpu, COUNTER_CTL(n)) = COUNTS & ~(1ull << 22);
		invented += kicked();
		*sim_msr(cpu, COUNTER_CTL(n)) = 0;
	}
	tap_is_u64(tap, lost, 0, "that of a counter which meets a kick is not lost");
	tap_is_u64(tap, invented, 0,
		   "where none has overflowed, or is to tell of it, there is none");
	*sim_msr(cpu, IBS_FETCH) = IBS_FETCH_VALID;
	tap_ok(tap, kicked(), "a sample of a fetch is not lost either");
	*sim_msr(cpu, IBS_FETCH) = 0;
	*sim_msr(cpu, IBS_OP) = IBS_OP_VALID;
	tap_ok(tap, kicked(), "nor that of an operation");
	set_lvt(LVT_NMI | LVT_OFF);
	tap_ok(tap, !kicked(), "unless the guest wants none");
	set_lvt(0x40);
	tap_ok(tap, !kicked(), "or an interrupt");
	*sim_msr(cpu, IBS_OP) = 0;
}

/* An NMI that waits while a CPU is reset is none of whoever has it afterwards; nor would it know.
 */
static void test_reset(struct tap *tap)
{
	root()->pending |= PENDING_INIT | PENDING_SIPI;
	sim.cpu[ROOT].nmi_pending = true;
	leaves(VMEXIT_CPUID, ELSEWHERE);
	tap_ok(tap, vmcb->rip == 0 && !sim.cpu[ROOT].nmi_pending && !injected(),
	       "one that waits at a reset is dropped");
	sim_long_mode(ROOT, 0);
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
	vmcb->virtual_interrupt |= V_NMI_MASKED;
	root()->pending |= PENDING_INIT | PENDING_SIPI;
	leaves(VMEXIT_CPUID, HANDLER);
	tap_ok(tap, vmcb->rip == 0 && vmcb->virtual_interrupt == V_NMI_ON,
	       "whoever has the CPU after a reset gets none of them, and is in no handler");
}

#define PAGE_OF_START 0x9a
#define INSTRUCTIONS  80 /* that are looked at, at most */

static bool (*begins)(void);
static unsigned int seen, start_at;
static bool started;

static bool flushed(void)
{
	return !(root()->pending & PENDING_FLUSH);
}

static bool failed(void)
{
	return root()->failed;
}

/* Another CPU takes this one down and starts it again, so many instructions after that. */
static bool send_start(unsigned long count)
{
	if ((seen == 0 && !begins()) || ++seen < start_at)
		return true;
	started = true;
	root()->arch.sipi_vector = PAGE_OF_START;
	__atomic_or_fetch(&root()->pending, PENDING_INIT | PENDING_SIPI, __ATOMIC_SEQ_CST);
	sim.cpu[ROOT].nmi_pending = true; /* the kick */
	root()->arch.kick_pending = 1;
	return false;
}

/* An exit with something pending, and the two at each instruction that follows that. */
static void test_start(struct tap *tap, const char *what, uint64_t code)
{
	unsigned int lost = 0, sent = 0;

	for (start_at = 1; start_at < INSTRUCTIONS; start_at++) {
		started = false;
		seen = 0;
		sim_on_instruction = send_start;
		__atomic_or_fetch(&root()->pending, PENDING_FLUSH, __ATOMIC_SEQ_CST);
		sim_measure(ROOT, code, 0, 0);
		sim_on_instruction = NULL;
		if (!started)
			break;
		sent++;
		if (root()->pending)
			nmi_at(ELSEWHERE);
		lost += vmcb->cs.base != PAGE_OF_START << 12 || root()->state != CPU_RUNNING;
		sim_long_mode(ROOT, 0);
		vmcb->cs.base = 0;
	}
	tap_ok(tap, sent > 20 && lost == 0,
	       "INIT and a start-up IPI at %u instructions after %s: %u are lost", sent, what,
	       lost);
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
	test_counters(&tap);
	test_reserved(&tap);
	test_init(&tap);
	test_reset(&tap);
	begins = flushed;
	test_start(&tap, "a flush", VMEXIT_CPUID);
	begins = failed;
	test_start(&tap, "a failure", UNKNOWN_EXIT);
	return tap_done(&tap);
}
