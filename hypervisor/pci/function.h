/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A function of the machine that a cell has: of its configuration space the cell sees what it may,
 * its messages interrupt the cell's own CPUs, and root does not reach it.
 */
#ifndef PCI_FUNCTION_H
#define PCI_FUNCTION_H

#include "arch/arch.h"

#define FUNCTION_BARS	  6u
#define FUNCTION_WORDS	  1024u /* of configuration space */
#define MSIX_ENTRY_WORDS  4u
#define MSIX_ENTRY_SIZE	  (4 * MSIX_ENTRY_WORDS)
#define CONFIG_WORD_BYTES 4u

/* Words of configuration space (PCI Local Bus 3.0, 6.1). */
enum config_word {
	CONFIG_ID = 0x00,
	CONFIG_COMMAND = 0x04, /* the lower half; status is the upper one */
	CONFIG_CLASS = 0x08,
	CONFIG_CACHE_LINE = 0x0c, /* with latency, header type, self test */
	CONFIG_BAR0 = 0x10,
	CONFIG_ROM = 0x30,
	CONFIG_CAPS = 0x34,
	CONFIG_INTERRUPT = 0x3c, /* line, pin */
	CONFIG_OWN = 0x40,	 /* capabilities begin, and what is the device's own */
	CONFIG_EXTENDED = 0x100,
};

#define COMMAND_IO	0x0001u
#define COMMAND_MEMORY	0x0002u
#define COMMAND_MASTER	0x0004u
#define COMMAND_NO_INTX 0x0400u

enum msi_word { MSI_CONTROL, MSI_ADDRESS, MSI_UPPER, MSI_DATA, MSI_WORDS };

struct pci_function {
	struct pci_function *next;	  /* of the same cell */
	struct pci_function *next_of_all; /* what cells have; only root's CPUs go along there */
	struct cell *cell;
	const struct blob_pci_device *device;
	uint64_t config; /* physical address of its configuration space */

	/* What it is, from when root has lost it on. */
	bool has_pins;	      /* the cell has pins of an interrupt controller, for INTx */
	uint32_t may_command; /* what of the command is the cell's */
	uint32_t own_bars[FUNCTION_BARS]; /* the registers, which never change */
	struct {
		uint64_t start, size; /* pages of registers; size 0: none, or less than a page */
	} memory[FUNCTION_BARS];
	/* Where these capabilities are; 0: it has none. */
	unsigned int power, express, msi, msix;
	unsigned int msi_data;	  /* which word of it has the data: it may lack MSI_UPPER */
	unsigned int msi_last;	  /* and which is the last one: behind the data may be masks */
	uint64_t table;		  /* physical address of MSI-X' */
	unsigned int num_vectors; /* in there; 0 where the cell has none of them */
	unsigned int table_pages; /* of vectors */
	uint32_t writable[FUNCTION_WORDS / 32]; /* words of capabilities */

	/* For what follows, and all that is done to the hardware. */
	struct spinlock lock;
	bool stopped; /* the cell does not run: whatever its CPUs still write is nothing */
	bool told;    /* of a message that is no interrupt of its own */
	uint32_t command;
	uint32_t bars[FUNCTION_BARS];
	uint8_t line;
	uint32_t msi_words[MSI_WORDS];
	uint32_t msix_control;
	uint32_t (*vectors)[MSIX_ENTRY_WORDS]; /* NULL: none */
};

/* All that cells have. */
extern struct pci_function *pci_functions;

/* function.c: how they come and go. */

/* A cell's function at this address of the bus; of root's, whoever has it. NULL: none. */
struct pci_function *pci_function_find(const struct cell *cell, uint16_t domain, uint16_t bdf);
/* A cell has a function with registers in this memory. */
bool pci_functions_at(const struct blob_memory *region);
/* Whether pages may be a function's for as long as a cell has it. -EINVAL, -EBUSY. */
int pci_check_pages(const struct blob_memory *pages);

/* function_probe.c: what it is, before the cell gets it. Root does not reach it any more. */
int pci_function_probe(struct pci_function *fn);

/* function_config.c: configuration space. */
uint32_t pci_function_read(struct pci_function *fn, unsigned int word);
void pci_function_write(struct pci_function *fn, unsigned int word, uint32_t value, uint32_t mask);
/* A fresh device that does nothing. stopped: until the next one it stays so. */
void pci_function_reset(struct pci_function *fn, bool stopped);

/* function_messages.c: its interrupts. With the lock, but for the last. */
uint32_t pci_msi_read(struct pci_function *fn, unsigned int n);
void pci_msi_write(struct pci_function *fn, unsigned int n, uint32_t value, uint32_t mask);
uint32_t pci_msix_read(struct pci_function *fn, unsigned int n);
void pci_msix_write(struct pci_function *fn, unsigned int n, uint32_t value, uint32_t mask);
bool pci_msi_holds(const struct pci_function *fn, unsigned int word, unsigned int *ret_n);
bool pci_msix_holds(const struct pci_function *fn, unsigned int word, unsigned int *ret_n);
/* Makes the hardware send what the cell has set, as far as it may. */
void pci_messages_apply(struct pci_function *fn);
/* None. */
void pci_messages_reset(struct pci_function *fn);
enum io_answer pci_msix_table(struct cpu *cpu, const struct io_region *region,
			      struct io_access *access);

/* A base address register, and where it says that registers are. */
static inline bool pci_bar_is_memory(uint32_t bar)
{
	return !(bar & 1);
}

static inline bool pci_bar_is_wide(uint32_t bar)
{
	return (bar & 7) == 4;
}

static inline uint64_t pci_bar_address(const struct pci_function *fn, unsigned int n)
{
	uint32_t bar = fn->own_bars[n];

	if (!pci_bar_is_memory(bar))
		return bar & ~3u;
	return (bar & ~0xfu) |
	       (pci_bar_is_wide(bar) && n + 1 < FUNCTION_BARS ? (uint64_t)fn->own_bars[n + 1] << 32
							      : 0);
}

/* What becomes of a word by a write of the bits in mask. */
static inline uint32_t mix(uint32_t old, uint32_t value, uint32_t mask)
{
	return (old & ~mask) | (value & mask);
}

/* Words of the hardware's configuration space, by their offsets. */
static inline uint32_t hardware_read(const struct pci_function *fn, unsigned int at)
{
	return arch_device_read(fn->config + at, 4);
}

static inline void hardware_write(const struct pci_function *fn, unsigned int at, uint32_t value)
{
	arch_device_write(fn->config + at, 4, value);
}

#endif /* PCI_FUNCTION_H */
