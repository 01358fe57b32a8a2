/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "../error.h"

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

struct config {
	char *name;
	struct chunk *chunks;
	struct config_node *root;
	int nodes;
};

/* One open list or map. */
struct frame {
	struct config_node *node, *last;
	const char *key;         /* of a map: read, its value is still to come */
	int key_line, children;
};

struct build {
	struct config *c;
	struct frame frame[CONFIG_DEPTH_MAX];
	int depth, documents;
	struct config_error *error;
};

static void *take(struct config *c, size_t size)
{
	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	struct chunk *k = c->chunks;
	if (!k || k->size - k->used < size) {
		size_t room = size > 8192 ? size : 8192;
		k = malloc(sizeof *k + room);
		if (!k)
			return NULL;
		k->next = c->chunks;
		k->used = 0;
		k->size = room;
		c->chunks = k;
	}
	void *p = k->bytes + k->used;
	k->used += size;
	return p;
}

/* A cut message must not end in half a character. */
static void trim(char *text, size_t size)
{
	size_t n = strlen(text);
	if (n + 1 < size)
		return;
	while (n && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
		n--;
	if (n && (unsigned char)text[n - 1] >= 0xc0)
		n--;
	text[n] = 0;
}

__attribute__((format(printf, 4, 5)))
static int refuse(const char *name, int line, struct config_error *error, const char *format, ...)
{
	va_list args;
	int n = snprintf(error->text, sizeof error->text, "%s:%d: ", name, line);
	if (n > 0 && (size_t)n < sizeof error->text) {
		va_start(args, format);
		vsnprintf(error->text + n, sizeof error->text - (size_t)n, format, args);
		va_end(args);
	}
	trim(error->text, sizeof error->text);
	return ERROR_INVALID;
}

static int no_memory(const char *name, struct config_error *error)
{
	snprintf(error->text, sizeof error->text, "%s: out of memory", name);
	return ERROR_MEMORY;
}

/* Length of the UTF-8 character at p, its code point in *point; 0: not UTF-8. */
static size_t character(const unsigned char *p, size_t left, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : (p[0] & 0xf8) == 0xf0 ? 4 : 0;
	if (n == 0 || n > left)
		return 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*point = c;
	return n;
}

/* The bytes as they are, before libyaml sees them: it gives no line for these. */
static int check_bytes(const char *name, const char *text, size_t length, struct config_error *error)
{
	int line = 1;
	for (size_t i = 0; i < length;) {
		uint32_t c;
		size_t n = character((const unsigned char *)text + i, length - i, &c);
		if (n == 0)
			return refuse(name, line, error, "not UTF-8 (save the file as UTF-8)");
		if (c == 0)
			return refuse(name, line, error, "a NUL byte (this is not a text file)");
		if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f)
			return refuse(name, line, error, "control character 0x%02x (remove it)", (unsigned)c);
		if (c == '\n')
			line++;
		i += n;
	}
	return 0;
}

/* What a scalar may hold after its escapes were read. Text is shown on terminals, and must be what it looks like. */
static int check_text(struct build *b, const char *text, size_t length, int line)
{
	for (size_t i = 0; i < length;) {
		uint32_t c;
		size_t n = character((const unsigned char *)text + i, length - i, &c);
		if (n == 0)
			return refuse(b->c->name, line, b->error, "not UTF-8 (save the file as UTF-8)");
		if ((c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
			return refuse(b->c->name, line, b->error, "a text with control character U+%04X (remove it)", (unsigned)c);
		if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
			return refuse(b->c->name, line, b->error, "a text with invisible direction mark U+%04X, "
				      "which can make it read otherwise than it is (remove it)", (unsigned)c);
		i += n;
	}
	return 0;
}

static int limit(struct build *b, int line, const char *what, int most)
{
	refuse(b->c->name, line, b->error, "%s (at most %d)", what, most);
	return ERROR_LIMIT;
}

static int add_key(struct build *b, struct frame *f, const char *text, bool plain, int line)
{
	if (plain && strcmp(text, "<<") == 0)
		return refuse(b->c->name, line, b->error, "merge keys are not permitted (write the keys out)");
	if (!*text)
		return refuse(b->c->name, line, b->error, "an empty key (write KEY: VALUE)");
	if (f->children >= CONFIG_KEYS_MAX)
		return limit(b, line, "too many keys in one map", CONFIG_KEYS_MAX);
	for (const struct config_node *n = f->node->first; n; n = n->next)
		if (strcmp(n->key, text) == 0)
			return refuse(b->c->name, line, b->error, "%.60s: is there already, in line %d (remove one)", text, n->line);
	f->key = text;
	f->key_line = line;
	return 0;
}

/* A value begins: hangs it into what is open. */
static int add_node(struct build *b, enum config_type type, int line, struct config_node **out)
{
	struct config *c = b->c;
	if (++c->nodes > CONFIG_NODES_MAX)
		return limit(b, line, "too many values", CONFIG_NODES_MAX);
	struct config_node *n = take(c, sizeof *n);
	if (!n)
		return no_memory(c->name, b->error);
	memset(n, 0, sizeof *n);
	n->type = type;
	n->line = line;
	if (b->depth == 0) {
		c->root = n;
	} else {
		struct frame *f = &b->frame[b->depth - 1];
		if (f->node->type == CONFIG_MAP) { /* NOLINT(clang-analyzer-core.NullDereference): a frame is pushed with its node */
			n->key = f->key;
			n->line = f->key_line;
			f->key = NULL;
		}
		n->parent = f->node;
		if (f->last)
			f->last->next = n;
		else
			f->node->first = n;
		f->last = n;
		f->children++;
	}
	*out = n;
	return 0;
}

/* In a map, where a key has to come next. */
static bool wants_key(const struct build *b)
{
	const struct config_node *node = b->depth ? b->frame[b->depth - 1].node : NULL;
	return node && node->type == CONFIG_MAP && !b->frame[b->depth - 1].key;
}

static int scalar(struct build *b, const yaml_event_t *e, int line)
{
	const char *value = (const char *)e->data.scalar.value;
	size_t length = e->data.scalar.length;
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	int r = check_text(b, value, length, line);
	if (r)
		return r;
	char *text = take(b->c, length + 1);
	if (!text)
		return no_memory(b->c->name, b->error);
	memcpy(text, value, length);
	text[length] = 0;
	if (wants_key(b))
		return add_key(b, &b->frame[b->depth - 1], text, plain, line);
	struct config_node *n;
	r = add_node(b, CONFIG_SCALAR, line, &n);
	if (r)
		return r;
	n->text = text;
	n->quoted = !plain;
	return 0;
}

static int open_node(struct build *b, enum config_type type, int line)
{
	if (wants_key(b))
		return refuse(b->c->name, line, b->error, "a key that is a list or a map (write KEY: VALUE)");
	if (b->depth == CONFIG_DEPTH_MAX)
		return limit(b, line, "nested too deeply", CONFIG_DEPTH_MAX);
	struct config_node *n;
	int r = add_node(b, type, line, &n);
	if (r == 0)
		b->frame[b->depth++] = (struct frame){.node = n};
	return r;
}

static int take_event(struct build *b, const yaml_event_t *e)
{
	int line = (int)e->start_mark.line + 1;
	const yaml_char_t *anchor = NULL, *tag = NULL;
	switch (e->type) {
	case YAML_SCALAR_EVENT: anchor = e->data.scalar.anchor; tag = e->data.scalar.tag; break;
	case YAML_SEQUENCE_START_EVENT: anchor = e->data.sequence_start.anchor; tag = e->data.sequence_start.tag; break;
	case YAML_MAPPING_START_EVENT: anchor = e->data.mapping_start.anchor; tag = e->data.mapping_start.tag; break;
	default: break;
	}
	if (anchor || e->type == YAML_ALIAS_EVENT)
		return refuse(b->c->name, line, b->error, "anchors and aliases (& *) are not permitted (write the value out; "
			      "quote a text that begins with & or *)");
	if (tag)
		return refuse(b->c->name, line, b->error, "tags (!) are not permitted (remove it; quote a text that begins with !)");
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->documents++)
			return refuse(b->c->name, line, b->error, "a second document (one file, one document: remove the ---)");
		if (e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end)
			return refuse(b->c->name, line, b->error, "%%TAG is not permitted (remove it)");
		return 0;
	case YAML_SCALAR_EVENT: return scalar(b, e, line);
	case YAML_SEQUENCE_START_EVENT: return open_node(b, CONFIG_LIST, line);
	case YAML_MAPPING_START_EVENT: return open_node(b, CONFIG_MAP, line);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: b->depth--; return 0;
	default: return 0;
	}
}

static int run(struct build *b, yaml_parser_t *p)
{
	for (bool end = false; !end;) {
		yaml_event_t e;
		if (!yaml_parser_parse(p, &e)) {
			if (p->error == YAML_MEMORY_ERROR)
				return no_memory(b->c->name, b->error);
			return refuse(b->c->name, (int)p->problem_mark.line + 1, b->error, "not valid YAML: %s%s%s (check "
				      "indentation, quotes and brackets here and just above)", p->context ? p->context : "",
				      p->context ? ": " : "", p->problem ? p->problem : "syntax error");
		}
		int r = take_event(b, &e);
		end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
		if (r)
			return r;
	}
	/* Nothing but comments, or an empty document. */
	struct config_node *root = b->c->root;
	if (root && root->type == CONFIG_SCALAR && !*root->text && !root->quoted) {
		root->type = CONFIG_MAP;
		root->text = NULL;
	}
	if (!root)
		return add_node(b, CONFIG_MAP, 1, &root);
	return 0;
}

int config_parse(const char *name, const char *text, size_t length, struct config **config, struct config_error *error)
{
	*config = NULL;
	error->text[0] = 0;
	if (length > CONFIG_BYTES_MAX) {
		refuse(name, 1, error, "larger than %d bytes (shorten it)", CONFIG_BYTES_MAX);
		return ERROR_LIMIT;
	}
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	int r = length ? check_bytes(name, text, length, error) : 0;
	if (r)
		return r;
	yaml_parser_t p;
	if (!yaml_parser_initialize(&p))
		return no_memory(name, error);
	struct config *c = calloc(1, sizeof *c);
	if (c)
		c->name = strdup(name);
	if (!c || !c->name) {
		r = no_memory(name, error);
		goto out;
	}
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, (const unsigned char *)(length ? text : ""), length);
	struct build b = {.c = c, .error = error};
	r = run(&b, &p);
out:
	yaml_parser_delete(&p);
	if (r)
		config_free(c);
	else
		*config = c;
	return r;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (struct chunk *k = c->chunks, *next; k; k = next) {
		next = k->next;
		free(k);
	}
	free(c->name);
	free(c);
}

const struct config_node *config_root(const struct config *c) { return c->root; }

const char *config_name(const struct config *c) { return c->name; }
