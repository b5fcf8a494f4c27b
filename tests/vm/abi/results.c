// SPDX-License-Identifier: GPL-2.0-only
/* What cases say, and memory that is not there yet. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi.h"
#include "results.h"

void is(const char *what, const char *got, const char *expected)
{
	if (strcmp(got, expected) == 0)
		printf("ok %s\n", what);
	else
		printf("not ok %s: got \"%s\", expected \"%s\"\n", what, got, expected);
}

void gives(const char *what, int result, int expected)
{
	is(what, result ? strerrorname_np(-result) : "0",
	   expected ? strerrorname_np(-expected) : "0");
}

void *missing_page(int *ret_faults)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register request = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	request.range = (struct uffdio_range){(uintptr_t)page, 4096};
	if (page == MAP_FAILED || fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 ||
	    ioctl(fd, UFFDIO_REGISTER, &request) < 0)
		broken("no page to wait for: %s", strerror(errno));
	*ret_faults = fd;
	return page;
}

void fill_page(int faults, void *page)
{
	struct uffdio_zeropage request = {.range = {(uintptr_t)page, 4096}};

	if (ioctl(faults, UFFDIO_ZEROPAGE, &request) < 0)
		broken("UFFDIO_ZEROPAGE: %s", strerror(errno));
	close(faults);
}
