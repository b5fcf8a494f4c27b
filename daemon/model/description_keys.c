// SPDX-License-Identifier: GPL-2.0-only
#include "blob.h"
#include "util/sha256.h"
#include "ivshmem.h"
#include "model/description.h"
#include "model/description_keys.h"
#include "model/link.h"
#include "model/signal.h"

/* The longest a person can mean, and safe to add to any clock. */
#define TIME_MAX_NS (24ull * 3600 * 1000 * 1000 * 1000)

#define FILE_NAME_MAX 1024
#define PLACE_MAX     128 /* bytes of a signal's place */
#define UNIT_MAX      31

#define PCI_ID_MAX     16 /* "0000:00:03.0"; who puts "pci:" before it is told what is wanted */
#define PCI_DRIVER_MAX 47

#define RWX (BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE)

static const struct description_word memory_permissions[] = {
	{"r", BLOB_MEM_READ},
	{"rw", BLOB_MEM_READ | BLOB_MEM_WRITE},
	{"rx", BLOB_MEM_READ | BLOB_MEM_EXECUTE},
	{"rwx", RWX},
	{0},
};

static const struct description_key memory_keys[] = {
	{"size", "Size of the region.",
	 .value = BYTES(PAGE_BYTES, GUEST_ADDRESS_END, PAGE_BYTES, TO(description_memory, size)),
	 .required = true},
	{"address", "Guest address. Default: 0 for the first region; the others need one.",
	 .value = BYTES(0, GUEST_ADDRESS_END - PAGE_BYTES, PAGE_BYTES,
			TO(description_memory, address))},
	{"phys", "Physical address, where hardware demands one. Default: the daemon finds a place.",
	 .value = BYTES(0, PHYS_ADDRESS_END - PAGE_BYTES, PAGE_BYTES, TO(description_memory, phys),
			.has = MEMBER(description_memory, has_phys))},
	{"permissions", "What the cell may do with it.",
	 .value = WORDS(WORD, memory_permissions, TO_FLAGS(description_memory, flags, RWX)),
	 DEFAULT(RWX)},
	{"dma", "Whether the cell's devices may access it.",
	 .value = BOOL(TO_FLAGS(description_memory, flags, BLOB_MEM_DMA)), DEFAULT(true)},
	{"loadable", "Whether images can be loaded into it.",
	 .value = BOOL(TO_FLAGS(description_memory, flags, BLOB_MEM_LOADABLE)), DEFAULT(true)},
	{"small-pages", "Whether it is mapped in pages of 4K only.",
	 .value = BOOL(TO_FLAGS(description_memory, flags, BLOB_MEM_NO_HUGEPAGES)), DEFAULT(false)},
	{0},
};

static const struct description_object memory_region = {
	"memory-region", "A region of the cell's memory.", .keys = memory_keys,
	.rule = RULE_MEMORY_REGION};

static const struct description_key comm_keys[] = {
	{"address", "Guest address. Default: right behind the memory at 0, but not below 1M.",
	 .value =
		 BYTES(0, GUEST_ADDRESS_END - PAGE_BYTES, PAGE_BYTES, TO(description, comm_address),
		       .has = MEMBER(description, has_comm_address))},
	{"passive", "Whether the cell is shut down without being asked.",
	 .value = BOOL(TO(description, comm_passive)), DEFAULT(false),
	 .more = "For a program that does not look at the communication region.\n"},
	{0},
};

static const struct description_object comm_region = {
	"comm-region", "The page through which cell and hypervisor talk.", .keys = comm_keys};

static const struct description_key image_keys[] = {
	{"file", "Absolute, or below /usr/lib/cellmgr/images.",
	 .value = LIMITED(FILE, 1, FILE_NAME_MAX, TO(description_image, file)), .required = true},
	{"address", "Guest address.",
	 .value = BYTES(0, GUEST_ADDRESS_END - 1, 1, TO(description_image, address)), DEFAULT(0)},
	{"sha256", "SHA-256 of the file, as sha256sum prints it. Default: any.",
	 .value = LIMITED(STRING, SHA256_TEXT - 1, SHA256_TEXT - 1, TO(description_image, sha256)),
	 .more = "Another file is not loaded.\n"
		 "An image that is handed over the bus must then be one of those with this key, at "
		 "its "
		 "address.\n"},
	{0},
};

static const struct description_object image_file = {
	"image-file", "A file that is loaded before the cell starts.", .keys = image_keys,
	.rule = RULE_IMAGE};

static const struct description_word distances[] = {{"1", 1}, {"4", 4}, {0}};

static const struct description_key uart_keys[] = {
	{"port", "First of its 8 I/O ports.",
	 .value = BYTES(1, PORT_MAX + 1 - UART_REGISTERS, 1, TO(description_console, address))},
	{"mmio", "Physical address of its registers, the same in the cell.",
	 .value = BYTES(4, GUEST_ADDRESS_END - PAGE_BYTES, 4, TO(description_console, address))},
	{"divider", "Of the baud rate; 0 leaves it as it is set up.",
	 .value = LIMITED(NUMBER, 0, UINT16_MAX, TO(description_console, divider)), DEFAULT(0)},
	{"register-distance", "Bytes from one register to the next, with mmio.",
	 .value = WORDS(CHOICE, distances, TO(description_console, register_distance)), DEFAULT(1)},
	{0},
};

static const struct description_object uart = {
	"uart",
	"An 8250, at either port or mmio; it is given to the cell.",
	.keys = uart_keys,
	.rule = RULE_UART,
	.either = {"port", "mmio"},
	.either_doc = "where the UART's registers are"};

/* What is left of LINKS_MAX_BYTES for one section beside the smallest others, in pages. */
#define MAX_OUTPUT_BYTES ((LINKS_MAX_BYTES - LINK_STATE_TABLE) / 2 & ~(uint64_t)(PAGE_BYTES - 1))
#define MAX_COMMON_BYTES (LINKS_MAX_BYTES - LINK_STATE_TABLE - 2 * PAGE_BYTES)

static const struct description_key link_keys[] = {
	{"name", "Name of the link.",
	 .value = LIMITED(NAME, 1, DESCRIPTION_MAX_NAME, TO(description_link, name)),
	 .required = true},
	{"peers", "The cells that it is shared with; root is Linux.",
	 .value = LIST(LIMITED(NAME, 1, DESCRIPTION_MAX_NAME, .to = {0, sizeof(char *)}), 1,
		       LINK_MAX_PEERS - 1, .unique = true, TO(description_link, peers[0]),
		       .count = MEMBER(description_link, num_peers)),
	 .required = true,
	 .more = "The descriptions of these cells have a link of the same name, sizes and vectors "
		 "with this cell\nand the other peers.\n"},
	{"size", "Size of each peer's own section, which the others can read.",
	 .value = BYTES(PAGE_BYTES, MAX_OUTPUT_BYTES, PAGE_BYTES, TO(description_link, output)),
	 .required = true},
	{"common", "Size of the section that all peers can write; 0: none. Default: as size.",
	 .value = BYTES(0, MAX_COMMON_BYTES, PAGE_BYTES, TO(description_link, common),
			.has = MEMBER(description_link, has_common))},
	{"vectors", "Number of interrupts of each peer.",
	 .value = LIMITED(NUMBER, 1, IVSHMEM_MAX_VECTORS, TO(description_link, vectors)),
	 DEFAULT(1)},
	{0},
};

static const struct description_object shared_link = {
	"link", "Memory shared with others, who can be rung, as an ivshmem device.",
	.keys = link_keys, .rule = RULE_LINK};

#define TYPE_WORD(symbol, word, ...) {word, symbol},

static const struct description_word signal_type_words[] = {SIGNAL_TYPES(TYPE_WORD){0}};

static const struct description_word never_stale[] = {{"never", 0}, {0}};

static const struct description_key signal_keys[] = {
	{"at",
	 "Its place: LINK:common/OFFSET, LINK:output/OFFSET, or LINK:output@PEER/OFFSET for the "
	 "section of another peer.",
	 .value = LIMITED(STRING, 1, PLACE_MAX, TO(description_signal, at)), .required = true,
	 .more = "The link must have root among its peers. The offset is in bytes, from where the "
		 "section's header\nends, and a multiple of the value's size.\n"},
	{"type", "What it is in memory.",
	 .value = WORDS(WORD, signal_type_words, TO(description_signal, type)), .required = true},
	{"unit", "For people.",
	 .value = LIMITED(STRING, 1, UNIT_MAX, TO(description_signal, unit))},
	{"write", "Whether it can be written from Linux: one in a section that root may write.",
	 .value = BOOL(TO(description_signal, write)), DEFAULT(false)},
	{"min", "The least that may be written.",
	 .value = REAL(TO(description_signal, min), .has = MEMBER(description_signal, has_min))},
	{"max", "The greatest that may be written.",
	 .value = REAL(TO(description_signal, max), .has = MEMBER(description_signal, has_max))},
	{"scale", "What the number in memory is multiplied with to get the value. Default: 1.",
	 .value =
		 REAL(TO(description_signal, scale), .has = MEMBER(description_signal, has_scale))},
	{"stale-after", "How long after its section was written a value counts as stale.",
	 .value = LIMITED(TIME, 1, TIME_MAX_NS, TO(description_signal, stale_after_ns),
			  .words = never_stale),
	 DEFAULT(0)},
	{0},
};

static const struct description_object signal_object = {
	"signal", "A value in shared memory, under its name.", .keys = signal_keys};

static const struct description_key port_keys[] = {
	{"base", "First port.", .value = BYTES(0, PORT_MAX, 1, TO(description_ports, base)),
	 .required = true},
	{"count", "Number of ports.",
	 .value = LIMITED(NUMBER, 1, PORT_MAX, TO(description_ports, count)), .required = true},
	{0},
};

static const struct description_object port_range = {"port-range", "I/O ports.", .keys = port_keys,
						     .rule = RULE_PORT_RANGE};

/* Second-level page tables know no memory that can be written and not read. */
static const struct description_word mmio_permissions[] = {
	{"r", 0},
	{"rw", BLOB_MEM_WRITE},
	{0},
};

static const struct description_word widths[] = {
	{"1", BLOB_MEM_IO_8},
	{"2", BLOB_MEM_IO_16},
	{"4", BLOB_MEM_IO_32},
	{"8", BLOB_MEM_IO_64},
	{0},
};

static const struct description_key mmio_keys[] = {
	{"phys", "Physical address.",
	 .value = BYTES(0, PHYS_ADDRESS_END - 1, 1, TO(description_mmio, phys)), .required = true},
	{"size", "Size of the region.",
	 .value = BYTES(1, GUEST_ADDRESS_END, 1, TO(description_mmio, size)), .required = true,
	 .more = "What does not consist of whole 4K pages is guarded byte by byte, which costs an "
		 "exit to the\nhypervisor with each access.\n"},
	{"address", "Guest address. Default: the physical one.",
	 .value = BYTES(0, GUEST_ADDRESS_END - 1, 1, TO(description_mmio, address))},
	{"permissions", "What the cell may do with it.",
	 .value = WORDS(WORD, mmio_permissions, TO_FLAGS(description_mmio, flags, BLOB_MEM_WRITE)),
	 DEFAULT(BLOB_MEM_WRITE)},
	{"widths",
	 "Sizes of accesses in bytes that are let through where the region is not made of whole "
	 "pages. Default: all.",
	 .value = LIST(WORDS(CHOICE, widths, TO_FLAGS(description_mmio, flags, 0)), 1, 4)},
	{"unaligned", "Whether unaligned accesses are let through, in the same case.",
	 .value = BOOL(TO_FLAGS(description_mmio, flags, BLOB_MEM_IO_UNALIGNED)), DEFAULT(false)},
	{0},
};

static const struct description_object mmio_region = {"mmio-region", "Registers of a device.",
						      .keys = mmio_keys, .rule = RULE_MMIO_REGION};

static const struct description_key pci_keys[] = {
	{"pci",
	 "Its place, like \"0000:00:03.0\", or vendor and device, like \"8086:10d3\", where the "
	 "machine has one of these only.",
	 .value = LIMITED(STRING, 1, PCI_ID_MAX, TO(description_pci, id)), .required = true},
	{"take-from", "The driver of Linux that it may be taken from.",
	 .value = LIMITED(STRING, 1, PCI_DRIVER_MAX, TO(description_pci, take_from)),
	 .more = "Without this a device that a driver has is refused.\n"
		 "Whoever uses it, by a file system or a network, loses it in the same moment.\n"
		 "When the cell is destroyed the driver gets it back.\n"},
	{0},
};

static const struct description_object pci_device = {
	"pci-device", "A function of the machine's PCI buses.", .keys = pci_keys, .rule = RULE_PCI};

static const struct description_key devices_keys[] = {
	{"ports", "Ranges of I/O ports.",
	 .value = LIST(OBJECT(port_range), 0, DESCRIPTION_MAX_PORTS, TO_ARRAY(ports))},
	{"mmio", "Registers in memory.",
	 .value = LIST(OBJECT(mmio_region), 0, DESCRIPTION_MAX_MMIO, TO_ARRAY(mmio))},
	{"pins",
	 "Interrupt pins of IO-APICs, by their numbers across all of them: Linux' numbers of the "
	 "first.",
	 .value = LIST(LIMITED(CPU, 0, CPU_MASK_MAX - 1, TO(description, pins)), 0, CPU_MASK_MAX,
		       .unique = true),
	 .more = "A pin that a driver of Linux uses is refused. The cell's program reaches the "
		 "IO-APIC's page, where\nonly its pins are.\n"},
	{"pci", "PCI devices.",
	 .value = LIST(OBJECT(pci_device), 0, DESCRIPTION_MAX_PCI, TO_ARRAY(pci))},
	{0},
};

static const struct description_object devices = {
	"devices", "Hardware that is given to the cell and taken from Linux.",
	.keys = devices_keys};

static const struct description_key stop_keys[] = {
	{"timeout", "How long a stop waits for the cell's answer. 0s: without end.",
	 .value = LIMITED(TIME, 0, TIME_MAX_NS, TO(description, stop_timeout_ns)),
	 DEFAULT(DESCRIPTION_DEFAULT_STOP_TIMEOUT_NS),
	 .more = "To wait without end is a warning.\n"},
	{"force", "Whether a cell that refuses or does not answer in time is killed.",
	 .value = BOOL(TO(description, stop_force)), DEFAULT(false)},
	{0},
};

static const struct description_object stop = {"stop", "How the cell is stopped.",
					       .keys = stop_keys};

#define SECOND_NS 1000000000ull

static const struct description_key restart_keys[] = {
	{"delay", "How long after the failure the cell is started again, twice as long each time.",
	 .value = LIMITED(TIME, 0, TIME_MAX_NS, TO(description, restart.delay_ns)),
	 DEFAULT(SECOND_NS)},
	{"max-delay", "The longest that this becomes.",
	 .value = LIMITED(TIME, 0, TIME_MAX_NS, TO(description, restart.max_delay_ns)),
	 DEFAULT(60 * SECOND_NS)},
	{"limit", "How many times it is started again within that time; then it stays failed.",
	 .value = LIMITED(NUMBER, 1, 1000, TO(description, restart.limit)), DEFAULT(5)},
	{"within", "The time that limit is about, from the first of these starts on.",
	 .value = LIMITED(TIME, 1, TIME_MAX_NS, TO(description, restart.within_ns)),
	 DEFAULT(600 * SECOND_NS),
	 .more = "A start that somebody asks for begins to count anew.\n"},
	{0},
};

static const struct description_object restart = {
	"restart", "When a cell that failed is started again, with on-failure restart.",
	.keys = restart_keys};

static const struct description_key reload_keys[] = {
	{"signal", "Name of the signal; one that can be written.",
	 .value = LIMITED(NAME, 1, DESCRIPTION_MAX_NAME, TO(description, reload_signal)),
	 .required = true},
	{"value", "What is written; 1 or 0 where the signal is a bool.",
	 .value = REAL(TO(description, reload_value)), .required = true},
	{0},
};

static const struct description_object reload = {
	"reload", "The signal that systemctl reload writes, to tell the cell's program.",
	.keys = reload_keys};

#define ORDER_LIST(member)                                                         \
	LIST(LIMITED(NAME, 1, DESCRIPTION_MAX_NAME, .to = {0, sizeof(char *)}), 0, \
	     DESCRIPTION_MAX_ORDER, TO(description, member[0]),                    \
	     .count = MEMBER(description, num_##member))

static const struct description_value cpu_count =
	LIMITED(NUMBER, 1, CPU_MASK_MAX - 1, TO(description, cpu_count));

static const struct description_word consoles[] = {
	{"virtual", DESCRIPTION_CONSOLE_VIRTUAL},
	{"none", DESCRIPTION_CONSOLE_NONE},
	{0},
};

static const struct description_value console_word =
	WORDS(WORD, consoles, TO(description, console.type));

static const struct description_value device_list = LIST(
	DEVICE(pci_device), 0, DESCRIPTION_MAX_PORTS + DESCRIPTION_MAX_MMIO + DESCRIPTION_MAX_PCI);

static const struct description_word dma[] = {BUS_DMAS(TYPE_WORD){0}};

static const struct description_word no_heartbeat[] = {{"none", 0}, {0}};

static const struct description_word on_failure[] = {
	{"preserve", DESCRIPTION_ON_FAILURE_PRESERVE},
	{"destroy", DESCRIPTION_ON_FAILURE_DESTROY},
	{"restart", DESCRIPTION_ON_FAILURE_RESTART},
	{"stop-all", DESCRIPTION_ON_FAILURE_STOP_ALL},
	{0},
};

static const struct description_key top_keys[] = {
	{"cpus",
	 "The cell's CPUs by Linux' numbers, never 0; or how many, then the daemon picks them.",
	 .value = LIST(LIMITED(CPU, 0, CPU_MASK_MAX - 1, TO(description, cpus)), 1, CPU_MASK_MAX,
		       .unique = true, .count = MEMBER(description, cpu_count)),
	 .short_form = &cpu_count,
	 .forms = "must be a list of CPUs, like [3], or how many there shall be",
	 .more = "CPUs that a description names are kept for its cell, though it does not run: the "
		 "daemon picks\nthem for no other.\n",
	 .required = true},
	{"memory", "Size of the memory at guest address 0; or a list of regions.",
	 .value = LIST(OBJECT(memory_region), 1, DESCRIPTION_MAX_MEMORY, TO_ARRAY(memory)),
	 .lone = true, .required = true},
	{"comm-region", NULL, .value = OBJECT(comm_region),
	 .more = "The cell is asked there to shut down, and shows its state and heartbeat.\n"},
	{"image",
	 "File loaded to guest address 0: absolute, or below /usr/lib/cellmgr/images; or a list of "
	 "files.",
	 .value = LIST(OBJECT(image_file), 1, DESCRIPTION_MAX_IMAGES, TO_ARRAY(images)),
	 .lone = true,
	 .forms = "must be a file name, or a list of objects with \"file\" and \"address\"",
	 .more = "A file must belong to root and be writable by nobody else.\n",
	 .use = USE_AT_LOAD},
	{"parameters",
	 "Command line for the program in the cell, at guest address 0x1000 with a zero behind it.",
	 .value = LIMITED(STRING, 0, CELL_PARAMETERS_MAX_LENGTH, TO(description, parameters)),
	 .more = "It is put there after all images; without this key nothing is.\n"
		 "Where the cell has several links a word\n"
		 ".Li link.NAME=BDF\nfollows for each, by which its program finds them.\n",
	 .use = USE_AT_LOAD},
	{"entry", "Guest address where the first CPU starts, in real mode.",
	 .value = BYTES(0, UINT32_MAX, 1, TO(description, entry)), DEFAULT(0)},
	{"console",
	 "Where the cell's text goes: to the hypervisor, nowhere, or to a UART of its own.",
	 .value = OBJECT(uart, TO(description, console)), .short_form = &console_word,
	 .forms = "must be \"virtual\", \"none\", or an object that says where a UART is",
	 DEFAULT(DESCRIPTION_CONSOLE_VIRTUAL),
	 .more = "What goes to the hypervisor is shown by\n.Cm cellctl console .\n"},
	{"shared-memory", "Links with Linux and other cells.",
	 .value = LIST(OBJECT(shared_link), 0, DESCRIPTION_MAX_LINKS, TO_ARRAY(links)),
	 .more = "In Linux the memory is\n.Pa /dev/cellmgr/CELL-NAME ;\n"
		 "of several cells the first by its name counts.\n"},
	{"signals", "Values in the shared memory, by their names.",
	 .value = MAP(signal_object, description_signal, DESCRIPTION_MAX_SIGNALS,
		      TO(description, signals), .count = MEMBER(description, num_signals)),
	 .use = USE_AT_ONCE},
	{"devices",
	 "Devices of the cell. In a list: \"pci:PLACE\", \"pci:VENDOR:DEVICE\", "
	 "\"port:FIRST-LAST\", \"mmio:FIRST-LAST\", \"pin:FIRST-LAST\", or an object for a PCI "
	 "device, as under pci.",
	 .value = OBJECT(devices), .short_form = &device_list,
	 .forms = "must be a list, like [\"pci:0000:00:03.0\"], or an object with \"ports\", "
		  "\"mmio\", \"pins\" and \"pci\""},
	{"dma",
	 "What keeps the devices of the cell from memory that is not the cell's: none where they "
	 "cannot reach any; unprotected where nothing does.",
	 .value = WORDS(WORD, dma, TO(description, dma)), DEFAULT(DMA_NONE),
	 .more = "A PCI device can write to all of the machine's memory, that of Linux and of\n"
		 "other cells, whenever the cell's program tells it to.\n"
		 "This version does not drive IOMMUs: a cell with PCI devices needs\n"
		 ".Li \"dma\": \"unprotected\" .\n"},
	{"heartbeat",
	 "The longest time that may pass without the cell's heartbeat moving; none: it is not "
	 "watched.",
	 .value = LIMITED(TIME, 1, TIME_MAX_NS, TO(description, heartbeat_ns),
			  .words = no_heartbeat),
	 DEFAULT(0),
	 .more = "After that time the cell's health is\n.Dq late ,\n"
		 "after three times as long\n.Dq failed .\n"
		 "The daemon looks twice in that time, but no more often than every 20 ms.\n",
	 .use = USE_AT_ONCE},
	{"on-failure",
	 "What becomes of a cell that has failed: preserve leaves everything as it is, destroy "
	 "gives CPUs and memory back to Linux, restart starts it again, stop-all stops all cells.",
	 .value = WORDS(WORD, on_failure, TO(description, on_failure)),
	 DEFAULT(DESCRIPTION_ON_FAILURE_PRESERVE),
	 .more = "A cell that was killed on request is not started again, nor are others stopped\n"
		 "for it; one that fails while somebody has it started is his to deal with.\n"
		 "As long as it is to be started again its service stays active,\n"
		 "and its operation is\n.Dq restart ;\n"
		 "to stop or kill it puts an end to that.\n"
		 "All cells are asked to stop as their descriptions say, the one that was started\n"
		 "last first; one that failed and still runs is killed.\n",
	 .use = USE_AT_ONCE},
	{"restart", NULL, .value = OBJECT(restart), .use = USE_AT_ONCE},
	{"stop", NULL, .value = OBJECT(stop), .use = USE_AT_ONCE},
	{"after", "Cells that it is started after, and stopped before, where they are at all.",
	 .value = ORDER_LIST(after),
	 .more = "This orders the cells' units, see\n.Xr cell@.service 5 .\n", .use = USE_AT_ONCE},
	{"requires", "Cells without which it is not started; it is started after them.",
	 .value = ORDER_LIST(requires), .more = "To start its unit starts theirs.\n",
	 .use = USE_AT_ONCE},
	{"reload", NULL, .value = OBJECT(reload), .use = USE_AT_ONCE},
	{0},
};

const struct description_object description_top = {
	"", "One cell: /etc/cellmgr/cells/NAME.json, read by cellmgrd.", .keys = top_keys};

const struct description_object *const description_objects[] = {
	&description_top, &memory_region, &comm_region, &image_file, &uart,
	&shared_link,	  &signal_object, &devices,	&port_range, &mmio_region,
	&pci_device,	  &stop,	  &restart,	&reload,     NULL,
};
