/* SPDX-License-Identifier: Apache-2.0 */
#include "private.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/log.h"
#include "error.h"
#include "store/mark.h"

int private_open(struct private_mode *p, struct stats *stats, const char *mark)
{
	int64_t since;
	p->stats = stats;
	p->mark = mark;
	p->asked_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	p->told_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (p->asked_fd < 0 || p->told_fd < 0)
		return ERROR_IO;
	p->marked = mark_read(mark, &since);
	if (p->marked) {
		atomic_store(&stats->private_since_us, since ? since : clock_utc_us());
		atomic_store(&stats->private_on, 1);
		log_info("private mode is on, as it was before: everything will be masked (assent private off)");
	}
	return 0;
}

/* Spans have coarse edges; nobody needs this finer. */
static int64_t seconds(int64_t us)
{
	return us / 1000000 * 1000000;
}

static void apply(struct private_mode *p)
{
	struct stats *t = p->stats;
	uint64_t asked = atomic_load(&t->private_asked);
	int32_t on = asked & 1;
	if (on != atomic_load(&t->private_on)) {
		atomic_store(&t->private_since_us, on ? seconds(clock_utc_us()) : 0);
		atomic_store(&t->private_on, on);
	}
	atomic_store(&t->private_done, asked);
}

bool private_pending(const struct private_mode *p)
{
	return atomic_load(&p->stats->private_asked) != atomic_load(&p->stats->private_done);
}

void private_ask(struct private_mode *p, bool on, bool capture)
{
	uint64_t before = atomic_load(&p->stats->private_asked);
	atomic_store(&p->stats->private_asked, ((before >> 1) + 1) << 1 | (on ? 1 : 0));
	/* Capture first: the mark may have to wait for a disk. */
	if (capture)
		eventfd_write(p->asked_fd, 1);
	else
		apply(p);
	private_keep(p);
}

void private_capture_gone(struct private_mode *p)
{
	if (private_pending(p))
		apply(p);
	private_keep(p);
}

void private_keep(struct private_mode *p)
{
	eventfd_t ticks;
	struct stats *t = p->stats;
	eventfd_read(p->told_fd, &ticks);
	bool on = atomic_load(&t->private_on);
	/* What is asked for and not done yet counts where it is the safe side. */
	if (private_pending(p) && atomic_load(&t->private_asked) & 1)
		on = true;
	if (on == p->marked)
		return;
	int64_t since = atomic_load(&t->private_since_us);
	if (mark_set(p->mark, on, since ? since : seconds(clock_utc_us())))
		log_warn("%s: cannot be %s (%s): after a restart private mode will be %s", p->mark, on ? "written" : "removed",
			 strerror(errno), on ? "off" : "on");
	else
		p->marked = on;
}
