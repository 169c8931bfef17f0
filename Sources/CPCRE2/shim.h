#ifndef CPCRE2_SHIM_H
#define CPCRE2_SHIM_H

/* The width must be chosen before the header: patterns and subjects are UTF-8. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* pcre2's names are macros that paste the width on, which Swift does not import. */
static inline pcre2_code_8 *cpcre2_compile(const uint8_t *pattern, size_t length, uint32_t options, int *error, size_t *offset) {
    return pcre2_compile_8(pattern, length, options, error, offset, NULL);
}
/* PCRE2_UNSET is a cast macro. */
static inline size_t cpcre2_unset(void) { return PCRE2_UNSET; }

#endif
