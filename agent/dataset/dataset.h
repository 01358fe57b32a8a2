/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset.json: what a recipient's dataset is made of. JSON; every entry of a list is a line of its own, so that it is read line by line
 * whatever its size, and compared with any tool. Times are UTC, hashes BLAKE2b-256 in hex.
 *
 *   {
 *   "assent_dataset": 1,                  version of this description
 *   "version": 2,                         of the dataset: one more whenever anything in it changed
 *   "made": "2026-05-04T12:00:00.000000Z", "program": "assent 0.1.0", "format": "csv",
 *   "purposes": ["hci-research"],         each segment's receipt agreed to all of them
 *   "rows": 1200, "rows_dropped": 3,      dropped: not covered by the receipt at their time
 *   "files": [      {"file":"typing-2026.csv","rows":1200,"bytes":98000,"hash":"..."}
 *   "segments": [   {"segment":"20260501T123456Z-0f3a9c11","study":"typing-2026","participant":"32 hex","hash":"of the .seg","receipt":"its hash",
 *                    "rows":600,"dropped":0,"first":"...","last":"..."}        first, last: null without rows
 *   "left_out": [   {"segment":...,"study":...,"participant":...,"kind":"purpose|consent|expired|key|incomplete|damaged","why":"..."}
 *   "tombstones": [ {"tombstone":"32 hex","reason":"withdrawn","time":"...","study":...,"participant":...,"segment":...,"hash":...}
 *   "added": [      {"segment":...,"study":...,"participant":...}              against the version before
 *   "removed": [    {"segment":...,"study":...,"participant":...,"why":"tombstone 32 hex (withdrawn)"}
 *   }
 *
 * A tombstone stays in force for the dataset once it stands here, also where its file is no more.
 */
#ifndef ASSENT_DATASET_H
#define ASSENT_DATASET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DATASET_NAME "dataset.json"

enum { DATASET_PURPOSES_MAX = 16, DATASET_WHY_MAX = 200 };

struct dataset_place { char segment[41], study[65], participant[33]; };
struct dataset_file { char name[96]; uint64_t rows, bytes; uint8_t hash[32]; };
struct dataset_segment {
	struct dataset_place at;
	uint8_t hash[32], receipt[32];
	uint64_t rows, dropped;
	int64_t first_us, last_us;
};
struct dataset_left { struct dataset_place at; const char *kind; char why[DATASET_WHY_MAX]; };
struct dataset_tombstone { struct dataset_place at; char id[33], reason[16]; int64_t t_us; uint8_t hash[32]; };
struct dataset_change { struct dataset_place at; char why[DATASET_WHY_MAX]; };

struct dataset {
	int64_t version, made_us;
	char format[16];
	int purposes;
	char purpose[DATASET_PURPOSES_MAX][65];
	/* Arrays of the dataset's own, by dataset_add_*. */
	int files, segments, lefts, tombstones, addeds, removeds;
	struct dataset_file *file;
	struct dataset_segment *segment;
	struct dataset_left *left;
	struct dataset_tombstone *tombstone;
	struct dataset_change *added, *removed;
};

/* A new last entry, of zeros; NULL: out of memory. */
struct dataset_file *dataset_add_file(struct dataset *d);
struct dataset_segment *dataset_add_segment(struct dataset *d);
struct dataset_left *dataset_add_left(struct dataset *d);
struct dataset_tombstone *dataset_add_tombstone(struct dataset *d);
void dataset_release(struct dataset *d);

/* The order of places: study, participant, segment. */
int dataset_compare(const struct dataset_place *a, const struct dataset_place *b);
/* Sorts all lists, so that the same input gives the same bytes. */
void dataset_sort(struct dataset *d);
/* The tombstone of a segment, or NULL. After dataset_sort. */
const struct dataset_tombstone *dataset_tombstoned(const struct dataset *d, const struct dataset_place *at);
/* Fills version, added and removed of d from the version before (NULL: there is none). *changed: is anything of the dataset different? Both are sorted.
 * ERROR_MEMORY. */
int dataset_follow(struct dataset *d, const struct dataset *before, bool *changed);

/* Writes DATASET_NAME into an open folder, fsynced. ERROR_IO, ERROR_MEMORY. */
int dataset_write(const struct dataset *d, int directory);
/* Reads version, format, purposes, files, segments and tombstones back. ERROR_IO (ENOENT: there is none), ERROR_INVALID (not written by
 * dataset_write; *line says where), ERROR_MEMORY. The caller releases it also then. */
int dataset_read(int directory, struct dataset *d, int *line);
/* The same, from an open file. */
int dataset_parse(FILE *f, struct dataset *d, int *line);

#endif
