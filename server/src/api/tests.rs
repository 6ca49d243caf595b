//! Tests of the API against a whole engine.
