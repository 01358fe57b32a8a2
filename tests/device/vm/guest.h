/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one program of the tests that runs in the virtual machine (machine.py). Each part is a command; its words are
 * those after the command's name, ended by NULL; it returns an exit status. What people and machine.py read goes to
 * standard output, a line at a time.
 */
#ifndef ASSENT_GUEST_H
#define ASSENT_GUEST_H

#include <stdbool.h>
#include <stdint.h>

/* Serves a serial line: starts commands that machine.py sends, passes on what they say. Never returns if it is process 1. */
int guest_serve(char **words);
/* Makes devices (uinput) and events as its standard input says. */
int guest_inject(char **words);
/* Reads devices directly, each with the kernel's time on CLOCK_MONOTONIC: what truly happened. */
int guest_watch(char **words);
/* Is a client of the broker: prints what it sends. */
int guest_client(char **words);
/* Runs a command in a session that it asks logind for. */
int guest_session(char **words);
/* Makes another session the active one, and measures that. */
int guest_switch(char **words);
/* Says that a session is locked, as its locker does. */
int guest_lock(char **words);
/* Takes a copy of another process's open device, to see whether it still tells anything later. */
int guest_steal(char **words);
/* Switches a virtual terminal's keyboard and screen as display servers do. */
int guest_console(char **words);

_Noreturn void guest_die(const char *what, const char *detail);
long guest_number(const char *text);
int64_t guest_now_us(void);
void guest_sleep_us(long us);
/* From now on SIGTERM and SIGINT make the result of guest_ended() true, and interrupt what waits. */
void guest_catch_end(void);
bool guest_ended(void);

#endif
