/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each process gives up before the first event. Every function returns 0 or a negative error
 * and says in *what (never NULL on failure) which step failed: the caller logs it and ends the program.
 */
#ifndef ASSENT_SANDBOX_H
#define ASSENT_SANDBOX_H

/* For every process of assentd, first thing: no new privileges, not dumpable, no core files. */
int sandbox_begin(const char **what);

/* Capture, first: every private writable page is locked, and what the heap grows by; what libraries free is
 * overwritten. Raises the soft RLIMIT_MEMLOCK to the hard one. ERROR_DENIED when that is too small; *what then names the
 * remedy. sandbox_capture locks what was mapped since; mappings made later (not malloc) are not locked. When a flood
 * of unread events fills the limit, the heap goes on growing unlocked. */
int sandbox_lock_memory(const char **what);

/* Capture, once the X server, the bus and the descriptors it needs are open: no file can be opened for
 * writing or created, no socket made or connected, no program run, no process made or signalled.
 * Reading files stays possible (/proc, /dev/pts: needed to look at terminals). By seccomp alone: a process under
 * Landlock may not learn which program another process runs. Call it once, from a process with one thread. */
int sandbox_capture(const char **what);

/* Writer: files only below directory (made before); no socket, no program, no process. What is open stays usable:
 * it reads and writes, but does not send. */
int sandbox_writer(const char *directory, const char **what);

/* Keeper: the same for the data directory; and for the outbox (NULL: it is not elsewhere), which may be a link to where it is collected. */
int sandbox_keeper(const char *data, const char *outbox, const char **what);

/* Supervisor: no network (AF_UNIX only), no program, no thread; may fork, and signal one process at a time. Its
 * children inherit this and add their own. */
int sandbox_supervisor(const char **what);

/* Broker (assent-inputd), with its socket open: devices and files for reading only, local sockets, no program, no process; no ioctl
 * that changes a device (grab, key codes). What its unit forbids it beyond that is in packaging/systemd. */
int sandbox_inputd(const char **what);

/* "seccomp: yes, landlock: yes (ABI 7, writer)" and the like, for status and tests. Kernel's answers at the first
 * call: sandbox_begin makes it, before a filter can forbid to ask. */
const char *sandbox_features(void);

#endif
