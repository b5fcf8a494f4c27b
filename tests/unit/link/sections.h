/* SPDX-License-Identifier: GPL-2.0-only */
/* Sections of a link as a peer has them: what lies before and behind them is not mapped. */
#ifndef SECTIONS_H
#define SECTIONS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cellmgr_link_queue.h"

#define SECTION_PAGE 4096u

/* bytes: whole pages. Ends the test where there is no memory. */
static inline uint8_t *section_make(size_t bytes)
{
	uint8_t *memory = (uint8_t *)mmap(NULL, bytes + 2 * SECTION_PAGE, PROT_NONE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED ||
	    mprotect(memory + SECTION_PAGE, bytes, PROT_READ | PROT_WRITE) < 0) {
		printf("Bail out! no memory for a section\n");
		exit(1);
	}
	return memory + SECTION_PAGE;
}

static inline void section_free(uint8_t *section, size_t bytes)
{
	munmap(section - SECTION_PAGE, bytes + 2 * SECTION_PAGE);
}

#endif /* SECTIONS_H */
