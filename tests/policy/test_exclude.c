/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in list, against programs as Debian 12 installs them and window classes as they were seen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../agent/policy/exclude.h"

struct program { const char *exe, *instance, *klass; };

static bool is_excluded(const struct program *p)
{
	struct raw_app app = { .window = 1, .pid = 1 };
	snprintf(app.exe, sizeof app.exe, "%s", p->exe);
	snprintf(app.instance, sizeof app.instance, "%s", p->instance ? p->instance : "");
	snprintf(app.klass, sizeof app.klass, "%s", p->klass ? p->klass : "");
	return exclude_builtin(&app);
}

static void secret_programs_are_excluded(void **state)
{
	static const struct program programs[] = {
		/* measured: executable of the window's process, WM_CLASS */
		{ "/usr/bin/pinentry-gtk-2", "pinentry-gtk-2", "Pinentry-gtk-2" },
		{ "/usr/libexec/gcr-prompter", "gcr-prompter", "Gcr-prompter" },
		{ "/usr/bin/pinentry-qt", "pinentry-qt", "pinentry-qt" },
		{ "/usr/libexec/ssh-askpass/x11-ssh-askpass", "x11-ssh-askpass", "SshAskpass" },
		{ "/usr/lib/openssh/gnome-ssh-askpass", "gnome-ssh-askpass", "Gnome-ssh-askpass" },
		{ "/usr/bin/i3lock", "i3lock", "i3lock" },
		{ "/usr/bin/keepassxc", "keepassxc", "KeePassXC" },
		/* by the packages' lists of files */
		{ "/usr/bin/pinentry-fltk", NULL, NULL }, { "/usr/bin/ksshaskpass", NULL, NULL },
		{ "/usr/bin/lxqt-openssh-askpass", NULL, NULL }, { "/usr/libexec/seahorse/ssh-askpass", NULL, NULL },
		{ "/usr/libexec/gcr-ssh-askpass", NULL, NULL }, { "/usr/bin/seahorse", NULL, NULL },
		{ "/usr/lib/policykit-1-gnome/polkit-gnome-authentication-agent-1", NULL, NULL },
		{ "/usr/libexec/polkit-mate-authentication-agent-1", NULL, NULL },
		{ "/usr/lib/x86_64-linux-gnu/libexec/polkit-kde-authentication-agent-1", NULL, NULL },
		{ "/usr/lib/x86_64-linux-gnu/ukui-polkit/polkit-ukui-authentication-agent-1", NULL, NULL },
		{ "/usr/bin/lxpolkit", NULL, NULL }, { "/usr/bin/lxqt-policykit-agent", NULL, NULL },
		{ "/usr/bin/gnome-shell", "gnome-shell", "Gnome-shell" }, { "/usr/bin/lxqt-sudo", NULL, NULL },
		{ "/usr/lib/x86_64-linux-gnu/libexec/kf5/kdesu", NULL, NULL }, { "/usr/bin/kwalletd5", NULL, NULL },
		{ "/usr/bin/kwalletmanager5", NULL, NULL }, { "/usr/bin/gnome-keyring-daemon", NULL, NULL },
		{ "/usr/bin/xtrlock", NULL, NULL }, { "/usr/bin/slock", NULL, NULL }, { "/usr/bin/physlock", NULL, NULL },
		{ "/usr/bin/xsecurelock", NULL, NULL }, { "/usr/libexec/xsecurelock/auth_x11", NULL, NULL },
		{ "/usr/libexec/xsecurelock/saver_blank", NULL, NULL },
		{ "/usr/libexec/xscreensaver/xscreensaver-auth", NULL, NULL },
		{ "/usr/libexec/xscreensaver/xscreensaver-gfx", NULL, NULL }, { "/usr/bin/light-locker", NULL, NULL },
		{ "/usr/libexec/gnome-screensaver-dialog", NULL, NULL },
		{ "/usr/lib/mate-screensaver/mate-screensaver-dialog", NULL, NULL },
		{ "/usr/lib/x86_64-linux-gnu/cinnamon-screensaver/cs-backup-locker", NULL, NULL },
		{ "/usr/bin/ukui-screensaver-dialog", NULL, NULL },
		{ "/usr/lib/x86_64-linux-gnu/libexec/kscreenlocker_greet", NULL, NULL },
		{ "/usr/sbin/lightdm-gtk-greeter", NULL, NULL }, { "/usr/sbin/slick-greeter", NULL, NULL },
		{ "/usr/bin/sddm-greeter", NULL, NULL },
		/* scripts: only the window tells */
		{ "/usr/bin/mono-sgen", "keepass2", "KeePass2" }, { "/usr/bin/python3.11", "secrets", "org.gnome.World.Secrets" },
		{ "/usr/bin/python3.11", "cinnamon-screensaver-main.py", "Cinnamon-screensaver-main.py" },
		{ "/usr/bin/wish8.6", "gorilla", "Gorilla" }, { "/usr/bin/perl", "x", "KSshAskpass" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (!is_excluded(&programs[i]))
			fail_msg("%s is not excluded", programs[i].exe);
	}
}

static void ordinary_programs_are_not(void **state)
{
	static const struct program programs[] = {
		{ "/usr/bin/xterm", "xterm", "XTerm" }, { "/usr/bin/gedit", "gedit", "Gedit" },
		{ "/usr/lib/firefox-esr/firefox-esr", "Navigator", "firefox-esr" }, { "/usr/bin/zenity", "zenity", "Zenity" },
		{ "/usr/bin/kdialog", "kdialog", "kdialog" }, { "/usr/bin/yad", "yad", "Yad" }, { "/usr/bin/gparted", NULL, NULL },
		{ "/usr/bin/gpaint-2", NULL, NULL }, { "/usr/bin/figaro", NULL, NULL }, { "/usr/bin/keyboard", NULL, NULL },
		{ "/usr/bin/slocket", NULL, NULL }, { "/usr/bin/clock", "clock", "Clock" }, { "/usr/bin/xclock", "xclock", "XClock" },
		{ "/usr/bin/gnome-calculator", NULL, NULL }, { "/usr/bin/gnome-shell-extension-prefs", NULL, NULL },
		{ "/usr/bin/cinnamon-settings", NULL, NULL }, { "/usr/bin/plasmashell", "plasmashell", "plasmashell" },
		{ "/usr/bin/passwordless-notes", NULL, NULL }, { "/usr/bin/authenticators-list", NULL, NULL },
		{ "/usr/bin/python3.11", "editor", "Editor" }, { "/usr/bin/alocker", NULL, NULL },
		{ "/usr/bin/lockfile-gui", NULL, NULL }, { "", "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (is_excluded(&programs[i]))
			fail_msg("%s is excluded", programs[i].exe);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secret_programs_are_excluded), cmocka_unit_test(ordinary_programs_are_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
