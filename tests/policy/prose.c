/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types whole files, and tells what sensitive text costs: how long keys stay in the airlock without and with it, and which words of
 * ordinary prose are masked. `prose FILE...` prints; with --at-most N it fails when more than N keys in 10,000 are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../agent/base/patterns.h"
#include "typist.h"

static struct sensitive_rules rules;
static struct typist typist;
static int32_t delays[4000000];
static size_t typed, masked, words;
static double cpu_us;

/* A pause between two keys as people make it: log-normal, median 150 ms, now and then a thought. */
static int64_t pause_us(void)
{
	double u = (rand() + 1.0) / (RAND_MAX + 2.0), v = (rand() + 1.0) / (RAND_MAX + 2.0);
	double normal = sqrt(-2 * log(u)) * cos(6.283185307 * v);
	return (int64_t)(150000 * exp(0.5 * normal)) + (rand() % 80 == 0 ? 1000000 + rand() % 7000000 : 0);
}

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void account(void)
{
	const char *left = typist_result(&typist);
	(void)left;
	for (uint32_t i = 1; i <= typist.presses; i++) {
		if (typed < sizeof delays / sizeof *delays)
			delays[typed++] = typist.delay_us[i];
		words += typist.shown[i] == ' ' || typist.shown[i] == '\n';
		if (!typist.masked[i])
			continue;
		masked++;
		/* Readable here only: these are our own files. */
		if (i == 1 || !typist.masked[i - 1])
			printf("  masked: ");
		if (typist.shown[i] >= ' ' && typist.shown[i] < 0x7f)
			putchar((int)typist.shown[i]);
		if (i == typist.presses || !typist.masked[i + 1])
			putchar('\n');
	}
}

static int none(void *user, const uint32_t *text, int length)
{
	(void)user; (void)text; (void)length;
	return 0;
}

static int type_file(const char *path, int longest)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return 1;
	}
	char line[4096], one[8];
	typist_init(&typist, &rules, longest ? none : NULL, NULL, longest);
	while (fgets(line, sizeof line, f)) {
		if (typist.presses + sizeof line > TYPIST_MAX) {
			account();
			typist_init(&typist, &rules, longest ? none : NULL, NULL, longest);
		}
		for (const char *p = line; *p;) {
			size_t n = 1;
			while (((unsigned char)p[n] & 0xc0) == 0x80)
				n++;
			memcpy(one, p, n);
			one[n] = 0;
			p += n;
			typist.step_us = pause_us();
			double before = now_us();
			if ((unsigned char)one[0] >= ' ' || one[0] == '\n')
				typist_type(&typist, one);
			cpu_us += now_us() - before;
		}
	}
	fclose(f);
	account();
	return 0;
}

static int by_size(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	return (x > y) - (x < y);
}

static void summary(const char *what)
{
	qsort(delays, typed, sizeof *delays, by_size);
	printf("%s: %zu keys, %zu words, %zu keys masked (%.2f %%); in the airlock p50 %d ms, p90 %d ms, p99 %d ms, max %d ms; %.2f us a key\n", what,
	       typed, words, masked, 100.0 * (double)masked / (double)typed, delays[typed / 2] / 1000, delays[typed * 9 / 10] / 1000,
	       delays[typed * 99 / 100] / 1000, delays[typed - 1] / 1000, cpu_us / (double)typed);
}

int main(int argc, char **argv)
{
	struct config_error error;
	double most = 10000;
	int first = 1, failed = 0;
	if (argc > 2 && strcmp(argv[1], "--at-most") == 0) {
		most = atof(argv[2]);
		first = 3;
	}
	for (int round = 0; round < 3; round++) {
		static const char *const what[] = {"without", "patterns", "patterns and a phrase of 17-24"};
		typed = masked = words = 0;
		cpu_us = 0;
		rules.patterns = 0;
		srand(5);
		if (round && patterns_builtin(&rules, &error)) {
			fprintf(stderr, "%s\n", error.text);
			return 1;
		}
		for (int i = first; i < argc; i++)
			if (type_file(argv[i], round == 2 ? 24 : 0))
				return 1;
		if (!typed)
			return 2;
		summary(what[round]);
		failed |= (double)masked * 10000 > most * (double)typed;
	}
	return failed;
}
