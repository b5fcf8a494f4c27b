// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has which I/O port: the permission maps of root and of cells, compared port by port with what
 * their configurations say.
 */
#include <errno.h>

#include "arch/x86/exit/exit.h"
#include "core/page_pool.h"
#include "fake_machine.h"

#include "tests/lib/tap.h"

#define PORTS	 0x10000u
/* APM vol. 2, 15.10.1: an access of several bytes at the last port is looked up beyond it. */
#define MAP_BITS (3 * 4096 * 8u)

static const struct blob_memory memory[] = {
	{0x400000, 0, 0x1000, RWX | BLOB_MEM_LOADABLE},
};

/* Root has port 0 and the last one, and a hole that belongs to nobody. */
static const struct blob_pio root_pio[] = {{0, 0x8000}, {0x8000, 0x7000}, {0xf008, 0xff8}};
static const struct cell_plan root = {
	.name = "RootCell",
	.cpus = 0xf,
	.memory = &(const struct blob_memory){0, 0, RAM_SIZE, RWX},
	.num_memory = 1,
	.pio = root_pio,
	.num_pio = 3,
};

static const struct blob_pio uart_pio[] = {{0x3f8, 8}, {0, 1}, {0x70, 2}, {0xffff, 1}};
static const struct cell_plan uart_cell = {
	.name = "uart",
	.id = 1,
	.cpus = 1 << 3,
	.memory = memory,
	.num_memory = 1,
	.pio = uart_pio,
	.num_pio = 4,
};

static struct cell_plan second_cell(const struct blob_pio *pio, unsigned int num_pio)
{
	static const struct blob_memory other = {0x800000, 0, 0x1000, RWX | BLOB_MEM_LOADABLE};
	struct cell_plan plan = {
		.name = "second",
		.id = 2,
		.cpus = 1 << 2,
		.memory = &other,
		.num_memory = 1,
		.pio = pio,
		.num_pio = num_pio,
	};

	return plan;
}

/* The flat model: one byte a port. */
struct model {
	bool allowed[PORTS];
};

static void model_allow(struct model *model, const struct blob_pio *pio, unsigned int num_pio,
			bool allow)
{
	for (unsigned int n = 0; n < num_pio; n++) {
		for (unsigned int port = 0; port < pio[n].length; port++)
			model->allowed[pio[n].base + port] = allow;
	}
}

/* How many ports the cell's map and the model do not say the same of; all where there is no cell.
 */
static unsigned int differences(const struct cell *cell, const struct model *model)
{
	unsigned int count = 0, first = 0;
	const uint8_t *map;

	if (!cell)
		return MAP_BITS;
	map = cell->arch.io_bitmap;
	for (unsigned int port = 0; port < MAP_BITS; port++) {
		bool intercepted = map[port / 8] >> (port % 8) & 1;
		bool allowed = port < PORTS && model->allowed[port];

		if (intercepted == allowed && count++ == 0)
			first = port;
	}
	if (count)
		printf("# first at port 0x%x of cell %s\n", first, cell->desc->name);
	return count;
}

static struct model root_model(void)
{
	struct model model = {0};

	model_allow(&model, root_pio, 3, true);
	return model;
}

static void test_root(struct tap *tap)
{
	struct model model = root_model();
	const uint8_t *map;

	machine_open(&root);
	tap_is_u64(tap, differences(&root_cell, &model), 0,
		   "root has the ports of its configuration and no other");
	map = root_cell.arch.io_bitmap;
	tap_ok(tap, map[0x2000] == 0xff && map[0x2fff] == 0xff,
	       "an access that goes on behind the last port exits");
}

static void test_cell(struct tap *tap)
{
	struct model root_left = root_model(), model = {0};

	machine_open(&root);
	model_allow(&model, uart_pio, 4, true);
	model_allow(&root_left, uart_pio, 4, false);
	tap_is_u64(tap, machine_create(&uart_cell), 0, "a cell with ports is created");
	tap_is_u64(tap, differences(cell_by_id(1), &model), 0,
		   "a cell has the ports of its configuration, the first and the last as well");
	tap_is_u64(tap, differences(&root_cell, &root_left), 0,
		   "a port that a cell has root has not");
}

static void test_two_cells(struct tap *tap)
{
	static const struct blob_pio pio[] = {{0x400, 2}, {0x3f0, 8}};
	struct cell_plan plan = second_cell(pio, 2);
	struct model root_left = root_model(), model = {0}, first = {0};

	model_allow(&first, uart_pio, 4, true);
	model_allow(&model, pio, 2, true);
	model_allow(&root_left, uart_pio, 4, false);
	model_allow(&root_left, pio, 2, false);
	tap_is_u64(tap, machine_create(&plan), 0, "ports next to another cell's are free");
	tap_ok(tap,
	       differences(cell_by_id(2), &model) == 0 && differences(cell_by_id(1), &first) == 0,
	       "each cell has its own ports");
	tap_is_u64(tap, differences(&root_cell, &root_left), 0, "and root those of neither");
	tap_is_u64(tap, machine_hypercall(HC_CELL_DESTROY, 1, 0), 0, "the first cell is destroyed");
	model_allow(&root_left, uart_pio, 4, true);
	tap_is_u64(tap, differences(&root_cell, &root_left), 0,
		   "root gets back the ports of the cell that went, not those of the other");
	tap_is_u64(tap, differences(cell_by_id(2), &model), 0,
		   "the other cell keeps its ports when one goes");
	machine_hypercall(HC_CELL_DESTROY, 2, 0);
	root_left = root_model();
	tap_is_u64(tap, differences(&root_cell, &root_left), 0,
		   "without cells root has all of its ports again");
}

static void test_refused(struct tap *tap, const char *name, const struct blob_pio *pio,
			 unsigned int num_pio)
{
	struct cell_plan plan = second_cell(pio, num_pio);
	struct model root_left = root_model(), first = {0};
	uint32_t used;

	machine_open(&root);
	machine_create(&uart_cell);
	model_allow(&first, uart_pio, 4, true);
	model_allow(&root_left, uart_pio, 4, false);
	used = page_pool_used();
	tap_is_u64(tap, machine_create(&plan), -EBUSY, "%s is refused", name);
	tap_ok(tap, !cell_by_id(2), "%s makes no cell", name);
	tap_is_u64(tap, differences(&root_cell, &root_left), 0,
		   "after %s root has no port more or less", name);
	tap_is_u64(tap, differences(cell_by_id(1), &first), 0, "after %s the neighbour has its own",
		   name);
	tap_is_u64(tap, page_pool_used(), used, "%s costs no page", name);
}

static void test_refusals(struct tap *tap)
{
	static const struct blob_pio neighbours[] = {{0x400, 4}, {0x3ff, 1}};
	static const struct blob_pio first[] = {{0, 1}};
	static const struct blob_pio last[] = {{0xfff0, 0x10}};
	static const struct blob_pio across[] = {{0x60, 0x20}};
	static const struct blob_pio nobodys[] = {{0x400, 4}, {0xefff, 2}};

	test_refused(tap, "a neighbour's port after free ones", neighbours, 2);
	test_refused(tap, "port 0 of a neighbour", first, 1);
	test_refused(tap, "a neighbour's last port", last, 1);
	test_refused(tap, "a range with a neighbour's ports in it", across, 1);
	test_refused(tap, "a port that root has not", nobodys, 2);
}

/* Of root, whose access is refused; of a cell, which is stopped for it. */
static void test_exit(struct tap *tap)
{
	struct cpu *cpu;

	machine_open(&root);
	machine_create(&uart_cell);
	cpu = cpu_by_id(0);
	cpu_gprs(cpu)->rax = 0x1122334455667788;
	tap_ok(tap,
	       exit_port(cpu, 0x3f8, 1, false, false, 2) == VERDICT_HANDLED &&
		       machine.refused_port.calls == 1 && machine.refused_port.length == 2 &&
		       !machine.refused_port.string,
	       "root's write that exits is refused, never carried out");
	tap_ok(tap,
	       cpu->failure.reason == FAILURE_PORT_WRITE && cpu->failure.address == 0x3f8 &&
		       cpu->failure.size == 1 && cpu->failure.value == 0x88,
	       "the record of a byte's write has AL");
	exit_port(cpu, 0xffff, 2, false, false, 2);
	tap_is_u64(tap, cpu->failure.value, 0x7788, "the record of a word's write has AX");
	exit_port(cpu, 0xcf8, 4, false, false, 2);
	tap_is_u64(tap, cpu->failure.value, 0x55667788, "that of a double word has EAX");
	exit_port(cpu, 0xcf8, 4, true, false, 1);
	tap_ok(tap, cpu->failure.reason == FAILURE_PORT_READ && cpu->failure.value == 0,
	       "the record of a read tells no value");
	exit_port(cpu, 0x3f8, 1, false, true, 3);
	tap_ok(tap,
	       cpu->failure.value == 0 && machine.refused_port.string &&
		       machine.refused_port.length == 3,
	       "a string's value is not taken from RAX");
	cpu = cpu_by_id(3);
	machine.refused_port.calls = 0;
	tap_ok(tap,
	       exit_port(cpu, 0x80, 1, false, false, 2) == VERDICT_FAULT &&
		       machine.refused_port.calls == 0 && cpu->failure.address == 0x80,
	       "a cell is stopped for a port that it has not");
}

int main(void)
{
	struct tap tap = {0};

	test_root(&tap);
	test_cell(&tap);
	test_two_cells(&tap);
	test_refusals(&tap);
	test_exit(&tap);
	return tap_done(&tap);
}
