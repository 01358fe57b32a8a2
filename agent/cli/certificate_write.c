/* SPDX-License-Identifier: Apache-2.0 */
/* certificate_write(): the words, and the signature. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../base/clock.h"
#include "../base/json_text.h"
#include "../error.h"
#include "../store/atomic.h"
#include "certificate.h"
#include "cli.h"

static const char *const impossible[] = {
	"Copies of key files that somebody made before (a backup, a snapshot, another program): with such a copy and your identity file, a copy "
	"of its segment can be read. Without the key file it is noise, also to you.",
	"Storage that does not overwrite in place (SSDs, copy-on-write and journalling file systems): key files were overwritten and then "
	"removed, but the medium may hold old blocks until it uses them for something else. Full-disk encryption closes that.",
	"What recipients did before they act on a tombstone: copies, figures that were published, models that were trained on released data. "
	"A model is not changed by this erasure.",
	"That a recipient deletes. They are told, under your signature; it is for them to act, and by law for the controller to see to it.",
};
enum { IMPOSSIBLE = sizeof impossible / sizeof *impossible };

static const char checked[] = "after the erasure the folder and each of these names were looked up again (lstat)";

/* ---- What both say ---- */

struct sums { int keys, segments, other, left, released, collected, told; int64_t bytes; };

static struct sums sum(const struct certificate *c)
{
	struct sums s = {0};
	for (int i = 0; i < c->count; i++) {
		const struct certificate_file *f = &c->file[i];
		size_t n = strlen(f->name);
		bool segment = n > 4 && (strcmp(f->name + n - 4, ".seg") == 0 || (n > 5 && strcmp(f->name + n - 5, ".part") == 0));
		s.keys += f->key;
		/* What was released and is no more here has no bytes: it was erased before, or its retention was over. */
		s.segments += segment && f->bytes > 0;
		s.other += !segment && !f->key;
		s.left += f->left;
		s.released += f->released;
		s.collected += f->collected;
		s.told += f->released && *f->tombstone && !c->key_unknown;
		s.bytes += f->bytes;
	}
	return s;
}

/* ---- For people ---- */

static void hex_of(const uint8_t hash[32], char out[65])
{
	sodium_bin2hex(out, 65, hash, 32);
}

static void proven(const struct session *s, const struct certificate *c, const struct sums *n, FILE *out)
{
	fprintf(out, "PROVEN on this computer (%s)\n\n", checked);
	if (!c->folder_left && !n->left)
		fprintf(out, "  %s/%s is gone, and all that was in it: %d key file%s, %d segment%s, %lld bytes.\n"
			     "  Key files were overwritten and removed first. Nothing of this study is left in the outbox.\n",
			s->places.spool, c->study, n->keys, n->keys == 1 ? "" : "s", n->segments, n->segments == 1 ? "" : "s", (long long)n->bytes);
	else
		fprintf(out, "  NOT ALL IS GONE. See below what is left, remove what hinders it, and do it again: assent withdraw --erase\n");
	for (int i = 0; i < c->count; i++) {
		const struct certificate_file *f = &c->file[i];
		char hash[65];
		if (!f->left && !f->key && !f->bytes)
			continue;
		hex_of(f->hash, hash);
		fprintf(out, "    %-8s %s", f->left ? "LEFT" : "gone", f->name);
		if (f->key || f->released)
			fprintf(out, "  BLAKE2b-256 %s", hash);
		fputc('\n', out);
	}
	fprintf(out, "\n  Kept, as they prove what you decided: the ledger with its receipts, the manifests you agreed to, the list of what was\n"
		     "  released, tombstones, and this certificate. They hold nothing of what was recorded.\n");
}

static void notified(const struct certificate *c, const struct sums *n, FILE *out)
{
	char last[33] = "";
	fprintf(out, "\nNOTIFIED (recipients of what was released)\n\n");
	if (c->list_damaged)
		fprintf(out, "  The list of what was released (released.jsonl) has %d line%s that cannot be read: who received what they named was\n"
			     "  NOT TOLD. Write to them yourself%s%s%s%s.\n", c->list_damaged, c->list_damaged == 1 ? "" : "s", *c->controller ? ": " : "",
			c->controller, *c->contact ? ", " : "", c->contact);
	if (!n->released && c->list_damaged)
		return;
	if (!n->released) {
		fprintf(out, "  Nobody: nothing of this study was ever released.\n");
		return;
	}
	fprintf(out, "  %d segment%s had been released; %d of them had left the outbox when it was erased.\n", n->released, n->released == 1 ? "" : "s",
		n->collected);
	if (n->told)
		fprintf(out, "  A tombstone, signed by your key of this study, tells recipients to delete %s. It is in the outbox until it is collected\n"
			     "  (assent status). It is for them to act.\n", n->told == n->released ? "them" : "those marked with it");
	if (c->untold) {
		fprintf(out, "  NOT TOLD about %d: %s. Write to them yourself%s%s%s%s, and name the segments below.\n", c->untold,
			c->key_unknown ? "your keys are not the ones that the recipients know, so they cannot tell that it is from you" :
			"the tombstone could not be written (do it again: assent withdraw --erase)",
			*c->controller ? ": " : "", c->controller, *c->contact ? ", " : "", c->contact);
	}
	for (int i = 0; i < c->count; i++) {
		const struct certificate_file *f = &c->file[i];
		if (!f->released)
			continue;
		/* The list is sorted by name: a tombstone's segments stand together, or nearly. */
		if (*f->tombstone && strcmp(last, f->tombstone) != 0)
			fprintf(out, "    tombstone %s, to the holder of key %s\n", f->tombstone, f->recipient);
		snprintf(last, sizeof last, "%s", f->tombstone);
		fprintf(out, "      %s%s%s\n", f->name, f->collected ? ", collected" : "", *f->tombstone ? "" : ", NOT TOLD");
	}
}

/* In lines of at most 100 characters, as all the rest. */
static void wrapped(const char *text, FILE *out)
{
	int column = 0;
	fputs("  *", out);
	while (*text) {
		int n = (int)strcspn(text, " ");
		if (column + n > 95) {
			fputs("\n   ", out);
			column = 0;
		}
		fprintf(out, " %.*s", n, text);
		column += n + 1;
		text += n;
		text += *text == ' ';
	}
	fputc('\n', out);
}

static void text_of(const struct session *s, const struct certificate *c, FILE *out)
{
	char time[28];
	struct sums n = sum(c);
	fprintf(out, "Certificate of erasure\n\nstudy %s, %s, assent %s\n\n", c->study, clock_format(c->t_us, time), ASSENT_VERSION);
	proven(s, c, &n, out);
	notified(c, &n, out);
	fprintf(out, "\nIMPOSSIBLE (what no program on this computer can do, or know)\n\n");
	for (int i = 0; i < IMPOSSIBLE; i++)
		wrapped(impossible[i], out);
}

/* ---- For programs ---- */

static void json_of(const struct session *s, const struct certificate *c, FILE *out)
{
	char time[28], hash[65], path[PLACE_MAX + 80];
	bool first = true;
	struct sums n = sum(c);
	fprintf(out, "{\"version\":1,\"kind\":\"erasure\",\"study\":\"%s\",\"time\":\"%s\",\"program\":\"assent %s\",\"whole\":%s", c->study,
		clock_format(c->t_us, time), ASSENT_VERSION, certificate_is_whole(c) ? "true" : "false");
	snprintf(path, sizeof path, "%s/%s", s->places.spool, c->study);
	fputs(",\"proven\":{\"folder\":", out);
	json_text(out, path);
	fprintf(out, ",\"folder_gone\":%s,\"checked\":\"%s\",\"keys\":%d,\"segments\":%d,\"bytes\":%lld,\"files\":[", c->folder_left ? "false" : "true",
		checked, n.keys, n.segments, (long long)n.bytes);
	for (int i = 0; i < c->count; i++) {
		const struct certificate_file *f = &c->file[i];
		if (!f->left && !f->key && !f->bytes)
			continue;
		hex_of(f->hash, hash);
		fprintf(out, "%s{\"name\":", first ? "" : ",");
		json_text(out, f->name);
		fprintf(out, ",\"bytes\":%lld,\"hash\":%s%s%s,\"gone\":%s}", (long long)f->bytes, f->key || f->released ? "\"" : "",
			f->key || f->released ? hash : "null", f->key || f->released ? "\"" : "", f->left ? "false" : "true");
		first = false;
	}
	fprintf(out, "]},\"notified\":{\"released\":%d,\"collected\":%d,\"told\":%d,\"list_damaged\":%d,\"controller\":", n.released, n.collected, n.told, c->list_damaged);
	json_text(out, c->controller);
	fputs(",\"contact\":", out);
	json_text(out, c->contact);
	fputs(",\"segments\":[", out);
	first = true;
	for (int i = 0; i < c->count; i++) {
		const struct certificate_file *f = &c->file[i];
		if (!f->released)
			continue;
		hex_of(f->hash, hash);
		fprintf(out, "%s{\"segment\":\"%.*s\",\"hash\":\"%s\",\"pseudonym\":\"%s\",\"recipient\":\"%s\",\"collected\":%s,\"tombstone\":", first ? "" : ",",
			(int)strlen(f->name) - 4, f->name, hash, f->pseudonym, f->recipient, f->collected ? "true" : "false");
		fprintf(out, *f->tombstone ? "\"%s\"}" : "null}", f->tombstone);
		first = false;
	}
	fputs("]},\"impossible\":[", out);
	for (int i = 0; i < IMPOSSIBLE; i++) {
		if (i)
			fputc(',', out);
		json_text(out, impossible[i]);
	}
	fputc(']', out);
}

/* Ends it: with key and signature, or, where there is no key, without. */
static int sign(const struct session *s, const struct certificate *c, FILE *out, char **text, size_t *length)
{
	uint8_t key[IDENTITY_KEY], signature[IDENTITY_SIGNATURE];
	char hex[2 * IDENTITY_SIGNATURE + 1];
	if (s->identity && identity_agent_key(s->identity, c->study, key) == 0) {
		fprintf(out, ",\"agent_key\":\"%s\"", sodium_bin2hex(hex, sizeof hex, key, sizeof key));
		if (fflush(out))
			return ERROR_MEMORY;
		int e = identity_agent_sign(s->identity, c->study, *text, *length, signature);
		if (e)
			return e;
		fprintf(out, ",\"signature\":\"%s\"", sodium_bin2hex(hex, sizeof hex, signature, sizeof signature));
	}
	fputs("}\n", out);
	return fflush(out) ? ERROR_MEMORY : 0;
}

static int keep(const struct session *s, const struct certificate *c, const char *suffix, const char *text, size_t length, char path[PLACE_MAX + 160])
{
	char stamp[32];
	time_t t = (time_t)(c->t_us / 1000000);
	struct tm tm;
	if (!gmtime_r(&t, &tm) || !strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm))
		return ERROR_INVALID;
	snprintf(path, PLACE_MAX + 160, "%s/certificates", s->places.data);
	if (mkdir(path, 0700) && errno != EEXIST)
		return ERROR_IO;
	snprintf(path, PLACE_MAX + 160, "%s/certificates/%s-%s.%s", s->places.data, c->study, stamp, suffix);
	return atomic_write(path, text, length, true);
}

int certificate_write(const struct session *s, const struct certificate *c, bool json)
{
	char *text = NULL, *object = NULL, path[PLACE_MAX + 160] = "";
	size_t text_length = 0, object_length = 0;
	FILE *a = open_memstream(&text, &text_length), *b = open_memstream(&object, &object_length);
	int e = a && b ? 0 : ERROR_MEMORY;
	if (e == 0) {
		text_of(s, c, a);
		json_of(s, c, b);
		e = fflush(a) ? ERROR_MEMORY : sign(s, c, b, &object, &object_length);
	}
	/* Told in any case: that a disk is full makes it no less true. */
	if (e == 0) {
		fwrite(json ? object : text, 1, json ? object_length : text_length, stdout);
		e = keep(s, c, "json", object, object_length, path);
		if (e == 0)
			e = keep(s, c, "txt", text, text_length, path);
	}
	if (e)
		cli_complain("the certificate cannot be kept%s%s: %s", *path ? " as " : "", path, e == ERROR_IO ? strerror(errno) : error_text(e));
	else if (!json)
		printf("\nThis certificate is kept as %s (and .json, signed).\n", path);
	if (a)
		fclose(a);
	if (b)
		fclose(b);
	free(text);
	free(object);
	return e ? EXIT_FAILED : EXIT_DONE;
}
