// SPDX-License-Identifier: GPL-2.0-only
/* What x86 owes: the refusals of the module's (kmod/arch/x86), in its words, and what it only
 * tells. */
#include <stdio.h>
#include <string.h>

#include "arch_machine_faults.h"
#include "common/cleanup.h"
#include "doctor/doctor.h"

/* APM vol. 2, 15.4, 15.30.1, 15.36.2, 16.9; 8000_0008 EBX: vol. 3, appendix E. */
#define MSR_APIC_BASE	0x1bu
#define APIC_BASE_X2	(1ull << 10)
#define MSR_EFER	0xc0000080u
#define EFER_SVME	(1ull << 12)
#define MSR_VM_CR	0xc0010114u
#define VM_CR_SVMDIS	(1ull << 4)
#define MSR_SYSCFG	0xc0010010u
#define SYSCFG_SNP	(1ull << 24)
#define CPUID_SIZES	0x80000008u
#define SIZES_B_INVLPGB (1u << 3)
#define INVLPGB_FLAG	"419" /* its number in Linux, from 6.15 on */
#define NEEDS_MSR	"as root, after: modprobe msr"

/* What it says is up to the first ": ", what to do behind it. */
static void say_fault(struct facts *facts, enum machine_fault fault, const char *more)
{
	const char *text = machine_fault_text(fault), *middle = strstr(text, ": ");
	_cleanup_(freep) char *todo = text_format("%s%s", middle + 2, more);

	doctor_say(facts, VERDICT_FAIL, todo, "%.*s", (int)(middle - text), text);
}

/* By which Linux knows that it may ask for services, which nopv forbids. */
static bool is_paravirtual(const struct facts *facts)
{
	static const char *const known[] = {"KVMKVMKVM",    "Microsoft Hv", "VMwareVMware",
					    "XenVMMXenVMM", "ACRNACRNACRN", "Jailhouse"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(facts->hypervisor, known[i]) == 0)
			return !facts_option(facts, "nopv");
	}
	return false;
}

static void check_guest(struct facts *facts)
{
	if (facts->on)
		doctor_say(facts, VERDICT_OK, NULL, "Linux is the root cell: the hypervisor is on");
	else if (strcmp(facts->hypervisor, "Jailhouse") == 0)
		say_fault(facts, FAULT_IN_CELL, "");
	else if (is_paravirtual(facts))
		say_fault(facts, FAULT_PARAVIRTUAL, "");
	else
		doctor_say(facts, VERDICT_OK, NULL, "Linux relies on %s",
			   *facts->hypervisor ? "nothing of the hypervisor below it"
					      : "no other hypervisor");
}

static void check_processor(struct facts *facts)
{
	if (!facts_flag(facts, "AuthenticAMD") && !facts_flag(facts, "HygonGenuine"))
		say_fault(facts, FAULT_PROCESSOR, "");
	else if (!facts_flag(facts, "svm"))
		say_fault(facts, FAULT_NO_SVM, "");
	else if (!facts_flag(facts, "npt"))
		say_fault(facts, FAULT_NO_NPT, "");
	else
		doctor_say(facts, VERDICT_OK, NULL, "AMD's, with SVM and nested paging");
}

static void check_firmware(struct facts *facts)
{
	uint64_t vm_cr = 0, syscfg = 0;

	if (facts->on)
		doctor_say(facts, VERDICT_OK, NULL, "the hypervisor is on");
	else if (!facts_flag(facts, "svm"))
		doctor_say(facts, VERDICT_UNKNOWN, NULL, "without SVM there is nothing to see");
	else if (facts_msr(facts, MSR_VM_CR, &vm_cr) < 0)
		doctor_say(facts, VERDICT_UNKNOWN, NEEDS_MSR,
			   "whether it locks SVM off only root sees");
	else if (vm_cr & VM_CR_SVMDIS)
		say_fault(facts, FAULT_LOCKED, "");
	/* Older processors have no such register. */
	else if (facts_msr(facts, MSR_SYSCFG, &syscfg) == 0 && (syscfg & SYSCFG_SNP))
		say_fault(facts, FAULT_OWNED, "");
	else
		doctor_say(facts, VERDICT_OK, NULL, "leaves SVM to Linux");
}

/*
 * A virtual machine holds the module, as does who loads it, which takes a moment; from 6.12 on it
 * may have the processors without any.
 */
static bool kvm_is_in_use(const struct facts *facts)
{
	const bool held = !facts_has(facts, "/sys/module/kvm_amd/refcnt", "0") &&
			  !facts_has(facts, "/sys/module/kvm_amd/initstate", "coming");

	return facts_exists(facts, "/sys/module/kvm_amd") &&
	       (held || facts_has(facts, "/sys/module/kvm/parameters/enable_virt_at_load", "Y"));
}

static void check_kvm(struct facts *facts)
{
	uint64_t efer = 0;

	if (facts->on)
		doctor_say(facts, VERDICT_OK, NULL, "the hypervisor is on, and keeps KVM out");
	else if (facts_msr(facts, MSR_EFER, &efer) == 0 ? (efer & EFER_SVME) != 0
							: kvm_is_in_use(facts))
		say_fault(facts, FAULT_IN_USE, "");
	else
		doctor_say(facts, VERDICT_OK, NULL, "%s",
			   facts_exists(facts, "/sys/module/kvm_amd")
				   ? "loaded, and has no virtual machine"
				   : "not loaded");
}

static bool uses_invlpgb(const struct facts *facts)
{
	unsigned int major = 0, minor = 0;
	uint32_t sizes[4];

	facts_cpuid(facts, CPUID_SIZES, sizes);
	sscanf(facts->release, "%u.%u", &major, &minor);
	return (sizes[1] & SIZES_B_INVLPGB) && (major > 6 || (major == 6 && minor >= 15)) &&
	       !facts_option_has(facts, "clearcpuid=", INVLPGB_FLAG);
}

static bool encrypts_memory(const struct facts *facts)
{
	_cleanup_(freep) char *config = facts_text(facts, "/boot/config-%s", facts->release);

	if (!facts_flag(facts, "sme") || facts_option(facts, "mem_encrypt=off"))
		return false;
	return facts_option(facts, "mem_encrypt=on") ||
	       (config && strstr(config, "\nCONFIG_AMD_MEM_ENCRYPT_ACTIVE_BY_DEFAULT=y\n"));
}

static void check_paging(struct facts *facts)
{
	if (encrypts_memory(facts))
		say_fault(facts, FAULT_ENCRYPTED, "");
	else if (facts_flag(facts, "la57"))
		say_fault(facts, FAULT_FIVE_LEVELS, "");
	else if (uses_invlpgb(facts))
		say_fault(facts, FAULT_INVLPGB, INVLPGB_FLAG);
	else
		doctor_say(facts, VERDICT_OK, NULL, "four levels, not encrypted");
}

static void check_interrupts(struct facts *facts)
{
	uint64_t base = 0;

	if (facts_option(facts, "nolapic_timer") && !facts_flag(facts, "tsc_deadline_timer"))
		say_fault(facts, FAULT_APIC_TIMER, "");
	else if (facts_msr(facts, MSR_APIC_BASE, &base) < 0)
		doctor_say(facts, VERDICT_UNKNOWN, NEEDS_MSR,
			   "either mode will do; which it is only root sees");
	else
		doctor_say(facts, VERDICT_OK, NULL, "%s mode",
			   base & APIC_BASE_X2 ? "x2APIC" : "xAPIC");
}

static void check_time(struct facts *facts)
{
	if (facts_has(facts, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
		      "tsc"))
		doctor_say(facts, VERDICT_OK, NULL, "Linux counts it by the TSC");
	else
		doctor_say(facts, VERDICT_WARN,
			   "see what the kernel's log says of tsc; cells that count by it are on "
			   "their own",
			   "Linux does not count time by the TSC of this machine");
}

const struct doctor_row arch_checks[] = {
	{"guest", check_guest},	      {"processor", check_processor},
	{"firmware", check_firmware}, {"kvm", check_kvm},
	{"paging", check_paging},     {"interrupts", check_interrupts},
	{"time", check_time},	      {0},
};
