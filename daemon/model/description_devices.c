// SPDX-License-Identifier: GPL-2.0-only
/* Devices of a description: how they are named. */
#include <inttypes.h>
#include <string.h>

#include "blob.h"
#include "common/quantity.h"
#include "model/description_parser.h"
#include "model/machine.h"

#define MMIO_FLAGS (BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO | MMIO_ALL_WIDTHS)

#define PCI_WANTED \
	"a place like \"0000:00:03.0\", or vendor and device like \"8086:10d3\" (see lspci -Dn)"

/* "8086:10d3" */
static bool parse_ids(const char *text, struct description_pci *ret)
{
	int length = 0;

	return strspn(text, "0123456789abcdefABCDEF:") == strlen(text) &&
	       sscanf(text, "%4hx:%4hx%n", &ret->vendor, &ret->device, &length) == 2 &&
	       length == 9 && !text[length];
}

static bool parse_pci(const char *text, struct description_pci *ret)
{
	ret->has_place = pci_name_parse(text, &ret->domain, &ret->bdf);
	return ret->has_place || parse_ids(text, ret);
}

void description_check_pci(const struct given *given, struct description_pci *pci)
{
	const struct json_path step = {.parent = given->path, .key = "pci"};

	/* What was refused of it is not there. */
	if (pci->id && !parse_pci(pci->id, pci))
		parser_error(given->parser, &step, json_object_object_get(given->json, "pci"),
			     "must be " PCI_WANTED);
}

/* The next free element of an array, or NULL with an error. */
static void *next(const struct given *given, void *array, size_t size, size_t *count, size_t max,
		  const char *what)
{
	if (*count < max)
		return (char *)array + (*count)++ * size;
	parser_error(given->parser, given->path, NULL, "is one more than %zu %s", max, what);
	return NULL;
}

#define NEXT(given, description, array, max, what)                         \
	next(given, (description)->array, sizeof((description)->array[0]), \
	     &(description)->num_##array, max, what)

static struct description_pci *next_pci(const struct given *given)
{
	struct description_pci *pci =
		NEXT(given, given->parser->description, pci, DESCRIPTION_MAX_PCI, "PCI devices");

	if (pci)
		pci->listed = given->path->index + 1;
	return pci;
}

static void add_pci(const struct given *given, const char *text)
{
	struct description_pci *pci = next_pci(given);

	if (!pci)
		return;
	if (!parse_pci(text, pci)) {
		refuse(given, "behind \"pci:\" must be " PCI_WANTED);
		return;
	}
	pci->id = strdup(text);
	if (!pci->id)
		given->parser->problems->out_of_memory = true;
}

/* "0x3f8-0x3ff", or one alone; the last is not before the first, nor beyond max. */
static bool parse_span(const char *text, uint64_t max, uint64_t *ret_first, uint64_t *ret_last)
{
	const char *dash = strchr(text, '-');
	const size_t length = dash ? (size_t)(dash - text) : strlen(text);

	if (quantity_parse_bytes(text, length, ret_first) < 0)
		return false;
	*ret_last = *ret_first;
	if (dash && quantity_parse_bytes(dash + 1, strlen(dash + 1), ret_last) < 0)
		return false;
	return *ret_first <= *ret_last && *ret_last <= max;
}

static void add_ports(const struct given *given, const char *text)
{
	struct description_ports *ports = NEXT(given, given->parser->description, ports,
					       DESCRIPTION_MAX_PORTS, "ranges of ports");
	uint64_t first, last;

	if (!ports)
		return;
	if (!parse_span(text, PORT_MAX, &first, &last) || last - first >= PORT_MAX)
		refuse(given, "behind \"port:\" must be ports up to 0xffff, like "
			      "\"port:0x3f8-0x3ff\"");
	else
		*ports = (struct description_ports){.base = (uint16_t)first,
						    .count = (uint16_t)(last - first + 1),
						    .listed = given->path->index + 1};
}

static void add_mmio(const struct given *given, const char *text)
{
	struct description_mmio *mmio =
		NEXT(given, given->parser->description, mmio, DESCRIPTION_MAX_MMIO, "MMIO regions");
	uint64_t first, last;

	if (!mmio)
		return;
	if (!parse_span(text, GUEST_ADDRESS_END - 1, &first, &last))
		refuse(given, "behind \"mmio:\" must be addresses below 2^48, like "
			      "\"mmio:0xfed00000-0xfed00fff\"");
	else
		*mmio = (struct description_mmio){.phys = first,
						  .size = last - first + 1,
						  .address = first,
						  .flags = MMIO_FLAGS,
						  .listed = given->path->index + 1};
}

static void add_pins(const struct given *given, const char *text)
{
	struct description *description = given->parser->description;
	uint64_t first, last;

	if (!parse_span(text, CPU_MASK_MAX - 1, &first, &last)) {
		refuse(given, "behind \"pin:\" must be pins up to %u, like \"pin:20\"",
		       CPU_MASK_MAX - 1);
		return;
	}
	description->pins_listed = true;
	for (uint64_t pin = first; pin <= last; pin++)
		cpu_mask_add(&description->pins, (unsigned int)pin);
}

static const struct {
	const char *kind;
	void (*add)(const struct given *given, const char *text);
} kinds[] = {{"pci:", add_pci}, {"port:", add_ports}, {"mmio:", add_mmio}, {"pin:", add_pins}};

void description_parse_device(const struct given *given, const struct description_object *object)
{
	struct description_pci *pci;
	const char *text;

	if (json_object_is_type(given->json, json_type_object)) {
		pci = next_pci(given);
		if (pci)
			parse_object(given, object, pci);
		return;
	}
	text = json_object_is_type(given->json, json_type_string)
		       ? json_object_get_string(given->json)
		       : "";
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strncmp(text, kinds[i].kind, strlen(kinds[i].kind)) == 0) {
			kinds[i].add(given, text + strlen(kinds[i].kind));
			return;
		}
	}
	refuse(given, "must be like \"pci:0000:00:03.0\", \"pci:8086:10d3\", \"port:0x3f8-0x3ff\", "
		      "\"mmio:0xfed00000-0xfed00fff\" or \"pin:20\", or an object with "
		      "\"pci\"");
}

void description_device_key(char *key, size_t size, const char *list, size_t index, size_t listed)
{
	if (listed)
		snprintf(key, size, "devices[%zu]", listed - 1);
	else
		snprintf(key, size, "devices.%s[%zu]", list, index);
}
