// SPDX-License-Identifier: GPL-2.0-only
/* The device, with nothing but the ioctls that tools of the field use, and what those give it. */
#include "abi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define POOL_SIZE	 (32ull << 20)
#define CELLS_OFFSET	 (8ull << 20) /* the hypervisor's is before */
#define SLOT_SIZE	 (2ull << 20)
#define COMM_ADDRESS	 CELL_RAM
#define REPLY_TIMEOUT_US 5000000ull

void broken(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("not ok the test itself: ");
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	exit(1);
}

int abi_call(const struct abi *abi, unsigned long code, const void *argument)
{
	return ioctl(abi->fd, code, argument) < 0 ? -errno : 0;
}

void abi_open(struct abi *abi)
{
	const char *reserved = getenv("ABI_POOL");

	abi->fd = open(JAILHOUSE_DEVICE, O_RDWR | O_CLOEXEC);
	if (abi->fd < 0)
		broken(JAILHOUSE_DEVICE ": %s", strerror(errno));
	abi->pool = (struct cellvisor_pool){.size = POOL_SIZE, .source = CELLVISOR_POOL_LINUX};
	if (reserved) {
		abi->pool.source = CELLVISOR_POOL_BOOT;
		abi->pool.phys_start = strtoull(reserved, NULL, 0);
	}
	/* Somebody else is bringing that one. */
	if (getenv("ABI_POOL_COMES"))
		return;
	/* One that was there may be in use. */
	if (abi_call(abi, CELLVISOR_POOL_RESERVE, &abi->pool) < 0 &&
	    (abi_call(abi, CELLVISOR_POOL_INFO, &abi->pool) < 0 || abi->pool.size < POOL_SIZE))
		broken("no memory pool");
}

int abi_enable(const struct abi *abi, enum variant variant)
{
	void *blob = root_blob(abi, variant);
	int r = abi_call(abi, JAILHOUSE_ENABLE, blob);

	free(blob);
	return r;
}

int abi_disable(const struct abi *abi)
{
	return abi_call(abi, JAILHOUSE_DISABLE, NULL);
}

int abi_release(const struct abi *abi)
{
	return abi_call(abi, CELLVISOR_POOL_RELEASE, NULL);
}

/* A blob under construction; larger than any. */
struct blob {
	uint8_t bytes[4096];
	size_t size;
};

static uint32_t append(struct blob *blob, const void *part, size_t size)
{
	if (!part)
		return 0;
	memcpy(blob->bytes + blob->size, part, size);
	blob->size += size;
	return 1;
}

static uint32_t append_memory(struct blob *blob, const struct wish *wish)
{
	uint32_t count = wish->num_memory ? wish->num_memory : 1;

	return append(blob, wish->memory, count * sizeof(*wish->memory)) ? count : 0;
}

static void make_blob(const struct abi *abi, const struct wish *wish, struct blob *blob)
{
	const struct blob_memory ram = {abi->pool.phys_start + CELLS_OFFSET +
						wish->slot * SLOT_SIZE,
					0, CELL_RAM, READ | WRITE | EXECUTE | LOADABLE};
	const struct blob_memory comm = {0, COMM_ADDRESS, 4096,
					 READ | WRITE | BLOB_MEM_COMM_REGION};
	struct cell_desc desc = {
		.signature = BLOB_CELL_SIGNATURE,
		.architecture = BLOB_ARCH_X86,
		.revision = BLOB_REVISION,
		.flags = wish->flags | (wish->listens ? 0 : BLOB_CELL_PASSIVE_COMMREG) |
			 BLOB_CELL_CONSOLE_PERMITTED | BLOB_CELL_CONSOLE_ACTIVE,
		.cpu_set_size = sizeof(wish->cpus),
		.msg_reply_timeout = REPLY_TIMEOUT_US,
	};

	snprintf(desc.name, sizeof(desc.name), "%s", wish->name);
	if (wish->console)
		desc.console = *wish->console;
	blob->size = sizeof(desc);
	append(blob, &wish->cpus, sizeof(wish->cpus));
	desc.num_memory_regions = append(blob, &ram, sizeof(ram)) +
				  append(blob, &comm, sizeof(comm)) + append_memory(blob, wish);
	desc.num_cache_regions = append(blob, wish->cache, sizeof(*wish->cache));
	desc.num_irqchips = append(blob, wish->irqchip, sizeof(*wish->irqchip));
	desc.num_pio_regions = append(blob, wish->ports, sizeof(*wish->ports));
	desc.num_pci_devices = append(blob, wish->device, sizeof(*wish->device));
	append(blob, wish->caps, wish->num_caps * sizeof(*wish->caps));
	desc.num_pci_caps = wish->num_caps;
	memcpy(blob->bytes, &desc, sizeof(desc));
	blob->size += wish->trailing;
	if (wish->cut)
		blob->size = wish->cut;
}

int abi_create(const struct abi *abi, const struct wish *wish)
{
	struct blob blob = {{0}, 0};
	struct jailhouse_cell_create create = {.blob_address = (uintptr_t)&blob.bytes};

	make_blob(abi, wish, &blob);
	create.blob_size = (uint32_t)blob.size;
	return abi_call(abi, JAILHOUSE_CELL_CREATE, &create);
}

static struct jailhouse_cell_id by_name(const char *name)
{
	struct jailhouse_cell_id id = {.id = JAILHOUSE_ID_BY_NAME};

	snprintf(id.name, sizeof(id.name), "%s", name);
	return id;
}

int abi_load(const struct abi *abi, const char *name, const struct image *image, uint64_t target)
{
	struct {
		struct jailhouse_cell_load load;
		struct jailhouse_preload_image image;
	} argument = {
		.load = {.cell_id = by_name(name), .num_images = 1},
		.image = {.source_address = (uintptr_t)image->code,
			  .size = image->size,
			  .target_address = target},
	};

	return abi_call(abi, JAILHOUSE_CELL_LOAD, &argument);
}

int abi_start(const struct abi *abi, const char *name)
{
	struct jailhouse_cell_id id = by_name(name);

	return abi_call(abi, JAILHOUSE_CELL_START, &id);
}

int abi_destroy(const struct abi *abi, const char *name)
{
	struct jailhouse_cell_id id = by_name(name);

	return abi_call(abi, JAILHOUSE_CELL_DESTROY, &id);
}

void abi_run(const struct abi *abi, const struct wish *wish, const struct image *image)
{
	int r = abi_create(abi, wish);

	if (r)
		broken("create of %s: %s", wish->name, strerror(-r));
	r = abi_load(abi, wish->name, image, 0);
	if (!r && wish->there)
		r = abi_load(abi, wish->name, wish->there, wish->memory->virt_start);
	if (r)
		broken("load of %s: %s", wish->name, strerror(-r));
	r = abi_start(abi, wish->name);
	if (r)
		broken("start of %s: %s", wish->name, strerror(-r));
}
