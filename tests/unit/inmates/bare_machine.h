/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An emulated machine without any hypervisor for tests of inmates, which plays the hypervisor's
 * part: memory laid out as in a cell, a communication region. The machine's memory is a file that
 * both sides map; its firmware is one jump to address 0. Time is counted in instructions, so that
 * results do not depend on the host.
 *
 * What cannot be set up ends the test ("Bail out!"): there is nothing to judge then.
 */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cell_abi.h"

#define MACHINE_COMM_ADDRESS 0x100000u
#define MACHINE_CONSOLE_SIZE 65536
#define MACHINE_TIMEOUT_MS   60000

/* What all machines of a test share: the emulator, the folder of images, files of their own. */
struct machine_setup {
	const char *qemu, *images;
	/* QEMU's, where a test needs others than the least that there is; NULL: none. */
	const char *cpu, *machine;
	const char *devices[4];
	char directory[64];
	char memory_path[96], rom_path[96], console_path[96];
};

struct machine {
	pid_t pid; /* 0 when it ended */
	uint8_t *memory;
	size_t comm_address;
	char console[MACHINE_CONSOLE_SIZE]; /* after machine_stop() */
};

void machine_setup(struct machine_setup *setup, const char *qemu, const char *images);
void machine_cleanup(const struct machine_setup *setup);

/* Starts the image named so (without ".bin") with a command line, its region at the usual place. */
void machine_start(const struct machine_setup *setup, struct machine *machine, const char *image,
		   const char *parameters, unsigned int cpus);
/* The same with the communication region elsewhere, behind more memory. */
void machine_start_at(const struct machine_setup *setup, struct machine *machine, const char *image,
		      const char *parameters, unsigned int cpus, size_t comm_address);

/* Waits until condition holds or the machine ended; false after a time that no healthy run takes.
 */
bool machine_wait(struct machine *machine, bool (*condition)(const struct machine *machine));

/* Ends the machine and takes its console output. The memory can still be looked at. */
void machine_stop(const struct machine_setup *setup, struct machine *machine);
void machine_release(struct machine *machine);

volatile struct comm_region *machine_comm(const struct machine *machine);
volatile struct comm_heartbeat *machine_heartbeat(const struct machine *machine);
const volatile struct comm_last_words *machine_last_words(const struct machine *machine);

#endif /* TEST_MACHINE_H */
