/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a row goes in a dataset of many files: events/study=ID/date=YYYY-MM-DD/participant=HEX/VERSION-N.SUFFIX, as Hive, Spark, Trino and DuckDB understand it
 * (they read study, date and participant from the path). date is the UTC day of t_us; VERSION that of the dataset in which the file was added, N from 0.
 * Nothing else is in events/: pandas and Spark take every file below the folder that they are given for one of rows. What describes a participant's part of it
 * is in segments/study=ID/participant=HEX/VERSION.json.
 */
#ifndef ASSENT_HIVE_H
#define ASSENT_HIVE_H

#include <stdbool.h>
#include <stdint.h>

struct hive_path {
	char study[65], date[11], participant[33], suffix[16];
	int64_t version;
	int n;
};

enum { HIVE_PATH_MAX = 200 };
#define HIVE_ROWS "events"
#define HIVE_SEGMENTS "segments"

/* The day of a time: days since 1970 in UTC, or -1: not one from 1970 to 9999. */
int32_t hive_day(int64_t t_us);
/* "2026-05-01" into out[11]. Returns out. */
char *hive_date(int32_t day, char out[11]);
/* Writes the path; false: study or participant may not be a folder's name. */
bool hive_format(const struct hive_path *p, char out[HIVE_PATH_MAX]);
/* The reverse; only what hive_format writes: 0 or ERROR_INVALID. Hence no path that it takes leads out of the dataset. */
int hive_parse(const char *path, struct hive_path *p);

/* The path of a participant's description; false as above. And is this one? */
bool hive_description(const char *study, const char *participant, int64_t version, char out[HIVE_PATH_MAX]);
bool hive_is_description(const char *path);
/* And of this participant? */
bool hive_is_description_of(const char *path, const char *study, const char *participant);

#endif
