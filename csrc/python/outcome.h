/* What became of something that may be left to somebody else. */
#ifndef CYJSON_PYTHON_OUTCOME_H
#define CYJSON_PYTHON_OUTCOME_H

typedef enum {
    FAILED = -1, /* an exception is set */
    LEFT, /* another way has to be taken, in the end the stdlib's */
    DONE
} outcome;

#endif
