// SPDX-License-Identifier: GPL-2.0-only
#include "manager/digest.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/check.h"

#define BLOCK (64u << 10)

struct digest_waiter {
	struct digest_waiter *next;
	void (*done)(bool ended, void *userdata);
	void *userdata;
};

struct digest_task {
	struct digest_task *next;
	char *cell;
	char *files[DESCRIPTION_MAX_IMAGES];
	struct digest digest;
};

struct digests {
	struct manager *manager;
	struct worker *worker;
	struct digest_task *tasks;     /* in the thread's hands; NULL: it is idle */
	struct digest_waiter *waiters; /* for these */
	struct digest_waiter *late;    /* for what is to be read then */
	atomic_bool quit;	       /* the thread is to come to its end */
};

static int64_t to_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/* Opens it, or returns -1. */
static int open_file(const char *name, struct digest_file *ret)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct stat status;
	uint64_t size;
	int fd = check_open_image(NULL, name, NULL, &problems, &size);

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) < 0) {
		close(fd);
		return -1;
	}
	*ret = (struct digest_file){
		.device = status.st_dev,
		.inode = status.st_ino,
		.size = (uint64_t)status.st_size,
		.written_ns = to_ns(&status.st_mtim),
		.changed_ns = to_ns(&status.st_ctim),
	};
	return fd;
}

static bool is_same(const struct digest_file *one, const struct digest_file *other)
{
	return one->device == other->device && one->inode == other->inode &&
	       one->size == other->size && one->written_ns == other->written_ns &&
	       one->changed_ns == other->changed_ns;
}

/* Whether there is one that is newer than the run; and whether what there is has been read. */
static bool look(const struct cell *cell, const struct description *description, bool *ret_read)
{
	const struct digest *digest = cell->digest;
	bool newer = false, read = digest && digest->count == description->num_images;

	for (size_t i = 0; i < description->num_images; i++) {
		struct digest_file file = {0};
		_cleanup_(closep) int fd = open_file(description->images[i].file, &file);

		newer |= fd >= 0 && file.changed_ns / 1000 > (int64_t)cell->record.started_at;
		read = read && is_same(&file, &digest->files[i]);
	}
	*ret_read = read;
	return newer;
}

bool digest_differs(const struct cell *cell, const struct description *description)
{
	bool read;

	return look(cell, description, &read) &&
	       !(read && strcmp(cell->digest->sha256, cell->record.image_sha256) == 0);
}

/* Of what it was made of: where another image is described that says enough. */
static bool has_unread(const struct cell *cell)
{
	bool read;

	return cell_running(cell) && cell_owned(cell) && cell->made_of &&
	       look(cell, cell->made_of, &read) && !read;
}

static void task_free(struct digest_task *task)
{
	if (!task)
		return;
	for (size_t i = 0; i < task->digest.count; i++)
		free(task->files[i]);
	free(task->cell);
	free(task);
}
DEFINE_FREEP(struct digest_task *, task_free)

static struct digest_task *task_new(const struct cell *cell)
{
	_cleanup_(task_freep) struct digest_task *task = calloc(1, sizeof(*task));

	if (!task || !(task->cell = strdup(cell->name)))
		return NULL;
	while (task->digest.count < cell->made_of->num_images) {
		char *file = strdup(cell->made_of->images[task->digest.count].file);

		if (!file)
			return NULL;
		task->files[task->digest.count++] = file;
	}
	return TAKE_POINTER(task);
}

/* In the thread. One that is written to meanwhile is another one when that is looked at. */
static bool read_file(const struct digests *digests, const char *name, struct sha256 *hash,
		      struct digest_file *ret)
{
	_cleanup_(freep) char *block = malloc(BLOCK);
	_cleanup_(closep) int fd = open_file(name, ret);
	ssize_t length = -1;

	if (!block || fd < 0)
		return false;
	while (!digests->quit && (length = read(fd, block, BLOCK)) > 0)
		sha256_add(hash, block, (size_t)length);
	return length == 0;
}

static void read_all(void *userdata)
{
	const struct digests *digests = userdata;

	for (struct digest_task *task = digests->tasks; task; task = task->next) {
		_cleanup_(sha256_freep) struct sha256 *hash = sha256_begin();
		bool good = hash;

		for (size_t i = 0; hash && i < task->digest.count; i++)
			good &= read_file(digests, task->files[i], hash, &task->digest.files[i]);
		if (good)
			sha256_end(hash, task->digest.sha256);
	}
}

static void tell(struct digests *digests, struct digest_waiter *waiters, bool ended)
{
	while (waiters) {
		struct digest_waiter *waiter = waiters;

		waiters = waiter->next;
		waiter->done(ended, waiter->userdata);
		free(waiter);
	}
}

static void free_tasks(struct digests *digests)
{
	while (digests->tasks) {
		struct digest_task *task = digests->tasks;

		digests->tasks = task->next;
		task_free(task);
	}
}

static void on_read(void *userdata);

/* Whether there is anything to be read. */
static bool begin(struct digests *digests)
{
	for (const struct cell *cell = digests->manager->cells; cell; cell = cell->next) {
		struct digest_task *task = has_unread(cell) ? task_new(cell) : NULL;

		if (task) {
			task->next = digests->tasks;
			digests->tasks = task;
		}
	}
	if (digests->tasks && worker_submit(digests->worker, read_all, on_read, digests) < 0)
		free_tasks(digests);
	return digests->tasks;
}

static void on_read(void *userdata)
{
	struct digests *digests = userdata;
	struct digest_waiter *ready = digests->waiters;

	for (const struct digest_task *task = digests->tasks; task; task = task->next) {
		struct cell *cell = manager_find_cell(digests->manager, task->cell);

		if (cell && !cell->digest)
			cell->digest = malloc(sizeof(*cell->digest));
		if (cell && cell->digest)
			*cell->digest = task->digest;
	}
	free_tasks(digests);
	digests->waiters = TAKE_POINTER(digests->late);
	tell(digests, ready, false);
	if (digests->waiters && !begin(digests))
		tell(digests, TAKE_POINTER(digests->waiters), false);
}

/* Made when it is needed first. */
static struct digests *get(struct manager *manager)
{
	struct digests *digests = manager->digests;

	if (digests)
		return digests;
	digests = calloc(1, sizeof(*digests));
	if (!digests)
		return NULL;
	digests->manager = manager;
	if (worker_new(manager->event, "images", &digests->worker) < 0) {
		free(digests);
		return NULL;
	}
	manager->digests = digests;
	return digests;
}

int digests_update(struct manager *manager, void (*done)(bool ended, void *userdata),
		   void *userdata)
{
	struct digest_waiter **waiters, *waiter;
	const struct cell *cell = manager->cells;
	struct digests *digests;

	while (cell && !has_unread(cell))
		cell = cell->next;
	digests = cell ? get(manager) : NULL;
	if (!digests)
		return 0;
	waiters = digests->tasks ? &digests->late : &digests->waiters;
	if (!digests->tasks && !begin(digests))
		return 0;
	waiter = malloc(sizeof(*waiter));
	if (!waiter)
		return 0;
	*waiter = (struct digest_waiter){*waiters, done, userdata};
	*waiters = waiter;
	return 1;
}

void digests_end(struct manager *manager)
{
	struct digests *digests = TAKE_POINTER(manager->digests);

	if (!digests)
		return;
	digests->quit = true;
	worker_free(digests->worker);
	tell(digests, digests->waiters, true);
	tell(digests, digests->late, true);
	free_tasks(digests);
	free(digests);
}
