// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has which I/O port: the permission maps of root and of cells, compared port by port with what
 * their configurations say.
 */
#include <errno.h>
#include <time.h>

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
	tap_is_u64(tap, machine_destroy(1), 0, "the first cell is destroyed");
	model_allow(&root_left, uart_pio, 4, true);
	tap_is_u64(tap, differences(&root_cell, &root_left), 0,
		   "root gets back the ports of the cell that went, not those of the other");
	tap_is_u64(tap, differences(cell_by_id(2), &model), 0,
		   "the other cell keeps its ports when one goes");
	machine_destroy(2);
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

	test_refused(tap, "a neighbour's port after free ones", neighbours, 2);
	test_refused(tap, "port 0 of a neighbour", first, 1);
	test_refused(tap, "a neighbour's last port", last, 1);
	test_refused(tap, "a range with a neighbour's ports in it", across, 1);
}

/* Of root, whose access is refused; of a cell, which is stopped for it. */
static void test_exit(struct tap *tap)
{
	struct cpu *cpu;
	uint64_t *rax;

	machine_open(&root);
	machine_create(&uart_cell);
	cpu = cpu_by_id(0);
	rax = &cpu_gprs(cpu)->rax;
	*rax = 0x1122334455667788;
	tap_ok(tap,
	       exit_port(cpu, 0x3f8, 1, false, false, 2) == VERDICT_HANDLED &&
		       machine.cpus[0].regs[VCPU_RIP] == 2 && *rax == 0x1122334455667788,
	       "root's write that exits is lost");
	tap_ok(tap,
	       cpu->failure.reason == FAILURE_PORT_WRITE && cpu->failure.address == 0x3f8 &&
		       cpu->failure.size == 1 && cpu->failure.value == 0x88,
	       "the record of a byte's write has AL");
	exit_port(cpu, 0xffff, 2, false, false, 2);
	tap_is_u64(tap, cpu->failure.value, 0x7788, "the record of a word's write has AX");
	exit_port(cpu, 0xf100, 4, false, false, 2);
	tap_is_u64(tap, cpu->failure.value, 0x55667788, "that of a double word has EAX");
	exit_port(cpu, 0x3f8, 1, true, false, 1);
	tap_is_u64(tap, *rax, 0x11223344556677ff, "a byte that nobody gives is all ones");
	tap_ok(tap, cpu->failure.reason == FAILURE_PORT_READ && cpu->failure.value == 0,
	       "the record of a read tells no value");
	exit_port(cpu, 0x3f8, 2, true, false, 1);
	tap_is_u64(tap, *rax, 0x112233445566ffff, "so is a word");
	exit_port(cpu, 0x3f8, 4, true, false, 1);
	tap_is_u64(tap, *rax, 0xffffffff, "a double word clears the upper half");
	machine.cpus[0].regs[VCPU_RIP] = 0;
	tap_ok(tap,
	       exit_port(cpu, 0x3f8, 1, false, true, 3) == VERDICT_GP && cpu->failure.value == 0 &&
		       machine.cpus[0].regs[VCPU_RIP] == 0,
	       "a string instruction is answered by an exception, and has no value of RAX");
	tap_is_u64(tap, public_area.root_violations, 7, "each of them is counted");
	cpu = cpu_by_id(3);
	tap_ok(tap,
	       exit_port(cpu, 0x80, 1, false, false, 2) == VERDICT_FAULT &&
		       cpu->failure.address == 0x80,
	       "a cell is stopped for a port that it has not");
	tap_is_u64(tap, public_area.root_violations, 7, "and is not root");
}

/* The first are told, then powers of two. */
static void test_flood(struct tap *tap)
{
	machine_open(&root);
	machine_create(&uart_cell);
	for (unsigned int n = 0; n < 1000; n++)
		exit_port(cpu_by_id(0), 0x3f8, 1, true, false, 1);
	tap_is_u64(tap, public_area.root_violations, 1000, "a thousand refusals are counted");
	tap_is_u64(tap, machine.told, 16 + 5, "the first 16 are told, then 32, 64, 128, 256, 512");
}

/* What is not in root's blob: nobody's, or somebody's who does not say so. */

static bool allowed(const struct cell *cell, unsigned int port)
{
	return cell && !(cell->arch.io_bitmap[port / 8] >> (port % 8) & 1);
}

static const struct blob_pio few_pio[] = {{0x60, 0x10}, {0x3f8, 8}};
static struct cell_plan few_ports(void)
{
	struct cell_plan plan = root;

	plan.pio = few_pio;
	plan.num_pio = 2;
	plan.pm_timer = 0x608;
	return plan;
}

static void test_unlisted(struct tap *tap)
{
	static const struct blob_pio nobodys[] = {{0x2f8, 8}, {0x60, 1}};
	struct cell_plan plan = second_cell(nobodys, 2), few = few_ports();
	unsigned int count = 0;

	machine_open(&few);
	tap_is_u64(tap, machine_create(&plan), 0, "a cell may have ports that root does not list");
	tap_ok(tap, allowed(cell_by_id(2), 0x2f8) && allowed(cell_by_id(2), 0x2ff), "it has them");
	tap_ok(tap, !allowed(&root_cell, 0x2f8) && !allowed(&root_cell, 0x60),
	       "root has them no more than before");
	machine_destroy(2);
	tap_ok(tap, !allowed(&root_cell, 0x2f8) && allowed(&root_cell, 0x60),
	       "and gets back only what it lists");
	for (unsigned int port = 0xcf0; port < 0xd08; port++)
		count += allowed(&root_cell, port) == (port >= 0xcf8 && port < 0xd00);
	tap_is_u64(tap, count, 24, "PCI configuration is root's, though its blob leaves it out");
}

static void refused(struct tap *tap, const struct cell_plan *plan, const char *owner,
		    const char *what)
{
	machine.debug_size = 0;
	memset(machine.debug, 0, sizeof(machine.debug));
	tap_is_u64(tap, machine_create(plan), -EBUSY, "no cell has %s", what);
	if (!tap_ok(tap, machine_said(owner), "it is told whose %s is", what))
		tap_note(tap, "  %s", machine.debug);
}

static void test_hypervisors(struct tap *tap)
{
	static const struct blob_pio pci_first[] = {{0xcf8, 1}}, pci_last[] = {{0xcff, 1}};
	static const struct blob_pio around[] = {{0xcf0, 8}, {0xd00, 8}};
	static const struct blob_pio uart[] = {{0x3f8, 8}}, last[] = {{0x3ff, 1}};
	static const struct blob_pio wide_last[] = {{0x41c, 1}}, wide_behind[] = {{0x420, 1}};
	struct cell_plan few = few_ports(), plan = second_cell(pci_first, 1);

	few.debug_console = (struct cell_console){.address = 0x3f8, .type = CONSOLE_8250};
	machine_open(&few);
	refused(tap, &plan, "port 0xcf8 belongs to the root cell", "PCI's address port");
	plan.pio = pci_last;
	refused(tap, &plan, "port 0xcff belongs to the root cell", "PCI's last data port");
	plan.pio = uart;
	refused(tap, &plan, "port 0x3f8 belongs to the hypervisor's console", "its console");
	plan.pio = last;
	refused(tap, &plan, "port 0x3ff belongs to the hypervisor's console", "its last register");
	plan.pio = uart;
	plan.console = few.debug_console;
	tap_is_u64(tap, machine_create(&plan), 0, "but by a cell that calls it its console, too");
	few.debug_console = (struct cell_console){
		.address = 0x400, .type = CONSOLE_8250, .flags = CONSOLE_FLAG_REG_DIST_4};
	machine_open(&few);
	plan.console = (struct cell_console){0};
	plan.pio = wide_last;
	refused(tap, &plan, "port 0x41c belongs to the hypervisor's console",
		"the last register of one whose registers are four apart");
	plan.pio = wide_behind;
	tap_is_u64(tap, machine_create(&plan), 0, "what is behind them is free");
	machine_open(&few);
	plan.pio = around;
	plan.num_pio = 2;
	tap_is_u64(tap, machine_create(&plan), 0, "what is beside PCI's ports is free");
}

static void test_shared_console(struct tap *tap)
{
	static const struct blob_pio uart[] = {{0x3f8, 8}}, more[] = {{0x3f8, 9}};
	static const struct blob_memory other = {0x900000, 0, 0x1000, RWX | BLOB_MEM_LOADABLE};
	const struct cell_console console = {.address = 0x3f8, .type = CONSOLE_8250};
	struct cell_plan first = second_cell(uart, 1), second = second_cell(uart, 1);
	struct cell_plan few = few_ports();

	first.console = console;
	second.name = "third";
	second.id = 3;
	second.cpus = 1 << 1;
	second.memory = &other;
	machine_open(&few);
	tap_is_u64(tap, machine_create(&first), 0, "a cell has a UART that it calls its console");
	tap_ok(tap, !allowed(&root_cell, 0x3f8), "root, which does not, has it no more");
	refused(tap, &second, "port 0x3f8 belongs to second", "another one's console");
	second.console = console;
	second.console.flags = CONSOLE_FLAG_MMIO;
	refused(tap, &second, "port 0x3f8 belongs to second", "ports with memory as its console");
	second.console = console;
	second.console.address = 0x2f8;
	refused(tap, &second, "port 0x3f8 belongs to second", "ports beside its own console");
	second.console = console;
	second.pio = more;
	tap_is_u64(tap, machine_create(&second), 0, "two cells that both call it so share it");
	tap_ok(tap, allowed(cell_by_id(2), 0x3f8) && allowed(cell_by_id(3), 0x3f8),
	       "each of them has it");
	machine_destroy(2);
	tap_ok(tap, !allowed(&root_cell, 0x3f8), "root has it not while one of them is left");
	machine_destroy(3);
	tap_ok(tap, allowed(&root_cell, 0x3f8) && !allowed(&root_cell, 0x400),
	       "and again when both have gone");
	few.console = console;
	machine_open(&few);
	machine_create(&first);
	tap_ok(tap, allowed(&root_cell, 0x3f8) && allowed(cell_by_id(2), 0x3f8),
	       "root shares it where its blob calls it its console");
}

static void test_pm_timer(struct tap *tap)
{
	static const struct blob_pio timer[] = {{0x600, 0x10}};
	struct cell_plan few = few_ports(), with = second_cell(timer, 1), without = uart_cell;
	unsigned int count = 0;

	machine_open(&few);
	without.num_pio = 1;
	tap_is_u64(tap, machine_create(&without), 0, "a cell without the timer's ports");
	tap_is_u64(tap, machine_create(&with), 0, "a cell that lists them");
	for (unsigned int port = 0x600; port < 0x610; port++) {
		bool timers = port >= 0x608 && port < 0x60c;

		count += allowed(&root_cell, port) == timers &&
			 allowed(cell_by_id(1), port) == timers && allowed(cell_by_id(2), port);
	}
	tap_is_u64(tap, count, 16, "the PM timer's four ports are everybody's, at once");
	machine_destroy(2);
	tap_ok(tap, allowed(&root_cell, 0x608) && allowed(&root_cell, 0x60b), "and stay root's");
	few.pm_timer = 0;
	machine_open(&few);
	machine_create(&without);
	tap_ok(tap, !allowed(cell_by_id(1), 0) && !allowed(cell_by_id(1), 3),
	       "without such a timer nobody gets anything");
}

/*
 * As many ranges as a blob may have, each as long as it can be: a creation holds up the others no
 * longer for it. Port by port, and range by range for each of them, it were a thousand million
 * steps.
 */
static void test_long_lists(struct tap *tap)
{
	struct blob_pio long_ranges[BLOB_MAX_CELL_ELEMENTS], short_ranges[BLOB_MAX_CELL_ELEMENTS];
	struct cell_plan first = uart_cell,
			 second = second_cell(long_ranges, BLOB_MAX_CELL_ELEMENTS);
	struct model root_left = root_model(), model = {0};
	clock_t begin;

	for (unsigned int n = 0; n < BLOB_MAX_CELL_ELEMENTS; n++) {
		short_ranges[n] = (struct blob_pio){0x1000 + n % 2, 1};
		long_ranges[n] = (struct blob_pio){0x2000 + n, 0xd000 - n % 3};
	}
	first.pio = short_ranges;
	first.num_pio = BLOB_MAX_CELL_ELEMENTS;
	machine_open(&root);
	model_allow(&model, long_ranges, BLOB_MAX_CELL_ELEMENTS, true);
	model_allow(&root_left, long_ranges, BLOB_MAX_CELL_ELEMENTS, false);
	model_allow(&root_left, short_ranges, 2, false);
	begin = clock();
	tap_ok(tap, machine_create(&first) == 0 && machine_create(&second) == 0,
	       "cells whose ranges overlap each other are created");
	tap_ok(tap, clock() - begin < CLOCKS_PER_SEC / 2, "they take less than half a second");
	tap_note(tap, "  %ld ms", (clock() - begin) * 1000l / CLOCKS_PER_SEC);
	tap_ok(tap,
	       differences(cell_by_id(2), &model) == 0 && differences(&root_cell, &root_left) == 0,
	       "each port of any of the ranges is the cell's, and root's no more");
	begin = clock();
	machine_destroy(2);
	tap_ok(tap, clock() - begin < CLOCKS_PER_SEC / 2, "nor does their end take longer");
}

int main(void)
{
	struct tap tap = {0};

	test_root(&tap);
	test_cell(&tap);
	test_two_cells(&tap);
	test_refusals(&tap);
	test_exit(&tap);
	test_flood(&tap);
	test_unlisted(&tap);
	test_hypervisors(&tap);
	test_shared_console(&tap);
	test_pm_timer(&tap);
	test_long_lists(&tap);
	return tap_done(&tap);
}
