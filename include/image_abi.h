/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private contract of the kernel module and the hypervisor image, which is a part of the module.
 * Nothing here is stable from one build to another, but where size, checksum and build id lie.
 *
 * The module reserves memory, copies the image to its start, fills the second half of the header,
 * builds bootstrap page tables in the place that the image offers for them, and on every CPU
 * switches to them in the trampoline. The image runs at IMAGE_BASE in an address space of its own.
 *
 * Hypervisor memory, from its start: image (header, code, data, bss, bootstrap tables), per-CPU
 * areas, the system blob, and the page pool up to its end.
 */
#ifndef IMAGE_ABI_H
#define IMAGE_ABI_H

#include "arch_image_abi.h"
#include "failure_record.h"

#define IMAGE_MAGIC	  "CELLVISR"
#define IMAGE_MAGIC_LEN	  8
#define IMAGE_RELEASE_LEN 32
#define IMAGE_MAX_SIZE	  (64ull << 20) /* hypervisor memory, limited by the bootstrap tables */
#define IMAGE_MAX_CPUS	  256

/* How far a CPU has come: the module writes the first two, the CPU itself the others. */
enum image_step {
	IMAGE_STEP_NONE, /* it does not enter */
	IMAGE_STEP_SWITCHING,
	IMAGE_STEP_INSIDE,
	IMAGE_STEP_CHECKING, /* these four by the CPU that came first */
	IMAGE_STEP_MACHINE,
	IMAGE_STEP_SUBSYSTEMS,
	IMAGE_STEP_ROOT_CELL,
	IMAGE_STEP_CPU,
	IMAGE_STEP_WAITING,
	IMAGE_STEP_OPEN,
};

/* All offsets are bytes from the start of hypervisor memory, all sizes are multiples of 4096. */
struct image_header {
	char magic[IMAGE_MAGIC_LEN];
	uint64_t file_size; /* hypervisor/seal-image writes both */
	uint64_t checksum;  /* of what is in the file from IMAGE_SEALED on: kmod/image_check.c */
	uint64_t build_id; /* IMAGE_BUILD_ID (image_build_id.h): of what both sides are made from */
	char release[IMAGE_RELEASE_LEN];
	uint64_t core_size;	     /* image with bss and bootstrap tables */
	uint64_t percpu_size;	     /* memory needed for each CPU behind the core */
	uint64_t entry;		     /* virtual address */
	uint64_t boot_tables_offset; /* IMAGE_BOOT_TABLES pages */
	uint64_t public_offset;	     /* struct public_area */

	/* From here on filled by the module. */
	uint64_t phys_start;
	uint64_t size;
	uint64_t system_blob_offset;
	uint64_t system_blob_size;
	uint64_t page_pool_offset;
	uint64_t trampoline_phys;
	uint64_t trampoline_virt;	       /* page-aligned, mapped at the same place by Linux */
	uint64_t trampoline_leave;	       /* virtual address to jump to on the way back */
	uint32_t num_cpus;		       /* CPUs that enter; logical ids are Linux' */
	uint32_t max_cpus;		       /* number of per-CPU areas: highest logical id + 1 */
	uint32_t hardware_ids[IMAGE_MAX_CPUS]; /* the interrupt controller's, by logical id */
	uint8_t cpu_entering[IMAGE_MAX_CPUS];  /* 1 for each CPU that enters */
	/* 1 for each that Linux has parked in its own code and keeps from coming: to be reset */
	uint8_t cpu_left_out[IMAGE_MAX_CPUS];
	uint64_t trace_checksum; /* of all from IMAGE_SEALED to here: known again after a reset */

	/* From here on written by both: what a machine that stands still there was doing. */
	uint8_t cpu_step[IMAGE_MAX_CPUS]; /* enum image_step */
};

#define IMAGE_SEALED offsetof(struct image_header, build_id)

_Static_assert(IMAGE_SEALED == 24, "image header layout");
_Static_assert(offsetof(struct image_header, core_size) == 64, "image header layout");
_Static_assert(offsetof(struct image_header, phys_start) == 104, "image header layout");

/*
 * The public area: read-only for root, so that consoles and records cost no exit. Every writer is
 * the hypervisor, but for the communication regions, which belong to their cells: root believes
 * neither more than it must.
 */
#define PUBLIC_MAX_CELLS    32
#define PUBLIC_CONSOLE_SIZE 16384u /* power of two */

struct public_ring {
	uint64_t head; /* bytes ever written; the last ones are in the buffer */
	uint8_t buffer[PUBLIC_CONSOLE_SIZE];
};

/* Bits by logical id. */
struct cpu_set {
	uint64_t word[IMAGE_MAX_CPUS / 64];
};

/* Pages of a cell that root may read: the communication region's page, then this. */
struct public_cell {
	uint32_t id;
	uint32_t started; /* how many times; 0: not since it was created or made loadable */
	uint32_t failed;  /* failure is valid */
	uint32_t changes; /* of its state that the hypervisor made, after each */
	char name[32];
	struct failure_record failure;
	struct cpu_set cpus_failed;
	struct public_ring console;
};

#define PUBLIC_CELL_PAGES (1 + (sizeof(struct public_cell) + 4095) / 4096)

struct public_area {
	/* Offset of a cell's pages by slot, 0 if free. */
	uint64_t cells[PUBLIC_MAX_CELLS];
	uint64_t events; /* counts cell failures and state changes that the hypervisor made */
	uint64_t root_violations; /* stray accesses of the root cell that were refused */
	uint32_t served;	  /* what blobs may ask for: bits, 1 << enum blob_claim */
	uint32_t reserved;
	struct public_ring console;
};

#endif /* IMAGE_ABI_H */
