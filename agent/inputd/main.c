/* SPDX-License-Identifier: Apache-2.0 */
/* assent-inputd: options, the socket, the sandbox; the rest is the broker's. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "../base/log.h"
#include "../base/sandbox.h"
#include "../error.h"
#include "broker.h"

static const char usage[] =
	"Usage: assent-inputd [--socket PATH] [--policy FILE] [--without-logind] [--verbose]\n"
	"\n"
	"Reads this machine's input devices for the user whose session is active, local and not locked, and streams what they\n"
	"tell to that user's assentd (its --source evdev or x11+evdev). Classes of keys; their codes only if the policy says so. It writes no\n"
	"file, keeps nothing, hands out no device, and ends when it was unused for 10 s: assent-inputd.socket starts it.\n"
	"\n"
	"  --socket PATH      listen there, and stay (for tests; else systemd hands over the socket)\n"
	"  --policy FILE      instead of /etc/assent/policy.yaml\n"
	"  --without-logind   ask nobody whose session is active: serves only the user who runs this, and all the time (for tests;\n"
	"                     not with a socket of systemd's)\n"
	"  --verbose          more messages; never what was typed\n"
	"  --help, --version\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static int open_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return sigprocmask(SIG_BLOCK, &set, NULL) ? -1 : signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* For tests: anybody may connect, as with the unit's. */
static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof a.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(a.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	mode_t mask = umask(0111);
	int bad = bind(fd, (const struct sockaddr *)&a, sizeof a) || listen(fd, 16);
	umask(mask);
	if (bad) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* The one that systemd opened; -1: none, or not the right kind. */
static int handed_over(int count)
{
	int fd = SD_LISTEN_FDS_START;
	if (count != 1 || sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, NULL, 0) <= 0)
		return -1;
	/* It blocks, unless the unit says otherwise: then accept() would wait, and everything else with it. */
	int flags = fcntl(fd, F_GETFL);
	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ? -1 : fd;
}

static int run(struct broker_options *options)
{
	struct broker *broker = NULL;
	const char *what = "";
	int code = 1;
	if (sandbox_begin(&what) || sandbox_lock_memory(&what)) {
		log_error("%s", what);
		return 1;
	}
	options->signal_fd = open_signals();
	if (options->signal_fd < 0) {
		log_error("cannot wait for signals: %s", strerror(errno));
		return 1;
	}
	int error = broker_new(options, &broker);
	if (error) {
		log_error("%s: %s", options->policy, error == ERROR_IO ? strerror(errno) : error_text(error));
		return 1;
	}
	if (sandbox_inputd(&what)) {
		log_error("sandbox: %s", what);
		goto out;
	}
	error = broker_run(broker);
	if (error)
		log_error("poll: %s", strerror(errno));
	code = error ? 1 : 0;
out:
	broker_free(broker);
	return code;
}

static int wrong(const char *text)
{
	fprintf(stderr, "assent-inputd: %s\nTry 'assent-inputd --help'.\n", text);
	return 2;
}

int main(int argc, char **argv)
{
	struct broker_options options = { .listen_fd = -1, .policy = "/etc/assent/policy.yaml" };
	const char *path = NULL;
	enum { OPT_SOCKET = 256, OPT_POLICY, OPT_WITHOUT, OPT_VERBOSE, OPT_HELP, OPT_VERSION };
	static const struct option names[] = {
		{ "socket", required_argument, NULL, OPT_SOCKET }, { "policy", required_argument, NULL, OPT_POLICY },
		{ "without-logind", no_argument, NULL, OPT_WITHOUT }, { "verbose", no_argument, NULL, OPT_VERBOSE },
		{ "help", no_argument, NULL, OPT_HELP }, { "version", no_argument, NULL, OPT_VERSION }, { NULL, 0, NULL, 0 } };
	for (int o; (o = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		switch (o) {
		case OPT_SOCKET: path = optarg; break;
		case OPT_POLICY: options.policy = optarg; break;
		case OPT_WITHOUT: options.without_logind = true; break;
		case OPT_VERBOSE: log_verbose(true); break;
		case OPT_HELP: fputs(usage, stdout); return 0;
		case OPT_VERSION: puts("assent-inputd " ASSENT_VERSION); return 0;
		default: fputs("Try 'assent-inputd --help'.\n", stderr); return 2;
		}
	}
	if (optind < argc)
		return wrong("it takes no arguments");
	int count = sd_listen_fds(1);
	if (count > 0 && (path || options.without_logind))
		return wrong("systemd handed over a socket: --socket and --without-logind are not for that");
	if (count <= 0 && !path)
		return wrong("no socket: it is started by assent-inputd.socket (systemctl enable --now assent-inputd.socket)");
	log_name("assent-inputd");
	options.stays = path != NULL;
	options.listen_fd = path ? listen_at(path) : handed_over(count);
	if (options.listen_fd < 0) {
		log_error("%s: %s", path ? path : "the socket of systemd", path ? strerror(errno) : "is not one, listening, of SOCK_SEQPACKET");
		return 1;
	}
	return run(&options);
}
