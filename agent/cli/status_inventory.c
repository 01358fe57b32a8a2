/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assent status --inventory: what IT may know of a workstation. It opens nothing that a decision has written, so that it is the same, byte for byte,
 * for who was never asked, refused, joined, paused or withdrew; and its exit code, too.
 */
#include <string.h>

#include "../control/client.h"
#include "../control/protocol.h"
#include "../error.h"
#include "cli.h"
#include "status.h"

int status_inventory(struct status *t, FILE *out)
{
	struct config_error error;
	struct config *c = NULL;
	char version[32] = "", program[16] = "";
	int e = client_ask(t->session.places.control, "version", t->raw, sizeof t->raw, 2000);
	if (e == 0 && config_parse("agent", t->raw, strlen(t->raw), &c, &error) == 0) {
		config_text(c, config_get(config_root(c), "version"), version, sizeof version, &error);
		config_text(c, config_get(config_root(c), "program"), program, sizeof program, &error);
	}
	status_read_policy(t);
	fprintf(out, "{\"inventory\":1,\"version\":\"" ASSENT_VERSION "\",\"agent\":{\"running\":%s,\"answers\":%s,\"version\":",
		e != ERROR_GONE ? "true" : "false", c ? "true" : "false");
	status_string(out, *version ? version : NULL);
	fputs(",\"program\":", out);
	status_string(out, *program ? program : NULL);
	fprintf(out, ",\"restart\":%s},\"policy\":", c && (strcmp(version, ASSENT_VERSION) != 0 || strcmp(program, "replaced") == 0) ? "true" : "false");
	status_policy_json(t, out);
	fputs("}\n", out);
	config_free(c);
	return EXIT_DONE;
}
