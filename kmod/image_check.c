// SPDX-License-Identifier: GPL-2.0-only
#include "image_check.h"

#include "page.h"

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

/* FNV-1a of 64 bits: no change of a single byte escapes it, and it needs no table. */
#define FNV_BASIS 0xcbf29ce484222325ull
#define FNV_PRIME 0x100000001b3ull

uint64_t image_checksum(const void *image, uint64_t size)
{
	uint64_t sum = FNV_BASIS;

	for (uint64_t n = IMAGE_SEALED; n < size; n++)
		sum = (sum ^ ((const uint8_t *)image)[n]) * FNV_PRIME;
	return sum;
}

uint64_t image_trace_checksum(const struct image_header *header)
{
	return image_checksum(header, offsetof(struct image_header, trace_checksum));
}

/* Whole pages behind the file's own, up to the end of the core. */
static bool is_behind(const struct image_header *header, uint64_t offset, uint64_t size)
{
	return offset % PAGE_BYTES == 0 && offset >= header->file_size &&
	       offset <= header->core_size && size <= header->core_size - offset;
}

static bool offsets_fit(const struct image_header *header)
{
	return header->core_size % PAGE_BYTES == 0 && header->core_size >= header->file_size &&
	       header->core_size <= IMAGE_MAX_SIZE && header->percpu_size % PAGE_BYTES == 0 &&
	       header->percpu_size != 0 && header->percpu_size <= IMAGE_MAX_SIZE &&
	       header->entry >= IMAGE_BASE + sizeof(*header) &&
	       header->entry < IMAGE_BASE + header->file_size &&
	       is_behind(header, header->boot_tables_offset, IMAGE_BOOT_TABLES * PAGE_BYTES) &&
	       is_behind(header, header->public_offset, sizeof(struct public_area));
}

const char *image_fault(const void *image, uint64_t size, uint64_t build_id)
{
	const struct image_header *header = image;

	if (size < sizeof(*header) || memcmp(header->magic, IMAGE_MAGIC, IMAGE_MAGIC_LEN))
		return "none of this hypervisor";
	if (header->file_size != size)
		return "cut off";
	if (header->checksum != image_checksum(image, size))
		return "damaged";
	if (header->build_id != build_id)
		return "of another build";
	return offsets_fit(header) ? NULL : "laid out in a way that cannot be";
}

struct image_layout image_lay_out(const struct image_header *header, uint64_t blob_size,
				  unsigned int max_cpus)
{
	struct image_layout layout;

	/* Each factor has been bounded: no sum comes near the end of 64 bits. */
	layout.blob = header->core_size + header->percpu_size * max_cpus;
	layout.pool = (layout.blob + blob_size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	layout.needed =
		layout.pool + (IMAGE_MIN_POOL_PAGES + IMAGE_CPU_POOL_PAGES * max_cpus) * PAGE_BYTES;
	return layout;
}

bool image_is_trace(const struct image_header *header, uint64_t phys, uint64_t build_id)
{
	return !memcmp(header->magic, IMAGE_MAGIC, IMAGE_MAGIC_LEN) &&
	       header->build_id == build_id && header->phys_start == phys &&
	       header->trace_checksum == image_trace_checksum(header) && offsets_fit(header) &&
	       header->size <= IMAGE_MAX_SIZE && header->core_size <= header->size &&
	       header->system_blob_offset >= header->core_size &&
	       header->system_blob_offset <= header->size &&
	       header->system_blob_size <= header->size - header->system_blob_offset;
}
