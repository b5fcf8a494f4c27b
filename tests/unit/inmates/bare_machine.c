// SPDX-License-Identifier: GPL-2.0-only
#include "bare_machine.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_SIZE    (16u << 20)
#define MEMORY_OPTIONS "memory-backend-file,id=ram,share=on,size=16M,mem-path="
#define ROM_SIZE       65536u
#define RESET_OFFSET   0xfff0u
#define CONSOLE_PORT   0x3f8
#define KHZ	       1000000 /* with -icount shift=0 one instruction is 1 ns */
#define POLL_MS	       5

static void die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

volatile struct comm_region *machine_comm(const struct machine *machine)
{
	return (volatile struct comm_region *)(machine->memory + machine->comm_address);
}

volatile struct comm_heartbeat *machine_heartbeat(const struct machine *machine)
{
	return (volatile struct comm_heartbeat *)(machine->memory + machine->comm_address +
						  COMM_HEARTBEAT_OFFSET);
}

const volatile struct comm_last_words *machine_last_words(const struct machine *machine)
{
	return (const volatile struct comm_last_words *)((uintptr_t)machine_comm(machine) +
							 COMM_LAST_WORDS_OFFSET);
}

/* Size read; the file must fit. */
static size_t read_file(const char *path, void *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		die(path);
	got = read(fd, buffer, size);
	close(fd);
	if (got < 0 || (size_t)got == size)
		die(path);
	return got;
}

/* A jump to 0:0 where the processor begins. */
static void write_rom(const char *path)
{
	static uint8_t rom[ROM_SIZE];
	static const uint8_t far_jump[] = {0xea, 0, 0, 0, 0};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	memcpy(rom + RESET_OFFSET, far_jump, sizeof(far_jump));
	if (fd < 0 || write(fd, rom, sizeof(rom)) != (ssize_t)sizeof(rom))
		die(path);
	close(fd);
}

static void *map_memory(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *memory;

	if (fd < 0 || ftruncate(fd, MEMORY_SIZE) < 0)
		die(path);
	memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		die(path);
	return memory;
}

static void fill_memory(const struct machine_setup *setup, struct machine *machine,
			const char *image, const char *parameters, unsigned int cpus)
{
	volatile struct comm_region *comm = machine_comm(machine);
	char path[256];

	snprintf(path, sizeof(path), "%s/%s.bin", setup->images, image);
	read_file(path, machine->memory, machine->comm_address);
	if (strlen(parameters) >= CELL_PARAMETERS_SIZE)
		die("parameters too long");
	strcpy((char *)machine->memory + CELL_PARAMETERS_ADDRESS, parameters);
	memcpy((void *)comm->signature, COMM_REGION_MAGIC, sizeof(comm->signature));
	comm->revision = COMM_REGION_REVISION;
	comm->console.address = CONSOLE_PORT;
	comm->console.size = 8;
	comm->console.type = CONSOLE_8250;
	comm->console.divider = 1;
	comm->num_cpus = cpus;
	comm->tsc_khz = KHZ;
	comm->apic_khz = KHZ;
}

static pid_t spawn_qemu(const struct machine_setup *setup, unsigned int cpus)
{
	char memory[160], console[160], smp[16], machine[64];
	const char *argv[48] = {setup->qemu,
				"-machine",
				machine,
				"-cpu",
				setup->cpu ? setup->cpu : "qemu64,+mtrr,+pat",
				"-m",
				"16M",
				"-smp",
				smp,
				"-object",
				memory,
				"-bios",
				setup->rom_path,
				"-icount",
				"shift=0,sleep=off",
				"-nodefaults",
				"-display",
				"none",
				"-no-reboot",
				"-serial",
				console,
				NULL};
	unsigned int end = 0;
	pid_t pid;

	while (argv[end])
		end++;
	for (unsigned int n = 0; setup->devices[n]; n++) {
		argv[end++] = "-device";
		argv[end++] = setup->devices[n];
	}
	snprintf(machine, sizeof(machine), "%s,accel=tcg,memory-backend=ram",
		 setup->machine ? setup->machine : "pc");
	snprintf(memory, sizeof(memory), MEMORY_OPTIONS "%s", setup->memory_path);
	snprintf(console, sizeof(console), "file:%s", setup->console_path);
	snprintf(smp, sizeof(smp), "%u", cpus);
	pid = fork();
	if (pid < 0)
		die("cannot start QEMU");
	if (pid == 0) {
		/* Whatever ends the test ends the machine. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(setup->qemu, (char **)argv);
		_exit(127);
	}
	return pid;
}

void machine_start_at(const struct machine_setup *setup, struct machine *machine, const char *image,
		      const char *parameters, unsigned int cpus, size_t comm_address)
{
	printf("# %s \"%s\", %u CPU(s)\n", image, parameters, cpus);
	memset(machine, 0, sizeof(*machine));
	machine->comm_address = comm_address;
	unlink(setup->console_path);
	machine->memory = map_memory(setup->memory_path);
	fill_memory(setup, machine, image, parameters, cpus);
	machine->pid = spawn_qemu(setup, cpus);
}

void machine_start(const struct machine_setup *setup, struct machine *machine, const char *image,
		   const char *parameters, unsigned int cpus)
{
	machine_start_at(setup, machine, image, parameters, cpus, MACHINE_COMM_ADDRESS);
}

bool machine_wait(struct machine *machine, bool (*condition)(const struct machine *machine))
{
	static const struct timespec pause = {.tv_nsec = POLL_MS * 1000000};

	for (unsigned int waited = 0; waited < MACHINE_TIMEOUT_MS; waited += POLL_MS) {
		if (condition(machine))
			return true;
		if (machine->pid > 0 && waitpid(machine->pid, NULL, WNOHANG) == machine->pid) {
			machine->pid = 0;
			return condition(machine);
		}
		nanosleep(&pause, NULL);
	}
	return false;
}

void machine_stop(const struct machine_setup *setup, struct machine *machine)
{
	/* Characters go to the file as the program writes them: nothing gets lost. */
	if (machine->pid > 0) {
		kill(machine->pid, SIGKILL);
		waitpid(machine->pid, NULL, 0);
		machine->pid = 0;
	}
	machine->console[read_file(setup->console_path, machine->console, MACHINE_CONSOLE_SIZE)] =
		0;
}

void machine_release(struct machine *machine)
{
	munmap(machine->memory, MEMORY_SIZE);
}

void machine_setup(struct machine_setup *setup, const char *qemu, const char *images)
{
	setup->qemu = qemu;
	setup->images = images;
	strcpy(setup->directory, "/tmp/test-boot-XXXXXX");
	if (!mkdtemp(setup->directory))
		die("no temporary directory");
	snprintf(setup->memory_path, sizeof(setup->memory_path), "%s/memory", setup->directory);
	snprintf(setup->rom_path, sizeof(setup->rom_path), "%s/rom", setup->directory);
	snprintf(setup->console_path, sizeof(setup->console_path), "%s/console", setup->directory);
	write_rom(setup->rom_path);
}

void machine_cleanup(const struct machine_setup *setup)
{
	unlink(setup->memory_path);
	unlink(setup->rom_path);
	unlink(setup->console_path);
	rmdir(setup->directory);
}
