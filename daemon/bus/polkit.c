// SPDX-License-Identifier: GPL-2.0-only
#include "bus/polkit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/bus_words.h"
#include "util/log.h"

#define AUTHORITY_NAME	    "org.freedesktop.PolicyKit1"
#define AUTHORITY_PATH	    "/org/freedesktop/PolicyKit1/Authority"
#define AUTHORITY_INTERFACE "org.freedesktop.PolicyKit1.Authority"

#define ALLOW_USER_INTERACTION 1u
#define CHECK_TIMEOUT_US       (25ull * 1000 * 1000)
/* A person types a password; without end it would be a way to fill our tables. */
#define INTERACTIVE_TIMEOUT_US (120ull * 1000 * 1000)

struct polkit_check {
	sd_bus *bus;
	sd_bus_slot *slot;
	const char *action;
	const char *verb;
	char *object;
	char *sender;
	char cancellation_id[32];
	bool interactive;
	void (*answer)(struct error *error, void *userdata);
	void *userdata;
};

static void deny(struct polkit_check *check, enum error_code code, const char *why)
{
	const int first = (int)strcspn(check->verb, "-");
	const char *second = check->verb[first] ? check->verb + first + 1 : "";
	_cleanup_(error_done) struct error error = {0};

	/* "start alpha", but "open the console of alpha" */
	error_set(&error, code, "not allowed to %.*s%s%s%s%s%s: %s (polkit action %s)", first,
		  check->verb, *second ? " the " : "", second, *second ? " of" : "",
		  check->object[0] ? " " : "", check->object, why, check->action);
	check->answer(&error, check->userdata);
}

static void allow(struct polkit_check *check)
{
	struct error none = {0};

	check->answer(&none, check->userdata);
}

/* The dialog that nobody waits for any more should not stay open. */
static void cancel_dialog(struct polkit_check *check)
{
	if (check->interactive)
		(void)sd_bus_call_method_async(check->bus, NULL, AUTHORITY_NAME, AUTHORITY_PATH,
					       AUTHORITY_INTERFACE, "CancelCheckAuthorization",
					       NULL, NULL, "s", check->cancellation_id);
}

static int on_authorization(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct polkit_check *check = userdata;
	int authorized = 0, challenge = 0;

	if (sd_bus_message_is_method_error(reply, NULL)) {
		const sd_bus_error *error = sd_bus_message_get_error(reply);

		log_warning("polkit did not answer about %s: %s", check->action,
			    error->message ? error->message : error->name);
		cancel_dialog(check);
		deny(check, ERROR_ACCESS_DENIED, "polkit could not be asked");
		return 0;
	}
	if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
	    sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0)
		deny(check, ERROR_ACCESS_DENIED, "polkit's answer makes no sense");
	else if (authorized)
		allow(check);
	else if (challenge && !check->interactive)
		deny(check, ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
		     "a user would have to authenticate");
	else
		deny(check, ERROR_ACCESS_DENIED, "denied");
	return 0;
}

static int append_details(const struct polkit_question *question, sd_bus_message *call)
{
	int r = sd_bus_message_open_container(call, 'a', "{ss}");

	for (size_t i = 0; r >= 0 && i < question->num_details; i++)
		r = sd_bus_message_append(call, "{ss}", question->details[i].name,
					  question->details[i].value);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static int send_question(struct polkit_check *check, const struct polkit_question *question)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	int r;

	r = sd_bus_message_new_method_call(check->bus, &call, AUTHORITY_NAME, AUTHORITY_PATH,
					   AUTHORITY_INTERFACE, "CheckAuthorization");
	if (r < 0)
		return r;
	r = sd_bus_message_append(call, "(sa{sv})s", "system-bus-name", 1, "name", "s",
				  check->sender, check->action);
	if (r >= 0)
		r = append_details(question, call);
	if (r >= 0)
		r = sd_bus_message_append(call, "us",
					  check->interactive ? ALLOW_USER_INTERACTION : 0,
					  check->cancellation_id);
	if (r < 0)
		return r;
	return sd_bus_call_async(check->bus, &check->slot, call, on_authorization, check,
				 check->interactive ? INTERACTIVE_TIMEOUT_US : CHECK_TIMEOUT_US);
}

int polkit_ask(const struct polkit_question *question,
	       void (*answer)(struct error *error, void *userdata), void *userdata,
	       struct polkit_check **ret)
{
	static uint64_t last_id;
	_cleanup_(polkit_check_freep) struct polkit_check *check = calloc(1, sizeof(*check));
	const char *sender = sd_bus_message_get_sender(question->message);
	int r;

	if (!check)
		return -ENOMEM;
	if (!sender)
		return -EINVAL;
	check->bus = sd_bus_ref(sd_bus_message_get_bus(question->message));
	check->action = question->action;
	check->verb = question->verb;
	check->object = strdup(question->object);
	check->sender = strdup(sender);
	if (!check->object || !check->sender)
		return -ENOMEM;
	check->interactive =
		sd_bus_message_get_allow_interactive_authorization(question->message) > 0;
	check->answer = answer;
	check->userdata = userdata;
	snprintf(check->cancellation_id, sizeof(check->cancellation_id), "cellmgrd-%" PRIu64,
		 ++last_id);
	r = send_question(check, question);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(check);
	return 0;
}

void polkit_check_free(struct polkit_check *check)
{
	if (!check)
		return;
	sd_bus_slot_unref(check->slot);
	sd_bus_unref(check->bus);
	free(check->object);
	free(check->sender);
	free(check);
}

char *polkit_format_steps(uint32_t steps)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (enum bus_verb verb = 0; verb < VERB_COUNT; verb++) {
		if (steps & (1u << verb))
			fprintf(stream, "%s%s", ftell(stream) ? " " : "", verb_name(verb));
	}
	return fclose(stream) == 0 ? text : NULL;
}
