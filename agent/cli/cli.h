/* SPDX-License-Identifier: Apache-2.0 */
/* One function a command; prints for itself and returns the exit code. argc and argv are what follows the command's
 * name: argv[0] is its first argument, argv[argc] is NULL. */
#ifndef ASSENT_CLI_H
#define ASSENT_CLI_H

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOTHING = 3, EXIT_REFUSED = 4 };

int cli_notice(int argc, char **argv);
int cli_join(int argc, char **argv);
int cli_withdraw(int argc, char **argv);
int cli_pause(int argc, char **argv);
int cli_resume(int argc, char **argv);
int cli_private(int argc, char **argv);
int cli_secret(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_release(int argc, char **argv);
int cli_forget(int argc, char **argv);
int cli_expire(int argc, char **argv);
int cli_show(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_verify(int argc, char **argv);
int cli_receipts(int argc, char **argv);
int cli_keygen(int argc, char **argv);
int cli_passphrase(int argc, char **argv);

/* "assent: MESSAGE" to stderr. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "2026-05-01", "2026-05-01T12:30[:15][Z]" (local unless Z), "10m" (ago) → UTC µs. ERROR_INVALID. */
int cli_time(const char *text, long long *utc_us);

#endif
