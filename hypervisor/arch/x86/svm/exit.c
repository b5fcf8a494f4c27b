// SPDX-License-Identifier: GPL-2.0-only
/* Exit codes of SVM and who serves them: a table; a hole in it is a fault of the guest. */
#include "arch/x86/svm/svm.h"

#include "arch/x86/asm.h"
#include "arch/x86/svm/offsets.h"
#include "cell/cell.h"

_Static_assert(VMCB_INTERRUPT_SHADOW == offsetof(struct vmcb, interrupt_shadow), "offsets");
_Static_assert(VMCB_NEXT_RIP == offsetof(struct vmcb, next_rip), "offsets");
_Static_assert(VMCB_RFLAGS == offsetof(struct vmcb, rflags), "offsets");
_Static_assert(VMCB_RIP == offsetof(struct vmcb, rip), "offsets");
_Static_assert(VMCB_RAX == offsetof(struct vmcb, rax), "offsets");
_Static_assert(VERDICT_NEXT == 0, "the fast way out");

/* The exception whose delivery the exit interrupted; FAILURE_VECTOR_NONE: none. */
static unsigned int interrupted_exception(const struct vmcb *vmcb)
{
	if ((vmcb->exit_int_info & (EVENT_VALID | EVENT_TYPE_MASK)) !=
	    (EVENT_VALID | EVENT_TYPE_EXCEPTION))
		return FAILURE_VECTOR_NONE;
	return vmcb->exit_int_info & 0xff;
}

/* An exception of a cell, which is remembered and handed back. */
static enum verdict on_exception(struct cpu *cpu)
{
	const struct vmcb *vmcb = cpu->arch.control;
	unsigned int vector = vmcb->exit_code - VMEXIT_EXCP_BASE;
	unsigned int first = interrupted_exception(vmcb);

	if (vector == VECTOR_DB && svm_stepped(cpu))
		return VERDICT_HANDLED;
	if (first == VECTOR_DF)
		return exit_triple_fault(cpu);
	if (first == FAILURE_VECTOR_NONE)
		exit_exception_seen(cpu, vector);
	else if (first == VECTOR_PF)
		exit_exception_seen(cpu, first);
	svm_inject_exception(cpu, vector, (VECTORS_WITH_ERROR >> vector) & 1, vmcb->exit_info1);
	return VERDICT_HANDLED;
}

/*
 * Caches are coherent, and devices look into them: for a cell INVD and WBINVD do nothing, since
 * writing back everybody's cache lines would delay its neighbours. INVD would also throw away what
 * they have written.
 *
 * Root has devices that do not look into caches, for which it makes memory uncached, and executes
 * WBINVD on CPUs that it takes offline. Where no cell can be delayed it gets just that. Else lines
 * are written back, so that such devices see them, but stay where they are, also those of cells in
 * the shared cache: what stays is no older than memory, and it is still looked into for accesses of
 * all types (APM vol. 2, 7.3). Processors without WBNOINVD execute WBINVD (APM vol. 3).
 */
static enum verdict on_cache_instruction(struct cpu *cpu)
{
	if (cpu->cell == &root_cell && cell_count() == 1)
		wbinvd();
	else if (cpu->cell == &root_cell)
		wbnoinvd();
	return VERDICT_NEXT;
}

static enum verdict on_port(struct cpu *cpu)
{
	const struct vmcb *vmcb = cpu->arch.control;
	uint32_t info = vmcb->exit_info1;

	return exit_port(cpu, info >> 16, (info >> 4) & 7, info & IOIO_IN, info & IOIO_STRING,
			 vmcb->exit_info2 - vmcb->rip);
}

static enum verdict on_msr(struct cpu *cpu)
{
	const struct vmcb *vmcb = cpu->arch.control;

	return exit_msr(cpu, vmcb->exit_info1 & 1);
}

static enum verdict on_hypercall(struct cpu *cpu)
{
	const struct vmcb *vmcb = cpu->arch.control;

	/* It is 3 in virtual-8086 mode. */
	return exit_hypercall(cpu, vmcb->cpl == 0);
}

/* CPUID says that there is no SVM. */
static enum verdict on_svm_instruction(struct cpu *cpu)
{
	return VERDICT_UD;
}

static enum verdict on_nested_page_fault(struct cpu *cpu)
{
	const struct vmcb *vmcb = cpu->arch.control;

	bool delivering = vmcb->event_injection & EVENT_VALID;

	/*
	 * Root's descriptors or stacks lie where its memory is not. It is refused by an exception,
	 * and none can follow a double fault (APM vol. 2, 8.2.9).
	 */
	if (unlikely(delivering) && cpu->cell == &root_cell &&
	    interrupted_exception(vmcb) == VECTOR_DF)
		return exit_triple_fault(cpu);
	return exit_memory(cpu, vmcb->exit_info2, vmcb->exit_info1 & NPF_WRITE,
			   vmcb->exit_info1 & NPF_FETCH,
			   (vmcb->exit_info1 & NPF_PAGE_WALK) || delivering);
}

static enum verdict on_unknown(struct cpu *cpu)
{
	const struct vmcb *vmcb = cpu->arch.control;

	return exit_fault(cpu, FAILURE_UNHANDLED_EXIT, 0, vmcb->exit_code, 0);
}

/* Exits by code, and those whose code is no index. */
enum exit_kind {
	EXIT_KIND_NPF = VMEXIT_TABLE_SIZE,
	EXIT_KIND_UNKNOWN,
	EXIT_KINDS,
};

#define EXITS(X)                                                                               \
	/* All that are intercepted, but for one. */                                           \
	X(VMEXIT_EXCP_BASE... VMEXIT_EXCP_BASE + 31, on_exception, EXITS_X86_EXCEPTION)        \
	X(VMEXIT_EXCP_BASE + VECTOR_MC, exit_machine_check, EXITS_X86_EXCEPTION)               \
	X(VMEXIT_NMI, exit_nmi, EXITS_MANAGEMENT)                                              \
	X(VMEXIT_INIT, exit_nmi, EXITS_MANAGEMENT)                                             \
	X(VMEXIT_IRET, svm_on_iret, EXITS_MANAGEMENT)                                          \
	X(VMEXIT_CPUID, exit_cpuid, EXITS_X86_CPUID)                                           \
	X(VMEXIT_INVD, on_cache_instruction, EXITS_TOTAL)                                      \
	X(VMEXIT_WBINVD, on_cache_instruction, EXITS_TOTAL)                                    \
	X(VMEXIT_IOIO, on_port, EXITS_X86_PIO)                                                 \
	X(VMEXIT_MSR, on_msr, EXITS_X86_MSR_OTHER)                                             \
	X(VMEXIT_SHUTDOWN, exit_shutdown, EXITS_TOTAL)                                         \
	X(VMEXIT_VMRUN, on_svm_instruction, EXITS_TOTAL)                                       \
	X(VMEXIT_VMLOAD... VMEXIT_SKINIT, on_svm_instruction, EXITS_TOTAL)                     \
	X(VMEXIT_VMMCALL, on_hypercall, EXITS_HYPERCALL)                                       \
	X(VMEXIT_INVLPGA, on_svm_instruction, EXITS_TOTAL)                                     \
	/* Accesses to the interrupt controller's page are counted apart, by their handler. */ \
	X(EXIT_KIND_NPF, on_nested_page_fault, EXITS_BY_HANDLER)

/* What follows is more than the fault and the counter with which the tables are filled. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define HANDLER(kind, handler, counter) [kind] = (handler),
static enum verdict (*const handlers[EXIT_KINDS])(struct cpu *cpu) = {
	[0 ... EXIT_KINDS - 1] = on_unknown, EXITS(HANDLER)};
#define COUNTER(kind, handler, counter) [kind] = (counter),
static const uint8_t counters[EXIT_KINDS] = {[0 ... EXIT_KINDS - 1] = EXITS_TOTAL, EXITS(COUNTER)};

enum verdict svm_exit(struct cpu *cpu)
{
	struct vmcb *vmcb = cpu->arch.control;
	uint64_t kind = EXIT_KIND_UNKNOWN;

	if (likely(vmcb->exit_code < VMEXIT_TABLE_SIZE))
		kind = vmcb->exit_code;
	else if (vmcb->exit_code == VMEXIT_NPF)
		kind = EXIT_KIND_NPF;
	cpu_gprs(cpu)->rax = vmcb->rax;
	vmcb->tlb_control = TLB_CONTROL_NONE;
	/* An event whose delivery the exit interrupted, if any, is delivered again (15.7.2). */
	vmcb->event_injection = vmcb->exit_int_info;
	cpu->exits[counters[kind]]++;
	return handlers[kind](cpu);
}

/* Where a guest goes on after an instruction that was done for it, and what that raises. */
static void go_on_at(struct cpu *cpu, struct vmcb *vmcb, uint64_t rip)
{
	bool single_step = vmcb->rflags & RFLAGS_TF;

	/* IP wraps at its size outside 64-bit code. */
	vmcb->rip = (vmcb->cs.attributes & 0x200) ? rip : (uint32_t)rip;
	vmcb->interrupt_shadow = 0;
	vmcb->rflags &= ~RFLAGS_RF;
	/* A trap, after the instruction (APM vol. 2, 13.1.4); BTF: after branches only. */
	if (single_step && !(rdmsr(MSR_DEBUGCTL) & DEBUGCTL_BTF)) {
		vmcb->dr6 |= DR6_BS;
		svm_inject_exception(cpu, VECTOR_DB, false, 0);
	}
}

unsigned int svm_fetched(const struct cpu *cpu, uint8_t *bytes)
{
	const struct vmcb *vmcb = cpu->arch.control;

	if (vmcb->exit_code != VMEXIT_NPF)
		return 0;
	__builtin_memcpy(bytes, vmcb->instruction, INSTRUCTION_MAX);
	return vmcb->bytes_fetched & 0xf;
}

void svm_advance(struct cpu *cpu, unsigned int bytes)
{
	struct vmcb *vmcb = cpu->arch.control;

	go_on_at(cpu, vmcb, vmcb->rip + bytes);
}

#define ESCAPE 0x0f

/*
 * How long the intercepted instruction is, where the processor does not say (emulators, family
 * 0fh). All of those that come here begin with 0F, but for prefixes. What was found out last is
 * remembered: a guest that puts another prefix there between two runs of it harms itself.
 */
static unsigned int find_length(struct cpu *cpu, struct vmcb *vmcb)
{
	unsigned int size, prefixes = 0, opcode = vmcb->exit_code == VMEXIT_VMMCALL ? 3 : 2;
	uint64_t linear = vmcb->cs.base + vmcb->rip;
	uint8_t bytes[INSTRUCTION_MAX];

	if (vmcb->seen_linear == linear && vmcb->seen_cr3 == vmcb->cr3)
		return vmcb->seen_prefixes + opcode;
	size = guest_fetch(cpu, bytes);
	while (prefixes < size && bytes[prefixes] != ESCAPE)
		prefixes++;
	if (prefixes == size)
		return opcode;
	vmcb->seen_linear = linear;
	vmcb->seen_cr3 = vmcb->cr3;
	vmcb->seen_prefixes = prefixes;
	return prefixes + opcode;
}

static void __attribute__((noinline)) next(struct cpu *cpu)
{
	struct vmcb *vmcb = cpu->arch.control;
	uint64_t next = vmcb->next_rip;

	go_on_at(cpu, vmcb, next ? next : vmcb->rip + find_length(cpu, vmcb));
}

void svm_resume(struct cpu *cpu, enum verdict verdict)
{
	struct vmcb *vmcb = cpu->arch.control;

	if (verdict == VERDICT_NEXT)
		next(cpu);
	else if (unlikely(verdict != VERDICT_HANDLED))
		exit_verdict(cpu, verdict);
	cpu_before_entry(cpu);
	vmcb->rax = cpu_gprs(cpu)->rax;
}
