// SPDX-License-Identifier: GPL-2.0-only
/*
 * cellctl doctor and the signature of the module, in files and keyrings of a kernel that are made
 * up: doctor_module MODULE CERTIFICATE MODULE-BY-KEY-ID, of the kernel's own sign-file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <lzma.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doctor_findings.h"
#include "tests/lib/tap.h"
#include "tests/unit/daemon/test_tree.h"

#define RELEASE	 "6.1.0-28-amd64"
#define MODULES	 "/lib/modules/" RELEASE
#define LOCKDOWN "/sys/kernel/security/lockdown"
#define ENFORCE	 "/sys/module/module/parameters/sig_enforce"
#define MOK	 "/var/lib/dkms/mok.pub"
#define DEBIANS	 "Linux version " RELEASE " (debian-kernel@lists.debian.org)\n"

/* Serial number and issuer, as they stand in the certificate; the key's id, as openssl shows it. */
#define BY_NUMBER                                     \
	"ex:675dd84f76f362adb6be43d80bda623441a756b8" \
	"3120301e06035504030c17444b4d53206d6f64756c65207369676e696e67206b6579"
#define BY_KEY_ID "ex:6e1de9fc1334247db44daef3025616a8d96b0e36"

#define BUILTIN	 0x0f3b2c1d
#define SECOND	 0x3fffffff
#define PLATFORM 0x2a
#define KEYS                                                                                       \
	"0f3b2c1d I------     1 perm 1f0b0000     0     0 keyring   .builtin_trusted_keys: 2\n"    \
	"1b2c3d4e I------     1 perm 1f030000     0     0 asymmetri Debian: 6ccece: X509.rsa []\n" \
	"3fffffff I------     1 perm 1f0f0000     0     0 keyring   .secondary_trusted_keys: 1\n"  \
	"0000002a I------     1 perm 1f0b0000     0     0 keyring   .platform: empty\n"

static struct {
	char bytes[2048];
	size_t size;
} module, certificate, by_key_id, packed;

/* The kernel: which keyring has which key, and how it answers who finds that, and who asks for what
 * is not there. */
static struct {
	int32_t keyring;
	const char *key;
	int found, absent;
} kernel;

long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	const char *type, *key;
	int32_t keyring;
	va_list list;
	long command;

	va_start(list, number);
	command = va_arg(list, int);
	keyring = va_arg(list, int32_t);
	type = va_arg(list, const char *);
	key = va_arg(list, const char *);
	va_end(list);
	errno = ENOSYS;
	if (number != SYS_keyctl || command != KEYCTL_SEARCH || strcmp(type, "asymmetric") != 0)
		return -1;
	errno = kernel.absent;
	if (keyring != kernel.keyring || strcmp(key, kernel.key) != 0)
		return -1;
	errno = kernel.found;
	return errno ? -1 : 77;
}

struct signature_case {
	const char *name, *verdict, *words[2];
	int32_t keyring;
	int found, absent;
	const char *key;
	struct {
		const char *path, *text; /* NULL: not there */
	} changes[3];
};

static const struct signature_case cases[] = {
	{"whose kernel has the key",
	 "ok",
	 {"signed by a key in .builtin_trusted_keys"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 BY_NUMBER,
	 {{0}}},
	{"whose kernel has a key that root may not take",
	 "ok",
	 {"in .secondary_trusted_keys"},
	 SECOND,
	 EACCES,
	 ENOKEY,
	 BY_NUMBER,
	 {{0}}},
	{"whose firmware has the key",
	 "ok",
	 {"in .platform"},
	 PLATFORM,
	 EACCES,
	 ENOKEY,
	 BY_NUMBER,
	 {{0}}},
	{"whose firmware has the key, for another kernel",
	 "unknown",
	 {"a key of the firmware's", "try: modprobe"},
	 PLATFORM,
	 EACCES,
	 ENOKEY,
	 BY_NUMBER,
	 {{"/proc/version", "Linux version 6.1.0 (bob@home)\n"}}},
	{"without EFI that has no such key",
	 "fail",
	 {"is signed by another", "without module.sig_enforce"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 "ex:675dd84f",
	 {{0}}},
	{"with EFI that has no such key",
	 "fail",
	 {"is signed by another", "mokutil --import CERTIFICATE"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 "",
	 {{"/sys/firmware/efi/runtime", "1\n"}, {MOK, "another certificate"}}},
	{"whose key dkms has, and nobody else",
	 "fail",
	 {"is signed by another", "mokutil --import /var/lib/dkms/mok.pub"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 "",
	 {{"/sys/firmware/efi/runtime", "1\n"}, {MOK, "CERTIFICATE"}}},
	{"that is asked by somebody, who sees no keyrings",
	 "unknown",
	 {"not whether the kernel has the key: ", "as root"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 BY_NUMBER,
	 {{"/proc/keys", ""}}},
	{"whose keyrings are closed to root",
	 "unknown",
	 {"Permission denied", "as root"},
	 BUILTIN,
	 0,
	 EACCES,
	 BY_NUMBER,
	 {{0}}},
	{"with a key that is revoked",
	 "unknown",
	 {"Key has been revoked"},
	 BUILTIN,
	 EKEYREVOKED,
	 ENOKEY,
	 BY_NUMBER,
	 {{0}}},
	{"that is not locked down, but takes signed modules only",
	 "ok",
	 {"in .builtin_trusted_keys"},
	 BUILTIN,
	 EACCES,
	 ENOKEY,
	 BY_NUMBER,
	 {{LOCKDOWN, "[none] integrity confidentiality\n"}, {ENFORCE, "Y\n"}}},
	{"that takes all modules",
	 "ok",
	 {"cellvisor is there, and is not loaded"},
	 BUILTIN,
	 EACCES,
	 ENOKEY,
	 "",
	 {{LOCKDOWN, "[none] integrity confidentiality\n"}, {ENFORCE, "N\n"}}},
	{"with a module by a key's id",
	 "ok",
	 {"in .builtin_trusted_keys"},
	 BUILTIN,
	 EACCES,
	 ENOKEY,
	 BY_KEY_ID,
	 {{MODULES "/updates/cellvisor.ko", "BY-KEY-ID"}}},
	{"with a packed module",
	 "fail",
	 {"is signed by another"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 "",
	 {{MODULES "/modules.dep", "updates/cellvisor.ko.xz: kernel/uio.ko\n"},
	  {MODULES "/updates/cellvisor.ko.xz", "PACKED"}}},
	{"with a packed module that is cut off",
	 "unknown",
	 {"the signature of cellvisor cannot be read: Bad message"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 "",
	 {{MODULES "/modules.dep", "updates/cellvisor.ko.xz: kernel/uio.ko\n"},
	  {MODULES "/updates/cellvisor.ko.xz", "\xfd"
					       "7zXZ"}}},
	{"with a module that is packed otherwise",
	 "unknown",
	 {"the signature of cellvisor cannot be read: Operation not supported"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 "",
	 {{MODULES "/modules.dep", "updates/cellvisor.ko.zst: kernel/uio.ko\n"},
	  {MODULES "/updates/cellvisor.ko.zst", "anything"}}},
	{"with an unsigned module",
	 "fail",
	 {"takes signed modules only, and cellvisor is not signed", "sign it"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 "",
	 {{MODULES "/updates/cellvisor.ko", "bytes of a module\n"}}},
	{"with a signature that is none",
	 "unknown",
	 {"the signature of cellvisor cannot be read: Bad message"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 "",
	 {{MODULES "/updates/cellvisor.ko", "~Module signature appended~\n"}}},
	{"whose module is gone",
	 "unknown",
	 {"the signature of cellvisor cannot be read: No such file"},
	 BUILTIN,
	 0,
	 ENOKEY,
	 "",
	 {{MODULES "/updates/cellvisor.ko", NULL}}},
};

static void put(const struct test_tree *tree, const char *path, const char *text)
{
	const char *bytes = text;
	size_t size;
	FILE *file;

	if (!text) {
		remove(test_tree_path(tree, path));
		return;
	}
	test_tree_write(tree, path, text);
	size = strlen(text);
	if (strcmp(text, "MODULE") == 0)
		bytes = module.bytes, size = module.size;
	else if (strcmp(text, "CERTIFICATE") == 0)
		bytes = certificate.bytes, size = certificate.size;
	else if (strcmp(text, "BY-KEY-ID") == 0)
		bytes = by_key_id.bytes, size = by_key_id.size;
	else if (strcmp(text, "PACKED") == 0)
		bytes = packed.bytes, size = packed.size;
	file = fopen(test_tree_path(tree, path), "w");
	fwrite(bytes, 1, size, file);
	fclose(file);
}

static void test_case(struct tap *tap, const struct signature_case *one)
{
	_cleanup_(json_putp) struct json_object *result = NULL;
	struct json_object *finding;
	struct test_tree tree;
	char all[1024];

	test_tree_make(&tree);
	put(&tree, "/proc/sys/kernel/osrelease", RELEASE "\n");
	put(&tree, "/proc/version", DEBIANS);
	put(&tree, "/proc/keys", KEYS);
	put(&tree, LOCKDOWN, "none [integrity] confidentiality\n");
	put(&tree, MODULES "/modules.dep", "updates/cellvisor.ko: kernel/uio.ko\n");
	put(&tree, MODULES "/updates/cellvisor.ko", "MODULE");
	for (size_t i = 0; i < ARRAY_SIZE(one->changes) && one->changes[i].path; i++)
		put(&tree, one->changes[i].path, one->changes[i].text);
	kernel.keyring = one->keyring;
	kernel.key = one->key;
	kernel.found = one->found;
	kernel.absent = one->absent;
	result = doctor_examine(tree.root, 0);
	finding = finding_of(result, "module");
	snprintf(all, sizeof(all), "%s: %s", text_of(finding, "found"), text_of(finding, "do"));
	tap_is_str(tap, text_of(finding, "verdict"), one->verdict, "a machine %s: verdict",
		   one->name);
	tap_ok(tap,
	       !strstr(json_object_to_json_string(result), "DKMS") &&
		       !strstr(json_object_to_json_string(result), "675dd84f"),
	       "a machine %s: what is told does not name who has signed", one->name);
	for (size_t i = 0; i < ARRAY_SIZE(one->words) && one->words[i]; i++) {
		if (!tap_ok(tap, strstr(all, one->words[i]) != NULL, "a machine %s: %s", one->name,
			    one->words[i]))
			tap_note(tap, "%s", all);
	}
	test_tree_done(&tree);
}

static bool load(const char *path, char *ret_bytes, size_t *ret_size)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "r");

	*ret_size = file ? fread(ret_bytes, 1, sizeof(module.bytes), file) : 0;
	return *ret_size > 0;
}

int main(int argc, char **argv)
{
	struct tap tap = {0};

	tap_ok(&tap,
	       argc == 4 && load(argv[1], module.bytes, &module.size) &&
		       load(argv[2], certificate.bytes, &certificate.size) &&
		       load(argv[3], by_key_id.bytes, &by_key_id.size) &&
		       lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, (uint8_t *)module.bytes,
					       module.size, (uint8_t *)packed.bytes, &packed.size,
					       sizeof(packed.bytes)) == LZMA_OK,
	       "control: the files are there");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		test_case(&tap, &cases[i]);
	return tap_done(&tap);
}
