/* SPDX-License-Identifier: GPL-2.0-only */
/* The kinds of objects in a description and the limits that they share. */
#ifndef DESCRIPTION_KINDS_H
#define DESCRIPTION_KINDS_H

#include "model/description_parser.h"

#define PAGE_BYTES	  4096ull
#define GUEST_ADDRESS_END (1ull << 48) /* four levels of second-level page tables */
#define PHYS_ADDRESS_END  (1ull << 52) /* APM vol. 2, 5.1 */
#define FILE_NAME_MAX	  1024

#define MEMORY_DEFAULT_FLAGS \
	(BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE | BLOB_MEM_DMA | BLOB_MEM_LOADABLE)

#define MMIO_ALL_WIDTHS \
	((uint64_t)(BLOB_MEM_IO_8 | BLOB_MEM_IO_16 | BLOB_MEM_IO_32 | BLOB_MEM_IO_64))

#define SHARED_MEMORY_MAX	  8  /* devices of a cell */
#define SHARED_MEMORY_MAX_PEERS	  15 /* beside the cell itself */
#define SHARED_MEMORY_MAX_VECTORS 16

extern const struct description_object description_memory_kind;
extern const struct description_object description_image_kind;
extern const struct description_object description_comm_kind;
extern const struct description_object description_stop_kind;
extern const struct description_object description_console_kind;
extern const struct description_object description_shared_memory_kind;
extern const struct description_object description_devices_kind;
extern const struct description_object description_ports_kind;
extern const struct description_object description_mmio_kind;

/* Keys of the top level, target is the description. */
void parse_console(struct parser *parser, const struct json_path *path, struct json_object *value,
		   void *target);
void parse_shared_memory(struct parser *parser, const struct json_path *path,
			 struct json_object *value, void *target);
void parse_devices(struct parser *parser, const struct json_path *path, struct json_object *value,
		   void *target);

#endif /* DESCRIPTION_KINDS_H */
