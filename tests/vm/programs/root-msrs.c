// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tries, through the probe's module, each register of the documented policy from Linux, on the CPU
 * it was started on: a line for each that is answered otherwise, then "N registers, M wrong, R
 * refused".
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "tests/lib/msr_documented.h"
#include "tests/vm/probe/probe_abi.h"

#define APIC_BASE	 0x1b
#define APIC_BASE_X2APIC 0x400
#define APIC_LAST	 0x8ff

static int device;
static unsigned int refused;

/* Whether it went well. */
static bool access_msr(uint32_t msr, bool write, uint64_t *value)
{
	struct probe_request request = {
		.operation = write ? PROBE_MSR_WRITE : PROBE_MSR_READ,
		.width = 8,
		.address = msr,
		.value = *value,
	};

	if (ioctl(device, PROBE_ACCESS, &request) < 0) {
		perror("PROBE_ACCESS");
		exit(1);
	}
	*value = request.value;
	return !request.faulted;
}

static bool right(uint32_t msr, const char *rights)
{
	bool readable = rights[2] != 'a' && rights[2] != 'r', gone;
	bool writable = rights[3] != 'a' && rights[3] != 'r';
	uint64_t before = 0, value, after = 0;

	refused += (rights[2] == 'r') + (rights[3] == 'r');
	gone = access_msr(msr, false, &before);
	if (gone != readable)
		return false;
	value = rights[3] == 'i' || !writable ? ~before : before;
	if (access_msr(msr, true, &value) != writable)
		return false;
	/* A counter goes on; what is not written stays. */
	return !readable || msr == 0x10 || (access_msr(msr, false, &after) && after == before);
}

/*
 * What QEMU's APIC has not is noted in its error status when it is read in x2APIC mode, and never
 * goes: Linux, which looks there, would take no CPU online any more.
 */
static bool leaves_a_stain(uint32_t msr)
{
	uint64_t base = 0;

	return msr == APIC_LAST && access_msr(APIC_BASE, false, &base) && (base & APIC_BASE_X2APIC);
}

int main(void)
{
	unsigned int count = 0, wrong = 0;

	device = open(PROBE_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(PROBE_DEVICE);
		return 1;
	}
	for (unsigned int n = 0; n < MSR_DOCUMENTED; n++) {
		const uint32_t ends[] = {msr_documented[n].first, msr_documented[n].last};

		for (unsigned int end = 0; end < 2; end++) {
			if (leaves_a_stain(ends[end]))
				continue;
			count++;
			if (right(ends[end], msr_documented[n].rights))
				continue;
			wrong++;
			printf("0x%x: %s\n", ends[end], msr_documented[n].name);
		}
	}
	printf("%u registers, %u wrong, %u refused\n", count, wrong, refused);
	return 0;
}
