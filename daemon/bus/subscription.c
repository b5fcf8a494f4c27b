// SPDX-License-Identifier: GPL-2.0-only
#include "bus/subscription.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bus/service.h"
#include "bus/signal_bus.h"
#include "util/log.h"

#define MIN_PERIOD_US	   20000ull
#define MAX_PERIOD_US	   3600000000ull
#define US_PER_S	   1000000ull
#define ACCURACY_US	   1000u
#define MAX_SUBSCRIPTIONS  256
#define MAX_OF_USER	   32
#define MAX_VALUES_OF_USER 20000u /* a second: read, not sent */
/* Nobody takes them from the bus: what is sent later is newer. */
#define MAX_UNSENT	   256

/* As it was told last. */
struct told {
	char *name;
	struct signal_value value;
	enum quality quality;
	bool told;
};

struct subscription {
	struct service *service;
	struct subscription *next;
	char *cell;
	char *peer;
	uid_t uid;
	uint64_t period_us;
	struct told *told;
	size_t count;
	sd_bus_slot *gone, *there; /* the peer: told by the bus, and asked of it */
	sd_event_source *timer;
};

static void subscription_free(struct subscription *subscription)
{
	if (!subscription)
		return;
	sd_event_source_disable_unref(subscription->timer);
	sd_bus_slot_unref(subscription->gone);
	sd_bus_slot_unref(subscription->there);
	for (size_t i = 0; i < subscription->count; i++)
		free(subscription->told[i].name);
	free(subscription->told);
	free(subscription->cell);
	free(subscription->peer);
	free(subscription);
}
DEFINE_FREEP(struct subscription *, subscription_free)

static void end(struct subscription *subscription)
{
	struct subscription **link = &subscription->service->subscriptions;

	while (*link && *link != subscription)
		link = &(*link)->next;
	if (*link)
		*link = subscription->next;
	subscription_free(subscription);
}

void subscriptions_free(struct service *service)
{
	while (service->subscriptions)
		end(service->subscriptions);
}

/* ---- Telling -------------------------------------------------------------------------------- */

static const struct description_signal *find_signal(const struct cell *cell,
						    const struct told *told, size_t index)
{
	const struct description *description = cell->description;

	/* Most ask for all, and then it is where it was. */
	if (description && index < description->num_signals &&
	    strcmp(description->signals[index].name, told->name) == 0)
		return &description->signals[index];
	return signals_find(cell, told->name);
}

static bool has_news(const struct told *told, const struct signal_reading *reading)
{
	return !told->told || told->quality != reading->quality ||
	       !signal_values_equal(&told->value, &reading->value);
}

static int append_news(struct subscription *subscription, sd_bus_message *message,
		       const struct signal_reading *readings, struct told *const *told,
		       size_t count, size_t *ret_news)
{
	int r;

	*ret_news = 0;
	r = sd_bus_message_open_container(message, 'a', "{sv}");
	for (size_t i = 0; r >= 0 && i < count; i++) {
		if (!has_news(told[i], &readings[i]))
			continue;
		r = signal_bus_append(message, &readings[i]);
		told[i]->value = readings[i].value;
		told[i]->quality = readings[i].quality;
		told[i]->told = true;
		++*ret_news;
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int send_news(struct subscription *subscription, const struct cell *cell,
		     const struct signal_reading *readings, struct told *const *told, size_t count)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	_cleanup_(freep) char *path = cell_bus_path(cell);
	sd_bus *bus = subscription->service->bus;
	size_t news;
	int r;

	r = path ? sd_bus_message_new_signal(bus, &message, path, BUS_CELL_INTERFACE,
					     "SignalsChanged")
		 : -ENOMEM;
	if (r >= 0)
		r = sd_bus_message_set_destination(message, subscription->peer);
	if (r >= 0)
		r = append_news(subscription, message, readings, told, count, &news);
	if (r < 0 || !news)
		return r;
	return sd_bus_send(bus, message, NULL);
}

/* Signals that a new description has not any more are told of no more. */
static void tell(struct subscription *subscription, const struct cell *cell)
{
	_cleanup_(freep) struct signal_reading *readings =
		calloc(subscription->count + 1, sizeof(*readings));
	_cleanup_(freep) struct told **told = calloc(subscription->count + 1, sizeof(*told));
	size_t count = 0;
	int r = -ENOMEM;

	for (size_t i = 0; readings && told && i < subscription->count; i++) {
		readings[count].signal = find_signal(cell, &subscription->told[i], i);
		if (readings[count].signal)
			told[count++] = &subscription->told[i];
	}
	if (readings && told) {
		signals_read(cell, readings, count);
		r = send_news(subscription, cell, readings, told, count);
	}
	if (r < 0)
		log_warning("Cannot tell %s of signals of cell %s: %s", subscription->peer,
			    cell->name, strerror(-r));
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct subscription *subscription = userdata;
	const struct cell *cell =
		manager_find_cell(subscription->service->manager, subscription->cell);
	uint64_t unsent = 0, now = 0;

	if (!cell) {
		end(subscription);
		return 0;
	}
	if (sd_bus_get_n_queued_write(subscription->service->bus, &unsent) < 0 ||
	    unsent < MAX_UNSENT)
		tell(subscription, cell);
	/* What was missed is not made up for. */
	sd_event_now(sd_event_source_get_event(source), CLOCK_MONOTONIC, &now);
	usec += subscription->period_us;
	sd_event_source_set_time(source, usec > now ? usec : now + subscription->period_us);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- Beginning and ending ------------------------------------------------------------------- */

static struct subscription *find(const struct service *service, const char *peer, const char *cell)
{
	struct subscription *subscription = service->subscriptions;

	while (subscription &&
	       (strcmp(subscription->peer, peer) != 0 || strcmp(subscription->cell, cell) != 0))
		subscription = subscription->next;
	return subscription;
}

static uint64_t values_a_second(size_t count, uint64_t period_us)
{
	return (count * US_PER_S + period_us - 1) / period_us;
}

/* As for requests: every user's share, and root is never kept out. */
static int check_limits(const struct service *service, const struct subscription *wanted,
			struct error *error)
{
	const struct subscription *old = find(service, wanted->peer, wanted->cell);
	uint64_t values = values_a_second(wanted->count, wanted->period_us);
	unsigned int all = 0, of_user = 0;

	if (wanted->uid == 0)
		return 0;
	for (const struct subscription *other = service->subscriptions; other;
	     other = other->next) {
		if (other == old)
			continue;
		all++;
		if (other->uid != wanted->uid)
			continue;
		of_user++;
		values += values_a_second(other->count, other->period_us);
	}
	if (of_user >= MAX_OF_USER)
		return error_set(error, ERROR_LIMITS_EXCEEDED,
				 "%u subscriptions to signals are yours already", of_user);
	if (values > MAX_VALUES_OF_USER)
		return error_set(error, ERROR_LIMITS_EXCEEDED,
				 "subscriptions of yours would take %" PRIu64
				 " values a second, and may take %u; ask for fewer signals or a "
				 "longer period",
				 values, MAX_VALUES_OF_USER);
	if (all >= MAX_SUBSCRIPTIONS)
		return error_set(error, ERROR_BUSY, "there are %u subscriptions to signals already",
				 all);
	return 0;
}

/* The peer has left the bus; anybody can send what looks like it. */
static int on_gone(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	if (strcmp(sd_bus_message_get_sender(message) ?: "", "org.freedesktop.DBus") == 0)
		end(userdata);
	return 0;
}

/* Or had left before that was to be told. */
static int on_there(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	int there;

	if (sd_bus_message_read(message, "b", &there) >= 0 && !there)
		end(userdata);
	return 0;
}

static int copy_names(struct subscription *subscription, const struct signal_list *list)
{
	subscription->told = calloc(list->count + 1, sizeof(*subscription->told));
	if (!subscription->told)
		return -ENOMEM;
	for (; subscription->count < list->count; subscription->count++) {
		struct told *told = &subscription->told[subscription->count];

		told->name = strdup(list->readings[subscription->count].signal->name);
		if (!told->name)
			return -ENOMEM;
	}
	return 0;
}

static int subscription_new(struct service *service, const struct cell *cell, sd_bus_message *call,
			    uid_t uid, const struct signal_list *list, struct subscription **ret)
{
	_cleanup_(subscription_freep) struct subscription *subscription =
		calloc(1, sizeof(*subscription));
	int r;

	if (!subscription)
		return -ENOMEM;
	subscription->service = service;
	subscription->uid = uid;
	subscription->cell = strdup(cell->name);
	subscription->peer = strdup(sd_bus_message_get_sender(call));
	if (!subscription->cell || !subscription->peer)
		return -ENOMEM;
	r = copy_names(subscription, list);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(subscription);
	return 0;
}

static int begin(struct subscription *subscription)
{
	struct service *service = subscription->service;
	_cleanup_(freep) char *match =
		text_format("type='signal',sender='org.freedesktop.DBus',"
			    "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
			    "arg0='%s',arg2=''",
			    subscription->peer);
	int r;

	/* The loop waits for none of that, as sd_bus_track would. */
	r = match ? sd_bus_add_match_async(service->bus, &subscription->gone, match, on_gone, NULL,
					   subscription)
		  : -ENOMEM;
	if (r >= 0)
		r = sd_bus_call_method_async(service->bus, &subscription->there,
					     "org.freedesktop.DBus", "/org/freedesktop/DBus",
					     "org.freedesktop.DBus", "NameHasOwner", on_there,
					     subscription, "s", subscription->peer);
	/* The first one at once, but behind the answer. */
	if (r >= 0)
		r = sd_event_add_time_relative(service->manager->event, &subscription->timer,
					       CLOCK_MONOTONIC, 0, ACCURACY_US, on_time,
					       subscription);
	return r;
}

static int check_period(uint64_t period_us, sd_bus_error *ret_error)
{
	if (period_us >= MIN_PERIOD_US && period_us <= MAX_PERIOD_US)
		return 0;
	return sd_bus_error_setf(ret_error, error_bus_name(ERROR_INVALID),
				 "period_usec: is %" PRIu64
				 ", must be %llu to %llu, or 0 to end it",
				 period_us, MIN_PERIOD_US, MAX_PERIOD_US);
}

int subscription_change(struct service *service, const char *cell_name, sd_bus_message *call,
			uid_t uid, sd_bus_error *ret_error)
{
	_cleanup_(subscription_freep) struct subscription *subscription = NULL;
	_cleanup_(signal_list_done) struct signal_list list = {0};
	_cleanup_(error_done) struct error error = {0};
	struct cell *cell = manager_look_up(service->manager, cell_name, &error);
	struct subscription *old;
	uint64_t period_us;
	int r;

	if (!cell)
		return service_reply_error(ret_error, &error);
	r = signal_list_read(cell, call, &list, ret_error);
	if (r >= 0)
		r = sd_bus_message_read(call, "t", &period_us);
	if (r >= 0 && period_us)
		r = check_period(period_us, ret_error);
	if (r >= 0)
		r = subscription_new(service, cell, call, uid, &list, &subscription);
	if (r < 0)
		return r;
	subscription->period_us = period_us;
	if (period_us && check_limits(service, subscription, &error) < 0)
		return service_reply_error(ret_error, &error);
	r = period_us ? begin(subscription) : 0;
	if (r < 0)
		return r;
	old = find(service, subscription->peer, subscription->cell);
	if (old)
		end(old);
	if (period_us) {
		subscription->next = service->subscriptions;
		service->subscriptions = TAKE_POINTER(subscription);
	}
	return sd_bus_reply_method_return(call, NULL);
}
