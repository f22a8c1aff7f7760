//! Everything relational, one narrow trait per noun, implemented for every [`crate::sql::Handle`]: a pool to read, a unit to change.
