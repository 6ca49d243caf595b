//! Each rule, with an example that breaks it and the same put right.
