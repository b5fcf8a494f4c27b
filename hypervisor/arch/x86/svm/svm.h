/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SVM_H
#define SVM_H

#include "arch/x86/exit/exit.h"
#include "arch/x86/svm/vmcb.h"
#include "core/compiler.h"

/* run.S: enters the guest over and over, calling svm_exit() in between. */
void svm_run_loop(struct cpu *cpu) __attribute__((noreturn));
/* Serves one exit (exit.c). */
void svm_exit(struct cpu *cpu);

static inline void svm_vmload(uint64_t vmcb_phys)
{
	asm volatile("vmload %%rax" : : "a"(vmcb_phys) : "memory");
}

static inline void svm_vmsave(uint64_t vmcb_phys)
{
	asm volatile("vmsave %%rax" : : "a"(vmcb_phys) : "memory");
}

#endif /* SVM_H */
