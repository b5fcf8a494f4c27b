// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the module is there, and whether the kernel will take it: where it takes signed ones
 * only, by keys that it has, "Key was rejected by service" comes from modprobe, and says no more.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <lzma.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "daemon/util/read_text.h"
#include "doctor/doctor.h"
#include "doctor/module_signature.h"

#define MODULE_MAX (32u << 20) /* bytes */
#define MOK	   "/var/lib/dkms/mok.pub"
#define PLATFORM   ".platform"

static char *read_file(const struct facts *facts, const char *name, size_t *ret_size)
{
	_cleanup_(freep) char *path = facts_path(facts, "%s", name);
	_cleanup_(closep) int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
	char *data = NULL;

	if (fd >= 0)
		errno = -read_text(fd, MODULE_MAX, &data, ret_size);
	return data;
}

static char *unpack(const char *packed, size_t packed_size, size_t *ret_size)
{
	uint64_t memory = UINT64_MAX;
	size_t from = 0;
	char *data = malloc(MODULE_MAX);

	*ret_size = 0;
	if (data &&
	    lzma_stream_buffer_decode(&memory, 0, NULL, (const uint8_t *)packed, &from, packed_size,
				      (uint8_t *)data, ret_size, MODULE_MAX) == LZMA_OK)
		return data;
	free(data);
	errno = EBADMSG;
	return NULL;
}

/* Debian's are plain, or packed by xz, as its kernel's own are. */
static char *read_module(const struct facts *facts, const char *path, size_t *ret_size)
{
	char *data = read_file(facts, path, ret_size), *unpacked;
	const char *suffix = strstr(path, ".ko");

	if (!data || strcmp(suffix, ".ko") == 0)
		return data;
	if (strcmp(suffix, ".ko.xz") == 0)
		unpacked = unpack(data, *ret_size, ret_size);
	else
		unpacked = NULL, errno = EOPNOTSUPP;
	free(data);
	return unpacked;
}

static int find_in(int32_t keyring, const char *key)
{
	return syscall(SYS_keyctl, KEYCTL_SEARCH, keyring, "asymmetric", key, 0) < 0 ? -errno : 0;
}

/*
 * Asks the kernel as it asks itself. That root may not search for a key, though it may search the
 * keyring, shows that there is one: for a key that nobody has the answer is ENOKEY. Returns 1, 0,
 * or a negative errno.
 */
static int has_key(const char *keys, const char *keyring, const char *key)
{
	_cleanup_(freep) char *words = text_format(" keyring   %s: ", keyring);
	const char *line = words ? strstr(keys, words) : NULL;
	int32_t number;
	int r;

	if (!line)
		return -ENOENT;
	while (line > keys && line[-1] != '\n')
		line--;
	number = (int32_t)strtoul(line, NULL, 16);
	r = find_in(number, "ex:00");
	if (r != -ENOKEY)
		return r ?: -ENOKEY;
	r = find_in(number, key);
	return r == 0 || r == -EACCES ? 1 : r == -ENOKEY ? 0 : r;
}

/*
 * Of those that the kernel has for modules, and of those of the firmware and its boot loader (MOK).
 * Returns the keyring that has it;
 * NULL: none, or, with errno, one cannot be asked.
 */
static const char *find_key(const struct facts *facts, const char *key)
{
	static const char *const keyrings[] = {".builtin_trusted_keys", ".secondary_trusted_keys",
					       PLATFORM};
	_cleanup_(freep) char *keys = facts_text(facts, "/proc/keys");
	int error = EACCES;

	for (size_t i = 0; keys && i < ARRAY_SIZE(keyrings); i++) {
		const int r = has_key(keys, keyrings[i], key);

		if (r > 0)
			return keyrings[i];
		/* Not every kernel has each. Who is not root sees none. */
		if (r != -ENOENT)
			error = -r;
		if (r < 0 && r != -ENOENT)
			break;
	}
	errno = error;
	return NULL;
}

static bool is_of(const struct facts *facts, const char *file,
		  const struct signature_signer *signer)
{
	size_t size = 0;
	_cleanup_(freep) char *certificate = read_file(facts, file, &size);

	return certificate && signer->size > signer->serial_size &&
	       memmem(certificate, size, signer->bytes, signer->serial_size) &&
	       memmem(certificate, size, signer->bytes + signer->serial_size,
		      signer->size - signer->serial_size);
}

static void tell_unknown_key(struct facts *facts, const struct signature_signer *signer)
{
	const char *todo = "sign it by a key that the kernel has, or have the firmware know this "
			   "one, which modinfo shows: mokutil --import CERTIFICATE, and boot";

	if (!facts_exists(facts, "/sys/firmware/efi"))
		todo = "boot without module.sig_enforce and lockdown, as there is no EFI firmware "
		       "that could know the key, or with a kernel that has it";
	else if (is_of(facts, MOK, signer))
		todo = "mokutil --import " MOK ", boot, and enroll the key where it asks then";
	doctor_say(facts, VERDICT_FAIL, todo,
		   "the kernel takes modules by keys that it has, and cellvisor is signed by "
		   "another");
}

/* Debian has made it so. */
static bool takes_platform_keys(const struct facts *facts)
{
	_cleanup_(freep) char *version = facts_text(facts, "/proc/version");

	return version && strstr(version, "debian.org");
}

/* By what the kernel finds it among its own. */
static char *key_of(const struct signature_signer *signer)
{
	char *key = malloc(sizeof("ex:") + 2 * signer->size);
	char *end = key ? stpcpy(key, "ex:") : NULL;

	for (size_t i = 0; end && i < signer->size; i++)
		end += sprintf(end, "%02x", signer->bytes[i]);
	return key;
}

static void check_signer(struct facts *facts, const struct signature_signer *signer)
{
	_cleanup_(freep) char *key = key_of(signer);
	const char *keyring = key ? find_key(facts, key) : NULL;

	if (!keyring && errno)
		doctor_say(facts, VERDICT_UNKNOWN, "as root",
			   "cellvisor is signed, but not whether the kernel has the key: %s",
			   strerror(errno));
	else if (!keyring)
		tell_unknown_key(facts, signer);
	else if (strcmp(keyring, PLATFORM) == 0 && !takes_platform_keys(facts))
		doctor_say(facts, VERDICT_UNKNOWN, "try: modprobe cellvisor",
			   "cellvisor is signed by a key of the firmware's, which Debian's kernels "
			   "take, and not all others");
	else
		doctor_say(facts, VERDICT_OK, NULL,
			   "cellvisor is there, is not loaded, and is signed by a key in %s",
			   keyring);
}

static void check_signature(struct facts *facts, const char *path)
{
	struct signature_signer signer;
	size_t size;
	_cleanup_(freep) char *module = read_module(facts, path, &size);
	const int r = module ? module_signer_read(module, size, &signer) : -errno;

	if (r < 0) {
		doctor_say(facts, VERDICT_UNKNOWN, "see: modinfo cellvisor",
			   "the signature of cellvisor cannot be read: %s", strerror(-r));
	} else if (r == 0) {
		doctor_say(facts, VERDICT_FAIL,
			   "sign it (dkms does, with a key that mokutil --import enrolls)",
			   "the kernel takes signed modules only, and cellvisor is not signed");
	} else {
		check_signer(facts, &signer);
		free(signer.bytes);
	}
}

void doctor_check_module(struct facts *facts)
{
	_cleanup_(freep) char *list =
		facts_text(facts, "/lib/modules/%s/modules.dep", facts->release);
	const char *at = list ? strstr(list, "/cellvisor.ko") : NULL, *begin = at;
	_cleanup_(freep) char *path = NULL;

	while (begin && begin > list && begin[-1] != '\n')
		begin--;
	if (at)
		path = text_format("/lib/modules/%s/%.*s", facts->release, (int)strcspn(begin, ":"),
				   begin);
	if (facts_exists(facts, "/sys/module/cellvisor"))
		doctor_say(facts, VERDICT_OK, NULL, "cellvisor is loaded");
	else if (facts_exists(facts, "/sys/module/jailhouse"))
		doctor_say(facts, VERDICT_WARN, "rmmod jailhouse for all that cellmgr can do",
			   "the original's is loaded, which does with fewer features");
	else if (!path)
		doctor_say(facts, VERDICT_FAIL, "install cellmgr-dkms and this kernel's headers",
			   "there is no cellvisor for this kernel");
	else if (doctor_is_locked_down(facts) ||
		 facts_has(facts, "/sys/module/module/parameters/sig_enforce", "Y"))
		check_signature(facts, path);
	else
		doctor_say(facts, VERDICT_OK, NULL, "cellvisor is there, and is not loaded");
}
