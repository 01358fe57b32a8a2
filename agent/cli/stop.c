/* SPDX-License-Identifier: Apache-2.0 */
#include "stop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../control/client.h"

enum { CHILDREN_MAX = 16, PATIENCE_MS = 500 };

/* What could still record: capture, or what has only just been made and has no name of its own. Not the writer: it loses what was agreed
 * to and waits to be written; nor the keeper. (log_name() names them; 15 characters remain.) */
static bool is_capture(const char *name, size_t length)
{
	return (length == 7 && memcmp(name, "assentd", 7) == 0) || (length == 15 && memcmp(name, "assentd[capture", 15) == 0);
}

/* Of such a process, or the supervisor: its parent and its state, from /proc/PID/stat, which anybody may read. Of others: false. */
static bool look(int pid, int *parent, char *state)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	/* Whatever else may listen on the socket: only what has the agent's name is ended. */
	const char *name = strchr(text, '('), *end = strrchr(text, ')');
	return name && end && is_capture(name + 1, (size_t)(end - name - 1)) && sscanf(end + 1, " %c %d", state, parent) == 2;
}

/* Handles, so that no other process is met that got the number meanwhile. How many, or -1: it cannot be told. */
static int open_children(int of, int handle[CHILDREN_MAX])
{
	DIR *dir = opendir("/proc");
	int count = 0;
	if (!dir)
		return -1;
	for (struct dirent *entry; (entry = readdir(dir)) && count < CHILDREN_MAX;) {
		int pid = atoi(entry->d_name), parent;
		char state;
		if (pid <= 0 || !look(pid, &parent, &state) || parent != of || state == 'Z' || state == 'X')
			continue;
		int fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (fd < 0)
			continue;
		/* Still the same one? */
		if (look(pid, &parent, &state) && parent == of && state != 'Z')
			handle[count++] = fd;
		else
			close(fd);
	}
	closedir(dir);
	return count;
}

static bool ends(int handle)
{
	struct pollfd p = {.fd = handle, .events = POLLIN};
	return poll(&p, 1, PATIENCE_MS) == 1;
}

enum session_agent stop_capture(const struct session *s, bool *forced)
{
	int handle[CHILDREN_MAX], supervisor;
	bool all = true;
	*forced = false;
	enum session_agent agent = session_sync(s);
	if (agent != AGENT_SILENT && agent != AGENT_RECORDING)
		return agent;
	int e = client_peer(s->places.control, &supervisor);
	char its_state;
	int its_parent;
	/* Its socket is there, it is not: then it is dead, and capture ends with it. */
	if (e || supervisor <= 1 || !look(supervisor, &its_parent, &its_state))
		return agent;
	int count = open_children(supervisor, handle);
	for (int i = 0; i < count; i++) {
		*forced |= syscall(SYS_pidfd_send_signal, handle[i], SIGKILL, NULL, 0) == 0;
		all &= ends(handle[i]);
		close(handle[i]);
	}
	return count >= 0 && all ? AGENT_IDLE : agent;
}

/* From the answer to "status": {...,"pids":{"supervisor":1,"capture":0,"writer":3},...}; 0: none, or not told. */
static bool has_writer(const char *answer)
{
	struct config *c;
	struct config_error error;
	int64_t pid = 0;
	if (config_parse("answer", answer, strlen(answer), &c, &error))
		return false;
	config_integer(c, config_get(config_get(config_root(c), "pids"), "writer"), 0, INT32_MAX, &pid, &error);
	config_free(c);
	return pid > 0;
}

void stop_writer(const struct session *s)
{
	char answer[SESSION_ANSWER_MAX];
	for (int i = 0; i < 100; i++) {
		/* Sealing what is to be erased is for nothing. */
		if (client_ask(s->places.control, i ? "status" : "hurry", answer, sizeof answer, 500) || !has_writer(answer))
			return;
		usleep(20000);
	}
}
