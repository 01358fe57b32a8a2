/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset.json: what a dataset is made of, a recipient's or one's own recordings. JSON; every entry of a list is a line of its own, so that it is read line by line
 * whatever its size, and compared with any tool. Times are UTC; "hash" is BLAKE2b-256 in hex, "sha256" what sha256sum prints.
 *
 *   {
 *   "assent_dataset": 1,                  version of this description
 *   "version": 2,                         of the dataset: one more whenever anything in it changed
 *   "made": "2026-05-04T12:00:00.000000Z",
 *   "program": "assent 0.1.0",
 *   "format": "parquet",
 *   "purposes": ["hci-research"],         each segment's receipt agreed to all of them; null: a participant's own copy, judged by no purpose and no receipt
 *   "rows": 1200,
 *   "rows_dropped": 3,                    not covered by the receipt at their time
 *   "files": [        {"file":"typing-2026.csv","rows":1200,"bytes":9800,"sha256":"...",
 *                      "segments":["20260501T123456Z-0f3a9c11"]}     whose rows it holds; empty where a file is of a whole study (csv, jsonl)
 *   "segments": [     {"segment":"20260501T123456Z-0f3a9c11","study":"typing-2026","participant":"32 hex","hash":"of the .seg","receipt":"its hash",
 *                      "rows":600,"dropped":0,"first":"...","last":"...",       null without rows
 *                      "expires":"...",                                         end of its retention
 *                      "detail":["class"],"apps":["id"],                        the most that any of its rows has
 *                      "kinds":{"key_down":300,...},"reasons":{"password":[2,9000000,0],...}}   spans, gaps: how many, microseconds, events lost
 *   "participants": [ {"study":...,"participant":...,"agent":"its key, hex","receipts_bytes":900,"receipts":"hash of receipts.jsonl",
 *                      "description":"segments/...","sha256":"of that","files":1,"bytes":9800,"segments":1,   and, of all segments, rows ... reasons as above;
 *                      expires: the earliest}        also of whom nothing is in it any more: what their newest receipts were
 *   "left_out": [     {"segment":...,"study":...,"participant":...,"kind":"purpose|consent|expired|key|incomplete|pending|damaged","why":"..."}
 *   "tombstones": [   {"segment":...,"study":...,"participant":...,"hash":...,"tombstone":"32 hex","reason":"withdrawn","time":"...","agent":"who signed it"}
 *   "pending": [      {"file":"events/...","leave":["20260501T123456Z-0f3a9c11"],"needs":["20260502T..."]}    still holds rows of segments that were removed,
 *                      as those that stay in it were not at hand to write it anew from: what has to be given, together
 *   "added": [        {"segment":...,"study":...,"participant":...}              against the version before
 *   "removed": [      {"segment":...,"study":...,"participant":...,"why":"tombstone 32 hex (withdrawn)"}
 *   }
 *
 * A dataset of many files (hive.h) has no files and segments here: each participant's are in a description of their own, with the same two lists, so that an
 * append reads and writes only those of the participants whom it concerns. Without: description and sha256 are null.
 * In a participant's own copy agent and receipts are null, nothing is dropped and there are no tombstones; of a damaged segment that is left out, what comes before
 * the damage is in it, if the segment is listed, too.
 * left_out is of what was given for this version. A tombstone stays in force for the dataset once it stands here, also where its file is no more. One of a
 * participant of whom nothing is known yet stands here, too; whether agent is theirs is seen when their receipts come.
 */
#ifndef ASSENT_DATASET_H
#define ASSENT_DATASET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../event.h"
#include "../limits.h"
#include "hive.h"

#define DATASET_NAME "dataset.json"
#define DATASET_CARD "README.md"
#define DATASET_CROISSANT "croissant.json"

enum { DATASET_PURPOSES_MAX = 16, DATASET_WHY_MAX = 200, DATASET_FILE_MAX = HIVE_PATH_MAX };

struct dataset_place { char segment[41], study[65], participant[33]; };
struct dataset_file {
	char name[DATASET_FILE_MAX];
	uint64_t rows, bytes;
	uint8_t sha256[32];
	int first, members;              /* its segments: d->member[first ..] */
	int next;                        /* of the same participant's files the one behind it: its index + 1; 0: none. dataset_sum fills it in */
};
struct dataset_member { char segment[41]; };

/* Longer ones are neither read nor written. Of a participant's description, 256 MiB: 140,000 usual segments (dataset_segment_bytes), 16 years of one an hour; a line's 16 MiB
 * name all segments that such a description has room for, as those of one file. Of dataset.json, 2 GiB: 3,000,000 participants, tombstones or (csv, jsonl) segments. */
#define DATASET_BYTES_MAX ((uint64_t)2 << 30)
#define DATASET_DESCRIPTION_MAX ((uint64_t)256 << 20)
#define DATASET_LINE_MAX ((size_t)16 << 20)
#define DATASET_TOO_LARGE DATASET_NAME " is larger than 2 GiB: move it away, or name another folder"

/* How much of a key, and of the application, rows tell at most: as the study manifest calls it; NULL behind the last. */
enum { DATASET_DETAILS = DETAIL_TEXT + 1, DATASET_APPS = APPS_TITLE + 1 };
const char *dataset_detail_name(int detail);
const char *dataset_apps_name(int apps);

/* What is in rows. Numbers stop at their greatest value. */
struct dataset_counts {
	uint64_t kind[EVENT_KIND_COUNT];
	struct { uint64_t n, lost, us; } reason[REASON_COUNT];   /* of spans and gaps; us: their length */
	uint8_t detail, apps;            /* sets: 1 << enum detail, 1 << enum app_detail */
};
void dataset_counts_row(struct dataset_counts *c, const struct event *e);
void dataset_counts_add(struct dataset_counts *c, const struct dataset_counts *more);

struct dataset_rows {
	uint64_t rows, dropped;
	int64_t first_us, last_us;       /* if there are rows */
	int64_t expires_us;
	struct dataset_counts counts;
};
void dataset_rows_add(struct dataset_rows *r, const struct dataset_rows *more);

struct dataset_segment {
	struct dataset_place at;
	uint8_t hash[32], receipt[32];
	struct dataset_rows has;
};
struct dataset_participant {
	char study[65], participant[33];
	uint8_t agent[32];               /* the key that their receipts name: who may sign a tombstone */
	uint64_t receipts_bytes;         /* of the receipts.jsonl that they were judged by */
	uint8_t receipts[32];
	char description[HIVE_PATH_MAX]; /* empty: it is in dataset.json */
	uint8_t sha256[32];
	uint64_t files, bytes, segments;
	int first_file;                  /* as next */
	struct dataset_rows has;
	bool loaded;                     /* its files and segments are among those of the dataset; */
	uint64_t described;              /* its description had so many bytes */
};
struct dataset_pending { char file[DATASET_FILE_MAX]; };   /* one of the dataset's files; of its segments those have to leave that the dataset has no more */
struct dataset_left { struct dataset_place at; const char *kind; char why[DATASET_WHY_MAX]; };
struct dataset_tombstone { struct dataset_place at; char id[33], reason[16]; int64_t t_us; uint8_t hash[32], agent[32]; };
struct dataset_change { struct dataset_place at; char why[DATASET_WHY_MAX]; };

struct dataset {
	int64_t version, made_us;
	char format[16];
	bool own;                        /* a participant's own copy: purposes is 0, and receipts were asked nothing */
	int purposes;
	char purpose[DATASET_PURPOSES_MAX][65];
	/* Arrays of the dataset's own, by dataset_add_*. */
	int files, members, segments, participants, lefts, tombstones, pendings, addeds, removeds;
	struct dataset_file *file;
	struct dataset_member *member;
	struct dataset_segment *segment;
	struct dataset_participant *participant;
	struct dataset_left *left;
	struct dataset_tombstone *tombstone;
	struct dataset_pending *pending;
	struct dataset_change *added, *removed;
};

/* A new last entry, of zeros; NULL: out of memory. A member is of the last file. */
struct dataset_file *dataset_add_file(struct dataset *d);
struct dataset_member *dataset_add_member(struct dataset *d);
struct dataset_segment *dataset_add_segment(struct dataset *d);
struct dataset_participant *dataset_add_participant(struct dataset *d);
struct dataset_left *dataset_add_left(struct dataset *d);
struct dataset_tombstone *dataset_add_tombstone(struct dataset *d);
struct dataset_pending *dataset_add_pending(struct dataset *d);
void dataset_release(struct dataset *d);

/* The order of places: study, participant, segment. */
int dataset_compare(const struct dataset_place *a, const struct dataset_place *b);
/* Sorts all lists, so that the same input gives the same bytes. Segments and participants that were added in order keep their indices. */
void dataset_sort(struct dataset *d);
/* These want it sorted; NULL: there is none. */
const struct dataset_tombstone *dataset_tombstoned(const struct dataset *d, const struct dataset_place *at);
const struct dataset_file *dataset_file_of(const struct dataset *d, const char *name);
struct dataset_segment *dataset_segment_at(const struct dataset *d, const struct dataset_place *at);
struct dataset_participant *dataset_participant_at(const struct dataset *d, const char *study, const char *participant);
/* The same bytes, judged the same way? */
bool dataset_same_segment(const struct dataset_segment *a, const struct dataset_segment *b);
/* Fills version, added and removed of d from the version before (NULL: there is none). *changed: is anything of the dataset different? Both are sorted.
 * ERROR_MEMORY. */
int dataset_follow(struct dataset *d, const struct dataset *before, bool *changed);

/* The SHA-256 of a file in an open folder, and its size (bytes may be NULL). ERROR_IO. */
int dataset_sha256(int directory, const char *name, uint64_t *bytes, uint8_t sha256[32]);

/* Fills in, of each loaded participant of d (both lists sorted), what its segments and files sum up to. */
void dataset_sum(struct dataset *d);
/* The description of one participant, as text that the caller frees; d was summed up. ERROR_MEMORY, ERROR_LIMIT. */
int dataset_describe(const struct dataset *d, const struct dataset_participant *p, char **text, size_t *length);
/* Writes DATASET_NAME into an open folder, fsynced; files and segments of participants who have a description of their own are not in it. ERROR_IO, ERROR_MEMORY,
 * ERROR_LIMIT. */
int dataset_write(const struct dataset *d, int directory);
/* No more bytes than that are a segment, and its part of so many files, in a description. */
uint64_t dataset_segment_bytes(const struct dataset_segment *s, int files);
/* Reads all but what is left out, added and removed back. ERROR_IO (ENOENT: there is none), ERROR_INVALID (not written by
 * dataset_write; *line says where), ERROR_LIMIT (too large), ERROR_MEMORY. The caller releases it also then. */
int dataset_read(int directory, struct dataset *d, int *line);
/* Adds what a participant's description has, if it has not been; in the order of participants, so that segments stay sorted. ERROR_IO, ERROR_INVALID (also: its checksum
 * is another), ERROR_LIMIT, ERROR_MEMORY. */
int dataset_load(int directory, struct dataset *d, int participant);
/* The same, from an open file; and of a description, which may speak of this participant alone. */
int dataset_parse(FILE *f, struct dataset *d, int *line);
int dataset_parse_description(FILE *f, const char *study, const char *participant, struct dataset *d, int *line);

#endif
