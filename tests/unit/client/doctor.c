// SPDX-License-Identifier: GPL-2.0-only
/* cellctl doctor on machines made of files: each fault alone, in the module's words. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor_findings.h"
#include "doctor_machines.h"
#include "tests/lib/tap.h"
#include "tests/unit/daemon/test_tree.h"

#define SECRETS                                                                    \
	{                                                                          \
		"host-alice", "SN12345678", "52:54:00:aa:bb:cc", "bob", "10.1.2.3" \
	}

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

static void make_good(struct test_tree *ret)
{
	test_tree_make(ret);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		make(ret, &good[i]);
}

static struct json_object *examine(const struct change *changes, size_t count)
{
	struct test_tree tree;
	struct json_object *result;

	make_good(&tree);
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

/* Each that Linux relies on where it knows it, and one that it does not know. */
static void test_hypervisors(struct tap *tap)
{
	static const char *const names[] = {"KVMKVMKVM",    "Microsoft Hv", "VMwareVMware",
					    "XenVMMXenVMM", "ACRNACRNACRN", "TCGTCGTCGTCG"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct change under[] = {{"/proc/cpuinfo", AMD GUEST, 0, 0},
					       {"/dev/cpu/0/cpuid", names[i], 0x40000000, 0}};
		_cleanup_(json_putp) struct json_object *result = examine(under, 2);

		tap_is_str(tap, text_of(finding_of(result, "guest"), "verdict"),
			   strncmp(names[i], "TCG", 3) == 0 ? "ok" : "fail", "a machine under %s",
			   names[i]);
	}
}

/* Whose register cannot be opened, which a socket cannot either. */
static void test_offline_cpu(struct tap *tap)
{
	const struct change in_use = {"/dev/cpu/2/msr", NULL, EFER, 0x1d01};
	_cleanup_(json_putp) struct json_object *result = NULL;
	struct test_tree tree;

	make_good(&tree);
	make(&tree, &in_use);
	remove(test_tree_path(&tree, "/dev/cpu/1/msr"));
	mknod(test_tree_path(&tree, "/dev/cpu/1/msr"), S_IFSOCK | 0644, 0);
	result = doctor_examine(tree.root, 0);
	tap_is_str(tap, text_of(finding_of(result, "kvm"), "verdict"), "fail",
		   "behind a CPU that is offline registers are looked at");
	test_tree_done(&tree);
}

/* Of a file that somebody has replaced. */
static void test_fifo(struct tap *tap)
{
	_cleanup_(json_putp) struct json_object *result = NULL;
	struct test_tree tree;

	make_good(&tree);
	remove(test_tree_path(&tree, "/boot/config-6.1.0-28-amd64"));
	mkfifo(test_tree_path(&tree, "/boot/config-6.1.0-28-amd64"), 0644);
	alarm(20);
	result = doctor_examine(tree.root, 0);
	alarm(0);
	tap_ok(tap, result != NULL, "a FIFO is not waited for");
	test_tree_done(&tree);
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
		tap_is_str(tap, text_of(json_object_object_get(result, "machine"), "kernel"),
			   i ? "6.1.0" : "6.1.0-28", "and of the kernel its version alone");
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
	test_hypervisors(&tap);
	test_offline_cpu(&tap);
	test_fifo(&tap);
	test_private(&tap);
	return tap_done(&tap);
}
