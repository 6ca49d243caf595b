//! What the driver and the engine's ports on it promise, on SQLite and on a real Postgres alike:
//! every case below runs on both, each time in a database of its own.
//!
//! Postgres is the server that `MESHLINE_TEST_POSTGRES_URL` names (a role that may create databases);
//! without it those cases are skipped, and say so.

#![expect(
    clippy::cloned_ref_to_slice_refs,
    reason = "a list that is compared reads best as a list"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop where it stands"
)]

mod goods;
mod harness;

mod access;
mod agency;
mod assent;
mod audit;
mod chat;
mod commits;
mod contracts;
mod cover;
mod drafts;
mod isolation;
mod jobs;
mod lists;
mod make;
mod notices;
mod nouns;
mod overview;
mod people;
mod plans;
mod postgres_only;
mod proof;
mod retention;
mod schema;
mod seals;
mod sessions;
mod sqlite_only;
mod tenant;
mod tenants;
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
    agency::a_template_has_one_flow_and_versions_that_stay,
    agency::a_push_is_saved_by_whoever_saw_the_last_state,
    agency::a_pin_is_its_merchants,
    cover::cover_comes_back,
    cover::a_place_says_its_rotations,
    cover::policies_have_versions_and_turns_an_end,
    cover::cover_is_its_merchants,
    contracts::a_contract_draft_is_saved_by_whoever_saw_the_last_state,
    contracts::a_retired_contract_is_not_in_use_and_keeps_its_versions,
    contracts::contract_drafts_and_standings_are_their_merchants,
    contracts::what_has_not_left_is_found_before_what_may_be_at_its_end,
    drafts::a_draft_is_saved_by_whoever_saw_the_last_state,
    drafts::what_was_retired_starts_nothing_and_keeps_its_versions,
    drafts::drafts_are_their_merchants,
    drafts::a_draft_that_waits_for_somebody_is_found_among_merchants,
    drafts::what_an_hour_costs_is_its_merchants,
    goods::goods_come_back_and_are_saved_by_whoever_saw_the_last_state,
    goods::briefs_have_versions_and_are_their_merchants,
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
    assent::delegations_come_back_until_their_end,
    assent::a_sku_is_known_once_for_a_type_of_a_merchant,
    assent::a_person_has_one_key_and_it_goes_with_them,
    access::a_token_has_two_secrets_for_a_while,
    access::a_tokens_use_only_moves_forward,
    access::pages_of_somebody_from_outside_are_full,
    access::a_task_that_changes_hands_changes_sides,
    access::rows_of_before_get_their_marks,
    people::people_come_back,
    people::sessions_are_replaced_and_end,
    sessions::sessions_are_a_persons_and_end_for_good,
    sessions::a_factor_uses_each_step_and_each_code_once,
    sessions::turns_are_taken_at_their_pace,
    sessions::places_are_known_until_they_are_forgotten,
    people::idempotency_keys_are_taken_once,
    people::an_invitation_is_found_by_its_link_until_it_is_over,
    people::places_change_and_end,
    people::exports_under_way_are_found_by_whom_they_name,
    people::connections_keep_their_secrets_out_of_the_document,
    people::the_newest_rules_count,
    chat::a_workspace_is_one_and_goes_with_what_was_known_of_it,
    chat::links_count_once_at_their_merchant_and_are_forgotten,
    chat::messages_and_clicks_are_their_merchants,
    chat::a_message_is_found_by_what_it_is_about_and_goes_alone,
    notices::the_same_is_told_once_while_it_is_unread,
    notices::the_last_of_each_is_found,
    notices::notices_are_their_merchants,
    notices::a_person_says_whether_they_are_mailed,
    notices::a_person_says_what_they_are_told_directly,
    nouns::a_receipt_keeps_its_bytes_and_changes_its_status,
    nouns::a_quarantined_receipt_has_no_job,
    nouns::repeats_are_counted_and_answered_with_the_first,
    nouns::facts_are_written_once,
    nouns::orders_follow_their_facts,
    nouns::a_flow_runs_once_for_a_subject,
    nouns::the_content_of_an_export_never_changes,
    nouns::approvals_are_decided_once,
    nouns::the_same_trouble_opens_one_task,
    nouns::a_stale_save_is_refused_for_every_noun,
    nouns::an_operation_sees_its_own_writes,
    nouns::the_trail_is_filtered_and_paged,
    nouns::the_store_is_healthy,
    jobs::due_jobs_are_claimed_earliest_first,
    jobs::a_lost_lease_cannot_finish,
    jobs::claimers_never_get_the_same_job,
    jobs::the_same_delivery_at_the_same_moment_is_one_receipt,
    lists::every_row_is_on_one_page,
    lists::lists_are_filtered_by_state_and_kind,
    lists::lists_are_searched_in_lower_case_and_literally,
    lists::queues_run_over_several_merchants_by_deadline,
    overview::every_number_is_the_rows_behind_it,
    overview::what_moves_on_is_counted_no_more,
    overview::two_hundred_merchants_are_counted_at_once,
    proof::one_key_signs_and_those_before_it_keep_their_public_half,
    proof::a_tree_is_carried_on_by_one_at_a_time,
    proof::checkpoints_stay_as_they_were_signed,
    proof::a_witness_is_its_merchants,
    proof::a_look_is_noted_once_until_it_is_long_ago,
    proof::the_trail_is_searched_by_time_page_by_page,
    retention::what_is_kept_is_said_once_and_is_its_merchants,
    retention::holds_end_once_and_are_their_merchants,
    retention::what_is_old_over_and_free_is_removable,
    retention::content_goes_and_its_hash_stays,
    seals::seals_are_found_by_their_key_and_exchanged_once,
    seals::a_seal_is_exchanged_in_its_merchants_name_only,
    tenants::every_read_of_another_merchant_finds_nothing,
    tenants::no_write_reaches_another_merchant,
    tenants::an_operator_is_removed_with_everything,
    commits::a_commit_is_told_once,
    commits::what_was_undone_is_not_told,
    commits::a_commit_is_told_when_the_caller_has_gone,
    plans::claiming_does_not_read_what_waits,
}
