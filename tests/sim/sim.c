// SPDX-License-Identifier: GPL-2.0-only
/*
 * Turns and memory. The hypervisor's code runs until an instruction faults that is not for a
 * process; the exit that is measured runs with the trap flag set, so that a signal comes after each
 * instruction. Memory lies where the image was linked; a page through which it looks at other
 * memory is mapped when it flushes that page's translation, which is when it has changed it.
 */
#include "sim.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "arch/x86/apic.h"
#include "arch/x86/setup/setup.h"
#include "blob.h"
#include "image_abi.h"
#include "sim_cpu.h"

#define PAGE	   4096ull
#define TRAP_FLAG  0x100
#define TURNS	   200000 /* of all CPUs together, until none has anything to do */
#define MAX_TRAPS  128
#define LEAVE	   0x6fff00001000ull
#define APIC_SIZE  PAGE
#define TABLE_BITS 0x000ffffffffff000ull

struct sim sim;
bool sim_assists = true;
bool sim_x2apic;
uint64_t sim_event;
void (*sim_prepare)(struct image_header *header, struct system_desc *system);

static int memory_fd;
static uint8_t *memory;
static uint8_t *apics; /* a page for each CPU, behind the memory */
/* What the signals work with. */
static struct sim_cpu *volatile running;
static bool counting; /* instruction by instruction */
static uint64_t last_rip;
static greg_t test_context[NGREG];
static bool apic_written;
static uint64_t apic_offset;
static uint32_t apic_before;
static struct trap {
	uint64_t address;
	uint8_t code[2]; /* what the image has there */
} traps[MAX_TRAPS];
static unsigned int num_traps;

static const int context_reg[SIM_REGS] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8,	 REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("Bail out! ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	_exit(1);
}

static unsigned int index_of(const struct sim_cpu *cpu)
{
	return cpu - sim.cpu;
}

void *sim_memory(uint64_t address, size_t size)
{
	if (address > SIM_MEMORY_SIZE || size > SIM_MEMORY_SIZE - address)
		die("the test looks at memory 0x%lx that is not there", address);
	return memory + address;
}

struct vmcb *sim_vmcb(unsigned int cpu)
{
	return sim_memory(sim.cpu[cpu].vmcb_phys, sizeof(struct vmcb));
}

static void map_at(uint64_t virt, uint64_t offset, uint64_t size, int protection)
{
	if (mmap((void *)virt, size, protection, MAP_SHARED | MAP_FIXED, memory_fd,
		 (off_t)offset) == MAP_FAILED)
		die("cannot map 0x%lx", virt);
}

/* What the hypervisor's own tables say of one of its temporary pages. */
void sim_flush_page(struct sim_cpu *cpu, uint64_t address)
{
	uint64_t table = cpu->cr[3], entry = 0;

	for (unsigned int shift = 39; shift >= 12; shift -= 9) {
		memcpy(&entry, sim_memory((table & TABLE_BITS) + (address >> shift & 511) * 8, 8),
		       8);
		if (!(entry & 1))
			die("flush of 0x%lx, which is not mapped", address);
		table = entry;
	}
	if ((entry & TABLE_BITS) < SIM_MEMORY_SIZE)
		map_at(address & ~(PAGE - 1), entry & TABLE_BITS, PAGE, PROT_READ | PROT_WRITE);
	else if (mmap((void *)(address & ~(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		die("cannot map a device");
}

static void show_apic(const struct sim_cpu *cpu)
{
	map_at(APIC_VIRT, SIM_MEMORY_SIZE + index_of(cpu) * APIC_SIZE, APIC_SIZE,
	       sim_x2apic ? PROT_NONE : PROT_READ);
}

uint32_t *sim_apic(unsigned int cpu, unsigned int offset)
{
	return (uint32_t *)(apics + cpu * APIC_SIZE + offset);
}

static void load_context(ucontext_t *context, const struct sim_cpu *cpu)
{
	greg_t *gregs = context->uc_mcontext.gregs;

	for (unsigned int n = 0; n < SIM_REGS; n++)
		gregs[context_reg[n]] = (greg_t)cpu->reg[n];
	gregs[REG_RIP] = (greg_t)cpu->rip;
	gregs[REG_EFL] = (greg_t)(cpu->flags | (counting || apic_written ? TRAP_FLAG : 0));
}

static void store_context(struct sim_cpu *cpu, const ucontext_t *context)
{
	const greg_t *gregs = context->uc_mcontext.gregs;

	for (unsigned int n = 0; n < SIM_REGS; n++)
		cpu->reg[n] = (uint64_t)gregs[context_reg[n]];
	cpu->rip = (uint64_t)gregs[REG_RIP];
	cpu->flags = (uint64_t)gregs[REG_EFL] & ~(uint64_t)TRAP_FLAG;
}

/* Goes on with the running CPU, or back to the test where its turn is over. */
static void go_on(ucontext_t *context)
{
	while (running->state == SIM_READY && !running->waits) {
		if (running->rip == LEAVE) {
			running->state = SIM_LEFT;
			break;
		}
		last_rip = running->rip;
		if (!counting || !sim_instruction(running)) {
			load_context(context, running);
			return;
		}
		running->instructions += running->state != SIM_GUEST;
	}
	memcpy(context->uc_mcontext.gregs, test_context, sizeof(test_context));
}

bool (*sim_on_instruction)(unsigned long count);

/* After an instruction; repetitions of a string instruction are one. */
static void on_trap(int signal, siginfo_t *info, void *data)
{
	ucontext_t *context = data;

	store_context(running, context);
	running->instructions += running->rip != last_rip;
	if (counting && sim_on_instruction)
		counting = sim_on_instruction(running->instructions);
	if (apic_written) {
		apic_written = false;
		sim_apic_written(index_of(running), apic_offset, apic_before);
		show_apic(running);
	}
	go_on(context);
}

static bool is_apic(uint64_t address)
{
	return address >= APIC_VIRT && address < APIC_VIRT + APIC_SIZE;
}

static void on_fault(int signal, siginfo_t *info, void *data)
{
	ucontext_t *context = data;
	uint64_t address = (uint64_t)info->si_addr;

	if (!running)
		die("the test itself faulted at %p", info->si_addr);
	store_context(running, context);
	if (signal == SIGSEGV && info->si_code == SEGV_ACCERR && is_apic(address) && !sim_x2apic) {
		/* Carried out on the page, and looked at after the instruction. */
		apic_written = true;
		apic_offset = address & (PAGE - 1);
		apic_before = *sim_apic(index_of(running), apic_offset & ~3ull);
		map_at(APIC_VIRT, SIM_MEMORY_SIZE + index_of(running) * APIC_SIZE, APIC_SIZE,
		       PROT_READ | PROT_WRITE);
		load_context(context, running);
		return;
	}
	/* Where the way out leads, nothing is mapped: go_on() sees to it. */
	if (running->rip != LEAVE && !sim_instruction(running)) {
		running->cr[2] = address;
		if (!running->idtr.base)
			die("fault at 0x%lx, rip 0x%lx", address, running->rip);
		sim_deliver(running, 14, true, 0);
	}
	go_on(context);
}

/* Raised by the test to begin a CPU's turn. */
static void on_turn(int signal, siginfo_t *info, void *data)
{
	ucontext_t *context = data;

	memcpy(test_context, context->uc_mcontext.gregs, sizeof(test_context));
	go_on(context);
}

static void take_turn(struct sim_cpu *cpu)
{
	show_apic(cpu);
	cpu->waits = false;
	running = cpu;
	raise(SIGUSR1);
	running = NULL;
}

/* The instruction at RIP, where the test has written it (sim_write_code). */
static void assist(struct sim_cpu *cpu, struct vmcb *vmcb)
{
	bool instruction = vmcb->exit_code == VMEXIT_CPUID || vmcb->exit_code == VMEXIT_VMMCALL ||
			   vmcb->exit_code == VMEXIT_MSR || vmcb->exit_code == VMEXIT_IOIO ||
			   vmcb->exit_code == VMEXIT_INVD || vmcb->exit_code == VMEXIT_WBINVD;

	vmcb->event_injection = 0;
	vmcb->next_rip = sim_assists && instruction ? vmcb->rip + cpu->code_size : 0;
	/* Other exits leave there what was told last. */
	if (vmcb->exit_code != VMEXIT_NPF)
		return;
	vmcb->bytes_fetched = sim_assists ? 15 : 0;
	memcpy(vmcb->instruction, cpu->code, sizeof(cpu->code));
}

static bool may_run(struct sim_cpu *cpu)
{
	if (cpu->state == SIM_GUEST && cpu->nmi_pending) {
		struct vmcb *vmcb = sim_vmcb(index_of(cpu));

		vmcb->exit_code = VMEXIT_NMI;
		vmcb->exit_info1 = vmcb->exit_info2 = vmcb->exit_int_info = 0;
		assist(cpu, vmcb);
		cpu->state = SIM_READY;
	}
	return cpu->state == SIM_READY;
}

/* Until nobody runs the hypervisor any more. Instructions of one CPU, or of none, are counted. */
static bool run_all(const struct sim_cpu *measured)
{
	unsigned int turns = TURNS;
	bool busy = true;

	while (busy && turns > 0) {
		busy = false;
		for (unsigned int n = 0; n < sim.num_cpus; n++) {
			if (!may_run(&sim.cpu[n]))
				continue;
			counting = &sim.cpu[n] == measured;
			take_turn(&sim.cpu[n]);
			turns -= turns > 0;
			busy = true;
		}
	}
	return !busy;
}

static long exit_guest(unsigned int cpu, uint64_t code, uint64_t info1, uint64_t info2, bool count)
{
	struct vmcb *vmcb = sim_vmcb(cpu);

	vmcb->exit_code = code;
	vmcb->exit_info1 = info1;
	vmcb->exit_info2 = info2;
	vmcb->exit_int_info = sim_event;
	sim_event = 0;
	assist(&sim.cpu[cpu], vmcb);
	sim.cpu[cpu].state = SIM_READY;
	sim.cpu[cpu].instructions = 0;
	return run_all(count ? &sim.cpu[cpu] : NULL) ? (long)sim.cpu[cpu].instructions : -1;
}

bool sim_exit(unsigned int cpu, uint64_t code, uint64_t info1, uint64_t info2)
{
	return exit_guest(cpu, code, info1, info2, false) >= 0;
}

long sim_measure(unsigned int cpu, uint64_t code, uint64_t info1, uint64_t info2)
{
	return exit_guest(cpu, code, info1, info2, true);
}

static void catch_signals(void)
{
	static uint8_t stack[65536];
	const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

	sigaltstack(&alternate, NULL);
	action.sa_sigaction = on_trap;
	sigaction(SIGTRAP, &action, NULL);
	action.sa_sigaction = on_turn;
	sigaction(SIGUSR1, &action, NULL);
	action.sa_sigaction = on_fault;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGILL, &action, NULL);
}

static void make_memory(void)
{
	uint64_t size = SIM_MEMORY_SIZE + SIM_MAX_CPUS * APIC_SIZE;

	memory_fd = memfd_create("memory", MFD_CLOEXEC);
	if (memory_fd < 0 || ftruncate(memory_fd, (off_t)size) < 0)
		die("cannot make memory");
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	if (memory == MAP_FAILED)
		die("cannot map memory");
	apics = memory + SIM_MEMORY_SIZE;
	for (uint32_t n = 0; n < SIM_MAX_CPUS; n++) {
		/* With all local vectors that there may be. */
		*sim_apic(n, APIC_ID) = n << 24;
		*sim_apic(n, APIC_VERSION) = VERSION_EXTENDED | 0x60010;
		*sim_apic(n, APIC_EXTENDED_FEATURE) = 4 << 16;
		*sim_apic(n, APIC_SVR) = SVR_ENABLE | 0xff;
	}
	map_at(IMAGE_BASE, SIM_HV_START, SIM_HV_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* All memory but the hypervisor's is root's. Returns its size. */
static size_t write_system_blob(void *at)
{
	const uint64_t rights = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE;
	const struct blob_memory regions[] = {
		{0, 0, SIM_HV_START, rights},
		{SIM_HV_START + SIM_HV_SIZE, SIM_HV_START + SIM_HV_SIZE,
		 SIM_MEMORY_SIZE - SIM_HV_START - SIM_HV_SIZE, rights},
	};
	const struct blob_pio ports = {0x3f8, 8};
	struct system_desc *system = at;
	uint8_t *arrays = (uint8_t *)(system + 1);
	uint64_t cpus = (1ull << sim.num_cpus) - 1;

	memcpy(system->signature, BLOB_SYSTEM_SIGNATURE, BLOB_SIGNATURE_LEN);
	system->revision = BLOB_REVISION;
	system->flags = BLOB_SYS_CONSOLE_READABLE;
	/* A wait of a second takes as many looks at the time stamp counter. */
	system->platform.x86.tsc_khz = 10;
	system->hypervisor_memory.phys_start = SIM_HV_START;
	system->hypervisor_memory.size = SIM_HV_SIZE;
	strcpy(system->root_cell.name, "root");
	system->root_cell.cpu_set_size = sizeof(cpus);
	system->root_cell.num_memory_regions = 2;
	system->root_cell.num_pio_regions = 1;
	memcpy(arrays, &cpus, sizeof(cpus));
	memcpy(arrays + sizeof(cpus), regions, sizeof(regions));
	memcpy(arrays + sizeof(cpus) + sizeof(regions), &ports, sizeof(ports));
	return sizeof(*system) + sizeof(cpus) + sizeof(regions) + sizeof(ports);
}

static struct image_header *load_image(const char *file)
{
	struct image_header *header = (struct image_header *)IMAGE_BASE;
	FILE *stream = fopen(file, "re");

	if (!stream || fread((void *)IMAGE_BASE, 1, SIM_HV_SIZE, stream) < sizeof(*header) ||
	    memcmp(header->magic, IMAGE_MAGIC, IMAGE_MAGIC_LEN) != 0)
		die("%s is not an image", file);
	fclose(stream);
	header->phys_start = SIM_HV_START;
	header->size = SIM_HV_SIZE;
	header->system_blob_offset = header->core_size + sim.num_cpus * header->percpu_size;
	header->system_blob_size =
		write_system_blob((void *)(IMAGE_BASE + header->system_blob_offset));
	header->page_pool_offset =
		(header->system_blob_offset + header->system_blob_size + PAGE - 1) & ~(PAGE - 1);
	header->trampoline_virt = LEAVE & ~(PAGE - 1);
	header->trampoline_phys = PAGE;
	header->trampoline_leave = LEAVE;
	header->num_cpus = header->max_cpus = sim.num_cpus;
	for (unsigned int n = 0; n < sim.num_cpus; n++) {
		header->hardware_ids[n] = n;
		header->cpu_entering[n] = 1;
	}
	return header;
}

void sim_read_code(uint64_t address, uint8_t *bytes, size_t size)
{
	memcpy(bytes, (const void *)address, size);
	for (unsigned int n = 0; n < num_traps; n++) {
		if (traps[n].address == address)
			memcpy(bytes, traps[n].code, sizeof(traps[n].code));
	}
}

/* UD2 in place of the first two bytes. */
static void set_traps(const char *file)
{
	static const uint8_t ud2[2] = {0x0f, 0x0b};
	FILE *stream = fopen(file, "re");
	uint64_t address;

	num_traps = 0;
	while (stream && fscanf(stream, "%lx", &address) == 1) {
		if (num_traps == MAX_TRAPS)
			die("%s: more than %d addresses", file, MAX_TRAPS);
		traps[num_traps].address = address;
		memcpy(traps[num_traps++].code, (const void *)address, sizeof(ud2));
		memcpy((void *)address, ud2, sizeof(ud2));
	}
	if (num_traps == 0)
		die("%s has no addresses", file);
	fclose(stream);
}

char *sim_console(void)
{
	const struct image_header *header = (const struct image_header *)IMAGE_BASE;
	const struct public_area *public = (const void *)(IMAGE_BASE + header->public_offset);

	return strndup((const char *)public->console.buffer, public->console.head);
}

bool sim_enter(const char *image, const char *trap_file, unsigned int num_cpus, uint64_t absent)
{
	struct image_header *header;

	sim.num_cpus = num_cpus;
	make_memory();
	header = load_image(image);
	set_traps(trap_file);
	catch_signals();
	for (unsigned int n = 0; n < num_cpus; n++) {
		struct sim_cpu *cpu = &sim.cpu[n];

		cpu->state = absent & (1ull << n) ? SIM_HALTED : SIM_READY;
		cpu->rip = header->entry;
		cpu->reg[SIM_RCX] = n;
		cpu->reg[SIM_RDX] = SIM_RESUME;
		cpu->flags = 2;
		cpu->cr[0] = 0x80050033;
		cpu->cr[4] = 0x406e0;
		*sim_msr(cpu, 0x1b) = 0xfee00800 | sim_x2apic << 10;
		*sim_msr(cpu, MSR_X2APIC(APIC_ID)) = n;
		*sim_msr(cpu, MSR_X2APIC(APIC_VERSION)) = *sim_apic(n, APIC_VERSION);
		*sim_msr(cpu, MSR_X2APIC(APIC_EXTENDED_FEATURE)) =
			*sim_apic(n, APIC_EXTENDED_FEATURE);
		*sim_msr(cpu, 0x277) = 0x7040600070406ull;
		*sim_msr(cpu, 0xc0000080) = 0x1d01;
		*sim_msr(cpu, 0x48) = SIM_SPEC_CTRL;
		*sim_msr(cpu, 0x179) = SIM_BANKS;
	}
	if (sim_prepare)
		sim_prepare(header, (void *)(IMAGE_BASE + header->system_blob_offset));
	return run_all(NULL);
}

void sim_open(const char *image, const char *trap_file, unsigned int num_cpus)
{
	if (!sim_enter(image, trap_file, num_cpus, 0) || sim.cpu[0].state != SIM_GUEST)
		die("the hypervisor did not open: state %d, rip 0x%lx, result %ld; it said: %s",
		    sim.cpu[0].state, sim.cpu[0].rip, (long)sim.cpu[0].reg[SIM_RAX], sim_console());
}
