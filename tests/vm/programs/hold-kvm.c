// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes an empty KVM machine, which switches SVM on everywhere, says "holding" and keeps it until
 * standard input ends. Exit status: 0, or 3 where KVM declined with "busy", which is told as an
 * input/output error from Linux 6.12 on.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), machine;
	char byte;

	if (kvm < 0) {
		perror("hold-kvm: /dev/kvm");
		return 1;
	}
	machine = ioctl(kvm, KVM_CREATE_VM, 0);
	if (machine < 0) {
		fprintf(stderr, "hold-kvm: KVM_CREATE_VM: %s\n", strerror(errno));
		return errno == EBUSY || errno == EIO ? 3 : 1;
	}
	puts("holding");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}
