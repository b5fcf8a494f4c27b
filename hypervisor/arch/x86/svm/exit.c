// SPDX-License-Identifier: GPL-2.0-only
/* Exit codes of SVM and who serves them: a table; a hole in it is a fault of the guest. */
#include "arch/x86/svm/svm.h"

#include "arch/x86/asm.h"
#include "arch/x86/svm/offsets.h"

_Static_assert(VMCB_INTERRUPT_SHADOW == offsetof(struct vmcb, interrupt_shadow), "offsets");
_Static_assert(VMCB_NEXT_RIP == offsetof(struct vmcb, next_rip), "offsets");
_Static_assert(VMCB_RFLAGS == offsetof(struct vmcb, rflags), "offsets");
_Static_assert(VMCB_RIP == offsetof(struct vmcb, rip), "offsets");
_Static_assert(VMCB_RAX == offsetof(struct vmcb, rax), "offsets");
_Static_assert(VERDICT_NEXT == 0, "the fast way out");

/* The exception that is delivered; FAILURE_VECTOR_NONE: none. */
static unsigned int exception_of(uint64_t event)
{
	if ((event & (EVENT_VALID | EVENT_TYPE_MASK)) != (EVENT_VALID | EVENT_TYPE_EXCEPTION))
		return FAILURE_VECTOR_NONE;
	return event & 0xff;
}

static bool is_contributory(unsigned int vector)
{
	return vector == VECTOR_DE || (vector >= VECTOR_TS && vector <= VECTOR_GP);
}

/* The rules for an exception in the delivery of another one (APM vol. 2, 8.2.9). */
static bool makes_double_fault(uint64_t event, unsigned int second)
{
	unsigned int first = exception_of(event);

	if (first == VECTOR_PF)
		return second == VECTOR_PF || is_contributory(second);
	return is_contributory(first) && is_contributory(second);
}

/* Takes the place of what waits to be delivered: the exception came in the delivery of that. */
void svm_inject_exception(struct cpu *cpu, unsigned int vector, bool has_error, uint32_t error)
{
	struct vmcb *vmcb = cpu->arch.control;

	if (makes_double_fault(vmcb->event_injection, vector)) {
		vector = VECTOR_DF;
		has_error = true;
		error = 0;
	}
	/* In real mode an exception has no error code. */
	has_error = has_error && (vmcb->cr0 & CR0_PE);
	vmcb->event_injection = vector | EVENT_TYPE_EXCEPTION | EVENT_VALID |
				(has_error ? EVENT_HAS_ERROR | (uint64_t)error << 32 : 0);
}

/* An exception of a cell, which is remembered and handed back. */
static enum verdict on_exception(struct cpu *cpu)
{
	const struct vmcb *vmcb = cpu->arch.control;
	unsigned int vector = vmcb->exit_code - VMEXIT_EXCP_BASE;
	unsigned int first = exception_of(vmcb->exit_int_info);

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
	if (cpu->cell == &root_cell && hv_info[HV_INFO_NUM_CELLS] == 1)
		asm volatile("wbinvd" : : : "memory");
	else if (cpu->cell == &root_cell)
		asm volatile("wbnoinvd" : : : "memory");
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
	return exit_msr(cpu, vmcb_of(cpu)->exit_info1 & 1);
}

static enum verdict on_hypercall(struct cpu *cpu)
{
	/* It is 3 in virtual-8086 mode. */
	return exit_hypercall(cpu, vmcb_of(cpu)->cpl == 0);
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
	    exception_of(vmcb->exit_int_info) == VECTOR_DF)
		return exit_triple_fault(cpu);
	return exit_memory(cpu, vmcb->exit_info2, vmcb->exit_info1 & NPF_WRITE,
			   vmcb->exit_info1 & NPF_FETCH,
			   (vmcb->exit_info1 & NPF_PAGE_WALK) || delivering);
}

static enum verdict on_unknown(struct cpu *cpu)
{
	return exit_fault(cpu, FAILURE_UNHANDLED_EXIT, 0, vmcb_of(cpu)->exit_code, 0);
}

/* Exits by code, and those whose code is no index. */
enum exit_kind {
	EXIT_KIND_NPF = VMEXIT_TABLE_SIZE,
	EXIT_KIND_UNKNOWN,
	EXIT_KINDS,
};

/* What follows is more than the fault and the counter with which the table is filled. */
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct {
	enum verdict (*handler)(struct cpu *cpu);
	enum exit_counter counter;
} exits[EXIT_KINDS] = {
	[0 ... EXIT_KINDS - 1] = {on_unknown, EXITS_TOTAL},
	/* All that are intercepted, but for one. */
	[VMEXIT_EXCP_BASE... VMEXIT_EXCP_BASE + 31] = {on_exception, EXITS_X86_EXCEPTION},
	[VMEXIT_EXCP_BASE + VECTOR_MC] = {exit_machine_check, EXITS_X86_EXCEPTION},
	[VMEXIT_NMI] = {exit_nmi, EXITS_MANAGEMENT},
	[VMEXIT_INIT] = {exit_nmi, EXITS_MANAGEMENT},
	[VMEXIT_IRET] = {svm_on_iret, EXITS_MANAGEMENT},
	[VMEXIT_CPUID] = {exit_cpuid, EXITS_X86_CPUID},
	[VMEXIT_INVD] = {on_cache_instruction, EXITS_TOTAL},
	[VMEXIT_WBINVD] = {on_cache_instruction, EXITS_TOTAL},
	[VMEXIT_IOIO] = {on_port, EXITS_X86_PIO},
	[VMEXIT_MSR] = {on_msr, EXITS_X86_MSR_OTHER},
	[VMEXIT_SHUTDOWN] = {exit_shutdown, EXITS_TOTAL},
	[VMEXIT_VMRUN] = {on_svm_instruction, EXITS_TOTAL},
	[VMEXIT_VMLOAD... VMEXIT_SKINIT] = {on_svm_instruction, EXITS_TOTAL},
	[VMEXIT_VMMCALL] = {on_hypercall, EXITS_HYPERCALL},
	[VMEXIT_INVLPGA] = {on_svm_instruction, EXITS_TOTAL},
	/* Accesses to the interrupt controller's page are counted apart, by their handler. */
	[EXIT_KIND_NPF] = {on_nested_page_fault, EXITS_BY_HANDLER},
};

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
	cpu->exits[exits[kind].counter]++;
	return exits[kind].handler(cpu);
}

/* Where a guest goes on after an instruction that was done for it, and what that raises. */
static void go_on_at(struct cpu *cpu, struct vmcb *vmcb, uint64_t rip)
{
	bool single_step = vmcb->rflags & RFLAGS_TF;

	/* IP wraps at its size outside 64-bit code. */
	vmcb->rip = (vmcb->cs.attributes & 0x200) ? rip : (uint32_t)rip;
	vmcb->next_rip = 0; /* which may not be the processor's, as in run.S */
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
	go_on_at(cpu, vmcb_of(cpu), vmcb_of(cpu)->rip + bytes);
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
