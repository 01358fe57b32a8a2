/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include "../../agent/base/clock.h"
#include "../../agent/base/sandbox.h"
#include "../../agent/cli/cli.h"
#include "../../agent/error.h"
#include "../../agent/store/spool.h"
#include "keyed.h"

/* The child leaves by _exit: under AddressSanitizer, leaks have to be asked for. */
extern void __lsan_do_leak_check(void) __attribute__((weak));

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void harness_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void harness_init(struct harness *h)
{
	memset(h, 0, sizeof *h);
	const char *tmp = getenv("TMPDIR");
	snprintf(h->root, sizeof h->root, "%s/assent-store-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(h->root));
	snprintf(h->spool, sizeof h->spool, "%s/spool", h->root);
	assert_int_equal(mkdir(h->spool, 0700), 0);
	snprintf(h->spool, sizeof h->spool, "%s/spool/study-a", h->root);
	assert_int_equal(mkdir(h->spool, 0700), 0);
	h->stats = mmap(NULL, sizeof *h->stats, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(h->stats, MAP_FAILED);
	h->options.spool = h->spool;
	h->options.stats = h->stats;
	strcpy(h->options.meta.study, "study-a");
	strcpy(h->options.meta.epoch, "0123456789abcdef0123456789abcdef");
	strcpy(h->options.meta.participant, "fedcba9876543210fedcba9876543210");
	h->options.retention_us = INT64_C(90) * 86400 * 1000000;
	h->options.review_us = WRITER_NEVER;
	assert_int_equal(keyed_participant(h->root, h->options.participant), 0);
	h->keyring = keyed_ring(h->root);
	assert_non_null(h->keyring);
	h->fd = h->log = -1;
}

void harness_release(struct harness *h)
{
	if (h->pid > 0)
		harness_kill(h);
	if (h->log >= 0)
		close(h->log);
	bytes_release(&h->message);
	keyring_free(h->keyring);
	munmap(h->stats, sizeof *h->stats);
	harness_remove(h->root);
}

int harness_setup(void **state)
{
	struct harness *h = calloc(1, sizeof *h);
	harness_init(h);
	*state = h;
	return 0;
}

int harness_teardown(void **state)
{
	harness_release(*state);
	free(*state);
	return 0;
}

void harness_start(struct harness *h)
{
	int pair[2], log[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pipe2(log, O_CLOEXEC | O_NONBLOCK), 0);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (h->pid == 0) {
		close(pair[0]);
		dup2(log[1], STDERR_FILENO);
		const char *what = "";
		if (h->sandboxed && (sandbox_begin(&what) || sandbox_writer(h->options.spool, &what))) {
			dprintf(STDERR_FILENO, "sandbox: %s\n", what);
			_exit(100);
		}
		int error = writer_run(pair[1], &h->options);
		if (__lsan_do_leak_check && !h->sandboxed)
			__lsan_do_leak_check();
		_exit(-error);
	}
	close(pair[1]);
	close(log[1]);
	if (h->log >= 0)
		close(h->log);
	h->log = log[0];
	h->said_length = 0;
	h->fd = pair[0];
	wire_encoder_reset(&h->encoder);
}

static int reap(struct harness *h)
{
	int status = 0;
	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		;
	h->pid = 0;
	return status;
}

int harness_stop(struct harness *h)
{
	close(h->fd);
	h->fd = -1;
	int status = reap(h);
	if (!WIFEXITED(status))
		fail_msg("the writer was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

void harness_kill(struct harness *h)
{
	kill(h->pid, SIGKILL);
	reap(h);
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

const char *harness_log(struct harness *h)
{
	ssize_t n;
	while (h->said_length + 1 < sizeof h->said &&
	       (n = read(h->log, h->said + h->said_length, sizeof h->said - 1 - h->said_length)) > 0)
		h->said_length += (size_t)n;
	h->said[h->said_length] = '\0';
	return h->said;
}

void harness_wait(_Atomic uint64_t *counter, uint64_t n)
{
	for (int i = 0; i < 2000 && *counter < n; i++)
		usleep(5000);
	assert_true(*counter >= n);
}

/* The clock of the first event is now, so that a crash gap has a duration. */
static int64_t base_us(void)
{
	static int64_t base;
	if (base == 0)
		base = clock_utc_us();
	return base;
}

/* y is noise, so that the files grow by some bytes with each event. */
struct event harness_event(int i)
{
	uint32_t noise = (uint32_t)i * 2654435761u;
	noise = (noise ^ noise >> 15) * 2246822519u;
	struct event e = { .t_us = base_us() + i, .mono_us = 1000000 + i, .x = i, .y = (int32_t)(noise >> 2), .device = 3,
		.has = HAS_DEVICE | HAS_POSITION, .kind = EVENT_MOTION };
	if (i % 3 == 0) {
		e.kind = i % 2 ? EVENT_KEY_UP : EVENT_KEY_DOWN;
		e.key_class = CLASS_LETTER;
		e.has |= HAS_CLASS | HAS_APP;
		e.app = i % 1000 < 500 ? "org.example.Editor" : "browser";
	}
	return e;
}

int harness_send(struct harness *h, int first, int count, int flags)
{
	int sent = 0;
	for (int i = first; i < first + count;) {
		int n = first + count - i < 64 ? first + count - i : 64;
		bytes_clear(&h->message);
		if (i == first)
			wire_put_device(3, DEVICE_TOUCHPAD, &h->message);
		for (int j = 0; j < n; j++) {
			struct event e = harness_event(i + j);
			wire_put_event(&h->encoder, &e, &h->message);
		}
		if (send(h->fd, h->message.data, h->message.length, flags | MSG_NOSIGNAL) >= 0)
			sent += n;
		else
			wire_encoder_reset(&h->encoder);
		i += n;
	}
	return sent;
}

bool harness_has_key(const char *segment_path)
{
	char path[SPOOL_PATH_MAX + 8];
	snprintf(path, sizeof path, "%s", segment_path);
	strcpy(strrchr(path, '.'), ".key");
	return access(path, F_OK) == 0;
}

int harness_count(const char *directory, const char *suffix)
{
	int n = 0;
	DIR *dir = opendir(directory);
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		size_t a = strlen(e->d_name), b = strlen(suffix);
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && a >= b &&
		    strcmp(e->d_name + a - b, suffix) == 0)
			n++;
	}
	closedir(dir);
	return n;
}

int harness_verify(const char *path)
{
	int status;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		char *arguments[] = { (char *)(uintptr_t)path, NULL };
		int null = open("/dev/null", O_WRONLY);
		dup2(null, STDOUT_FILENO);
		_exit(cli_verify(1, arguments));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* By its records' types alone (FORMAT.md). */
static void count_blocks(const struct spool_file *file, int *journal, int *sealed)
{
	enum { BEFORE_RECORDS = 48, HEAD = 32, JOURNAL = 2, SEALED = 5 };
	*journal = *sealed = 0;
	for (size_t at = BEFORE_RECORDS; at + HEAD <= file->length;) {
		uint32_t length, type;
		memcpy(&length, file->data + at + 8, sizeof length);
		memcpy(&type, file->data + at + 12, sizeof type);
		*journal += type == JOURNAL;
		*sealed += type == SEALED;
		at += HEAD + (size_t)length;
	}
}

void harness_blocks(const char *path, int *journal, int *sealed)
{
	struct spool_file file;
	assert_int_equal(spool_map(path, &file), 0);
	count_blocks(&file, journal, sealed);
	spool_unmap(&file);
}

static void read_one(const struct harness *h, const char *path, struct harness_found *f)
{
	struct spool_file file;
	struct segment_reader *reader;
	struct event e;
	uint8_t key[SEGMENT_KEY];
	const char *what = NULL;
	assert_int_equal(spool_map(path, &file), 0);
	f->segments += !file.part;
	f->parts += file.part;
	int journal, sealed;
	count_blocks(&file, &journal, &sealed);
	f->journals += journal > 0;
	f->sealed += sealed > 0 && journal == 0;
	int error = keyring_segment(h->keyring, file.path, key, NULL, &what);
	/* One that was made, and is removed, before it has a header: its key goes first. */
	f->keyless += error == ERROR_GONE && file.length > 0;
	if (error && error != ERROR_GONE)
		fail_msg("%s: %s %s", file.path, error_text(error), what ? what : "");
	if (error == 0)
		error = segment_reader_new(file.data, file.length, key, &reader);
	if (error) {
		f->broken++;
		goto out;
	}
	while ((error = segment_reader_next(reader, &e)) == 1) {
		if (e.kind == EVENT_GAP) {
			f->gaps[e.reason]++;
			f->lost += e.has & HAS_LOST ? e.lost : 0;
			f->gap_t_us = e.t_us;
			f->gap_end_us = e.end_us;
			continue;
		}
		struct event want = harness_event(e.x);
		assert_int_equal(e.t_us, want.t_us);
		assert_int_equal(e.mono_us, want.mono_us);
		assert_int_equal(e.kind, want.kind);
		assert_int_equal(e.has, want.has);
		if (want.has & HAS_APP)
			assert_string_equal(e.app, want.app);
		f->disorder += e.x != f->next;
		f->next = e.x + 1;
		f->events++;
	}
	f->broken += error != 0;
	f->devices += segment_reader_device(reader, 3) == DEVICE_TOUCHPAD;
	segment_reader_free(reader);
out:
	spool_unmap(&file);
}

void harness_read(const struct harness *h, const char *directory, struct harness_found *found)
{
	struct spool_list list;
	memset(found, 0, sizeof *found);
	assert_int_equal(spool_find(&directory, 1, &list), 0);
	for (int i = 0; i < list.count; i++)
		read_one(h, list.path[i], found);
	spool_list_release(&list);
}
