"""The numbers that stream.py and its readers share. The C reader has them from csrc/kernels/tokens.h (the states, in
this order) and csrc/decode/events.h (the paths), and declares the others in _stream.pxi."""

# What a scanner expects, or is in the middle of.
AT_DOCUMENT, AT_FIRST_ITEM, AT_ITEM, AT_FIRST_KEY, AT_KEY, AT_COLON, AT_MEMBER, AFTER = range(8)
IN_KEY, IN_STRING, IN_DIGITS, IN_POINT, IN_FRACTION, IN_E, IN_EXPONENT = range(8, 15)

EVERY, NONE = -1, -2  # in the place of an array's index in a path: all of its values, none
BLOCK = 2**30  # bytes that may be asked of a source at a time
TAIL = 128  # bytes that are enough to find what is wrong with their start
PATH_LONG, PATHS_LIMIT = 4096, 2**30  # characters: a prefix above the first is long; what all long ones may have
