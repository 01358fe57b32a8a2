/* SPDX-License-Identifier: Apache-2.0 */
#include "status_counters.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

_Static_assert(sizeof(struct counters) % sizeof(uint64_t) == 0, "nothing but counters");

struct text { char *at, *end; };

__attribute__((format(printf, 2, 3)))
static void put(struct text *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(t->at, (size_t)(t->end - t->at), format, args);
	va_end(args);
	t->at = n < 0 ? t->at : n < t->end - t->at ? t->at + n : t->end - 1;
}

void counters_copy(const struct counters *from, struct counters *to)
{
	const _Atomic uint64_t *a = (const _Atomic uint64_t *)from;
	_Atomic uint64_t *b = (_Atomic uint64_t *)to;
	for (size_t i = 0; i < sizeof *from / sizeof *a; i++)
		atomic_store_explicit(&b[i], atomic_load_explicit(&a[i], memory_order_relaxed), memory_order_relaxed);
}

int64_t times_quantile(const uint64_t t[STATS_TIMES], double share)
{
	uint64_t all = 0, sum = 0;
	for (int i = 0; i < STATS_TIMES; i++)
		all += t[i];
	for (int i = 0; i < STATS_TIMES && all; i++) {
		sum += t[i];
		if (sum && (double)sum >= share * (double)all)
			return INT64_C(2) << i;
	}
	return 0;
}

static void times(struct text *t, const char *name, const struct times *now, const struct times *before, uint64_t least)
{
	uint64_t d[STATS_TIMES], all = 0;
	for (int i = 0; i < STATS_TIMES; i++)
		all += d[i] = atomic_load(&now->count[i]) - (before ? atomic_load(&before->count[i]) : 0);
	if (all < least)
		put(t, ",\"%s\":{\"p50\":null,\"p99\":null}", name);
	else
		put(t, ",\"%s\":{\"p50\":%lld,\"p99\":%lld}", name, (long long)times_quantile(d, 0.5), (long long)times_quantile(d, 0.99));
}

#define SINCE(field) ((unsigned long long)(atomic_load(&now->field) - (before ? atomic_load(&before->field) : 0)))

static void by_reason(struct text *t, const struct counters *now, const struct counters *before)
{
	const char *comma = "";
	put(t, ",\"masked\":{");
	for (unsigned i = 0; i < REASON_PAUSED; i++) {
		if (!SINCE(spans[i]))
			continue;
		put(t, "%s\"%s\":%llu", comma, event_reason_name(i), SINCE(spans[i]));
		comma = ",";
	}
	comma = "";
	put(t, "},\"lost\":{");
	for (unsigned i = REASON_PAUSED; i < REASON_COUNT; i++) {
		if (!SINCE(gaps[i]) && !SINCE(lost_to[i]))
			continue;
		put(t, "%s\"%s\":{\"gaps\":%llu,\"events\":", comma, event_reason_name(i), SINCE(gaps[i]));
		if (SINCE(lost_to[i]))
			put(t, "%llu}", SINCE(lost_to[i]));
		else
			put(t, "null}");
		comma = ",";
	}
	put(t, "}");
}

void counters_json(char out[STATUS_COUNTERS_MAX], const struct counters *now, const struct counters *before, int64_t since_us, int64_t last_flush_us)
{
	struct text t = {out, out + STATUS_COUNTERS_MAX};
	char time[28];
	/* The second is enough for anybody. */
	put(&t, "{\"since\":\"%s\",\"captured\":%llu,\"kept\":%llu", clock_format(since_us / 1000000 * 1000000, time), SINCE(written), SINCE(kept));
	by_reason(&t, now, before);
	put(&t, ",\"bytes\":%llu,\"flushes\":%llu,\"last_flush\":", SINCE(bytes), SINCE(flushes));
	if (SINCE(flushes) && last_flush_us)
		put(&t, "\"%s\"", clock_format(last_flush_us, time));
	else
		put(&t, "null");
	put(&t, ",\"segments\":%llu,\"sealed\":%llu,\"recovered\":%llu", SINCE(segments), SINCE(sealed), SINCE(recovered));
	times(&t, "flush_ms", &now->flush, before ? &before->flush : NULL, 1);
	times(&t, "seal_ms", &now->seal, before ? &before->seal : NULL, 1);
	times(&t, "airlock_ms", &now->airlock, before ? &before->airlock : NULL, STATUS_AIRLOCK_LEAST);
	put(&t, "}");
}
