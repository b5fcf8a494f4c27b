// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_code IMAGE TRAPS: the bytes of a guest's instruction where the processor does not tell
 * them: by the guest's own tables in each format that there is (APM vol. 2, chapter 5), from its
 * memory and nothing else. Seen by how far an instruction leads.
 */
#include <string.h>

#include "arch/x86/msr.h"
#include "arch/x86/processor.h"
#include "arch/x86/svm.h"
#include "page.h"
#include "sim_guest.h"
#include "tests/lib/tap.h"

#define ROOT	   0
#define TABLES	   0x10020ull /* PAE's first table is aligned to 32 bytes only */
#define NEXT_TABLE 0x20000ull
#define PAGE_A	   0x600000ull
#define PAGE_B	   0x705000ull
#define PAGE_MASK  (~(PAGE_BYTES - 1))
#define UNUSED	   (0xe00ull | PTE_ACCESSED | PTE_DIRTY | PTE_USER)
#define CODE_64	   0x0a9b
#define CODE_32	   0x0c9b
#define PSE36_BIT  13
#define EOI	   0xb0

static const uint8_t code[] = {0x89, 0x87, EOI, 0, 0, 0}; /* mov %eax, 0xb0(%rdi) */
#define SIZE sizeof(code)

static const struct format {
	const char *name;
	uint64_t cr4, efer;
	unsigned int levels, entry_size, index_bits;
	unsigned int leaf; /* level whose entry is the page */
	uint64_t linear;
} formats[] = {
	{"long mode, 4 KiB", CR4_PAE, EFER_LMA, 4, 8, 9, 1, 0xffff8123456ff000},
	{"long mode, 2 MiB", CR4_PAE, EFER_LMA, 4, 8, 9, 2, 0xffff812345701000},
	{"long mode, 1 GiB", CR4_PAE, EFER_LMA, 4, 8, 9, 3, 0x0000123480200000},
	{"five levels, 4 KiB", CR4_PAE | CR4_LA57, EFER_LMA, 5, 8, 9, 1, 0x00fe123456fff000},
	{"five levels, 2 MiB", CR4_PAE | CR4_LA57, EFER_LMA, 5, 8, 9, 2, 0xff12812345701000},
	{"PAE, 4 KiB", CR4_PAE, 0, 3, 8, 9, 1, 0xc56ff000},
	{"PAE, 2 MiB", CR4_PAE, 0, 3, 8, 9, 2, 0xc5701000},
	{"two levels, 4 KiB", CR4_PSE, 0, 2, 4, 10, 1, 0xc56ff000},
	{"two levels, 4 MiB", CR4_PSE, 0, 2, 4, 10, 2, 0xc5600000},
	{"two levels without large pages", 0, 0, 2, 4, 10, 1, 0xc5600000},
};
#define FORMATS (sizeof(formats) / sizeof(*formats))

static struct vmcb *vmcb;
static uint64_t next_table;

static void *guest(uint64_t address)
{
	return sim_memory(address, PAGE_BYTES);
}

static void use(const struct format *format)
{
	memset(guest(TABLES & PAGE_MASK), 0, PAGE_BYTES);
	for (next_table = NEXT_TABLE; next_table < NEXT_TABLE + 16 * PAGE_BYTES;
	     next_table += PAGE_BYTES)
		memset(guest(next_table), 0, PAGE_BYTES);
	next_table = NEXT_TABLE;
	vmcb->cr0 = CR0_PG | CR0_PE;
	vmcb->cr3 = (format->cr4 & CR4_PAE) && !format->efer ? TABLES : TABLES & PAGE_MASK;
	vmcb->cr4 = format->cr4;
	vmcb->efer = format->efer | EFER_SVME;
	vmcb->cs.attributes = format->efer ? CODE_64 : CODE_32;
	vmcb->cs.base = 0;
}

static uint64_t *entry_of(const struct format *format, unsigned int level, uint64_t linear)
{
	uint64_t table = vmcb->cr3, *entry = NULL;

	for (unsigned int at = format->levels; at >= level; at--) {
		unsigned int shift = 12 + (at - 1) * format->index_bits;

		entry = (uint64_t *)(guest(table) +
				     (linear >> shift & ((1u << format->index_bits) - 1)) *
					     format->entry_size);
		if (at > level && !(*(uint32_t *)entry & PTE_PRESENT)) {
			/* Of what is no large page the bit says nothing. */
			uint64_t value = next_table | PTE_PRESENT | (format->cr4 ? 0 : PTE_LARGE);

			memcpy(entry, &value, format->entry_size);
			next_table += PAGE_BYTES;
		}
		table = *(uint32_t *)entry & PAGE_MASK;
	}
	return entry;
}

static void map(const struct format *format, uint64_t linear, uint64_t page)
{
	uint64_t value = page | PTE_PRESENT | UNUSED | (format->leaf > 1 ? PTE_LARGE : 0) |
			 (format->entry_size == 8 ? PTE_NX : 0);

	memcpy(entry_of(format, format->leaf, linear), &value, format->entry_size);
}

/* How far an instruction there leads; 0: it was not read, and #GP is raised. */
static uint64_t read_at(uint64_t rip)
{
	vmcb->rip = rip;
	sim_exit(ROOT, VMEXIT_NPF, 0x100000007, SIM_APIC + EOI);
	return vmcb->rip - rip;
}

static void test_formats(struct tap *tap)
{
	for (size_t n = 0; n < FORMATS; n++) {
		const struct format *format = &formats[n];
		bool large = format->leaf > 1;
		uint64_t size = PAGE_BYTES << (format->leaf - 1) * format->index_bits;
		/* A large page shows its own bytes of memory, from 0 on. */
		uint64_t page = large ? 0 : PAGE_A,
			 at = large ? format->linear & (size - 1) : PAGE_A;
		uint64_t edge = PAGE_BYTES - SIZE / 2;

		use(format);
		map(format, format->linear, page);
		memcpy((uint8_t *)guest(at) + 0x70, code, SIZE);
		tap_is_u64(tap, read_at(format->linear + 0x70), SIZE, "%s", format->name);
		memcpy((uint8_t *)guest(at) + edge, code, SIZE / 2);
		if (!large) {
			tap_is_u64(tap, read_at(format->linear + edge), 0,
				   "not up to a page that is not there");
			map(format, format->linear + PAGE_BYTES, PAGE_B);
		}
		memcpy(guest(large ? at + PAGE_BYTES : PAGE_B), code + SIZE / 2, SIZE / 2);
		tap_is_u64(tap, read_at(format->linear + edge), SIZE, "into the next page");
	}
}

static void test_missing(struct tap *tap)
{
	unsigned int wrong = 0;

	for (size_t n = 0; n < FORMATS; n++) {
		for (unsigned int level = formats[n].levels; level >= formats[n].leaf; level--) {
			use(&formats[n]);
			map(&formats[n], formats[n].linear, 0);
			*(uint32_t *)entry_of(&formats[n], level, formats[n].linear) &=
				~(uint32_t)PTE_PRESENT;
			wrong += read_at(formats[n].linear) != 0;
		}
	}
	tap_is_u64(tap, wrong, 0, "an entry that is not present ends it at each level");
}

/* What a page of 4 MiB shows that is above 4 GiB, where there is no memory. */
static void test_pse36(struct tap *tap)
{
	const struct format *format = &formats[8];

	use(format);
	map(format, 0xc5400000, 0);
	memcpy((uint8_t *)guest(0x1000) + 0x80, code, SIZE);
	tap_is_u64(tap, read_at(0xc5401080), SIZE, "a page of 4 MiB");
	map(format, 0xc5400000, 1u << PSE36_BIT);
	tap_is_u64(tap, read_at(0xc5401080), 0, "has an address of 40 bits");
}

static void test_segments(struct tap *tap)
{
	use(&formats[5]);
	map(&formats[5], 0xc56ff000, PAGE_A);
	memcpy((uint8_t *)guest(PAGE_A) + 0x1c0, code, SIZE);
	vmcb->cs.base = 0xffff0000;
	tap_is_u64(tap, read_at(0xc56ff1c0 + 0x10000), SIZE, "a segment's base wraps at 4 GiB");
	vmcb->cr0 = CR0_PE;
	tap_is_u64(tap, read_at(PAGE_A + 0x101c0), SIZE, "without paging as well");
	use(&formats[0]);
	map(&formats[0], formats[0].linear, PAGE_A);
	vmcb->cs.base = 0x5000;
	tap_is_u64(tap, read_at(formats[0].linear + 0x1c0), SIZE, "64-bit code has none");
}

static void test_foreign(struct tap *tap)
{
	use(&formats[0]);
	vmcb->cr3 = SIM_HV_START;
	tap_is_u64(tap, read_at(formats[0].linear), 0, "tables that are not the guest's memory");
	vmcb->cr3 = SIM_APIC;
	tap_is_u64(tap, read_at(formats[0].linear), 0, "or a device's");
	use(&formats[0]);
	memcpy((uint8_t *)sim_memory(SIM_HV_START + SIM_HV_SIZE - PAGE_BYTES, PAGE_BYTES), code,
	       SIZE);
	map(&formats[0], formats[0].linear, SIM_HV_START + SIM_HV_SIZE - PAGE_BYTES);
	tap_is_u64(tap, read_at(formats[0].linear), 0, "code that is not");
	map(&formats[0], formats[0].linear, SIM_APIC);
	tap_is_u64(tap, read_at(formats[0].linear), 0, "and that in a device");
}

int main(int argc, char **argv)
{
	struct tap tap = {0};

	sim_open(argv[1], argv[2], 1);
	vmcb = sim_vmcb(ROOT);
	sim_assists = false;
	test_formats(&tap);
	test_missing(&tap);
	test_pse36(&tap);
	test_segments(&tap);
	test_foreign(&tap);
	return tap_done(&tap);
}
