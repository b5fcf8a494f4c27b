// SPDX-License-Identifier: GPL-2.0-only
/* The image that the module has inside, and what of others is seen before they are entered. */
#include "kmod/image_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_build_id.h"
#include "page.h"
#include "tests/lib/tap.h"

#define NONE	"none of this hypervisor"
#define CUT	"cut off"
#define DAMAGED "damaged"
#define OTHER	"of another build"
#define LAYOUT	"laid out in a way that cannot be"

static uint8_t *image;
static uint64_t size;

static void read_image(const char *file)
{
	FILE *stream = fopen(file, "re");

	if (!stream || fseek(stream, 0, SEEK_END))
		exit(2);
	size = (uint64_t)ftell(stream);
	rewind(stream);
	image = malloc(size);
	if (!image || fread(image, 1, size, stream) != size)
		exit(2);
	fclose(stream);
}

/* fault NAME: of a copy that change() has been at, with a checksum that fits where seal is set. */
static void fault(struct tap *tap, const char *name, void (*change)(struct image_header *),
		  bool seal, const char *expected)
{
	uint8_t *copy = malloc(size);
	const char *found;

	memcpy(copy, image, size);
	change((struct image_header *)copy);
	if (seal)
		((struct image_header *)copy)->checksum = image_checksum(copy, size);
	found = image_fault(copy, size, IMAGE_BUILD_ID);
	tap_ok(tap, found && expected && strcmp(found, expected) == 0, name);
	free(copy);
}

static void other_magic(struct image_header *h)
{
	h->magic[7] = 'T';
}
static void other_id(struct image_header *h)
{
	h->build_id ^= 1;
}
static void last_byte(struct image_header *h)
{
	((uint8_t *)h)[size - 1] ^= 0x80;
}
static void code_byte(struct image_header *h)
{
	((uint8_t *)h)[PAGE_BYTES + 5] ^= 1;
}
static void entry_before(struct image_header *h)
{
	h->entry = IMAGE_BASE - 1;
}
static void entry_in_header(struct image_header *h)
{
	h->entry = IMAGE_BASE + 8;
}
static void entry_behind(struct image_header *h)
{
	h->entry = IMAGE_BASE + size;
}
static void small_core(struct image_header *h)
{
	h->core_size = size / PAGE_BYTES * PAGE_BYTES / 2;
}
static void uneven_core(struct image_header *h)
{
	h->core_size += 8;
}
static void endless_core(struct image_header *h)
{
	h->core_size = ~0ull << 12;
}
static void no_percpu(struct image_header *h)
{
	h->percpu_size = 0;
}
static void uneven_percpu(struct image_header *h)
{
	h->percpu_size += 1;
}
/* Times 16 it is 0. */
static void wrapped_percpu(struct image_header *h)
{
	h->percpu_size = 1ull << 60;
}
static void tables_in_code(struct image_header *h)
{
	h->boot_tables_offset = PAGE_BYTES;
}
static void tables_at_end(struct image_header *h)
{
	h->boot_tables_offset = h->core_size - PAGE_BYTES;
}
static void tables_far(struct image_header *h)
{
	h->boot_tables_offset = ~0ull << 12;
}
static void uneven_tables(struct image_header *h)
{
	h->boot_tables_offset += 8;
}
static void public_in_code(struct image_header *h)
{
	h->public_offset = 2 * PAGE_BYTES;
}
static void public_at_end(struct image_header *h)
{
	h->public_offset = h->core_size;
}
static void public_far(struct image_header *h)
{
	h->public_offset = ~0ull << 12;
}

static void changed(struct tap *tap)
{
	fault(tap, "another magic", other_magic, true, NONE);
	fault(tap, "the file's last byte", last_byte, false, DAMAGED);
	fault(tap, "a bit of code", code_byte, false, DAMAGED);
	fault(tap, "a build id that nobody sealed", other_id, false, DAMAGED);
	fault(tap, "another build", other_id, true, OTHER);
	fault(tap, "an entry before it", entry_before, true, LAYOUT);
	fault(tap, "an entry in its header", entry_in_header, true, LAYOUT);
	fault(tap, "an entry behind its end", entry_behind, true, LAYOUT);
	fault(tap, "a core smaller than the file", small_core, true, LAYOUT);
	fault(tap, "a core that ends within a page", uneven_core, true, LAYOUT);
	fault(tap, "a core without end", endless_core, true, LAYOUT);
	fault(tap, "no memory for a CPU", no_percpu, true, LAYOUT);
	fault(tap, "memory for a CPU that ends within a page", uneven_percpu, true, LAYOUT);
	fault(tap, "memory for CPUs that wraps around", wrapped_percpu, true, LAYOUT);
	fault(tap, "page tables over its code", tables_in_code, true, LAYOUT);
	fault(tap, "page tables over the core's end", tables_at_end, true, LAYOUT);
	fault(tap, "page tables that wrap around", tables_far, true, LAYOUT);
	fault(tap, "page tables within a page", uneven_tables, true, LAYOUT);
	fault(tap, "a public area over its code", public_in_code, true, LAYOUT);
	fault(tap, "a public area over the core's end", public_at_end, true, LAYOUT);
	fault(tap, "a public area that wraps around", public_far, true, LAYOUT);
}

/* Of each length: a copy of just that, so that nothing behind it is read unseen. */
static void cut(struct tap *tap)
{
	const uint64_t lengths[] = {0,		8,	     sizeof(struct image_header) - 1,
				    PAGE_BYTES, size - 8192, size - 1};
	bool right = true;

	for (unsigned int n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		uint8_t *copy = malloc(lengths[n] ? lengths[n] : 1);
		const char *found;

		memcpy(copy, image, lengths[n]);
		found = image_fault(copy, lengths[n], IMAGE_BUILD_ID);
		right &= found &&
			 !strcmp(found, lengths[n] < sizeof(struct image_header) ? NONE : CUT);
		free(copy);
	}
	tap_ok(tap, right, "an image that is cut off, at any length");
}

static void layout(struct tap *tap)
{
	const struct image_header *header = (const struct image_header *)image;
	struct image_layout all = image_lay_out(header, 5000, IMAGE_MAX_CPUS);

	tap_ok(tap, all.blob == header->core_size + IMAGE_MAX_CPUS * header->percpu_size,
	       "the configuration lies behind the CPUs' memory");
	tap_ok(tap, all.pool == all.blob + 2 * PAGE_BYTES, "the pool lies behind it, on a page");
	tap_ok(tap,
	       all.needed >= all.pool + 2 * IMAGE_MAX_CPUS * PAGE_BYTES &&
		       all.needed < IMAGE_MAX_SIZE,
	       "all CPUs that there can be have a place, and their pages of the pool");
}

/* What a module leaves in memory, at a place. */
#define PLACE 0x12200000ull

static void fill(struct image_header *header)
{
	struct image_layout all = image_lay_out(header, 5000, 4);

	header->phys_start = PLACE;
	header->size = 16ull << 20;
	header->system_blob_offset = all.blob;
	header->system_blob_size = 5000;
	header->page_pool_offset = all.pool;
	header->trace_checksum = image_trace_checksum(header);
}

static void trace(struct tap *tap)
{
	struct image_header header;

	memcpy(&header, image, sizeof(header));
	tap_ok(tap, !image_is_trace(&header, 0, IMAGE_BUILD_ID),
	       "an image that nobody has filled is no trace");
	fill(&header);
	tap_ok(tap, image_is_trace(&header, PLACE, IMAGE_BUILD_ID), "one that was filled is");
	tap_ok(tap, !image_is_trace(&header, PLACE + (2 << 20), IMAGE_BUILD_ID),
	       "its copy elsewhere is none");
	tap_ok(tap, !image_is_trace(&header, PLACE, IMAGE_BUILD_ID + 1),
	       "nor is what another build has left");
	header.cpu_step[2] = IMAGE_STEP_CPU;
	tap_ok(tap, image_is_trace(&header, PLACE, IMAGE_BUILD_ID),
	       "it stays one while CPUs go on");
	header.public_offset ^= PAGE_BYTES;
	tap_ok(tap, !image_is_trace(&header, PLACE, IMAGE_BUILD_ID),
	       "one that was written over is none");
	fill(&header);
	header.system_blob_offset = header.size + 1;
	header.trace_checksum = image_trace_checksum(&header);
	tap_ok(tap, !image_is_trace(&header, PLACE, IMAGE_BUILD_ID),
	       "nor is one with a configuration outside");
}

int main(int argc, char **argv)
{
	struct tap tap = {0};

	if (argc != 2)
		return 2;
	read_image(argv[1]);
	tap_ok(&tap, image_fault(image, size, IMAGE_BUILD_ID) == NULL, "the image as it was built");
	changed(&tap);
	cut(&tap);
	layout(&tap);
	trace(&tap);
	free(image);
	return tap_done(&tap);
}
