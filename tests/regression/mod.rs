//! Bugs that were found once, each by its name. A file is `<topic>_<what>.rs`; its head says what went wrong and why.

mod arrays_of_nothing_in_values;
mod buffers_counted_last;
mod bytes_encoded_again_and_again;
mod calls_of_values;
mod counts_beyond_every_input;
mod empty_names;
mod frame_beyond_every_input;
mod graph_prints_recursive_tuples;
mod graph_writes_long_ints_once;
mod inst_names;
mod int_of_nothing;
mod keys_by_identity;
mod keys_of_zero_bytes;
mod lines_decoded_again_and_again;
mod memo_after_a_failed_read;
mod memo_of_a_short_pickle_in_a_long_stream;
mod methods_of_instances;
mod names_in_stack_global;
mod names_of_globals_as_text;
mod pickles_within_one_frame;
mod recursion_told_by_its_cause;
mod stack_global_of_long_names;
mod state_of_globals;
mod surrogates_in_names;
mod surrogates_printed_whole;
mod unhashable_through_calls;
