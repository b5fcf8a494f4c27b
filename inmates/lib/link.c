// SPDX-License-Identifier: BSD-2-Clause
/* Links of the cell: the devices, their sections, their interrupts. */
#include "inmate_link.h"
#include "inmate_pci.h"
#include "page.h"

#define PARAMETER_PREFIX "link."
#define PARAMETER_SIZE	 64
#define PEERS_LIMIT	 0x10000u

static void link_interrupt(void *argument)
{
	struct link_vector *vector = argument;

	if (vector->link->one_shot)
		vector->link->armed = false;
	__atomic_fetch_add(&vector->rings, 1, __ATOMIC_RELEASE);
}

static uint64_t read_wide(unsigned int function, unsigned int offset)
{
	return pci_read(function, offset, 4) | (uint64_t)pci_read(function, offset + 4, 4) << 32;
}

/* The sections, where the capability says; -EINVAL if they cannot be there. */
static int map_sections(struct link *link)
{
	unsigned int cap = pci_find_capability(link->function, PCI_CAP_VENDOR);
	uint64_t base, state, outputs, size;
	int err;

	if (!cap)
		return -EINVAL;
	base = read_wide(link->function, cap + IVSHMEM_CAP_BASE);
	state = pci_read(link->function, cap + IVSHMEM_CAP_STATE, 4);
	link->common_bytes = read_wide(link->function, cap + IVSHMEM_CAP_COMMON);
	link->output_bytes = read_wide(link->function, cap + IVSHMEM_CAP_OUTPUT);
	if (state / sizeof(uint32_t) < link->peers ||
	    __builtin_mul_overflow(link->output_bytes, link->peers, &outputs) ||
	    __builtin_add_overflow(state, link->common_bytes, &size) ||
	    __builtin_add_overflow(size, outputs, &size) ||
	    (base | state | link->common_bytes | link->output_bytes) & (PAGE_BYTES - 1))
		return -EINVAL;
	err = memory_map(base, size, MEMORY_CACHED);
	if (err)
		return err;
	link->state_table = (const void *)base;
	link->common = link->common_bytes ? (uint8_t *)(base + state) : NULL;
	link->outputs = (uint8_t *)(base + state + link->common_bytes);
	return 0;
}

static int map_registers(struct link *link)
{
	void *registers;
	int err = pci_map_bar(link->function, IVSHMEM_BAR_REGISTERS, &registers);

	if (err)
		return err;
	link->registers = registers;
	link->own = link_register_read(registers, IVSHMEM_ID);
	link->peers = link_register_read(registers, IVSHMEM_MAX_PEERS);
	return link->peers > 0 && link->peers < PEERS_LIMIT && link->own < link->peers ? 0
										       : -EINVAL;
}

static int take_vectors(struct link *link, unsigned int first_vector)
{
	int err = pci_msix_enable(link->function);

	link->vectors = pci_msix_count(link->function);
	if (link->vectors > IVSHMEM_MAX_VECTORS)
		link->vectors = IVSHMEM_MAX_VECTORS;
	for (unsigned int n = 0; n < link->vectors && !err; n++) {
		link->rung[n] = (struct link_vector){link, 0};
		err = interrupt_register(first_vector + n, link_interrupt, &link->rung[n]);
		if (!err)
			err = pci_msix_set(link->function, n, first_vector + n);
	}
	return err;
}

static int open_function(struct link *link, unsigned int function, unsigned int first_vector)
{
	int err;

	memset(link, 0, sizeof(*link));
	link->function = function;
	link->protocol =
		pci_read(function, PCI_SUBCLASS, 1) << 8 | pci_read(function, PCI_INTERFACE, 1);
	err = map_registers(link);
	if (!err)
		err = map_sections(link);
	if (!err)
		err = take_vectors(link, first_vector);
	if (!err)
		link_set_one_shot(link, false);
	return err;
}

int link_open_number(struct link *link, unsigned int number, unsigned int first_vector)
{
	unsigned int function;
	int err = pci_find(IVSHMEM_VENDOR_ID, IVSHMEM_DEVICE_ID, number, &function);

	return err ? err : open_function(link, function, first_vector);
}

int link_open(struct link *link, const char *name, unsigned int first_vector)
{
	char parameter[PARAMETER_SIZE];
	unsigned int other;
	int64_t function;
	int err;

	format_string(parameter, sizeof(parameter), PARAMETER_PREFIX "%s", name);
	err = param_int(parameter, &function);
	if (err == -EINVAL)
		return err;
	if (err) {
		/* Which one of several would be a guess. */
		if (pci_find(IVSHMEM_VENDOR_ID, IVSHMEM_DEVICE_ID, 1, &other) == 0)
			return -ENOENT;
		return link_open_number(link, 0, first_vector);
	}
	if (function < 0 || function > 0xffff ||
	    pci_read(function, PCI_VENDOR, 4) != (IVSHMEM_VENDOR_ID | IVSHMEM_DEVICE_ID << 16))
		return -ENOENT;
	return open_function(link, function, first_vector);
}

void link_set_one_shot(struct link *link, bool one_shot)
{
	unsigned int cap = pci_find_capability(link->function, PCI_CAP_VENDOR);
	bool enabled = interrupts_save();

	/* Whatever one in between switches off is on again at the end. */
	link->one_shot = one_shot;
	pci_write(link->function, cap + IVSHMEM_CAP_CONTROL, 1,
		  one_shot ? IVSHMEM_CONTROL_ONE_SHOT : 0);
	link->armed = true;
	link_register_write(link->registers, IVSHMEM_INT_CONTROL, IVSHMEM_INT_ENABLE);
	interrupts_restore(enabled);
}

bool link_wait(struct link *link, bool (*pending)(void *argument), void *argument)
{
	bool found;

	interrupts_disable();
	if (link->one_shot && !link->armed) {
		link->armed = true;
		link_register_write(link->registers, IVSHMEM_INT_CONTROL, IVSHMEM_INT_ENABLE);
	}
	/* After they are on: what is rung from here on ends the wait below. */
	found = pending(argument);
	if (found) {
		interrupts_enable();
		return true;
	}
	cpu_idle();
	return pending(argument);
}

static bool has_records(void *argument)
{
	return link_pending(argument);
}

bool link_wait_for(struct link *link, const struct link_receiver *receiver)
{
	return link_wait(link, has_records, (void *)receiver);
}
