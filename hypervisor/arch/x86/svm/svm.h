/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_H
#define SVM_H

#include "arch/x86/exit/exit.h"
#include "arch/x86/logic/msr_policy.h"
#include "arch/x86/svm/vmcb.h"

/* run.S: enters the guest over and over, calling svm_exit() in between. */
void svm_run_loop(struct cpu *cpu) __attribute__((noreturn));
/* Serves one exit, and carries its verdict out, where run.S has not done so (exit.c). */
enum verdict svm_exit(struct cpu *cpu);
void svm_resume(struct cpu *cpu, enum verdict verdict);

void svm_advance(struct cpu *cpu, unsigned int bytes);
unsigned int svm_fetched(const struct cpu *cpu, uint8_t *bytes);

void svm_inject_exception(struct cpu *cpu, unsigned int vector, bool has_error, uint32_t error);

/* NMIs (nmi.c). True: comes as soon as the guest takes one. False: an exit comes for it. */
bool svm_inject_nmi(struct cpu *cpu);
void svm_nmi_reset(struct vmcb *vmcb);
enum verdict svm_on_iret(struct cpu *cpu);
/* Whether a #DB is that of an IRET that was stepped, and nothing of the guest. */
bool svm_stepped(struct cpu *cpu);
bool svm_counter_waits(void);

/* Model-specific registers: policy, what is reset between owners, the permission map. */
#define SVM_MSR_MAP_PAGES 2

extern const struct msr_rule svm_msr_rules[];
extern const struct msr_constant svm_msr_constants[];
extern const struct msr_reset svm_msr_resets[];

/* Sets, in a zeroed map, a bit for each access that does not pass by the policy. */
void svm_msr_map_fill(uint8_t *map, bool root);

static inline struct vmcb *vmcb_of(const struct cpu *cpu)
{
	return cpu->arch.control;
}

static inline void svm_vmload(uint64_t vmcb_phys)
{
	asm volatile("vmload %%rax" : : "a"(vmcb_phys) : "memory");
}

static inline void svm_vmsave(uint64_t vmcb_phys)
{
	asm volatile("vmsave %%rax" : : "a"(vmcb_phys) : "memory");
}

#endif /* SVM_H */
