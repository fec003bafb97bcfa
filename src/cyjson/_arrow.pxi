# Part of _native.pyx: batches of columns, and Arrow's capsules, for cyjson._arrow.


@cython.final
cdef class Batch:
    """Rows as Arrow columns: a record batch for every library that takes the Arrow C data interface, without a copy."""

    # Made by a Reader alone. fields: a tuple for each column, see core_arrow_schema.
    cdef column_data *data
    cdef int64_t first, rows
    cdef object fields

    def __dealloc__(self):
        column_data_free(self.data)

    def __len__(self):
        return self.rows

    def __repr__(self):
        return f"<Batch of {len(self)} rows and {0 if self.fields is None else len(self.fields)} columns>"

    def __arrow_c_schema__(self):
        """The "arrow_schema" capsule of its columns, a struct's."""
        return core_arrow_schema(self.fields)

    def __arrow_c_array__(self, requested_schema=None):
        """The capsules "arrow_schema" and "arrow_array" of its rows, a struct's. They have the types of the batch,
        whichever are requested."""
        if self.data == NULL:
            raise ValueError("a batch comes from lines.to_arrow")
        return core_arrow_schema(self.fields), core_arrow_array(self.data, self.first, self.rows)


cdef Batch batch_of(column_data *data, int64_t first, int64_t rows, fields):
    """A batch of some rows of the data, of which it is one holder more."""
    cdef Batch batch = Batch.__new__(Batch)
    batch.data = column_data_hold(data)
    batch.first = first
    batch.rows = rows
    batch.fields = fields
    return batch


def arrow_schema(tuple fields not None):
    """The "arrow_schema" capsule of a struct of fields."""
    return core_arrow_schema(fields)


def arrow_field(capsule):
    """The field of an "arrow_schema" capsule: (format, name, whether nulls are allowed, children, is a dictionary)."""
    return core_arrow_field(capsule)


def arrow_stream(iterator):
    """The "arrow_array_stream" capsule of an iterator of batches that has ``__arrow_c_schema__``."""
    return core_arrow_stream(iterator)
