/* SPDX-License-Identifier: GPL-2.0-only */
/* Artefacts as the field has them, and the device as its tools use it. */
#ifndef ABI_H
#define ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blob.h"
#include "driver_abi.h"

#define CELL_RAM       0x100000ull /* at guest address 0; the communication region is behind it */
#define READ	       BLOB_MEM_READ
#define WRITE	       BLOB_MEM_WRITE
#define EXECUTE	       BLOB_MEM_EXECUTE
#define LOADABLE       BLOB_MEM_LOADABLE
#define CONSOLE_PORT   0x2f8
#define RIGHTS_ADDRESS 0x102000ull /* of the region whose rights are tried */

/* A program of 16-bit code, to be loaded at guest address 0. */
struct image {
	const uint8_t *code;
	size_t size;
};

#define CHATTER_LENGTH 200000u

extern const struct image image_hello;	   /* K */
extern const struct image image_pm_timer;  /* reads it, K */
extern const struct image image_id;	   /* reads the register with the APIC's id, K */
extern const struct image image_divide;	   /* the APIC timer's divide register, as a digit */
extern const struct image image_smp;	   /* a K from each CPU, one after the other */
extern const struct image image_locked;	   /* locks, L, approves what it is asked */
extern const struct image image_chatter;   /* 200 000 times x, K */
extern const struct image image_test_page; /* the first bytes of the communication region, by it */
extern const struct image image_uart;	   /* writes and reads a register of the UART, K */
extern const struct image image_messages;  /* R, then the number of each message that comes */
extern const struct image image_reader;	   /* reads what is at RIGHTS_ADDRESS, K */
extern const struct image image_writer;	   /* writes there, K */
extern const struct image image_caller;	   /* calls what is there, K */
extern const struct image image_return;	   /* to be called */
extern const struct image image_flipper;   /* locks and unlocks, again and again */

/* In the pool. */
#define LINKS_OFFSET  (20ull << 20)
#define RIGHTS_OFFSET (24ull << 20)
#define LAST_SLOT     11 /* of the pool's memory; the daemon begins with the first */

struct abi {
	int fd;
	struct cellvisor_pool pool;
};

/* What a cell has; zeroed: what all have. */
struct wish {
	const char *name;
	uint32_t cpus;			  /* bits */
	bool listens;			  /* it answers messages; else it is never asked */
	uint32_t flags;			  /* beside those of the console */
	unsigned int slot;		  /* which piece of the pool is its memory */
	const struct blob_memory *memory; /* more of it */
	unsigned int num_memory;	  /* 0: one, where there is a pointer */
	const struct image *there;	  /* what is loaded into it */
	const struct blob_pio *ports;
	const struct blob_cache *cache;
	const struct blob_irqchip *irqchip;
	const struct blob_pci_device *device;
	const struct blob_pci_capability *caps; /* all of them the device's */
	unsigned int num_caps;
	const struct cell_console *console;
	size_t trailing; /* bytes behind it */
	size_t cut;	 /* all that is given of it; 0: the whole */
};

/* What a root configuration leaves out or says otherwise. */
enum variant {
	ROOT_OURS,
	ROOT_WITHOUT_PCI,      /* no IO-APIC's page, MMCONFIG, ports of PCI: the irqchips tell */
	ROOT_WITHOUT_IO_FLAGS, /* device memory is read and write and no more */
	ROOT_WITHOUT_UART,     /* CONSOLE_PORT is nobody's */
	ROOT_POOL_IS_DATA,     /* root cannot execute what is in the pool */
};

/* Says why and ends the program, the hypervisor may be on then. */
void broken(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* With a pool of Linux' memory, or of what was reserved at the address in ABI_POOL. */
void abi_open(struct abi *abi);
/* These return what the ioctl does: 0 or a negative errno. */
int abi_enable(const struct abi *abi, enum variant variant);
int abi_disable(const struct abi *abi);
int abi_release(const struct abi *abi); /* the memory; the hypervisor is off */
int abi_create(const struct abi *abi, const struct wish *wish);
int abi_load(const struct abi *abi, const char *name, const struct image *image, uint64_t target);
int abi_start(const struct abi *abi, const char *name);
int abi_destroy(const struct abi *abi, const char *name);
int abi_call(const struct abi *abi, unsigned long code, const void *argument);

/* create, load, start; the cell is there and runs, or the program ends. */
void abi_run(const struct abi *abi, const struct wish *wish, const struct image *image);

/* programs.c: what programs of tests do with cells and say of it. */

/* The error's name, or "done"; 0. */
int abi_say(int result);
/* Loads a file and its parameters, and starts it. */
int abi_start_program(const struct abi *abi, const char *name, const char *program,
		      const char *parameters);
/* Prints what the cell has written so far; 0. */
int abi_print_console(const struct abi *abi, const char *name);

/* root.c: a system configuration for this machine, malloc()ed. */
void *root_blob(const struct abi *abi, enum variant variant);

#endif /* ABI_H */
