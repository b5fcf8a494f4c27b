// SPDX-License-Identifier: GPL-2.0-only
/* What a record of a failure says. */
#include <string.h>
#include <sys/utsname.h>

#include <systemd/sd-id128.h>

#include "common/clock.h"
#include "common/utf8.h"
#include "driver/failure.h"
#include "manager/crash.h"

#define RECORD_VERSION 1
#define CONSOLE_TAIL   4096u
#define REPLACEMENT    0xfffdu
#define UTF8_CHARACTER 4

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text ? text : ""));
}

static void add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

/* "EXIT_CODE=0x1" as "exit-code": "0x1". */
static void add_field(struct json_object *object, char *field)
{
	char *value = strchr(field, '=');

	*value++ = '\0';
	for (char *c = field; *c; c++)
		*c = *c == '_' ? '-' : (char)(*c | ('a' ^ 'A'));
	add_text(object, field, value);
}

static void add_failure(struct json_object *object, const struct failure_record *failure)
{
	struct failure_register registers[FAILURE_MAX_REGISTERS];
	unsigned int count = failure_registers(failure, registers);
	struct json_object *list = json_object_new_object(), *told = json_object_new_object();
	char *fields[FAILURE_MAX_FIELDS] = {NULL}, value[24];
	unsigned int num_fields = failure_fields(failure, fields);

	for (unsigned int i = 0; i < num_fields; i++) {
		if (fields[i])
			add_field(told, fields[i]);
		free(fields[i]);
	}
	for (unsigned int i = 0; i < count; i++) {
		snprintf(value, sizeof(value), "0x%016llx", (unsigned long long)registers[i].value);
		add_text(list, registers[i].name, value);
	}
	json_object_object_add(object, "failure", told);
	json_object_object_add(object, "registers", list);
}

static void add_hashes(struct json_object *object, const struct cell *cell)
{
	const struct description *description = cell->description;
	char sha256[SHA256_TEXT] = "";

	if (description && description->text)
		sha256_of(description->text, description->text_length, sha256);
	add_text(object, "description-sha256", sha256);
	add_text(object, "image-sha256", cell->record.image_sha256);
	add_text(object, "blob-sha256", cell->record.blob_sha256);
}

static void add_times(struct json_object *object, const struct cell *cell)
{
	char boot[SD_ID128_STRING_MAX] = "";
	sd_id128_t id;

	add_number(object, "time", realtime_us());
	add_number(object, "monotonic", monotonic_us());
	if (sd_id128_get_boot(&id) >= 0)
		sd_id128_to_string(id, boot);
	add_text(object, "boot-id", boot);
	add_number(object, "started-at", cell->record.started_at);
}

static void add_versions(struct json_object *object, const struct manager *manager)
{
	struct json_object *versions = json_object_new_object();
	struct utsname kernel = {0};

	(void)uname(&kernel);
	add_text(versions, "daemon", CELLMGR_RELEASE);
	add_text(versions, "hypervisor", manager->release);
	add_text(versions, "kernel", kernel.release);
	json_object_object_add(object, "versions", versions);
}

struct json_object *crash_collect(const struct manager *manager, const struct cell *cell,
				  const struct crash *crash)
{
	struct json_object *object = json_object_new_object();
	_cleanup_(freep) char *cpus = cpu_mask_format(&cell->seen.cpus);
	_cleanup_(freep) char *failed = cpu_mask_format(&cell->seen.cpus_failed);

	if (!object)
		return NULL;
	add_number(object, "version", RECORD_VERSION);
	add_text(object, "cell", cell->name);
	json_object_object_add(object, "id", json_object_new_int(cell->seen.id));
	add_text(object, "reason", crash->reason);
	add_text(object, "text", crash->text);
	add_times(object, cell);
	add_text(object, "state", lifecycle_name(cell->state));
	add_text(object, "health", health_name(cell->health));
	add_text(object, "cpus", cpus);
	add_text(object, "cpus-failed", failed);
	if (cell->seen.has_status && cell->seen.status.heartbeat_valid)
		add_number(object, "heartbeat", cell->seen.status.heartbeat);
	if (crash->ended && cell->seen.has_status)
		add_failure(object, &cell->seen.status.failure);
	add_hashes(object, cell);
	add_versions(object, manager);
	return object;
}

/* A cell writes any bytes; JSON has text. */
static struct json_object *text_of(const char *bytes, size_t length)
{
	char text[CONSOLE_TAIL * UTF8_CHARACTER];
	size_t used = 0;

	for (size_t i = 0; i < length;) {
		uint32_t code;
		size_t n = utf8_decode(bytes + i, length - i, &code);

		used += utf8_encode(n && code ? code : REPLACEMENT, text + used);
		i += n ? n : 1;
	}
	return json_object_new_string_len(text, (int)used);
}

/* Another cell may have its number by now, or it another run. */
static bool is_same_run(struct driver *driver, const struct snapshot_cell *seen)
{
	struct cellvisor_cell_status status;

	return !seen->has_status || (driver_cell_status(driver, seen->id, &status) >= 0 &&
				     status.started == seen->status.started &&
				     status.failure.clock == seen->status.failure.clock);
}

void crash_add_console(struct json_object *record, const struct snapshot_cell *seen)
{
	_cleanup_(driver_closep) struct driver *driver = NULL;
	static char buffer[OBSERVER_CONSOLE_ROOM]; /* one worker at a time */
	uint64_t offset = 0, lost;
	uint32_t length, kept;

	if (seen->id < 0 || driver_open(&driver) < 0 ||
	    driver_cell_console(driver, seen->id, &offset, buffer, sizeof(buffer), &length, &lost) <
		    0 ||
	    !is_same_run(driver, seen))
		return;
	kept = length < CONSOLE_TAIL ? length : CONSOLE_TAIL;
	json_object_object_add(record, "console", text_of(buffer + length - kept, kept));
	json_object_object_add(record, "console-cut",
			       json_object_new_boolean(lost > 0 || kept < length));
}
