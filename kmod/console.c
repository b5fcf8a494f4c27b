// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hypervisor and the cells put out, as read() of the device gives it: one text, put
 * together from their rings, that outlives them.
 */
#include <linux/poll.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "cellvisor.h"

#define TEXT_SIZE SZ_128K
#define LOG_MAX	  2000 /* bytes that go into the kernel's log at once */

DECLARE_WAIT_QUEUE_HEAD(console_wait);

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

static void drain_ring(const struct public_ring *ring, u64 *offset)
{
	u64 head = smp_load_acquire(&ring->head);
	char line[CONSOLE_LOST_LINE];
	int length;

	if (head - *offset > PUBLIC_CONSOLE_SIZE) {
		length = format_lost(line, head - PUBLIC_CONSOLE_SIZE - *offset);
		for (int i = 0; i < length; i++)
			append(line[i]);
		*offset = head - PUBLIC_CONSOLE_SIZE;
	}
	for (; *offset != head; ++*offset)
		append(READ_ONCE(ring->buffer[*offset % PUBLIC_CONSOLE_SIZE]));
}

void console_open(void)
{
	ring_read = 0;
	WRITE_ONCE(text_begin, text_head);
	WRITE_ONCE(kept, !(partition->system->flags & BLOB_SYS_CONSOLE_READABLE));
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
	u64 before = text_head;
	struct managed_cell *cell;

	if (!partition || kept)
		return;
	drain_ring(&partition->public->console, &ring_read);
	list_for_each_entry (cell, &managed_cells, entry) {
		if (cell->slot)
			drain_ring(&view_cell(cell)->console, &cell->console_read);
	}
	/* Who waits for events only is not woken. */
	if (text_head != before)
		wake_up_interruptible_poll(&console_wait, EPOLLIN | EPOLLRDNORM);
}

static u64 oldest(u64 head)
{
	return head > TEXT_SIZE ? head - TEXT_SIZE : 0;
}

void console_reader_init(struct console_reader *reader)
{
	memset(reader, 0, sizeof(*reader));
	reader->offset = max(READ_ONCE(text_begin), oldest(READ_ONCE(text_head)));
}

bool console_pending(const struct console_reader *reader)
{
	return reader->line_at < reader->line_length || READ_ONCE(text_head) != reader->offset;
}

static ssize_t give_line(struct console_reader *reader, char __user *buffer, size_t size)
{
	size_t chunk = min_t(size_t, size, reader->line_length - reader->line_at);

	if (copy_to_user(buffer, reader->line + reader->line_at, chunk))
		return -EFAULT;
	reader->line_at += chunk;
	return chunk;
}

static ssize_t give(struct console_reader *reader, char __user *buffer, size_t size)
{
	u64 lost = max(oldest(text_head), reader->offset) - reader->offset;
	size_t chunk;

	/* After what was lost before, of which half a line may be told. */
	if (lost && reader->line_at == reader->line_length) {
		reader->line_length = format_lost(reader->line, lost);
		reader->line_at = 0;
		reader->offset += lost;
	}
	if (reader->line_at < reader->line_length)
		return give_line(reader, buffer, size);
	chunk = min_t(u64, size, text_head - reader->offset);
	chunk = min_t(size_t, chunk, TEXT_SIZE - reader->offset % TEXT_SIZE);
	if (copy_to_user(buffer, &text[reader->offset % TEXT_SIZE], chunk))
		return -EFAULT;
	reader->offset += chunk;
	return chunk;
}

ssize_t console_read(struct console_reader *reader, char __user *buffer, size_t size, bool wait)
{
	ssize_t done;

	for (;;) {
		/* Whoever has the lock may scrub gigabytes. */
		if (!wait && !mutex_trylock(&cellvisor_lock))
			return 0;
		if (wait && mutex_lock_interruptible(&cellvisor_lock))
			return -ERESTARTSYS;
		console_drain();
		done = give(reader, buffer, size);
		/* Nothing will ever come. */
		if (!done && kept)
			done = -EPERM;
		mutex_unlock(&cellvisor_lock);
		if (done || !size || !wait)
			return done;
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
	u64 head = smp_load_acquire(&ring->head), at = since;
	char line[128];
	unsigned int n = 0;

	if (kept)
		return;
	/* Whatever the head says: no more than that, and of the ring. */
	if (head - since > LOG_MAX)
		at = head > LOG_MAX ? head - LOG_MAX : 0;
	for (; at < head; at++) {
		char c = READ_ONCE(ring->buffer[at % PUBLIC_CONSOLE_SIZE]);

		if (c != '\n')
			line[n++] = c >= ' ' && c <= '~' ? c : '?';
		if (n && (c == '\n' || n == sizeof(line) - 1 || at + 1 == head)) {
			line[n] = 0;
			pr_cell(err, "| %s\n", line);
			n = 0;
		}
	}
}

size_t console_tail(char *buffer, size_t size)
{
	u64 at = max(text_begin, oldest(text_head));
	size_t done = 0;

	if (text_head - at > size)
		at = text_head - size;
	while (at < text_head)
		buffer[done++] = text[at++ % TEXT_SIZE];
	return done;
}
