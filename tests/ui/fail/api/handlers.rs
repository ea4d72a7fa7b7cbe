//! A module in a file of its own, for `module_in_another_file.rs` and `module_with_a_module_in_another_file.rs`.
