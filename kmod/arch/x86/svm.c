// SPDX-License-Identifier: GPL-2.0-only
/* AMD's side of the way in and out. */
#include <linux/cc_platform.h>
#include <linux/smp.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/svm.h>

#include "cellvisor.h"
#include "arch/x86/vendor.h"

#define SYSCFG_SNP_EN (1ull << 24) /* APM vol. 2, 15.36.2 */

/*
 * INVLPGB flushes translations by address space id on all CPUs, which with one id for all guests
 * are everybody's: it is #UD in root (APM vol. 2, appendix B, offset 90h). Kernels before
 * 6.15 have no number for it, and do not use it. Their command line may not know it by name.
 */
#ifdef X86_FEATURE_INVLPGB
#define INVLPGB	       X86_FEATURE_INVLPGB
#define USES_INVLPGB() cpu_feature_enabled(INVLPGB)
#else
#define INVLPGB	       0
#define USES_INVLPGB() false
#endif

struct cpu_survey {
	atomic_t in_use;
	atomic_t locked;
	atomic_t owned;
};

static bool svm_in_use(void)
{
	u64 efer;

	rdmsrl(MSR_EFER, efer);
	return efer & EFER_SVME;
}

static void survey_cpu(void *data)
{
	struct cpu_survey *survey = data;
	u64 value;

	if (svm_in_use())
		atomic_inc(&survey->in_use);
	rdmsrl(MSR_VM_CR, value);
	if (value & SVM_VM_CR_SVM_DIS_MASK)
		atomic_inc(&survey->locked);
	if (!rdmsrl_safe(MSR_AMD64_SYSCFG, &value) && (value & SYSCFG_SNP_EN))
		atomic_inc(&survey->owned);
}

/*
 * That page tables have a bit for encryption the firmware decides (SYSCFG, APM vol. 2, 7.10.2), for
 * good. The hypervisor's do not set it, which suits a Linux that does not either. With a table of
 * pages' owners a large page that has one of the firmware's among others cannot be written.
 */
static int check_memory(const struct cpu_survey *survey)
{
	if (cc_platform_has(CC_ATTR_HOST_MEM_ENCRYPT)) {
		machine_fault(FAULT_ENCRYPTED);
		return -EOPNOTSUPP;
	}
	if (atomic_read(&survey->owned)) {
		machine_fault(FAULT_OWNED);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int svm_check(void)
{
	struct cpu_survey survey = {};

	if (!boot_cpu_has(X86_FEATURE_SVM)) {
		machine_fault(FAULT_NO_SVM);
		return -ENODEV;
	}
	if (!boot_cpu_has(X86_FEATURE_NPT)) {
		machine_fault(FAULT_NO_NPT);
		return -ENODEV;
	}
	if (USES_INVLPGB()) {
		pr_cell(err, "%s%u\n", machine_fault_text(FAULT_INVLPGB), INVLPGB);
		return -EOPNOTSUPP;
	}
	on_each_cpu(survey_cpu, &survey, 1);
	if (atomic_read(&survey.in_use)) {
		machine_fault(FAULT_IN_USE);
		return -EBUSY;
	}
	if (atomic_read(&survey.locked)) {
		machine_fault(FAULT_LOCKED);
		return -ENODEV;
	}
	return check_memory(&survey);
}

static void svm_enable(void)
{
	u64 efer;

	rdmsrl(MSR_EFER, efer);
	wrmsrl(MSR_EFER, efer | EFER_SVME);
}

static void svm_disable(void)
{
	u64 efer;

	wrmsrl(MSR_VM_HSAVE_PA, 0);
	rdmsrl(MSR_EFER, efer);
	wrmsrl(MSR_EFER, efer & ~EFER_SVME);
}

static int svm_hypercall(u32 code, u64 arg1, u64 arg2)
{
	u64 result = code;

	/* Outside it is an invalid opcode. */
	asm volatile("1: vmmcall\n"
		     "jmp 3f\n"
		     "2: mov %[absent], %%eax\n"
		     "3:\n" _ASM_EXTABLE(1b, 2b)
		     : "+a"(result)
		     : "D"(arg1), "S"(arg2), [absent] "i"(-ENODEV)
		     : "memory");
	return (int)result;
}

const struct vendor amd_vendor = {
	.check = svm_check,
	.in_use = svm_in_use,
	.enable = svm_enable,
	.disable = svm_disable,
	.hypercall = svm_hypercall,
};
