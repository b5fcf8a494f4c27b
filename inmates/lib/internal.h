/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the library know of each other. */
#ifndef INTERNAL_H
#define INTERNAL_H

#include "inmate.h"

/* Where the program's memory ends, by the linker. */
extern const uint8_t bss_end[];

/* Ports of devices: the architecture's, where it has them. */
uint8_t port_read(uint16_t port);
void port_write(uint16_t port, uint8_t value);

/* time.c; ends the program if the communication region does not tell the frequency. */
void time_setup(void);

/* comm.c */
/* Looks for the region; -ENOENT if it is nowhere. */
int comm_setup(void);
/* What went wrong, for who reads the state that follows; of several CPUs the first one's counts.
 * The magic is set here. */
void comm_last_words(const struct comm_last_words *words);

/* console.c */
void console_setup(void);
/* From now on write without waiting for other users of the console. */
void console_panic(void);

/* params.c */
/* Another command line than the one at CELL_PARAMETERS_ADDRESS, for tests. */
void params_set_line(const char *line);

#endif /* INTERNAL_H */
