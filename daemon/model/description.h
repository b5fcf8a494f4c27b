/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cell's description: what a person writes in NAME.json, parsed and checked as far as that is
 * possible without knowing the machine or the other cells (those are in check.h). All numbers have
 * been checked against their ranges, all addresses and sizes against wrapping around.
 *
 * The keys are in description_keys.c, which the published schema is made from.
 */
#ifndef DESCRIPTION_H
#define DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus_abi.h"
#include "cell_abi.h"
#include "common/cleanup.h"
#include "model/address_range.h"
#include "util/cpu_mask.h"
#include "util/problem.h"

#define DESCRIPTION_MAX_FILE	(64u << 10) /* bytes of JSON */
#define DESCRIPTION_MAX_DEPTH	16
#define DESCRIPTION_MAX_NAME	31
#define DESCRIPTION_MAX_MEMORY	16 /* regions */
#define DESCRIPTION_MAX_IMAGES	16
#define DESCRIPTION_MAX_PORTS	32 /* ranges */
#define DESCRIPTION_MAX_MMIO	32
#define DESCRIPTION_MAX_PCI	8
#define DESCRIPTION_MAX_LINKS	8
#define DESCRIPTION_MAX_SIGNALS 512
#define DESCRIPTION_MAX_ORDER	16 /* cells that another one comes after */

#define LINK_MAX_PEERS 8      /* of a link, with the cell itself */
#define LINK_ROOT      "root" /* Linux as a peer; no cell of ours is called that */

#define DESCRIPTION_DEFAULT_STOP_TIMEOUT_NS (5ull * 1000 * 1000 * 1000)

/* One region of the cell's memory. */
struct description_memory {
	uint64_t size;	  /* bytes, multiple of 4096, not 0 */
	uint64_t address; /* guest-physical */
	bool has_phys;	  /* the person wants it at phys; else it is placed */
	uint64_t phys;
	uint64_t flags; /* BLOB_MEM_* */
};

struct description_image {
	char *file;	  /* absolute, or below /usr/lib/cellmgr/images */
	char *sha256;	  /* that its bytes must have, in lower case; NULL: any */
	uint64_t address; /* guest-physical, inside a loadable region */
};

/* Of devices: 0, or 1 + the index where "devices" is a list of all kinds. */
struct description_ports {
	uint16_t base;
	uint16_t count; /* base + count <= 0x10000 */
	size_t listed;
};

struct description_mmio {
	uint64_t phys;
	uint64_t size;
	uint64_t address; /* guest-physical */
	uint64_t flags;	  /* BLOB_MEM_*, with BLOB_MEM_IO */
	size_t listed;
};

/* A PCI function of the machine: one at a place, or the only one of its kind. */
struct description_pci {
	char *id;	/* as a person wrote it */
	bool has_place; /* else vendor and device */
	uint16_t domain;
	uint16_t bdf;
	uint16_t vendor;
	uint16_t device;
	char *take_from; /* Linux' driver that it may be taken from; NULL: none */
	size_t listed;
};

/* Memory that the cell shares with others; what follows from it is in link.h. */
struct description_link {
	char *name;
	char *peers[LINK_MAX_PEERS - 1]; /* the others, each once, in any order */
	size_t num_peers;
	uint64_t output; /* bytes of each peer's own section */
	bool has_common;
	uint64_t common; /* bytes of the section that all write; as output where not has_common */
	uint32_t vectors;
};

/* A value in a section of a link; more about it is in signal.h. */
struct description_signal {
	char *name;
	char *at;	/* "LINK:common/OFFSET", "LINK:output/OFFSET", "LINK:output@PEER/OFFSET" */
	size_t link;	/* which of the description's */
	bool in_common; /* else in the output section of */
	const char *peer; /* borrowed from the description */
	uint64_t offset;  /* bytes, behind the section's header */
	uint32_t type;	  /* enum signal_type */
	char *unit;	  /* NULL: none */
	bool write;	  /* Linux may */
	bool has_min, has_max, has_scale;
	double min, max;	 /* of what may be written, scaled */
	double scale;		 /* what it is multiplied with; greater than 0 */
	uint64_t stale_after_ns; /* 0: never */
};

enum description_console_type {
	DESCRIPTION_CONSOLE_VIRTUAL, /* the hypervisor's; the default */
	DESCRIPTION_CONSOLE_NONE,
	DESCRIPTION_CONSOLE_PORT, /* an 8250 at I/O ports, given to the cell with this */
	DESCRIPTION_CONSOLE_MMIO, /* an 8250 in memory, given to the cell with this */
};

struct description_console {
	enum description_console_type type;
	uint64_t address;	    /* port or physical (and guest-physical) address */
	uint32_t size;		    /* ports or bytes */
	uint32_t divider;	    /* of the baud rate; 0: leave the UART as it is set up */
	uint32_t register_distance; /* bytes: 1 or 4 */
};

enum description_on_failure {
	DESCRIPTION_ON_FAILURE_PRESERVE, /* leave everything as evidence; the default */
	DESCRIPTION_ON_FAILURE_DESTROY,	 /* destroy the cell; its record stays */
	DESCRIPTION_ON_FAILURE_RESTART,	 /* start it again, as "restart" says */
	DESCRIPTION_ON_FAILURE_STOP_ALL, /* stop all cells */
};

struct description_restart {
	uint64_t delay_ns;     /* before the first start, doubled with each */
	uint64_t max_delay_ns; /* but not beyond this */
	uint64_t within_ns;    /* at most limit starts in this time */
	uint32_t limit;
};

struct description {
	char *name;
	char *file; /* where it was read, for messages */
	char *text; /* what was read, for the places of problems and for differences */
	size_t text_length;

	unsigned int cpu_count; /* how many; the daemon picks unless cpus says which */
	struct cpu_mask cpus;	/* empty: only a count was given */

	struct description_memory memory[DESCRIPTION_MAX_MEMORY]; /* at least one */
	size_t num_memory;
	bool has_comm_address;
	uint64_t comm_address; /* where has_comm_address; else see description_comm_address() */
	bool comm_passive;     /* the cell is never asked before it is shut down */

	struct description_image images[DESCRIPTION_MAX_IMAGES]; /* may be none */
	size_t num_images;
	char *parameters; /* NULL: none */
	uint32_t entry;	  /* reset address of the first CPU */

	struct description_console console;
	struct description_ports ports[DESCRIPTION_MAX_PORTS];
	size_t num_ports;
	struct description_mmio mmio[DESCRIPTION_MAX_MMIO];
	size_t num_mmio;
	struct cpu_mask pins; /* of IO-APICs, by their numbers across all of them */
	bool pins_listed;     /* in the list form of devices */
	struct description_pci pci[DESCRIPTION_MAX_PCI];
	size_t num_pci;
	enum dma dma;

	struct description_link links[DESCRIPTION_MAX_LINKS];
	size_t num_links;
	struct description_signal *signals; /* in the order of the file */
	size_t num_signals;

	uint64_t heartbeat_ns; /* longest time without one; 0: not watched */
	enum description_on_failure on_failure;
	struct description_restart restart; /* of DESCRIPTION_ON_FAILURE_RESTART */
	uint64_t stop_timeout_ns;	    /* 0: wait for ever */
	bool stop_force; /* kill the cell when it refuses or does not answer in time */

	/* More about these is in order.h. */
	char *after[DESCRIPTION_MAX_ORDER];
	size_t num_after;
	char *requires[DESCRIPTION_MAX_ORDER];
	size_t num_requires;
	char *reload_signal; /* what a reload writes, and where; NULL: nothing */
	double reload_value;
};

/*
 * Parses text, length bytes of JSON. file is named in problems (and kept); name is the cell's.
 * Every problem found is appended to problems, not only the first.
 * Returns 0 (there may be warnings), -EINVAL with at least one error in problems, -ENOMEM.
 */
int description_parse(const char *text, size_t length, const char *file, const char *name,
		      struct problems *problems, struct description **ret);

/*
 * The same from a file descriptor, read from its current position to its end. Reads at most
 * DESCRIPTION_MAX_FILE bytes; a longer file is an error. What is not a regular file (a FIFO, a
 * socket) is refused: a peer could make the caller wait for ever.
 * Returns also the negative errno of a failed read.
 */
int description_read(int fd, const char *file, const char *name, struct problems *problems,
		     struct description **ret);

/*
 * Where a key, "memory[1].size", is in the text that was read, or what it is in where it is not
 * given itself; line 0 where it is nowhere. The key is part of the place.
 */
struct problem_place description_place(const struct description *description, const char *key);

/* Takes NULL. */
void description_free(struct description *description);
DEFINE_FREEP(struct description *, description_free)

/* [a-z0-9][a-z0-9-]{0,30} */
bool description_name_valid(const char *name);

/*
 * Guest-physical address of the communication region: what the description says; else the page
 * right behind the memory that starts at 0 ("1M" of memory puts it at 0x100000, where inmates
 * customarily look), 0x100000 where no memory starts at 0 or where less than 1M does.
 */
uint64_t description_comm_address(const struct description *description);

/*
 * The key of a device, for messages: of an element of "devices" itself where it was listed there,
 * else of "devices.LIST".
 */
void description_device_key(char *key, size_t size, const char *list, size_t index, size_t listed);

/* The key of an image's file, of DESCRIPTION_IMAGE_KEY_MAX bytes; of all where there is no such. */
#define DESCRIPTION_IMAGE_KEY_MAX sizeof("image[4294967295].file")
void description_image_key(const struct description *description, size_t index, char *key);

/* Sum of all regions' sizes in bytes. */
uint64_t description_memory_total(const struct description *description);

/*
 * Bytes from a guest address to the end of the region that it is in; 0 where it is in none, or in
 * one that lacks a flag (BLOB_MEM_*) of flags.
 */
uint64_t description_room(const struct description *description, uint64_t flags, uint64_t address);

/* The one of that name in a set; NULL: none. */
const struct description *description_find(const struct description *const *set, size_t count,
					   const char *name);

/* The signal, and the link, of that name; NULL: none. */
const struct description_signal *description_find_signal(const struct description *description,
							 const char *name);
const struct description_link *description_find_link(const struct description *description,
						     const char *name);

#endif /* DESCRIPTION_H */
