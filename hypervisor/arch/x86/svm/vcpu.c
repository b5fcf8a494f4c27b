// SPDX-License-Identifier: GPL-2.0-only
/* State of a vCPU in a VMCB: taken over from Linux, reset, parked, changed, given back. */
#include "arch/x86/svm/svm.h"

#include <errno.h>
#include <string.h>

#include "arch/x86/asm.h"
#include "arch/x86/svm.h"
#include "arch/x86/setup/setup.h"
#include "core/console.h"
#include "core/page_pool.h"

/* Attributes of the segments that a reset leaves (APM vol. 2, 14.1.3). */
#define ATTR_CODE16 0x009b
#define ATTR_DATA16 0x0093
#define ATTR_LDT    0x0082
#define ATTR_TSS16  0x0083
#define ATTR_CODE64 0x0a9b
#define ATTR_DATA64 0x0c93

#define INTERCEPT_MISC1                                                                        \
	(VMCB_NMI | VMCB_INIT | VMCB_CPUID | VMCB_INVD | VMCB_INVLPGA | VMCB_IOIO | VMCB_MSR | \
	 VMCB_SHUTDOWN)
#define INTERCEPT_MISC2                                                                  \
	(VMCB_VMRUN | VMCB_VMMCALL | VMCB_VMLOAD | VMCB_VMSAVE | VMCB_STGI | VMCB_CLGI | \
	 VMCB_SKINIT | VMCB_WBINVD)

/*
 * Exceptions of cells: machine checks, which are no cell's affair; others remembered so that a
 * triple fault can name its cause. #DB and #AC also because a guest that makes their delivery raise
 * them again would keep the CPU from ever taking the kick. Page faults are too frequent in a guest
 * with an operating system; CR2 tells of them.
 */
#define INTERCEPT_CELL_EXCEPTIONS                                                        \
	((1u << VECTOR_DE) | (1u << VECTOR_DB) | (1u << VECTOR_UD) | (1u << VECTOR_DF) | \
	 (1u << VECTOR_TS) | (1u << VECTOR_NP) | (1u << VECTOR_SS) | (1u << VECTOR_GP) | \
	 (1u << VECTOR_AC) | (1u << VECTOR_MC))

static struct page_table parking_table;

/* Two pages for each CPU: its VMCB, and where VMRUN keeps the host's state. */
static struct vmcb *cpu_pages;

/* One page of code that halts for ever, mapped at guest-physical 0 for every parked CPU. */
static int parking_init(void)
{
	static const uint8_t halt_loop[] = {0xfa, 0xf4, 0xeb, 0xfd}; /* cli; 1: hlt; jmp 1b */
	uint8_t *code = page_pool_alloc(1);
	int err = page_table_init(&parking_table, &paging_nested_format, 1, hv_to_phys(0));

	if (!code)
		return -ENOMEM;
	memcpy(code, halt_loop, sizeof(halt_loop));
	return err ? err
		   : page_table_map(&parking_table, 0, hv_to_phys(code), PAGE_SIZE,
				    PT_READ | PT_EXECUTE, true);
}

static int svm_init(void)
{
	if (cpuid(0x80000000, 0).eax < CPUID_SVM ||
	    !(cpuid(0x80000001, 0).ecx & CPUID_8000_0001_ECX_SVM))
		return -ENODEV;
	if (!(cpuid(CPUID_SVM, 0).edx & CPUID_SVM_EDX_NP)) {
		console_printf("SVM without nested paging\n");
		return -ENODEV;
	}
	cpu_pages = page_pool_alloc(2 * image_header.max_cpus);
	return cpu_pages ? parking_init() : -ENOMEM;
}

static void svm_load_cell(struct cpu *cpu)
{
	struct vmcb *vmcb = vmcb_of(cpu);
	struct arch_cell *arch = &cpu->cell->arch;

	vmcb->nested_cr3 = hv_to_phys(cpu->cell->stage2.root);
	vmcb->iopm_base = hv_to_phys(arch->io_bitmap);
	vmcb->msrpm_base = hv_to_phys(arch->msr_map);
	/*
	 * 0 is the hypervisor's own (APM vol. 2, 15.5.1). Address space ids are a CPU's own affair,
	 * and a CPU changes its tables only here, where it flushes: one id does for all guests.
	 */
	vmcb->asid = 1;
	vmcb->intercept_exceptions = cpu->cell == &root_cell ? 0 : INTERCEPT_CELL_EXCEPTIONS;
	vmcb->tlb_control = TLB_CONTROL_FLUSH_ALL;
}

static void clear_gprs(struct guest_gprs *gprs)
{
	*gprs = (struct guest_gprs){.control_phys = gprs->control_phys};
}

/* Linux goes on where the trampoline was called, with everything as it was. */
static void take_over_linux(struct cpu *cpu)
{
	const struct linux_state *state = &cpu->arch.linux_state;
	struct vmcb *vmcb = vmcb_of(cpu);

	/* Hidden parts of FS, GS, TR, LDTR and the syscall registers. */
	svm_vmsave(cpu_gprs(cpu)->control_phys);
	vmcb->cs = (struct vmcb_segment){SELECTOR_CODE, ATTR_CODE64, 0xffffffff, 0};
	vmcb->ss = (struct vmcb_segment){SELECTOR_DATA, ATTR_DATA64, 0xffffffff, 0};
	vmcb->ds = vmcb->es = (struct vmcb_segment){0, ATTR_DATA64, 0xffffffff, 0};
	vmcb->gdtr.limit = state->gdtr.limit;
	vmcb->gdtr.base = state->gdtr.base;
	vmcb->idtr.limit = state->idtr.limit;
	vmcb->idtr.base = state->idtr.base;
	vmcb->efer = state->efer | EFER_SVME;
	vmcb->cr0 = state->cr0;
	vmcb->cr3 = state->cr3;
	vmcb->cr4 = state->cr4;
	vmcb->cr2 = read_cr2();
	vmcb->dr6 = state->dr6;
	vmcb->dr7 = state->dr7;
	vmcb->rflags = RFLAGS_FIXED;
	vmcb->rip = state->rip;
	vmcb->rsp = state->rsp;
	vmcb->g_pat = cpu->arch.guest_pat;
	clear_gprs(cpu_gprs(cpu));
}

/* Beside a SPEC_CTRL of guests the host's is in force: not what Linux had at this moment. */
static bool has_guest_spec_ctrl(void)
{
	return cpuid(CPUID_SVM, 0).edx & CPUID_SVM_EDX_SPEC_CTRL;
}

static void svm_cpu_init(struct cpu *cpu)
{
	struct vmcb *vmcb = &cpu_pages[2 * cpu->id];

	cpu->arch.control = vmcb;
	cpu_gprs(cpu)->control_phys = hv_to_phys(vmcb);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, hv_to_phys(vmcb + 1));
	vmcb->intercept_misc1 = INTERCEPT_MISC1;
	vmcb->intercept_misc2 = INTERCEPT_MISC2;
	vmcb->nested_enable = 1;
	svm_nmi_reset(vmcb);
	/* An INIT from outside becomes #SX (15.28) and is dropped: else it would stay pending. */
	wrmsr(MSR_VM_CR, rdmsr(MSR_VM_CR) | VM_CR_R_INIT);
	take_over_linux(cpu);
	if (has_guest_spec_ctrl()) {
		vmcb->spec_ctrl = rdmsr(MSR_SPEC_CTRL);
		wrmsr(MSR_SPEC_CTRL, 0);
	}
	svm_load_cell(cpu);
}

static void __attribute__((noreturn)) svm_leave(struct cpu *cpu, int result)
{
	struct vmcb *vmcb = vmcb_of(cpu);

	cpu->arch.linux_state = (struct linux_state){
		.gdtr = {vmcb->gdtr.limit, vmcb->gdtr.base},
		.idtr = {vmcb->idtr.limit, vmcb->idtr.base},
		.cr0 = vmcb->cr0,
		.cr3 = vmcb->cr3,
		.cr4 = vmcb->cr4,
		.dr6 = vmcb->dr6,
		.dr7 = vmcb->dr7,
		.rsp = vmcb->rsp,
		.rip = vmcb->rip,
	};
	wrmsr(MSR_VM_HSAVE_PA, 0);
	wrmsr(MSR_VM_CR, rdmsr(MSR_VM_CR) & ~VM_CR_R_INIT);
	wrmsr(MSR_PAT, vmcb->g_pat);
	if (has_guest_spec_ctrl())
		wrmsr(MSR_SPEC_CTRL, vmcb->spec_ctrl);
	/* SVME stays for the trampoline, which still has to set GIF. */
	wrmsr(MSR_EFER, vmcb->efer | EFER_SVME);
	write_cr2(vmcb->cr2);
	setup_leave(cpu, result);
}

/*
 * With GIF set an INIT that has been waiting is dropped, as others were; the next one is not (APM
 * vol. 2, 15.17, 15.28). NMIs come, too, and are remembered by their stub.
 */
static void svm_take_init(void)
{
	asm volatile("stgi" : : : "memory");
	wrmsr(MSR_VM_HSAVE_PA, 0);
	wrmsr(MSR_VM_CR, rdmsr(MSR_VM_CR) & ~VM_CR_R_INIT);
}

/* Everything of the guest's state but its PAT, which has been set for the new owner. */
static void clear_for_reset(struct vmcb *vmcb)
{
	uint64_t pat = vmcb->g_pat;

	memset((uint8_t *)vmcb + offsetof(struct vmcb, es), 0,
	       sizeof(*vmcb) - offsetof(struct vmcb, es));
	vmcb->event_injection = 0;
	vmcb->seen_linear = ~0ull;
	vmcb->interrupt_shadow = 0;
	svm_nmi_reset(vmcb);
	vmcb->g_pat = pat;
	vmcb->dr6 = DR6_RESET;
	vmcb->dr7 = DR7_RESET;
	vmcb->efer = EFER_SVME;
	vmcb->rflags = RFLAGS_FIXED;
	vmcb->ss = vmcb->ds = vmcb->es = vmcb->fs = vmcb->gs =
		(struct vmcb_segment){0, ATTR_DATA16, 0xffff, 0};
	vmcb->gdtr.limit = vmcb->idtr.limit = 0xffff;
	vmcb->ldtr = (struct vmcb_segment){0, ATTR_LDT, 0xffff, 0};
	vmcb->tr = (struct vmcb_segment){0, ATTR_TSS16, 0xffff, 0};
}

static void svm_flush(struct cpu *cpu)
{
	vmcb_of(cpu)->tlb_control = TLB_CONTROL_FLUSH_ALL;
}

static void svm_reset(struct cpu *cpu, uint16_t cs_selector, uint64_t cs_base, uint16_t ip)
{
	struct vmcb *vmcb = vmcb_of(cpu);
	struct guest_gprs *gprs = cpu_gprs(cpu);

	clear_for_reset(vmcb);
	vmcb->cs = (struct vmcb_segment){cs_selector, ATTR_CODE16, 0xffff, cs_base};
	vmcb->cr0 = CR0_CD | CR0_NW | CR0_ET;
	vmcb->rip = ip;
	clear_gprs(gprs);
	/* RDX holds the family, model and stepping after a reset (APM vol. 2, 14.1.3). */
	gprs->rdx = cpuid(1, 0).eax;
	svm_vmload(gprs->control_phys);
	svm_load_cell(cpu);
}

static void svm_park(struct cpu *cpu)
{
	svm_reset(cpu, 0, 0, 0);
	/* What it halts in shall be cached. */
	vmcb_of(cpu)->cr0 = CR0_ET;
	vmcb_of(cpu)->nested_cr3 = hv_to_phys(parking_table.root);
}

static void svm_record_exit(const struct cpu *cpu, struct failure_record *record)
{
	record->exit_code = vmcb_of(cpu)->exit_code;
	record->exit_info1 = vmcb_of(cpu)->exit_info1;
	record->exit_info2 = vmcb_of(cpu)->exit_info2;
}

/* APM vol. 2, 15.17: with GIF clear all wait. The gap lets the interrupt shadow of STI pass. */
static void svm_take_interrupts(struct cpu *cpu, bool all)
{
	if (all)
		asm volatile("stgi; sti; nop; nop; cli; clgi" : : : "memory");
	else
		asm volatile("stgi; nop; clgi" : : : "memory");
}

#define AT(name, member) [VCPU_##name] = offsetof(struct vmcb, member)

VENDOR(svm) = {
	.name = "AMD SVM",
	.efer = EFER_SVME,
	.init = svm_init,
	.cpu_init = svm_cpu_init,
	.run = svm_run_loop,
	.leave = svm_leave,
	.take_init = svm_take_init,
	.stage2_format = &paging_nested_format,
	.msr_rules = svm_msr_rules,
	.msr_constants = svm_msr_constants,
	.msr_resets = svm_msr_resets,
	.msr_map_pages = SVM_MSR_MAP_PAGES,
	.fill_msr_map = svm_msr_map_fill,
	.flush = svm_flush,
	.reset = svm_reset,
	.park = svm_park,
	.at = {AT(RIP, rip), AT(NEXT_RIP, next_rip), AT(RSP, rsp), AT(RFLAGS, rflags), AT(CR0, cr0),
	       AT(CR2, cr2), AT(CR3, cr3), AT(CR4, cr4), AT(EFER, efer), AT(PAT, g_pat),
	       AT(CS, cs.selector), AT(SS, ss.selector), AT(DS, ds.selector), AT(ES, es.selector),
	       AT(CS_ATTRIBUTES, cs.attributes), AT(CS_BASE, cs.base), AT(SS_BASE, ss.base),
	       AT(DS_BASE, ds.base)},
	.told_at = offsetof(struct vmcb, bytes_fetched),
	.record_exit = svm_record_exit,
	.fetched = svm_fetched,
	.advance = svm_advance,
	.inject_exception = svm_inject_exception,
	.inject_nmi = svm_inject_nmi,
	.counter_waits = svm_counter_waits,
	.take_interrupts = svm_take_interrupts,
};
