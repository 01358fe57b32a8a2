/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a segment is sealed to reads it with their key's file, and nobody else does. */
#include "../format/cmocka_all.h"

#include <assent/assent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/store/identity.h"
#include "../../agent/store/recipient.h"
#include "made.h"

static char folder[] = "/tmp/assent-keys-XXXXXX";
static uint8_t participant[32], lab[32], other[32];

static const char *in_folder(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof path[0], "%s/%s", folder, name);
	return path[turn];
}

static int make(void **state)
{
	(void)state;
	struct identity *identity;
	if (!mkdtemp(folder) || identity_ensure(in_folder("identity")) || identity_load(in_folder("identity"), &identity))
		return -1;
	memcpy(participant, identity->box_public, sizeof participant);
	identity_free(identity);
	if (recipient_generate(in_folder("lab.key"), NULL, lab) || recipient_generate(in_folder("other.key"), "five random words", other))
		return -1;
	made_sealed_to(folder, "own", true, participant, NULL);
	made_sealed_to(folder, "released", true, participant, lab);
	made_sealed_to(folder, "guarded", true, participant, other);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	const char *const names[] = {"identity", "lab.key", "other.key", "public.key", "own.seg", "own.key", "released.seg", "released.key",
		"guarded.seg", "guarded.key", "erased.seg", "swapped.seg", "swapped.key", "link.key"};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		unlink(in_folder(names[i]));
	return rmdir(folder);
}

static int opens(const struct assent_keys *keys, const char *name)
{
	struct assent_reader *r;
	struct assent_meta meta;
	int status = assent_open_keys(in_folder(name), keys, &r);
	if (status) {
		assert_null(r);
		return status;
	}
	assert_int_equal(assent_read_meta(r, &meta, sizeof meta), 0);
	assert_memory_equal(meta.segment, name, strlen(meta.segment));
	assent_close(r);
	return 0;
}

static struct assent_keys *keys_with(const char *name, const char *passphrase)
{
	struct assent_keys *keys;
	const char *why = "not set";
	assert_int_equal(assent_keys_new(&keys), 0);
	assert_int_equal(assent_keys_add(keys, in_folder(name), passphrase, &why), 0);
	assert_null(why);
	return keys;
}

static void participants_read_all_that_is_theirs(void **state)
{
	(void)state;
	struct assent_keys *keys = keys_with("identity", NULL);
	assert_int_equal(opens(keys, "own.seg"), 0);
	assert_int_equal(opens(keys, "released.seg"), 0);
	assert_int_equal(opens(keys, "guarded.seg"), 0);
	assent_keys_free(keys);
}

static void recipients_read_what_was_released_to_them(void **state)
{
	(void)state;
	struct assent_keys *keys = keys_with("lab.key", NULL);
	assert_int_equal(opens(keys, "own.seg"), ASSENT_ERROR_KEY);
	assert_int_equal(opens(keys, "released.seg"), 0);
	assert_int_equal(opens(keys, "guarded.seg"), ASSENT_ERROR_KEY);
	/* One more key, under a passphrase. */
	const char *why;
	assert_int_equal(assent_keys_add(keys, in_folder("other.key"), NULL, &why), ASSENT_ERROR_KEY);
	assert_string_equal(why, "is under a passphrase");
	assert_int_equal(assent_keys_add(keys, in_folder("other.key"), "four random words", &why), ASSENT_ERROR_KEY);
	assert_string_equal(why, "is under another passphrase");
	assert_int_equal(opens(keys, "guarded.seg"), ASSENT_ERROR_KEY);
	assert_int_equal(assent_keys_add(keys, in_folder("other.key"), "five random words", NULL), 0);
	assert_int_equal(opens(keys, "guarded.seg"), 0);
	assert_int_equal(opens(keys, "released.seg"), 0);
	assent_keys_free(keys);
}

static void a_participants_passphrase_counts(void **state)
{
	(void)state;
	struct identity *identity;
	struct assent_keys *keys;
	const char *why;
	assert_int_equal(identity_load(in_folder("identity"), &identity), 0);
	assert_int_equal(identity_set_passphrase(in_folder("identity"), identity, "mine"), 0);
	assert_int_equal(assent_keys_new(&keys), 0);
	assert_int_equal(assent_keys_add(keys, in_folder("identity"), NULL, &why), ASSENT_ERROR_KEY);
	assert_string_equal(why, "is under a passphrase");
	assert_int_equal(assent_keys_add(keys, in_folder("identity"), "not mine", &why), ASSENT_ERROR_KEY);
	assert_string_equal(why, "is under another passphrase");
	assert_int_equal(opens(keys, "own.seg"), ASSENT_ERROR_KEY);
	assert_int_equal(assent_keys_add(keys, in_folder("identity"), "mine", &why), 0);
	assert_int_equal(opens(keys, "own.seg"), 0);
	assent_keys_free(keys);
	assert_int_equal(identity_set_passphrase(in_folder("identity"), identity, NULL), 0);
	identity_free(identity);
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	struct assent_keys *keys;
	const char *why = NULL;
	uint8_t key[ASSENT_KEY_BYTES], zeros[ASSENT_KEY_BYTES] = {0};
	assert_int_equal(assent_keys_new(&keys), 0);
	errno = 0;
	assert_int_equal(assent_keys_add(keys, in_folder("missing"), NULL, &why), ASSENT_ERROR_IO);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(why, "cannot be read");
	assert_int_equal(chmod(in_folder("lab.key"), 0644), 0);
	assert_int_equal(assent_keys_add(keys, in_folder("lab.key"), NULL, &why), ASSENT_ERROR_INVALID);
	assert_non_null(strstr(why, "chmod 600"));
	assert_int_equal(chmod(in_folder("lab.key"), 0600), 0);
	assert_int_equal(symlink("lab.key", in_folder("link.key")), 0);
	assert_int_equal(assent_keys_add(keys, in_folder("link.key"), NULL, &why), ASSENT_ERROR_INVALID);
	made_save(in_folder("public.key"), "assent-pub-", 11);
	assert_int_equal(chmod(in_folder("public.key"), 0600), 0);
	assert_int_equal(assent_keys_add(keys, in_folder("public.key"), NULL, &why), ASSENT_ERROR_INVALID);
	assert_non_null(why);
	made_save(in_folder("public.key"), "version: 3\nagent: 00\n", 21);
	assert_int_equal(assent_keys_add(keys, in_folder("public.key"), NULL, &why), ASSENT_ERROR_UNSUPPORTED);
	assert_non_null(why);

	/* No keys open nothing, and leave none behind. */
	memset(key, 0xff, sizeof key);
	assert_int_equal(assent_keys_segment(keys, in_folder("released.seg"), key), ASSENT_ERROR_KEY);
	assert_memory_equal(key, zeros, sizeof key);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(assent_keys_add(keys, in_folder("lab.key"), NULL, &why), 0);
	assert_int_equal(assent_keys_add(keys, in_folder("lab.key"), NULL, &why), ASSENT_ERROR_LIMIT);
	assert_string_equal(why, "is one more than there is room for");
	assert_int_equal(assent_keys_segment(keys, in_folder("released.seg"), key), 0);
	assert_memory_not_equal(key, zeros, sizeof key);

	/* Its key file is gone, or another's, or destroyed. */
	made_save(in_folder("erased.seg"), "", 0);
	assert_int_equal(opens(keys, "erased.seg"), ASSENT_ERROR_ERASED);
	assert_int_equal(link(in_folder("released.seg"), in_folder("swapped.seg")), 0);
	assert_int_equal(link(in_folder("released.key"), in_folder("swapped.key")), 0);
	assert_int_equal(opens(keys, "swapped.seg"), ASSENT_ERROR_INVALID);
	assert_int_equal(unlink(in_folder("swapped.key")), 0);
	made_save(in_folder("swapped.key"), "\0\0\0\0", 4);
	assert_int_equal(opens(keys, "swapped.seg"), ASSENT_ERROR_ERASED);
	made_save(in_folder("swapped.key"), "assent key 1\n", 13);
	assert_int_equal(opens(keys, "swapped.seg"), ASSENT_ERROR_INVALID);
	assert_int_equal(opens(keys, "no/such/folder.seg"), ASSENT_ERROR_IO);
	assent_keys_free(keys);
	assent_keys_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(participants_read_all_that_is_theirs),
		cmocka_unit_test(recipients_read_what_was_released_to_them),
		cmocka_unit_test(a_participants_passphrase_counts),
		cmocka_unit_test(says_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, make, clean);
}
