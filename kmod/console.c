// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hypervisor and the cells put out, as read() of the device gives it: one text, put
 * together from their rings, that outlives them.
 */
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "cellvisor.h"
#include "ring.h"

#define TEXT_SIZE SZ_128K
#define LOG_MAX	  2000 /* bytes that go into the kernel's log at once */
#define PIECE	  256  /* that are on the stack for a moment */

DECLARE_WAIT_QUEUE_HEAD(console_wait);

/* Of all that follows, and where cells' rings have been read to. The last lock to be taken. */
static DEFINE_MUTEX(text_lock);

/* Bytes are numbered from the first one that the module ever took; the last ones are there. */
static char text[TEXT_SIZE];
static u64 text_head;
static u64 text_begin; /* of what the hypervisor said that is on, or was last */
static u64 ring_read;  /* of the hypervisor's ring */
static bool kept;      /* from root, as the configuration wants it, while the hypervisor is on */

static void append(char c)
{
	text[text_head % TEXT_SIZE] = c;
	WRITE_ONCE(text_head, text_head + 1);
}

static int format_lost(char line[CONSOLE_LOST_LINE], u64 lost)
{
	return snprintf(line, CONSOLE_LOST_LINE, "\n[%llu bytes lost]\n", lost);
}

/* What comes meanwhile is for the next time, or one that is loud would keep us. */
static void drain_ring(const struct public_ring *ring, u64 *offset)
{
	char line[CONSOLE_LOST_LINE];
	u8 piece[PIECE];
	size_t count;
	int length;
	u64 lost;

	do {
		count = ring_copy(ring, offset, &lost, piece, sizeof(piece));
		length = lost ? format_lost(line, lost) : 0;
		for (int i = 0; i < length; i++)
			append(line[i]);
		for (size_t i = 0; i < count; i++)
			append(piece[i]);
	} while (count == sizeof(piece));
}

void console_open(void)
{
	mutex_lock(&text_lock);
	ring_read = 0;
	WRITE_ONCE(text_begin, text_head);
	WRITE_ONCE(kept, !(partition->system->flags & BLOB_SYS_CONSOLE_READABLE));
	mutex_unlock(&text_lock);
	/* Who waits for text that will not come. */
	if (kept)
		wake_up_interruptible(&console_wait);
}

void console_close(void)
{
	console_drain();
	WRITE_ONCE(kept, false);
}

void console_drain(void)
{
	struct managed_cell *cell;
	bool more;
	u64 before;

	if (!partition || kept)
		return;
	mutex_lock(&text_lock);
	before = text_head;
	drain_ring(&partition->public->console, &ring_read);
	list_for_each_entry (cell, &managed_cells, entry) {
		if (view_is_there(cell))
			drain_ring(&view_cell(cell)->console, &cell->console_read);
	}
	more = text_head != before;
	mutex_unlock(&text_lock);
	/* Who waits for events only is not woken. */
	if (more)
		wake_up_interruptible_poll(&console_wait, EPOLLIN | EPOLLRDNORM);
}

/* While nobody takes the rings away. */
static void drain_shown(void)
{
	if (view_begin())
		console_drain();
	view_end();
}

static u64 oldest(u64 head)
{
	return head > TEXT_SIZE ? head - TEXT_SIZE : 0;
}

void console_reader_init(struct console_reader *reader)
{
	memset(reader, 0, sizeof(*reader));
	mutex_init(&reader->lock);
	mutex_lock(&text_lock);
	reader->offset = max(text_begin, oldest(text_head));
	mutex_unlock(&text_lock);
}

bool console_pending(const struct console_reader *reader)
{
	return READ_ONCE(reader->line_at) < READ_ONCE(reader->line_length) ||
	       READ_ONCE(text_head) != READ_ONCE(reader->offset);
}

static ssize_t give_line(struct console_reader *reader, char __user *buffer, size_t size)
{
	size_t chunk = min_t(size_t, size, reader->line_length - reader->line_at);

	if (copy_to_user(buffer, reader->line + reader->line_at, chunk))
		return -EFAULT;
	reader->line_at += chunk;
	return chunk;
}

/* Copies what comes next, up to size bytes. Notes first what was lost before it. */
static size_t next_piece(struct console_reader *reader, char *piece, size_t size)
{
	size_t chunk;
	u64 lost;

	mutex_lock(&text_lock);
	lost = max(oldest(text_head), reader->offset) - reader->offset;
	/* After what was lost before, of which half a line may be told. */
	if (lost && reader->line_at == reader->line_length) {
		reader->line_length = format_lost(reader->line, lost);
		reader->line_at = 0;
		reader->offset += lost;
	}
	chunk = min_t(u64, size, text_head - reader->offset);
	for (size_t i = 0; i < chunk; i++)
		piece[i] = text[(reader->offset + i) % TEXT_SIZE];
	mutex_unlock(&text_lock);
	return chunk;
}

/* Where the caller wants it may be nowhere yet: only this reader waits for that. */
static ssize_t give(struct console_reader *reader, char __user *buffer, size_t size)
{
	char *piece = kvmalloc(min_t(size_t, size, TEXT_SIZE), GFP_KERNEL);
	ssize_t done;

	if (!piece)
		return -ENOMEM;
	done = next_piece(reader, piece, min_t(size_t, size, TEXT_SIZE));
	if (reader->line_at < reader->line_length)
		done = give_line(reader, buffer, size);
	else if (copy_to_user(buffer, piece, done))
		done = -EFAULT;
	else
		reader->offset += done;
	kvfree(piece);
	return done;
}

static ssize_t read_once(struct console_reader *reader, char __user *buffer, size_t size)
{
	ssize_t done;

	if (mutex_lock_interruptible(&reader->lock))
		return -ERESTARTSYS;
	drain_shown();
	done = give(reader, buffer, size);
	/* Nothing will ever come. */
	if (!done && READ_ONCE(kept))
		done = -EPERM;
	mutex_unlock(&reader->lock);
	return done;
}

ssize_t console_read(struct console_reader *reader, char __user *buffer, size_t size, bool wait)
{
	ssize_t done;

	for (;;) {
		done = read_once(reader, buffer, size);
		if (done || !size || !wait)
			return done;
		events_await_text();
		if (wait_event_interruptible(console_wait,
					     console_pending(reader) || READ_ONCE(kept)))
			return -ERESTARTSYS;
	}
}

u64 console_ring_head(void)
{
	return smp_load_acquire(&partition->public->console.head);
}

void console_log(const struct public_ring *ring, u64 since)
{
	if (!kept)
		console_print(ring, since, KERN_ERR);
}

void console_print(const struct public_ring *ring, u64 since, const char *level)
{
	u64 head = smp_load_acquire(&ring->head), at = since;
	char line[128];
	unsigned int n = 0;

	/* Whatever the head says: no more than that, and of the ring. */
	if (head - since > LOG_MAX)
		at = head > LOG_MAX ? head - LOG_MAX : 0;
	for (; at < head; at++) {
		char c = READ_ONCE(ring->buffer[at % PUBLIC_CONSOLE_SIZE]);

		if (c != '\n')
			line[n++] = c >= ' ' && c <= '~' ? c : '?';
		if (n && (c == '\n' || n == sizeof(line) - 1 || at + 1 == head)) {
			line[n] = 0;
			printk("%scellvisor: | %s\n", level, line);
			n = 0;
		}
	}
}

size_t console_tail(char *buffer, size_t size)
{
	size_t done = 0;
	u64 at;

	drain_shown();
	mutex_lock(&text_lock);
	at = max(text_begin, oldest(text_head));
	if (text_head - at > size)
		at = text_head - size;
	while (at < text_head)
		buffer[done++] = text[at++ % TEXT_SIZE];
	mutex_unlock(&text_lock);
	return done;
}
