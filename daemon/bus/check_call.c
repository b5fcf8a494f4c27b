// SPDX-License-Identifier: GPL-2.0-only
#include "bus/check_call.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "bus/service.h"
#include "common/cleanup.h"
#include "manager/manager.h"
#include "manager/plan.h"
#include "model/check.h"
#include "model/config.h"

/* What waits is kept; a user's share of it, which root has without. */
#define MAX_WAITING 16
#define MAX_OF_USER 4

/* A call whose images are read; by a thread, since that may take long. */
struct check_call {
	struct service *service;
	struct check_call *next;
	sd_bus_message *call;
	uid_t uid;
	struct description *description; /* Check */
	struct problems problems;
	struct cell_dir *dir; /* CheckAll */
	bool signatures;
};

static void check_call_free(struct check_call *check)
{
	if (!check)
		return;
	sd_bus_message_unref(check->call);
	description_free(check->description);
	problems_done(&check->problems);
	cell_dir_free(check->dir);
	free(check);
}
DEFINE_FREEP(struct check_call *, check_call_free)

static struct check_call *check_call_new(struct service *service, sd_bus_message *call, uid_t uid)
{
	struct check_call *check = calloc(1, sizeof(*check));

	if (!check)
		return NULL;
	check->service = service;
	check->call = sd_bus_message_ref(call);
	check->uid = uid;
	check->signatures = service->manager->config.require_signature;
	return check;
}

/*
 * Whether reading cannot make the daemon wait: memory, which memfds are. Whatever else a file is, a
 * file system of the peer's own making may be below it; and to ask for its kind is to ask it.
 */
static bool readable_at_once(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY;
}

/* What is wrong, behind its place in the file and the value. To be freed; NULL without memory. */
static char *placed_text(const struct problem *problem)
{
	if (!problem->line)
		return strdup(problem->text);
	return text_format("line %u, column %u: %s%s%s%s", problem->line, problem->column,
			   problem->value[0] ? "\"" : "", problem->value,
			   problem->value[0] ? "\": " : "", problem->text);
}

static int append_problems(sd_bus_message *reply, const struct problems *problems)
{
	int r = problems->out_of_memory ? -ENOMEM : 0;

	for (size_t i = 0; r >= 0 && i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];
		_cleanup_(freep) char *text = placed_text(problem);

		r = text ? sd_bus_message_append(reply, "(ssss)", problem->file,
						 severity_name(problem->severity), problem->key,
						 text)
			 : -ENOMEM;
	}
	return r;
}

static int append_entry(sd_bus_message *reply, const struct cell_dir_entry *entry)
{
	if (entry->problems.count == 0 && !entry->problems.out_of_memory)
		return sd_bus_message_append(reply, "(ssss)", entry->path, "", "", "");
	return append_problems(reply, &entry->problems);
}

/* Of a(sss) or a(ssss). */
static int append_answer(const struct check_call *check, sd_bus_message *reply)
{
	int r = check->problems.out_of_memory ? -ENOMEM : 0;

	for (size_t i = 0; r >= 0 && i < check->problems.count; i++) {
		const struct problem *problem = &check->problems.items[i];
		_cleanup_(freep) char *text = placed_text(problem);

		r = text ? sd_bus_message_append(reply, "(sss)", severity_name(problem->severity),
						 problem->key, text)
			 : -ENOMEM;
	}
	for (size_t i = 0; r >= 0 && check->dir && i < check->dir->count; i++)
		r = append_entry(reply, &check->dir->entries[i]);
	if (r >= 0 && check->dir)
		r = append_problems(reply, &check->dir->problems);
	return r;
}

static int reply(const struct check_call *check)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r;

	r = sd_bus_message_new_method_return(check->call, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', check->dir ? "(ssss)" : "(sss)");
	if (r >= 0)
		r = append_answer(check, reply);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* In the thread. A description of anybody's must not tell him what he may not read himself. */
static void read_images(void *userdata)
{
	struct check_call *check = userdata;

	if (check->description)
		check_contents(&(struct check_reading){.signatures = check->signatures,
						       .for_anybody = true,
						       .files = true},
			       check->description, &check->problems);
	for (size_t i = 0; check->dir && i < check->dir->count; i++) {
		if (check->dir->entries[i].description)
			check_contents(&(struct check_reading){.signatures = check->signatures},
				       check->dir->entries[i].description,
				       &check->dir->entries[i].problems);
	}
}

static void read_next(struct service *service);

static void on_read(void *userdata)
{
	struct check_call *check = userdata;
	struct service *service = check->service;
	int r = reply(check);

	if (r < 0)
		sd_bus_reply_method_errno(check->call, r, NULL);
	service->checks = check->next;
	check_call_free(check);
	read_next(service);
}

static void read_next(struct service *service)
{
	if (service->checks)
		worker_submit(service->reader, read_images, on_read, service->checks);
}

static bool has_to_read(const struct check_call *check)
{
	if (check->description)
		return true;
	for (size_t i = 0; check->dir && i < check->dir->count; i++) {
		if (check->dir->entries[i].description &&
		    check_has_demands(check->signatures, check->dir->entries[i].description))
			return true;
	}
	return false;
}

/* Takes the call over: it is answered now, or when its images have been read. */
static int answer(struct check_call *taken)
{
	_cleanup_(check_call_freep) struct check_call *check = taken;
	struct service *service = check->service;
	struct check_call **end = &service->checks;
	size_t waiting = 0, own = 0;
	int r;

	if (!has_to_read(check))
		return reply(check);
	for (; *end; end = &(*end)->next) {
		waiting++;
		own += (*end)->uid == check->uid;
	}
	if (check->uid && (own >= MAX_OF_USER || waiting >= MAX_WAITING)) {
		problems_add(
			check->dir ? &check->dir->problems : &check->problems, SEVERITY_WARNING,
			NULL,
			"images were not looked into, since many others are being; check again");
		return reply(check);
	}
	if (!service->reader) {
		r = worker_new(service->manager->event, "checks", &service->reader);
		if (r < 0)
			return r;
	}
	*end = TAKE_POINTER(check);
	if (!waiting)
		read_next(service);
	return 1;
}

static int check_one(struct check_call *taken, sd_bus_message *call, sd_bus_error *ret_error)
{
	_cleanup_(check_call_freep) struct check_call *check = taken;
	_cleanup_(freep) char *file = NULL;
	const char *name;
	int fd, r;

	r = sd_bus_message_read(call, "hs", &fd, &name);
	if (r < 0)
		return r;
	if (!description_name_valid(name))
		return sd_bus_error_set(ret_error, error_bus_name(ERROR_INVALID),
					"name: a cell's name is 1 to 31 of a-z, 0-9 and -, not "
					"beginning with -");
	if (!readable_at_once(fd))
		return sd_bus_error_set(ret_error, error_bus_name(ERROR_INVALID),
					"description: must be a memfd that can be read");
	file = text_format("%s.json", name);
	if (!file)
		return -ENOMEM;
	r = description_read(fd, file, name, &check->problems, &check->description);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && !check->problems.count)
		return sd_bus_error_setf(ret_error, error_bus_name(ERROR_INVALID),
					 "description: cannot be read: %s", strerror(-r));
	if (r >= 0)
		r = plan_check_description(check->service->manager, check->description,
					   &check->problems);
	return r == -ENOMEM ? r : answer(TAKE_POINTER(check));
}

/* The daemon's own, of which nothing is taken. */
static int check_config(struct problems *problems)
{
	struct config config = {0};
	int r = config_read(CONFIG_FILE, problems, &config);

	if (r < 0 && r != -EINVAL && r != -ENOMEM)
		problems_add(problems, SEVERITY_ERROR, PROBLEM_AT(.file = CONFIG_FILE),
			     "cannot be read: %s", strerror(-r));
	config_done(&config);
	return r == -ENOMEM ? r : 0;
}

static int check_all(struct check_call *taken)
{
	_cleanup_(check_call_freep) struct check_call *check = taken;
	int r = cell_dir_load(NULL, &check->dir);

	if (r >= 0)
		r = check_config(&check->dir->problems);
	if (r >= 0)
		r = plan_check_all(check->service->manager, check->dir);
	return r < 0 ? r : answer(TAKE_POINTER(check));
}

int check_call(struct service *service, sd_bus_message *call, uid_t uid, sd_bus_error *ret_error)
{
	struct check_call *check = check_call_new(service, call, uid);

	if (!check)
		return -ENOMEM;
	return strcmp(sd_bus_message_get_member(call), "CheckAll") == 0
		       ? check_all(check)
		       : check_one(check, call, ret_error);
}

void check_calls_free(struct service *service)
{
	worker_free(service->reader);
	while (service->checks) {
		struct check_call *check = service->checks;

		service->checks = check->next;
		check_call_free(check);
	}
}
