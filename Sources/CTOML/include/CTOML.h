#ifndef CTOML_H
#define CTOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* toml++ behind plain C: a document owns its nodes, which are borrowed from it and live as long as it does. */
typedef struct ctoml_document ctoml_document;
typedef struct ctoml_node ctoml_node;

/* From 1; a column counts code points. Zero where there is none. */
typedef struct {
    uint32_t line, column;
} ctoml_position;

typedef enum {
    CTOML_TABLE,
    CTOML_ARRAY,
    CTOML_STRING,
    CTOML_INTEGER,
    CTOML_FLOAT,
    CTOML_BOOLEAN,
    CTOML_DATE
} ctoml_kind;

/* Why a text is no TOML. The message is cut to fit and ends with a zero byte. */
typedef struct {
    ctoml_position position;
    char message[512];
} ctoml_error;

/* Reads UTF-8 text, which may be NULL when `length` is zero. NULL, with `error` filled, when it is no TOML 1.0. Free the document with ctoml_free. */
ctoml_document *ctoml_parse(const char *text, size_t length, ctoml_error *error);
void ctoml_free(ctoml_document *document);

/* The document's table. */
const ctoml_node *ctoml_root(const ctoml_document *document);

ctoml_kind ctoml_node_kind(const ctoml_node *node);
ctoml_position ctoml_node_position(const ctoml_node *node);

/* Called for each child of a table, with its key, or of an array, with a NULL key. */
typedef void (*ctoml_visitor)(void *context, const char *key, size_t length, ctoml_position position,
                              const ctoml_node *child);

/* Visits the children of a table (in the order of their keys) or an array; does nothing for other kinds. */
void ctoml_visit(const ctoml_node *node, void *context, ctoml_visitor visitor);

/* The scalars. Each is defined for its own kind only and gives NULL or zero for others. */
const char *ctoml_string(const ctoml_node *node, size_t *length);
int64_t ctoml_integer(const ctoml_node *node);
double ctoml_float(const ctoml_node *node);
bool ctoml_boolean(const ctoml_node *node);

/* A date, time or date-time as RFC 3339 text. Gives the length written, never more than `capacity`. */
size_t ctoml_date(const ctoml_node *node, char *text, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
