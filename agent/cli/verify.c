/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../error.h"
#include "../store/locked.h"
#include "cli.h"
#include "collected.h"
#include "unlock.h"
#include "verified.h"

/* What is looked at, and what with. */
struct verify {
	struct input in;
	struct places places;            /* of the data directory, if it is one */
	struct audit *audit;
	bool broken;                     /* the ledger is damaged: audit knows what comes before that */
	bool locked;                     /* no key: content is not looked at */
	uint8_t *key;                    /* of one segment after the other; locked */
	int width, segments, bad;
};

static void print_line(const struct verify *v, const char *path, const char *study, const struct verified *c, size_t bytes, const char *state)
{
	const char *name = strrchr(path, '/');
	printf("%-*s  %-20s  ", v->width, name ? name + 1 : path, *study ? study : "-");
	if (v->locked)
		printf("bytes %zu  ", bytes);
	else
		printf("events %" PRIu64 "  spans %" PRIu64 "  gaps %" PRIu64 "  bytes %zu  ", c->events, c->spans, c->gaps, bytes);
	if (c->problems > 1)
		printf("PROBLEM: %s, and %" PRIu64 " more\n", c->problem, c->problems - 1);
	else
		printf("%s%s\n", c->problems ? "PROBLEM: " : state, c->problem);
}

/* ---- the ledger ---- */

/* The chain, the head and the signatures. EXIT_DONE, or EXIT_FAILED after it said why. */
static int verify_ledger(struct verify *v)
{
	struct identity *identity = NULL;
	struct ledger_view *view = malloc(sizeof *view);
	struct ledger_trust *trust = calloc(1, sizeof *trust);
	const char *why = NULL;
	int signatures, result = EXIT_FAILED;
	if (!view || !trust)
		goto out;
	if (identity_load(v->places.identity, &identity))
		identity = NULL;
	else
		identity_close(identity);
	int error = audit_new(v->in.ledger, identity, &v->audit, &why);
	if (!error && identity) {
		/* And what capture makes of it: its owner, its mode, the clock. */
		ledger_trust_init(trust, identity);
		error = ledger_read(v->in.ledger, trust, clock_utc_us(), view);
		if (!error && (view->damaged || view->clock_wrong)) {
			error = ERROR_INVALID;
			why = view->why;
		}
	}
	if (error) {
		v->broken = true;
		fflush(stdout);
		cli_complain("%s: %s", v->in.ledger, why ? why : error_text(error));
		goto out;
	}
	int lines = audit_lines(v->audit, &signatures);
	printf("ledger: %d line%s in an unbroken chain, %d signature%s good, %s\n", lines, lines == 1 ? "" : "s", signatures, signatures == 1 ? "" : "s",
	       identity ? "nothing cut off" : "without your identity: whether lines were cut off cannot be told");
	result = EXIT_DONE;
out:
	identity_free(identity);
	free(trust);
	free(view);
	return result;
}

/* ---- one's own segments ---- */

static int read_key_file(const char *path, struct keyfile *k, const char **what)
{
	char folder[SPOOL_PATH_MAX], name[300];
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path, *dot = strrchr(file, '.');
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	int n = snprintf(name, sizeof name, "%.*s.key", dot ? (int)(dot - file) : (int)strlen(file), file);
	if (n < 0 || (size_t)n >= sizeof name)
		return ERROR_LIMIT;
	int fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERROR_IO;
	int error = keyfile_read(fd, name, k, what), saved = errno;
	close(fd);
	errno = saved;
	return error == ERROR_IO && errno == ENOENT ? ERROR_GONE : error;
}

/* The key file's word, and whether there was a yes that covers it. False: there is no use in going on. */
static bool check_key(struct verify *v, struct verified *c, const struct spool_file *file, struct keyfile *k, const char **state)
{
	const char *what = NULL, *why;
	int error = v->locked ? read_key_file(file->path, k, &what) : keyring_segment(v->in.keyring, file->path, v->key, k, &what);
	if (error == ERROR_GONE)
		verified_problem(c, "it has no key any more: nobody can read it", NULL);
	else if (error == ERROR_DENIED)
		*state = "sealed to others: not looked into";
	else if (error)
		verified_problem(c, "its key file", error == ERROR_IO ? strerror(errno) : what ? what : error_text(error));
	if (error && error != ERROR_DENIED)
		return false;
	if (v->audit) {
		c->decision = audit_find(v->audit, k->receipt_hash, k->study, &why);
		if (c->decision < 0)
			verified_problem(c, "consent", why);
		else if (strcmp(audit_pseudonym(v->audit, c->decision), k->pseudonym) != 0)
			verified_problem(c, "its key file names another participant than its receipt", NULL);
	}
	return !error;
}

/* EXIT_FAILED also when a problem was found. */
static int verify_own(struct verify *v, const char *path)
{
	struct verified c = {.audit = v->audit, .decision = -1};
	struct keyfile *k = calloc(1, sizeof *k);
	struct spool_file file;
	const char *state = "ok";
	int error = k ? spool_map(path, &file) : ERROR_MEMORY;
	if (!error) {
		bool open = file.part && spool_in_use(file.path);
		if (open)
			state = "open";
		bool known = check_key(v, &c, &file, k, &state);
		if (known && !v->locked)
			error = verified_content(&c, &file, v->key, k, open);
		else
			verified_framing(&c, &file, open);
		if (!error)
			print_line(v, file.path, k->study, &c, file.length, state);
		spool_unmap(&file);
		sodium_memzero(v->key, SEGMENT_KEY);
	}
	verified_release(&c);
	free(k);
	/* Forgotten, erased, or over its time, since it was found. */
	if (error == ERROR_IO && errno == ENOENT)
		return EXIT_DONE;
	if (error)
		printf("%-*s  PROBLEM: %s\n", v->width, path, error == ERROR_IO ? strerror(errno) : error_text(error));
	v->segments++;
	v->bad += error || c.problems;
	return error || c.problems ? EXIT_FAILED : EXIT_DONE;
}

static void widest(struct verify *v, const char *path)
{
	const char *name = strrchr(path, '/');
	int n = (int)strlen(name ? name + 1 : path);
	v->width = n > v->width ? n : v->width;
}

/* Without a passphrase the framing, the keys' files and the receipts can be looked at, and are. */
static void find_keys(struct verify *v, const char *key_file)
{
	struct identity *identity = NULL;
	int fd;
	v->locked = true;
	if (!key_file && identity_load(v->places.identity, &identity) == 0 && identity->has_passphrase) {
		fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (fd >= 0)
			close(fd);
		else
			goto out;
	}
	v->locked = input_unlock(&v->in, key_file) != EXIT_DONE;
out:
	identity_free(identity);
}

/* ---- an outbox, or what was collected of outboxes ---- */

static int verify_collected(struct verify *v, const struct collected *all, const struct dataset *told, const struct collected_segment *s)
{
	const struct dataset_tombstone *t = dataset_tombstoned(told, &s->at);
	struct collected_verdict *judged = calloc(1, sizeof *judged);
	struct verified c = {.decision = -1};
	struct spool_file file;
	int error = judged ? spool_copy(s->path, &file) : ERROR_MEMORY;
	if (!error) {
		collected_judge(all, s, &file, v->locked ? NULL : v->in.keyring, NULL, 0, clock_utc_us(), v->key, judged);
		c.audit = judged->audit;
		c.decision = judged->kind ? -1 : judged->decision;
		if (t)
			verified_problem(&c, "must be deleted, as must every copy of it: tombstone", t->id);
		else if (judged->kind)
			verified_problem(&c, judged->why, NULL);
		else if (v->locked)
			verified_framing(&c, &file, false);
		else
			error = verified_content(&c, &file, v->key, &judged->key_file, false);
		if (!error)
			print_line(v, s->path, s->at.study, &c, file.length, v->locked ? "ok: signed, whole, consented to" : "ok");
		spool_unmap(&file);
		sodium_memzero(v->key, SEGMENT_KEY);
	}
	verified_release(&c);
	free(judged);
	if (error)
		printf("%-*s  PROBLEM: %s\n", v->width, s->path, error == ERROR_IO ? strerror(errno) : error_text(error));
	v->segments++;
	v->bad += error || c.problems;
	return error || c.problems ? EXIT_FAILED : EXIT_DONE;
}

/* Was the newest yes withdrawn? */
static bool is_withdrawn(const struct audit *a)
{
	bool agreed;
	int i = audit_decisions(a) - 1;
	while (i > 0 && !audit_purpose(a, i, 0, &agreed))
		i--;
	return i >= 0 && audit_withdrawn_since(a, i);
}

static int verify_outbox(struct verify *v, const struct collected *all)
{
	struct dataset told = {0};
	int result = all->damaged ? EXIT_FAILED : EXIT_DONE, bad = 0;
	if (collected_tombstones(all, NULL, &told, &bad) || bad)
		result = EXIT_FAILED;
	dataset_sort(&told);
	for (int i = 0; i < all->participants; i++) {
		const struct collected_participant *p = &all->participant[i];
		int signatures, lines = p->audit ? audit_lines(p->audit, &signatures) : 0;
		if (p->audit) {
			printf("receipts of %s in %s: %d line%s, %d signatures good%s\n", p->pseudonym, p->study, lines, lines == 1 ? "" : "s", signatures,
			       is_withdrawn(p->audit) ? "; consent was withdrawn" : "");
		} else {
			printf("receipts of %s in %s: PROBLEM: %s\n", p->pseudonym, p->study, p->why);
			result = EXIT_FAILED;
		}
	}
	for (int i = 0; i < all->segments; i++)
		widest(v, all->segment[i].path);
	for (int i = 0; i < all->segments && !ferror(stdout); i++)
		if (verify_collected(v, all, &told, &all->segment[i]))
			result = EXIT_FAILED;
	dataset_release(&told);
	return result;
}

/* ---- both ---- */

static bool are_folders(int count, char **inputs)
{
	struct stat st;
	for (int i = 0; i < count; i++)
		if (stat(inputs[i], &st) || !S_ISDIR(st.st_mode))
			return false;
	return count > 0;
}

static bool is_data(const char *folder)
{
	char path[PLACE_MAX];
	return snprintf(path, sizeof path, "%s/ledger.jsonl", folder) < (int)sizeof path && access(path, F_OK) == 0;
}

static void conclude(const struct verify *v, const char *consent)
{
	printf("%d segment%s, %d with a problem; consent %s\n", v->segments, v->segments == 1 ? "" : "s", v->bad, consent);
	if (v->locked && v->segments)
		printf("Not looked at: what is inside, as that needs %s.\n", v->in.ledger[0] ? "your passphrase, and there is no terminal to ask on" :
		       "a key (--key FILE)");
}

static int outbox(struct verify *v, const struct collected *all, const char *key_file)
{
	v->in.verb = "verify";
	v->locked = !key_file || input_unlock(&v->in, key_file) != EXIT_DONE;
	if (key_file && v->locked)
		return EXIT_FAILED;
	int result = verify_outbox(v, all);
	conclude(v, "checked against the receipts beside them, with nothing of the participants'");
	return result;
}

static int own(struct verify *v, int count, char **inputs, const char *key_file)
{
	int found = input_find(&v->in, "verifying", count, inputs), result = EXIT_DONE;
	if (found != EXIT_DONE && found != EXIT_NOTHING)
		return found;
	/* input_find names the ledger of a data directory; its identity lies beside it. */
	if (v->in.ledger[0]) {
		snprintf(v->places.identity, sizeof v->places.identity, "%.*s/identity", (int)(strrchr(v->in.ledger, '/') - v->in.ledger), v->in.ledger);
		if (access(v->in.ledger, F_OK) == 0 || found == EXIT_DONE)
			result = verify_ledger(v);
		else
			return found;
	}
	if (found == EXIT_NOTHING)
		return v->audit ? result : found;
	find_keys(v, key_file);
	for (int i = 0; i < v->in.list.count; i++)
		widest(v, v->in.list.path[i]);
	/* Its lines on the terminal are progress enough. */
	v->in.progress = v->in.progress && !isatty(STDOUT_FILENO);
	for (int i = 0; i < v->in.list.count && !ferror(stdout); i++) {
		input_progress(&v->in, i);
		if (verify_own(v, v->in.list.path[i]))
			result = EXIT_FAILED;
	}
	input_progress_end(&v->in);
	conclude(v, !v->audit ? "not checked: no ledger beside these segments" : v->broken ? "checked against a damaged ledger" : "checked against the ledger");
	return result;
}

/* What waits in one's own outbox, as a recipient would see it. */
static int own_outbox(struct verify *v, struct collected *all)
{
	char path[SPOOL_PATH_MAX];
	const char *const folder[] = {path}, *slash = strrchr(v->in.ledger, '/');
	snprintf(path, sizeof path, "%.*s/outbox", slash ? (int)(slash - v->in.ledger) : 0, v->in.ledger);
	if (!slash || access(path, F_OK))
		return EXIT_DONE;
	if (collected_find(all, folder, 1, NULL))
		return EXIT_FAILED;
	if (!all->segments && !all->damaged)
		return EXIT_DONE;
	v->segments = v->bad = v->width = 0;
	v->in.ledger[0] = 0;
	printf("\n%s:\n", path);
	return outbox(v, all, NULL);
}

int cli_verify(int argc, char **argv)
{
	const char *key_file = NULL;
	const struct input_option options[] = {{"key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct collected *all = calloc(1, sizeof *all);
	struct verify *v = calloc(1, sizeof *v);
	int count = input_options("verify", argc, argv, options), result = EXIT_USAGE;
	if (count < 0)
		goto out;
	signal(SIGPIPE, SIG_IGN);
	result = EXIT_FAILED;
	if (!all || !v || unlock_guard())
		goto out;
	v->key = locked_new(SEGMENT_KEY);
	if (!v->key) {
		unlock_broken("verify", ERROR_MEMORY, NULL);
		goto out;
	}
	bool collected = are_folders(count, argv) && !(count == 1 && is_data(argv[0]));
	if (collected && collected_find(all, (const char *const *)argv, count, NULL))
		goto out;
	/* Receipts are beside segments where they were released, and nowhere else. */
	result = all->participants || all->damaged ? outbox(v, all, key_file) : own(v, count, argv, key_file);
	if (!key_file && own_outbox(v, all))
		result = EXIT_FAILED;
	result = input_flush_stdout(result, ferror(stdout) ? EPIPE : 0);
out:
	if (v) {
		audit_free(v->audit);
		locked_free(v->key);
		input_release(&v->in);
	}
	if (all)
		collected_release(all);
	free(v);
	free(all);
	return result;
}
