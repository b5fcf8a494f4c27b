// SPDX-License-Identifier: GPL-2.0-only
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus/polkit_agent.h"
#include "common/cleanup.h"

#define AGENT		 "/usr/bin/pkttyagent"
#define READY_TIMEOUT_MS 5000

/* In the child. write_end is closed by the agent when it is registered. */
static void run_agent(pid_t parent, int write_end)
{
	char process[16], notify[16];

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	snprintf(process, sizeof(process), "%d", parent);
	snprintf(notify, sizeof(notify), "%d", write_end);
	execl(AGENT, AGENT, "--process", process, "--notify-fd", notify, "--fallback", NULL);
	_exit(1);
}

void polkit_agent_start(pid_t *agent)
{
	pid_t parent = getpid(), child;
	struct pollfd ready;
	int ends[2];

	if (*agent > 0 || geteuid() == 0 || !isatty(STDIN_FILENO) || access(AGENT, X_OK) < 0)
		return;
	/* Without O_CLOEXEC: the agent inherits the write end. */
	if (pipe(ends) < 0)
		return;
	child = fork();
	if (child == 0) {
		close(ends[0]);
		run_agent(parent, ends[1]);
	}
	close(ends[1]);
	if (child > 0) {
		ready = (struct pollfd){.fd = ends[0], .events = POLLIN};
		(void)poll(&ready, 1, READY_TIMEOUT_MS);
		*agent = child;
	}
	close(ends[0]);
}

void polkit_agent_stop(pid_t *agent)
{
	if (*agent <= 0)
		return;
	kill(*agent, SIGTERM);
	kill(*agent, SIGCONT);
	(void)waitpid(*agent, NULL, 0);
	*agent = 0;
}
