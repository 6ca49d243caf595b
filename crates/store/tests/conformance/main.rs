//! What the driver promises, on SQLite and on a real Postgres alike: every case below runs on both,
//! each time in a database of its own.
//!
//! Postgres is the server that `MESHLINE_TEST_POSTGRES_URL` names (a role that may create databases);
//! without it those cases are skipped, and say so.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop where it stands"
)]

mod harness;

mod audit;
mod postgres_only;
mod sqlite_only;
mod values;
mod writes;

/// Runs every case named here on both engines.
macro_rules! conformance {
    ($($module:ident :: $case:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::harness::on_sqlite(async |world| crate::$module::$case(world).await).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::harness::on_postgres(async |world| crate::$module::$case(world).await).await;
                }
            )*
        }
    };
}

conformance! {
    values::nulls_keep_their_type,
    values::values_come_back_as_they_went_in,
    values::a_text_with_nul_is_refused,
    values::a_parameter_may_stand_twice_and_in_any_order,
    values::a_value_of_another_type_is_corrupt,
    values::expressions_are_whole_numbers,
    values::many_rows_go_in_at_once,
    values::conditions_are_built_from_parameters,
    writes::conflicts_have_names,
    writes::expected_conflicts_are_no_errors,
    writes::a_failed_statement_ends_the_operation,
    writes::an_error_undoes_the_operation,
    writes::one_failure_in_a_crowd_undoes_only_itself,
    writes::a_panic_undoes_only_itself,
    writes::a_caller_that_goes_away_leaves_nothing_half_done,
    writes::what_is_answered_is_there_after_reopening,
    writes::closing_finishes_what_waits,
    writes::a_newer_database_is_refused,
    writes::a_changed_migration_is_refused,
    writes::reading_beside_the_server,
    audit::concurrent_operations_keep_one_chain_per_merchant,
    audit::what_is_undone_leaves_no_entry,
    audit::damage_in_the_table_is_found,
}
