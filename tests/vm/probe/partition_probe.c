// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that reaches where Linux must not: it stands for a driver gone wild. Tests only. Each
 * access is one instruction with an exception table entry, so a refusal by fault is an answer.
 */
#include <linux/context_tracking.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/apic.h>
#include <asm/asm.h>
#include <asm/fpu/api.h>
#include <asm/msr.h>

#include "cost.h"
#include "faults.h"
#include "probe_abi.h"
#include "storm.h"

/* What the test looks at to see that nobody else wrote to Linux' memory. */
static u64 *page;
static DEFINE_MUTEX(lock);
static bool hotplug_held;
static unsigned int vetoed = -1;
static int veto_state;

/* asm(insn) with *request->faulted set where it raised an exception. */
#define GUARDED(insn, faulted, ...)              \
	asm volatile("1: " insn "\n"             \
		     "xor %[f], %[f]\n"          \
		     "2:\n" _ASM_EXTABLE(1b, 2b) \
		     : [f] "+r"(faulted)__VA_ARGS__)

#define LOAD(type)                                                    \
	({                                                            \
		type loaded = 0;                                      \
		GUARDED("mov %[m], %[v]", faulted, , [v] "+r"(loaded) \
			: [m] "m"(*(type *)memory)                    \
			: "cc");                                      \
		request->value = loaded;                              \
	})

#define STORE(type)                                                    \
	GUARDED("mov %[v], %[m]", faulted, , [m] "+m"(*(type *)memory) \
		: [v] "r"((type)request->value)                        \
		: "cc")

#define OR(type)                                                           \
	GUARDED("lock or %[v], %[m]", faulted, , [m] "+m"(*(type *)memory) \
		: [v] "r"((type)request->value)                            \
		: "cc")

#define EXCHANGE(type)                                                                            \
	({                                                                                        \
		type loaded = request->value;                                                     \
		GUARDED("xchg %[v], %[m]", faulted, , [v] "+r"(loaded), [m] "+m"(*(type *)memory) \
			:                                                                         \
			: "cc");                                                                  \
		request->value = loaded;                                                          \
	})

#define COMPARE(type)                                                             \
	({                                                                        \
		u8 same = 0;                                                      \
		GUARDED("cmp %[v], %[m]\n sete %[s]", faulted, , [s] "+r"(same)   \
			: [v] "r"((type)request->value), [m] "m"(*(type *)memory) \
			: "cc");                                                  \
		request->value = same;                                            \
	})

#define FOR_WIDTH(what)                   \
	do {                              \
		switch (request->width) { \
		case 1:                   \
			what(u8);         \
			break;            \
		case 2:                   \
			what(u16);        \
			break;            \
		case 4:                   \
			what(u32);        \
			break;            \
		default:                  \
			what(u64);        \
		}                         \
	} while (0)

static void access_once(struct probe_request *request, void *memory)
{
	u32 faulted = 1;

	switch (request->operation) {
	case PROBE_READ:
		FOR_WIDTH(LOAD);
		break;
	case PROBE_WRITE:
		FOR_WIDTH(STORE);
		break;
	case PROBE_OR:
		FOR_WIDTH(OR);
		break;
	case PROBE_XCHG:
		FOR_WIDTH(EXCHANGE);
		break;
	default:
		FOR_WIDTH(COMPARE);
	}
	request->faulted = faulted;
}

/* REP MOVS or STOS with elements of the width; what is left of the count tells whether it ended. */
#define STRING(suffix)                                                                          \
	do {                                                                                    \
		if (fill)                                                                       \
			GUARDED("rep stos" suffix, faulted, , "+D"(to), "+c"(count)             \
				: "a"(request->value)                                           \
				: "memory");                                                    \
		else                                                                            \
			GUARDED("rep movs" suffix, faulted, , "+D"(to), "+S"(from), "+c"(count) \
				:                                                               \
				: "memory");                                                    \
	} while (0)

static void access_string(struct probe_request *request, void *to, void *from)
{
	bool fill = request->operation == PROBE_FILL;
	unsigned long count = request->count;
	u32 faulted = 1;

	switch (request->width) {
	case 1:
		STRING("b");
		break;
	case 2:
		STRING("w");
		break;
	case 4:
		STRING("l");
		break;
	default:
		STRING("q");
	}
	request->left = count;
	request->faulted = faulted;
}

/* The first element, and how many are not like it. */
static void summarize(struct probe_request *request, const u8 *buffer)
{
	u32 n;

	request->value = 0;
	request->differ = 0;
	memcpy(&request->value, buffer, request->width);
	for (n = 0; n < request->count; n++) {
		if (memcmp(buffer, buffer + n * request->width, request->width))
			request->differ++;
	}
}

static int copy_elements(struct probe_request *request, void *memory)
{
	u8 *buffer = kmalloc(PROBE_MAX_COUNT * 8, GFP_KERNEL);
	u32 n;

	if (!buffer)
		return -ENOMEM;
	if (request->operation == PROBE_COPY_FROM) {
		/* Something that all ones differ from, should the copy not happen. */
		memset(buffer, 0xa5, PROBE_MAX_COUNT * 8);
		access_string(request, buffer, memory);
		summarize(request, buffer);
	} else {
		for (n = 0; n < request->count; n++)
			memcpy(buffer + n * request->width, &request->value, request->width);
		access_string(request, memory, buffer);
	}
	kfree(buffer);
	return 0;
}

/* Drivers do this seldom, and the hypervisor need not know how: a fault is a good answer too. */
static void access_vector(struct probe_request *request, void *memory)
{
	u32 faulted = 1;

	kernel_fpu_begin();
	GUARDED("movdqu %[m], %%xmm0", faulted, : [m] "m"(*(u64(*)[2])memory) : "cc", "memory");
	kernel_fpu_end();
	request->faulted = faulted;
}

/* Devices as their drivers have them: the kernel wants all mappings of a page alike. */
static void *map_memory(u64 address, size_t size)
{
	return page_is_ram(PHYS_PFN(address)) ? memremap(address, size, MEMREMAP_WB)
					      : (void __force *)ioremap(address, size);
}

static void unmap_memory(u64 address, void *memory)
{
	if (page_is_ram(PHYS_PFN(address)))
		memunmap(memory);
	else
		iounmap((void __force __iomem *)memory);
}

static int access_memory(struct probe_request *request)
{
	size_t size = (size_t)request->width * max(request->count, 2u);
	void *memory = map_memory(request->address, size);
	int err = 0;

	if (!memory)
		return -ENXIO;
	switch (request->operation) {
	case PROBE_COPY_FROM:
	case PROBE_COPY_TO:
		err = copy_elements(request, memory);
		break;
	case PROBE_COPY_USER:
		request->left =
			copy_to_user(u64_to_user_ptr(request->value), memory, request->count);
		request->faulted = request->left > 0;
		break;
	case PROBE_FILL:
		access_string(request, memory, NULL);
		break;
	case PROBE_VECTOR:
		access_vector(request, memory);
		break;
	default:
		access_once(request, memory);
	}
	unmap_memory(request->address, memory);
	return err;
}

static void read_port(struct probe_request *request)
{
	switch (request->width) {
	case 1:
		request->value = inb(request->address);
		break;
	case 2:
		request->value = inw(request->address);
		break;
	default:
		request->value = inl(request->address);
	}
}

static void write_port(const struct probe_request *request)
{
	switch (request->width) {
	case 1:
		outb(request->value, request->address);
		break;
	case 2:
		outw(request->value, request->address);
		break;
	default:
		outl(request->value, request->address);
	}
}

static int copy_port(struct probe_request *request)
{
	u8 *buffer = kmalloc(PROBE_MAX_COUNT, GFP_KERNEL), *to = buffer;
	unsigned long count = request->count;
	u32 faulted = 1;

	if (!buffer)
		return -ENOMEM;
	request->width = 1;
	if (request->operation == PROBE_PORT_COPY_FROM) {
		memset(buffer, 0xa5, PROBE_MAX_COUNT);
		GUARDED("rep insb", faulted, , "+D"(to), "+c"(count)
			: "d"((u16)request->address)
			: "memory");
		summarize(request, buffer);
	} else {
		memset(buffer, request->value, PROBE_MAX_COUNT);
		GUARDED("rep outsb", faulted, , "+S"(to), "+c"(count)
			: "d"((u16)request->address)
			: "memory");
	}
	request->left = count;
	request->faulted = faulted;
	kfree(buffer);
	return 0;
}

static int access_page(struct probe_request *request)
{
	u32 n;

	if (request->operation == PROBE_PAGE_CHECK && !page)
		return -ENOENT;
	if (!page)
		page = (u64 *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	request->address = virt_to_phys(page);
	request->differ = 0;
	for (n = 0; n < PAGE_SIZE / sizeof(u64); n++) {
		if (request->operation == PROBE_PAGE)
			page[n] = request->value;
		else if (READ_ONCE(page[n]) != request->value)
			request->differ++;
	}
	return 0;
}

static void send_ipi(const struct probe_request *request)
{
	unsigned long flags;

	local_irq_save(flags);
	apic->icr_write((u32)request->value, (u32)request->address);
	local_irq_restore(flags);
}

/* As the kernel does it while it probes a PCI device. */
static void hold_hotplug(bool hold)
{
	if (hold == hotplug_held)
		return;
	hotplug_held = hold;
	if (hold)
		cpu_hotplug_disable();
	else
		cpu_hotplug_enable();
}

static void hypercall(struct probe_request *request)
{
	asm volatile("vmmcall"
		     : "=a"(request->value)
		     : "a"(request->address), "D"(request->value), "S"(0)
		     : "memory");
}

static void hypercall_idle(struct probe_request *request)
{
	unsigned long flags;

	local_irq_save(flags);
	ct_idle_enter();
	hypercall(request);
	ct_idle_exit();
	local_irq_restore(flags);
}

static int perform(struct probe_request *request)
{
	switch (request->operation) {
	case PROBE_READ ... PROBE_VECTOR:
		return access_memory(request);
	case PROBE_PORT_READ:
		read_port(request);
		return 0;
	case PROBE_PORT_WRITE:
		write_port(request);
		return 0;
	case PROBE_PORT_COPY_FROM:
	case PROBE_PORT_COPY_TO:
		return copy_port(request);
	case PROBE_MSR_READ:
		request->faulted = !!rdmsrl_safe(request->address, &request->value);
		return 0;
	case PROBE_MSR_WRITE:
		request->faulted = !!wrmsrl_safe(request->address, request->value);
		return 0;
	case PROBE_IPI:
		send_ipi(request);
		return 0;
	case PROBE_PAGE:
	case PROBE_PAGE_CHECK:
		return access_page(request);
	case PROBE_HYPERCALL:
		hypercall(request);
		return 0;
	case PROBE_HYPERCALL_IDLE:
		hypercall_idle(request);
		return 0;
	case PROBE_COST:
		return cost(request->address, request->value, &request->value);
	case PROBE_DEBUG_WRITE:
		asm volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3"
			     :
			     : "r"(request->value));
		return 0;
	case PROBE_HOTPLUG_HOLD:
		hold_hotplug(request->value);
		return 0;
	case PROBE_CPU_VETO:
		WRITE_ONCE(vetoed, request->value);
		return 0;
	case PROBE_CPU_PRESENT:
		set_cpu_present(request->address, request->value);
		return 0;
	default:
		return -EINVAL;
	}
}

static long run_storm(void __user *argument)
{
	struct probe_storm request;
	int err;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	mutex_lock(&lock);
	err = storm(&request);
	mutex_unlock(&lock);
	if (!err && copy_to_user(argument, &request, sizeof(request)))
		err = -EFAULT;
	return err;
}

static long probe_ioctl(struct file *file, unsigned int code, unsigned long argument)
{
	struct probe_request request;
	int err;

	if (code == PROBE_STORM)
		return run_storm((void __user *)argument);
	if (code != PROBE_ACCESS)
		return -ENOTTY;
	if (copy_from_user(&request, (void __user *)argument, sizeof(request)))
		return -EFAULT;
	if (request.count > PROBE_MAX_COUNT || !is_power_of_2(request.width) || request.width > 8)
		return -EINVAL;
	request.faulted = 0;
	mutex_lock(&lock);
	err = perform(&request);
	mutex_unlock(&lock);
	if (!err && copy_to_user((void __user *)argument, &request, sizeof(request)))
		err = -EFAULT;
	return err;
}

static int probe_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!page_is_ram(vma->vm_pgoff))
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff, vma->vm_end - vma->vm_start,
			       vma->vm_page_prot);
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = probe_ioctl,
	.mmap = probe_mmap,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "partition-probe",
	.fops = &operations,
	.mode = 0600,
};

static int veto(unsigned int cpu)
{
	return cpu == READ_ONCE(vetoed) ? -EPERM : 0;
}

static int __init probe_init(void)
{
	veto_state =
		cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "partition-probe:veto", veto, NULL);
	return veto_state < 0 ? veto_state : misc_register(&device);
}

static void __exit probe_exit(void)
{
	faults_clear();
	misc_deregister(&device);
	cpuhp_remove_state_nocalls(veto_state);
	hold_hotplug(false);
	free_page((unsigned long)page);
}

module_init(probe_init);
module_exit(probe_exit);

MODULE_AUTHOR("the cellmgr developers");
MODULE_DESCRIPTION("Reaches where Linux must not, for tests of the partition");
MODULE_LICENSE("GPL");
