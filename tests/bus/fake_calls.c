// SPDX-License-Identifier: GPL-2.0-only
/* The fake's ioctls: what they do to its state, with arguments in the caller's memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "blob.h"
#include "fake_driver.h"

static int memory_fd(pid_t pid, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	return open(path, flags | O_CLOEXEC);
}

int fake_read_memory(pid_t pid, uint64_t address, void *buffer, size_t size)
{
	int fd = memory_fd(pid, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : pread(fd, buffer, size, (off_t)address);

	if (fd >= 0)
		close(fd);
	return length == (ssize_t)size ? 0 : -EFAULT;
}

int fake_write_memory(pid_t pid, uint64_t address, const void *buffer, size_t size)
{
	int fd = memory_fd(pid, O_WRONLY);
	ssize_t length = fd < 0 ? -1 : pwrite(fd, buffer, size, (off_t)address);

	if (fd >= 0)
		close(fd);
	return length == (ssize_t)size ? 0 : -EFAULT;
}

static int do_enable(pid_t pid, uint64_t argument, bool lie)
{
	struct system_desc system;

	if (fake.enabled)
		return -EBUSY;
	if (fake_read_memory(pid, argument, &system, sizeof(system)) < 0)
		return -EFAULT;
	if (memcmp(system.signature, BLOB_SYSTEM_SIGNATURE, BLOB_SIGNATURE_LEN) != 0 ||
	    system.hypervisor_memory.phys_start != fake.pool.phys_start)
		return -EINVAL;
	fake.enabled = !lie;
	return 0;
}

static int do_disable(bool lie)
{
	if (!fake.enabled)
		return -EINVAL;
	if (lie)
		return 0;
	for (size_t i = 0; i < FAKE_MAX_CELLS; i++) {
		if (fake.cells[i].used)
			fake_remove(&fake.cells[i]);
	}
	fake_links_gone();
	fake.enabled = false;
	fake.had = 0;
	memset(&fake.keep, 0, sizeof(fake.keep));
	return 0;
}

static bool locked(void)
{
	for (size_t i = 0; i < FAKE_MAX_CELLS; i++) {
		if (fake.cells[i].used && fake.cells[i].status.state == CELL_RUNNING_LOCKED)
			return true;
	}
	return false;
}

static int add_cell(const struct cell_desc *desc, const struct fake_ends *ends, uint64_t take)
{
	struct fake_devices devices;
	struct fake_cell *cell;
	char cpus[64];
	int r = fake_devices_take(desc, take, &devices);

	if (r < 0)
		return r;
	fake_list_cpus(cell_desc_cpu_set(desc), desc->cpu_set_size, cpus, sizeof(cpus));
	cell = fake_add(desc->name, cpus);
	if (!cell) {
		fake_devices_give(&devices);
		return -ENOMEM;
	}
	cell->reply_timeout_us = desc->msg_reply_timeout;
	cell->ends = *ends;
	cell->devices = devices;
	return 0;
}

/* The original's call is the beginning of ours. */
static int do_create(pid_t pid, uint64_t argument, size_t size, bool lie)
{
	struct cellvisor_cell_create create = {0};
	struct fake_ends ends;
	struct cell_desc *desc;
	int r = -EINVAL;

	if (fake_read_memory(pid, argument, &create, size) < 0)
		return -EFAULT;
	if (!fake.enabled || create.blob_size < sizeof(*desc) || create.blob_size > 65536)
		return -EINVAL;
	if (locked())
		return -EPERM;
	desc = malloc(create.blob_size);
	if (!desc || fake_read_memory(pid, create.blob_address, desc, create.blob_size) < 0)
		goto out;
	if (memcmp(desc->signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN) != 0 ||
	    cell_desc_size(desc) != create.blob_size || desc->name[BLOB_CELL_NAME_LEN - 1])
		goto out;
	r = -EEXIST;
	if (fake_find_name(desc->name))
		goto out;
	r = fake_link_ends(desc, &ends);
	if (!lie && r == 0)
		r = add_cell(desc, &ends, create.take);
out:
	free(desc);
	return r;
}

static struct fake_cell *read_cell(pid_t pid, uint64_t argument, struct jailhouse_cell_id *id)
{
	if (!fake.enabled || fake_read_memory(pid, argument, id, sizeof(*id)) < 0)
		return NULL;
	return id->id >= 0 ? fake_find(id->id) : fake_find_name(id->name);
}

/* Keeps what was loaded in /run/fake/loaded-NAME-N, with its address in the first line. */
static int keep_image(pid_t pid, const struct fake_cell *cell, uint32_t n,
		      const struct jailhouse_preload_image *image)
{
	char path[128];
	char *bytes = malloc(image->size);
	FILE *file;
	int r = -EFAULT;

	if (!bytes || fake_read_memory(pid, image->source_address, bytes, image->size) < 0)
		goto out;
	snprintf(path, sizeof(path), "%s/loaded-%s-%u", FAKE_DIRECTORY, cell->name, n);
	file = fopen(path, "we");
	if (!file)
		abort();
	fprintf(file, "0x%llx\n", (unsigned long long)image->target_address);
	fwrite(bytes, 1, image->size, file);
	fclose(file);
	r = 0;
out:
	free(bytes);
	return r;
}

static int load_images(pid_t pid, uint64_t argument, const struct fake_cell *cell, uint32_t count)
{
	for (uint32_t n = 0; n < count; n++) {
		struct jailhouse_preload_image image;
		uint64_t at = argument + sizeof(struct jailhouse_cell_load) + n * sizeof(image);

		if (fake_read_memory(pid, at, &image, sizeof(image)) < 0 ||
		    image.size > (64u << 20))
			return -EFAULT;
		if (keep_image(pid, cell, n, &image) < 0)
			return -EFAULT;
	}
	return 0;
}

static int do_load(pid_t pid, uint64_t argument, bool lie)
{
	struct jailhouse_cell_load load;
	struct fake_cell *cell;

	if (fake_read_memory(pid, argument, &load, sizeof(load)) < 0)
		return -EFAULT;
	cell = fake_find(load.cell_id.id);
	if (!cell)
		return -ENOENT;
	if (lie)
		return 0;
	if (cell->status.state == CELL_RUNNING || cell->status.state == CELL_RUNNING_LOCKED) {
		/* A silent one was waited for by the caller. */
		if (cell->answer == FAKE_DENY) {
			cell->status.reply_from_cell = COMM_REPLY_DENIED;
			return -EPERM;
		}
		if (cell->answer == FAKE_SILENT)
			return -ETIMEDOUT;
		cell->status.reply_from_cell = COMM_REPLY_APPROVED;
	}
	cell->status.state = CELL_SHUT_DOWN;
	cell->status.started = 0;
	memset(&cell->status.failure, 0, sizeof(cell->status.failure));
	return load_images(pid, argument, cell, load.num_images);
}

static int do_start(pid_t pid, uint64_t argument, bool lie)
{
	struct jailhouse_cell_id id;
	struct fake_cell *cell = read_cell(pid, argument, &id);

	if (!cell)
		return -ENOENT;
	if (lie)
		return 0;
	cell->status.state = CELL_RUNNING;
	cell->status.started = 1;
	cell->status.reply_from_cell = COMM_REPLY_NONE;
	return 0;
}

static int do_kill(pid_t pid, uint64_t argument, bool lie)
{
	struct jailhouse_cell_id id;
	struct fake_cell *cell = read_cell(pid, argument, &id);

	if (!(fake.features & CELLVISOR_FEATURE_KILL))
		return -ENOTTY;
	if (!cell)
		return -ENOENT;
	if (lie)
		return 0;
	cell->status.state = CELL_FAILED;
	cell->status.failure = (struct failure_record){
		.reason = FAILURE_KILLED,
		.vector = FAILURE_VECTOR_NONE,
	};
	return 0;
}

static int do_destroy(pid_t pid, uint64_t argument, bool lie)
{
	struct jailhouse_cell_id id;
	struct fake_cell *cell = read_cell(pid, argument, &id);

	if (!cell)
		return -ENOENT;
	if (locked())
		return -EPERM;
	if (!lie)
		fake_remove(cell);
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int do_status(pid_t pid, uint64_t argument)
{
	struct cellvisor_cell_status status;
	struct fake_cell *cell;

	if (fake_read_memory(pid, argument, &status, sizeof(status)) < 0)
		return -EFAULT;
	cell = fake_find(status.id);
	if (!cell)
		return -ENOENT;
	if (cell->status.state == CELL_RUNNING) {
		cell->exits += cell->storms ? 100000 : 100;
		fake_write_cell(cell);
		cell->status.heartbeat_valid = !cell->mute;
		if (cell->beating)
			cell->status.heartbeat = now_ms();
	}
	return fake_write_memory(pid, argument, &cell->status, sizeof(cell->status));
}

/* A program that echoes: what it takes it prints. */
static int do_input(pid_t pid, uint64_t argument)
{
	struct cellvisor_cell_input input;
	struct fake_cell *cell;
	size_t room;

	if (!(fake.features & CELLVISOR_FEATURE_INPUT))
		return -ENOTTY;
	if (fake_read_memory(pid, argument, &input, sizeof(input)) < 0)
		return -EFAULT;
	cell = fake_find(input.id);
	if (!cell)
		return -ENOENT;
	if (!cell->listens || cell->status.state != CELL_RUNNING)
		return -EOPNOTSUPP;
	/* It is slow: some bytes at once. */
	room = sizeof(cell->console) - cell->console_length;
	input.length = input.length > 5 ? 5 : input.length;
	if (input.length > room || cell->deaf)
		input.length = 0;
	memcpy(cell->console + cell->console_length, input.bytes, input.length);
	cell->console_length += input.length;
	return fake_write_memory(pid, argument, &input, sizeof(input));
}

static int do_console(pid_t pid, uint64_t argument)
{
	struct cellvisor_cell_console console;
	struct fake_cell *cell;
	uint64_t oldest;

	if (fake_read_memory(pid, argument, &console, sizeof(console)) < 0)
		return -EFAULT;
	cell = fake_find(console.id);
	if (!cell)
		return -ENOENT;
	oldest = cell->console_length > FAKE_ROOM ? cell->console_length - FAKE_ROOM : 0;
	console.lost = console.offset < oldest ? oldest - console.offset : 0;
	console.offset += console.lost;
	if (console.length > cell->console_length - console.offset)
		console.length = (uint32_t)(cell->console_length - console.offset);
	if (fake_write_memory(pid, console.buffer, cell->console + console.offset, console.length) <
	    0)
		return -EFAULT;
	console.offset += console.length;
	return fake_write_memory(pid, argument, &console, sizeof(console));
}

static int do_features(pid_t pid, uint64_t argument)
{
	struct cellvisor_features features = {
		.abi_version = CELLVISOR_ABI_VERSION,
		.features = fake.features,
		.release = "fake",
	};

	/* Without any of ours it plays the original driver. */
	if (!fake.features)
		return -EINVAL;
	return fake_write_memory(pid, argument, &features, sizeof(features));
}

static int do_keep(pid_t pid, uint64_t argument, bool lie)
{
	struct cellvisor_keep_cpus keep;

	if (!(fake.features & CELLVISOR_FEATURE_KEEP))
		return -ENOTTY;
	if (fake_read_memory(pid, argument, &keep, sizeof(keep)) < 0)
		return -EFAULT;
	if (!fake.enabled || keep.reserved || keep.flags & ~CELLVISOR_KEEP_CELLS ||
	    keep.cpus[0] & ~14ull || keep.cpus[1] || keep.cpus[2] || keep.cpus[3])
		return -EINVAL;
	if (lie)
		return 0;
	fake.keep = keep;
	if (!(keep.flags & CELLVISOR_KEEP_CELLS))
		fake.had = 0;
	return 0;
}

bool fake_shutdown_waits(const struct fake_cell *cell)
{
	return cell && cell->answer == FAKE_SILENT &&
	       (cell->status.state == CELL_RUNNING || cell->status.state == CELL_RUNNING_LOCKED);
}

struct fake_cell *fake_shutdown_target(pid_t pid, uint64_t request, uint64_t argument)
{
	struct jailhouse_cell_load load;

	if (request != JAILHOUSE_CELL_LOAD ||
	    fake_read_memory(pid, argument, &load, sizeof(load)) < 0)
		return NULL;
	return load.num_images ? NULL : fake_find(load.cell_id.id);
}

const char *fake_call_name(pid_t pid, uint64_t request, uint64_t argument)
{
	switch (request) {
	case JAILHOUSE_ENABLE:
		return "enable";
	case JAILHOUSE_DISABLE:
		return "disable";
	case JAILHOUSE_CELL_CREATE:
	case CELLVISOR_CELL_CREATE:
		return "create";
	case JAILHOUSE_CELL_LOAD:
		return fake_shutdown_target(pid, request, argument) ? "shutdown" : "load";
	case JAILHOUSE_CELL_START:
		return "start";
	case JAILHOUSE_CELL_DESTROY:
		return "destroy";
	case CELLVISOR_CELL_KILL:
		return "kill";
	case CELLVISOR_CELL_STATUS:
		return "status";
	case CELLVISOR_CELL_CONSOLE:
		return "console";
	case CELLVISOR_CELL_INPUT:
		return "input";
	case CELLVISOR_POOL_RESERVE:
		return "reserve";
	case CELLVISOR_POOL_RELEASE:
		return "release";
	case CELLVISOR_POOL_INFO:
		return "info";
	case CELLVISOR_POOL_ADD:
		return "grow";
	case CELLVISOR_POOL_REMOVE:
		return "shrink";
	case CELLVISOR_POOL_PIECE:
		return "piece";
	case CELLVISOR_LINK_ADD:
		return "add-link";
	case CELLVISOR_LINK_REMOVE:
		return "remove-link";
	case CELLVISOR_KEEP_CPUS:
		return "keep";
	case CELLVISOR_FEATURES:
		return "features";
	default:
		return "events";
	}
}

int fake_ioctl(pid_t pid, uint64_t request, uint64_t argument, bool lie)
{
	switch (request) {
	case JAILHOUSE_ENABLE:
		return do_enable(pid, argument, lie);
	case JAILHOUSE_DISABLE:
		return do_disable(lie);
	case JAILHOUSE_CELL_CREATE:
		return do_create(pid, argument, sizeof(struct jailhouse_cell_create), lie);
	case CELLVISOR_CELL_CREATE:
		return do_create(pid, argument, sizeof(struct cellvisor_cell_create), lie);
	case JAILHOUSE_CELL_LOAD:
		return do_load(pid, argument, lie);
	case JAILHOUSE_CELL_START:
		return do_start(pid, argument, lie);
	case JAILHOUSE_CELL_DESTROY:
		return do_destroy(pid, argument, lie);
	case CELLVISOR_CELL_KILL:
		return do_kill(pid, argument, lie);
	case CELLVISOR_CELL_STATUS:
		return do_status(pid, argument);
	case CELLVISOR_CELL_CONSOLE:
		return do_console(pid, argument);
	case CELLVISOR_CELL_INPUT:
		return do_input(pid, argument);
	case CELLVISOR_POOL_RESERVE:
		return fake_pool_reserve(pid, argument);
	case CELLVISOR_POOL_RELEASE:
		return fake_pool_release();
	case CELLVISOR_POOL_INFO:
		return fake_write_memory(pid, argument, &fake.pool, sizeof(fake.pool));
	case CELLVISOR_POOL_ADD:
		return fake_pool_add(pid, argument, lie);
	case CELLVISOR_POOL_REMOVE:
		return fake_pool_remove(pid, argument, lie);
	case CELLVISOR_POOL_PIECE:
		return fake_pool_piece(pid, argument);
	case CELLVISOR_LINK_ADD:
		return fake_link_add(pid, argument, lie);
	case CELLVISOR_LINK_REMOVE:
		return fake_link_remove(pid, argument, lie);
	case CELLVISOR_KEEP_CPUS:
		return do_keep(pid, argument, lie);
	case CELLVISOR_FEATURES:
		return do_features(pid, argument);
	case CELLVISOR_EVENTS:
		return fake_write_memory(pid, argument, &fake.events, sizeof(fake.events));
	default:
		return -ENOTTY;
	}
}
