// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens the hypervisor with a configuration that is in memory only when KVM has made a machine,
 * which is after the driver has looked for one. Prints what the ioctl says, and then whether KVM
 * has its machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi.h"
#include "page.h"

#define PLACE_SIZE (64ull << 10) /* the largest configuration's */

struct late {
	int faults;
	uint8_t *place;
	uint8_t *content;
	int machine; /* a file descriptor, or a negative errno */
};

static int make_machine(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int machine = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);

	return machine < 0 ? -errno : machine;
}

static void *serve(void *data)
{
	struct late *late = data;
	struct uffd_msg message;
	struct uffdio_copy copy = {
		.dst = (uintptr_t)late->place,
		.src = (uintptr_t)late->content,
		.len = PLACE_SIZE,
	};

	if (read(late->faults, &message, sizeof(message)) != sizeof(message))
		broken("userfaultfd: %s", strerror(errno));
	late->machine = make_machine();
	if (ioctl(late->faults, UFFDIO_COPY, &copy) < 0)
		broken("UFFDIO_COPY: %s", strerror(errno));
	return NULL;
}

/* Memory whose first use asks for its content. */
static void make_place(struct late *late)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};

	late->place =
		mmap(NULL, PLACE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)late->place;
	range.range.len = PLACE_SIZE;
	late->faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (late->place == MAP_FAILED || late->faults < 0 ||
	    ioctl(late->faults, UFFDIO_API, &api) < 0 ||
	    ioctl(late->faults, UFFDIO_REGISTER, &range) < 0)
		broken("userfaultfd: %s", strerror(errno));
}

static size_t system_size(const struct system_desc *system)
{
	return sizeof(*system) - sizeof(system->root_cell) + cell_desc_size(&system->root_cell);
}

int main(void)
{
	struct late late = {0};
	struct abi abi;
	pthread_t thread;
	void *blob;

	abi_open(&abi);
	blob = root_blob(&abi, ROOT_OURS);
	late.content = aligned_alloc(PAGE_BYTES, PLACE_SIZE);
	if (!late.content || system_size(blob) > PLACE_SIZE)
		broken("no room");
	memset(late.content, 0, PLACE_SIZE);
	memcpy(late.content, blob, system_size(blob));
	make_place(&late);
	if (pthread_create(&thread, NULL, serve, &late))
		broken("no thread");
	abi_say(abi_call(&abi, JAILHOUSE_ENABLE, late.place));
	pthread_join(thread, NULL);
	abi_say(late.machine < 0 ? late.machine : 0);
	free(blob);
	return 0;
}
