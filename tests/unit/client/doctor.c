// SPDX-License-Identifier: GPL-2.0-only
/* cellctl doctor on machines made of files: each fault alone, in the module's words. */
#include <fcntl.h>
#include <unistd.h>

#include "arch_machine_faults.h"
#include "doctor_findings.h"
#include "tests/lib/tap.h"
#include "tests/unit/daemon/test_tree.h"

#define FLAGS "flags\t\t: fpu msr lm cpuid nx svm npt\n"
#define GUEST "flags\t\t: fpu msr lm cpuid nx svm npt hypervisor\n"
#define AMD   "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC 3251\n"
#define INTEL "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel Xeon\n"
#define CPU   "/sys/devices/system/cpu/"
#define SECRETS                                                                    \
	{                                                                          \
		"host-alice", "SN12345678", "52:54:00:aa:bb:cc", "bob", "10.1.2.3" \
	}
#define EFER	  0xc0000080
#define VM_CR	  0xc0010114
#define SYSCFG	  0xc0010010
#define APIC_BASE 0x1b

/* A file of the machine's is another one; text NULL: it is not there. Or a register has bits. */
struct change {
	const char *path, *text;
	uint64_t number, value;
};

struct machine_case {
	const char *name, *check, *verdict;
	enum machine_fault fault; /* MACHINE_FAULT_COUNT: none, then what is told has this: */
	const char *found;
	struct change changes[3];
};

#define NO_FAULT MACHINE_FAULT_COUNT
#define MSR(number, value)                            \
	{                                             \
		"/dev/cpu/1/msr", NULL, number, value \
	}
#define LEAF(leaf, value)                             \
	{                                             \
		"/dev/cpu/0/cpuid", NULL, leaf, value \
	}

static const struct change good[] = {
	{"/proc/cpuinfo", AMD FLAGS, 0, 0},
	{"/proc/cmdline", "root=/dev/vda1 quiet systemd.hostname=host-alice user=bob ip=10.1.2.3\n",
	 0, 0},
	{"/proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 3000000 kB\n", 0, 0},
	{"/proc/sys/kernel/osrelease", "6.1.0-28-amd64\n", 0, 0},
	{"/proc/sys/kernel/hostname", "host-alice\n", 0, 0},
	{"/etc/hostname", "host-alice\n", 0, 0},
	{"/etc/machine-id", "SN12345678\n", 0, 0},
	{"/boot/config-6.1.0-28-amd64",
	 "#\nCONFIG_MODULES=y\nCONFIG_HOTPLUG_CPU=y\nCONFIG_CONTIG_ALLOC=y\n"
	 "CONFIG_MEMORY_HOTREMOVE=y\nCONFIG_ACPI=y\nCONFIG_PCI=y\nCONFIG_UIO=m\n",
	 0, 0},
	{"/lib/modules/6.1.0-28-amd64/modules.dep",
	 "kernel/a.ko:\nupdates/cellvisor.ko: kernel/drivers/uio/uio.ko\n", 0, 0},
	{"/lib/modules/6.1.0-28-amd64/updates/cellvisor.ko", "bytes of a module without an end\n",
	 0, 0},
	{"/sys/class/dmi/id/sys_vendor", "Supermicro\n", 0, 0},
	{"/sys/class/dmi/id/product_name", "AS -5019D\n", 0, 0},
	{"/sys/class/dmi/id/product_serial", "SN12345678\n", 0, 0},
	{"/sys/class/dmi/id/board_serial", "SN12345678\n", 0, 0},
	{"/sys/class/net/eth0/address", "52:54:00:aa:bb:cc\n", 0, 0},
	{"/sys/class/iommu/ivhd0/devices", "", 0, 0},
	{"/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n", 0, 0},
	{"/sys/devices/system/memory/block_size_bytes", "8000000\n", 0, 0},
	{"/sys/kernel/security/lockdown", "[none] integrity confidentiality\n", 0, 0},
	{CPU "present", "0-3\n", 0, 0},
	{CPU "isolated", "2-3\n", 0, 0},
	{CPU "smt/control", "on\n", 0, 0},
	{"/dev/cpu/0/msr", NULL, EFER, 0xd01},
	{"/dev/cpu/0/msr", NULL, SYSCFG, 0},
	{"/dev/cpu/0/msr", NULL, VM_CR, 0},
	{"/dev/cpu/1/msr", NULL, EFER, 0xd01},
	{"/dev/cpu/1/msr", NULL, SYSCFG, 0},
	{"/dev/cpu/1/msr", NULL, VM_CR, 0},
};

static const struct machine_case cases[] = {
	{"in a cell",
	 "guest",
	 "fail",
	 FAULT_IN_CELL,
	 "",
	 {{"/proc/cpuinfo", AMD GUEST, 0, 0}, {"/dev/cpu/0/cpuid", "Jailhouse", 0x40000000, 0}}},
	{"under KVM",
	 "guest",
	 "fail",
	 FAULT_PARAVIRTUAL,
	 "",
	 {{"/proc/cpuinfo", AMD GUEST, 0, 0}, {"/dev/cpu/0/cpuid", "KVMKVMKVM", 0x40000000, 0}}},
	{"under KVM with nopv",
	 "guest",
	 "ok",
	 NO_FAULT,
	 "nothing of the hypervisor below",
	 {{"/proc/cpuinfo", AMD GUEST, 0, 0},
	  {"/dev/cpu/0/cpuid", "KVMKVMKVM", 0x40000000, 0},
	  {"/proc/cmdline", "quiet nopv\n", 0, 0}}},
	{"Intel's",
	 "processor",
	 "fail",
	 FAULT_PROCESSOR,
	 "",
	 {{"/proc/cpuinfo", INTEL FLAGS, 0, 0}}},
	{"without SVM",
	 "processor",
	 "fail",
	 FAULT_NO_SVM,
	 "",
	 {{"/proc/cpuinfo", AMD "flags\t\t: fpu svm_lock nosvm npt\n", 0, 0}}},
	{"without nested paging",
	 "processor",
	 "fail",
	 FAULT_NO_NPT,
	 "",
	 {{"/proc/cpuinfo", AMD "flags\t\t: fpu svm\n", 0, 0}}},
	{"with INVLPGB",
	 "paging",
	 "fail",
	 FAULT_INVLPGB,
	 "",
	 {{"/proc/sys/kernel/osrelease", "6.15.2\n", 0, 0}, LEAF(0x80000008, 8ull << 32)}},
	{"with INVLPGB that is off",
	 "paging",
	 "ok",
	 NO_FAULT,
	 "four levels",
	 {{"/proc/sys/kernel/osrelease", "6.15.2\n", 0, 0},
	  LEAF(0x80000008, 8ull << 32),
	  {"/proc/cmdline", "clearcpuid=419\n", 0, 0}}},
	{"with INVLPGB that is off beside others",
	 "paging",
	 "ok",
	 NO_FAULT,
	 "four levels",
	 {{"/proc/sys/kernel/osrelease", "6.15.2\n", 0, 0},
	  LEAF(0x80000008, 8ull << 32),
	  {"/proc/cmdline", "quiet clearcpuid=smap,419,420 ro\n", 0, 0}}},
	{"with INVLPGB, and others that are off",
	 "paging",
	 "fail",
	 FAULT_INVLPGB,
	 "",
	 {{"/proc/sys/kernel/osrelease", "6.15.2\n", 0, 0},
	  LEAF(0x80000008, 8ull << 32),
	  {"/proc/cmdline", "clearcpuid=4190,1419 a=419\n", 0, 0}}},
	{"with INVLPGB that an older Linux does not know",
	 "paging",
	 "ok",
	 NO_FAULT,
	 "four levels",
	 {LEAF(0x80000008, 8ull << 32)}},
	{"with KVM on one CPU", "kvm", "fail", FAULT_IN_USE, "", {MSR(EFER, 0x1d01)}},
	{"with a machine of KVM's, for who sees no registers",
	 "kvm",
	 "fail",
	 FAULT_IN_USE,
	 "",
	 {{"/dev/cpu/0/msr", NULL, 0, 0}, {"/sys/module/kvm_amd/refcnt", "1\n", 0, 0}}},
	{"with KVM that is being loaded, for who sees no registers",
	 "kvm",
	 "ok",
	 NO_FAULT,
	 "no virtual machine",
	 {{"/dev/cpu/0/msr", NULL, 0, 0},
	  {"/sys/module/kvm_amd/refcnt", "1\n", 0, 0},
	  {"/sys/module/kvm_amd/initstate", "coming\n", 0, 0}}},
	{"with KVM that takes all at once",
	 "kvm",
	 "fail",
	 FAULT_IN_USE,
	 "",
	 {{"/dev/cpu/0/msr", NULL, 0, 0},
	  {"/sys/module/kvm_amd/refcnt", "0\n", 0, 0},
	  {"/sys/module/kvm/parameters/enable_virt_at_load", "Y\n", 0, 0}}},
	{"with KVM that is idle",
	 "kvm",
	 "ok",
	 NO_FAULT,
	 "no virtual machine",
	 {{"/sys/module/kvm_amd/refcnt", "0\n", 0, 0}}},
	{"with SVM off in the firmware", "firmware", "fail", FAULT_LOCKED, "", {MSR(VM_CR, 0x18)}},
	{"whose registers are not seen",
	 "firmware",
	 "unknown",
	 NO_FAULT,
	 "only root sees",
	 {{"/dev/cpu/0/msr", NULL, 0, 0}}},
	{"with memory that has owners",
	 "firmware",
	 "fail",
	 FAULT_OWNED,
	 "",
	 {MSR(SYSCFG, 1 << 24)}},
	{"that encrypts",
	 "paging",
	 "fail",
	 FAULT_ENCRYPTED,
	 "",
	 {{"/proc/cpuinfo", AMD "flags\t\t: svm npt sme\n", 0, 0},
	  {"/proc/cmdline", "mem_encrypt=on\n", 0, 0}}},
	{"that could encrypt",
	 "paging",
	 "ok",
	 NO_FAULT,
	 "not encrypted",
	 {{"/proc/cpuinfo", AMD "flags\t\t: svm npt sme\n", 0, 0}}},
	{"with five levels",
	 "paging",
	 "fail",
	 FAULT_FIVE_LEVELS,
	 "",
	 {{"/proc/cpuinfo", AMD "flags\t\t: svm npt la57\n", 0, 0}}},
	{"without a timer",
	 "interrupts",
	 "fail",
	 FAULT_APIC_TIMER,
	 "",
	 {{"/proc/cmdline", "nolapic_timer\n", 0, 0}}},
	{"in x2APIC mode", "interrupts", "ok", NO_FAULT, "x2APIC", {MSR(APIC_BASE, 0xfee00d00)}},
	{"in xAPIC mode", "interrupts", "ok", NO_FAULT, "xAPIC", {MSR(APIC_BASE, 0xfee00900)}},
	{"that counts time otherwise",
	 "time",
	 "warn",
	 NO_FAULT,
	 "by the TSC",
	 {{"/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n", 0, 0}}},
	{"with one CPU", "cpus", "fail", NO_FAULT, "one CPU", {{CPU "present", "0\n", 0, 0}}},
	{"with threads kept off",
	 "cpus",
	 "warn",
	 NO_FAULT,
	 "threads that Linux keeps off",
	 {{CPU "smt/control", "forceoff\n", 0, 0}}},
	{"with isolated CPUs",
	 "cpus",
	 "ok",
	 NO_FAULT,
	 "4, of which Linux keeps free of tasks: 2-3",
	 {{0}}},
	{"without memory",
	 "memory",
	 "fail",
	 NO_FAULT,
	 "64M are wanted, and Linux has 48.8M",
	 {{"/proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 50000 kB\n", 0, 0}}},
	{"with little memory",
	 "memory",
	 "warn",
	 NO_FAULT,
	 "in one piece",
	 {{"/proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 100000 kB\n", 0, 0}}},
	{"with a pool of 2 GiB",
	 "memory",
	 "warn",
	 NO_FAULT,
	 "2G in one piece",
	 {{"/etc/cellmgr/cellmgrd.conf", "{\"pool-size\": \"2G\"}", 0, 0}}},
	{"whose memory was not reserved",
	 "memory",
	 "fail",
	 NO_FAULT,
	 "not reserved at boot",
	 {{"/etc/cellmgr/cellmgrd.conf",
	   "{\"reserved-memory\": {\"phys\": \"0x3a000000\", \"size\": \"64M\"}}", 0, 0}}},
	{"whose memory was reserved",
	 "memory",
	 "ok",
	 NO_FAULT,
	 "reserved at boot",
	 {{"/etc/cellmgr/cellmgrd.conf",
	   "{\"reserved-memory\": {\"phys\": \"0x3a000000\", \"size\": \"64M\"}}", 0, 0},
	  {"/proc/cmdline", "quiet memmap=0x6000000$0x3a000000\n", 0, 0}}},
	{"without an IOMMU",
	 "iommu",
	 "warn",
	 NO_FAULT,
	 "none:",
	 {{"/sys/class/iommu/ivhd0/devices", NULL, 0, 0}}},
	{"with an IOMMU that is off",
	 "iommu",
	 "warn",
	 NO_FAULT,
	 "does not use it",
	 {{"/sys/class/iommu/ivhd0/devices", NULL, 0, 0},
	  {"/sys/firmware/acpi/tables/IVRS", "x", 0, 0}}},
	{"under lockdown",
	 "lockdown",
	 "warn",
	 NO_FAULT,
	 "locked down",
	 {{"/sys/kernel/security/lockdown", "none [integrity] confidentiality\n", 0, 0}}},
	{"with a kernel that lacks something",
	 "kernel",
	 "fail",
	 NO_FAULT,
	 "without CONFIG_HOTPLUG_CPU",
	 {{"/boot/config-6.1.0-28-amd64", "#\nCONFIG_MODULES=y\n", 0, 0}}},
	{"with a later kernel",
	 "kernel",
	 "warn",
	 NO_FAULT,
	 "none that is tested",
	 {{"/proc/sys/kernel/osrelease", "6.19.0-bob\n", 0, 0}}},
	{"without the module",
	 "module",
	 "fail",
	 NO_FAULT,
	 "no cellvisor for this kernel",
	 {{"/lib/modules/6.1.0-28-amd64/modules.dep", "kernel/a.ko:\n", 0, 0}}},
	{"under lockdown, with an unsigned module",
	 "module",
	 "fail",
	 NO_FAULT,
	 "is not signed",
	 {{"/sys/kernel/security/lockdown", "none [integrity] confidentiality\n", 0, 0}}},
	{"with the hypervisor on",
	 "kvm",
	 "ok",
	 NO_FAULT,
	 "hypervisor is on",
	 {{"/sys/devices/jailhouse/enabled", "1\n", 0, 0}, MSR(EFER, 0x1d01)}},
	{"with the hypervisor on, which is seen from inside",
	 "guest",
	 "ok",
	 NO_FAULT,
	 "root cell",
	 {{"/sys/devices/jailhouse/enabled", "1\n", 0, 0},
	  {"/proc/cpuinfo", AMD GUEST, 0, 0},
	  {"/dev/cpu/0/cpuid", "Jailhouse", 0x40000000, 0}}},
};

static void put_register(const char *path, const struct change *change)
{
	const int fd = open(path, O_RDWR | O_CREAT, 0644);

	/* CPUID's: EAX of no use, and EBX first of a name. */
	if (change->text)
		(void)!pwrite(fd, change->text, strlen(change->text), change->number + 4);
	else
		(void)!pwrite(fd, &change->value, sizeof(change->value), change->number);
	ftruncate(fd, 0x100000000);
	close(fd);
}

static void make(const struct test_tree *tree, const struct change *change)
{
	const char *path = test_tree_path(tree, change->path);

	if (change->number)
		put_register(path, change);
	else if (change->text)
		test_tree_write(tree, change->path, change->text);
	else if (remove(path) == 0) /* with its directory, where that is empty now */
		*strrchr((char *)path, '/') = '\0', rmdir(path);
}

static bool has_fail(struct json_object *result)
{
	struct json_object *findings = json_object_object_get(result, "findings");

	for (size_t i = 0; i < json_object_array_length(findings); i++) {
		if (strcmp(text_of(json_object_array_get_idx(findings, i), "verdict"), "fail") == 0)
			return true;
	}
	return false;
}

static struct json_object *examine(const struct change *changes, size_t count)
{
	struct test_tree tree;
	struct json_object *result;

	test_tree_make(&tree);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		make(&tree, &good[i]);
	for (size_t i = 0; i < count && changes[i].path; i++)
		make(&tree, &changes[i]);
	result = doctor_examine(tree.root, 0);
	test_tree_done(&tree);
	return result;
}

static void test_case(struct tap *tap, const struct machine_case *one)
{
	_cleanup_(json_putp) struct json_object *result = examine(one->changes, 3);
	struct json_object *finding = finding_of(result, one->check);
	char all[512];

	snprintf(all, sizeof(all), "%s: %s", text_of(finding, "found"), text_of(finding, "do"));
	tap_is_str(tap, text_of(finding, "verdict"), one->verdict, "a machine %s: verdict",
		   one->name);
	if (one->fault == FAULT_INVLPGB)
		tap_ok(tap,
		       strncmp(all, machine_fault_text(one->fault),
			       strlen(machine_fault_text(one->fault))) == 0 &&
			       strcmp(all + strlen(machine_fault_text(one->fault)), "419") == 0,
		       "a machine %s: the module's words, and the number", one->name);
	else if (one->fault != NO_FAULT)
		tap_is_str(tap, all, machine_fault_text(one->fault),
			   "a machine %s: the module's words", one->name);
	else if (!tap_ok(tap, strstr(all, one->found) != NULL, "a machine %s: what is told",
			 one->name))
		tap_note(tap, "%s", all);
	tap_ok(tap,
	       json_object_get_boolean(json_object_object_get(result, "fit")) == !has_fail(result),
	       "a machine %s is not fit if anything fails", one->name);
}

/* All that the module may say, doctor has said of one of these. */
static void test_all_faults(struct tap *tap)
{
	for (enum machine_fault fault = 0; fault < MACHINE_FAULT_COUNT; fault++) {
		bool seen = false;

		for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
			seen |= cases[i].fault == fault;
		tap_ok(tap, seen, "doctor tells: %.40s", machine_fault_text(fault));
	}
}

static void test_private(struct tap *tap)
{
	static const char *const secrets[] = SECRETS;
	const struct change own_kernel = {"/proc/sys/kernel/osrelease", "6.1.0-bob\n", 0, 0};

	for (size_t i = 0; i < 2; i++) {
		_cleanup_(json_putp) struct json_object *result = examine(&own_kernel, i);
		const char *text = json_object_to_json_string(result);

		tap_ok(tap, strstr(text, "AMD EPYC 3251") && strstr(text, "AS -5019D"),
		       "a report names processor and machine");
		for (size_t s = 0; s < ARRAY_SIZE(secrets); s++)
			tap_ok(tap, !strstr(text, secrets[s]), "a report %zu is without %s", i,
			       secrets[s]);
	}
}

static void test_good(struct tap *tap)
{
	_cleanup_(json_putp) struct json_object *result = examine(NULL, 0);
	struct json_object *findings = json_object_object_get(result, "findings");

	for (size_t i = 0; i < json_object_array_length(findings); i++) {
		struct json_object *finding = json_object_array_get_idx(findings, i);
		const char *check = text_of(finding, "check");

		tap_is_str(tap, text_of(finding, "verdict"),
			   strcmp(check, "smi") == 0 ? "unknown" : "ok", "a good machine: %s",
			   check);
	}
	tap_ok(tap, json_object_get_boolean(json_object_object_get(result, "fit")),
	       "a good machine is fit");
	tap_is_u64(tap, json_object_array_length(findings), 14, "all checks tell something");
}

int main(void)
{
	struct tap tap = {0};

	test_good(&tap);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		test_case(&tap, &cases[i]);
	test_all_faults(&tap);
	test_private(&tap);
	return tap_done(&tap);
}
