// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kexec(8) does with a kernel file, an initrd and a command line: to be booted when asked by
 * "execute", or in a panic.
 *
 * usage: next-kernel load|panic KERNEL INITRD COMMAND-LINE
 *        next-kernel execute
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(unsigned long flags, char **files, const char *command_line)
{
	int kernel = open(files[0], O_RDONLY | O_CLOEXEC);
	int initrd = open(files[1], O_RDONLY | O_CLOEXEC);

	if (kernel < 0 || initrd < 0) {
		perror(kernel < 0 ? files[0] : files[1]);
		return 1;
	}
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(command_line) + 1, command_line,
		    flags) < 0) {
		perror("kexec_file_load");
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "load") == 0)
		return load(0, argv + 2, argv[4]);
	if (argc == 5 && strcmp(argv[1], "panic") == 0)
		return load(KEXEC_FILE_ON_CRASH, argv + 2, argv[4]);
	if (argc == 2 && strcmp(argv[1], "execute") == 0) {
		sync();
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			LINUX_REBOOT_CMD_KEXEC, NULL);
		perror("reboot");
		return 1;
	}
	fprintf(stderr, "usage: next-kernel load|panic KERNEL INITRD COMMAND-LINE\n"
			"       next-kernel execute\n");
	return 2;
}
