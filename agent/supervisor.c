/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/trim.h"
#include "capture.h"
#include "error.h"
#include "keeper.h"
#include "obstacle.h"
#include "status_counters.h"
#include "source/atspi_enable.h"
#include "store/identity.h"
#include "store/later.h"
#include "store/secrets.h"
#include "store/writer.h"

enum { RETRY_FIRST_US = 2000000, RETRY_MAX_US = 60000000, END_PATIENCE_US = 900000,
	GOOD_RUN_US = 10000000,          /* who recorded for so long, and fails then, has no old trouble */
	CLOCK_LOOK_US = 10000000         /* a clock that is behind comes past it, also without being set */
};

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

static void read_boot_id(uint8_t out[16])
{
	/* The kernel's boot id is stable for a boot and says nothing about the machine. */
	char text[64] = "";
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (f) {
		if (!fgets(text, sizeof text, f))
			text[0] = 0;
		fclose(f);
	}
	int n = 0;
	for (const char *p = text; *p && n < 32; p++) {
		int v = *p >= '0' && *p <= '9' ? *p - '0' : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10 : -1;
		if (v < 0)
			continue;
		out[n / 2] = (uint8_t)(n % 2 ? out[n / 2] | v : v << 4);
		n++;
	}
}

/* ---- the children ---- */

/* To whom its segments' keys are sealed. Public keys alone: what the writer does not know, it cannot lose. */
static int key_options(struct supervisor *s, struct writer_options *options)
{
	if (!s->identity) {
		log_error("%s: it cannot be used any more", s->places.identity);
		return ERROR_INVALID;
	}
	memcpy(options->participant, s->identity->box_public, sizeof options->participant);
	/* Its other keys are no business of this process. */
	identity_free(s->identity);
	s->identity = NULL;
	snprintf(options->meta.participant, sizeof options->meta.participant, "%s", s->view.given.pseudonym);
	options->has_recipient = s->study->recipient_key[0];
	if (options->has_recipient && recipient_parse(s->study->recipient_key, options->recipient)) {
		log_error("study %s: its recipient_key is no key of assent keygen: ask who runs the study for a whole one", s->study->id);
		return ERROR_INVALID;
	}
	options->review_us = s->merged.release_forbidden ? WRITER_NEVER : s->merged.review_us < 0 ? WRITER_MANUAL : s->merged.review_us;
	return 0;
}

static int run_writer(struct supervisor *s, int fd)
{
	log_name("assentd[writer]");
	/* Ends when capture closes its end, so that all that came is written. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	char spool[PLACE_MAX + 80];
	struct writer_options options = { .spool = spool, .stats = s->stats, .ends_with_stop = true,
					  .retention_us = s->merged.limits.retention_us };
	snprintf(options.meta.study, sizeof options.meta.study, "%s", s->study->id);
	snprintf(options.meta.epoch, sizeof options.meta.epoch, "%s", s->view.epoch);
	memcpy(options.meta.receipt_hash, s->view.receipt_hash, 32);
	memcpy(options.meta.policy_hash, s->merged.hash, 32);
	read_boot_id(options.meta.boot_id);
	int n = snprintf(spool, sizeof spool, "%s/%s", s->places.spool, s->study->id);
	int error = n < (int)sizeof spool ? places_make(s->places.spool) : ERROR_LIMIT;
	if (!error)
		error = places_make(spool);
	if (error) {
		log_error("%s: cannot be made or is not ours alone (%s): mend its owner and mode (0700)", spool,
			  errno ? strerror(errno) : error_text(error));
		return 1;
	}
	error = key_options(s, &options);
	if (error)
		return 1;
	const char *what = "";
	if (sandbox_begin(&what) || sandbox_writer(spool, &what)) {
		log_error("sandbox: %s", what);
		return 1;
	}
	trim_text();
	return writer_run(fd, &options) ? 1 : 0;
}

static void reset_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A child may be made while a question is being answered: it has no business with who asked. */
static void close_server(struct supervisor *s)
{
	for (int i = 0; i < SERVER_CLIENTS; i++)
		if (s->server.client[i].fd >= 0)
			close(s->server.client[i].fd);
	close(s->server.fd);
}

static void try_later(struct supervisor *s)
{
	if (s->started_us && clock_mono_us() - s->started_us >= GOOD_RUN_US)
		s->retry_us = RETRY_FIRST_US;
	s->started_us = 0;
	s->retry_at_us = clock_mono_us() + s->retry_us;
	s->retry_us = sooner(s->retry_us * 2, RETRY_MAX_US);
}

const char *supervisor_remedy(int error)
{
	switch (error) {
	case ENOSPC: case EDQUOT: return "free some space";
	case EROFS: case EACCES: case EPERM: return "let the participant write to the folder";
	case EMFILE: case ENFILE: return "raise the limit of open files (ulimit -n, LimitNOFILE=)";
	case ENOMEM: case EAGAIN: return "free some memory, or raise the limit of processes (ulimit -u)";
	case EFBIG: return "raise the limit of the size of files (ulimit -f)";
	default: return "mend the disk (see the kernel's log)";
	}
}

/* No process, or no descriptor: told, and tried again, ever more seldom. */
static void cannot_start(struct supervisor *s, const char *call)
{
	int e = errno;
	snprintf(s->why, sizeof s->why, "no process can be started (%s: %s): %s", call, strerror(e), supervisor_remedy(e));
	try_later(s);
	log_error("not recording: %s", s->why);
}

static void start(struct supervisor *s)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		cannot_start(s, "socketpair");
		return;
	}
	atomic_store(&s->stats->seal_until_us, 0);
	atomic_store(&s->stats->disk_error, 0);
	obstacle_clear(s->stats);
	counters_copy(&s->stats->count, &s->before);
	s->recording_us = clock_utc_us();
	s->started_us = clock_mono_us();
	fflush(NULL);
	s->writer = fork();
	if (s->writer == 0) {
		reset_signals();
		close(pair[0]);
		close(s->signal_fd);
		close(s->ledger_fd);
		close(s->clock_fd);
		close_server(s);
		close(s->private_mode.asked_fd);
		close(s->private_mode.told_fd);
		_exit(run_writer(s, pair[1]));
	}
	if (s->merged.accessibility && !s->accessibility_ours && atspi_enable(true, &s->accessibility_ours))
		log_warn("accessibility could not be switched on: browsers stay masked");
	s->capture = s->writer > 0 ? fork() : -1;
	if (s->capture == 0) {
		close(pair[1]);
		close(s->signal_fd);
		close(s->ledger_fd);
		close(s->clock_fd);
		close_server(s);
		struct jitter jitter;
		identity_jitter_key(s->identity, jitter.key);
		/* It sees what is typed, so it gets no key that signs. */
		ledger_trust_narrow(&s->trust, s->study->id);
		identity_free(s->identity);
		struct capture_options options = {
			.source = s->source, .ledger = s->places.ledger, .trust = &s->trust, .study = s->study->id,
			.terms_hash = s->study->terms_hash, .merged = &s->merged, .policy = &s->policy,
			.participant = &s->participant, .secrets = s->places.secrets, .after_pause = s->after_pause, .supervisor = s->supervisor, .pipe = pair[0],
			.stats = s->stats, .jitter = &jitter, .private_fd = s->private_mode.asked_fd,
			.told_fd = s->private_mode.told_fd,
		};
		_exit((int)capture_run(&options));
	}
	close(pair[0]);
	close(pair[1]);
	if (s->writer < 0 || s->capture < 0) {
		cannot_start(s, "fork");
		s->writer = s->writer > 0 ? s->writer : 0;
		s->capture = 0;
	} else {
		s->after_pause = false;
	}
	trim_text();
}

static void end_capture(struct supervisor *s)
{
	if (!s->capture || s->kill_at_us != INT64_MAX)
		return;
	kill(s->capture, SIGTERM);
	s->kill_at_us = clock_mono_us() + END_PATIENCE_US;
}

static void tell_obstacle(struct supervisor *s, const char *otherwise)
{
	struct obstacle o;
	if (obstacle_read(s->stats, &o))
		snprintf(s->why, sizeof s->why, "%s%s%s%s", o.text, *o.remedy ? " (" : "", o.remedy, *o.remedy ? ")" : "");
	else
		snprintf(s->why, sizeof s->why, "%s", otherwise);
}

static void writer_why(struct supervisor *s)
{
	int e = atomic_load(&s->stats->disk_error);
	if (e)
		snprintf(s->why, sizeof s->why, "the writer cannot write the spool %s: %s (%s)", s->places.spool, strerror(e), supervisor_remedy(e));
	else
		snprintf(s->why, sizeof s->why, "the writer ended: it cannot write the spool %s (the journal says why)", s->places.spool);
}

static void capture_ended(struct supervisor *s, int status)
{
	/* Ended because it was to end, if not by itself: no failure, and no reason to wait before the next. */
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : s->killed ? CAPTURE_DONE : -1;
	s->killed = false;
	s->capture = 0;
	s->kill_at_us = INT64_MAX;
	atomic_store(&s->stats->capture_ready, 0);
	atomic_store(&s->stats->masked_now, 0);
	private_capture_gone(&s->private_mode);
	bool ignored;
	if (s->accessibility_ours)
		atspi_enable(false, &ignored);
	s->accessibility_ours = false;
	if (s->once) {
		s->ending = true;
		s->exit_code = code == CAPTURE_DONE ? s->exit_code : 1;
		return;
	}
	switch (code) {
	case CAPTURE_DONE:
		s->retry_us = RETRY_FIRST_US;
		return;
	case CAPTURE_NO_DISPLAY:
		snprintf(s->why, sizeof s->why, "there is no X server to record from");
		break;
	case CAPTURE_NO_BROKER:
		tell_obstacle(s, "the input devices cannot be read");
		break;
	case CAPTURE_NO_CONTEXT:
		tell_obstacle(s, "nobody says where the keys go");
		break;
	case CAPTURE_NO_BUS:
		snprintf(s->why, sizeof s->why, "there is no accessibility bus (install at-spi2-core)");
		break;
	case CAPTURE_NO_SANDBOX:
		log_error("a process that cannot protect what it sees does not run: assentd ends");
		s->ending = true;
		s->exit_code = 1;
		return;
	case CAPTURE_NO_WRITER:
		writer_why(s);
		break;
	default:
		snprintf(s->why, sizeof s->why, "capture failed");
		log_error("capture ended unexpectedly (%s %d)", WIFSIGNALED(status) ? "signal" : "exit",
			  WIFSIGNALED(status) ? WTERMSIG(status) : code);
		break;
	}
	try_later(s);
	log_warn("not recording: %s; trying again in %d s", s->why, (int)((s->retry_at_us - clock_mono_us() + 999999) / 1000000));
}

/* ---- the keeper ---- */

static void start_keeper(struct supervisor *s, int64_t now)
{
	bool news;
	bool believed = keeper_believes(&s->keep, clock_utc_us(), clock_boot_us(), &news);
	if (news)
		log_warn("the clock was set forward by more than a day: for an hour nothing is deleted or released by it (set it right, if it is wrong)");
	s->keep.next_us = now + (believed ? KEEPER_EVERY_S : KEEPER_DOUBT_S / 12) * INT64_C(1000000);
	if (!believed)
		return;
	fflush(NULL);
	s->keeper = fork();
	if (s->keeper == 0) {
		reset_signals();
		close(s->signal_fd);
		close(s->ledger_fd);
		close(s->clock_fd);
		close_server(s);
		close(s->private_mode.asked_fd);
		close(s->private_mode.told_fd);
		identity_free(s->identity);
		_exit(keeper_run(&s->places, s->stats));
	}
	if (s->keeper < 0) {
		log_error("fork: %s", strerror(errno));
		s->keeper = 0;
	}
}

static void keeper_ended(struct supervisor *s, int status)
{
	bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != KEEPER_DONE;
	if (WIFSIGNALED(status))
		log_error("the keeper ended unexpectedly (signal %d): what is due is deleted within the hour", WTERMSIG(status));
	s->keeper = 0;
	keeper_plan(&s->keep, clock_mono_us(), clock_utc_us(), atomic_load(&s->stats->keep_next_us), failed);
	if (atomic_exchange(&s->stats->keep_under_way, 0) && s->writer)
		supervisor_rotate(s);
}

void supervisor_hurry(struct supervisor *s)
{
	int64_t before = atomic_load(&s->stats->seal_until_us);
	/* Who asks again waits since he asked first. */
	if (s->writer && !before)
		atomic_store(&s->stats->seal_until_us, clock_mono_us() + SUPERVISOR_HURRY_US);
}

bool supervisor_rotate(struct supervisor *s)
{
	if (s->once)
		return false;
	s->rotating = s->capture || s->writer;
	supervisor_hurry(s);
	end_capture(s);
	return true;
}

/* What was under way is finished: it may be due. */
static void rotated(struct supervisor *s)
{
	if (!s->rotating || s->capture || s->writer)
		return;
	s->rotating = false;
	s->keep.next_us = sooner(s->keep.next_us, clock_mono_us() + KEEPER_SOONEST_S * INT64_C(1000000));
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->capture)
			capture_ended(s, status);
		if (pid == s->keeper)
			keeper_ended(s, status);
		if (pid == s->writer) {
			s->writer = 0;
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
				log_error("the writer failed");
				end_capture(s);
				if (s->retry_at_us <= clock_mono_us())
					try_later(s);
				if (s->once)
					s->exit_code = 1;
			}
		}
	}
	rotated(s);
}

/* ---- the decision ---- */

/* Ends, and never widens, what the participant decided: the agent may sign that. Only of the decision that was judged: if another was added
 * meanwhile, that is judged next. Not retried: the next judgement comes to the same. */
static void note(struct supervisor *s, enum ledger_state state)
{
	const struct receipt *given = &s->view.given;
	struct receipt r = { .state = state };
	memcpy(r.study, given->study, sizeof r.study);
	memcpy(r.pseudonym, given->pseudonym, sizeof r.pseudonym);
	memcpy(r.manifest_hash, given->manifest_hash, sizeof r.manifest_hash);
	memcpy(r.terms_hash, given->terms_hash, sizeof r.terms_hash);
	int error = ledger_append_known(s->places.ledger, &s->trust, true, &r);
	if (error && error != ERROR_AGAIN)
		log_warn("%s: that consent ended could not be noted: %s", s->places.ledger, error == ERROR_IO ? strerror(errno) : error_text(error));
}

/* Another identity is another's ledger: what was verified under the old one says nothing. */
static void load_identity(struct supervisor *s)
{
	struct identity *now = NULL;
	if (identity_load(s->places.identity, &now))
		now = NULL;
	else
		identity_close(now);
	if (now && s->identity && memcmp(now->agent, s->identity->agent, sizeof now->agent) == 0) {
		identity_free(now);
		return;
	}
	identity_free(s->identity);
	s->identity = now;
	if (now)
		ledger_trust_init(&s->trust, now);
}

static int read_ledger(struct supervisor *s, int64_t utc)
{
	load_identity(s);
	char later[LATER_TEXT];
	int error = ledger_read(s->places.ledger, s->identity ? &s->trust : NULL, utc, &s->view);
	if (error || !s->view.lapsed || later_find(&s->places, later))
		return error;
	note(s, LEDGER_EXPIRED);
	return ledger_read(s->places.ledger, &s->trust, utc, &s->view);
}

/* IT may have put other terms of this study on offer since. Then the ones that were agreed to are not those that hold, and nothing is kept until join has asked
 * (which notes it, too: here it would be noted before anybody was asked). What is on offer and cannot be read may be anything. */
static bool offer_changed(struct supervisor *s)
{
	char path[PLACE_MAX + 80];
	struct config_error error;
	struct study *offer;
	bool changed = false;
	snprintf(path, sizeof path, PLACES_OFFERED "/%s.yaml", s->study->id);
	if (access(path, F_OK) && (errno == ENOENT || errno == ENOTDIR))
		return false;
	if (study_load(path, &offer, &error)) {
		snprintf(s->why, sizeof s->why, "the study's manifest on offer cannot be used, and may be another than the one you agreed to: %s", error.text);
		return true;
	}
	if (strcmp(offer->id, s->study->id) == 0 && memcmp(offer->terms_hash, s->study->terms_hash, sizeof offer->terms_hash) != 0) {
		snprintf(s->why, sizeof s->why, "the study's terms were changed (%s): nothing is recorded until you have decided about them (assent join %s)", path,
			 s->study->id);
		changed = true;
	}
	study_free(offer);
	return changed;
}

/* Settings say what keys may be told by what the source can, so they are to know which it is. Of a replay nothing is known. */
void supervisor_source(struct supervisor *s)
{
	s->once = s->given && strncmp(s->given, "replay:", 7) == 0;
	if (s->given)
		snprintf(s->participant.source, sizeof s->participant.source, "%s", s->once ? "" : s->given);
	s->source = s->once ? s->given : s->participant.source[0] ? s->participant.source : "x11";
}

/* After a downgrade: what cannot be read is neither deleted in time nor told from damage, so nothing is added to it. */
static bool later_version(struct supervisor *s)
{
	char why[LATER_TEXT];
	if (!later_find(&s->places, why))
		return false;
	snprintf(s->why, sizeof s->why, "%.*s", (int)sizeof s->why - 1, why);
	return true;
}

static bool load_study(struct supervisor *s)
{
	char path[PLACE_MAX + 80];
	struct config_error error;
	if (settings_load(s->places.policy, true, &s->policy, &error) ||
	    settings_load(s->places.config, false, &s->participant, &error)) {
		snprintf(s->why, sizeof s->why, "%s", error.text);
		supervisor_source(s);
		return false;
	}
	supervisor_source(s);
	snprintf(path, sizeof path, "%s/%s.yaml", s->places.studies, s->view.given.study);
	study_free(s->study);
	s->study = NULL;
	if (study_load(path, &s->study, &error)) {
		snprintf(s->why, sizeof s->why, "the manifest that was agreed to cannot be used: %s", error.text);
		return false;
	}
	if (memcmp(s->study->terms_hash, s->view.given.terms_hash, 32) != 0 || strcmp(s->study->id, s->view.given.study) != 0) {
		snprintf(s->why, sizeof s->why,
			 "the study's manifest was changed since it was agreed to: it has to be asked again (assent join)");
		note(s, LEDGER_INVALIDATED);
		return false;
	}
	if (offer_changed(s))
		return false;
	settings_merge(s->study, &s->policy, &s->participant, &s->merged);
	if (s->merged.forbidden) {
		snprintf(s->why, sizeof s->why, "policy forbids it: %s", s->merged.why);
		return false;
	}
	struct secrets secrets;
	int e = secrets_load(s->places.secrets, &secrets);
	if (e && later_version(s))
		return false;
	if (e) {
		snprintf(s->why, sizeof s->why, "%s: cannot be used (%s): it must be whole, yours, and closed to others (assent secret list)",
			 s->places.secrets, e == ERROR_IO ? strerror(errno) : error_text(e));
		return false;
	}
	secrets_fingerprint(&secrets, s->secrets_hash);
	secrets_wipe(&secrets);
	return true;
}

/* The journal is IT's reading, too: whether somebody refused, withdrew, paused or was never asked is between them and their ledger, and so is
 * that they changed from one to another. What is broken is said. */
static void log_decision(struct supervisor *s, bool broken)
{
	if (broken && s->view.clock_wrong)
		/* By when is a decision's time. */
		log_warn("not recording: the clock is behind a receipt (assent status says which)");
	else if (broken)
		log_warn("not recording: %s", s->why);
	else if (!s->told_idle)
		log_info("not recording (assent status tells its participant why)");
	s->told_idle = !broken;
}

void supervisor_judge(struct supervisor *s)
{
	int64_t utc = clock_utc_us(), now = clock_mono_us();
	char before[sizeof s->why];
	memcpy(before, s->why, sizeof before);
	s->look_at_us = INT64_MAX;
	int error = read_ledger(s, utc);
	if (error) {
		/* The machine's fault, and not for ever. */
		int e = errno;
		snprintf(s->why, sizeof s->why, "%s cannot be read: %s%s%s%s", s->places.ledger, error == ERROR_IO ? strerror(e) : error_text(error),
			 error == ERROR_IO ? " (" : "", error == ERROR_IO ? supervisor_remedy(e) : "", error == ERROR_IO ? ")" : "");
		s->look_at_us = now + RETRY_FIRST_US;
	}
	bool given = !error && s->view.standing == STANDING_GIVEN;
	bool broken = error || s->view.standing == STANDING_INVALID;
	/* Who refused or withdrew is not told of it in the journal, as nothing would be recorded anyway. */
	bool later = !error && (broken || s->view.standing == STANDING_EXPIRED) && later_version(s);
	if (!error && !given && !later)
		snprintf(s->why, sizeof s->why, "%s", s->view.why);
	if (!error && s->view.standing == STANDING_PAUSED) {
		s->paused = true;
		if (s->view.paused_until_us)
			s->look_at_us = now + (s->view.paused_until_us > utc ? s->view.paused_until_us - utc : 0) + 1000;
	}
	if (given || (!error && s->view.standing == STANDING_PAUSED))
		s->look_at_us = sooner(s->look_at_us, now + (s->view.given.until_us - utc) + 1000);
	/* A clock may be set meanwhile: look now and then, too. */
	if (s->look_at_us != INT64_MAX)
		s->look_at_us = sooner(s->look_at_us, now + (int64_t)3600 * 1000000);
	if (!error && s->view.clock_wrong)
		s->look_at_us = now + CLOCK_LOOK_US;
	if (!given) {
		end_capture(s);
		if (strcmp(before, s->why) != 0)
			log_decision(s, broken || later);
		s->retry_at_us = 0;
		s->retry_us = RETRY_FIRST_US;
		return;
	}
	if (s->paused)
		s->after_pause = true;
	s->paused = false;
	if (!load_study(s)) {
		end_capture(s);
		if (strcmp(before, s->why) != 0)
			log_warn("not recording: %s", s->why);
		return;
	}
	/* Other limits than those that the running capture knows: it ends, and begins anew under these. */
	if (s->capture && (memcmp(s->recorded_hash, s->merged.hash, 32) != 0 || memcmp(s->recorded_secrets, s->secrets_hash, 32) != 0)) {
		supervisor_hurry(s);
		end_capture(s);
	}
	/* Resumed while the recording before the pause is finished still. */
	if (!s->capture && !s->ending && now >= s->retry_at_us)
		supervisor_hurry(s);
	if (s->capture || s->writer || s->ending || now < s->retry_at_us)
		return;
	if (later_version(s)) {
		if (strcmp(before, s->why) != 0)
			log_warn("not recording: %s", s->why);
		try_later(s);
		return;
	}
	s->why[0] = 0;
	memcpy(s->recorded_hash, s->merged.hash, 32);
	memcpy(s->recorded_secrets, s->secrets_hash, 32);
	s->told_idle = false;
	start(s);
}

/* ---- the loop ---- */

static int wait_ms(const struct supervisor *s, int64_t now)
{
	int64_t at = sooner(sooner(s->look_at_us, s->kill_at_us), server_deadline_us(&s->server));
	if (!s->keeper && !s->once)
		at = sooner(at, s->keep.next_us);
	if (s->retry_at_us > now)
		at = sooner(at, s->retry_at_us);
	if (at == INT64_MAX)
		return -1;
	int64_t ms = (at - now + 999) / 1000;
	return ms < 0 ? 0 : ms > 3600000 ? 3600000 : (int)ms;
}

static void watch_files(struct supervisor *s);

int supervisor_run(struct supervisor *s)
{
	supervisor_judge(s);
	if (s->once && !s->capture) {
		log_error("nothing to replay into: %s", s->why);
		return 4;
	}
	while (!s->ending || s->capture || s->writer) {
		struct pollfd fds[4 + 1 + SERVER_CLIENTS] = {
			{ .fd = s->signal_fd, .events = POLLIN }, { .fd = s->ledger_fd, .events = POLLIN },
			{ .fd = s->private_mode.told_fd, .events = POLLIN }, { .fd = s->clock_fd, .events = POLLIN } };
		int n = 4 + server_poll(&s->server, fds + 4);
		if (poll(fds, (nfds_t)n, wait_ms(s, clock_mono_us())) < 0 && errno != EINTR) {
			log_error("poll: %s", strerror(errno));
			return 1;
		}
		struct signalfd_siginfo info;
		while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
			if (info.ssi_signo != SIGCHLD) {
				s->ending = true;
				end_capture(s);
			}
		}
		reap(s);
		if (fds[2].revents)
			private_keep(&s->private_mode);
		char buffer[4096] __attribute__((aligned(8)));
		bool told = false;
		while (read(s->ledger_fd, buffer, sizeof buffer) > 0)
			told = true;
		if (told)
			watch_files(s);
		/* A pause can be over, or the clock be behind a receipt. (Reading it is what arms it anew.) */
		uint64_t ticks;
		if (fds[3].revents && (read(s->clock_fd, &ticks, sizeof ticks) > 0 || errno == ECANCELED))
			told = true;
		int64_t now = clock_mono_us();
		if (now >= s->kill_at_us && s->capture) {
			log_warn("capture did not end in time: ended by force");
			kill(s->capture, SIGKILL);
			s->killed = true;
			s->kill_at_us = INT64_MAX;
		}
		bool start_wanted = !s->capture && !s->writer && now >= s->retry_at_us && s->view.standing == STANDING_GIVEN;
		bool changed = ledger_changed(s->places.ledger, &s->watch);
		if (!s->ending && (changed || told || now >= s->look_at_us || start_wanted))
			supervisor_judge(s);
		if (!s->ending && !s->once && !s->keeper && now >= s->keep.next_us)
			start_keeper(s, now);
		server_handle(&s->server, now);
	}
	/* What it does is whole, or is done again. */
	if (s->keeper)
		kill(s->keeper, SIGKILL);
	return s->exit_code;
}

/* The directory of a file that may not be there. What cannot be watched is read when something else happens. */
static void watch_directory(struct supervisor *s, const char *path, bool itself)
{
	char directory[PLACE_MAX];
	snprintf(directory, sizeof directory, "%s", path);
	char *slash = itself ? NULL : strrchr(directory, '/');
	if (slash)
		*slash = 0;
	/* IN_ATTRIB: a policy that others may write from now on is none. */
	if (inotify_add_watch(s->ledger_fd, directory, IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB) >= 0 || errno != ENOENT)
		return;
	/* A policy that comes later, folder and all, holds at once. */
	slash = strrchr(directory, '/');
	if (!slash)
		return;
	slash[slash == directory] = 0;
	int ignored = inotify_add_watch(s->ledger_fd, directory, IN_MASK_ADD | IN_CREATE | IN_MOVED_TO);
	(void)ignored;
}

static void watch_files(struct supervisor *s)
{
	watch_directory(s, s->places.studies, true);
	watch_directory(s, s->places.config, false);
	watch_directory(s, s->places.policy, false);
	watch_directory(s, PLACES_OFFERED, true);
}

static int open_watches(struct supervisor *s)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return ERROR_IO;
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	s->ledger_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	s->clock_fd = clock_watch();
	if (s->signal_fd < 0 || s->ledger_fd < 0 || s->clock_fd < 0)
		return ERROR_IO;
	watch_files(s);
	/* The whole directory: the ledger may not be there yet. */
	return inotify_add_watch(s->ledger_fd, s->places.data, IN_MODIFY | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB) < 0 ?
		ERROR_IO : 0;
}

int supervisor_open(struct supervisor *s)
{
	const char *what = "";
	s->supervisor = getpid();
	s->begun_us = clock_utc_us();
	s->retry_us = RETRY_FIRST_US;
	s->kill_at_us = s->look_at_us = INT64_MAX;
	if (sandbox_begin(&what) || sandbox_supervisor(&what)) {
		log_error("sandbox: %s", what);
		return ERROR_DENIED;
	}
	s->stats = mmap(NULL, sizeof *s->stats, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->stats == MAP_FAILED || open_watches(s)) {
		log_error("cannot begin: %s", strerror(errno));
		return ERROR_IO;
	}
	if (private_open(&s->private_mode, s->stats, s->places.mark)) {
		log_error("cannot begin: %s", strerror(errno));
		return ERROR_IO;
	}
	int error = server_open(&s->server, s->places.control, supervisor_answer, s);
	if (error) {
		log_error(error == ERROR_DENIED ? "%s: an agent is running already" : "%s: cannot be made", s->places.control);
		return error;
	}
	ledger_changed(s->places.ledger, &s->watch);
	return 0;
}

void supervisor_close(struct supervisor *s)
{
	server_close(&s->server);
	study_free(s->study);
	identity_free(s->identity);
}
