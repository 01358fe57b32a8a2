/* SPDX-License-Identifier: Apache-2.0 */
#include "exclude.h"

#include <fnmatch.h>
#include <string.h>

/*
 * Names as Debian installs them (dpkg -c), window classes as measured, and flatpak ids. Where a program is a script, its
 * executable is the interpreter, and its window class is all that tells: KeePass (mono), Secrets and cinnamon-screensaver (python),
 * password-gorilla (wish). Programs that also show ordinary dialogs (zenity, kdialog, yad, nautilus) are not here: the
 * accessibility bus tells their password fields.
 */
static const char *const builtin[] = {
	/* password managers, keys, one-time codes */
	"keepass*", "org.keepass*", "1password*", "com.1password*", "bitwarden*", "com.bitwarden*", "goldwarden*", "enpass*",
	"seahorse*", "org.gnome.seahorse*", "org.gnome.world.secrets", "org.gnome.passwordsafe", "gnome-passwordsafe", "secrets",
	"kwalletmanager*", "org.kde.kwalletmanager*", "kwallet-query", "qtpass", "org.ijhack.qtpass", "lastpass*", "dashlane*",
	"protonpass*", "proton?pass*", "me.proton.pass*", "nordpass*", "keeperpassword*", "padloc*", "buttercup*", "passwordsafe*",
	"pwsafe*", "password-gorilla*", "gorilla", "revelation", "fpm2", "figaro-password*", "gopass*", "rofi-pass*", "passmenu*",
	"authenticator", "gnome-authenticator", "com.belmoussaoui.authenticator*", "yubioath*", "com.yubico.*", "gpa", "kgpg",
	"kleopatra*", "org.kde.kleopatra*", "veracrypt*", "zulucrypt*", "zulumount*", "sirikali*",
	/* prompts for a secret. pinentry-gnome3 has no window: gcr-prompter shows it, or gnome-shell */
	"pinentry*", "*askpass*", "gcr-prompter*", "gcr4-*prompter*", "gnome-keyring*", "org.gnome.keyring*", "kwalletd*", "ksecretd*",
	"gksu*", "kdesu*", "lxqt-sudo*", "lxsu*", "ktsuss*", "gnome-online-accounts*",
	"nm-applet", "nm-connection-editor", "nm-*-auth-dialog", "blueman-applet", "gnome-shell-portal-helper",
	/* polkit agents: polkit-gnome-, polkit-kde-, polkit-mate-, polkit-ukui-authentication-agent-1, dde-polkit-agent */
	"polkit-*", "*-polkit-*", "*polkit*agent*", "lxpolkit*", "lxqt-policykit*", "mate-polkit*", "xfce-polkit*", "ts-polkitagent*",
	/* shells that are polkit agent, keyring prompt and lock screen themselves */
	"gnome-shell", "cinnamon",
	/* lockers. A saver or dialog of xsecurelock is known by where it lies */
	"i3lock*", "xtrlock*", "pyxtrlock*", "xsecurelock*", "*/xsecurelock/*", "xscreensaver*", "light-locker*",
	"gnome-screensaver*", "mate-screensaver*", "cinnamon-screensaver*", "cinnamon-unlock*", "cs-backup-locker*",
	"xfce4-screensaver*", "ukui-screensaver*", "screensaver-focus-helper", "budgie-screensaver*", "dde-lock*", "kscreenlocker*",
	"slock", "physlock", "vlock*", "swaylock*", "gtklock*", "waylock*", "hyprlock*", "betterlockscreen*", "multilockscreen*",
	"alock", "xlock", "xlockmore*", "sxlock", "sflock",
	/* greeters: lightdm-gtk-greeter, slick-greeter, sddm-greeter-qt6 */
	"*-greeter*", "gdm-*",
};

static bool glob(const char *pattern, const char *text)
{
	return text[0] && fnmatch(pattern, text, FNM_CASEFOLD) == 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool one(const char *pattern, const struct raw_app *app)
{
	return glob(pattern, app->exe) || glob(pattern, last_part(app->exe)) || glob(pattern, app->sandbox) ||
	       glob(pattern, app->klass) || glob(pattern, app->instance);
}

const char *exclude_which(const struct pattern_list *list, const struct raw_app *app)
{
	for (size_t i = 0; !list && i < sizeof builtin / sizeof builtin[0]; i++)
		if (one(builtin[i], app))
			return builtin[i];
	for (int i = 0; list && i < list->count; i++)
		if (one(list->pattern[i], app))
			return list->pattern[i];
	return NULL;
}

bool exclude_matches(const struct pattern_list *list, const struct raw_app *app)
{
	return exclude_which(list, app) != NULL;
}

bool exclude_builtin(const struct raw_app *app)
{
	return app->private_window || exclude_which(NULL, app) != NULL;
}

void exclude_app_id(const struct raw_app *app, char out[EVENT_APP_MAX + 1])
{
	const char *id = app->sandbox[0] ? app->sandbox : app->exe[0] ? last_part(app->exe) : app->klass;
	size_t n = strnlen(id, EVENT_APP_MAX);
	memcpy(out, id, n);
	out[n] = 0;
}
