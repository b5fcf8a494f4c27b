// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/quantity.h"
#include "daemon/model/config.h"
#include "daemon/model/machine.h"
#include "doctor/doctor.h"

#define SECURE_BOOT    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define EFI_ATTRIBUTES 4 /* bytes in front of a variable's value */
#define FIRST_KERNEL   (6 * 1000 + 1)
#define LAST_KERNEL    (6 * 1000 + 12)
#define LOCKDOWN       "/sys/kernel/security/lockdown"

void doctor_say(struct facts *facts, enum verdict verdict, const char *todo, const char *format,
		...)
{
	static const char *const words[] = {DOCTOR_VERDICTS(WORD_ENTRY)};
	struct json_object *finding = json_object_new_object();
	_cleanup_(freep) char *found = NULL;
	va_list list;

	va_start(list, format);
	found = text_vformat(format, list);
	va_end(list);
	facts->unfit |= verdict == VERDICT_FAIL || !found;
	if (json_append(facts->findings, finding) && found) {
		json_add_string(finding, "check", facts->check);
		json_add_string(finding, "verdict", words[verdict]);
		json_add_string(finding, "found", found);
		if (todo)
			json_add_string(finding, "do", todo);
	}
}

static void check_cpus(struct facts *facts)
{
	_cleanup_(freep) char *present = facts_text(facts, "/sys/devices/system/cpu/present");
	_cleanup_(freep) char *list = facts_text(facts, "/sys/devices/system/cpu/isolated");
	_cleanup_(freep) char *threads = facts_text(facts, "/sys/devices/system/cpu/smt/control");
	const char *isolated = list && *list != '\n' ? list : "none";
	struct cpu_mask cpus = {0};

	if (!present || cpu_mask_parse(present, &cpus) < 0)
		doctor_say(facts, VERDICT_FAIL, "use a machine with fewer, or boot with nr_cpus=",
			   "no list of CPUs, or more than this version can manage");
	else if (cpu_mask_count(&cpus) < 2)
		doctor_say(facts, VERDICT_FAIL, "use a machine with more",
			   "there is one CPU, and one stays with Linux");
	else if (threads && strstr(threads, "off"))
		doctor_say(facts, VERDICT_WARN,
			   "boot without nosmt, or leave it so: they come to nobody while the "
			   "hypervisor is on",
			   "some are threads that Linux keeps off "
			   "(/sys/devices/system/cpu/smt/control)");
	else
		doctor_say(facts, VERDICT_OK, NULL, "%u, of which Linux keeps free of tasks: %.*s",
			   cpu_mask_count(&cpus), (int)strcspn(isolated, "\n"), isolated);
}

/* In bytes; 0: not told. */
static uint64_t memory_of(const char *meminfo, const char *name)
{
	const char *at = meminfo ? strstr(meminfo, name) : NULL;

	return at ? strtoull(at + strlen(name), NULL, 10) << 10 : 0;
}

static bool read_config(struct facts *facts, struct config *ret)
{
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(freep) char *file = facts_path(facts, CONFIG_FILE);

	if (file && config_read(file, &problems, ret) == 0)
		return true;
	doctor_say(facts, VERDICT_WARN, "see: journalctl -u cellmgrd",
		   CONFIG_FILE " cannot be read, or has errors; the defaults are meant below");
	return config_parse("{}", 2, CONFIG_FILE, &problems, ret) == 0;
}

static bool is_reserved(const struct facts *facts, struct address_range wanted)
{
	_cleanup_(machine_freep) struct machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		return false;
	machine_parse_cmdline(facts->cmdline, strlen(facts->cmdline), machine);
	for (size_t i = 0; i < machine->num_reserved; i++) {
		const struct address_range *range = &machine->reserved[i];

		if (wanted.start >= range->start && range_end(wanted) <= range_end(*range))
			return true;
	}
	return false;
}

/* Contiguous pages first; whole blocks only where the kernel can do without them. */
static void check_memory(struct facts *facts)
{
	_cleanup_(freep) char *meminfo = facts_text(facts, "/proc/meminfo");
	const bool blocks = facts_exists(facts, "/sys/devices/system/memory/block_size_bytes");
	const uint64_t free = memory_of(meminfo, "MemAvailable:");
	char wanted[QUANTITY_TEXT_MAX], there[QUANTITY_TEXT_MAX];
	struct config config;

	if (!read_config(facts, &config))
		return;
	quantity_round_bytes_up(config.pool_size, wanted);
	quantity_round_bytes(free, there);
	if (config.reserved_memory.size && !is_reserved(facts, config.reserved_memory))
		doctor_say(facts, VERDICT_FAIL,
			   "boot with memmap=SIZE$ADDRESS as " CONFIG_FILE " has it",
			   "\"reserved-memory\" was not reserved at boot");
	else if (config.reserved_memory.size)
		doctor_say(facts, VERDICT_OK, NULL, "reserved at boot");
	else if (facts->on)
		doctor_say(facts, VERDICT_OK, NULL, "the hypervisor is on, and has its own");
	else if (free < config.pool_size)
		doctor_say(facts, VERDICT_FAIL, "free some, ask for less, or reserve it at boot",
			   "%s are wanted, and Linux has %s", wanted, there);
	else if (free / 2 < config.pool_size)
		doctor_say(facts, VERDICT_WARN, "free some, ask for less, or reserve it at boot",
			   "%s in one piece are wanted, and Linux has %s in all", wanted, there);
	else
		doctor_say(facts, VERDICT_OK, NULL, "%s are wanted, Linux has %s%s", wanted, there,
			   blocks ? ", and can give whole blocks of it" : "");
	config_done(&config);
}

static unsigned int count_entries(const struct facts *facts, const char *path)
{
	_cleanup_(freep) char *full = facts_path(facts, "%s", path);
	DIR *directory = full ? opendir(full) : NULL;
	unsigned int count = 0;

	for (const struct dirent *item; directory && (item = readdir(directory));)
		count += item->d_name[0] != '.';
	if (directory)
		closedir(directory);
	return count;
}

static void check_iommu(struct facts *facts)
{
	const unsigned int units = count_entries(facts, "/sys/class/iommu");
	const bool told = facts_exists(facts, "/sys/firmware/acpi/tables/IVRS") ||
			  facts_exists(facts, "/sys/firmware/acpi/tables/DMAR");

	if (units)
		doctor_say(facts, VERDICT_OK, NULL,
			   "on, %u %s; devices of cells are not held by it in this version", units,
			   units == 1 ? "unit" : "units");
	else
		doctor_say(facts, VERDICT_WARN,
			   told ? "boot without iommu=off and the like"
				: "enable it in the firmware setup, or give cells no PCI devices",
			   told ? "there, but Linux does not use it: a device reaches all memory"
				: "none: a device reaches all memory");
}

bool doctor_is_locked_down(const struct facts *facts)
{
	_cleanup_(freep) char *lockdown = facts_text(facts, LOCKDOWN);

	return lockdown && !strstr(lockdown, "[none]");
}

static void check_lockdown(struct facts *facts)
{
	_cleanup_(freep) char *secure = facts_text(facts, SECURE_BOOT);
	const bool is_secure = secure && (secure[EFI_ATTRIBUTES] == 1);

	if (doctor_is_locked_down(facts))
		doctor_say(facts, VERDICT_WARN,
			   "the module must be signed by a key that the kernel has, and cells get "
			   "memory of the pool, ports of UARTs, pins and links only",
			   "the kernel is locked down (" LOCKDOWN ")");
	else
		doctor_say(facts, VERDICT_OK, NULL, "the kernel is not locked down%s",
			   is_secure ? ", though secure boot is on" : "");
}

static void check_kernel(struct facts *facts)
{
	static const char *const needed[] = {
		"MODULES", "HOTPLUG_CPU", "CONTIG_ALLOC", "MEMORY_HOTREMOVE", "ACPI", "PCI", "UIO"};
	_cleanup_(freep) char *config = facts_text(facts, "/boot/config-%s", facts->release);
	unsigned int major = 0, minor = 0, number;

	for (size_t i = 0; config && i < ARRAY_SIZE(needed); i++) {
		char yes[48], module[48];

		snprintf(yes, sizeof(yes), "\nCONFIG_%s=y\n", needed[i]);
		snprintf(module, sizeof(module), "\nCONFIG_%s=m\n", needed[i]);
		if (!strstr(config, yes) && !strstr(config, module)) {
			doctor_say(facts, VERDICT_FAIL, "boot one that has it, as Debian's",
				   "Linux %s is built without CONFIG_%s", facts->version,
				   needed[i]);
			return;
		}
	}
	sscanf(facts->version, "%u.%u", &major, &minor);
	number = major * 1000 + minor;
	if (number < FIRST_KERNEL || number > LAST_KERNEL)
		doctor_say(facts, VERDICT_WARN, "use one of 6.1 to 6.12, or try it",
			   "Linux %s is none that is tested", facts->version);
	else
		doctor_say(facts, config ? VERDICT_OK : VERDICT_UNKNOWN, NULL, "Linux %s%s",
			   facts->version, config ? "" : "; what it is built with is not told");
}

static const struct doctor_row checks[] = {
	{"cpus", check_cpus},
	{"memory", check_memory},
	{"iommu", check_iommu},
	{"lockdown", check_lockdown},
	{"kernel", check_kernel},
	{"module", doctor_check_module},
	{0},
};

/* What it is: only what all machines of its kind have. */
static bool add_machine(const struct facts *facts, struct json_object *machine)
{
	static const char *const words[][2] = {
		{"vendor", "sys_vendor"},	{"product", "product_name"},
		{"board", "board_name"},	{"firmware", "bios_version"},
		{"firmware-date", "bios_date"},
	};
	const char *model = strstr(facts->cpuinfo, "model name\t: ");
	_cleanup_(freep) char *processor = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_(freep) char *text =
			facts_text(facts, "/sys/class/dmi/id/%s", words[i][1]);

		if (text)
			text[strcspn(text, "\n")] = '\0';
		if (!json_add_string(machine, words[i][0], text ?: ""))
			return false;
	}
	model = model ? model + strlen("model name\t: ") : "";
	processor = strndup(model, strcspn(model, "\n"));
	return processor && json_add_string(machine, "processor", processor) &&
	       json_add_string(machine, "under", facts->hypervisor) &&
	       json_add_string(machine, "kernel", facts->version) &&
	       json_add_string(machine, "cellctl", CELLMGR_RELEASE);
}

struct json_object *doctor_examine(const char *root, uint64_t smi_usec)
{
	const struct doctor_row *const tables[] = {arch_checks, checks};
	_cleanup_(json_putp) struct json_object *result = json_object_new_object();
	struct json_object *machine = json_object_new_object();
	struct facts facts;
	bool complete;

	if (!json_add(result, "fit", json_object_new_boolean(false)) ||
	    !json_add(result, "machine", machine) || facts_read(root, &facts) < 0)
		return NULL;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (const struct doctor_row *row = tables[t]; row->name; row++) {
			facts.check = row->name;
			row->check(&facts);
		}
	}
	facts.check = "smi";
	doctor_look_for_smis(&facts, smi_usec);
	complete = add_machine(&facts, machine) &&
		   json_add(result, "fit", json_object_new_boolean(!facts.unfit)) &&
		   json_add(result, "findings", json_object_get(facts.findings));
	facts_done(&facts);
	return complete ? TAKE_POINTER(result) : NULL;
}
