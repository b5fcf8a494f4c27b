// SPDX-License-Identifier: GPL-2.0-only
#include "util/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>

#define INTERRUPT_SIGNAL SIGUSR2
#define END_ATTEMPTS	 20
#define END_WAIT_NS	 100000000

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int done_fd;
	sd_event_source *source;

	/* Under the lock. */
	bool quit;
	bool pending; /* handed over, run not yet returned */
	bool finished;
	void (*run)(void *);
	void (*done)(void *);
	void *data;
};

static void *worker_main(void *argument)
{
	struct worker *worker = argument;
	const uint64_t one = 1;

	pthread_mutex_lock(&worker->lock);
	for (;;) {
		while (!worker->pending && !worker->quit)
			pthread_cond_wait(&worker->wake, &worker->lock);
		if (worker->quit)
			break;
		pthread_mutex_unlock(&worker->lock);
		worker->run(worker->data);
		pthread_mutex_lock(&worker->lock);
		worker->pending = false;
		worker->finished = true;
		/* A counter of one cannot be full. */
		(void)!write(worker->done_fd, &one, sizeof(one));
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

static int on_done(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct worker *worker = userdata;
	void (*done)(void *);
	uint64_t count;
	void *data;

	if (read(fd, &count, sizeof(count)) < 0)
		return 0;
	pthread_mutex_lock(&worker->lock);
	done = worker->done;
	data = worker->data;
	worker->finished = false;
	pthread_mutex_unlock(&worker->lock);
	done(data);
	return 0;
}

static void ignore_signal(int signal)
{
}

static int start_thread(struct worker *worker, const char *name)
{
	/* Without SA_RESTART: to interrupt is the point. */
	const struct sigaction action = {.sa_handler = ignore_signal};
	sigset_t all, old;
	int r;

	if (sigaction(INTERRUPT_SIGNAL, &action, NULL) < 0)
		return -errno;
	/* All other signals are the loop's. */
	sigfillset(&all);
	sigdelset(&all, INTERRUPT_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r)
		return -r;
	pthread_setname_np(worker->thread, name);
	return 0;
}

static void release(struct worker *worker)
{
	sd_event_source_disable_unref(worker->source);
	if (worker->done_fd >= 0)
		close(worker->done_fd);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

int worker_new(sd_event *event, const char *name, struct worker **ret)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int r;

	if (!worker)
		return -ENOMEM;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wake, NULL);
	worker->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->done_fd < 0) {
		r = -errno;
		goto err_release;
	}
	r = sd_event_add_io(event, &worker->source, worker->done_fd, EPOLLIN, on_done, worker);
	if (r < 0)
		goto err_release;
	r = start_thread(worker, name);
	if (r < 0)
		goto err_release;
	*ret = worker;
	return 0;

err_release:
	release(worker);
	return r;
}

static bool join(struct worker *worker)
{
	for (unsigned int i = 0; i < END_ATTEMPTS; i++) {
		struct timespec limit;

		worker_interrupt(worker);
		clock_gettime(CLOCK_MONOTONIC, &limit);
		limit.tv_nsec += END_WAIT_NS;
		if (limit.tv_nsec >= 1000000000) {
			limit.tv_nsec -= 1000000000;
			limit.tv_sec++;
		}
		if (pthread_clockjoin_np(worker->thread, NULL, CLOCK_MONOTONIC, &limit) == 0)
			return true;
	}
	return false;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->quit = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	/* Otherwise the thread uses what the caller is about to free, and nothing can end it. What
	 * has to last is in the state file already. */
	if (!join(worker))
		_exit(EXIT_FAILURE);
	release(worker);
}

int worker_submit(struct worker *worker, void (*run)(void *), void (*done)(void *), void *data)
{
	int r = -EBUSY;

	pthread_mutex_lock(&worker->lock);
	if (!worker->pending && !worker->finished && !worker->quit) {
		worker->run = run;
		worker->done = done;
		worker->data = data;
		worker->pending = true;
		pthread_cond_signal(&worker->wake);
		r = 0;
	}
	pthread_mutex_unlock(&worker->lock);
	return r;
}

bool worker_busy(const struct worker *worker)
{
	struct worker *w = (struct worker *)worker;
	bool busy;

	pthread_mutex_lock(&w->lock);
	busy = w->pending || w->finished;
	pthread_mutex_unlock(&w->lock);
	return busy;
}

void worker_interrupt(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	if (worker->pending)
		pthread_kill(worker->thread, INTERRUPT_SIGNAL);
	pthread_mutex_unlock(&worker->lock);
}
