/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why the hypervisor cannot open on a machine: the words of the module, which refuses it, and of
 * cellctl doctor, which tells before. Up to the first ": " what is wrong, behind it what to do.
 */
#ifndef ARCH_MACHINE_FAULTS_H
#define ARCH_MACHINE_FAULTS_H

#include "words.h"

#define MACHINE_FAULTS(X)                                                                          \
	X(FAULT_IN_CELL, "this Linux already runs in a cell: ask the machine's root cell")         \
	X(FAULT_PARAVIRTUAL,                                                                       \
	  "Linux relies on services of the hypervisor that it runs under: boot with nopv, or "     \
	  "hide that hypervisor (QEMU: -cpu host,kvm=off)")                                        \
	X(FAULT_PROCESSOR, "only AMD processors are supported by this version: use a machine "     \
			   "with one")                                                             \
	X(FAULT_NO_SVM,                                                                            \
	  "this processor offers no SVM: enable it in the firmware setup, or for this virtual "    \
	  "machine")                                                                               \
	X(FAULT_NO_NPT,                                                                            \
	  "this processor offers no nested paging: enable it for this virtual machine, or use "    \
	  "a newer processor")                                                                     \
	/* The number of its flag in that Linux follows. */                                        \
	X(FAULT_INVLPGB,                                                                           \
	  "Linux flushes translations of all CPUs by INVLPGB, which cells would suffer from: "     \
	  "boot with clearcpuid=")                                                                 \
	X(FAULT_IN_USE,                                                                            \
	  "KVM or another hypervisor is using SVM: stop its virtual machines; KVM that has none "  \
	  "keeps it from Linux 6.12 on, unless it is told otherwise: modprobe -r kvm_amd kvm, or " \
	  "boot with kvm.enable_virt_at_load=0")                                                   \
	X(FAULT_LOCKED, "SVM is locked off by the firmware: enable it in the firmware setup")      \
	X(FAULT_ENCRYPTED, "Linux encrypts memory by page (SME): boot with mem_encrypt=off")       \
	X(FAULT_OWNED,                                                                             \
	  "memory has owners by page (SEV-SNP): switch that off in the firmware setup")            \
	X(FAULT_FIVE_LEVELS, "five-level page tables are in use: boot with no5lvl")                \
	X(FAULT_APIC_TIMER,                                                                        \
	  "the APIC timer's frequency cannot be measured: boot without nolapic_timer")

enum machine_fault { MACHINE_FAULTS(WORD_SYMBOL) MACHINE_FAULT_COUNT };

static inline const char *machine_fault_text(enum machine_fault fault)
{
	static const char *const texts[] = {MACHINE_FAULTS(WORD_ENTRY)};

	return texts[fault];
}

#endif /* ARCH_MACHINE_FAULTS_H */
