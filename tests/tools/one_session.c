/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a polkit agent, where no logind runs: every process is in session "1" of the user who asks. An agent that
 * finds no session shows no dialog. These are functions of sd-login(3).
 */
#include <string.h>
#include <sys/types.h>
#include <systemd/sd-login.h>
#include <unistd.h>

int sd_pid_get_session(pid_t pid, char **session)
{
	(void)pid;
	*session = strdup("1");
	return *session ? 0 : -1;
}

int sd_pid_get_owner_uid(pid_t pid, uid_t *uid)
{
	(void)pid;
	*uid = getuid();
	return 0;
}

int sd_uid_get_display(uid_t uid, char **session)
{
	(void)uid;
	return sd_pid_get_session(0, session);
}

int sd_session_get_uid(const char *session, uid_t *uid)
{
	(void)session;
	*uid = getuid();
	return 0;
}
