// SPDX-License-Identifier: GPL-2.0-only
/* A screen that lives: cells, what they are at, and the signals of one of them. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bus/fetch.h"
#include "bus/rates.h"
#include "bus/signals.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/quantity.h"
#include "verbs/verbs.h"
#include "view/format.h"
#include "view/signal_table.h"
#include "view/table.h"
#include "view/terminal.h"
#include "view/text.h"

#define DEFAULT_INTERVAL_USEC 1000000
#define SELECTION_USEC	      200000 /* that a selection stands before it is asked for */
#define HEAD_LINES	      2

static const struct table_column columns[] = {
	{"", false, 0, false},	    {"CELL", false, 0, false},	  {"STATE", false, 0, false},
	{"HEALTH", false, 0, true}, {"EXITS/S", true, 0, false},  {"MEMORY", true, 0, true},
	{"CPUS", false, 6, true},   {"OF THEM", false, 12, true},
};

enum sort { SORT_NAME, SORT_EXITS, SORT_MEMORY, SORT_COUNT };

static const char *const sort_names[SORT_COUNT] = {"name", "exits", "memory"};

struct top {
	struct client *client;
	const char *asked; /* the cell of the command line, NULL: none */
	char **names;	   /* and those of its signals that are wanted; none: all */
	size_t pictures;   /* so far */
	enum sort sort;
	struct manager_info manager;
	struct cell_list list; /* in the order of the screen */
	struct rates rates;
	char *selected;		     /* NULL: there is no cell */
	struct json_object *signals; /* its; NULL: it has none */
	struct sparkline *lines;     /* of them */
	size_t num_lines;
};

static void top_done(struct top *top)
{
	terminal_end();
	manager_info_free(&top->manager);
	cell_list_free(&top->list);
	rates_free(&top->rates);
	json_object_put(top->signals);
	free(top->selected);
	free(top->lines);
}

/* The most first; what is the same stays in the order of names. */
static int compare(const void *a, const void *b, void *context)
{
	const struct cell_info *left = a, *right = b;
	struct top *top = context;
	double more = 0;

	if (top->sort == SORT_MEMORY)
		more = (double)left->memory - (double)right->memory;
	if (top->sort == SORT_EXITS) {
		const struct cell_rates *mine = rates_update(&top->rates, left);
		const struct cell_rates *its = rates_update(&top->rates, right);

		more = (mine && mine->valid ? mine->total : -1) -
		       (its && its->valid ? its->total : -1);
	}
	return more != 0 ? (more < 0) - (more > 0) : strcmp(left->name, right->name);
}

static size_t selected_index(const struct top *top)
{
	size_t i = 0;

	while (i < top->list.count && top->selected &&
	       strcmp(top->list.cells[i].name, top->selected) != 0)
		i++;
	return i < top->list.count ? i : 0;
}

/* Whatever was drawn was of another cell. */
static int select_cell(struct top *top, size_t index)
{
	char *name = index < top->list.count ? strdup(top->list.cells[index].name) : NULL;

	free(top->selected);
	free(top->lines);
	json_object_put(top->signals);
	top->selected = name;
	top->lines = NULL;
	top->signals = NULL;
	top->num_lines = 0;
	return name || top->list.count == 0 ? 0 : -ENOMEM;
}

static int fetch_selected(struct top *top, sd_bus_error *ret_error)
{
	static char *const all[] = {NULL};
	const struct cell_info *cell = &top->list.cells[selected_index(top)];
	bool asked = top->asked && strcmp(top->asked, cell->name) == 0;
	size_t count;
	int r;

	/* One that is asked for by its name, and is not there, is an error. */
	if (json_object_object_length(cell->signals) == 0 && !(asked && *top->names))
		return 0;
	r = fetch_signals(&top->client->connection, cell->path, asked ? top->names : all,
			  cell->signals, ret_error, &top->signals);
	if (r < 0)
		return r;
	count = json_object_array_length(top->signals);
	if (count != top->num_lines) {
		free(top->lines);
		top->lines = calloc(count + 1, sizeof(*top->lines));
		top->num_lines = top->lines ? count : 0;
		if (!top->lines)
			return -ENOMEM;
	}
	signal_table_follow(top->signals, top->lines, top->num_lines);
	return 0;
}

/* The cell that was selected, as long as it is there; else the first that runs. */
static int keep_selection(struct top *top)
{
	size_t index = selected_index(top);

	if (top->list.count > 0 && top->selected &&
	    strcmp(top->list.cells[index].name, top->selected) == 0)
		return 0;
	for (index = 0; index < top->list.count; index++) {
		const struct cell_info *cell = &top->list.cells[index];

		if (top->asked && top->pictures == 0 ? strcmp(cell->name, top->asked) == 0
						     : cell_info_runs(cell))
			return select_cell(top, index);
	}
	return select_cell(top, 0);
}

static int look(struct top *top, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_error_free) sd_bus_error gone = SD_BUS_ERROR_NULL;
	int r;

	manager_info_free(&top->manager);
	cell_list_free(&top->list);
	json_object_put(top->signals);
	top->signals = NULL;
	r = fetch_overview(&top->client->connection, ret_error, &top->manager, &top->list, NULL);
	for (size_t i = 0; r >= 0 && i < top->list.count; i++)
		r = rates_update(&top->rates, &top->list.cells[i]) ? 0 : -ENOMEM;
	if (r < 0)
		return r;
	qsort_r(top->list.cells, top->list.count, sizeof(*top->list.cells), compare, top);
	r = keep_selection(top);
	if (r < 0 || !top->selected)
		return r;
	/* Later a cell may go between two questions; its signals are then none. */
	r = fetch_selected(top, top->pictures == 0 ? ret_error : &gone);
	return top->pictures == 0 || r == -ENOMEM ? r : 0;
}

static int add_cell(struct top *top, struct table *table, const struct cell_info *cell)
{
	const struct cell_rates *rates = rates_update(&top->rates, cell);
	_cleanup_(freep) char *cpus = format_cpus(cell->cpus);
	_cleanup_(freep) char *reasons =
		rates ? format_reasons(rates->valid ? rates->per_counter : NULL, SIZE_MAX) : NULL;
	bool selected = top->selected && strcmp(top->selected, cell->name) == 0;
	char memory[QUANTITY_TEXT_MAX], rate[FORMAT_MAX];
	const char *texts[] = {
		selected ? ">" : "",
		cell->name,
		cell->state,
		cell->health,
		rates && rates->valid ? format_rate(rate, rates->total) : "-",
		cell->memory > 0 ? quantity_round_bytes(cell->memory, memory) : "-",
		cpus,
		reasons,
	};
	const enum color colors[ARRAY_SIZE(texts)] = {
		COLOR_BOLD, selected ? COLOR_BOLD : COLOR_PLAIN, state_color(cell->state),
		health_color(cell->health)};

	return cpus && reasons ? table_add(table, &top->client->screen, texts, colors) : -ENOMEM;
}

static void put_head(const struct top *top, const struct screen *screen)
{
	FILE *stream = screen->stream;
	char available[QUANTITY_TEXT_MAX], total[QUANTITY_TEXT_MAX], clock[16] = "";
	_cleanup_(freep) char *text = NULL, *clean = NULL, *fitting = NULL;
	const time_t now = time(NULL);
	size_t running = 0;
	struct tm local;

	if (localtime_r(&now, &local))
		strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	for (size_t i = 0; i < top->list.count; i++)
		running += cell_info_runs(&top->list.cells[i]);
	text = text_format("%s  hypervisor %s, %zu of %zu cells run, %s of %s free", clock,
			   top->manager.hypervisor_state, running, top->list.count,
			   quantity_round_bytes(top->manager.memory_free, available),
			   quantity_round_bytes(top->manager.memory_total, total));
	/* The state may be another machine's word. */
	clean = text ? text_clean(text, screen->unicode) : NULL;
	fitting = clean ? text_shorten(clean, screen->columns ?: SIZE_MAX, screen->unicode) : NULL;
	fprintf(stream, "%s\n", fitting ?: "");
	if (screen->tty)
		fprintf(stream, "%sby %s; s sorts, arrows select, q quits%s",
			screen_color(screen, COLOR_DIM), sort_names[top->sort],
			screen_plain(screen, COLOR_DIM));
	fputc('\n', stream);
}

static int put_cells(struct top *top, const struct screen *screen)
{
	_cleanup_(table_free) struct table table = TABLE(columns);

	for (size_t i = 0; i < top->list.count; i++) {
		if (add_cell(top, &table, &top->list.cells[i]) < 0)
			return -ENOMEM;
	}
	return table_print(&table, screen, "No cells.");
}

static int put_signals(struct top *top, const struct screen *screen)
{
	if (!top->signals)
		return 0;
	fprintf(screen->stream, "\n%sSignals of ", screen_color(screen, COLOR_BOLD));
	screen_put(screen, COLOR_BOLD, top->selected, "\n");
	return signal_table_print(top->signals, top->lines, top->num_lines, screen);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* Lines from one to another of text, counted from 0. */
static void put_lines(FILE *stream, const char *text, size_t from, size_t to)
{
	for (size_t line = 0; *text && line < to; line++) {
		size_t length = strcspn(text, "\n");

		if (line >= from)
			fprintf(stream, "%.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

/* Of more cells than there is room for, those around the selected one. */
static void put_window(const struct top *top, FILE *stream, const char *cells, size_t room)
{
	const size_t rows = count_lines(cells) - 1, at = selected_index(top);
	size_t first = at > (room - 1) / 2 ? at - (room - 1) / 2 : 0;

	if (room > rows)
		first = 0;
	else if (first + room - 1 > rows)
		first = rows - (room - 1);
	put_lines(stream, cells, 0, 1);
	put_lines(stream, cells, 1 + first, first + room);
}

static int draw(struct top *top)
{
	_cleanup_(freep) char *cells = NULL, *signals = NULL, *picture = NULL;
	struct screen screen = top->client->screen;
	const size_t rows = screen.rows;
	size_t size, below;
	FILE *streams[] = {open_memstream(&cells, &size), open_memstream(&signals, &size),
			   open_memstream(&picture, &size)};
	bool good = streams[0] && streams[1] && streams[2];

	screen.legend = true;
	screen.stream = streams[0];
	good = good && put_cells(top, &screen) >= 0;
	screen.stream = streams[1];
	good = good && put_signals(top, &screen) >= 0;
	for (size_t i = 0; i < 2; i++)
		good = streams[i] && fclose(streams[i]) == 0 && good;
	if (good) {
		screen.stream = streams[2];
		put_head(top, &screen);
		below = count_lines(signals);
		/* Signals have half of the screen at most. */
		below = rows && below > rows / 2 ? rows / 2 : below;
		put_window(top, streams[2], cells,
			   rows > HEAD_LINES + below + 2 ? rows - HEAD_LINES - below
			   : rows			 ? 2
							 : SIZE_MAX / 2);
		fputs(signals, streams[2]);
	}
	good = streams[2] && fclose(streams[2]) == 0 && good;
	return good ? terminal_show(picture, rows) : -ENOMEM;
}

/* Returns 1 where another cell's signals are wanted, 0 where only the picture changes. */
static int obey(struct top *top, enum key key)
{
	size_t index = selected_index(top);
	bool moved =
		(key == KEY_UP && index > 0) || (key == KEY_DOWN && index + 1 < top->list.count);

	if (key == KEY_RESIZED)
		screen_detect(&top->client->screen);
	if (key == 's')
		top->sort = (top->sort + 1) % SORT_COUNT;
	if (key == 's')
		qsort_r(top->list.cells, top->list.count, sizeof(*top->list.cells), compare, top);
	if (!moved)
		return 0;
	return select_cell(top, key == KEY_UP ? index - 1 : index + 1) < 0 ? -ENOMEM : 1;
}

/* One picture, what is typed until it is time for the next, and a look. Returns 1 at the end. */
static int live(struct top *top, uint64_t interval, sd_bus_error *ret_error)
{
	uint64_t next = monotonic_us() + interval;
	enum key key = KEY_NONE;
	int r = draw(top);

	if (r >= 0 && ++top->pictures == top->client->options.count)
		return 1;
	while (r >= 0 && (key = terminal_wait(next)) != KEY_NONE) {
		if (key == KEY_END)
			return 1;
		r = obey(top, key);
		/* A key that is held asks the daemon once, where it is let go. */
		if (r > 0 && interval > SELECTION_USEC)
			next = monotonic_us() + SELECTION_USEC;
		if (r >= 0)
			r = draw(top);
	}
	if (r >= 0 && !top->client->screen.tty)
		r = terminal_show("\n", 0);
	if (r < 0)
		return r;
	terminal_hurry(true);
	r = look(top, ret_error);
	terminal_hurry(false);
	return r;
}

enum exit_status verb_top(struct client *client, char **arguments)
{
	const uint64_t interval = client->options.interval_usec ?: DEFAULT_INTERVAL_USEC;
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(top_done) struct top top = {.client = client, .asked = arguments[0]};
	_cleanup_(freep) char *path = NULL;
	int r = 0;

	/* What is no screen to draw on gets one picture after the other. */
	client->screen.tty = client->screen.moves && isatty(STDIN_FILENO);
	if (!client->screen.tty)
		client->screen.rows = 0;
	top.names = arguments[0] ? arguments + 1 : arguments;
	if (arguments[0])
		r = fetch_cell_path(&client->connection, arguments[0], &error, &path);
	if (r >= 0)
		r = look(&top, &error);
	if (r >= 0)
		r = terminal_begin(client->screen.tty);
	while (r == 0)
		r = live(&top, interval, &error);
	terminal_end();
	return r < 0 ? complain_attempt(client, arguments[0], &error, r) : STATUS_DONE;
}
