// SPDX-License-Identifier: GPL-2.0-only
#include "bus/unit_record.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bus/unit.h"
#include "manager/manager.h"
#include "util/read_text.h"
#include "util/write_text.h"

#define UNIT_DIRECTORY "/run/cellmgr/units"
#define FILE_MAX       (sizeof(UNIT_DIRECTORY "/.follow") + DESCRIPTION_MAX_NAME)
#define JOB_MAX	       128
/* What a daemon has not come to, or not heard of, is for the next one, unless it comes late. */
#define RESUME_S       10

/* Names of cells have no dots: what is named like a cell there is its unit's own. */
static void format_file(char file[FILE_MAX], const char *cell, bool up)
{
	snprintf(file, FILE_MAX, UNIT_DIRECTORY "/%s%s", cell, up ? ".follow" : ".stop");
}

void unit_record(const char *cell, bool up, const char *job)
{
	char file[FILE_MAX];
	int fd;

	format_file(file, cell, up);
	mkdir(UNIT_DIRECTORY, 0755);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	(void)write_all(fd, job, strlen(job));
	close(fd);
}

void unit_record_drop(const char *cell, bool up)
{
	char file[FILE_MAX];

	format_file(file, cell, up);
	unlink(file);
}

/* Returns whether there was something; recent: and not long ago. */
static bool take_record(const char *cell, bool up, char job[JOB_MAX], bool *recent)
{
	char file[FILE_MAX];
	struct stat status;

	format_file(file, cell, up);
	if (lstat(file, &status) < 0)
		return false;
	*recent = status.st_mtime + RESUME_S >= time(NULL);
	if (read_line(AT_FDCWD, file, job, JOB_MAX) < 0)
		job[0] = '\0';
	unlink(file);
	return true;
}

/*
 * What the service manager has to do; NULL: it does not tell. It is waited for: who asks for
 * something in between could be answered only when it is known whose start or stop that is for.
 */
static sd_bus_message *list_jobs(struct service *service)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	sd_bus_message *jobs = NULL;

	if (sd_bus_message_new_method_call(service->bus, &call, SYSTEMD, SYSTEMD_PATH,
					   SYSTEMD_INTERFACE, "ListJobs") >= 0)
		(void)sd_bus_call(service->bus, call, UNIT_PATIENCE_US, NULL, &jobs);
	return jobs;
}

/*
 * The job, as long as the service manager has it: that of the record, or where that daemon has not
 * come to know it, the one that does the same. What others have given it since is not meant.
 */
static const char *find_job(sd_bus_message *jobs, const char *cell, bool up, const char *known)
{
	char name[UNIT_NAME_MAX];
	const char *unit, *type, *job;

	unit_format(name, cell);
	if (!jobs)
		return known;
	if (sd_bus_message_rewind(jobs, true) < 0 ||
	    sd_bus_message_enter_container(jobs, 'a', "(usssoo)") < 0)
		return NULL;
	while (sd_bus_message_read(jobs, "(usssoo)", NULL, &unit, &type, NULL, &job, NULL) > 0) {
		if (strcmp(unit, name) == 0 &&
		    (*known ? strcmp(job, known) == 0 : (strcmp(type, "stop") == 0) != up))
			return job;
	}
	return NULL;
}

static void resume(struct service *service, const struct cell *cell, bool up, sd_bus_message **jobs)
{
	const bool runs = cell_running(cell);
	char known[JOB_MAX];
	const char *job;
	bool recent;

	if (!take_record(cell->name, up, known, &recent) || (!recent && !*known))
		return;
	if (!*jobs)
		*jobs = list_jobs(service);
	job = find_job(*jobs, cell->name, up, known);
	if (job && *job && (runs || !up))
		unit_take_over(service, up, cell->name, job, *known);
	else if (runs && up && recent)
		unit_follow(service, VERB_START, cell->name, NULL, NULL);
	/*
	 * Of a run that is over by now, nobody has asked for another: what the unit would ask for
	 * yet, if it is on its way up. One that is planned anyway it may have.
	 */
	else if (!runs && up && job && !cell->record.restart.due)
		unit_follow(service, VERB_STOP, cell->name, NULL, NULL);
	/* What a caller has said who is dead by then is not done: the unit may come back yet. */
	else if (!runs && !up && !job && !*known && !find_job(*jobs, cell->name, true, ""))
		unit_follow(service, VERB_STOP, cell->name, NULL, NULL);
}

void units_resume(struct service *service)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *jobs = NULL;

	for (const struct cell *cell = service->manager->cells; cell; cell = cell->next) {
		/* Others' may have any name. */
		if (!cell->description)
			continue;
		resume(service, cell, false, &jobs);
		resume(service, cell, true, &jobs);
		if (cell->start_left && cell_running(cell))
			unit_follow(service, VERB_START, cell->name, NULL, NULL);
	}
}
