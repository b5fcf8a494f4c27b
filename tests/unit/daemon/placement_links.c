// SPDX-License-Identifier: GPL-2.0-only
/* Where links go: the same for all peers, and for each whatever others are created. */
#include "model/placement.h"
#include "model_test.h"

#define MIB (1ull << 20)
#define KIB (1ull << 10)

#define LINK(name, peers, rest) \
	"{\"name\": \"" name "\", \"peers\": [" peers "], \"size\": \"4K\"" rest "}"
#define CELL(memory, links) \
	"{\"cpus\": 1, \"memory\": \"" memory "\", \"shared-memory\": [" links "]}"

#define CELLS 3

/* Cells a, b and c in a pool of 64M at 512M, 8M of it the hypervisor's. */
struct setup {
	struct machine *machine;
	struct description *descriptions[CELLS];
	struct placement_cell cells[CELLS];
	struct placement_input input;
};

static void setup_done(struct setup *setup)
{
	for (size_t i = 0; i < CELLS; i++)
		description_free(setup->descriptions[i]);
	machine_free(setup->machine);
}

static const char *const names[CELLS] = {"a", "b", "c"};

static bool setup_make(struct tap *tap, struct setup *setup, const char *const json[CELLS])
{
	*setup = (struct setup){.machine = read_q35(tap)};
	setup->input = (struct placement_input){
		.pool = pool_of(512 * MIB, 64 * MIB),
		.hypervisor = {512 * MIB, 8 * MIB},
		.machine = setup->machine,
		.cells = setup->cells,
		.descriptions = (const struct description *const *)setup->descriptions,
		.num_descriptions = CELLS,
	};
	for (size_t i = 0; i < CELLS; i++) {
		setup->descriptions[i] = describe(tap, names[i], json[i]);
		if (!setup->descriptions[i])
			return false;
	}
	return setup->machine;
}

static int place(struct tap *tap, const struct setup *setup, size_t cell, struct placement *ret)
{
	_cleanup_(problems_done) struct problems problems = {0};
	int r = placement_make(&setup->input, setup->descriptions[cell], &problems, ret);

	if (r < 0)
		note_problems(tap, &problems);
	return r;
}

static void create(struct setup *setup, size_t cell, const struct placement *placement)
{
	setup->cells[setup->input.num_cells++] = (struct placement_cell){names[cell], *placement};
}

static const char *const three[CELLS] = {
	CELL("1M", LINK("plant", "\"root\"", ", \"common\": \"8K\"") ", " LINK("all",
									       "\"b\", \"c\"", "")),
	CELL("1M", LINK("all", "\"a\", \"c\"", "") ", " LINK("pair", "\"c\"", "")),
	CELL("1M", LINK("pair", "\"b\"", "") ", " LINK("all", "\"a\", \"b\"",
						       "") ", " LINK("plant", "\"root\"", "")),
};

static bool same_link(const struct link_place *a, const struct link_place *b)
{
	return strcmp(a->id, b->id) == 0 && a->bdf == b->bdf &&
	       a->memory.start == b->memory.start && a->memory.size == b->memory.size &&
	       link_shapes_equal(&a->shape, &b->shape);
}

static void test_places(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	struct placement a = {0}, b = {0}, c = {0};

	if (!tap_ok(tap, setup_make(tap, &setup, three), "three cells with links") ||
	    !tap_ok(tap,
		    place(tap, &setup, 0, &a) == 0 && place(tap, &setup, 1, &b) == 0 &&
			    place(tap, &setup, 2, &c) == 0,
		    "are placed"))
		return;
	tap_ok(tap, a.num_links == 2 && b.num_links == 2 && c.num_links == 3, "with all links");
	tap_is_str(tap, a.links[0].id, "plant root a", "each with its id");
	tap_is_u64(tap, a.links[0].bdf, 0x00f0, "the first at the highest device that is free");
	tap_is_u64(tap, a.links[1].bdf, 0x00e8, "the next below it");
	tap_ok(tap,
	       a.links[0].memory.start == 521 * MIB && a.links[0].memory.size == 4 * 4096 + 4096 &&
		       a.links[1].memory.start == 521 * MIB + 5 * 4096 &&
		       a.links[1].memory.size == 4096 + 4096 + 3 * 4096,
	       "their sections are in the pool, one link behind the other");
	tap_ok(tap, same_link(&a.links[1], &b.links[0]) && same_link(&a.links[1], &c.links[1]),
	       "all peers have a link at the same place");
	tap_ok(tap, same_link(&b.links[1], &c.links[0]), "two of them as well");
	tap_ok(tap, c.links[2].bdf != a.links[0].bdf && strcmp(c.links[2].id, "plant root c") == 0,
	       "links of one name with other peers are different links");
}

/* In every order, and at every point of it. */
static void test_stability(struct tap *tap)
{
	static const size_t orders[][CELLS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					       {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	_cleanup_(setup_done) struct setup setup;
	struct placement alone[CELLS] = {0};
	bool same = true;

	if (!setup_make(tap, &setup, three))
		return;
	for (size_t i = 0; i < CELLS; i++)
		place(tap, &setup, i, &alone[i]);
	for (size_t order = 0; order < ARRAY_SIZE(orders); order++) {
		setup.input.num_cells = 0;
		for (size_t n = 0; n < CELLS; n++) {
			const size_t cell = orders[order][n];
			struct placement now = {0};

			same &= place(tap, &setup, cell, &now) == 0 &&
				now.memory[0].start == alone[cell].memory[0].start;
			for (size_t i = 0; i < now.num_links; i++)
				same &= same_link(&now.links[i], &alone[cell].links[i]);
			create(&setup, cell, &now);
		}
	}
	tap_ok(tap, same, "places do not depend on who was created before");
}

/* As long as a peer has it, whatever would be chosen today. */
static void test_existing(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	struct placement a = {0}, b = {0}, b_again = {0};
	struct link_place root_end;
	uint64_t largest;

	if (!setup_make(tap, &setup, three) || place(tap, &setup, 0, &a) < 0)
		return;
	a.links[1].bdf = 0x0048;
	a.links[1].memory.start = 550 * MIB;
	create(&setup, 0, &a);
	tap_ok(tap, place(tap, &setup, 1, &b) == 0 && same_link(&b.links[0], &a.links[1]),
	       "a link is where a created peer has it");
	tap_is_u64(tap, placement_free(&setup.input, &largest), (55 * MIB) - 10 * 4096,
		   "a created cell's links are not free");
	create(&setup, 1, &b);
	tap_is_u64(tap, placement_free(&setup.input, &largest), (54 * MIB) - 10 * 4096 - 4 * 4096,
		   "those of two are counted once");
	setup.input.num_cells = 0;
	root_end = a.links[0];
	root_end.bdf = 0x0050;
	root_end.memory.start = 560 * MIB;
	setup.input.links = &root_end;
	setup.input.num_links = 1;
	tap_is_u64(tap, placement_free(&setup.input, &largest), (56 * MIB) - 5 * 4096,
		   "an end that Linux has is not free either");
	tap_ok(tap, place(tap, &setup, 0, &a) == 0 && same_link(&a.links[0], &root_end),
	       "and is where the cell's end will be");
	tap_ok(tap,
	       place(tap, &setup, 1, &b_again) == 0 && b_again.links[0].bdf != root_end.bdf &&
		       !ranges_meet(b_again.links[0].memory, root_end.memory),
	       "and where no other link goes");
}

static bool fails(struct tap *tap, const struct setup *setup, size_t cell, int result,
		  const char *key, const char *text, const char *what)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct placement placement = {.num_links = 77};
	int r = placement_make(&setup->input, setup->descriptions[cell], &problems, &placement);

	if (tap_ok(tap,
		   r == result && has_problem(&problems, SEVERITY_ERROR, key, text) &&
			   placement.num_links == 77,
		   "%s", what))
		return true;
	tap_note(tap, "  returned %d", r);
	note_problems(tap, &problems);
	return false;
}

static void test_shortages(struct tap *tap)
{
	static const char *const large[CELLS] = {
		CELL("1M", LINK("plant", "\"root\"", ", \"common\": \"56M\"")),
		CELL("1M", LINK("plant", "\"root\"", ", \"common\": \"53M\"")),
		CELL("1M", LINK("plant", "\"root\"", "")),
	};
	_cleanup_(setup_done) struct setup setup;
	struct placement placement = {0};

	if (!tap_ok(tap, setup_make(tap, &setup, large), "links that take much"))
		return;
	fails(tap, &setup, 0, -ENOSPC, "shared-memory[0]",
	      "link plant wants 56.1M, but the pool has 56M free (largest piece 56M)",
	      "one that is too large for the pool is refused with numbers");
	tap_ok(tap, place(tap, &setup, 1, &placement) == 0,
	       "one that can never be placed keeps nobody out");
	create(&setup, 1, &placement);
	tap_ok(tap,
	       place(tap, &setup, 2, &placement) == 0 &&
		       placement.links[0].bdf == PCI_BDF(0, 29, 0),
	       "a place that a cell has is not given away");
}

static void test_slots(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	struct machine_pci functions[33] = {0};
	struct machine_pci *real;
	struct placement placement = {0};

	if (!setup_make(tap, &setup, three))
		return;
	for (unsigned int i = 0; i < 32; i++)
		functions[i].bdf = PCI_BDF(0, i, i % 8);
	functions[7] = (struct machine_pci){.domain = 1, .bdf = PCI_BDF(0, 7, 0)};
	functions[9] = (struct machine_pci){.bdf = PCI_BDF(1, 9, 0)};
	functions[32].bdf = PCI_BDF(0, 31, 0);
	real = setup.machine->pci;
	setup.machine->pci = functions;
	setup.machine->num_pci = ARRAY_SIZE(functions);
	tap_ok(tap,
	       place(tap, &setup, 0, &placement) == 0 &&
		       placement.links[0].bdf == PCI_BDF(0, 9, 0) &&
		       placement.links[1].bdf == PCI_BDF(0, 7, 0),
	       "only devices of bus 0 in domain 0 are in the way, whatever their function");
	setup.input.leaving = 1u << 20;
	tap_ok(tap,
	       place(tap, &setup, 0, &placement) == 0 &&
		       placement.links[0].bdf == PCI_BDF(0, 20, 0),
	       "nor is one that will be gone");
	setup.input.leaving = 0;
	fails(tap, &setup, 2, -ENOSPC, "shared-memory[2]",
	      "no place left on PCI bus 0 for link plant",
	      "where there is no place left it is said");
	setup.machine->pci = real;
}

static void test_disagreement(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	struct placement a = {0};

	if (!setup_make(tap, &setup, three) || place(tap, &setup, 0, &a) < 0)
		return;
	a.links[1].shape.vectors = 3;
	create(&setup, 0, &a);
	fails(tap, &setup, 1, -EINVAL, "shared-memory[0]",
	      "link all is there with other sizes or vectors",
	      "a link that exists in another shape is refused");
}

int main(void)
{
	struct tap tap = {0};

	test_places(&tap);
	test_stability(&tap);
	test_existing(&tap);
	test_shortages(&tap);
	test_slots(&tap);
	test_disagreement(&tap);
	return tap_done(&tap);
}
