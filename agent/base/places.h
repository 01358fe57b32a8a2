/* SPDX-License-Identifier: Apache-2.0 */
/* Where things are (DESIGN, "Places"). All return 0 or ERROR_LIMIT/ERROR_IO; paths are absolute. */
#ifndef ASSENT_PLACES_H
#define ASSENT_PLACES_H

/* Manifests that IT puts on offer, as ID.yaml. */
#define PLACES_OFFERED "/etc/assent/studies.d"

enum { PLACE_MAX = 1024 };

struct places {
	char data[PLACE_MAX];      /* $XDG_DATA_HOME/assent, or --data */
	char spool[PLACE_MAX];     /* data/spool */
	char studies[PLACE_MAX];   /* data/studies: the manifests as they were agreed to */
	char ledger[PLACE_MAX];    /* data/ledger.jsonl */
	char identity[PLACE_MAX];  /* data/identity */
	char secrets[PLACE_MAX];   /* data/secrets: hashes of phrases that are never recorded */
	char mark[PLACE_MAX];      /* data/private: there while private mode is on */
	char config[PLACE_MAX];    /* $XDG_CONFIG_HOME/assent/assent.yaml, or --config */
	char control[PLACE_MAX];   /* $XDG_RUNTIME_DIR/assent/control; data/control where there is no runtime dir, and
	                            * for data that are not in the usual place: they have an agent of their own */
	char policy[PLACE_MAX];    /* /etc/assent/policy.yaml; $ASSENT_POLICY adds nothing: it is not looked at */
};

/* data and config may be NULL: then from the environment. Makes nothing. */
int places_find(const char *data, const char *config, struct places *p);
/* mkdir -p with mode 0700 (each missing part), and checks that the last is ours and not open to others:
 * else ERROR_DENIED (remedy: chmod 700). ERROR_IO: errno says how. */
int places_make(const char *directory);

#endif
