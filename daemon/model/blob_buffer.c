// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "model/blob_buffer.h"
#include "lib/blob_error/blob_error.h"

void blob_append(struct blob_buffer *buffer, const void *data, size_t size)
{
	uint8_t *larger;

	if (buffer->out_of_memory || size == 0)
		return;
	larger = realloc(buffer->data, buffer->size + size);
	if (!larger) {
		buffer->out_of_memory = true;
		return;
	}
	memcpy(larger + buffer->size, data, size);
	buffer->data = larger;
	buffer->size += size;
}

uint32_t blob_append_cpus(struct blob_buffer *buffer, const struct cpu_mask *cpus)
{
	const int last = cpu_mask_last(cpus);
	const uint32_t size = last < 0 ? 0 : (last / 64 + 1) * sizeof(cpus->words[0]);

	/* x86 is little-endian, as bitmaps in blobs are: the words can go as they are. */
	blob_append(buffer, cpus->words, size);
	return size;
}

void blob_init_cell(struct cell_desc *desc, const char *name)
{
	*desc = (struct cell_desc){
		.architecture = BLOB_ARCH_X86,
		.revision = BLOB_REVISION,
	};
	memcpy(desc->signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN);
	strncpy(desc->name, name, sizeof(desc->name) - 1);
}

int blob_finish(struct blob_buffer *buffer, const void *head, size_t head_size, blob_check *check,
		const struct problem_place *place, struct problems *problems, void **ret_blob,
		size_t *ret_size)
{
	char line[BLOB_ERROR_LINE];
	struct blob_error error;

	if (buffer->out_of_memory)
		return -ENOMEM;
	memcpy(buffer->data, head, head_size);
	if (check(buffer->data, buffer->size, &error) < 0) {
		blob_error_format(&error, line, sizeof(line));
		return problems_add(
			problems, SEVERITY_ERROR, place,
			"the hypervisor would refuse the configuration made of this: %s", line);
	}
	*ret_blob = TAKE_POINTER(buffer->data);
	*ret_size = buffer->size;
	return 0;
}
