// SPDX-License-Identifier: GPL-2.0-only
/* A program in C++: that the headers are for it as well, and what it declares links. */
#include <cmath>

#include "cellmgr_link_queue.h"
#include "report.h"

namespace
{
class counter
{
      public:
	static void tick(void *argument)
	{
		static_cast<counter *>(argument)->ticks++;
	}

	volatile unsigned int ticks = 0;
};
} // namespace

void inmate_main(void)
{
	alignas(8) static uint8_t section[256];
	counter ticker;
	link_writer writer;
	link_stamp stamp;
	double value = std::sin(0.5), got = 0;

	interrupts_enable();
	check(timer_start_periodic(1000, counter::tick, &ticker) == 0, "a timer starts");
	udelay(10000);
	timer_stop();
	interrupts_disable();
	check(ticker.ticks > 3, "its handler is a member");
	check(link_writer_init(&writer, section, sizeof(section), 8, 0) == LINK_OK &&
		      link_write(&writer, 0, &value, sizeof(value), tsc_read()) == LINK_OK &&
		      link_read(section, sizeof(section), 0, &got, sizeof(got), &stamp) ==
			      LINK_OK &&
		      got == value,
	      "a block is written and read");
	report_end();
}
