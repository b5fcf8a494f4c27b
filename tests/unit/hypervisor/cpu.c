// SPDX-License-Identifier: GPL-2.0-only
/* What CPUs ask of each other: suspend, flush, an action; who is kicked for it, and who is not. */
#include "core/cpu.h"

#include <errno.h>
#include <string.h>

#include "arch/arch.h"
#include "core/lock.h"
#include "fake_machine.h"

#include "tests/lib/tap.h"

#define ROUNDS 50

static unsigned int kicks[MACHINE_CPUS], flushes[MACHINE_CPUS], acts[MACHINE_CPUS];

static void look(void)
{
	for (unsigned int n = 0; n < MACHINE_CPUS; n++) {
		kicks[n] = machine.cpus[n].kicks;
		flushes[n] = machine.cpus[n].flushes;
		acts[n] = machine.cpus[n].acts;
	}
}

static bool kicked_since(unsigned int a, unsigned int b, unsigned int c, unsigned int d)
{
	const unsigned int expected[MACHINE_CPUS] = {a, b, c, d};

	for (unsigned int n = 0; n < MACHINE_CPUS; n++) {
		if (machine.cpus[n].kicks - kicks[n] != expected[n])
			return false;
	}
	return true;
}

static bool flushed_since(unsigned int a, unsigned int b, unsigned int c, unsigned int d)
{
	const unsigned int expected[MACHINE_CPUS] = {a, b, c, d};

	for (unsigned int n = 0; n < MACHINE_CPUS; n++) {
		if (machine.cpus[n].flushes - flushes[n] != expected[n])
			return false;
	}
	return true;
}

static void others_run(void)
{
	for (unsigned int n = 0; n < ROUNDS; n++)
		arch_cpu_relax();
}

static int this_id(uint64_t arg)
{
	return this_cpu()->id;
}

static void test_look_up(struct tap *tap)
{
	struct cpu *two = cpu_by_id(2);
	bool right = true;

	for (unsigned int n = 0; n < MACHINE_CPUS; n++)
		right = right && machine_call(n, this_id, 0) == (int)n && cpu_by_id(n)->id == n;
	tap_ok(tap, right, "each CPU finds its own block from its stack");
	tap_ok(tap, !cpu_by_id(MACHINE_CPUS) && !cpu_by_id(63) && !cpu_by_id(64) && !cpu_by_id(~0u),
	       "there is no CPU behind the last one");
	image_header.max_cpus = 64;
	tap_ok(tap, !cpu_by_id(MACHINE_CPUS), "nor where there is room for one");
	image_header.max_cpus = MACHINE_CPUS;
	image_header.cpu_entering[2] = 0;
	tap_ok(tap, !cpu_by_id(2),
	       "a CPU that Linux does not bring is none, whatever its block says");
	image_header.cpu_entering[2] = 1;
	two->entered = false;
	tap_ok(tap, !cpu_by_id(2), "a CPU that has left is no more");
	two->entered = true;
	tap_ok(tap, cpu_by_id(2) == two, "until it enters again");
}

/* Bits of what was seen while CPU 1 was suspended. */
enum seen {
	STOPPED = 1 << 0,
	STAYED = 1 << 1,
	FLUSHED = 1 << 2,
	LEFT_ALONE = 1 << 3,
	RESUMED = 1 << 4,
	STOPPED_AGAIN = 1 << 5,
	ACTED = 1 << 6,
};

static uint64_t suspend(uint64_t bitmap)
{
	const struct cpu_set cpus = {{bitmap}};
	struct cpu_set stopped;
	bool all = cpus_suspend(&cpus, &stopped);

	return all == (stopped.word[0] == bitmap) ? stopped.word[0] : ~0ull;
}

static void resume(uint64_t bitmap)
{
	cpus_resume(&(struct cpu_set){{bitmap}});
}

static int flush_result(uint64_t bitmap)
{
	return cpus_flush(&(struct cpu_set){{bitmap}});
}

static int suspend_one(uint64_t arg)
{
	struct cpu *cpu = cpu_by_id(1);
	int seen = 0;

	suspend(1 << 1);
	seen |= (cpu->pending & PENDING_SUSPENDED) && !machine.cpus[1].in_guest ? STOPPED : 0;
	others_run();
	seen |= (cpu->pending & PENDING_SUSPENDED) && !machine.cpus[1].in_guest ? STAYED : 0;
	flush_result(1 << 1);
	seen |= flushed_since(0, 1, 0, 0) && !machine.cpus[1].in_guest ? FLUSHED : 0;
	resume(1 << 1);
	seen |= !(cpu->pending & PENDING_SUSPENDED) ? RESUMED : 0;
	suspend(1 << 1);
	seen |= (cpu->pending & PENDING_SUSPENDED) && !machine.cpus[1].in_guest ? STOPPED_AGAIN : 0;
	/* As when its cell changes: without a kick. */
	cpu_set_order(cpu, PENDING_PARK);
	others_run();
	seen |= machine.cpus[1].acts == acts[1] ? LEFT_ALONE : 0;
	cpu->cell = (struct cell *)arg;
	resume(1 << 1);
	others_run();
	seen |= machine.cpus[1].acts == acts[1] + 1 ? ACTED : 0;
	return seen;
}

static void test_suspend(struct tap *tap)
{
	static struct cell other;
	int seen;

	machine_open(NULL);
	other.stage2 = root_cell.stage2;
	look();
	seen = machine_call(0, suspend_one, (uint64_t)&other);
	tap_ok(tap, seen & STOPPED, "a suspended CPU is out of its guest when the call returns");
	tap_ok(tap, seen & STAYED, "it stays there");
	tap_ok(tap, seen & FLUSHED, "a flush is served by it all the same");
	tap_ok(tap, seen & LEFT_ALONE, "an action waits until it is resumed");
	tap_ok(tap, seen & RESUMED, "resume returns when it has left");
	tap_ok(tap, seen & STOPPED_AGAIN,
	       "so that a second suspend does not see the first's answer");
	tap_ok(tap, seen & ACTED, "then it is carried out, without another kick");
	tap_is_u64(tap, machine.cpus[1].acts - acts[1], 1, "and once");
	tap_ok(tap, machine.cpus[1].last_act == PENDING_PARK && machine.cpus[1].act_cell == &other,
	       "as the cell's that it was given to meanwhile");
	tap_ok(tap, machine.cpus[1].in_guest, "in the end it is back in its guest");
	tap_ok(tap, kicked_since(0, 3, 0, 0),
	       "one kick for each request, and nobody else is interrupted");
}

static int flush_some(uint64_t bitmap)
{
	flush_result(bitmap);
	return flushed_since(bitmap & 1, bitmap >> 1 & 1, bitmap >> 2 & 1, bitmap >> 3 & 1);
}

static void test_flush(struct tap *tap)
{
	machine_open(NULL);
	look();
	tap_ok(tap, machine_call(0, flush_some, 0xb), "a flush returns when all have flushed");
	tap_ok(tap, kicked_since(0, 1, 0, 1), "only those are kicked for it, and not oneself");
	tap_ok(tap, machine.cpus[1].owed && machine.cpus[3].owed,
	       "they say that they have when they have");
	look();
	tap_ok(tap, machine_call(2, flush_some, 1 << 2) && kicked_since(0, 0, 0, 0),
	       "one's own flush needs nobody");
	look();
	tap_ok(tap, machine_call(0, flush_some, 0) && kicked_since(0, 0, 0, 0), "no CPU, no flush");
	look();
	tap_ok(tap, machine_call(0, flush_some, 1ull << 63 | 1 << 5 | 2),
	       "CPUs that there are not are left out");
	look();
	cpu_by_id(3)->entered = false;
	machine_call(0, flush_some, 0xe);
	tap_ok(tap, kicked_since(0, 1, 1, 0),
	       "a CPU that has left for Linux is neither kicked nor waited for");
}

static void cpu_order(struct cpu *cpu, enum cpu_pending order)
{
	cpu_set_order(cpu, order);
	arch_cpu_kick(cpu);
}

static int order_two(uint64_t arg)
{
	cpu_order(cpu_by_id(2), PENDING_PARK);
	cpu_order(cpu_by_id(2), PENDING_START);
	return 0;
}

static int order_wait(uint64_t arg)
{
	cpu_order(cpu_by_id(2), PENDING_WAIT);
	return 0;
}

/* As if a kick had been taken on the way to the guest, after the look for requests. */
static void late_request(struct cpu *cpu)
{
	if (cpu->id != 2)
		return;
	machine.on_signals = NULL;
	cpu_post(cpu, 0, PENDING_PARK | PENDING_FLUSH);
}

static int signal_self(uint64_t arg)
{
	cpu_post(this_cpu(), 0, PENDING_NMI);
	return 0;
}

static void test_actions(struct tap *tap)
{
	machine_open(NULL);
	look();
	machine_call(0, order_wait, 0);
	tap_ok(tap, machine.cpus[2].last_act == PENDING_WAIT && kicked_since(0, 0, 1, 0),
	       "an order kicks its CPU, which carries it out");
	machine_call(0, flush_some, 1 << 2);
	tap_is_u64(tap, machine.cpus[2].acts - acts[2], 1, "once, not at each kick that follows");
	look();
	machine_call(0, order_two, 0);
	tap_ok(tap,
	       machine.cpus[2].last_act == PENDING_START && machine.cpus[2].acts - acts[2] == 1,
	       "of two orders the last one counts");
	look();
	machine.on_signals = late_request;
	machine_call(2, signal_self, 0);
	tap_ok(tap,
	       machine.cpus[2].last_act == PENDING_PARK && !cpu_by_id(2)->pending &&
		       machine.cpus[2].in_guest,
	       "a request whose kick was taken on the way to the guest is served before it");
	tap_ok(tap, flushed_since(0, 0, 1, 0) && kicked_since(0, 0, 0, 0), "without another kick");
}

static int signal_other(uint64_t arg)
{
	cpu_post(cpu_by_id(2), 0, PENDING_SIPI);
	if (arg & PENDING_ORDERS)
		cpu_order(cpu_by_id(2), arg & PENDING_ORDERS);
	if (arg & PENDING_INIT)
		cpu_post(cpu_by_id(2), 0, PENDING_INIT);
	return 0;
}

static void test_signals(struct tap *tap)
{
	machine_open(NULL);
	machine_call(0, signal_other, PENDING_START | PENDING_INIT);
	tap_is_u64(tap, machine.cpus[2].signals, PENDING_INIT,
		   "an order forgets the signals before it, and none after it");
	machine.later = PENDING_NMI;
	look();
	machine_call(2, signal_self, 0);
	tap_ok(tap, cpu_by_id(2)->pending == PENDING_NMI && machine.cpus[2].in_guest,
	       "a signal that cannot be delivered yet waits while the guest goes on");
	machine.later = 0;
	machine_call(2, this_id, 0);
	tap_ok(tap, !cpu_by_id(2)->pending && (machine.cpus[2].signals & PENDING_NMI),
	       "and is delivered after the next exit");
}

static int suspend_some(uint64_t bitmap)
{
	uint64_t stopped = suspend(bitmap);

	resume(stopped);
	return stopped;
}

static void test_late(struct tap *tap)
{
	struct cpu *two;

	machine_open(NULL);
	two = cpu_by_id(2);
	machine.cpus[2].deaf = 5000; /* of the 10 000 looks that a second has */
	tap_ok(tap, machine_call(0, suspend_some, 0xe) == 0xe && !cpu_is_lost(two),
	       "a CPU that answers late is waited for");
	machine.clock_step = 1ull << 40;
	machine.cpus[2].deaf = 5000;
	tap_ok(tap, machine_call(0, suspend_some, 0xe) == 0xe && !cpu_is_lost(two),
	       "however long the waiter itself was away in between");
	machine.clock_step = CLOCK_STEP / 10;
	machine.cpus[2].deaf = 50000;
	tap_ok(tap, machine_call(0, suspend_some, 0xe) == 0xe && !cpu_is_lost(two),
	       "time counts, not how often one looks");
	machine.cpus[2].deaf = 200000;
	tap_ok(tap, machine_call(0, suspend_some, 0xe) == 0xa, "but not much longer than a second");
}

static void test_lost(struct tap *tap)
{
	struct cpu *two;
	uint64_t clock;

	machine_open(NULL);
	two = cpu_by_id(2);
	machine.cpus[2].deaf = DEAF_FOR_EVER;
	look();
	tap_is_u64(tap, machine_call(0, suspend_some, 0xe), 0xa,
		   "a suspend ends without a CPU that does not answer, and says so");
	tap_ok(tap, cpu_is_lost(two) && !cpu_is_lost(cpu_by_id(1)), "that one is lost");
	tap_ok(tap, machine.cpus[1].in_guest && machine.cpus[3].in_guest, "the others go on");
	clock = machine.clock;
	tap_is_u64(tap, machine_call(0, suspend_some, 0xe), 0xa, "the next suspend says it again");
	tap_is_u64(tap, machine_call(0, flush_result, 0xf), -EIO, "so does a flush");
	tap_ok(tap, machine.clock - clock < 100 * CLOCK_STEP, "without waiting for it once more");
	tap_ok(tap, flushed_since(1, 1, 0, 1), "the others have flushed");
	machine.cpus[2].deaf = 0;
	machine_call(0, this_id, 0);
	tap_ok(tap, !cpu_is_lost(two) && machine.cpus[2].in_guest && !two->pending,
	       "when it comes back it is no longer lost");
	tap_ok(tap, flushed_since(1, 1, 1, 1), "and has flushed before its guest goes on");
	tap_ok(tap, machine.cpus[2].acts == acts[2] && !(two->pending & PENDING_SUSPENDED),
	       "nothing of the suspend is left");
	tap_ok(tap,
	       machine_call(0, suspend_some, 0xe) == 0xe && !machine_call(0, flush_result, 0xf),
	       "it is waited for as before");
}

/* Lost when others are asked to suspend, and back while these are waited for. */
static void test_back_meanwhile(struct tap *tap)
{
	struct cpu *two;
	uint64_t clock;

	machine_open(NULL);
	two = cpu_by_id(2);
	cpu_post(two, 0, PENDING_LOST);
	machine.cpus[2].kicked = true;
	clock = machine.clock;
	tap_is_u64(tap, machine_call(0, suspend_some, 0xe), 0xa, "who was lost is not asked");
	tap_ok(tap, !cpu_is_lost(two) && machine.clock - clock < 100 * CLOCK_STEP,
	       "nor waited for when it is back, nor lost again");
	tap_is_u64(tap, machine_call(0, suspend_some, 0xe), 0xe, "the next time it is");
}

/* An exception: it stands still for ever. */
static void test_standing_still(struct tap *tap)
{
	uint64_t clock;

	machine_open(NULL);
	machine.cpus[2].deaf = DEAF_FOR_EVER;
	cpu_by_id(2)->state = CPU_LOST;
	clock = machine.clock;
	tap_is_u64(tap, machine_call(0, suspend_some, 0xe), 0xe,
		   "a CPU that had an exception is as good as suspended");
	tap_is_u64(tap, machine_call(0, flush_result, 0xf), 0, "and uses nothing any more");
	tap_ok(tap, machine.clock - clock < 100 * CLOCK_STEP && cpu_is_lost(cpu_by_id(2)),
	       "nobody waits for it");
}

static struct spinlock lock;

/* Takes the lock, and does not come back. */
static int lock_and_stay(uint64_t dead)
{
	struct cpu *self = this_cpu();

	spin_lock(&lock);
	machine.cpus[self->id].deaf = DEAF_FOR_EVER;
	self->state = dead ? CPU_LOST : CPU_RUNNING;
	for (;;)
		arch_cpu_relax();
	return 0;
}

static int take_lock(uint64_t arg)
{
	bool held;

	spin_lock(&lock);
	held = spin_held(&lock) && !spin_trylock(&lock);
	spin_unlock(&lock);
	return held && !spin_held(&lock);
}

static unsigned int inside, most_inside;

static int take_lock_for_a_while(uint64_t arg)
{
	spin_lock(&lock);
	inside++;
	most_inside = inside > most_inside ? inside : most_inside;
	others_run();
	inside--;
	spin_unlock(&lock);
	return 0;
}

/* A fresh machine whose CPU 3 has taken the lock and stays with it. */
static void let_hold(bool dead)
{
	machine_open(NULL);
	memset(&lock, 0, sizeof(lock));
	machine_begin(3, lock_and_stay, dead);
	machine_call(1, this_id, 0);
}

static void test_locks(struct tap *tap)
{
	uint64_t clock;

	machine_open(NULL);
	tap_ok(tap, machine_call(0, take_lock, 0) && machine_call(1, take_lock, 0),
	       "a lock is one CPU's, and then the next one's");
	let_hold(true);
	clock = machine.clock;
	tap_ok(tap, machine_call(0, take_lock, 0) && machine.clock - clock < 100 * CLOCK_STEP,
	       "the lock of a CPU that had an exception is taken over at once");
	let_hold(false);
	clock = machine.clock;
	tap_ok(tap, machine_call(0, take_lock, 0) && machine.clock - clock >= 1000 * CLOCK_KHZ,
	       "that of one that got lost with it after a second");
	let_hold(false);
	machine_call(1, suspend_some, 1 << 3);
	clock = machine.clock;
	tap_ok(tap,
	       cpu_is_lost(cpu_by_id(3)) && machine_call(0, take_lock, 0) &&
		       machine.clock - clock >= 1000 * CLOCK_KHZ,
	       "not before, where others have waited for it in vain: it may still be at work");
	let_hold(false);
	for (unsigned int n = 0; n < 3; n++)
		machine_begin(n, take_lock_for_a_while, 0);
	machine_end(0);
	tap_is_u64(tap, most_inside, 1, "by one of those that wait: the others wait for that one");
}

/* Of more CPUs than a word has bits, which the made-up machine does not have. */
static void test_sets(struct tap *tap)
{
	const unsigned int ids[] = {0, 63, 64, 127, 128, 200, 255};
	struct cpu_set set = cpus_none, high = {{0, 0, 1, 0}}, all = cpus_none;
	unsigned int found = 0, id = 0;

	for (unsigned int n = 0; n < sizeof(ids) / sizeof(ids[0]); n++)
		cpu_set_add(&set, ids[n]);
	for (; (id = cpu_set_next(&set, id)) < IMAGE_MAX_CPUS; id++)
		found += found < sizeof(ids) / sizeof(ids[0]) && id == ids[found] ? 1 : 100;
	tap_is_u64(tap, found, sizeof(ids) / sizeof(ids[0]), "a set is walked over its words");
	tap_ok(tap, cpu_set_has(&set, 200) && !cpu_set_has(&set, 199) && !cpu_set_has(&set, 8),
	       "it has those that were added");
	tap_ok(tap, cpu_set_covers(&set, &high) && !cpu_set_covers(&high, &set),
	       "it covers a part of it");
	cpu_set_leave(&set, &high);
	tap_ok(tap, !cpu_set_has(&set, 128) && cpu_set_has(&set, 127), "a part leaves");
	cpu_set_join(&set, &high);
	cpu_set_remove(&set, 0);
	tap_ok(tap, cpu_set_has(&set, 128) && cpu_set_next(&set, 0) == 63, "and joins again");
	for (id = 0; id < IMAGE_MAX_CPUS; id++)
		cpu_set_add(&all, id);
	tap_ok(tap, cpu_set_covers(&all, &cpus_all) && cpu_set_covers(&cpus_all, &all),
	       "all are as many as there can be");
	tap_ok(tap, cpu_set_covers(&cpus_none, &cpus_none) && !cpu_set_covers(&cpus_none, &high),
	       "none is a part of every set");
}

int main(void)
{
	struct tap tap = {0};

	machine_open(NULL);
	test_sets(&tap);
	test_look_up(&tap);
	test_suspend(&tap);
	test_flush(&tap);
	test_actions(&tap);
	test_signals(&tap);
	test_late(&tap);
	test_lost(&tap);
	test_back_meanwhile(&tap);
	test_standing_still(&tap);
	test_locks(&tap);
	return tap_done(&tap);
}
