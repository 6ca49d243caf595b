//! The spine as somebody outside sees it: an order goes in over HTTP, an export comes out over HTTP, and
//! what happened between is asked through the API. The built binary is what is tested, on SQLite and, where
//! `MESHLINE_TEST_POSTGRES_URL` names one, on a real Postgres; every test has an installation of its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may stop where it stands"
)]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod door;
mod message;
mod repeats;
mod story;
mod trouble;

use support::{database::Engine, installation::Installation};

async fn on(engine: Engine, case: impl AsyncFnOnce(&mut Installation)) {
    if engine.is_there() {
        let mut meshline = Installation::start(engine).await;
        case(&mut meshline).await;
        meshline.end().await;
    }
}

macro_rules! on_both {
    ($($module:ident :: $case:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::on(crate::Engine::Sqlite, crate::$module::$case).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::on(crate::Engine::Postgres, crate::$module::$case).await;
            })+
        }
    };
}

on_both! {
    story::an_order_is_delivered_acknowledged_and_shipped,
    story::an_order_over_the_amount_waits_for_a_person,
    story::a_callback_has_to_be_signed_and_to_agree_with_itself,
    message::it_is_signed_and_holds_what_is_documented,
    trouble::a_rejection_is_a_task_and_resolving_it_sends_the_same_again,
    trouble::a_destination_that_asks_for_time_gets_it,
    trouble::gone_is_gone,
    trouble::rubbish_is_kept_as_it_was_said,
    door::what_cannot_be_trusted_leaves_nothing,
    door::what_is_authentic_but_broken_is_kept_and_owned,
    door::what_is_too_large_is_refused_before_it_is_read,
    door::an_endless_body_is_cut_off,
    door::a_sender_that_stops_in_the_middle_is_hung_up_on,
    door::exact_bytes_and_exact_numbers_are_kept,
    door::both_sets_of_headers_are_understood,
    door::an_old_secret_is_good_for_an_hour,
    repeats::a_delivery_that_comes_again_is_the_same_receipt,
    repeats::a_call_that_comes_again_has_the_first_answer,
    audit::any_line_that_is_tampered_with_is_named,
    audit::any_row_that_is_tampered_with_is_named,
}
